"""Many draws of a county's net rates through the year loop; only the end is kept.

docs/model.md eqs. (57)-(58). Each county's draws are a function of its code and the seed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
from numba import njit

from simulator.county_flows import levels
from simulator.county_launch import YEARS, Started
from simulator.flow_model import Rates
from simulator.rates import flow_levels
from simulator.state import Driver, Inputs, new_scratch
from simulator.year import advance

_RECORD = len(Driver)


@njit(cache=True, nogil=True)
def _ends(inputs, level, fertility, out):
    """Town and resident population at the end of each draw, ``out`` (K, 2)."""
    for k in range(level.shape[0]):
        one = Inputs(
            inputs.population, inputs.mortality, inputs.newborn_survival,
            inputs.asfr * fertility[k], inputs.srb, inputs.schedule, level[k], inputs.arrivals,
            inputs.participation, inputs.policy, inputs.policy_baseline, inputs.behaviour,
            inputs.trend_town,
        )  # fmt: skip
        scratch = new_scratch(one)
        opening, closing = one.population.copy(), np.empty_like(one.population)
        births, deaths = np.empty(opening.shape[:3]), np.empty(opening.shape[:3])
        record = np.empty(_RECORD)
        for t in range(one.srb.shape[0]):
            advance(one, t, opening, closing, births, deaths, record, scratch)
            opening, closing = closing, opening
        town = 0.0
        village = 0.0
        for r in range(opening.shape[0]):
            town += opening[r, 0].sum()
            village += opening[r, 1].sum()
        out[k, 0] = town
        out[k, 1] = town + village


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
