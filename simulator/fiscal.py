"""What a scenario asks of the public purse, by concept, as ranges; docs/model.md eqs. (64)-(67).

Costs of different concepts (once and every year, per settled person and per place built) overlap
and are never added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.axes import Flow
from simulator.indicators import denominator
from simulator.levers.columns import Policy
from simulator.parameters import parameters
from simulator.projection import Paths

ITEMS = ("settled_once", "settled_yearly", "dwellings", "school_places")


@dataclass(frozen=True)
class Cost:
    """One item: units of each year (T,), and what they cost, yuan, low, central and high (T,)."""

    item: str
    units: np.ndarray
    low: np.ndarray
    central: np.ndarray
    high: np.ndarray


def public_costs(paths: Paths, policy: np.ndarray, values: Mapping[str, float]) -> tuple[Cost, ...]:
    """Costs of settled persons, public dwellings and school places, eqs. (64)-(67).

    Parameters
    ----------
    paths, policy : of the scenario, or of the trend
    values : parameter values; low and high are the table's
    """
    settled = paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
    pupils = denominator(paths.population, "town_pupils", 1.0, values["elderly_age"])
    units = {
        "settled_once": settled,
        "settled_yearly": np.cumsum(settled),
        "dwellings": policy[:, [Policy.RENTAL_UNITS, Policy.RESETTLEMENT_UNITS]].sum(axis=1),
        "school_places": np.diff(np.maximum.accumulate(pupils)),
    }
    return tuple(_cost(item, units[item], values) for item in ITEMS)


#: Parameters whose product is the cost of one unit, in prices of about 2022.
_PRICES = {
    "settled_once": ("settlement_cost_once", "price_rise_2010"),
    "settled_yearly": ("settlement_cost_yearly", "price_rise_2012"),
    "dwellings": ("public_dwelling_area", "dwelling_cost_per_area"),
    "school_places": ("school_place_cost",),
}


def _cost(item: str, units: np.ndarray, values: Mapping[str, float]) -> Cost:
    table = parameters()
    low = high = central = 1.0
    for name in _PRICES[item]:
        low, high = low * table[name].low, high * table[name].high
        central *= values[name]
    return Cost(item, units, units * low, units * central, units * high)
