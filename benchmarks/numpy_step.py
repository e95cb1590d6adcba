"""The yearly step once more in whole-array NumPy, and in pandas style, to compare speeds with.

Both give the same numbers as `simulator.step.move_and_age` (the benchmark checks it).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.axes import Flow, Place, Registration

_TINY = 1e-280
_LOCAL = np.array([1.0, 1.0, 0.0])[:, None, None]
_VISITOR = 1.0 - _LOCAL


def _cells(population, mortality, schedule, factor, arrivals):
    """Hazard of every transition by registration, sex, age, and the exit hazard of each place."""
    h = factor[: Flow.ARRIVAL_TOWN, :, None, None] * schedule[:, None]
    h[: len(Place)] = mortality[:, None]
    town = h[Flow.DEATH_TOWN] + h[Flow.URBAN_TO_RURAL] + h[Flow.OUT_TOWN] + h[Flow.HUKOU_CONVERSION]
    village = (
        h[Flow.DEATH_VILLAGE]
        + h[Flow.RURAL_TO_URBAN]
        + h[Flow.RECLASSIFICATION]
        + h[Flow.OUT_VILLAGE]
    )
    away = (
        h[Flow.DEATH_AWAY]
        + h[Flow.RETURN_TOWN]
        + h[Flow.RETURN_VILLAGE]
        + h[Flow.SETTLED_ELSEWHERE]
    )
    return h, np.stack([town, village, away], axis=1) + _TINY


def _enter(h, years, extra):
    """Entries (3, 3, 2, A) that person-years ``years`` send, with ``extra`` on top."""
    town, village, away = (years[:, p] for p in Place)
    entered = extra.copy()
    entered[:, Place.TOWN] += (
        village * (h[Flow.RURAL_TO_URBAN] + h[Flow.RECLASSIFICATION]) + away * h[Flow.RETURN_TOWN]
    )
    entered[:, Place.VILLAGE] += town * h[Flow.URBAN_TO_RURAL] + away * h[Flow.RETURN_VILLAGE]
    entered[:, Place.AWAY] += _LOCAL * (town * h[Flow.OUT_TOWN] + village * h[Flow.OUT_VILLAGE])
    converts = (town * h[Flow.HUKOU_CONVERSION])[Registration.RURAL_HUKOU :].sum(axis=0)
    entered[Registration.URBAN_HUKOU, Place.TOWN] += converts
    return entered


def numpy_step(population, mortality, schedule, factor, arrivals):
    """Closing population (3, 3, 2, A) without births, eqs. (2)-(7)."""
    h, exits = _cells(population, mortality, schedule, factor, arrivals)
    q = -np.expm1(-0.5 * exits)
    years = population * q * (2.0 - q) / exits
    outside = np.zeros_like(population)
    outside[:, Place.TOWN] = _VISITOR * factor[Flow.ARRIVAL_TOWN][:, None, None] * arrivals
    outside[:, Place.VILLAGE] = _VISITOR * factor[Flow.ARRIVAL_VILLAGE][:, None, None] * arrivals
    entered = _enter(h, years, outside)
    late = _enter(h, entered * q / exits, np.zeros_like(population))
    alive = population * (1.0 - q) ** 2 + entered * (1.0 - q) + late
    closing = np.zeros_like(population)
    closing[..., 1:] = alive[..., :-1]
    closing[..., -1] += alive[..., -1]
    return closing


def long_frame(population: np.ndarray) -> pd.DataFrame:
    """Cells as a long table, the way a spreadsheet or pandas user would keep them."""
    names = ["registration", "place", "sex", "age"]
    index = pd.MultiIndex.from_product([range(n) for n in population.shape], names=names)
    return pd.DataFrame({"persons": population.ravel()}, index=index).reset_index()


def pandas_step(frame: pd.DataFrame, exits: pd.DataFrame) -> pd.DataFrame:
    """Survive and age only (no moves): already slower than the whole step elsewhere."""
    joined = frame.merge(exits, on=["registration", "place", "sex", "age"])
    joined["persons"] *= np.exp(-joined["hazard"])
    joined["age"] = (joined["age"] + 1).clip(upper=100)
    keys = ["registration", "place", "sex", "age"]
    return joined.groupby(keys, as_index=False)["persons"].sum()
