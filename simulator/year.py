"""One projected year: drivers from stocks and policy, then one step of accounting within limits.

docs/model.md eqs. (11)-(25). Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.axes import N_PLACES, N_REGISTRATIONS, Flow, Place, Registration
from simulator.levers import housing, jobs, settlement
from simulator.levers.columns import Policy
from simulator.sheet import ARRIVALS, CLOSING, OPENING, SCHEDULE, USED, YEARS, cells
from simulator.state import Carry, Driver, open_year
from simulator.step import ORIGIN, add_births, expose, persons
from simulator.waiting import FAST

_TOWN = int(Place.TOWN)
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
#: Housing and quota are met to this relative accuracy, within so many trials.
_TOLERANCE = 1e-6
_TRIALS = 40
_HALF = 0.5


@njit(cache=True, fastmath=FAST)
def _turnover(sheet, level) -> float:
    """Departure hazard of town residents without urban hukou, per person-year, eq. (12)."""
    stock, leaving = 0.0, 0.0
    for r in range(_URBAN + 1, N_REGISTRATIONS):
        f_back, f_out = level[_U2R, r], level[_OUT_T, r]
        for i in range(USED):
            here = sheet[OPENING + N_PLACES * r + _TOWN, i]
            back, out = sheet[SCHEDULE + _U2R, i], sheet[SCHEDULE + _OUT_T, i]
            stock += here
            leaving += here * (f_back * back + f_out * out)
    return leaving / stock if stock > 0.0 else 0.0


@njit(cache=True, fastmath=FAST)
def _weighed(sheet, people, k, weight) -> float:
    """Weighted sum of what flow ``k`` takes from the people of a row, at level 1."""
    found = 0.0
    for i in range(USED):
        found += sheet[people, i] * sheet[SCHEDULE + k, i] * weight[i]
    return found


@njit(cache=True, fastmath=FAST)
def _weighed_arrivals(sheet, weight) -> float:
    found = 0.0
    for i in range(USED):
        found += sheet[ARRIVALS, i] * weight[i]
    return found


@njit(cache=True)
def _takes_part(k: int, r: int) -> bool:
    """Whether a registration takes part in a flow: only non-locals arrive, none convert twice."""
    if k >= _ARR_T:
        return r == _NONLOCAL
    return not (k == _CONV and r == _URBAN)


@njit(cache=True)
def _moving(kinds, at_risk, sheet, factor, weight) -> float:
    """Weighted persons that flows ``kinds`` move.

    Exact where the block ``at_risk`` is ``YEARS``, to first order where it is ``OPENING``.
    """
    moving = 0.0
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            if factor[k, r] == 0.0 or not _takes_part(k, r):
                continue
            if k >= _ARR_T:
                found = _weighed_arrivals(sheet, weight)
            else:
                found = _weighed(sheet, at_risk + N_PLACES * r + ORIGIN[k], k, weight)
            moving += factor[k, r] * found
    return moving


@njit(cache=True)
def _scale(factor, kinds, by: float) -> None:
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            factor[k, r] *= by


@njit(cache=True)
def _apply_settlement(inputs, t, scratch, record) -> None:
    """Openness once on the status (conversion), once on the flow (inflow and staying)."""
    policy, behaviour, factor = inputs.policy[t], inputs.behaviour, scratch.factor
    turnover = _turnover(scratch.sheet, inputs.level[t])
    share = settlement.openness(policy, behaviour, turnover)
    base = settlement.openness(inputs.policy_baseline[t], behaviour, turnover)
    conversion = settlement.conversion_driver(share, base)
    wedge = settlement.wedge_driver(share, base, behaviour)
    record[Driver.OPENNESS], record[Driver.OPENNESS_BASELINE] = share, base
    record[Driver.CONVERSION_DRIVER], record[Driver.WEDGE_DRIVER] = conversion, wedge
    if share == base:
        return
    for r in range(_URBAN + 1, N_REGISTRATIONS):
        factor[_CONV, r] *= math.exp(conversion)
        for k in _TO_TOWN:
            factor[k, r] *= math.exp(wedge)
        for k in (_U2R, _OUT_T):
            factor[k, r] *= math.exp(-wedge)


@njit(cache=True)
def _apply_jobs(inputs, t, scratch, record) -> None:
    """A labour gap raises the flows that bring workers; a surplus those that take them away."""
    behaviour = inputs.behaviour
    gap = jobs.labour_gap(scratch.carry[Carry.LABOUR_GAP], inputs.policy[t], behaviour)
    workers = jobs.workers_to_move(gap, behaviour)
    record[Driver.LABOUR_GAP] = gap
    record[Driver.WORKERS_AT_HOME] = jobs.workers_at_home(gap, behaviour)
    if workers == 0.0:
        return
    kinds = _TO_JOBS if workers > 0.0 else _FROM_JOBS
    on_trend = _moving(kinds, OPENING, scratch.sheet, scratch.factor, scratch.participation)
    driver = jobs.pull_driver(workers, on_trend)
    record[Driver.PULL_DRIVER] = driver if workers > 0.0 else -driver
    _scale(scratch.factor, kinds, math.exp(driver))


@njit(cache=True)
def _release_queue(scratch) -> None:
    """Those whom housing kept out come on top of the year's own movers, eq. (25)."""
    queue = scratch.carry[Carry.QUEUE]
    if queue > 0.0:
        coming = _moving(_TO_TOWN, OPENING, scratch.sheet, scratch.factor, scratch.ones)
        if coming > 0.0:
            _scale(scratch.factor, _TO_TOWN, 1.0 + queue / coming)


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
        _scale(trial, _TO_TOWN, admitted)
    if converted != 1.0:
        _scale(trial, _TO_URBAN_HUKOU, converted)
    expose(sheet, inputs.population.shape[3], trial)
    add_births(
        cells(sheet, OPENING), cells(sheet, CLOSING), scratch.asfr, inputs.srb[t],
        inputs.newborn_survival[t], births, deaths,
    )  # fmt: skip
    town = 0.0
    for r in range(N_REGISTRATIONS):
        town += persons(sheet, CLOSING + N_PLACES * r + _TOWN)
    return town


@njit(cache=True)
def _next_share(low, high, f_low, f_high) -> float:
    """Where the line through both ends of the bracket crosses 0; people are all but linear."""
    return low - f_low * (high - low) / (f_high - f_low)


@njit(cache=True)
def _bracket(low, high, f_low, f_high, share, excess):
    """Bracket with ``share`` for one end; the other end's value is halved (Illinois), so that a
    bent curve is followed as surely as a straight one.
    """
    if excess > 0.0:
        return low, share, _HALF * f_low, excess
    return share, high, excess, _HALF * f_high


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
            converted = _next_share(low, high, f_low, f_high)
            full = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
            excess = _settled(scratch) - quota
            if abs(excess) <= _TOLERANCE * quota:
                break
            low, high, f_low, f_high = _bracket(low, high, f_low, f_high, converted, excess)
    kept_out = 0.0
    if full > capacity * (1.0 + _TOLERANCE):
        wanted = _entering_town(scratch)
        admitted = 0.0
        empty = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
        low, high, f_low, f_high = 0.0, 1.0, empty - capacity, full - capacity
        for _ in range(_TRIALS if empty < capacity else 0):
            admitted = _next_share(low, high, f_low, f_high)
            full = _try_step(inputs, t, births, deaths, scratch, admitted, converted)
            excess = full - capacity
            if abs(excess) <= _TOLERANCE * capacity:
                break
            low, high, f_low, f_high = _bracket(low, high, f_low, f_high, admitted, excess)
        kept_out = wanted - _entering_town(scratch)
    record[Driver.ADMITTED_SHARE], record[Driver.QUOTA_SCALE] = admitted, converted
    return kept_out


@njit(cache=True)
def _settled(scratch) -> float:
    """Persons who obtained urban hukou in the last trial."""
    return _moving(_TO_URBAN_HUKOU, YEARS, scratch.sheet, scratch.trial, scratch.ones)


@njit(cache=True)
def _entering_town(scratch) -> float:
    """Persons who entered town in the last trial."""
    return _moving(_TO_TOWN, YEARS, scratch.sheet, scratch.trial, scratch.ones)


@njit(cache=True)
def _workers_moved(scratch, pull) -> float:
    """Workers who came (negative: left) because of the labour gap."""
    if pull == 0.0:
        return 0.0
    kinds = _TO_JOBS if pull > 0.0 else _FROM_JOBS
    moved = _moving(kinds, YEARS, scratch.sheet, scratch.trial, scratch.participation)
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
    _apply_settlement(inputs, t, scratch, record)
    _apply_jobs(inputs, t, scratch, record)
    _release_queue(scratch)
    carry[Carry.TREND_PEAK] = max(carry[Carry.TREND_PEAK], inputs.trend_town[t + 1])
    carry[Carry.BEYOND_TREND] += housing.persons_beyond_trend(inputs.policy[t], behaviour)
    ceiling = housing.capacity(carry[Carry.TREND_PEAK], carry[Carry.BEYOND_TREND], behaviour)
    kept_out = _within_limits(inputs, t, births, deaths, scratch, ceiling, record)
    moved = _workers_moved(scratch, record[Driver.PULL_DRIVER])
    filled = moved + record[Driver.WORKERS_AT_HOME]
    carry[Carry.LABOUR_GAP] = record[Driver.LABOUR_GAP] - filled
    carry[Carry.QUEUE] = housing.queue_kept(behaviour) * kept_out
    record[Driver.WORKERS_MOVED], record[Driver.HOUSING_CAPACITY] = moved, ceiling
    record[Driver.HOUSING_QUEUE] = carry[Carry.QUEUE]
