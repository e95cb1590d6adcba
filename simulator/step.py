"""One year of population accounting: competing hazards, two rounds of moves, births, ageing.

docs/model.md eqs. (2)-(10). Compiled; the plain twin of this file is ``tests/twin.py``.

The primitive is the person-year: every flow is a hazard times the person-years at risk, eq. (6),
so a year is worked out as person-years by cell, and flows are written down only when asked for.
Loops run over sex and age together (one row of 2 A numbers) and are kept so short that the
compiler works on several numbers at a time; that is worth a factor of three to four.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.axes import N_PLACES, N_REGISTRATIONS, N_SEXES, Flow, Place, Registration, Sex

_HALF = 0.5
_TOWN, _VILLAGE, _AWAY = int(Place.TOWN), int(Place.VILLAGE), int(Place.AWAY)
_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_MALE, _FEMALE = int(Sex.MALE), int(Sex.FEMALE)
_D_TOWN, _D_VILLAGE, _D_AWAY = int(Flow.DEATH_TOWN), int(Flow.DEATH_VILLAGE), int(Flow.DEATH_AWAY)
_R2U, _RECL, _U2R = int(Flow.RURAL_TO_URBAN), int(Flow.RECLASSIFICATION), int(Flow.URBAN_TO_RURAL)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_CONV, _SET = int(Flow.HUKOU_CONVERSION), int(Flow.SETTLED_ELSEWHERE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)
#: Place from which each transition takes people, in `axes.Flow` order.
ORIGIN = (0, 1, 2, 1, 1, 0, 0, 1, 2, 2, 0, 2)
_FIRST_MOVE = int(Flow.RURAL_TO_URBAN)

#: phi(y) = (1 - exp(-y)) / y by its series, exact to rounding for y <= 1/8; three doublings take
#: it to y = 1, that is to hazards of 2 a year. A row with a larger hazard uses the library's exp.
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9 = (
    (-1.0) ** k / math.factorial(k + 1) for k in range(10)
)
_EIGHTH = 0.125
_SERIES_LIMIT = 2.0
#: Keeps 0/0 out of a cell that nobody leaves; far below any real hazard.
_TINY = 1e-280
#: Sums and products may be regrouped to run in parallel lanes; nothing else is relaxed.
FAST = {"reassoc", "contract", "nsz"}


@njit(cache=True, fastmath=FAST)
def _waiting(hazard, phi, stay):
    """Half a year at each hazard: phi = (1 - exp(-h/2)) / (h/2) and stay = exp(-h/2), eq. (3)."""
    large = 0
    for i in range(hazard.size):
        large += hazard[i] > _SERIES_LIMIT
    if large > 0:
        for i in range(hazard.size):
            half = _HALF * hazard[i] + _TINY
            phi[i] = -math.expm1(-half) / half
            stay[i] = math.exp(-half)
        return
    for i in range(hazard.size):
        y = _HALF * _EIGHTH * hazard[i]
        p = _C6 + y * (_C7 + y * (_C8 + y * _C9))
        p = _C0 + y * (_C1 + y * (_C2 + y * (_C3 + y * (_C4 + y * (_C5 + y * p)))))
        e = 1.0 - y * p
        p = _HALF * p * (1.0 + e)
        e = e * e
        p = _HALF * p * (1.0 + e)
        e = e * e
        phi[i] = _HALF * p * (1.0 + e)
        stay[i] = e * e


@njit(cache=True, fastmath=FAST)
def _hazard(base, f1, s1, f2, s2, f3, s3, out):
    """Competing hazards of one cell add up, eq. (2): out = base + f1 s1 + f2 s2 + f3 s3."""
    for i in range(out.size):
        out[i] = base[i] + f1 * s1[i] + f2 * s2[i] + f3 * s3[i]


@njit(cache=True, fastmath=FAST)
def _first_round(persons, phi, stay, years):
    """Person-years of the opening population, eq. (4): N phi (1 + stay) / 2."""
    for i in range(years.size):
        years[i] = persons[i] * phi[i] * (_HALF + _HALF * stay[i])


@njit(cache=True, fastmath=FAST)
def _second_round(entered, phi, extra, years):
    """Person-years of those who came in, half a year each, eq. (5): M phi / 2."""
    for i in range(years.size):
        extra[i] = entered[i] * phi[i] * _HALF
        years[i] += extra[i]


@njit(cache=True, fastmath=FAST)
def _enter_town(x_v, f_r2u, s_r2u, f_recl, s_recl, x_w, f_ret, s_ret, entered):
    for i in range(entered.size):
        entered[i] += x_v[i] * (f_r2u * s_r2u[i] + f_recl * s_recl[i]) + x_w[i] * f_ret * s_ret[i]


@njit(cache=True, fastmath=FAST)
def _enter(x1, f1, s1, x2, f2, s2, entered):
    for i in range(entered.size):
        entered[i] += x1[i] * f1 * s1[i] + x2[i] * f2 * s2[i]


@njit(cache=True, fastmath=FAST)
def _add_scaled(f, s, out):
    for i in range(out.size):
        out[i] += f * s[i]


@njit(cache=True, fastmath=FAST)
def _add_product(x, f, s, out):
    for i in range(out.size):
        out[i] += x[i] * f * s[i]


@njit(cache=True, fastmath=FAST)
def _product(x, f, s, out):
    for i in range(out.size):
        out[i] = x[i] * f * s[i]


@njit(cache=True, fastmath=FAST)
def _scaled(f, s, out):
    for i in range(out.size):
        out[i] = f * s[i]


@njit(cache=True, fastmath=FAST)
def _close(persons, stay, entered, late, closing):
    """Who is in the cell at the end, a year older, eq. (7); the last age is open."""
    last = persons.size - 1
    for a in range(last):
        closing[a + 1] = (persons[a] * stay[a] + entered[a]) * stay[a] + late[a]
    closing[0] = 0.0
    closing[last] += (persons[last] * stay[last] + entered[last]) * stay[last] + late[last]


@njit(cache=True)
def _send(r, f, s, years, converts, entered):
    """People that person-years ``years`` (3, n) send from cell to cell of registration ``r``."""
    x_t, x_v, x_w = years[_TOWN], years[_VILLAGE], years[_AWAY]
    _enter_town(
        x_v, f[_R2U], s[_R2U], f[_RECL], s[_RECL], x_w, f[_RET_T], s[_RET_T], entered[_TOWN]
    )
    _enter(x_t, f[_U2R], s[_U2R], x_w, f[_RET_V], s[_RET_V], entered[_VILLAGE])
    if r != _NONLOCAL:  # who is not local and moves out leaves the books
        _enter(x_t, f[_OUT_T], s[_OUT_T], x_v, f[_OUT_V], s[_OUT_V], entered[_AWAY])
    if r == _URBAN:
        _add_scaled(1.0, converts, entered[_TOWN])
    else:
        _add_product(x_t, f[_CONV], s[_CONV], converts)


@njit(cache=True)
def expose(population, mortality, schedule, factor, arrivals, exposure, closing) -> None:
    """Move, bury and age everyone alive at the start of the year, eqs. (2)-(7).

    Parameters
    ----------
    population : (3, 3, 2, A) [persons]
        Opening population by registration, place, sex, age.
    mortality : (3, 2, A) [per person-year]
        Death hazard by place of residence, of the cohort aged x at the start.
    schedule : (12, 2, A)
        Age schedule of each transition (`axes.Flow` order; rows of deaths are not read).
    factor : (14, 3) [per person-year]
        Level of each flow by registration, drivers included; the rows of arrivals hold persons.
    arrivals : (2, A)
        Age and sex shares of non-local arrivals; sums to 1.
    exposure : (3, 3, 2, A) [person-years]
        Overwritten: person-years lived in each cell.
    closing : (3, 3, 2, A) [persons]
        Overwritten: closing population without births; the last age is open.
    """
    ages = population.shape[3]
    n = N_SEXES * ages
    s, m = schedule.reshape(schedule.shape[0], n), mortality.reshape(N_PLACES, n)
    h, phi, stay = np.empty(n), np.empty((N_PLACES, n)), np.empty((N_PLACES, n))
    extra, converts = np.empty((N_PLACES, n)), np.zeros((2, n))
    # Converts are met first as rural or nonlocal, so the urban registration comes last.
    for r in range(N_REGISTRATIONS - 1, -1, -1):
        f, persons = factor[:, r], population[r].reshape(N_PLACES, n)
        years = exposure[r].reshape(N_PLACES, n)
        entered, late = np.zeros((N_PLACES, n)), np.zeros((N_PLACES, n))
        for p in range(N_PLACES):
            if p == _TOWN:
                # Who holds urban hukou cannot obtain it.
                conversion = 0.0 if r == _URBAN else f[_CONV]
                _hazard(m[p], f[_U2R], s[_U2R], f[_OUT_T], s[_OUT_T], conversion, s[_CONV], h)
            elif p == _VILLAGE:
                _hazard(m[p], f[_R2U], s[_R2U], f[_RECL], s[_RECL], f[_OUT_V], s[_OUT_V], h)
            else:
                _hazard(m[p], f[_RET_T], s[_RET_T], f[_RET_V], s[_RET_V], f[_SET], s[_SET], h)
            _waiting(h, phi[p], stay[p])
            _first_round(persons[p], phi[p], stay[p], years[p])
        _send(r, f, s, years, converts[0], entered)
        if r == _NONLOCAL:
            _add_scaled(f[_ARR_T], arrivals.reshape(n), entered[_TOWN])
            _add_scaled(f[_ARR_V], arrivals.reshape(n), entered[_VILLAGE])
        for p in range(N_PLACES):
            _second_round(entered[p], phi[p], extra[p], years[p])
        _send(r, f, s, extra, converts[1], late)
        for p in range(N_PLACES):
            for sex in range(N_SEXES):
                row = slice(sex * ages, (sex + 1) * ages)
                _close(
                    persons[p, row], stay[p, row], entered[p, row], late[p, row],
                    closing[r, p, sex],
                )  # fmt: skip


@njit(cache=True)
def write_flows(exposure, mortality, schedule, factor, arrivals, flows) -> None:
    """Persons of every flow from person-years at risk, eq. (6).

    Parameters
    ----------
    exposure, mortality, schedule, factor, arrivals : as in `expose`
    flows : (14, 3, 2, A) [persons]
        Overwritten: persons by flow, registration of origin, sex, age at the start.
    """
    n = mortality.shape[1] * mortality.shape[2]
    s, m = schedule.reshape(schedule.shape[0], n), mortality.reshape(N_PLACES, n)
    share = arrivals.reshape(n)
    for r in range(N_REGISTRATIONS):
        years = exposure[r].reshape(N_PLACES, n)
        for k in range(_FIRST_MOVE):
            _product(years[k], 1.0, m[k], flows[k, r].reshape(n))
        for k in range(_FIRST_MOVE, _ARR_T):
            # Who holds urban hukou cannot obtain it.
            f = 0.0 if k == _CONV and r == _URBAN else factor[k, r]
            _product(years[ORIGIN[k]], f, s[k], flows[k, r].reshape(n))
        for k in range(_ARR_T, _ARR_V + 1):
            f = factor[k, r] if r == _NONLOCAL else 0.0
            _scaled(f, share, flows[k, r].reshape(n))


@njit(cache=True)
def move_and_age(population, mortality, schedule, factor, arrivals, flows, closing) -> None:
    """`expose` and `write_flows` in one: the year's moves as persons by flow."""
    exposure = np.empty_like(population)
    expose(population, mortality, schedule, factor, arrivals, exposure, closing)
    write_flows(exposure, mortality, schedule, factor, arrivals, flows)


@njit(cache=True, fastmath=FAST)
def total(row) -> float:
    """Sum of a contiguous row."""
    found = 0.0
    for i in range(row.size):
        found += row[i]
    return found


@njit(cache=True, fastmath=FAST)
def _mean_dot(first, second, weight) -> float:
    """Sum of weight x mean of two rows."""
    found = 0.0
    for i in range(weight.size):
        found += weight[i] * (_HALF * first[i] + _HALF * second[i])
    return found


@njit(cache=True)
def add_births(
    population, closing, asfr, srb, newborn_survival, births, newborn_deaths, left_behind=0.0
) -> None:
    """Add the year's births to age 0 of ``closing``, eqs. (9)-(10).

    Parameters
    ----------
    population, closing : (3, 3, 2, A) [persons]
        Opening and closing population; women exposed at age x are the mean of both.
    asfr : (3, A) [births per woman-year]
        Fertility by place of residence.
    srb : float
        Males born per female.
    newborn_survival : (3, 2)
        Probability of being alive at year end when born evenly over the year (L0/l0).
    births, newborn_deaths : (3, 3, 2) [persons]
        Overwritten: by registration, place where the child lives, and sex.
    left_behind : share of the children of women away who live with relatives at home, in town
        where the mother's hukou is urban and in the village where it is rural
    """
    male_share = srb / (1.0 + srb)
    born = np.empty(N_PLACES)
    for r in range(N_REGISTRATIONS):
        for p in range(N_PLACES):
            born[p] = _mean_dot(population[r, p, _FEMALE], closing[r, p, _FEMALE], asfr[p])
        stay_home = left_behind * born[_AWAY]
        born[_AWAY] -= stay_home
        born[_TOWN if r == _URBAN else _VILLAGE] += stay_home
        for p in range(N_PLACES):
            births[r, p, _MALE] = born[p] * male_share
            births[r, p, _FEMALE] = born[p] - births[r, p, _MALE]
            for s in range(N_SEXES):
                newborn_deaths[r, p, s] = births[r, p, s] * (1.0 - newborn_survival[p, s])
                closing[r, p, s, 0] += births[r, p, s] * newborn_survival[p, s]
