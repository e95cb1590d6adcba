"""The year's births, from the women of both its ends, eqs. (9)-(10)."""

from __future__ import annotations

from simulator.axes import N_AGES, N_PLACES, N_REGISTRATIONS, N_SEXES, Place, Registration, Sex
from simulator.compiled import njit
from simulator.waiting import FAST

_HALF = 0.5
_TOWN, _VILLAGE, _AWAY = int(Place.TOWN), int(Place.VILLAGE), int(Place.AWAY)
_URBAN, _MALE, _FEMALE = int(Registration.URBAN_HUKOU), int(Sex.MALE), int(Sex.FEMALE)


@njit(fastmath=FAST, forceinline=True)
def _born(opening, closing, asfr, r, p, first, stop) -> float:
    """Births to the mean of the women at both ends of the year, at ages from ``first``."""
    girls, found = _FEMALE * asfr.shape[1], 0.0
    before = opening[r, p, girls + first : girls + stop]
    after, rate = closing[r, p, girls + first : girls + stop], asfr[p, first:stop]
    for a in range(rate.size):
        found += rate[a] * (before[a] + after[a])
    return _HALF * found


@njit(cache=True)
def add_births(
    population, closing, asfr, srb, newborn_survival, births, newborn_deaths, left_behind=0.0,
    scale=1.0, first=0, stop=N_AGES,
) -> None:  # fmt: skip
    """Add the year's births to age 0 of ``closing``, eqs. (9)-(10).

    Parameters
    ----------
    population, closing : (3, 3, n) [persons], n >= 2 A
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
    scale : factor on ``asfr``
    first, stop : ages at which ``asfr`` may be above 0
    """
    male_share, ages = srb / (1.0 + srb), asfr.shape[1]
    stop = min(stop, ages)
    for r in range(N_REGISTRATIONS):
        home = _TOWN if r == _URBAN else _VILLAGE
        away = scale * _born(population, closing, asfr, r, _AWAY, first, stop)
        for p in range(N_PLACES):
            if p == _AWAY:
                born = (1.0 - left_behind) * away
            else:
                born = scale * _born(population, closing, asfr, r, p, first, stop)
                if p == home:
                    born += left_behind * away
            births[r, p, _MALE] = born * male_share
            births[r, p, _FEMALE] = born - births[r, p, _MALE]
            for s in range(N_SEXES):
                newborn_deaths[r, p, s] = births[r, p, s] * (1.0 - newborn_survival[p, s])
                closing[r, p, s * ages] += births[r, p, s] * newborn_survival[p, s]
