"""How many people flows move: sums of person-years or people times hazard and weight.

Flows are added up in one pass over the sheet. Which of them belong to a sum is known when the
pass is compiled, so that the others cost nothing.
"""

from __future__ import annotations

from typing import Any

from simulator.axes import N_PLACES, N_REGISTRATIONS, Flow, Registration
from simulator.compiled import njit
from simulator.sheet import ARRIVALS, SCHEDULE, USED, WIDTH
from simulator.step import ORIGIN
from simulator.waiting import FAST

_URBAN, _RURAL = int(Registration.URBAN_HUKOU), int(Registration.RURAL_HUKOU)
_NONLOCAL = int(Registration.NONLOCAL)
_R2U, _CONV = int(Flow.RURAL_TO_URBAN), int(Flow.HUKOU_CONVERSION)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)
#: Flows that bring workers to jobs, that bring people into town, that take workers away, and by
#: which urban hukou is obtained.
TO_JOBS = (_R2U, _RET_T, _RET_V, _ARR_T, _ARR_V)
TO_TOWN = (_R2U, _RET_T, _ARR_T)
FROM_JOBS = (_OUT_T, _OUT_V)
TO_URBAN_HUKOU = (_CONV,)


@njit(fastmath=FAST, forceinline=True)
def _taken(rows, at_risk, k, factor, i):
    """What flow ``k`` takes from the people of a position, all registrations."""
    first = at_risk + ORIGIN[k]
    found = factor[k, _RURAL] * rows[(first + N_PLACES * _RURAL) * WIDTH + i]
    found += factor[k, _NONLOCAL] * rows[(first + N_PLACES * _NONLOCAL) * WIDTH + i]
    if k != _CONV:  # who holds urban hukou cannot obtain it
        found += factor[k, _URBAN] * rows[(first + N_PLACES * _URBAN) * WIDTH + i]
    return found * rows[(SCHEDULE + k) * WIDTH + i]


def _sum_of(kinds: tuple[int, ...]) -> Any:
    """Compiled sum of the flows ``kinds``."""
    r2u, out_t, out_v = _R2U in kinds, _OUT_T in kinds, _OUT_V in kinds
    ret_t, ret_v, conv = _RET_T in kinds, _RET_V in kinds, _CONV in kinds
    arr_t, arr_v = _ARR_T in kinds, _ARR_V in kinds

    @njit(cache=True, fastmath=FAST)
    def moving(sheet, at_risk, factor, weight):
        rows, found = sheet.reshape(sheet.size), 0.0
        for i in range(USED):
            here, arriving = 0.0, 0.0
            if r2u:
                here += _taken(rows, at_risk, _R2U, factor, i)
            if out_t:
                here += _taken(rows, at_risk, _OUT_T, factor, i)
            if out_v:
                here += _taken(rows, at_risk, _OUT_V, factor, i)
            if ret_t:
                here += _taken(rows, at_risk, _RET_T, factor, i)
            if ret_v:
                here += _taken(rows, at_risk, _RET_V, factor, i)
            if conv:
                here += _taken(rows, at_risk, _CONV, factor, i)
            if arr_t:
                arriving += factor[_ARR_T, _NONLOCAL]
            if arr_v:
                arriving += factor[_ARR_V, _NONLOCAL]
            if arr_t or arr_v:
                here += arriving * rows[ARRIVALS * WIDTH + i]
            found += here * weight[i]
        return found

    return moving


#: Weighted persons that flows move: (sheet, at_risk, factor, weight) -> float. Exact where the
#: block ``at_risk`` is ``YEARS``, to first order where it is ``OPENING``. ``factor`` (14, 3) are
#: levels, ``weight`` (W,) is of people by sex and age.
to_jobs, to_town, from_jobs, to_urban_hukou = (
    _sum_of(TO_JOBS), _sum_of(TO_TOWN), _sum_of(FROM_JOBS), _sum_of(TO_URBAN_HUKOU),
)  # fmt: skip


@njit(cache=True)
def scale(factor, kinds, by: float) -> None:
    """Multiply the levels of flows ``kinds``, all registrations alike, in place."""
    for k in kinds:
        for r in range(N_REGISTRATIONS):
            factor[k, r] *= by
