"""Cells of a year from few numbers: known totals balanced over national patterns.

docs/model.md eqs. (44)-(47).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator import tables
from simulator.age_table import AgeTable
from simulator.axes import N_AGES, N_PLACES, N_REGISTRATIONS, N_SEXES, OPEN_AGE, Place, Registration
from simulator.demography.schedules import unit_hazard
from simulator.rates import RESIDENCE, arrival_shares, migration_curve

#: Margins met to this relative accuracy, unless less is asked for.
TOLERANCE = 1e-10
_ROUNDS = 2000
_URBAN, _RURAL, _NONLOCAL = Registration
_TOWN, _VILLAGE, _AWAY = Place


@dataclass(frozen=True)
class Totals:
    """Totals that fix the cells, persons; ``hukou`` counts every local wherever he lives."""

    residents: float
    town: float
    hukou: float
    urban_hukou: float
    nonlocal_residents: float

    @property
    def away(self) -> float:
        """Local people living outside the county."""
        return self.hukou - (self.residents - self.nonlocal_residents)

    def problems(self) -> list[str]:
        """Names of the totals that contradict each other, empty when they fit."""
        found = []
        if not 0.0 < self.town < self.residents:
            found.append("town_population")
        if not 0.0 < self.urban_hukou < self.hukou:
            found.append("hukou_urbanization_rate")
        if not 0.0 <= self.nonlocal_residents < self.residents or self.away < 0.0:
            found.append("nonlocal_residents")
        return found


def national_pattern(year: int, level: str) -> np.ndarray:
    """Age and sex pattern of town, village and all residents, shape (3, 2, A), each summing to 1.

    From the census nearest to ``year``.
    """
    census = min(tables.CENSUS_YEARS, key=lambda y: abs(y - year))
    town, village, _ = RESIDENCE[level]
    pattern = np.stack([tables.population(census, name) for name in (town, village, "total")])
    return pattern / pattern.sum(axis=(1, 2), keepdims=True)


def away_profile(values: Mapping[str, float]) -> np.ndarray:
    """Share of each age who would be away in the long run, shape (A,), eq. (44).

    People leave by the migration schedule and come back or settle elsewhere at all ages alike.
    """
    leaving = values["out_migration_level"] * unit_hazard(migration_curve(values))
    ending = values["return_level"] + values["settled_elsewhere_level"]
    share = np.zeros(N_AGES)
    for age in range(OPEN_AGE):
        turnover = leaving[age] + ending
        settled = leaving[age] / turnover
        share[age + 1] = settled + (share[age] - settled) * np.exp(-turnover)
    return share


def _seed(values: Mapping[str, float], pattern: np.ndarray, totals: Totals) -> np.ndarray:
    """Starting cells for the balancing: places by registration, national ages."""
    seed = np.zeros((N_REGISTRATIONS, N_PLACES, N_SEXES, N_AGES))
    away = pattern[_AWAY] * away_profile(values)
    shape = np.stack([pattern[_TOWN], pattern[_VILLAGE], away / away.sum()])
    urban, rural = totals.urban_hukou, totals.hukou - totals.urban_hukou
    in_town, gone = values["seed_urban_town"], values["seed_urban_away"]
    seed[_URBAN] = urban * np.array([in_town, 1.0 - in_town - gone, gone])[:, None, None] * shape
    in_town, gone = values["seed_rural_town"], values["seed_rural_away"]
    seed[_RURAL] = rural * np.array([in_town, 1.0 - in_town - gone, gone])[:, None, None] * shape
    movers = arrival_shares(values) + pattern[_AWAY] * arrival_shares(values).mean()
    split = np.array([values["arrival_town_share"], 1.0 - values["arrival_town_share"]])
    seed[_NONLOCAL, :_AWAY] = (
        totals.nonlocal_residents * split[:, None, None] * movers / movers.sum()
    )
    return seed


def build_cells(
    values: Mapping[str, float],
    totals: Totals,
    year: int,
    level: str,
    table: AgeTable | None = None,
    tolerance: float = TOLERANCE,
) -> np.ndarray:
    """Cells that meet every known total, by iterative proportional fitting, eqs. (45)-(46).

    Parameters
    ----------
    values : parameter values
    totals : known totals of the year
    year, level : year and administrative level of the place
    table : residents by sex and age group, where the place has its own
    tolerance : relative accuracy to which the margins are met

    Returns
    -------
    shape (3, 3, 2, A) [persons]

    Raises
    ------
    ValueError
        If the totals contradict each other, or no cells can meet them.
    """
    if totals.problems():
        raise ValueError(f"totals contradict each other: {', '.join(totals.problems())}")
    cells = _seed(values, national_pattern(year, level), totals)
    for _ in range(_ROUNDS):
        worst = 0.0
        if table is not None:
            worst = max(worst, _fit_ages(cells, table, totals.residents))
        worst = max(worst, _fit_totals(cells, totals))
        if worst < tolerance:
            return cells
    raise ValueError(f"cells do not meet the totals: {worst:.2e} off after {_ROUNDS} rounds")


def _scaled(part: np.ndarray, wanted: float) -> float:
    """Scale a view of the cells to a total; returns how far off it was."""
    now = part.sum()
    if now <= 0.0:
        return 0.0 if wanted <= 0.0 else np.inf
    part *= wanted / now
    return abs(wanted / now - 1.0)


def _fit_ages(cells: np.ndarray, table: AgeTable, residents: float) -> float:
    wanted = table.persons * (residents / table.persons.sum())
    starts = np.flatnonzero(np.diff(table.group, prepend=-1))
    here = cells[:, :_AWAY]
    now = np.add.reduceat(here.sum(axis=(0, 1)), starts, axis=-1)
    if np.any((now <= 0.0) & (wanted > 0.0)):
        return np.inf
    by = np.divide(wanted, now, out=np.ones_like(now), where=now > 0.0)
    here *= by[:, table.group]
    return float(np.abs(by - 1.0).max())


def _fit_totals(cells: np.ndarray, totals: Totals) -> float:
    parts = (
        (cells[:, _TOWN], totals.town),
        (cells[:, _VILLAGE], totals.residents - totals.town),
        (cells[:, _AWAY], totals.away),
        (cells[_URBAN], totals.urban_hukou),
        (cells[_RURAL], totals.hukou - totals.urban_hukou),
        (cells[_NONLOCAL], totals.nonlocal_residents),
    )
    return max(_scaled(part, wanted) for part, wanted in parts)


def rake_to(cells: np.ndarray, totals: Totals, table: AgeTable | None = None) -> np.ndarray:
    """Cells moved as little as possible to meet the base year's totals and, if any, its table.

    Raises
    ------
    ValueError
        If they cannot be met.
    """
    moved = cells.copy()
    for _ in range(_ROUNDS):
        worst = 0.0 if table is None else _fit_ages(moved, table, totals.residents)
        if max(worst, _fit_totals(moved, totals)) < TOLERANCE:
            return moved
    raise ValueError("cells do not meet the totals")
