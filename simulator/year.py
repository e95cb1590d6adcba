"""One projected year: drivers from stocks and policy, then one step of accounting within limits.

docs/model.md eqs. (11)-(25), (53)-(58). Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.axes import N_PLACES, N_REGISTRATIONS, Flow, Place
from simulator.bracket import bracket, next_share
from simulator.compiled import njit
from simulator.levers import housing, jobs, settlement
from simulator.levers.columns import Behaviour, Policy
from simulator.moves import moving, scale
from simulator.sheet import CLOSING, OPENING, YEARS, cells
from simulator.state import Carry, Driver, open_year
from simulator.step import add_births, expose, persons

_TOWN, _AWAY = int(Place.TOWN), int(Place.AWAY)
_R2U, _CONV = int(Flow.RURAL_TO_URBAN), int(Flow.HUKOU_CONVERSION)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)
_QUOTA, LEFT_BEHIND = int(Policy.ANNUAL_QUOTA), int(Behaviour.LEFT_BEHIND_SHARE)
#: Flows that bring workers to jobs, that bring people into town, and that take workers away.
_TO_JOBS = np.array([_R2U, _RET_T, _RET_V, _ARR_T, _ARR_V])
_TO_TOWN = np.array([_R2U, _RET_T, _ARR_T])
_FROM_JOBS = np.array([_OUT_T, _OUT_V])
_TO_URBAN_HUKOU = np.array([_CONV])
#: Housing and quota are met to this relative accuracy, within so many trials.
_TOLERANCE = 1e-6
_TRIALS = 40
#: Workers who move meet those wanted to this relative accuracy, within so many rounds; nobody is
#: asked for more than so many times, where the people within reach run out.
_LOOP_TOLERANCE, _ROUNDS, _MOST = 1e-3, 5, 2.0


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
    leaving = moving(_FROM_JOBS, OPENING, sheet, scratch.factor, scratch.ones)
    driver = math.copysign(jobs.pull_driver(hazard * residents, leaving), hazard)
    record[Driver.DRAIN_DRIVER] = driver
    scale(scratch.factor, _FROM_JOBS, math.exp(driver))


@njit(cache=True)
def _apply_jobs(inputs, t, births, deaths, scratch, record) -> None:
    """A labour gap raises the flows that bring workers; a surplus those that take them away.

    The year is tried until those who move are within 0.1 % of those wanted, eq. (18).
    """
    behaviour, carry, factor = inputs.behaviour, scratch.carry, scratch.factor
    temporary = jobs.temporary_gap(carry[Carry.TEMPORARY_EMPLOYED], inputs.policy[t], behaviour)
    gap = jobs.labour_gap(carry[Carry.LABOUR_GAP], inputs.policy[t], behaviour) + temporary
    record[Driver.TEMPORARY_GAP] = temporary
    workers = jobs.workers_to_move(gap, behaviour)
    record[Driver.LABOUR_GAP] = gap
    record[Driver.WORKERS_AT_HOME] = jobs.workers_at_home(gap, behaviour)
    if workers == 0.0:
        return
    kinds = _TO_JOBS if workers > 0.0 else _FROM_JOBS
    on_trend = moving(kinds, OPENING, scratch.sheet, factor, scratch.participation)
    share = jobs.settled_share(gap, temporary, behaviour)
    without, asked = factor.copy(), workers
    for _ in range(_ROUNDS):
        driver = jobs.pull_driver(asked, on_trend)
        _copy(without, factor)
        scale(factor, kinds, math.exp(driver))
        if workers > 0.0:
            jobs.settle_returners(factor[_RET_T], factor[_RET_V], driver, share)
        record[Driver.PULL_DRIVER] = driver if workers > 0.0 else -driver
        _try_step(inputs, t, births, deaths, scratch, 1.0, 1.0)
        moved = _workers_moved(scratch, record[Driver.PULL_DRIVER])
        if moved == 0.0 or abs(moved - workers) <= _LOOP_TOLERANCE * abs(workers):
            break
        asked = math.copysign(min(abs(asked * workers / moved), _MOST * abs(workers)), workers)


@njit(cache=True)
def _release_queue(scratch) -> None:
    """Those whom housing kept out come on top of the year's own movers, eq. (25)."""
    queue = scratch.carry[Carry.QUEUE]
    if queue > 0.0:
        coming = moving(_TO_TOWN, OPENING, scratch.sheet, scratch.factor, scratch.ones)
        if coming > 0.0:
            scale(scratch.factor, _TO_TOWN, 1.0 + queue / coming)


@njit(cache=True)
def _copy(source, target) -> None:
    for k in range(target.shape[0]):
        for r in range(target.shape[1]):
            target[k, r] = source[k, r]


@njit(cache=True)
def _try_step(inputs, t, births, deaths, scratch, admitted, converted):
    """One step with town-ward flows scaled by ``admitted`` and conversion by ``converted``.

    Returns the town residents it ends with.
    """
    trial, sheet = scratch.trial, scratch.sheet
    _copy(scratch.factor, trial)
    if admitted != 1.0:
        scale(trial, _TO_TOWN, admitted)
    if converted != 1.0:
        scale(trial, _TO_URBAN_HUKOU, converted)
    expose(sheet, inputs.population.shape[3], trial)
    add_births(
        cells(sheet, OPENING), cells(sheet, CLOSING), scratch.asfr, inputs.srb[t],
        inputs.newborn_survival[t], births, deaths, inputs.behaviour[LEFT_BEHIND],
    )  # fmt: skip
    town = 0.0
    for r in range(N_REGISTRATIONS):
        town += persons(sheet, CLOSING + N_PLACES * r + _TOWN)
    return town


@njit(cache=True)
def _within_limits(inputs, t, births, deaths, scratch, capacity, record):
    """Step under the quota and the housing ceiling, eqs. (15) and (24).

    The ceiling turns people away at the town's gate and never evicts: births, or dwellings pulled
    down, can leave the town above it. The quota is met before housing is.

    Returns the persons whom housing kept out of town.
    """
    quota, converted, admitted = inputs.policy[t, _QUOTA], 1.0, 1.0
    full = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
    settled = _settled(scratch) if quota < math.inf else 0.0
    if settled > quota * (1.0 + _TOLERANCE):
        low, high, f_low, f_high = 0.0, 1.0, -quota, settled - quota
        for _ in range(_TRIALS):
            converted = next_share(low, high, f_low, f_high)
            full = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
            excess = _settled(scratch) - quota
            if abs(excess) <= _TOLERANCE * quota:
                break
            low, high, f_low, f_high = bracket(low, high, f_low, f_high, converted, excess)
    kept_out = 0.0
    if full > capacity * (1.0 + _TOLERANCE):
        wanted = _entering_town(scratch)
        admitted = 0.0
        empty = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
        low, high, f_low, f_high = 0.0, 1.0, empty - capacity, full - capacity
        for _ in range(_TRIALS if empty < capacity else 0):
            admitted = next_share(low, high, f_low, f_high)
            full = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
            excess = full - capacity
            if abs(excess) <= _TOLERANCE * capacity:
                break
            low, high, f_low, f_high = bracket(low, high, f_low, f_high, admitted, excess)
        kept_out = wanted - _entering_town(scratch)
    record[Driver.ADMITTED_SHARE], record[Driver.QUOTA_SCALE] = admitted, converted
    return kept_out


@njit(cache=True)
def _settled(scratch) -> float:
    """Persons who obtained urban hukou in the last trial."""
    return moving(_TO_URBAN_HUKOU, YEARS, scratch.sheet, scratch.trial, scratch.ones)


@njit(cache=True)
def _entering_town(scratch) -> float:
    """Persons who entered town in the last trial."""
    return moving(_TO_TOWN, YEARS, scratch.sheet, scratch.trial, scratch.ones)


@njit(cache=True)
def _workers_moved(scratch, pull) -> float:
    """Workers who came (negative: left) because of the labour gap."""
    if pull == 0.0:
        return 0.0
    kinds = _TO_JOBS if pull > 0.0 else _FROM_JOBS
    moved = moving(kinds, YEARS, scratch.sheet, scratch.trial, scratch.participation)
    by_gap = moved * (1.0 - math.exp(-abs(pull)))
    return by_gap if pull > 0.0 else -by_gap


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
    _apply_jobs(inputs, t, births, deaths, scratch, record)
    _release_queue(scratch)
    carry[Carry.TREND_PEAK] = max(carry[Carry.TREND_PEAK], inputs.trend_town[t + 1])
    carry[Carry.BEYOND_TREND] += housing.persons_beyond_trend(inputs.policy[t], behaviour)
    ceiling = housing.capacity(carry[Carry.TREND_PEAK], carry[Carry.BEYOND_TREND], behaviour)
    kept_out = _within_limits(inputs, t, births, deaths, scratch, ceiling, record)
    moved = _workers_moved(scratch, record[Driver.PULL_DRIVER])
    filled, temporary = moved + record[Driver.WORKERS_AT_HOME], record[Driver.TEMPORARY_GAP]
    carry[Carry.LABOUR_GAP], found = jobs.left_over(
        record[Driver.LABOUR_GAP], temporary, filled, behaviour
    )
    carry[Carry.TEMPORARY_EMPLOYED] += found
    carry[Carry.QUEUE] = housing.queue_kept(behaviour) * kept_out
    record[Driver.WORKERS_MOVED], record[Driver.HOUSING_CAPACITY] = moved, ceiling
    record[Driver.HOUSING_QUEUE] = carry[Carry.QUEUE]
