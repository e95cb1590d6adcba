"""The labour gap of a year and the moves that answer it, tried until they are as many as wanted.

docs/model.md eqs. (17)-(20). The rule of the lever itself is `simulator.levers.jobs`.
"""

from __future__ import annotations

import math

from simulator.axes import N_REGISTRATIONS, Flow
from simulator.compiled import njit
from simulator.levers import jobs
from simulator.levers.columns import Policy
from simulator.moves import FROM_JOBS, TO_JOBS, from_jobs, scale, to_jobs
from simulator.sheet import OPENING, SCHEDULE
from simulator.state import Carry, Driver
from simulator.trial import copy_levels, try_moves, workers_moved

_OUT_T = int(Flow.OUT_TOWN)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_BASIC, _OTHER = int(Policy.BASIC_JOBS), int(Policy.OTHER_JOBS)
_BUILDING = int(Policy.CONSTRUCTION_JOBS)
#: Workers who move meet those wanted to this relative accuracy, within so many rounds; nobody is
#: asked for more than so many times, where the people within reach run out.
_LOOP_TOLERANCE, _ROUNDS, _MOST = 1e-3, 5, 2.0


@njit(cache=True)
def _vacate(scratch, coming, record) -> float:
    """Workers in jobs beyond the trend who left them since last year, eq. (17).

    They leave as those do who come to town this year, by registration and age, and the places that
    lasting jobs lose so are offered again; returned. Building sites state what they need.
    """
    carry, sheet = scratch.carry, scratch.sheet
    lasting, temporary = carry[Carry.LASTING_EMPLOYED], carry[Carry.TEMPORARY_EMPLOYED]
    if lasting == 0.0 and temporary == 0.0:
        return 0.0
    # The levels of coming and then leaving town, with the weights of workers and their ages.
    for k in TO_JOBS:
        for r in range(N_REGISTRATIONS):
            scratch.trial[k, r] = scratch.factor[k, r] * scratch.factor[_OUT_T, r]
    for i in range(scratch.weight.size):
        scratch.weight[i] = scratch.participation[i] * sheet[SCHEDULE + _OUT_T, i]
    leaving = to_jobs(sheet, OPENING, scratch.trial, scratch.weight)
    share = jobs.leaving_share(leaving, coming)
    record[Driver.JOBS_VACATED] = share * (lasting + temporary)
    carry[Carry.LASTING_EMPLOYED] -= share * lasting
    carry[Carry.TEMPORARY_EMPLOYED] -= share * temporary
    return share * lasting


@njit(cache=True)
def _at_rest(inputs, t, carry) -> bool:
    """Whether no job beyond the trend is offered, held or lost."""
    policy = inputs.policy
    return (
        policy[t, _BASIC] == 0.0 and policy[t, _OTHER] == 0.0 and policy[t, _BUILDING] == 0.0
        and carry[Carry.LABOUR_GAP] == 0.0 and carry[Carry.LASTING_EMPLOYED] == 0.0
        and carry[Carry.TEMPORARY_EMPLOYED] == 0.0
    )  # fmt: skip


@njit(cache=True)
def apply_jobs(inputs, t, scratch, record) -> bool:
    """A labour gap raises the flows that bring workers; a surplus those that take them away.

    The year is tried until those who move are within 0.1 % of those wanted, eq. (18), starting
    from the correction that last year needed. Returns whether it was tried at all.
    """
    behaviour, carry, factor = inputs.behaviour, scratch.carry, scratch.factor
    if _at_rest(inputs, t, carry):
        return False
    coming = to_jobs(scratch.sheet, OPENING, factor, scratch.participation)
    vacated = _vacate(scratch, coming, record)
    temporary = jobs.temporary_gap(carry[Carry.TEMPORARY_EMPLOYED], inputs.policy[t], behaviour)
    lasting = jobs.labour_gap(carry[Carry.LABOUR_GAP], vacated, inputs.policy[t], behaviour)
    gap = lasting + temporary
    record[Driver.TEMPORARY_GAP] = temporary
    workers = jobs.workers_to_move(gap, behaviour)
    record[Driver.LABOUR_GAP] = gap
    record[Driver.WORKERS_AT_HOME] = jobs.workers_at_home(gap, behaviour)
    if workers == 0.0:
        return False
    on_trend = coming
    if workers < 0.0:
        on_trend = from_jobs(scratch.sheet, OPENING, factor, scratch.participation)
    share = jobs.settled_share(gap, temporary, behaviour)
    without = factor.copy()
    for _ in range(_ROUNDS):
        driver = jobs.pull_driver(carry[Carry.PULL_CORRECTION] * workers, on_trend)
        copy_levels(without, factor)
        if workers > 0.0:
            scale(factor, TO_JOBS, math.exp(driver))
            jobs.settle_returners(factor[_RET_T], factor[_RET_V], driver, share)
        else:
            scale(factor, FROM_JOBS, math.exp(driver))
        record[Driver.PULL_DRIVER] = driver if workers > 0.0 else -driver
        try_moves(inputs, scratch, 1.0, 1.0)
        moved = workers_moved(scratch, record[Driver.PULL_DRIVER])
        if moved == 0.0 or abs(moved - workers) <= _LOOP_TOLERANCE * abs(workers):
            break
        corrected = carry[Carry.PULL_CORRECTION] * workers / moved
        carry[Carry.PULL_CORRECTION] = min(corrected, _MOST)
    return True
