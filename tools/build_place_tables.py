"""Build the tables of places in simulator/data/ from the county censuses.

Usage: ``python -m tools.build_place_tables SOURCE_DIR [--output DIR]``

Writes place_census.csv and place_age_sex.csv (the places of the library, the counties that hold its
towns, provinces and the nation) and county_growth.csv (how fast counties grew, by kind). Counts are
copied; what is computed is said in the header of each table. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tools.build_national_tables import DEFAULT_OUTPUT, Row, read_rows, write_table

#: GB/T 2260 has no code for the nation; this one is free.
NATION: Final = "100000"
NATION_NAME: Final = "全国"
YEARS: Final = ("2010", "2020")
SOURCES: Final = {
    "2010": "中国2010年人口普查分县资料",
    "2020": "2020中国人口普查分县资料",
}
#: Counties of 2010 that were cut in two afterwards: 叶集区 was cut from 霍邱县 in 2015.
CUT: Final = {"341522": ("341522", "341504")}
#: Areas that lost land without a way to tell how their ages were divided: 寿县 left 六安 in 2015.
OTHER_LAND_IN_2010: Final = ("341500",)
#: The plan whose file holds its own census figures.
OWN_FIGURES: Final = "X1"
MIGRANTS: Final = {
    "2010": ("in_migrants_other_county_same_prov", "in_migrants_other_prov"),
    "2020": ("registered_other_county_same_prov", "registered_other_prov"),
}
AGE_STARTS: Final = (0, 1, *range(5, 90, 5))
SEXES: Final = {"male": "m", "female": "f"}
PERCENTILES: Final = (1, 5, 25, 50, 75, 95, 99)
DECADE: Final = 10
PERCENT: Final = 100.0

CENSUS_HEADER: Final = (
    "Census figures of the library's places, of the counties that hold its towns, of provinces "
    "and the nation",
    "code: of the 2010 census (叶集区: of 2020); level county includes districts",
    "resident_population, town_population, hukou_population, nonlocal_residents [人]",
    "nonagricultural_share [%]: 非农业户口人口比重, of the hukou population; 2010 only",
    f"source 2010: {SOURCES['2010']}; boundaries of that year",
    f"source 2020: {SOURCES['2020']}; only counties not held back for the final score, and 六安市",
    "basis: counted, or divided: 霍邱县 of 2010 held today's 霍邱县 and 叶集区 and is divided "
    "between them in the proportion of their residents of 2020",
    "left out: 2010 of 六安市, which held 寿县",
    "computed: nonlocal_residents = registered in another county of the province + in another "
    "province; the nation of 2010 = sum of the provinces",
)
AGE_HEADER: Final = (
    "Residents by sex and age group, censuses of the same areas as place_census.csv [人]",
    "columns: lower age of the group; 85 is 85 and over",
    f"source 2010: {SOURCES['2010']}; 2020: {SOURCES['2020']} (六安市, provinces, the nation)",
    "computed: the nation of 2010 = sum of the provinces; 霍邱县 and 叶集区 of 2010 as in "
    "place_census.csv",
)
GROWTH_HEADER: Final = (
    "How fast counties grew from the 2010 to the 2020 census: percentiles over counties",
    "kind: county (县, 旗), county_city (县级市), district (市辖区), all",
    "urban_share [percentage points a year]; residents [% a year, compound]",
    "counties: the same code in both censuses; counties held back for the final score are not in",
    "boundary changes inside a code are not removed: read p01 and p99 with that in mind",
    f"computed from: {SOURCES['2010']}; {SOURCES['2020']}",
)


def plan_codes(source: Path) -> dict[str, str]:
    """Census code of each plan number, of 2010 where there is one."""
    found: dict[str, str] = {}
    for row in read_rows(source / "place_outcomes.csv"):
        code = re.search(r"\((\d{6})\)", row["unit_matched"])
        if code and (row["year"] == "2010" or row["plan_no"] not in found):
            found[row["plan_no"]] = code[1]
    del found[OWN_FIGURES]
    return found


def new_codes(source: Path) -> dict[str, str]:
    """Code of the 2020 census for each code of 2010 that changed, by plan number."""
    old, found = plan_codes(source), {}
    for row in read_rows(source / "place_outcomes.csv"):
        code = re.search(r"\((\d{6})\)", row["unit_matched"])
        if code and row["year"] == "2020" and row["plan_no"] in old:
            found[old[row["plan_no"]]] = code[1]
    return found


def areas(source: Path, table: str) -> Iterator[tuple[str, str, Row]]:
    """Code of the library, year and row of each area wanted from a county table."""
    codes, moved = set(plan_codes(source).values()), new_codes(source)
    for year in YEARS:
        rows = read_rows(source / f"county_{year}_{table}.csv")
        by_code = {row["code"]: row for row in rows if row["code"]}
        provinces = {row["code"]: row for row in rows if row["level"] == "province"}
        nation = next((row for row in rows if row["level"] == "nation"), None)
        yield NATION, year, nation or summed(list(provinces.values()))
        if year == "2010":
            by_code |= divided(source, by_code)
        for code in sorted(codes | set(provinces)):
            row = by_code.get(moved.get(code, code) if year == "2020" else code)
            if row is not None and not (year == "2010" and code in OTHER_LAND_IN_2010):
                yield code, year, row


def divided(source: Path, counted: dict[str, Row]) -> dict[str, Row]:
    """Rows of 2010 for the parts of counties that were cut, by their residents of 2020."""
    later = {row["code"]: row for row in read_rows(source / "county_2020_core.csv")}
    found = {}
    for whole, parts in CUT.items():
        people = {code: int(later[code]["resident"]) for code in parts}
        for code in parts:
            share = people[code] / sum(people.values())
            row = {
                column: f"{int(value) * share:.0f}" if value.isdigit() else value
                for column, value in counted[whole].items()
            }
            found[code] = {**row, "code": code, "name": later[code]["name"]}
    return found


def summed(rows: Sequence[Row]) -> Row:
    """Rows added up, columns of counts only; the share of non-agricultural hukou is weighted."""
    total = {}
    for column in rows[0]:
        if all(re.fullmatch(r"\d+", row[column]) for row in rows) and column != "code":
            total[column] = str(sum(int(row[column]) for row in rows))
    if "nonagri_hukou_pct" in rows[0]:
        people = sum(float(r["hukou"]) * float(r["nonagri_hukou_pct"]) for r in rows)
        total["nonagri_hukou_pct"] = f"{people / float(total['hukou']):.2f}"
    return {**rows[0], **total, "name": NATION_NAME, "level": "nation"}


def build_census(source: Path, output: Path) -> None:
    """Write place_census.csv."""
    rows = []
    for code, year, row in areas(source, "core"):
        migrants = sum(int(float(row[column])) for column in MIGRANTS[year])
        figures = [
            ("resident_population", row["resident"], "人"),
            ("town_population", row["urban"], "人"),
            ("nonlocal_residents", str(migrants), "人"),
        ]
        if year == "2010":
            figures.append(("hukou_population", row["hukou"], "人"))
            figures.append(("nonagricultural_share", row["nonagri_hukou_pct"], "%"))
        cut = year == "2010" and any(code in parts for parts in CUT.values())
        basis = "divided" if cut else "counted"
        for indicator, value, unit in figures:
            rows.append((code, row["name"], row["level"], year, indicator, value, unit, basis))
    columns = ("code", "name", "level", "year", "indicator", "value", "unit", "basis")
    write_table(output / "place_census.csv", CENSUS_HEADER, columns, rows)


def build_ages(source: Path, output: Path) -> None:
    """Write place_age_sex.csv; 2020 only where a plan may start from it."""
    rows = []
    for code, year, row in areas(source, "age_sex"):
        late = code.startswith("3415") or row["level"] in ("province", "nation")
        if year == "2020" and not late:
            continue
        for sex, letter in SEXES.items():
            names = (age_column(letter, start) for start in AGE_STARTS)
            rows.append((code, year, sex, *(row[name] for name in names)))
    columns = ("code", "year", "sex", *(str(start) for start in AGE_STARTS))
    write_table(output / "place_age_sex.csv", AGE_HEADER, columns, rows)


def age_column(letter: str, start: int) -> str:
    """Column of the source for the age group that begins at ``start``."""
    if start == 0:
        return f"{letter}_0"
    if start == AGE_STARTS[-1]:
        return f"{letter}_{start}p"
    end = AGE_STARTS[AGE_STARTS.index(start) + 1] - 1
    return f"{letter}_{start}_{end}"


def kind_of(name: str) -> str:
    """Kind of a county-level unit, by the end of its name."""
    return {"区": "district", "市": "county_city"}.get(name[-1], "county")


def build_growth(source: Path, output: Path) -> None:
    """Write county_growth.csv."""
    first, last = (
        {
            row["code"]: row
            for row in read_rows(source / f"county_{year}_core.csv")
            if row["level"] == "county" and row["code"] and float(row["resident"] or 0) > 0
        }
        for year in YEARS
    )
    found: dict[tuple[str, str], list[float]] = {}
    for code, row in first.items():
        if code not in last or kind_of(row["name"]) != kind_of(last[code]["name"]):
            continue
        share = [float(r["urban"] or 0) / float(r["resident"]) for r in (row, last[code])]
        ratio = float(last[code]["resident"]) / float(row["resident"])
        changes = {
            "urban_share": (share[1] - share[0]) * PERCENT / DECADE,
            "residents": (ratio ** (1 / DECADE) - 1) * PERCENT,
        }
        for indicator, value in changes.items():
            for kind in (kind_of(row["name"]), "all"):
                found.setdefault((kind, indicator), []).append(value)
    rows = [
        (kind, name, len(values), *(f"{p:.2f}" for p in np.percentile(values, PERCENTILES)))
        for (kind, name), values in sorted(found.items())
    ]
    columns = ("kind", "indicator", "counties", *(f"p{p:02d}" for p in PERCENTILES))
    write_table(output / "county_growth.csv", GROWTH_HEADER, columns, rows)


def main() -> None:
    """Read the command line and write the three tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", type=Path, help="folder of the county census tables")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="folder to write to")
    arguments = parser.parse_args()
    for build in (build_census, build_ages, build_growth):
        build(arguments.source, arguments.output)


if __name__ == "__main__":
    main()
