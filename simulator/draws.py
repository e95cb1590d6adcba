"""Many draws of one place through the year loop; only cell totals are kept.

Each draw of a policy is projected twice, on trend and under the policy, because a lever acts
against the trend of its own draw; where there is no policy the trend alone will do. A draw's result
depends on nothing but the draw: chunks, threads and order do not matter to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.axes import Place
from simulator.compiled import njit
from simulator.levers.columns import Policy
from simulator.sheet import CLOSING, OPENING, cells, turn_page
from simulator.state import Driver, Inputs, new_scratch, open_year, start
from simulator.step import add_births, expose, persons
from simulator.year import LEFT_BEHIND, advance

_RECORD, _TOWN = len(Driver), int(Place.TOWN)
_QUOTA = int(Policy.ANNUAL_QUOTA)


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


@njit(cache=True, nogil=True)
def _totals(sheet, block, out):
    """Persons by registration and place, (3, 3), of a block of the sheet."""
    for r in range(out.shape[0]):
        for p in range(out.shape[1]):
            out[r, p] = persons(sheet, block + out.shape[1] * r + p)


@njit(cache=True, nogil=True)
def _follow(inputs, scratch, births, record, cells):
    """Project one draw, keeping the totals of each year in ``cells`` (T + 1, 3, 3)."""
    sheet = scratch.sheet
    start(scratch, inputs)
    _totals(sheet, OPENING, cells[0])
    for t in range(inputs.srb.shape[0]):
        advance(inputs, t, births[0], births[1], record, scratch)
        _totals(sheet, CLOSING, cells[t + 1])
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
    scratch, record = new_scratch(inputs), np.empty(_RECORD)
    births = np.empty((2, *inputs.population.shape[:3]))
    on_trend, town = np.full(trend.shape[1], np.inf), np.empty(trend.shape[1])
    for k in range(trend.shape[0]):
        scratch.scale[:] = draws.mortality_scale[k], draws.fertility_scale[k]
        base = Inputs(
            inputs.population, inputs.mortality, inputs.newborn_survival, inputs.asfr, inputs.srb,
            draws.schedule[k], draws.level[k], draws.arrivals[k], inputs.participation,
            inputs.policy_baseline, inputs.policy_baseline, draws.behaviour[k], on_trend,
        )  # fmt: skip
        _follow(base, scratch, births, record, trend[k])
        for t in range(town.size):
            town[t] = trend[k, t, :, _TOWN].sum()
        under = Inputs(
            base.population, base.mortality, base.newborn_survival, base.asfr, base.srb,
            base.schedule, base.level, base.arrivals, base.participation,
            inputs.policy, base.policy_baseline, base.behaviour, town,
        )  # fmt: skip
        _follow(under, scratch, births, record, policy[k])


def rests(inputs: Inputs) -> bool:
    """Whether no lever of ``inputs`` acts and nothing limits the trend, so that every driver is 0.

    A quota among the rules in force at the place limits the trend itself.
    """
    quota = inputs.policy_baseline[:, _QUOTA]
    return np.array_equal(inputs.policy, inputs.policy_baseline) and bool(np.isinf(quota).all())


@njit(cache=True, nogil=True)
def simulate_trend(inputs: Inputs, draws: DrawInputs, trend: np.ndarray) -> None:
    """Project K draws on a trend that `rests`, bit for bit as `simulate_draws` does.

    Without drivers a year is its hazards, one step and its births; the levers are not asked.

    Parameters
    ----------
    inputs : common to all draws; its level, schedule, arrivals and behaviour are not read
    draws : what differs
    trend : (K, T + 1, 3, 3) [persons], overwritten
    """
    scratch = new_scratch(inputs)
    sheet, ages = scratch.sheet, inputs.population.shape[3]
    births = np.empty((2, *inputs.population.shape[:3]))
    for k in range(trend.shape[0]):
        scratch.scale[:] = draws.mortality_scale[k], draws.fertility_scale[k]
        base = Inputs(
            inputs.population, inputs.mortality, inputs.newborn_survival, inputs.asfr, inputs.srb,
            draws.schedule[k], draws.level[k], draws.arrivals[k], inputs.participation,
            inputs.policy_baseline, inputs.policy_baseline, draws.behaviour[k], inputs.trend_town,
        )  # fmt: skip
        start(scratch, base)
        _totals(sheet, OPENING, trend[k, 0])
        for t in range(inputs.srb.shape[0]):
            open_year(scratch, base, t)
            expose(sheet, ages, scratch.factor)
            add_births(
                cells(sheet, OPENING), cells(sheet, CLOSING), scratch.asfr, inputs.srb[t],
                inputs.newborn_survival[t], births[0], births[1], base.behaviour[LEFT_BEHIND],
            )  # fmt: skip
            _totals(sheet, CLOSING, trend[k, t + 1])
            turn_page(sheet)
