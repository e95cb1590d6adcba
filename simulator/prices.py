"""What one unit of something costs, as a range, and what a number of units cost by year.

A price is a product of parameters: the low and high ends of the table, the central value of the
study. A parameter that the user stated has no range any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.parameters import parameters


@dataclass(frozen=True)
class Range:
    """Yuan: low, central and high."""

    low: float
    central: float
    high: float


@dataclass(frozen=True)
class Cost:
    """One item: units of each year (T,), and yuan low, central and high, each (T,)."""

    item: str
    units: np.ndarray
    low: np.ndarray
    central: np.ndarray
    high: np.ndarray


def priced(item: str, units: np.ndarray, price: Range) -> Cost:
    """Cost of ``units`` (T,) at a price."""
    return Cost(item, units, units * price.low, units * price.central, units * price.high)


def known(name: str, values: Mapping[str, float], stated: Collection[str]) -> Range:
    """Low, central and high of one parameter; all the same where the user stated it."""
    value = values[name]
    if name in stated:
        return Range(value, value, value)
    return Range(parameters()[name].low, value, parameters()[name].high)


def unit_price(
    names: Sequence[str], values: Mapping[str, float], stated: Collection[str] = ()
) -> Range:
    """Price of one unit: the product of parameters.

    Parameters
    ----------
    names : parameters whose product is the price
    values : the study's parameter values
    stated : names of those that the user set
    """
    low = central = high = 1.0
    for part in (known(name, values, stated) for name in names):
        low, central, high = low * part.low, central * part.central, high * part.high
    return Range(low, central, high)
