"""Housing supply (住房供给): a ceiling on town residents, never a pull.

docs/model.md eqs. (22)-(25).
"""

from __future__ import annotations

import numpy as np

from simulator.compiled import njit
from simulator.levers.columns import Behaviour as B
from simulator.levers.columns import Policy as P

_HALF = 0.5
_COMMERCIAL, _RENTAL, _GONE = int(P.COMMERCIAL_UNITS), int(P.RENTAL_UNITS), int(P.DEMOLISHED_UNITS)
_RESETTLED = int(P.RESETTLEMENT_UNITS)
_VACANCY, _FRICTION = int(B.VACANCY_RATE), int(B.FRICTIONAL_VACANCY)
_OWN, _RENT, _LIFE = int(B.PERSONS_PER_DWELLING), int(B.PERSONS_PER_RENTAL), int(B.QUEUE_HALF_LIFE)


@njit(cache=True)
def usable_share(behaviour: np.ndarray) -> float:
    """Share of dwellings that can be lived in before vacancy binds.

    Vacancy never binds at launch: a place whose vacancy is below the frictional level is
    launched at its own level.
    """
    return 1.0 - min(behaviour[_FRICTION], behaviour[_VACANCY])


@njit(cache=True)
def launch_units(town: float, behaviour: np.ndarray) -> float:
    """Dwellings that house ``town`` persons at the launch vacancy, eq. (22)."""
    return town / (behaviour[_OWN] * (1.0 - behaviour[_VACANCY]))


@njit(cache=True)
def persons_beyond_trend(policy: np.ndarray, behaviour: np.ndarray) -> float:
    """Persons who could live in this year's dwellings beyond the trend."""
    own = policy[_COMMERCIAL] + policy[_RESETTLED] - policy[_GONE]
    return own * behaviour[_OWN] + policy[_RENTAL] * behaviour[_RENT]


@njit(cache=True)
def capacity(trend_town_peak: float, beyond_trend: float, behaviour: np.ndarray) -> float:
    """Most persons that town dwellings can hold, eq. (23).

    On trend the builders keep pace with the highest town population so far at the launch
    vacancy; ``beyond_trend`` is the persons of all dwellings added less demolished.
    """
    stock = launch_units(trend_town_peak, behaviour) * behaviour[_OWN]
    return max(0.0, (stock + beyond_trend) * usable_share(behaviour))


@njit(cache=True)
def queue_kept(behaviour: np.ndarray) -> float:
    """Share of those kept out of town who still wait a year later."""
    return _HALF ** (1.0 / behaviour[_LIFE])
