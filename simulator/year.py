"""One projected year: drivers from stocks and policy, then one step of accounting within limits.

docs/model.md eqs. (11)-(25), (53)-(58). Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

import math

from simulator.axes import N_PLACES, N_REGISTRATIONS, Place
from simulator.bracket import bracket, next_share
from simulator.compiled import njit
from simulator.hiring import apply_jobs
from simulator.levers import housing, jobs, settlement
from simulator.levers.columns import Policy
from simulator.moves import FROM_JOBS, TO_TOWN, from_jobs, scale, to_town
from simulator.sheet import OPENING
from simulator.state import Carry, Driver, open_year
from simulator.step import persons
from simulator.trial import (
    entering_town,
    obtained_hukou,
    try_births,
    try_moves,
    try_step,
    workers_moved,
)

_AWAY, _QUOTA = int(Place.AWAY), int(Policy.ANNUAL_QUOTA)
#: Housing and quota are met to this relative accuracy, within so many trials.
_TOLERANCE = 1e-6
_TRIALS = 40


@njit(cache=True)
def _apply_drain(inputs, t, scratch, record) -> None:
    """Other cities that open draw people away, by the flows that already lead there."""
    carry, sheet = scratch.carry, scratch.sheet
    hazard = settlement.drain_hazard(
        carry[Carry.DRAINED], inputs.policy[t], inputs.policy_baseline[t], inputs.behaviour
    )
    if hazard == 0.0:
        return
    carry[Carry.DRAINED] += hazard
    residents = 0.0
    for r in range(N_REGISTRATIONS):
        for p in range(_AWAY):
            residents += persons(sheet, OPENING + N_PLACES * r + p)
    leaving = from_jobs(sheet, OPENING, scratch.factor, scratch.ones)
    driver = math.copysign(jobs.pull_driver(hazard * residents, leaving), hazard)
    record[Driver.DRAIN_DRIVER] = driver
    scale(scratch.factor, FROM_JOBS, math.exp(driver))


@njit(cache=True)
def _release_queue(scratch) -> bool:
    """Those whom housing kept out come on top of the year's own movers, eq. (25)."""
    queue = scratch.carry[Carry.QUEUE]
    if queue > 0.0:
        coming = to_town(scratch.sheet, OPENING, scratch.factor, scratch.ones)
        if coming > 0.0:
            scale(scratch.factor, TO_TOWN, 1.0 + queue / coming)
            return True
    return False


@njit(cache=True)
def _within_limits(inputs, t, births, deaths, scratch, capacity, record):
    """Finish the year under the quota and the housing ceiling, eqs. (15) and (24).

    ``scratch`` holds the moves without limits. The ceiling turns people away at the town's gate
    and never evicts: births, or dwellings pulled down, can leave the town above it. The quota is
    met before housing is.

    Returns the persons whom housing kept out of town.
    """
    quota, converted, admitted = inputs.policy[t, _QUOTA], 1.0, 1.0
    full = try_births(inputs, t, births, deaths, scratch)
    settled = obtained_hukou(scratch) if quota < math.inf else 0.0
    if settled > quota * (1.0 + _TOLERANCE):
        low, high, f_low, f_high = 0.0, 1.0, -quota, settled - quota
        for _ in range(_TRIALS):
            converted = next_share(low, high, f_low, f_high)
            full = try_step(inputs, t, births, deaths, scratch, admitted, converted)
            excess = obtained_hukou(scratch) - quota
            if abs(excess) <= _TOLERANCE * quota:
                break
            low, high, f_low, f_high = bracket(low, high, f_low, f_high, converted, excess)
    kept_out = 0.0
    if full > capacity * (1.0 + _TOLERANCE):
        wanted = entering_town(scratch)
        admitted = 0.0
        empty = try_step(inputs, t, births, deaths, scratch, admitted, converted)
        low, high, f_low, f_high = 0.0, 1.0, empty - capacity, full - capacity
        for _ in range(_TRIALS if empty < capacity else 0):
            admitted = next_share(low, high, f_low, f_high)
            full = try_step(inputs, t, births, deaths, scratch, admitted, converted)
            excess = full - capacity
            if abs(excess) <= _TOLERANCE * capacity:
                break
            low, high, f_low, f_high = bracket(low, high, f_low, f_high, admitted, excess)
        kept_out = wanted - entering_town(scratch)
    record[Driver.ADMITTED_SHARE], record[Driver.QUOTA_SCALE] = admitted, converted
    return kept_out


@njit(cache=True)
def advance(inputs, t, births, deaths, record, scratch) -> None:
    """One year: drivers from the stocks, then the step, then what is carried into the next.

    Parameters
    ----------
    inputs : Inputs
    t : position of the year
    births, deaths : (3, 3, 2) births and newborn deaths, overwritten
    record : (len(Driver),) overwritten
    scratch : Scratch; its sheet holds the opening population, and when done the person-years and
        closing population of the year, ``trial`` the levels that led there
    """
    carry, behaviour = scratch.carry, inputs.behaviour
    for i in range(record.size):
        record[i] = 0.0
    open_year(scratch, inputs, t)
    leaving = settlement.turnover(scratch.sheet, inputs.level[t])
    settlement.apply(
        inputs.policy[t], inputs.policy_baseline[t], behaviour, leaving, scratch.factor, record
    )
    _apply_drain(inputs, t, scratch, record)
    tried = apply_jobs(inputs, t, scratch, record)
    if _release_queue(scratch) or not tried:
        try_moves(inputs, scratch, 1.0, 1.0)
    carry[Carry.TREND_PEAK] = max(carry[Carry.TREND_PEAK], inputs.trend_town[t + 1])
    carry[Carry.BEYOND_TREND] += housing.persons_beyond_trend(inputs.policy[t], behaviour)
    ceiling = housing.capacity(carry[Carry.TREND_PEAK], carry[Carry.BEYOND_TREND], behaviour)
    kept_out = _within_limits(inputs, t, births, deaths, scratch, ceiling, record)
    moved = workers_moved(scratch, record[Driver.PULL_DRIVER])
    filled, temporary = moved + record[Driver.WORKERS_AT_HOME], record[Driver.TEMPORARY_GAP]
    carry[Carry.LABOUR_GAP], found = jobs.left_over(
        record[Driver.LABOUR_GAP], temporary, filled, behaviour
    )
    carry[Carry.TEMPORARY_EMPLOYED] += found
    carry[Carry.LASTING_EMPLOYED] += filled - found
    record[Driver.JOBS_HELD] = carry[Carry.LASTING_EMPLOYED] + carry[Carry.TEMPORARY_EMPLOYED]
    carry[Carry.QUEUE] = housing.queue_kept(behaviour) * kept_out
    record[Driver.WORKERS_MOVED], record[Driver.HOUSING_CAPACITY] = moved, ceiling
    record[Driver.HOUSING_QUEUE] = carry[Carry.QUEUE]
