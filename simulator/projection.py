"""The only year loop: drivers from stocks and policy, then one step of accounting, year by year.

docs/model.md eqs. (11)-(25). Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.axes import N_FLOWS, N_PLACES, N_REGISTRATIONS, N_SEXES, Flow, Place, Registration
from simulator.levers import housing, jobs, settlement
from simulator.levers.columns import Policy
from simulator.step import add_births, move_and_age


class Driver(IntEnum):
    """Columns of the yearly record of drivers and constraints."""

    OPENNESS = 0
    OPENNESS_BASELINE = 1
    CONVERSION_DRIVER = 2
    WEDGE_DRIVER = 3
    LABOUR_GAP = 4
    PULL_DRIVER = 5
    WORKERS_MOVED = 6
    WORKERS_AT_HOME = 7
    HOUSING_CAPACITY = 8
    ADMITTED_SHARE = 9
    HOUSING_QUEUE = 10
    QUOTA_SCALE = 11


class Inputs(NamedTuple):
    """Everything a projection of T years and A ages reads.

    Shapes: population (3, 3, 2, A) persons; mortality (T, 3, 2, A) per person-year;
    newborn_survival (T, 3, 2); asfr (T, 3, A) births per woman-year; srb (T,);
    schedule (12, 2, A); level (T, 14, 3) per person-year, arrivals' rows in persons a year;
    arrivals (2, A) summing to 1; participation (2, A); policy, policy_baseline
    (T, len(Policy)); behaviour (len(Behaviour),); trend_town (T + 1,) town residents of the
    trend, infinite for the trend itself.
    """

    population: np.ndarray
    mortality: np.ndarray
    newborn_survival: np.ndarray
    asfr: np.ndarray
    srb: np.ndarray
    schedule: np.ndarray
    level: np.ndarray
    arrivals: np.ndarray
    participation: np.ndarray
    policy: np.ndarray
    policy_baseline: np.ndarray
    behaviour: np.ndarray
    trend_town: np.ndarray


class Paths(NamedTuple):
    """What a projection leaves: population (T + 1, 3, 3, 2, A), flows (T, 14, 3, 2, A),
    births and newborn_deaths (T, 3, 3, 2), all persons; drivers (T, len(Driver)).
    """

    population: np.ndarray
    flows: np.ndarray
    births: np.ndarray
    newborn_deaths: np.ndarray
    drivers: np.ndarray


_TOWN, _AWAY = int(Place.TOWN), int(Place.AWAY)
_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_R2U, _U2R, _CONV = int(Flow.RURAL_TO_URBAN), int(Flow.URBAN_TO_RURAL), int(Flow.HUKOU_CONVERSION)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)
_QUOTA = int(Policy.ANNUAL_QUOTA)
#: Flows that bring workers to jobs, that bring people into town, and that take workers away.
_TO_JOBS = np.array([_R2U, _RET_T, _RET_V, _ARR_T, _ARR_V])
_TO_TOWN = np.array([_R2U, _RET_T, _ARR_T])
_FROM_JOBS = np.array([_OUT_T, _OUT_V])
_TO_URBAN_HUKOU = np.array([_CONV])
#: Place from which each transition takes people, in `axes.Flow` order (arrivals: unused).
_ORIGIN = (0, 1, 2, 1, 1, 0, 0, 1, 2, 2, 0, 2, -1, -1)
#: Housing and quota are met to this relative accuracy, within so many trials.
_TOLERANCE = 1e-6
_TRIALS = 12


@njit(cache=True)
def _turnover(population: np.ndarray, schedule: np.ndarray, level: np.ndarray) -> float:
    """Departure hazard of town residents without urban hukou, per person-year."""
    stock, leaving = 0.0, 0.0
    for r in range(N_REGISTRATIONS):
        if r == _URBAN:
            continue
        for s in range(N_SEXES):
            for a in range(population.shape[3]):
                persons = population[r, _TOWN, s, a]
                stock += persons
                leaving += persons * (
                    level[_U2R, r] * schedule[_U2R, s, a]
                    + level[_OUT_T, r] * schedule[_OUT_T, s, a]
                )
    return leaving / stock if stock > 0.0 else 0.0


@njit(cache=True)
def _expected(kinds, population, schedule, factor, arrivals, weight) -> float:
    """Weighted persons that flows ``kinds`` would move this year, to first order."""
    total = 0.0
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            if factor[k, r] == 0.0:
                continue
            for s in range(N_SEXES):
                for a in range(population.shape[3]):
                    if k >= _ARR_T:
                        total += factor[k, r] * arrivals[s, a] * weight[s, a]
                    else:
                        persons = population[r, _ORIGIN[k], s, a]
                        total += persons * factor[k, r] * schedule[k, s, a] * weight[s, a]
    return total


@njit(cache=True)
def _total(kinds, flows, weight) -> float:
    """Weighted persons that flows ``kinds`` did move."""
    total = 0.0
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            for s in range(N_SEXES):
                for a in range(flows.shape[3]):
                    total += flows[k, r, s, a] * weight[s, a]
    return total


@njit(cache=True)
def _scale(factor: np.ndarray, kinds, by: float) -> None:
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            factor[k, r] *= by


@njit(cache=True)
def _apply_settlement(
    factor, population, schedule, level, policy, baseline, behaviour, record
) -> None:
    """Openness once on the status (conversion), once on the flow (inflow and staying)."""
    turnover = _turnover(population, schedule, level)
    share = settlement.openness(policy, behaviour, turnover)
    base = settlement.openness(baseline, behaviour, turnover)
    conversion = settlement.conversion_driver(share, base)
    wedge = settlement.wedge_driver(share, base, behaviour)
    record[Driver.OPENNESS], record[Driver.OPENNESS_BASELINE] = share, base
    record[Driver.CONVERSION_DRIVER], record[Driver.WEDGE_DRIVER] = conversion, wedge
    for r in range(N_REGISTRATIONS):
        if r == _URBAN:
            continue
        factor[_CONV, r] *= math.exp(conversion)
        for k in _TO_TOWN:
            factor[k, r] *= math.exp(wedge)
        for k in (_U2R, _OUT_T):
            factor[k, r] *= math.exp(-wedge)


@njit(cache=True)
def _apply_jobs(
    factor, gap, population, schedule, arrivals, participation, behaviour, record
) -> None:
    """A labour gap raises the flows that bring workers; a surplus those that take them away."""
    workers = jobs.workers_to_move(gap, behaviour)
    record[Driver.LABOUR_GAP] = gap
    record[Driver.WORKERS_AT_HOME] = jobs.workers_at_home(gap, behaviour)
    if workers == 0.0:
        return
    kinds = _TO_JOBS if workers > 0.0 else _FROM_JOBS
    on_trend = _expected(kinds, population, schedule, factor, arrivals, participation)
    driver = jobs.pull_driver(workers, on_trend)
    record[Driver.PULL_DRIVER] = driver if workers > 0.0 else -driver
    _scale(factor, kinds, math.exp(driver))


@njit(cache=True)
def _try_step(inputs, paths, t, factor, admitted, converted, trial) -> float:
    """One step with town-ward flows scaled by ``admitted`` and conversion by ``converted``.

    Returns the town residents it ends with.
    """
    population, closing = paths.population[t], paths.population[t + 1]
    trial[:] = factor
    _scale(trial, _TO_TOWN, admitted)
    _scale(trial, _TO_URBAN_HUKOU, converted)
    move_and_age(
        population,
        inputs.mortality[t],
        inputs.schedule,
        trial,
        inputs.arrivals,
        paths.flows[t],
        closing,
    )
    add_births(
        population,
        closing,
        inputs.asfr[t],
        inputs.srb[t],
        inputs.newborn_survival[t],
        paths.births[t],
        paths.newborn_deaths[t],
    )
    return closing[:, _TOWN].sum()


@njit(cache=True)
def _within_limits(inputs, paths, t, factor, capacity, ones) -> float:
    """Step under the quota and the housing ceiling, eqs. (15) and (24).

    The ceiling turns people away at the town's gate and never evicts: births, or dwellings pulled
    down, can leave the town above it. The quota is met before housing is.

    Returns the persons whom housing kept out of town.
    """
    trial, flows, record = np.empty_like(factor), paths.flows[t], paths.drivers[t]
    quota, converted, admitted = inputs.policy[t, _QUOTA], 1.0, 1.0
    full = _try_step(inputs, paths, t, factor, admitted, converted, trial)
    for _ in range(_TRIALS):
        settled = flows[_CONV].sum()
        if settled <= quota * (1.0 + _TOLERANCE):
            break
        converted *= quota / settled
        full = _try_step(inputs, paths, t, factor, admitted, converted, trial)
    kept_out = 0.0
    if full > capacity * (1.0 + _TOLERANCE):
        wanted = _total(_TO_TOWN, flows, ones)
        admitted = 0.0
        empty = _try_step(inputs, paths, t, factor, admitted, converted, trial)
        town = empty
        for _ in range(_TRIALS):
            if empty >= capacity or abs(town - capacity) <= _TOLERANCE * capacity:
                break
            # Town residents are all but linear in the admitted share: scale from the last trial.
            slope = full - empty if admitted == 0.0 else (town - empty) / admitted
            admitted = min(1.0, (capacity - empty) / slope)
            town = _try_step(inputs, paths, t, factor, admitted, converted, trial)
        kept_out = wanted - _total(_TO_TOWN, flows, ones)
    record[Driver.ADMITTED_SHARE], record[Driver.QUOTA_SCALE] = admitted, converted
    return kept_out


@njit(cache=True)
def _workers_moved(flows, participation, pull) -> float:
    """Workers who came (negative: left) because of the labour gap."""
    by_gap = 1.0 - math.exp(-abs(pull))
    if pull > 0.0:
        return _total(_TO_JOBS, flows, participation) * by_gap
    return -_total(_FROM_JOBS, flows, participation) * by_gap


@njit(cache=True)
def simulate(inputs: Inputs, paths: Paths) -> None:
    """Project T years; every array of ``paths`` is overwritten.

    With ``policy`` equal to ``policy_baseline`` (no jobs beyond the trend, no quota that binds)
    every driver is exactly 0 and the result is the calibrated trend, bit for bit.
    """
    ones = np.ones_like(inputs.participation)
    paths.population[0] = inputs.population
    gap, queue, beyond_trend, peak = 0.0, 0.0, 0.0, inputs.trend_town[0]
    for t in range(inputs.srb.shape[0]):
        population, record, policy = paths.population[t], paths.drivers[t], inputs.policy[t]
        factor = inputs.level[t].copy()
        record[:] = 0.0
        _apply_settlement(
            factor,
            population,
            inputs.schedule,
            inputs.level[t],
            policy,
            inputs.policy_baseline[t],
            inputs.behaviour,
            record,
        )
        gap = jobs.labour_gap(gap, policy, inputs.behaviour)
        _apply_jobs(
            factor,
            gap,
            population,
            inputs.schedule,
            inputs.arrivals,
            inputs.participation,
            inputs.behaviour,
            record,
        )
        if queue > 0.0:
            coming = _expected(_TO_TOWN, population, inputs.schedule, factor, inputs.arrivals, ones)
            if coming > 0.0:
                _scale(factor, _TO_TOWN, 1.0 + queue / coming)
        peak = max(peak, inputs.trend_town[t + 1])
        beyond_trend += housing.persons_beyond_trend(policy, inputs.behaviour)
        ceiling = housing.capacity(peak, beyond_trend, inputs.behaviour)
        kept_out = _within_limits(inputs, paths, t, factor, ceiling, ones)

        queue = housing.queue_kept(inputs.behaviour) * kept_out
        moved = _workers_moved(paths.flows[t], inputs.participation, record[Driver.PULL_DRIVER])
        gap -= moved + record[Driver.WORKERS_AT_HOME]
        record[Driver.WORKERS_MOVED], record[Driver.HOUSING_CAPACITY] = moved, ceiling
        record[Driver.HOUSING_QUEUE] = queue


def empty_paths(years: int, ages: int) -> Paths:
    """Storage for `simulate`, zero-filled."""
    cells = (N_REGISTRATIONS, N_PLACES, N_SEXES)
    return Paths(
        population=np.zeros((years + 1, *cells, ages)),
        flows=np.zeros((years, N_FLOWS, N_REGISTRATIONS, N_SEXES, ages)),
        births=np.zeros((years, *cells)),
        newborn_deaths=np.zeros((years, *cells)),
        drivers=np.zeros((years, len(Driver))),
    )


def project(inputs: Inputs) -> Paths:
    """Project ``inputs`` over their years; see `Inputs` and `Paths` for shapes."""
    years, ages = inputs.srb.shape[0], inputs.population.shape[-1]
    paths = empty_paths(years, ages)
    simulate(inputs, paths)
    return paths
