"""Many draws of one place through the year loop; only cell totals are kept.

Each draw is projected twice, on trend and under the policy, because a lever acts against the
trend of its own draw. A draw's result depends on nothing but the draw: chunks, threads and order
do not matter to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.sheet import USED, turn_page
from simulator.state import Driver, Inputs, new_scratch
from simulator.waiting import FAST
from simulator.year import advance

_RECORD = len(Driver)


class DrawInputs(NamedTuple):
    """What differs between K draws.

    Shapes: level (K, T, 14, 3); schedule (K, 12, 2, A); arrivals (K, 2, A); behaviour
    (K, len(Behaviour)); mortality_scale and fertility_scale (K,), factors on the common rates.
    """

    level: np.ndarray
    schedule: np.ndarray
    arrivals: np.ndarray
    behaviour: np.ndarray
    mortality_scale: np.ndarray
    fertility_scale: np.ndarray


@njit(cache=True, nogil=True, fastmath=FAST)
def _totals(people, out):
    """Persons by registration and place, (3, 3), of ``people`` (3, 3, W)."""
    for r in range(people.shape[0]):
        for p in range(people.shape[1]):
            found = 0.0
            for i in range(USED):
                found += people[r, p, i]
            out[r, p] = found


@njit(cache=True, nogil=True)
def _follow(inputs, cells):
    """Project one draw, keeping the totals of each year in ``cells`` (T + 1, 3, 3)."""
    scratch = new_scratch(inputs)
    sheet = scratch.sheet
    births, deaths = np.empty(inputs.population.shape[:3]), np.empty(inputs.population.shape[:3])
    record = np.empty(_RECORD)
    _totals(sheet.opening, cells[0])
    for t in range(inputs.srb.shape[0]):
        advance(inputs, t, births, deaths, record, scratch)
        _totals(sheet.closing, cells[t + 1])
        turn_page(sheet)


@njit(cache=True, nogil=True)
def simulate_draws(
    inputs: Inputs, draws: DrawInputs, trend: np.ndarray, policy: np.ndarray
) -> None:
    """Project K draws, each on trend and under the policy.

    Parameters
    ----------
    inputs : common to all draws; its level, schedule, arrivals and behaviour are not read
    draws : what differs
    trend, policy : (K, T + 1, 3, 3) [persons], overwritten
    """
    for k in range(trend.shape[0]):
        base = Inputs(
            inputs.population, inputs.mortality * draws.mortality_scale[k],
            inputs.newborn_survival, inputs.asfr * draws.fertility_scale[k], inputs.srb,
            draws.schedule[k], draws.level[k], draws.arrivals[k], inputs.participation,
            inputs.policy_baseline, inputs.policy_baseline, draws.behaviour[k],
            np.full(trend.shape[1], np.inf),
        )  # fmt: skip
        _follow(base, trend[k])
        town = trend[k, :, :, 0].sum(axis=1)
        under = Inputs(
            inputs.population, base.mortality, inputs.newborn_survival, base.asfr, inputs.srb,
            draws.schedule[k], draws.level[k], draws.arrivals[k], inputs.participation,
            inputs.policy, inputs.policy_baseline, draws.behaviour[k], town,
        )  # fmt: skip
        _follow(under, policy[k])
