"""One year of population accounting: competing hazards, two rounds of moves, births, ageing.

docs/model.md eqs. (2)-(10). Compiled; the plain twin of this file is ``tests/twin.py``.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.axes import N_PLACES, N_REGISTRATIONS, N_SEXES, Flow, Place, Registration, Sex

_HALF = 0.5
#: Keeps 0/0 out of the exposure of a cell that nobody leaves; far below any real hazard.
_TINY = 1e-280
_TOWN, _VILLAGE, _AWAY = int(Place.TOWN), int(Place.VILLAGE), int(Place.AWAY)
_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_MALE, _FEMALE = int(Sex.MALE), int(Sex.FEMALE)
_D_TOWN, _D_VILLAGE, _D_AWAY = int(Flow.DEATH_TOWN), int(Flow.DEATH_VILLAGE), int(Flow.DEATH_AWAY)
_R2U, _RECL, _U2R = int(Flow.RURAL_TO_URBAN), int(Flow.RECLASSIFICATION), int(Flow.URBAN_TO_RURAL)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_CONV, _SET = int(Flow.HUKOU_CONVERSION), int(Flow.SETTLED_ELSEWHERE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)


@njit(cache=True)
def move_and_age(
    population: np.ndarray,
    mortality: np.ndarray,
    schedule: np.ndarray,
    factor: np.ndarray,
    arrivals: np.ndarray,
    flows: np.ndarray,
    closing: np.ndarray,
) -> None:
    """Move, bury and age everyone alive at the start of the year, eqs. (2)-(8).

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
    flows : (14, 3, 2, A) [persons]
        Overwritten: persons by flow, registration of origin, sex, age at the start.
    closing : (3, 3, 2, A) [persons]
        Overwritten: closing population without births; the last age is open.
    """
    n_ages = population.shape[3]
    closing[:] = 0.0
    # Converts are met first as rural or nonlocal, so the urban registration comes last.
    converts = np.zeros((2, N_SEXES, n_ages))
    for r in range(N_REGISTRATIONS - 1, -1, -1):
        local = 0.0 if r == _NONLOCAL else 1.0
        is_urban = 1.0 if r == _URBAN else 0.0
        for s in range(N_SEXES):
            for a in range(n_ages):
                d_t, d_v, d_w = (
                    mortality[_TOWN, s, a],
                    mortality[_VILLAGE, s, a],
                    mortality[_AWAY, s, a],
                )
                r2u = factor[_R2U, r] * schedule[_R2U, s, a]
                recl = factor[_RECL, r] * schedule[_RECL, s, a]
                u2r = factor[_U2R, r] * schedule[_U2R, s, a]
                out_t = factor[_OUT_T, r] * schedule[_OUT_T, s, a]
                out_v = factor[_OUT_V, r] * schedule[_OUT_V, s, a]
                ret_t = factor[_RET_T, r] * schedule[_RET_T, s, a]
                ret_v = factor[_RET_V, r] * schedule[_RET_V, s, a]
                settle = factor[_SET, r] * schedule[_SET, s, a]
                conv = factor[_CONV, r] * schedule[_CONV, s, a]
                arr_t = (1.0 - local) * factor[_ARR_T, r] * arrivals[s, a]
                arr_v = (1.0 - local) * factor[_ARR_V, r] * arrivals[s, a]

                h_t = d_t + u2r + out_t + conv + _TINY
                h_v = d_v + r2u + recl + out_v + _TINY
                h_w = d_w + ret_t + ret_v + settle + _TINY
                # q: share leaving within half a year; 1-(1-q)^2 leave within the year, eq. (3)
                q_t = -math.expm1(-_HALF * h_t)
                q_v = -math.expm1(-_HALF * h_v)
                q_w = -math.expm1(-_HALF * h_w)

                # Round 1: person-years of the opening population, eq. (4)
                n_t, n_v, n_w = (
                    population[r, _TOWN, s, a],
                    population[r, _VILLAGE, s, a],
                    population[r, _AWAY, s, a],
                )
                x_t, x_v, x_w = (
                    n_t * q_t * (2.0 - q_t) / h_t,
                    n_v * q_v * (2.0 - q_v) / h_v,
                    n_w * q_w * (2.0 - q_w) / h_w,
                )
                in_t = x_v * (r2u + recl) + x_w * ret_t + arr_t + is_urban * converts[0, s, a]
                in_v = x_t * u2r + x_w * ret_v + arr_v
                in_w = local * (x_t * out_t + x_v * out_v)

                # Round 2: those who came in are exposed for half a year, eq. (5)
                y_t, y_v, y_w = in_t * q_t / h_t, in_v * q_v / h_v, in_w * q_w / h_w
                late_t = y_v * (r2u + recl) + y_w * ret_t + is_urban * converts[1, s, a]
                late_v = y_t * u2r + y_w * ret_v
                late_w = local * (y_t * out_t + y_v * out_v)
                converts[0, s, a] += x_t * conv
                converts[1, s, a] += y_t * conv

                x_t, x_v, x_w = x_t + y_t, x_v + y_v, x_w + y_w
                flows[_D_TOWN, r, s, a] = x_t * d_t
                flows[_D_VILLAGE, r, s, a] = x_v * d_v
                flows[_D_AWAY, r, s, a] = x_w * d_w
                flows[_R2U, r, s, a] = x_v * r2u
                flows[_RECL, r, s, a] = x_v * recl
                flows[_U2R, r, s, a] = x_t * u2r
                flows[_OUT_T, r, s, a] = x_t * out_t
                flows[_OUT_V, r, s, a] = x_v * out_v
                flows[_RET_T, r, s, a] = x_w * ret_t
                flows[_RET_V, r, s, a] = x_w * ret_v
                flows[_CONV, r, s, a] = x_t * conv
                flows[_SET, r, s, a] = x_w * settle
                flows[_ARR_T, r, s, a] = arr_t
                flows[_ARR_V, r, s, a] = arr_v

                older = min(a + 1, n_ages - 1)
                closing[r, _TOWN, s, older] += n_t * (1.0 - q_t) ** 2 + in_t * (1.0 - q_t) + late_t
                closing[r, _VILLAGE, s, older] += (
                    n_v * (1.0 - q_v) ** 2 + in_v * (1.0 - q_v) + late_v
                )
                closing[r, _AWAY, s, older] += n_w * (1.0 - q_w) ** 2 + in_w * (1.0 - q_w) + late_w


@njit(cache=True)
def add_births(
    population: np.ndarray,
    closing: np.ndarray,
    asfr: np.ndarray,
    srb: float,
    newborn_survival: np.ndarray,
    births: np.ndarray,
    newborn_deaths: np.ndarray,
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
        Overwritten: by registration and place of the mother, and sex of the child.
    """
    male_share = srb / (1.0 + srb)
    for r in range(N_REGISTRATIONS):
        for p in range(N_PLACES):
            total = 0.0
            for a in range(population.shape[3]):
                women = _HALF * (population[r, p, _FEMALE, a] + closing[r, p, _FEMALE, a])
                total += asfr[p, a] * women
            births[r, p, _MALE] = total * male_share
            births[r, p, _FEMALE] = total - births[r, p, _MALE]
            for s in range(N_SEXES):
                newborn_deaths[r, p, s] = births[r, p, s] * (1.0 - newborn_survival[p, s])
                closing[r, p, s, 0] += births[r, p, s] * newborn_survival[p, s]
