"""From cells and flows to the quantities that plans speak of; docs/model.md eqs. (40)-(43)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.axes import Flow, Place, Registration
from simulator.kernel import Paths

_LOCAL = slice(Registration.URBAN_HUKOU, Registration.RURAL_HUKOU + 1)
_RESIDENT = slice(Place.TOWN, Place.VILLAGE + 1)
#: Ages at primary and secondary school, lower bound included.
_SCHOOL_AGES = slice(6, 18)


@dataclass(frozen=True)
class Stocks:
    """Headline stocks of one or many years; every field has the leading shape of the input.

    Persons, except the two rates (shares).
    """

    resident_population: np.ndarray
    town_population: np.ndarray
    village_population: np.ndarray
    hukou_population: np.ndarray
    urban_hukou: np.ndarray
    out_migrants: np.ndarray
    nonlocal_residents: np.ndarray

    @property
    def resident_urbanization_rate(self) -> np.ndarray:
        """Town residents / resident population, eq. (40)."""
        return self.town_population / self.resident_population

    @property
    def hukou_urbanization_rate(self) -> np.ndarray:
        """Urban hukou / hukou population, eq. (41)."""
        return self.urban_hukou / self.hukou_population

    @property
    def hukou_minus_resident(self) -> np.ndarray:
        """Hukou population less resident population."""
        return self.hukou_population - self.resident_population


def measure(population: np.ndarray) -> Stocks:
    """Stocks of ``population`` (..., 3, 3, 2, A)."""
    cells = population.sum(axis=(-1, -2))
    town, village = cells[..., Place.TOWN].sum(-1), cells[..., Place.VILLAGE].sum(-1)
    return Stocks(
        resident_population=town + village,
        town_population=town,
        village_population=village,
        hukou_population=cells[..., _LOCAL, :].sum((-1, -2)),
        urban_hukou=cells[..., Registration.URBAN_HUKOU, :].sum(-1),
        out_migrants=cells[..., _LOCAL, Place.AWAY].sum(-1),
        nonlocal_residents=cells[..., Registration.NONLOCAL, _RESIDENT].sum(-1),
    )


def residents_by_age(population: np.ndarray) -> np.ndarray:
    """Residents by sex and age, shape (..., 2, A)."""
    return population[..., :, _RESIDENT, :, :].sum(axis=(-4, -3))


def denominator(
    population: np.ndarray, name: str, seat_share: float, elderly_age: float
) -> np.ndarray:
    """People that a per-capita requirement counts, shape of the leading axes, eq. (43).

    Raises
    ------
    KeyError
        If ``name`` is no known denominator.
    """
    ages = population.sum(axis=(-4, -2))  # (..., place, age)
    town, residents = ages[..., Place.TOWN, :], ages[..., _RESIDENT, :].sum(-2)
    people = {
        "residents": residents.sum(-1),
        "town_residents": town.sum(-1),
        "seat_residents": town.sum(-1) * seat_share,
        "town_elderly": town[..., int(elderly_age) :].sum(-1),
        "town_pupils": town[..., _SCHOOL_AGES].sum(-1),
    }
    return np.asarray(people[name])


@dataclass(frozen=True)
class TownChange:
    """Yearly change of town residents by cause, each of shape (T,), persons, eq. (42)."""

    natural_increase: np.ndarray
    in_county_moves: np.ndarray
    return_migration: np.ndarray
    outside_migration: np.ndarray
    reclassification: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Sum of the causes: the change of town residents."""
        parts = (getattr(self, name) for name in self.__dataclass_fields__)
        return np.asarray(sum(parts))


def town_change(paths: Paths) -> TownChange:
    """Decompose the change of town residents.

    Outside migration is non-local arrivals less departures and local people leaving town for
    places outside the county.
    """
    flow = paths.flows.sum(axis=(-1, -2, -3))
    born = paths.births[:, :, Place.TOWN].sum(axis=(-1, -2))
    infants = paths.newborn_deaths[:, :, Place.TOWN].sum(axis=(-1, -2))
    return TownChange(
        natural_increase=born - infants - flow[:, Flow.DEATH_TOWN],
        in_county_moves=flow[:, Flow.RURAL_TO_URBAN] - flow[:, Flow.URBAN_TO_RURAL],
        return_migration=flow[:, Flow.RETURN_TOWN],
        outside_migration=flow[:, Flow.ARRIVAL_TOWN] - flow[:, Flow.OUT_TOWN],
        reclassification=flow[:, Flow.RECLASSIFICATION],
    )


def births_and_deaths(paths: Paths, *, hukou: bool) -> tuple[np.ndarray, np.ndarray]:
    """Births and deaths a year of residents, or of the hukou population wherever it lives."""
    if hukou:
        born, infants = paths.births[:, _LOCAL], paths.newborn_deaths[:, _LOCAL]
        places = [Flow.DEATH_TOWN, Flow.DEATH_VILLAGE, Flow.DEATH_AWAY]
        dead = paths.flows[:, places, _LOCAL].sum(axis=(1, 2, 3, 4))
    else:
        born, infants = paths.births[:, :, _RESIDENT], paths.newborn_deaths[:, :, _RESIDENT]
        dead = paths.flows[:, [Flow.DEATH_TOWN, Flow.DEATH_VILLAGE]].sum(axis=(1, 2, 3, 4))
    return born.sum(axis=(1, 2, 3)), dead + infants.sum(axis=(1, 2, 3))
