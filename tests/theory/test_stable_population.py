"""Stable and stationary populations: what constant rates must lead to.

Source of the theory: Preston, Heuveline & Guillot (2001), Demography, chapters 3.10 and 7. The
rates are those of China's census 2020 (`simulator.tables`), scaled; no expected number is stored.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from cells import Year
from scipy.optimize import brentq

from simulator import tables
from simulator.axes import N_AGES, Place, Registration, Sex
from simulator.demography.fertility import scale_to_tfr
from simulator.demography.lifetable import LifeTable, life_table, survivorship

FloatArray = npt.NDArray[np.float64]

CELL = (Registration.RURAL_HUKOU, Place.VILLAGE)
#: Long enough for the waves of the start to die out to 1e-12 of the growth rate.
YEARS = 2500


@pytest.fixture(scope="module")
def table() -> LifeTable:
    """Life table of both sexes, census 2020."""
    return life_table(tables.death_rates(2020, "total"))


def constant_rates(table: LifeTable, tfr: float) -> Year:
    """A closed village with the life table and census fertility scaled to ``tfr``."""
    year, survival = Year(N_AGES), survivorship(table.Lx)
    year.mortality[Place.VILLAGE] = -np.log(survival[:, 1:])
    year.newborn_survival[Place.VILLAGE] = survival[:, 0]
    rates = scale_to_tfr(tables.asfr(2020, "total"), tfr)
    year.asfr[Place.VILLAGE, tables.FERTILE_AGES] = rates
    return year


def net_maternity(year: Year, table: LifeTable) -> FloatArray:
    """Daughters born at each age of the mother per newborn girl: f(x) L(x) / (1 + srb)."""
    female_share = 1.0 / (1.0 + year.srb)
    years_lived = table.Lx[Sex.FEMALE].copy()
    return np.asarray(female_share * year.asfr[Place.VILLAGE] * years_lived)


def growth_of_step(year: Year, table: LifeTable) -> float:
    """Growth rate of the step's own renewal equation.

    With women at exact multiples of a year, N(x, t) = B L(x) exp(-r (x + 1)) for births B of the
    year ahead, and births from the mean of both ends of a year:
    1 = sum phi(x) exp(-r (x + 1)) (1 + exp(r)) / 2.
    """
    phi, age = net_maternity(year, table), np.arange(N_AGES)

    def excess(r: float) -> float:
        return float(phi @ np.exp(-r * (age + 1.0)) * (1.0 + np.exp(r)) / 2.0 - 1.0)

    return float(brentq(excess, -0.2, 0.2, xtol=1e-15))


def lotka_r(year: Year, table: LifeTable) -> float:
    """Lotka's r: 1 = sum phi(x) exp(-r (x + 1/2)), births at the middle of each age."""
    phi, middle = net_maternity(year, table), np.arange(N_AGES) + 0.5
    return float(brentq(lambda r: phi @ np.exp(-r * middle) - 1.0, -0.2, 0.2, xtol=1e-15))


def growth_of_kernel(year: Year) -> float:
    """Yearly log growth of the whole population after ``YEARS`` years from 1000 a cell."""
    year.population[CELL] = 1000.0
    for _ in range(YEARS):
        before = year.population.sum()
        closing = year.run()
        after = closing.sum()
        year.population = closing / after * before
    return float(np.log(after / before))


@pytest.mark.parametrize("tfr", [1.0, 2.1, 3.5, 6.0])
def test_growth_tends_to_lotkas_r(table: LifeTable, tfr: float) -> None:
    """The kernel grows at Lotka's r within 1e-5 a year, at its own renewal root within 1e-12.

    The two roots differ by r^2 / (8 x mean age at childbearing), as cosh(r / 2) is not 1: 6e-6 at
    TFR 6, where r is 3.7 %.
    """
    year = constant_rates(table, tfr)
    growth = growth_of_kernel(year)
    assert growth == pytest.approx(growth_of_step(year, table), abs=1e-12)
    assert growth == pytest.approx(lotka_r(year, table), abs=1e-5)


def test_age_structure_tends_to_the_stable_one(table: LifeTable) -> None:
    """c(x) proportional to L(x) exp(-r x) at closed ages, Preston et al. (2001) eq. (7.10)."""
    year = constant_rates(table, 3.5)
    r = growth_of_kernel(year)
    stable = table.Lx[:, :-1] * np.exp(-r * np.arange(N_AGES - 1))
    ours = year.population[CELL][:, :-1]
    np.testing.assert_allclose(ours / ours[:, :1], stable / stable[:, :1], rtol=1e-9)


def test_stationary_population_is_the_life_table(table: LifeTable) -> None:
    """Fertility at net reproduction 1: persons L(x) by age stay, births are deaths, 1 / e0 each."""
    year = constant_rates(table, 1.0)
    year.asfr /= net_maternity(year, table).sum()
    girls = 1000.0
    for sex, born in ((Sex.MALE, girls * year.srb), (Sex.FEMALE, girls)):
        year.population[CELL][sex] = born * table.Lx[sex]
    opening = year.population.copy()
    closing = year.run()
    np.testing.assert_allclose(closing, opening, rtol=1e-12)
    assert year.births.sum() == pytest.approx(girls * (1.0 + year.srb), rel=1e-12)
    deaths = np.nansum(year.flows) + year.newborn_deaths.sum()
    assert deaths == pytest.approx(year.births.sum(), rel=1e-12)
    women = opening[CELL][Sex.FEMALE].sum()
    assert girls / women == pytest.approx(1.0 / table.ex[Sex.FEMALE, 0], rel=1e-12)


def test_stationary_births_give_the_life_table_in_the_end(table: LifeTable) -> None:
    """A constant number of births fills the ages as l(x) does, whatever the start."""
    year = constant_rates(table, 1.0)
    year.asfr[:] = 0.0
    newborns = 1000.0 * table.Lx[:, 0]
    year.population[CELL] = 7.0
    for _ in range(YEARS):
        closing = year.run()
        closing[CELL][:, 0] += newborns
        year.population = closing.copy()
    np.testing.assert_allclose(year.population[CELL], 1000.0 * table.Lx, rtol=1e-12)
