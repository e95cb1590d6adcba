"""China in UN World Population Prospects 2024: births, deaths and population to 2030.

The published tables hold totals by year, death rates by five-year ages and periods, e0, TFR and
the percentage of fertility by five-year ages, but no population by age. Two things are tested.

- The balance of the UN's own totals in our copy of the series, year by year.
- Our step, from an age structure rebuilt out of the UN's inputs: the births of 1950-2020 are
  carried to the end of 2020 by the step itself, under death rates by age of the UN periods
  (graduated to single ages, taken between the middles of periods, scaled to e0 of the year) and
  net migration on a standard age schedule; the persons aged 71 and over are what the UN's total
  leaves, with the age-sex pattern of census 2020. From there the years 2021-2030 run on TFR,
  fertility percentages, sex ratio, e0 and net migration alone. Reached: population within
  0.02 %, births within 0.25 %, deaths within 1.2 % in a year and 0.2 % over the ten years. The
  one free choice is the age schedule of migration, the standard one of the source named below;
  with its labour peak five years later births would be within 0.45 %.

A start from census 2020 in all ages, scaled to the UN total, is worse: it misses births by up to
2.9 %, deaths by 4.2 % and the population of 2030 by 0.35 %, for the UN holds the census to have
missed children and to have too many old people.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from one_population import bear, split_by_sex, survive
from scipy.interpolate import PchipInterpolator

from simulator import tables
from simulator.axes import N_AGES, N_SEXES
from simulator.demography.lifetable import life_table, scale_to_e0, survivorship
from simulator.demography.schedules import rogers_castro, unit_gmr

FloatArray = npt.NDArray[np.float64]

FIRST, START, LAST = 1950, 2020, 2030
YEARS = range(START + 1, LAST + 1)
PERIOD, MIDDLE, THOUSAND = 5, 2.5, 1000.0
OLDEST_BUILT = START - FIRST
TARGET = 3e-3
ALL_YEARS = "all years"
#: "Standard" parameters of Rogers & Castro (1981), Model Migration Schedules, IIASA RR-81-30.
MIGRATION = {
    "a1": 0.02,
    "alpha1": 0.10,
    "a2": 0.06,
    "alpha2": 0.10,
    "mu2": 20.0,
    "lambda2": 0.40,
    "c": 0.003,
}


class UnitedNations:
    """The UN figures by year, from the reference folder."""

    def __init__(self, path: Path) -> None:
        table = pd.read_csv(path, comment="#")
        self.table = table[
            table["variant"].isin(["estimate", "medium", "estimate/medium"])
            | table["variant"].isna()
        ]
        self.log_rates = np.log(np.stack([self._rates(p) for p in self.periods]))
        self.middles = np.array([int(p[:4]) + MIDDLE for p in self.periods])

    @property
    def periods(self) -> list[str]:
        """Periods of the death rates, as 1950-1955."""
        names = self.table.loc[self.table["indicator"] == "mx_5y_5yperiod", "year"]
        return sorted(set(names))

    def of(self, indicator: str, year: int, sex: str = "B") -> float:
        """One number of a yearly series."""
        rows = self.table[
            (self.table["indicator"] == indicator) & (self.table["year"] == str(year))
        ]
        rows = rows if rows["sex"].isna().all() else rows[rows["sex"] == sex]
        (value,) = rows["value"]
        return float(value)

    def _rates(self, period: str) -> FloatArray:
        """Death rates of a period at single ages, log-linear between the middles of age groups."""
        rows = self.table[
            (self.table["indicator"] == "mx_5y_5yperiod") & (self.table["year"] == period)
        ]
        single = np.empty((N_SEXES, N_AGES))
        for sex, name in enumerate("MF"):
            of_sex = rows[rows["sex"] == name]
            first = of_sex["age"].str.extract(r"^(\d+)", expand=False).astype(int).to_numpy()
            order = np.argsort(first)
            first, rates = first[order], of_sex["value"].to_numpy()[order]
            middle = first + np.diff(np.append(first, N_AGES - 1 + PERIOD)) / 2
            single[sex] = np.exp(np.interp(np.arange(N_AGES) + 0.5, middle[1:], np.log(rates[1:])))
            single[sex, 0], single[sex, -1] = rates[0], rates[-1]
        return single

    def survival(self, year: int) -> FloatArray:
        """Survival ratios of a calendar year, shape (2, 102)."""
        when = np.clip(year + 0.5, self.middles[0], self.middles[-1])
        left = min(
            int(np.searchsorted(self.middles, when, side="right")) - 1, len(self.middles) - 2
        )
        part = (when - self.middles[left]) / PERIOD
        shape = np.exp((1.0 - part) * self.log_rates[left] + part * self.log_rates[left + 1])
        e0 = [self.of("e0", year, sex) for sex in "MF"]
        return survivorship(life_table(scale_to_e0(shape, e0)).Lx)

    def asfr(self, year: int) -> FloatArray:
        """Fertility at single ages: five-year shares of the UN, split by a monotone spline."""
        rows = self.table[
            (self.table["indicator"] == "asfr_percent_of_tfr_5y")
            & (self.table["year"] == str(year))
        ]
        first = rows["age"].str[:2].astype(int).to_numpy()
        order = np.argsort(first)
        edges = np.append(first[order], first.max() + PERIOD)
        share = rows["value"].to_numpy()[order]
        below = PchipInterpolator(edges, np.append(0.0, np.cumsum(share)) / share.sum())
        ages = np.arange(edges[0], edges[-1])
        rates = np.zeros(N_AGES)
        rates[ages] = self.of("tfr", year) * (below(ages + 1) - below(ages))
        return rates


@pytest.fixture(scope="module")
def un(reference: Path) -> UnitedNations:
    """The UN figures."""
    return UnitedNations(reference / "data" / "wpp2024_china.csv")


@cache
def migration_shares() -> FloatArray:
    """Share of each sex and age in net migration."""
    schedule = unit_gmr(rogers_castro(np.arange(N_AGES), **MIGRATION))
    return np.tile(schedule / N_SEXES, (N_SEXES, 1))


def start_of_projection(un: UnitedNations) -> FloatArray:
    """Persons by sex and age at the end of 2020, shape (2, 101)."""
    people = np.zeros((N_SEXES, N_AGES))
    for year in range(FIRST, START + 1):
        half = un.of("net_migration", year) * THOUSAND / 2 * migration_shares()
        survival = un.survival(year)
        born = un.of("births", year) * THOUSAND
        newborns = split_by_sex(born, un.of("sex_ratio_at_birth", year))
        people, _ = survive(people + half, survival)
        people[:, 0] += np.array(newborns) * survival[:, 0]
        people += half
    census = tables.population(START, "total")[:, OLDEST_BUILT + 1 :]
    people[:, OLDEST_BUILT + 1 :] = 0.0
    wpp = tables.wpp()
    rest = wpp.population[wpp.position(START)] - people.sum()
    people[:, OLDEST_BUILT + 1 :] = census * rest / census.sum()
    return people


def census_start() -> FloatArray:
    """Census 2020 by sex and age, scaled to the UN total at the end of 2020."""
    census, wpp = tables.population(START, "total"), tables.wpp()
    return np.asarray(census * (wpp.population[wpp.position(START)] / census.sum()))


def projected(un: UnitedNations, people: FloatArray) -> pd.DataFrame:
    """Ours over the UN's less 1, by year 2021-2030 and for all: births, deaths, population."""
    wpp, rows = tables.wpp(), []
    for year in YEARS:
        half = un.of("net_migration", year) * THOUSAND / 2 * migration_shares()
        survival = un.survival(year)
        start = people + half
        end, deaths = survive(start, survival)
        srb = un.of("sex_ratio_at_birth", year)
        born, newborns, lost = bear(start, end, un.asfr(year), srb, survival[:, 0])
        end[:, 0] += newborns
        people = end + half
        at = wpp.position(year)
        ours = np.array([born.sum(), deaths + lost, people.sum()])
        theirs = np.array([wpp.births[at], wpp.deaths[at], wpp.population[at]])
        rows.append((ours, theirs))
    ours, theirs = np.moveaxis(np.array(rows), 0, 1)
    names = ["births", "deaths", "population"]
    by_year = pd.DataFrame(ours / theirs - 1.0, index=list(YEARS), columns=names)
    by_year.loc[ALL_YEARS] = ours.sum(axis=0) / theirs.sum(axis=0) - 1.0
    return by_year


@pytest.fixture(scope="module")
def relative(un: UnitedNations) -> pd.DataFrame:
    """Ours over the UN's less 1, from the age structure rebuilt out of the UN's inputs."""
    return projected(un, start_of_projection(un))


def test_un_totals_balance() -> None:
    """Population of a year = that before + births - deaths + net migration, WPP 2024, 2025-2100.

    Earlier years are not tested: the source has no year-end totals for them, our table computes
    them by this balance. The UN's own rounding leaves up to 19 persons (2065).
    """
    wpp = tables.wpp()
    first = wpp.position(2025)
    change = (wpp.births - wpp.deaths + wpp.net_migration)[first:]
    before, after = wpp.population[first - 1 : -1], wpp.population[first:]
    np.testing.assert_allclose(after, before + change, rtol=0.0, atol=20.0)


def test_population_to_2030(relative: pd.DataFrame) -> None:
    """WPP 2024 population at year end; target 0.3 %, reached 0.015 % (2026)."""
    assert relative["population"].abs().max() <= 2e-4 <= TARGET


def test_births_to_2030(relative: pd.DataFrame) -> None:
    """WPP 2024 births of each year; target 0.3 %, reached 0.23 % (2030)."""
    assert relative["births"].abs().max() <= 2.5e-3 <= TARGET


def test_deaths_to_2030(relative: pd.DataFrame) -> None:
    """WPP 2024 deaths: each year within 1.2 %, the ten years together within 0.2 %."""
    assert relative["deaths"].abs().max() <= 1.2e-2
    assert abs(relative["deaths"].loc[ALL_YEARS]) <= 2e-3


@pytest.mark.xfail(
    strict=True,
    reason="the tables hold death rates by age for periods of five years only, and no population "
    "by age: the age pattern of deaths in a single year cannot be had from them",
)
def test_deaths_of_each_year_to_the_target(relative: pd.DataFrame) -> None:
    """WPP 2024 deaths of each year, target 0.3 %; missed: 1.1 % in 2023 and 2024."""
    assert relative["deaths"].abs().max() <= TARGET


def test_census_age_structure_is_no_substitute(un: UnitedNations) -> None:
    """From census 2020 scaled to the UN total all three are missed, by what the module says."""
    worst = projected(un, census_start()).abs().max()
    assert worst["births"] == pytest.approx(0.029, abs=5e-4)
    assert worst["deaths"] == pytest.approx(0.042, abs=5e-4)
    assert worst["population"] == pytest.approx(0.00345, abs=1e-5)
