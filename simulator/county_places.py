"""Studies of counties from a folder of census tables, in which no county has a file of its own.

A row becomes the same place as a place file of that code would be: its facts are the census's, its
levels those that its stocks let expect. docs/model.md section 11.1 and eq. (79).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from simulator.census import DOCUMENTS, Area, census_facts, document
from simulator.county_flows import age_table
from simulator.county_tables import FIRST_YEAR, GROUP_STARTS, SECOND_YEAR, CountyTable, read_census
from simulator.errors import ScenarioError, Violation
from simulator.parameters import central_values
from simulator.scenario import DEFAULT_SEED, LAST_YEAR, Study
from simulator.schema import PlaceFile, Words

#: Column of the tables for each figure that a launch reads; sums of columns are written as such.
_FIGURES = {
    FIRST_YEAR: {
        "resident_population": ("resident",),
        "town_population": ("urban",),
        "hukou_population": ("hukou",),
        "nonagricultural_share": ("nonagri_hukou_pct",),
        "nonlocal_residents": ("in_migrants_other_county_same_prov", "in_migrants_other_prov"),
    },
    SECOND_YEAR: {
        "resident_population": ("resident",),
        "town_population": ("urban",),
        "nonlocal_residents": ("registered_other_county_same_prov", "registered_other_prov"),
    },
}
#: The tables of years, as they lie in a folder.
KINDS = ("core", "age_sex")
_DISTRICT = "区"


def census_files(folder: Path, year: int) -> tuple[Path, ...]:
    """The tables of a census in a folder."""
    return tuple(folder / f"county_{year}_{kind}.csv" for kind in KINDS)


def census_year(folder: Path, asked: int | None) -> int:
    """The census to start from: as asked, else the only one in the folder.

    Raises
    ------
    ScenarioError
        If it is not there, or there are several and none was asked for.
    """
    there = [y for y in _FIGURES if census_files(folder, y)[0].is_file()]
    if asked is not None and asked in there:
        return asked
    if asked is None and len(there) == 1:
        return there[0]
    allowed = [str(year) for year in there]
    if not allowed:
        raise ScenarioError([Violation("census_folder", str(folder))])
    code = "census_year_needed" if asked is None else "not_allowed"
    raise ScenarioError([Violation(code, "--year", value=asked, params={"allowed": allowed})])


def county_studies(folder: Path, year: int, years: int) -> list[Study]:
    """A study of each county of one census, in the order of the table.

    Parameters
    ----------
    folder : holds ``county_<year>_core.csv`` and ``county_<year>_age_sex.csv``
    year : the census, 2010 or 2020, which is the base year
    years : years projected

    Raises
    ------
    ScenarioError
        With every fault of both files.
    """
    columns = [name for parts in _FIGURES[year].values() for name in parts]
    table = read_census(folder, year, columns)
    values = central_values()
    files, last = census_files(folder, year), horizon_of(year, years)
    return [_study(table, i, year, last, values, files) for i in range(len(table.codes))]


def horizon_of(base: int, years: int) -> int:
    """Last projected year.

    Raises
    ------
    ScenarioError
        If it lies beyond the national series.
    """
    if base + years > LAST_YEAR:
        limits = {"low": 1, "high": LAST_YEAR - base}
        raise ScenarioError([Violation("outside", "--years", value=years, params=limits)])
    return base + years


def level_of(name: str) -> str:
    """Administrative level that a county unit's name tells."""
    return "district" if name.endswith(_DISTRICT) else "county"


def _study(
    table: CountyTable, i: int, year: int, last: int, values: Mapping[str, float],
    files: tuple[Path, ...],
) -> Study:  # fmt: skip
    code, name = table.codes[i], table.names[i]
    area = Area(code, name, "county", _figures(table, i, year), frozenset())
    rated = "nonagricultural_share" in _FIGURES[year]
    place = PlaceFile(
        kind="place",
        id=f"c{code}",
        name=Words(zh=name),
        code=code,
        province=table.provinces[i],
        prefecture=table.prefectures[i] or None,
        level="district" if level_of(name) == "district" else "county",
        base_year=year,
        documents={DOCUMENTS[year]: document(DOCUMENTS[year])},
        facts=list(census_facts(area, year, nonagricultural=rated)),
    )
    return Study(
        file=str(files[0]),
        place_file=str(files[0]),
        id=place.id,
        place=place,
        horizon=last,
        seed=DEFAULT_SEED,
        parameters=values,
        overridden={},
        cases={},
        age_tables={year: age_table(table.ages[i], GROUP_STARTS)},
        sources=files,
    )


def _figures(table: CountyTable, i: int, year: int) -> dict[tuple[int, str], float]:
    """Figures of a county that the table states; a sum is stated if any of its parts is."""
    found = {}
    for name, parts in _FIGURES[year].items():
        stated = np.array([table.values[part][i] for part in parts])
        if np.isfinite(stated).any() or name == "nonlocal_residents":
            found[year, name] = float(np.nansum(stated))
    return found
