"""Many draws of one place through the year loop; only cell totals are kept, and ages if asked.

Each draw of a policy is projected twice, on trend and under the policy, because a lever acts
against the trend of its own draw; where there is no policy the trend alone will do, and a history
is run on trend only. A draw's result depends on nothing but the draw: chunks, threads and order do
not matter to the last bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.axes import Place
from simulator.compiled import njit
from simulator.levers.columns import Policy
from simulator.sheet import CLOSING, OPENING, read_closing, turn_page
from simulator.state import Driver, Inputs, new_scratch, open_year, start
from simulator.step import persons
from simulator.trial import try_births, try_moves
from simulator.year import advance

_RECORD, _TOWN, _VILLAGE = len(Driver), int(Place.TOWN), int(Place.VILLAGE)
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
def _trend_of(inputs, draws, k, on_trend) -> Inputs:
    """Inputs of draw ``k`` without a policy; ``on_trend`` is the trend's own ``trend_town``."""
    return Inputs(
        inputs.population, inputs.mortality, inputs.newborn_survival, inputs.asfr, inputs.srb,
        draws.schedule[k], draws.level[k], draws.arrivals[k], inputs.participation,
        inputs.policy_baseline, inputs.policy_baseline, draws.behaviour[k], on_trend,
    )  # fmt: skip


def rests(inputs: Inputs) -> bool:
    """Whether no lever of ``inputs`` acts and nothing limits the trend, so that every driver is 0.

    A quota among the rules in force at the place limits the trend itself.
    """
    return np.array_equal(inputs.policy, inputs.policy_baseline) and bool(_unlimited(inputs))


@njit(cache=True, nogil=True)
def _unlimited(inputs) -> bool:
    """Whether no quota limits the trend."""
    for t in range(inputs.policy_baseline.shape[0]):
        if inputs.policy_baseline[t, _QUOTA] < np.inf:
            return False
    return True


@njit(cache=True, nogil=True)
def _year(inputs, t, births, record, scratch, quiet) -> None:
    """One year; a ``quiet`` one, of a trend, is hazards, a step and births: no lever is asked."""
    if quiet:
        open_year(scratch, inputs, t)
        try_moves(inputs, scratch, 1.0, 1.0)
        try_births(inputs, t, births[0], births[1], scratch)
    else:
        advance(inputs, t, births[0], births[1], record, scratch)


@njit(cache=True, nogil=True)
def _follow(inputs, scratch, births, record, quiet, cells) -> None:
    """Project one draw, keeping the totals of each year in ``cells`` (T + 1, 3, 3)."""
    sheet = scratch.sheet
    start(scratch, inputs)
    _totals(sheet, OPENING, cells[0])
    for t in range(inputs.srb.shape[0]):
        _year(inputs, t, births, record, scratch, quiet)
        _totals(sheet, CLOSING, cells[t + 1])
        turn_page(sheet)


@njit(cache=True, nogil=True)
def simulate_trend(inputs: Inputs, draws: DrawInputs, trend: np.ndarray) -> None:
    """Project K draws on trend.

    Parameters
    ----------
    inputs : common to all draws; its level, schedule, arrivals and behaviour are not read
    draws : what differs
    trend : (K, T + 1, 3, 3) [persons], overwritten
    """
    scratch, record, quiet = new_scratch(inputs), np.empty(_RECORD), _unlimited(inputs)
    births = np.empty((2, *inputs.population.shape[:3]))
    on_trend = np.full(trend.shape[1], np.inf)
    for k in range(trend.shape[0]):
        scratch.scale[:] = draws.mortality_scale[k], draws.fertility_scale[k]
        base = _trend_of(inputs, draws, k, on_trend)
        _follow(base, scratch, births, record, quiet, trend[k])


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
    scratch, record, quiet = new_scratch(inputs), np.empty(_RECORD), _unlimited(inputs)
    births = np.empty((2, *inputs.population.shape[:3]))
    on_trend, town = np.full(trend.shape[1], np.inf), np.empty(trend.shape[1])
    for k in range(trend.shape[0]):
        scratch.scale[:] = draws.mortality_scale[k], draws.fertility_scale[k]
        base = _trend_of(inputs, draws, k, on_trend)
        _follow(base, scratch, births, record, quiet, trend[k])
        for t in range(town.size):
            town[t] = trend[k, t, :, _TOWN].sum()
        under = Inputs(
            base.population, base.mortality, base.newborn_survival, base.asfr, base.srb,
            base.schedule, base.level, base.arrivals, base.participation,
            inputs.policy, base.policy_baseline, base.behaviour, town,
        )  # fmt: skip
        _follow(under, scratch, births, record, False, policy[k])


@njit(cache=True, nogil=True)
def simulate_history(
    inputs: Inputs, draws: DrawInputs, at: np.ndarray, totals: np.ndarray, ages: np.ndarray
) -> None:
    """Project K draws on trend, keeping what a fit compares with the figures of a place.

    Parameters
    ----------
    inputs, draws : as for `simulate_draws`
    at : (Y,) projected years, 0 the first, after which residents are counted by age
    totals : (K, T + 1, 3, 3) [persons], overwritten
    ages : (K, Y, 2, A) [persons], overwritten
    """
    scratch, record, quiet = new_scratch(inputs), np.empty(_RECORD), _unlimited(inputs)
    births = np.empty((2, *inputs.population.shape[:3]))
    on_trend, closing = np.full(totals.shape[1], np.inf), np.empty(inputs.population.shape)
    for k in range(totals.shape[0]):
        scratch.scale[:] = draws.mortality_scale[k], draws.fertility_scale[k]
        base = _trend_of(inputs, draws, k, on_trend)
        start(scratch, base)
        _totals(scratch.sheet, OPENING, totals[k, 0])
        for t in range(inputs.srb.shape[0]):
            _year(base, t, births, record, scratch, quiet)
            _totals(scratch.sheet, CLOSING, totals[k, t + 1])
            for y in range(at.shape[0]):
                if at[y] == t:
                    read_closing(scratch.sheet, closing)
                    ages[k, y] = closing[:, _TOWN : _VILLAGE + 1].sum(axis=0).sum(axis=0)
            turn_page(scratch.sheet)
