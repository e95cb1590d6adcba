"""A lever's value as a file writes it: a number, a path by year, or a change of the trend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.parameters import Parameter

#: How a path goes from one year that it names to the next.
BETWEEN = ("step", "linear")
#: Keys of a path that are no years.
WORDS = ("value", "between", "relative_to")
#: Levers of which the trend itself has an amount, so that a relative change means something.
RELATIVE = ("other_jobs", "commercial_units", "annual_quota")
#: Bounds of a relative change, % of the trend: all of it gone, or eleven times as much.
RELATIVE_LOW, RELATIVE_HIGH = -100.0, 1000.0


@dataclass(frozen=True)
class LeverPath:
    """One lever, read: ``always`` for every year, or the value from each year named on.

    None hands the lever back to the trend. ``relative`` values are % above (below) the trend's
    own amount.
    """

    always: float | None
    named: Mapping[int, float | None]
    linear: bool
    relative: bool


def lever_path(value: Any) -> LeverPath:
    """What a validated lever value says; None rests at the trend throughout."""
    if not isinstance(value, Mapping):
        return LeverPath(value, {}, False, False)
    named = {year: v for year, v in value.items() if isinstance(year, int)}
    linear = value.get("between") == "linear"
    return LeverPath(value.get("value"), named, linear, "relative_to" in value)


def yearly(path: LeverPath, years: range) -> np.ndarray:
    """Value of each year, shape (T,); nan where the lever rests at the trend.

    A step holds until the next year named; a line runs straight to the next number, and holds
    where ``null`` or nothing follows.
    """
    if not path.named:
        return np.full(len(years), np.nan if path.always is None else float(path.always))
    found = np.full(len(years), np.nan)
    at = sorted(path.named)
    for first, after in zip(at, [*at[1:], None], strict=True):
        start, end = path.named[first], None if after is None else path.named[after]
        for i, year in enumerate(years):
            if year < first or (after is not None and year >= after) or start is None:
                continue
            found[i] = start
            if path.linear and after is not None and end is not None:
                found[i] += (end - start) * (year - first) / (after - first)
    return found


def stated(path: LeverPath, years: range) -> np.ndarray:
    """Years in which a value is held, shape (T,)."""
    return np.isfinite(yearly(path, years))


def least(p: Parameter, basis: str) -> float:
    """Least value that a lever may have; what comes in all, the trend among it, is never below 0.

    Parameters
    ----------
    p : the lever
    basis : ``total``, or ``beyond_trend``, where fewer than on trend are possible
    """
    return max(p.low, 0.0) if basis == "total" else p.low
