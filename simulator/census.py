"""Census figures that come with the program, joined to a place by its code.

The tables of simulator/data/ are written by tools/build_place_tables.py; their headers name the
official sources. docs/model.md section 11.1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np

from simulator.age_table import AgeTable
from simulator.axes import N_AGES
from simulator.schema import Fact, PlaceFile, Source, Words

_DATA: Final = Path(__file__).resolve().parent / "data"
#: Code under which the tables keep the nation, which GB/T 2260 gives none.
NATION: Final = "100000"
#: Documents that joined facts name, by census year.
DOCUMENTS: Final[Mapping[int, str]] = {2010: "county_census_2010", 2020: "county_census_2020"}
_TITLES: Final = {
    2010: ("中国2010年人口普查分县资料", "2010 Population Census of China by County", 2012),
    2020: ("2020中国人口普查分县资料", "2020 Population Census of China by County", 2022),
}
#: Column of the census tables for each indicator of ours.
_COLUMNS: Final = {
    "resident_population": "人口数合计",
    "town_population": "城镇人口",
    "hukou_population": "户籍人口",
    "nonlocal_residents": "户口登记地在本省其他县与外省的人口",
    "nonagricultural_share": "非农业户口人口比重%",
}
_SPLIT: Final = ("resident_urbanization_rate", "town_population", "village_population")
_STANDS_IN: Final = Words(
    zh="2010年只有非农业户口人口比重，用来代替户籍人口城镇化率；两者口径不同，不能直接比较。",
    en="For 2010 only the non-agricultural hukou share exists and stands in for the hukou "
    "urbanization rate; the two are counted differently and not directly comparable.",
)
_NOT_USED: Final = Words(
    zh="非农业户口人口比重与规划的户籍人口城镇化率口径不同；规划已给出后者，此数只作参照。",
    en="The non-agricultural hukou share is counted differently from the plan's hukou urbanization "
    "rate; the plan states the latter, so this figure is only shown.",
)
_NOT_ALL: Final = Words(
    zh="常住人口减去此数后多于户籍人口，说明此栏没有数全外来人口，只作参照。",
    en="Residents less this figure are more than the hukou population: the column does not count "
    "every non-local, so it is only shown.",
)
_DIVIDED: Final = Words(
    zh="2010年霍邱县尚含叶集；按两地2020年常住人口之比划分，不是普查直接数。",
    en="In 2010 Huoqiu County still held Yeji; divided in the proportion of their residents of "
    "2020, not counted as such.",
)
_SUMMED: Final = Words(
    zh="两栏之和：本省其他县、市、区，以及外省；不含本县内迁移。",
    en="Sum of two columns, other counties of the province and other provinces; moves within the "
    "county are left out.",
)
Use = Literal["base", "history", "outcome", "context"]


@dataclass(frozen=True)
class Area:
    """One area of the tables: its figures by year and indicator, persons or percent.

    ``divided``: census years in which it was part of a larger area, whose figures were divided.
    """

    code: str
    name: str
    level: str
    figures: Mapping[tuple[int, str], float]
    divided: frozenset[int]

    @property
    def years(self) -> list[int]:
        """Census years in the tables, earliest first."""
        return sorted({year for year, _ in self.figures})


def _rows(name: str) -> list[dict[str, str]]:
    with (_DATA / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(line for line in handle if not line.startswith("#")))


@cache
def areas() -> Mapping[str, Area]:
    """Every area of the tables by code."""
    heads: dict[str, tuple[str, str]] = {}
    figures: dict[str, dict[tuple[int, str], float]] = {}
    divided: dict[str, set[int]] = {}
    for row in _rows("place_census.csv"):
        heads[row["code"]] = (row["name"], row["level"])
        at = (int(row["year"]), row["indicator"])
        figures.setdefault(row["code"], {})[at] = float(row["value"])
        if row["basis"] == "divided":
            divided.setdefault(row["code"], set()).add(at[0])
    return {
        code: Area(code, *heads[code], figures[code], frozenset(divided.get(code, ())))
        for code in heads
    }


@cache
def province(name: str) -> Area | None:
    """The province of that full name, or None."""
    found = (a for a in areas().values() if a.level == "province" and a.name == name)
    return next(found, None)


@cache
def age_tables(code: str) -> Mapping[int, AgeTable]:
    """Residents by sex and age group of an area, by census year; empty where there are none."""
    starts: list[int] = []
    persons: dict[int, dict[str, list[float]]] = {}
    for row in _rows("place_age_sex.csv"):
        starts = starts or [int(column) for column in row if column.isdigit()]
        if row["code"] == code:
            counts = [float(row[str(start)]) for start in starts]
            persons.setdefault(int(row["year"]), {})[row["sex"]] = counts
    group = np.searchsorted(starts, np.arange(N_AGES), side="right") - 1
    return {
        year: AgeTable(np.array([sexes["male"], sexes["female"]]), group)
        for year, sexes in persons.items()
    }


def area_of(place: PlaceFile) -> Area | None:
    """The area that a place is, by its code; the nation by its level."""
    return areas().get(NATION if place.level == "nation" else place.code or "")


def census_facts(area: Area, base_year: int, *, nonagricultural: bool = True) -> Iterator[Fact]:
    """Facts of an area for a plan of ``base_year``: its base, its history, or what came after.

    ``nonagricultural``: whether the non-agricultural share of 2010 stands in for the hukou rate.
    """
    for (year, name), value in area.figures.items():
        if area.level == "nation" and name in ("hukou_population", "nonlocal_residents"):
            continue  # counted between counties; the nation as a whole has hardly any
        use: Use = "base" if year == base_year else "history" if year < base_year else "outcome"
        note = _SUMMED if name == "nonlocal_residents" else None
        indicator, unit = name, "人"
        if name == "nonagricultural_share":
            indicator, unit = "hukou_urbanization_rate", "%"
            note = _STANDS_IN if nonagricultural else _NOT_USED
            if not nonagricultural or use == "outcome":
                use = "context"
        elif name == "nonlocal_residents" and not _counts_all(area, year):
            use, note = "context", _NOT_ALL
        if year in area.divided:
            note = _DIVIDED
        yield Fact(
            indicator=indicator,
            year=year,
            value=value,
            unit=unit,
            use=use,
            document=DOCUMENTS[year],
            quote=f"{area.name}：{_COLUMNS[name]}={value:.10g}",
            note=note,
        )


def _counts_all(area: Area, year: int) -> bool:
    """Whether residents less non-locals are no more than the hukou population, where it is known.

    Moves between the districts of one city are in neither column.
    """
    hukou = area.figures.get((year, "hukou_population"), np.inf)
    locals_here = area.figures[year, "resident_population"]
    return locals_here - area.figures[year, "nonlocal_residents"] <= hukou


def joined(place: PlaceFile) -> PlaceFile:
    """The place with the census figures of its code as further facts, its own first.

    A figure that the file gives itself, for the same indicator and year, stays the only one.
    """
    area = area_of(place)
    if area is None:
        return place
    given = {(f.indicator, f.at) for f in place.facts if f.scope == "place" and f.use != "context"}
    split = {year for name, year in given if name in _SPLIT}
    rated = any(name == "hukou_urbanization_rate" for name, _ in given)
    facts = [
        fact
        for fact in census_facts(area, place.base_year, nonagricultural=not rated)
        if (fact.indicator, fact.at) not in given
        and not (fact.indicator == "town_population" and fact.at in split)
    ]
    documents = {fact.document: document(fact.document) for fact in facts}
    changes = {"facts": [*place.facts, *facts], "documents": {**place.documents, **documents}}
    return place.model_copy(update=changes)


def document(name: str) -> Source:
    """The document that joined facts name."""
    zh, en, year = next(_TITLES[y] for y, d in DOCUMENTS.items() if d == name)
    return Source(title=Words(zh=zh, en=en), year=year)


def is_joined(fact: Fact) -> bool:
    """Whether a fact comes from the program's census tables and not from the place's file."""
    return fact.document in DOCUMENTS.values()
