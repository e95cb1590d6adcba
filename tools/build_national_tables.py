"""Build the national tables in simulator/data/ from the census and UN source files.

Usage: ``python tools/build_national_tables.py SOURCE_DIR [--output DIR]``

Counts are copied; what is computed is said in the header of each table. The same sources give
the same bytes.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

RESIDENCES: Final = ("city", "town", "rural")
SEXES: Final = {"male": "M", "female": "F"}
CENSUS_YEARS: Final = ("2010", "2020")
OPEN_AGE: Final = 100
FERTILE_AGES: Final = range(15, 50)
WPP_YEARS: Final = range(2000, 2101)
#: Last year of the WPP 2024 estimates; the medium projection and its intervals start after it.
LAST_ESTIMATE: Final = 2023
FERTILITY_GROUP_WIDTH: Final = 5
PERSONS_PER_THOUSAND: Final = 1000
ASFR_PLACES: Final = 8
MAC_PLACES: Final = Decimal("0.0001")
DEFAULT_OUTPUT: Final = Path(__file__).resolve().parent.parent / "simulator" / "data"

CENSUS_SOURCES: Final = (
    "source: 中国人口普查年鉴2020; 中国2010年人口普查资料 (National Bureau of Statistics)"
)

CENSUS_HEADER: Final = (
    "China, population and deaths by residence, sex and single year of age, censuses 2010 and 2020",
    "residence: city 城市, town 镇, rural 乡村; age 100 is 100 and over",
    "population_Y [persons]: mean population of the 12 months before 1 November Y (table 6-4)",
    "deaths_Y [persons]: deaths of those 12 months as counted (table 6-4)",
    "deaths are not corrected for under-reporting: use them for age shape, take levels from the UN",
    CENSUS_SOURCES,
    "computed: nothing",
)
FERTILITY_HEADER: Final = (
    "China, fertility by residence and single year of age of the mother, censuses 2010 and 2020",
    "residence: city 城市, town 镇, rural 乡村",
    "asfr_Y [births per woman per year]: births of the 12 months before 1 November Y",
    "women_Y [persons]: mean number of women of that age (table 6-4); weights to pool residences",
    CENSUS_SOURCES,
    "computed: asfr = long-form births (table 6-2) / (women x long-form sampling fraction)",
    "sampling fraction: long-form women 15+ over all women 15+; not the published table 6-3 rates",
)
WPP_HEADER: Final = (
    "China (mainland, country code 156), UN World Population Prospects 2024, medium variant",
    "e0_* [years]; tfr [children per woman]; srb [males per female at birth]; mac [years]",
    "births, deaths, net_migration [persons in the calendar year]",
    "population [persons on 31 December of the year]",
    f"*_lower80, *_upper80: 80 % prediction interval, from {LAST_ESTIMATE + 1}; empty before",
    "source: United Nations, World Population Prospects 2024, as carried by the R package wpp2024",
    f"computed: population to {LAST_ESTIMATE}, backwards by the balance of the following year",
    "computed: mac of the 5-year fertility schedule, births at the middle of each group",
)
WPP_MX_PERIOD: Final = "2020-2025"
WPP_MX_HEADER: Final = (
    f"China, UN World Population Prospects 2024, death rates by sex and age, {WPP_MX_PERIOD}",
    "age: lower bound of the group (0, 1-4, then five years; 100 is open)",
    "mx [deaths per person-year]",
    "source: United Nations, World Population Prospects 2024, as carried by the R package wpp2024",
    "computed: nothing",
)

Row = dict[str, str]
#: Values as printed in the source, by indicator, sex, variant and year.
WppSeries = dict[tuple[str, str, str, int], str]


def read_rows(path: Path) -> list[Row]:
    """Rows of a CSV file whose comment lines begin with ``#``."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def write_table(
    path: Path, header: Iterable[str], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write ``#`` header lines, the column names and the rows, with ``\\n`` line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"# {line}\n" for line in header)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def build_census(source: Path, output: Path) -> None:
    """Write census_national.csv."""
    cells = {
        (row["year"], row["residence"], row["sex"], row["age"]): row
        for row in read_rows(source / "census_mortality_age_sex_residence.csv")
    }
    rows = []
    for residence in RESIDENCES:
        for sex, code in SEXES.items():
            for age in range(OPEN_AGE + 1):
                label = f"{age}+" if age == OPEN_AGE else str(age)
                counts = []
                for year in CENSUS_YEARS:
                    cell = cells[year, residence, code, label]
                    counts += [int(Decimal(cell["mean_population"])), int(cell["deaths"])]
                rows.append([residence, sex, age, *counts])
    columns = ["residence", "sex", "age"]
    columns += [f"{name}_{year}" for year in CENSUS_YEARS for name in ("population", "deaths")]
    write_table(output / "census_national.csv", CENSUS_HEADER, columns, rows)


def build_fertility(source: Path, output: Path) -> None:
    """Write fertility_national.csv."""
    cells = {
        (row["year"], row["residence"], row["age"]): row
        for row in read_rows(source / "census_asfr_derived.csv")
    }
    rows = []
    for residence in RESIDENCES:
        for age in FERTILE_AGES:
            counts: list[object] = []
            for year in CENSUS_YEARS:
                cell = cells[year, residence, str(age)]
                women = Decimal(cell["mean_women_all"])
                asfr = Decimal(cell["births_sample"]) / (women * Decimal(cell["sampling_fraction"]))
                counts += [f"{asfr:.{ASFR_PLACES}f}", int(women)]
            rows.append([residence, age, *counts])
    columns = ["residence", "age"]
    columns += [f"{name}_{year}" for year in CENSUS_YEARS for name in ("asfr", "women")]
    write_table(output / "fertility_national.csv", FERTILITY_HEADER, columns, rows)


def read_wpp(source: Path) -> tuple[WppSeries, dict[int, Decimal]]:
    """Series by (indicator, sex, variant, year), and mean age at childbearing by year."""
    series: WppSeries = {}
    percent: dict[int, Decimal] = {}
    weighted_age: dict[int, Decimal] = {}
    for row in read_rows(source / "wpp2024_china.csv"):
        if row["indicator"] == "asfr_percent_of_tfr_5y":
            year, share = int(row["year"]), Decimal(row["value"])
            middle = int(row["age"].split("-")[0]) + Decimal(FERTILITY_GROUP_WIDTH) / 2
            percent[year] = percent.get(year, Decimal(0)) + share
            weighted_age[year] = weighted_age.get(year, Decimal(0)) + share * middle
        elif "-" not in row["year"]:
            key = (row["indicator"], row["sex"], row["variant"], int(row["year"]))
            series[key] = row["value"]
    return series, {year: weighted_age[year] / percent[year] for year in percent}


def year_end_population(series: WppSeries) -> dict[int, Decimal]:
    """Persons on 31 December; years of the estimates by the balance of the following year.

    The published total belongs to 31 December: its change over a year equals births - deaths +
    net migration of the later year, which is checked here.
    """
    population = {
        year: Decimal(series["population", "B", "medium", year])
        for year in WPP_YEARS
        if year > LAST_ESTIMATE
    }
    tolerance = Decimal(1)  # thousand; the inputs are rounded to a person
    for year in reversed(WPP_YEARS[1:]):
        variant = "estimate" if year <= LAST_ESTIMATE else "medium"
        change = (
            Decimal(series["births", "B", variant, year])
            - Decimal(series["deaths", "B", variant, year])
            + Decimal(series["net_migration", "B", variant, year])
        )
        opening = population[year] - change
        if abs(population.setdefault(year - 1, opening) - opening) > tolerance:
            raise ValueError(f"WPP {year}: population change does not equal its balance {change}")
    return population


def build_wpp(source: Path, output: Path) -> None:
    """Write wpp2024_china.csv."""
    series, mac = read_wpp(source)
    population = year_end_population(series)
    level = {"e0_male": ("e0", "M"), "e0_female": ("e0", "F"), "tfr": ("tfr", "B")}
    intervals = {
        f"{name}_{bound}": (*key, bound)
        for name, key in level.items()
        for bound in ("lower80", "upper80")
    }
    flows = ("births", "deaths", "net_migration")
    rows = []
    for year in WPP_YEARS:
        variant = "estimate" if year <= LAST_ESTIMATE else "medium"
        persons = [Decimal(series[flow, "B", variant, year]) for flow in flows]
        persons.append(population[year])
        rows.append(
            [year]
            + [series[(*key, variant, year)] for key in level.values()]
            + [series["sex_ratio_at_birth", "", "estimate", year], mac[year].quantize(MAC_PLACES)]
            + [f"{value * PERSONS_PER_THOUSAND:.0f}" for value in persons]
            + [series.get((*key, year), "") for key in intervals.values()]
        )
    columns = ["year", *level, "srb", "mac", *flows, "population", *intervals]
    write_table(output / "wpp2024_china.csv", WPP_HEADER, columns, rows)


def build_wpp_mx(source: Path, output: Path) -> None:
    """UN death rates of 2020-2025 by sex and 5-year age: the age shape of mortality."""
    rows = [
        (sex, row["age"].removesuffix("+"), row["value"])
        for sex, code in SEXES.items()
        for row in read_rows(source / "wpp2024_china.csv")
        if (row["indicator"], row["sex"], row["year"]) == ("mx_5y_5yperiod", code, WPP_MX_PERIOD)
    ]
    write_table(output / "wpp2024_mx.csv", WPP_MX_HEADER, ("sex", "age", "mx"), rows)


def main() -> None:
    """Read the command line and write the four tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of the census and UN source files")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="folder to write to")
    arguments = parser.parse_args()
    for build in (build_census, build_fertility, build_wpp, build_wpp_mx):
        build(arguments.source, arguments.output)


if __name__ == "__main__":
    main()
