"""Counties launched from their 2010 census and carried to 2020 by the model's own year loop.

docs/model.md, backtest: cells by eq. (46), levels by eqs. (71)-(73), years by eqs. (2)-(10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.axes import Place
from simulator.calibration import Context, trend_inputs, with_flows
from simulator.county_features import Known
from simulator.county_flows import (
    Exposure,
    age_table,
    consistent,
    county_cells,
    exposure,
    levels,
)
from simulator.county_tables import FIRST_YEAR, GROUP_STARTS, SECOND_YEAR
from simulator.indicators import residents_by_age
from simulator.projection import project
from simulator.state import Inputs

YEARS = range(FIRST_YEAR + 1, SECOND_YEAR + 1)
_PERCENT = 100.0
#: Groups of children under ten.
CHILDREN = 3
#: Newton's method: where it starts (net rates outside, to town, log fertility), steps of its
#: differences, longest moves, bounds, and when it ends.
_START = np.array([0.0, 0.012, 0.0])
_STEPS = np.array([1e-4, 1e-4, 1e-3])
_DOWN, _UP = np.array([-0.02, -0.02, -0.5]), np.array([0.03, 0.03, 0.5])
_BOUNDS = np.array([[-0.15, -0.1, -1.5], [0.3, 0.15, 1.5]])
_CLOSE, _TRIALS, _SINGULAR = 1e-6, 12, 1e-3
#: No recent shift of levels: a census decade is one trend.
_NEVER = SECOND_YEAR


@dataclass(frozen=True)
class Started:
    """A county at its launch: resting inputs over the decade and exposures of its flows."""

    inputs: Inputs
    start: Exposure
    context: Context


@dataclass(frozen=True)
class Outcome:
    """A county ten years on: persons, share of them in town, residents by sex and age group."""

    residents: float
    urban_share: float
    ages: np.ndarray


def start_county(figures: Known, i: int, values: Mapping[str, float]) -> Started:
    """Cells and exposures of unit ``i``.

    Raises
    ------
    ValueError
        If no cells can meet its figures.
    """
    counts = figures.counts
    others = counts["in_migrants_other_county_same_prov"][i] + counts["in_migrants_other_prov"][i]
    totals = consistent(
        counts["resident"][i],
        counts["urban"][i],
        counts["hukou"][i],
        figures.percent["nonagri_hukou_pct"][i] / _PERCENT,
        others,
    )
    level = "district" if figures.features[i, figures.names.index("district")] else "county"
    table = age_table(figures.ages[i], GROUP_STARTS)
    cells = county_cells(values, totals, FIRST_YEAR, level, table)
    start = exposure(cells, values)
    context = Context(level, _NEVER, float(start.residents), {})
    return Started(trend_inputs(values, cells, YEARS, context), start, context)


def decade(started: Started, rates: Sequence[float], values: Mapping[str, float]) -> Outcome:
    """Project a county to 2020 with its net rates: outside, to town, log fertility."""
    net, town, fertility = rates
    chosen = levels(net, town, fertility, started.start, values)
    inputs = with_flows(started.inputs, chosen, YEARS, started.context)
    final = project(inputs).population[-1]
    people = final.sum(axis=(-1, -2))
    residents = float(people[:, : Place.AWAY].sum())
    ages = np.add.reduceat(residents_by_age(final), GROUP_STARTS, axis=-1)
    return Outcome(residents, float(people[:, Place.TOWN].sum()) / residents, ages)


def child_share(ages: np.ndarray) -> float:
    """Log of the share of children under ten in residents by sex and age group (2, 19)."""
    return float(np.log(ages[:, :CHILDREN].sum() / ages.sum()))


def met(started: Started, wanted: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Net rates (3,) with which the year loop meets what is wanted, by Newton's method.

    ``wanted`` : log residents, urban share, log share of children under ten. What cannot be met
    within ten years of bounded rates is met as nearly as a dozen steps allow.
    """

    def answer(rates: np.ndarray) -> np.ndarray:
        found = decade(started, list(rates), values)
        return np.array([np.log(found.residents), found.urban_share, child_share(found.ages)])

    rates, now = _START.copy(), answer(_START)
    for _ in range(_TRIALS):
        miss = wanted - now
        if np.abs(miss).max() < _CLOSE:
            break
        slope = np.stack(
            [(answer(rates + step) - now) / step.sum() for step in np.diag(_STEPS)], axis=-1
        )
        move = np.linalg.lstsq(slope, miss, rcond=_SINGULAR)[0]
        rates = np.clip(rates + np.clip(move, _DOWN, _UP), *_BOUNDS)
        now = answer(rates)
    return rates
