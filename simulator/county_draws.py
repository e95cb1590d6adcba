"""Many draws of a county's net rates through the year loop; only the end is kept.

docs/model.md eqs. (75)-(76). Each county's draws are a function of its code and the seed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from simulator.axes import N_PLACES, N_REGISTRATIONS, Place
from simulator.compiled import njit
from simulator.county_flows import levels
from simulator.county_launch import YEARS, Started
from simulator.flow_model import Rates
from simulator.rates import flow_levels
from simulator.sheet import OPENING, turn_page
from simulator.state import Driver, Inputs, new_scratch, start
from simulator.step import persons
from simulator.year import advance

_RECORD, _RESIDENT = len(Driver), int(Place.AWAY)


@njit(cache=True, nogil=True)
def _ends(inputs, level, fertility, out):
    """Town and resident population at the end of each draw, ``out`` (K, 2)."""
    scratch, years = new_scratch(inputs), inputs.srb.shape[0]
    births, deaths = np.empty(inputs.population.shape[:3]), np.empty(inputs.population.shape[:3])
    record = np.empty(_RECORD)
    for k in range(level.shape[0]):
        one = Inputs(
            inputs.population, inputs.mortality, inputs.newborn_survival, inputs.asfr, inputs.srb,
            inputs.schedule, level[k], inputs.arrivals, inputs.participation, inputs.policy,
            inputs.policy_baseline, inputs.behaviour, inputs.trend_town,
        )  # fmt: skip
        start(scratch, one)
        scratch.scale[:] = 1.0, fertility[k]
        for t in range(years):
            advance(one, t, births, deaths, record, scratch)
            turn_page(scratch.sheet)
        for p in range(_RESIDENT):
            out[k, p] = 0.0
            for r in range(N_REGISTRATIONS):
                out[k, p] += persons(scratch.sheet, OPENING + N_PLACES * r + p)
        out[k, 1] += out[k, 0]


def drawn_rates(rates: Rates, i: int, code: str, seed: int, draws: int) -> np.ndarray:
    """Net rates of the draws of unit ``i``, shape (3, K).

    Errors follow the learnt quantiles, one draw from each of K equal slices of probability, in an
    order that ties the first two rates together as their errors were.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(code.encode())]))
    normal = rng.standard_normal((rates.centre.shape[1], draws))
    rho = rates.correlation[i]
    normal[1] = rho * normal[0] + np.sqrt(1.0 - rho**2) * normal[1]
    found = np.empty_like(normal)
    for j, row in enumerate(normal):
        rank = np.argsort(np.argsort(row, kind="stable"), kind="stable")
        probability = (rank + 0.5) / draws
        error = np.interp(probability, rates.probabilities, rates.quantile[i, j])
        found[j] = rates.centre[i, j] + rates.spread[i, j] * error
    return found


def ends(started: Started, drawn: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Town and resident population of 2020 in each draw, shape (K, 2) [persons]."""
    chosen = levels(drawn[0], drawn[1], drawn[2], started.start, values)
    level = flow_levels(chosen, YEARS, started.context.arrival_base, started.context.shift_after)
    out = np.empty((drawn.shape[1], 2))
    _ends(started.inputs, level, np.asarray(chosen["fertility_ratio"]), out)
    return out
