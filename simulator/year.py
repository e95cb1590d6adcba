"""One projected year: drivers from stocks and policy, then one step of accounting within limits.

docs/model.md eqs. (11)-(25), (53)-(58). Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.axes import N_REGISTRATIONS, Flow, Place, Registration
from simulator.bracket import bracket, next_share
from simulator.levers import housing, jobs, settlement
from simulator.levers.columns import Behaviour, Policy
from simulator.moves import moving, scale
from simulator.state import Carry, Driver
from simulator.step import add_births, expose, total

_TOWN, _AWAY = int(Place.TOWN), int(Place.AWAY)
_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_R2U, _U2R, _CONV = int(Flow.RURAL_TO_URBAN), int(Flow.URBAN_TO_RURAL), int(Flow.HUKOU_CONVERSION)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)
_QUOTA, _LEFT_BEHIND = int(Policy.ANNUAL_QUOTA), int(Behaviour.LEFT_BEHIND_SHARE)
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
def _apply_drain(inputs, t, population, scratch, record) -> None:
    """Other cities that open draw people away, by the flows that already lead there."""
    carry = scratch.carry
    hazard = settlement.drain_hazard(
        carry[Carry.DRAINED], inputs.policy[t], inputs.policy_baseline[t], inputs.behaviour
    )
    if hazard == 0.0:
        return
    carry[Carry.DRAINED] += hazard
    residents = 0.0
    for r in range(N_REGISTRATIONS):
        residents += total(population[r, :_AWAY].reshape(population[r, :_AWAY].size))
    leaving = moving(
        _FROM_JOBS, population, inputs.schedule, scratch.factor, inputs.arrivals, scratch.ones
    )
    driver = math.copysign(jobs.pull_driver(hazard * residents, leaving), hazard)
    record[Driver.DRAIN_DRIVER] = driver
    scale(scratch.factor, _FROM_JOBS, math.exp(driver))


@njit(cache=True)
def _apply_jobs(inputs, t, population, closing, births, deaths, scratch, record) -> None:
    """A labour gap raises the flows that bring workers; a surplus those that take them away.

    The year is tried until those who move are within 0.1 % of those wanted, eq. (18).
    """
    behaviour, carry = inputs.behaviour, scratch.carry
    temporary = jobs.temporary_gap(carry[Carry.TEMPORARY_EMPLOYED], inputs.policy[t], behaviour)
    gap = jobs.labour_gap(carry[Carry.LABOUR_GAP], inputs.policy[t], behaviour) + temporary
    record[Driver.TEMPORARY_GAP] = temporary
    workers = jobs.workers_to_move(gap, behaviour)
    record[Driver.LABOUR_GAP] = gap
    record[Driver.WORKERS_AT_HOME] = jobs.workers_at_home(gap, behaviour)
    if workers == 0.0:
        return
    kinds = _TO_JOBS if workers > 0.0 else _FROM_JOBS
    on_trend = moving(
        kinds, population, inputs.schedule, scratch.factor, inputs.arrivals, inputs.participation
    )
    share = jobs.settled_share(gap, temporary, behaviour)
    without, asked = scratch.factor.copy(), workers
    for _ in range(_ROUNDS):
        driver = jobs.pull_driver(asked, on_trend)
        scratch.factor[:] = without
        scale(scratch.factor, kinds, math.exp(driver))
        if workers > 0.0:
            jobs.settle_returners(scratch.factor[_RET_T], scratch.factor[_RET_V], driver, share)
        record[Driver.PULL_DRIVER] = driver if workers > 0.0 else -driver
        _try_step(inputs, t, population, closing, births, deaths, scratch, 1.0, 1.0)
        moved = _workers_moved(inputs, scratch, record[Driver.PULL_DRIVER])
        if moved == 0.0 or abs(moved - workers) <= _LOOP_TOLERANCE * abs(workers):
            break
        asked = math.copysign(min(abs(asked * workers / moved), _MOST * abs(workers)), workers)


@njit(cache=True)
def _release_queue(inputs, population, scratch) -> None:
    """Those whom housing kept out come on top of the year's own movers, eq. (25)."""
    queue = scratch.carry[Carry.QUEUE]
    if queue > 0.0:
        coming = moving(
            _TO_TOWN, population, inputs.schedule, scratch.factor, inputs.arrivals, scratch.ones
        )
        if coming > 0.0:
            scale(scratch.factor, _TO_TOWN, 1.0 + queue / coming)


@njit(cache=True)
def _try_step(inputs, t, population, closing, births, deaths, scratch, admitted, converted):
    """One step with town-ward flows scaled by ``admitted`` and conversion by ``converted``.

    Returns the town residents it ends with.
    """
    trial = scratch.trial
    trial[:] = scratch.factor
    if admitted != 1.0:
        scale(trial, _TO_TOWN, admitted)
    if converted != 1.0:
        scale(trial, _TO_URBAN_HUKOU, converted)
    expose(
        population, inputs.mortality[t], inputs.schedule, trial, inputs.arrivals,
        scratch.exposure, closing,
    )  # fmt: skip
    add_births(
        population, closing, inputs.asfr[t], inputs.srb[t], inputs.newborn_survival[t], births,
        deaths, inputs.behaviour[_LEFT_BEHIND],
    )  # fmt: skip
    town = 0.0
    for r in range(N_REGISTRATIONS):
        town += total(closing[r, _TOWN].reshape(closing[r, _TOWN].size))
    return town


@njit(cache=True)
def _within_limits(inputs, t, population, closing, births, deaths, scratch, capacity, record):
    """Step under the quota and the housing ceiling, eqs. (15) and (24).

    The ceiling turns people away at the town's gate and never evicts: births, or dwellings pulled
    down, can leave the town above it. The quota is met before housing is.

    Returns the persons whom housing kept out of town.
    """
    quota, converted, admitted = inputs.policy[t, _QUOTA], 1.0, 1.0
    args = (inputs, t, population, closing, births, deaths, scratch)
    full = _try_step(*args, admitted, converted)
    settled = _settled(inputs, scratch) if quota < math.inf else 0.0
    if settled > quota * (1.0 + _TOLERANCE):
        low, high, f_low, f_high = 0.0, 1.0, -quota, settled - quota
        for _ in range(_TRIALS):
            converted = next_share(low, high, f_low, f_high)
            full = _try_step(*args, admitted, converted)
            excess = _settled(inputs, scratch) - quota
            if abs(excess) <= _TOLERANCE * quota:
                break
            low, high, f_low, f_high = bracket(low, high, f_low, f_high, converted, excess)
    kept_out = 0.0
    if full > capacity * (1.0 + _TOLERANCE):
        wanted = _entering_town(inputs, scratch)
        admitted = 0.0
        empty = _try_step(*args, admitted, converted)
        low, high, f_low, f_high = 0.0, 1.0, empty - capacity, full - capacity
        for _ in range(_TRIALS if empty < capacity else 0):
            admitted = next_share(low, high, f_low, f_high)
            excess = _try_step(*args, admitted, converted) - capacity
            if abs(excess) <= _TOLERANCE * capacity:
                break
            low, high, f_low, f_high = bracket(low, high, f_low, f_high, admitted, excess)
        kept_out = wanted - _entering_town(inputs, scratch)
    record[Driver.ADMITTED_SHARE], record[Driver.QUOTA_SCALE] = admitted, converted
    return kept_out


@njit(cache=True)
def _settled(inputs, scratch) -> float:
    """Persons who obtained urban hukou in the last trial."""
    return moving(
        _TO_URBAN_HUKOU, scratch.exposure, inputs.schedule, scratch.trial, inputs.arrivals,
        scratch.ones,
    )  # fmt: skip


@njit(cache=True)
def _entering_town(inputs, scratch) -> float:
    """Persons who entered town in the last trial."""
    return moving(
        _TO_TOWN, scratch.exposure, inputs.schedule, scratch.trial, inputs.arrivals, scratch.ones
    )


@njit(cache=True)
def _workers_moved(inputs, scratch, pull) -> float:
    """Workers who came (negative: left) because of the labour gap."""
    if pull == 0.0:
        return 0.0
    kinds = _TO_JOBS if pull > 0.0 else _FROM_JOBS
    moved = moving(
        kinds, scratch.exposure, inputs.schedule, scratch.trial, inputs.arrivals,
        inputs.participation,
    )  # fmt: skip
    by_gap = moved * (1.0 - math.exp(-abs(pull)))
    return by_gap if pull > 0.0 else -by_gap


@njit(cache=True)
def advance(inputs, t, population, closing, births, deaths, record, scratch) -> None:
    """One year: drivers from the stocks, then the step, then what is carried into the next.

    Parameters
    ----------
    inputs : Inputs
    t : position of the year
    population, closing : (3, 3, 2, A) opening population; closing is overwritten
    births, deaths : (3, 3, 2) births and newborn deaths, overwritten
    record : (len(Driver),) overwritten
    scratch : Scratch; its ``trial`` and ``exposure`` are those of the year when done
    """
    carry, behaviour = scratch.carry, inputs.behaviour
    record[:] = 0.0
    scratch.factor[:] = inputs.level[t]
    leaving = settlement.turnover(population, inputs.mortality[t], inputs.schedule, inputs.level[t])
    settlement.apply(
        inputs.policy[t], inputs.policy_baseline[t], behaviour, leaving, scratch.factor, record
    )
    _apply_drain(inputs, t, population, scratch, record)
    _apply_jobs(inputs, t, population, closing, births, deaths, scratch, record)
    _release_queue(inputs, population, scratch)
    carry[Carry.TREND_PEAK] = max(carry[Carry.TREND_PEAK], inputs.trend_town[t + 1])
    carry[Carry.BEYOND_TREND] += housing.persons_beyond_trend(inputs.policy[t], behaviour)
    ceiling = housing.capacity(carry[Carry.TREND_PEAK], carry[Carry.BEYOND_TREND], behaviour)
    kept_out = _within_limits(
        inputs, t, population, closing, births, deaths, scratch, ceiling, record
    )
    moved = _workers_moved(inputs, scratch, record[Driver.PULL_DRIVER])
    filled, temporary = moved + record[Driver.WORKERS_AT_HOME], record[Driver.TEMPORARY_GAP]
    carry[Carry.LABOUR_GAP], found = jobs.left_over(
        record[Driver.LABOUR_GAP], temporary, filled, behaviour
    )
    carry[Carry.TEMPORARY_EMPLOYED] += found
    carry[Carry.QUEUE] = housing.queue_kept(behaviour) * kept_out
    record[Driver.WORKERS_MOVED], record[Driver.HOUSING_CAPACITY] = moved, ceiling
    record[Driver.HOUSING_QUEUE] = carry[Carry.QUEUE]
