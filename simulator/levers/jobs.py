"""Industry jobs (产业就业): jobs beyond the trend open a labour gap that moves people.

docs/model.md eqs. (17)-(20), (56)-(58). Jobs act through quantity only, not through wages.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.compiled import njit
from simulator.levers.columns import Behaviour as B
from simulator.levers.columns import Policy as P

_HALF = 0.5
_BASIC, _OTHER = int(P.BASIC_JOBS), int(P.OTHER_JOBS)
_MULT, _LAMBDA, _LOCAL = (
    int(B.JOB_MULTIPLIER),
    int(B.JOBS_ADJUSTMENT),
    int(B.LOCAL_PARTICIPATION_SHARE),
)
_BUILDING = int(P.CONSTRUCTION_JOBS)
_SETTLE, _SETTLE_BUILDING = int(B.JOB_RETURN_TOWN_SHARE), int(B.CONSTRUCTION_RETURN_TOWN_SHARE)
_COMMUTE, _U, _LIFE = int(B.COMMUTING_SHARE), int(B.UNEMPLOYMENT), int(B.VACANCY_HALF_LIFE)


@njit(cache=True)
def jobs_beyond_trend(policy: np.ndarray, behaviour: np.ndarray) -> float:
    """Jobs created this year beyond the trend, multiplier included; negative when lost."""
    return policy[_BASIC] * (1.0 + behaviour[_MULT]) + policy[_OTHER]


@njit(cache=True)
def labour_gap(gap: float, vacated: float, policy: np.ndarray, behaviour: np.ndarray) -> float:
    """Workers wanted (negative: too many) after this year's jobs, eq. (17).

    Unfilled jobs of earlier years fade with a half-life, those ``vacated`` by workers who leave
    are offered again; in-commuters and the unemployed share turn jobs into residents of the labour
    force.
    """
    fading = _HALF ** (1.0 / behaviour[_LIFE])
    return gap * fading + vacated + _residents(jobs_beyond_trend(policy, behaviour), behaviour)


@njit(cache=True)
def leaving_share(leaving: float, workers: float) -> float:
    """Share of the resident labour force that leaves the county in a year, eq. (17).

    ``leaving`` of ``workers`` would go at the hazards of the year, to first order.
    """
    return 1.0 - math.exp(-leaving / workers) if workers > 0.0 else 0.0


@njit(cache=True)
def _residents(jobs: float, behaviour: np.ndarray) -> float:
    """Resident labour force that a number of jobs asks for."""
    return jobs * (1.0 - behaviour[_COMMUTE]) / (1.0 - behaviour[_U])


@njit(cache=True)
def temporary_gap(employed: float, policy: np.ndarray, behaviour: np.ndarray) -> float:
    """Workers wanted by building sites (negative: dismissed by them), eq. (56).

    ``employed`` are the workers found for temporary jobs so far. Temporary jobs are stated as
    those that exist, so what ends dismisses those who came and no more, and nothing fades.
    """
    return _residents(policy[_BUILDING], behaviour) - employed


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


@njit(cache=True)
def left_over(gap: float, temporary: float, filled: float, behaviour: np.ndarray):
    """Lasting gap left and workers gained by temporary jobs, eq. (57).

    ``filled`` workers of ``gap`` are shared between lasting and ``temporary`` jobs in proportion
    to their gaps; where these cancel, both close at the usual speed, each by the other's workers.
    """
    if temporary == 0.0:
        return gap - filled, 0.0
    lasting = gap - temporary
    closed = filled / gap if gap != 0.0 else behaviour[_LAMBDA]
    return lasting - closed * lasting, closed * temporary


@njit(cache=True)
def settled_share(gap: float, temporary: float, behaviour: np.ndarray) -> float:
    """Share of those returning because of a gap who live in town, by kind of job, eq. (58)."""
    building = min(1.0, max(0.0, temporary / gap)) if gap != 0.0 else 0.0
    return building * behaviour[_SETTLE_BUILDING] + (1.0 - building) * behaviour[_SETTLE]


@njit(cache=True)
def settle_returners(to_town, to_village, driver: float, share: float) -> None:
    """Split the returns that a gap added, in place, eq. (58).

    Parameters
    ----------
    to_town, to_village : (3,) [per person-year]
        Levels of both return flows by registration, already raised by ``exp(driver)``.
    driver : log change of the flows, above 0
    share : of the added returners who live in town
    """
    kept = math.exp(-driver)
    for r in range(to_town.size):
        added = (1.0 - kept) * (to_town[r] + to_village[r])
        to_town[r] = kept * to_town[r] + share * added
        to_village[r] = kept * to_village[r] + (1.0 - share) * added
