"""How many people flows move: sums of person-years or people times hazard and weight."""

from __future__ import annotations

from simulator.axes import N_PLACES, N_REGISTRATIONS, Flow, Registration
from simulator.compiled import njit
from simulator.sheet import ARRIVALS, SCHEDULE, USED
from simulator.step import ORIGIN
from simulator.waiting import FAST

_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_CONV, _ARR_T = int(Flow.HUKOU_CONVERSION), int(Flow.ARRIVAL_TOWN)


@njit(cache=True, fastmath=FAST)
def _weighed(sheet, people, k, weight) -> float:
    """Weighted sum of what flow ``k`` takes from the people of a row, at level 1."""
    found = 0.0
    for i in range(USED):
        found += sheet[people, i] * sheet[SCHEDULE + k, i] * weight[i]
    return found


@njit(cache=True, fastmath=FAST)
def weighed(sheet, row, weight) -> float:
    """Weighted sum of one row of the sheet."""
    found = 0.0
    for i in range(USED):
        found += sheet[row, i] * weight[i]
    return found


@njit(cache=True)
def _takes_part(k: int, r: int) -> bool:
    """Whether a registration takes part in a flow: only non-locals arrive, none convert twice."""
    if k >= _ARR_T:
        return r == _NONLOCAL
    return not (k == _CONV and r == _URBAN)


@njit(cache=True)
def moving(kinds, at_risk, sheet, factor, weight) -> float:
    """Weighted persons that flows ``kinds`` move.

    Exact where the block ``at_risk`` is ``YEARS``, to first order where it is ``OPENING``.
    """
    moving = 0.0
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            if factor[k, r] == 0.0 or not _takes_part(k, r):
                continue
            if k >= _ARR_T:
                found = weighed(sheet, ARRIVALS, weight)
            else:
                found = _weighed(sheet, at_risk + N_PLACES * r + ORIGIN[k], k, weight)
            moving += factor[k, r] * found
    return moving


@njit(cache=True)
def scale(factor, kinds, by: float) -> None:
    """Multiply the levels of flows ``kinds``, all registrations alike, in place."""
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            factor[k, r] *= by
