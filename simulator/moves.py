"""How many people flows move: sums of person-years or people times hazard and weight."""

from __future__ import annotations

from numba import njit

from simulator.axes import N_REGISTRATIONS, N_SEXES, Flow, Registration
from simulator.step import FAST, ORIGIN

_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_CONV, _ARR_T = int(Flow.HUKOU_CONVERSION), int(Flow.ARRIVAL_TOWN)


@njit(cache=True, fastmath=FAST)
def _weighed(x, y, weight) -> float:
    found = 0.0
    for a in range(x.size):
        found += x[a] * y[a] * weight[a]
    return found


@njit(cache=True, fastmath=FAST)
def _weighed2(x, weight) -> float:
    found = 0.0
    for a in range(x.size):
        found += x[a] * weight[a]
    return found


@njit(cache=True)
def _takes_part(k: int, r: int) -> bool:
    """Whether a registration takes part in a flow: only non-locals arrive, none convert twice."""
    if k >= _ARR_T:
        return r == _NONLOCAL
    return not (k == _CONV and r == _URBAN)


@njit(cache=True)
def moving(kinds, at_risk, schedule, factor, arrivals, weight) -> float:
    """Weighted persons that flows ``kinds`` move.

    Exact where ``at_risk`` is the year's person-years, to first order where it is the opening
    population; both have shape (3, 3, 2, A).
    """
    moving = 0.0
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            if factor[k, r] == 0.0 or not _takes_part(k, r):
                continue
            for s in range(N_SEXES):
                if k >= _ARR_T:
                    found = _weighed2(arrivals[s], weight[s])
                else:
                    found = _weighed(at_risk[r, ORIGIN[k], s], schedule[k, s], weight[s])
                moving += factor[k, r] * found
    return moving


@njit(cache=True)
def scale(factor, kinds, by: float) -> None:
    """Multiply the levels of flows ``kinds``, all registrations alike, in place."""
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            factor[k, r] *= by
