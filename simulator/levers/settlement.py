"""Settlement thresholds (落户门槛): who may obtain urban hukou, and what that moves.

docs/model.md eqs. (13)-(16), (53)-(55).
"""

from __future__ import annotations

import math

import numpy as np

from simulator.axes import N_PLACES, N_REGISTRATIONS, Flow, Place, Registration
from simulator.compiled import njit
from simulator.levers.columns import Behaviour as B
from simulator.levers.columns import Policy as P
from simulator.sheet import OPENING, SCHEDULE, USED
from simulator.state import Driver
from simulator.waiting import FAST

_OWN = 2
_RES, _INS, _JOB = int(P.RESIDENCE_YEARS), int(P.INSURANCE_YEARS), int(P.STABLE_JOB)
_HOUSE, _FAMILY = int(P.STABLE_HOUSING), int(P.FAMILY_MEMBERS)
_OPEN, _COVER = int(B.OPENNESS_UNCONDITIONAL), int(B.INSURANCE_COVERAGE)
_JOB_SHARE, _RENT, _OWNED = int(B.STABLE_JOB_SHARE), int(B.STABLE_RENT_SHARE), int(B.OWN_HOME_SHARE)
_ALONE, _WEDGE, _POWER = int(B.FAMILY_ALONE_SHARE), int(B.HUKOU_WEDGE), int(B.OPENNESS_POWER)
_KAPPA = int(B.INCOME_ELASTICITY)
_LAND, _LAND_EFFECT = int(P.LAND_RIGHTS_KEPT), int(B.LAND_RIGHTS_EFFECT)
_OTHERS, _DRAIN, _DRAIN_YEARS = (
    int(P.OTHER_CITIES_OPENNESS),
    int(B.OTHER_CITIES_DRAIN),
    int(B.DRAIN_YEARS),
)
_PERCENT = 100.0
_TOWN = int(Place.TOWN)
_URBAN, _RURAL = int(Registration.URBAN_HUKOU), int(Registration.RURAL_HUKOU)
_CONV, _ARR_T, _R2U = int(Flow.HUKOU_CONVERSION), int(Flow.ARRIVAL_TOWN), int(Flow.RURAL_TO_URBAN)
_RET_T, _U2R, _OUT_T = int(Flow.RETURN_TOWN), int(Flow.URBAN_TO_RURAL), int(Flow.OUT_TOWN)


@njit(cache=True, fastmath=FAST)
def turnover(sheet, level) -> float:
    """Hazard at which the stock of town residents without urban hukou turns over, eq. (12).

    Parameters
    ----------
    sheet : as `simulator.sheet.new_sheet` makes it, with opening population, schedules, mortality
    level : (14, 3) [per person-year] of the trend

    Returns
    -------
    float
        Per person-year: those who move out, die or obtain urban hukou.
    """
    stock, leaving = 0.0, 0.0
    for r in range(_URBAN + 1, N_REGISTRATIONS):
        f_back, f_out, f_settle = level[_U2R, r], level[_OUT_T, r], level[_CONV, r]
        for i in range(USED):
            here = sheet[OPENING + N_PLACES * r + _TOWN, i]
            moves = f_back * sheet[SCHEDULE + _U2R, i] + f_out * sheet[SCHEDULE + _OUT_T, i]
            dying, settle = sheet[SCHEDULE + _TOWN, i], sheet[SCHEDULE + _CONV, i]
            stock += here
            leaving += here * (moves + f_settle * settle + dying)
    return leaving / stock if stock > 0.0 else 0.0


@njit(cache=True)
def openness(policy: np.ndarray, behaviour: np.ndarray, turnover: float) -> float:
    """Share of town residents without urban hukou who may settle, eq. (13).

    Parameters
    ----------
    policy : (len(Policy),)
        One year of the policy array.
    behaviour : (len(Behaviour),)
        Behaviour vector.
    turnover : float
        Hazard of leaving the stock, per person-year: durations of stay are
        exponential with this rate, so a rule of y years leaves exp(-turnover y) eligible.
    """
    share = behaviour[_OPEN]
    share *= math.exp(-turnover * policy[_RES])
    if policy[_INS] > 0.0:
        share *= behaviour[_COVER] * math.exp(-turnover * policy[_INS])
    if policy[_JOB] > 0.0:
        share *= behaviour[_JOB_SHARE]
    if policy[_HOUSE] >= _OWN:
        share *= behaviour[_OWNED]
    elif policy[_HOUSE] > 0.0:
        share *= behaviour[_RENT]
    if policy[_FAMILY] <= 0.0:
        share *= behaviour[_ALONE]
    return share


@njit(cache=True)
def conversion_driver(share: float, base_share: float) -> float:
    """Log change of the conversion hazard when openness moves from ``base_share``, eq. (14)."""
    return math.log(share / base_share)


@njit(cache=True)
def wedge_driver(share: float, base_share: float, behaviour: np.ndarray) -> float:
    """Log change of town-ward inflow of people without urban hukou, eq. (16).

    The cost of lacking local hukou is a convex share of the wage, so that a county that is
    nearly open gains almost nobody by opening further.
    """
    wedge, power = behaviour[_WEDGE], behaviour[_POWER]
    now = math.log(1.0 - wedge * (1.0 - share) ** power)
    base = math.log(1.0 - wedge * (1.0 - base_share) ** power)
    return behaviour[_KAPPA] * (now - base)


@njit(cache=True)
def land_driver(policy: np.ndarray, trend: np.ndarray, behaviour: np.ndarray) -> float:
    """Log change of the conversion of rural hukou holders by their land rights, eq. (53).

    Who would lose contracted land, homestead and collective income by settling is less willing;
    it is 0 where the rule is that of the trend.
    """
    lost = behaviour[_LAND_EFFECT]
    now = math.log(1.0 - lost * (1.0 - policy[_LAND]))
    return now - math.log(1.0 - lost * (1.0 - trend[_LAND]))


@njit(cache=True)
def drain_hazard(
    drained: float, policy: np.ndarray, trend: np.ndarray, behaviour: np.ndarray
) -> float:
    """Further yearly hazard of leaving because other cities open, eq. (54).

    Parameters
    ----------
    drained : float
        Log share of the people already drawn away, the sum of this hazard so far.

    Returns
    -------
    float
        Per person-year; negative where others have closed again.
    """
    loss = behaviour[_DRAIN] / _PERCENT
    final = math.log(1.0 - loss * trend[_OTHERS]) - math.log(1.0 - loss * policy[_OTHERS])
    return (final - drained) / behaviour[_DRAIN_YEARS]


@njit(cache=True)
def apply(policy, trend, behaviour, leaving, factor, record) -> None:
    """Openness once on the status (conversion), once on the flow (inflow and staying).

    Parameters
    ----------
    policy, trend : (len(Policy),)
        The year's policy and that of the trend.
    behaviour : (len(Behaviour),)
    leaving : float
        The stock's `turnover`.
    factor : (14, 3) [per person-year]
        Levels of the flows, changed in place; those without urban hukou answer, eq. (11).
    record : (len(Driver),)
        The drivers are written here.
    """
    share = openness(policy, behaviour, leaving)
    base = openness(trend, behaviour, leaving)
    conversion, wedge = conversion_driver(share, base), wedge_driver(share, base, behaviour)
    land = land_driver(policy, trend, behaviour)
    record[Driver.OPENNESS], record[Driver.OPENNESS_BASELINE] = share, base
    record[Driver.CONVERSION_DRIVER], record[Driver.WEDGE_DRIVER] = conversion, wedge
    record[Driver.TURNOVER], record[Driver.LAND_DRIVER] = leaving, land
    factor[_CONV, _RURAL] *= math.exp(land)
    if share == base:
        return
    for r in range(_URBAN + 1, N_REGISTRATIONS):
        factor[_CONV, r] *= math.exp(conversion)
        for k in (_R2U, _RET_T, _ARR_T):
            factor[k, r] *= math.exp(wedge)
        for k in (_U2R, _OUT_T):
            factor[k, r] *= math.exp(-wedge)


def years_implied(converted: np.ndarray, rule: np.ndarray, leaving: np.ndarray) -> np.ndarray:
    """Years of residence that a quota in effect asks for, eq. (55), each (T,).

    The longest-resident applicants come first. Durations are exponential, so a share ``converted``
    of the applicants are those who stayed -ln(converted) / leaving years beyond the ``rule``'s
    own; infinite where a quota admits nobody.
    """
    with np.errstate(divide="ignore"):
        return rule - np.log(np.minimum(converted, 1.0)) / leaving
