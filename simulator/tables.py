"""National tables: census population, mortality and fertility by residence, UN series by year.

The files in simulator/data/ are written by tools/build_national_tables.py; their headers name
the official sources. Arrays are read-only and loaded once.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from simulator.axes import N_AGES, N_SEXES, Sex
from simulator.demography.lifetable import close_with_kannisto

FloatArray = npt.NDArray[np.float64]

_MID_YEAR: Final = 0.5

_DATA: Final = Path(__file__).resolve().parent / "data"
CENSUS_YEARS: Final = (2010, 2020)
#: Residences a table can be asked for, and the census residences pooled for each.
RESIDENCES: Final[dict[str, tuple[str, ...]]] = {
    "city": ("city",),
    "town": ("town",),
    "rural": ("rural",),
    "urban": ("city", "town"),
    "total": ("city", "town", "rural"),
}
FERTILE_AGES: Final = np.arange(15, 50)
FERTILE_AGES.setflags(write=False)

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class WorldPopulationProspects:
    """UN World Population Prospects 2024, China, by calendar year 2000-2100, medium variant.

    Attributes
    ----------
    years : shape (Y,)
    e0, e0_lower80, e0_upper80 : shape (Y, 2) [years], male then female; bounds of the 80 %
        interval are nan for the years of the estimates (to 2023)
    tfr, tfr_lower80, tfr_upper80 : shape (Y,) [children per woman]; bounds as above
    srb : shape (Y,) [males per female]
    mac : shape (Y,) [years], from 5-year age groups
    births, deaths, net_migration : shape (Y,) [persons in the year]
    population : shape (Y,) [persons on 31 December]
    """

    years: npt.NDArray[np.int64]
    e0: FloatArray
    e0_lower80: FloatArray
    e0_upper80: FloatArray
    tfr: FloatArray
    tfr_lower80: FloatArray
    tfr_upper80: FloatArray
    srb: FloatArray
    mac: FloatArray
    births: FloatArray
    deaths: FloatArray
    net_migration: FloatArray
    population: FloatArray

    def position(self, year: int) -> int:
        """Index of a year on the first axis of every field.

        Raises
        ------
        ValueError
            outside the years of the series.
        """
        first, last = int(self.years[0]), int(self.years[-1])
        if not first <= year <= last:
            raise ValueError(f"UN series cover {first}-{last}, not {year}")
        return year - first


@cache
def population(year: int, residence: str) -> FloatArray:
    """National mean population of a census year.

    Parameters
    ----------
    year : 2010 or 2020 (12 months to 1 November)
    residence : key of ``RESIDENCES``; "town" is 镇 only, "urban" is city and town pooled

    Returns
    -------
    shape (2, 101) [persons], sex x age, 100 = 100 and over

    Raises
    ------
    ValueError
        for a year or residence the tables do not hold.
    """
    return _frozen(_census("population", year, residence))


@cache
def death_rates(year: int, residence: str) -> FloatArray:
    """National death rates of a census, for age shape only: deaths are under-reported.

    Deaths and exposure are pooled over the residences; rates from age 90 follow the Kannisto
    model, see ``close_with_kannisto``. No pooled cell of the tables is without deaths, so every
    rate is above 0 without smoothing.

    Parameters
    ----------
    year, residence : as in ``population``

    Returns
    -------
    shape (2, 101) [deaths per person-year], sex x age, last age open, all above 0

    Raises
    ------
    ValueError
        for a year or residence the tables do not hold, or a cell without deaths.
    """
    deaths = _census("deaths", year, residence)
    if not np.all(deaths > 0.0):
        raise ValueError(f"census {year}, {residence}: an age without deaths has no usable rate")
    return _frozen(close_with_kannisto(deaths / _census("population", year, residence)))


@cache
def un_death_rates() -> FloatArray:
    """UN death rates of China, 2020-2025, by single year of age: the shape of mortality.

    Groups are spread over single ages by monotone interpolation of log rates at the middle of
    each group; age 0 and the open age keep the UN's rate.

    Returns
    -------
    shape (2, 101) [deaths per person-year], sex x age, last age open
    """
    found = rows("wpp2024_mx.csv")
    rates = np.empty((N_SEXES, N_AGES))
    for sex in Sex:
        group = [(int(r["age"]), float(r["mx"])) for r in found if r["sex"] == sex.name.lower()]
        lower = np.array([age for age, _ in group], dtype=np.float64)
        log_mx = np.log([mx for _, mx in group])
        middle = (lower[1:-1] + lower[2:]) / 2.0
        # One node beyond the closed groups: the UN's open rate at the mean age of its survivors.
        nodes = np.append(middle, lower[-1] + 1.0 / group[-1][1])
        curve = PchipInterpolator(nodes, log_mx[1:], extrapolate=True)
        rates[sex] = np.exp(curve(np.arange(N_AGES) + _MID_YEAR))
        rates[sex, 0], rates[sex, -1] = group[0][1], group[-1][1]
    return _frozen(rates)


@cache
def mortality_standard(residence: str) -> FloatArray:
    """Age shape of mortality by residence: the UN's, times what the 2020 census says of residence.

    Census deaths are under-reported, most at the youngest and oldest ages, alike enough in every
    residence for the ratio of a residence to the nation to be used; the level at each age is the
    UN's.

    Parameters
    ----------
    residence : as in ``population``

    Returns
    -------
    shape (2, 101) [deaths per person-year]
    """
    ratio = death_rates(CENSUS_YEARS[-1], residence) / death_rates(CENSUS_YEARS[-1], "total")
    return _frozen(un_death_rates() * ratio)


@cache
def asfr(year: int, residence: str) -> FloatArray:
    """National age-specific fertility rates of a census, pooled by women.

    Parameters
    ----------
    year, residence : as in ``population``

    Returns
    -------
    shape (35,) [births per woman per year], ages ``FERTILE_AGES``

    Raises
    ------
    ValueError
        for a year or residence the tables do not hold.
    """
    members = _members(year, residence)
    births = np.zeros(len(FERTILE_AGES))
    women = np.zeros(len(FERTILE_AGES))
    for row in rows("fertility_national.csv"):
        if row["residence"] in members:
            position = int(row["age"]) - int(FERTILE_AGES[0])
            births[position] += float(row[f"asfr_{year}"]) * float(row[f"women_{year}"])
            women[position] += float(row[f"women_{year}"])
    return _frozen(births / women)


@cache
def wpp() -> WorldPopulationProspects:
    """UN series for China by calendar year."""
    found = rows("wpp2024_china.csv")

    def series(name: str) -> FloatArray:
        return _frozen(np.array([float(row[name] or "nan") for row in found]))

    def by_sex(suffix: str) -> FloatArray:
        columns = [series(f"e0_{sex.name.lower()}{suffix}") for sex in Sex]
        return _frozen(np.stack(columns, axis=-1))

    years = np.array([int(row["year"]) for row in found])
    years.setflags(write=False)
    plain = ("tfr", "tfr_lower80", "tfr_upper80", "srb", "mac")
    persons = ("births", "deaths", "net_migration", "population")
    return WorldPopulationProspects(
        years=years,
        e0=by_sex(""),
        e0_lower80=by_sex("_lower80"),
        e0_upper80=by_sex("_upper80"),
        **{name: series(name) for name in (*plain, *persons)},
    )


def _census(quantity: str, year: int, residence: str) -> FloatArray:
    """Sum of a census column over the pooled residences, shape (2, 101)."""
    members = _members(year, residence)
    total = np.zeros((N_SEXES, N_AGES))
    for row in rows("census_national.csv"):
        if row["residence"] in members:
            total[Sex[row["sex"].upper()], int(row["age"])] += float(row[f"{quantity}_{year}"])
    return total


def _members(year: int, residence: str) -> tuple[str, ...]:
    if year not in CENSUS_YEARS:
        raise ValueError(f"census tables hold {CENSUS_YEARS}, not {year}")
    if residence not in RESIDENCES:
        raise ValueError(f"residence must be one of {', '.join(RESIDENCES)}, not {residence!r}")
    return RESIDENCES[residence]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """Rows of a table of simulator/data/ by column, comments left out."""
    with (_DATA / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(line for line in file if not line.startswith("#")))


def _frozen(array: FloatArray) -> FloatArray:
    array.setflags(write=False)
    return array
