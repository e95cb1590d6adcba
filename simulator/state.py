"""What a projection reads and carries: inputs, yearly record, working storage."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from simulator.compiled import njit
from simulator.sheet import WIDTH, new_sheet, padded, write_mortality, write_opening


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
    TURNOVER = 12
    LAND_DRIVER = 13
    DRAIN_DRIVER = 14
    TEMPORARY_GAP = 15
    JOBS_HELD = 16
    JOBS_VACATED = 17


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


class Scratch(NamedTuple):
    """Storage of one year's trials, W = `simulator.sheet.WIDTH`.

    sheet : (rows, W) of the step, see `simulator.sheet.new_sheet`; factor, trial : (14, 3) levels
    with drivers, and of the last trial;
    participation, ones, weight : (W,) weights of people, the last of them free; carry :
    (len(Carry),); scale : (2,) factors on mortality and fertility; fertile : (2,) ages from and
    before which anyone gives birth in any year.
    """

    sheet: np.ndarray
    factor: np.ndarray
    trial: np.ndarray
    participation: np.ndarray
    ones: np.ndarray
    weight: np.ndarray
    carry: np.ndarray
    scale: np.ndarray
    fertile: np.ndarray


class Carry(IntEnum):
    """What one year hands to the next besides people."""

    LABOUR_GAP = 0
    QUEUE = 1
    BEYOND_TREND = 2
    TREND_PEAK = 3
    TEMPORARY_EMPLOYED = 4
    DRAINED = 5
    LASTING_EMPLOYED = 6
    PULL_CORRECTION = 7


_N_CARRY = len(Carry)
#: Positions of `Scratch.scale`.
_MORTALITY, FERTILITY = 0, 1


@njit(cache=True)
def new_scratch(inputs) -> Scratch:
    """Scratch for projections with the shapes of ``inputs``; `start` makes it ready for one."""
    return Scratch(
        new_sheet(), np.empty_like(inputs.level[0]), np.empty_like(inputs.level[0]),
        padded(inputs.participation), np.ones(WIDTH), np.zeros(WIDTH), np.zeros(_N_CARRY),
        np.ones(2), _fertile_ages(inputs.asfr),
    )  # fmt: skip


@njit(cache=True)
def _fertile_ages(asfr):
    """First age with births in any year and place, and the age after the last, (2,)."""
    found = np.array([asfr.shape[2], 0])
    for t in range(asfr.shape[0]):
        for p in range(asfr.shape[1]):
            for a in range(asfr.shape[2]):
                if asfr[t, p, a] != 0.0:
                    found[0], found[1] = min(found[0], a), max(found[1], a + 1)
    return found


@njit(cache=True)
def start(scratch, inputs) -> None:
    """Scratch at the start of a projection of ``inputs``, whatever it was used for before."""
    write_opening(scratch.sheet, inputs.population, inputs.schedule, inputs.arrivals)
    scratch.carry[:] = 0.0
    scratch.carry[Carry.TREND_PEAK] = inputs.trend_town[0]
    scratch.carry[Carry.PULL_CORRECTION] = 1.0


@njit(cache=True, forceinline=True)
def open_year(scratch, inputs, t) -> None:
    """Mortality and flow levels of year ``t``, without drivers."""
    write_mortality(inputs.mortality, t, scratch.scale[_MORTALITY], scratch.sheet)
    for k in range(scratch.factor.shape[0]):
        for r in range(scratch.factor.shape[1]):
            scratch.factor[k, r] = inputs.level[t, k, r]
