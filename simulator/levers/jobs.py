"""Industry jobs (产业就业): jobs beyond the trend open a labour gap that moves people.

docs/model.md eqs. (17)-(20). Jobs act through quantity only, never through wages as well.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from simulator.levers.columns import Behaviour as B
from simulator.levers.columns import Policy as P

_HALF = 0.5
_BASIC, _OTHER = int(P.BASIC_JOBS), int(P.OTHER_JOBS)
_MULT, _LAMBDA, _LOCAL = (
    int(B.JOB_MULTIPLIER),
    int(B.JOBS_ADJUSTMENT),
    int(B.LOCAL_PARTICIPATION_SHARE),
)
_COMMUTE, _U, _LIFE = int(B.COMMUTING_SHARE), int(B.UNEMPLOYMENT), int(B.VACANCY_HALF_LIFE)


@njit(cache=True)
def jobs_beyond_trend(policy: np.ndarray, behaviour: np.ndarray) -> float:
    """Jobs created this year beyond the trend, multiplier included; negative when lost."""
    return policy[_BASIC] * (1.0 + behaviour[_MULT]) + policy[_OTHER]


@njit(cache=True)
def labour_gap(gap: float, policy: np.ndarray, behaviour: np.ndarray) -> float:
    """Workers wanted (negative: too many) after this year's jobs, eq. (17).

    Unfilled jobs of earlier years fade with a half-life; in-commuters and the unemployed share
    turn jobs into residents of the labour force.
    """
    fading = _HALF ** (1.0 / behaviour[_LIFE])
    jobs = jobs_beyond_trend(policy, behaviour)
    workers = jobs * (1.0 - behaviour[_COMMUTE]) / (1.0 - behaviour[_U])
    return gap * fading + workers


@njit(cache=True)
def workers_to_move(gap: float, behaviour: np.ndarray) -> float:
    """Workers who should move in (or, negative, out) this year, eq. (18)."""
    return behaviour[_LAMBDA] * (1.0 - behaviour[_LOCAL]) * gap


@njit(cache=True)
def workers_at_home(gap: float, behaviour: np.ndarray) -> float:
    """Workers of the gap found (or, negative, dismissed) among residents, without a move."""
    return behaviour[_LAMBDA] * behaviour[_LOCAL] * gap


@njit(cache=True)
def pull_driver(workers: float, workers_on_trend: float) -> float:
    """Log change of the flows that answer the gap, eq. (19).

    ``workers_on_trend`` is what these flows would bring without the gap; where it is zero
    nobody is within reach and the driver is 0.
    """
    if workers == 0.0 or workers_on_trend <= 0.0:
        return 0.0
    return math.log(1.0 + abs(workers) / workers_on_trend)
