"""Settlement thresholds (落户门槛): who may obtain urban hukou, and what that moves.

docs/model.md eqs. (13)-(16).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.levers.columns import Behaviour as B
from simulator.levers.columns import Policy as P

_OWN = 2
_RES, _INS, _JOB = int(P.RESIDENCE_YEARS), int(P.INSURANCE_YEARS), int(P.STABLE_JOB)
_HOUSE, _FAMILY = int(P.STABLE_HOUSING), int(P.FAMILY_MEMBERS)
_OPEN, _COVER = int(B.OPENNESS_UNCONDITIONAL), int(B.INSURANCE_COVERAGE)
_JOB_SHARE, _RENT, _OWNED = int(B.STABLE_JOB_SHARE), int(B.STABLE_RENT_SHARE), int(B.OWN_HOME_SHARE)
_ALONE, _WEDGE, _POWER = int(B.FAMILY_ALONE_SHARE), int(B.HUKOU_WEDGE), int(B.OPENNESS_POWER)
_KAPPA = int(B.INCOME_ELASTICITY)


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
        Departure hazard of the stock itself, per person-year: durations of stay are
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
