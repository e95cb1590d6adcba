"""County census tables of a folder: figures and ages of 2010, and of 2020 where they are known.

Files and columns are those of 中国人口普查分县资料 as digitized; lines that begin with ``#`` are
comments. Every fault of every file is reported at once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.axes import N_SEXES
from simulator.county_lists import misprinted_rows
from simulator.errors import ScenarioError, Violation, nearest
from simulator.reach import MAX_TABLE_BYTES, read_input
from simulator.syntax import UNPRINTABLE, code_point, decoded

#: Age groups of the county tables by their lower bound; the last is open.
GROUP_STARTS = (0, 1, *range(5, 90, 5))
GROUP_NAMES = ("0", "1_4", *(f"{a}_{a + 4}" for a in range(5, 85, 5)), "85p")
AGE_COLUMNS = tuple(f"{sex}_{group}" for group in GROUP_NAMES for sex in "mf")
TEXT = ("code", "province", "prefecture", "name", "level")
_COUNTY = "county"
#: A name or figure is a few characters long.
_LONGEST = 200
FIRST_YEAR, SECOND_YEAR = 2010, 2020
CORE_2010 = (
    "resident", "hukou", "nonagri_hukou_pct", "urban", "ethnic_minority_pct",
    "family_household_pop", "family_household_size", "birth_rate", "death_rate",
    "in_migrants_same_county", "in_migrants_other_county_same_prov", "in_migrants_other_prov",
    "children_ever_born_w15_64", "housing_m2_per_capita", "emp_primary_pct",
    "emp_secondary_pct", "years_schooling",
)  # fmt: skip
CORE_2020 = (
    "resident", "urban", "registered_other_county_same_prov", "registered_other_prov",
)  # fmt: skip
#: Columns without which a county cannot be started or scored.
NEEDED = ("resident", "hukou", "urban")


@dataclass(frozen=True)
class CountyTable:
    """Counties of one census.

    ``codes``, ``names``, ``prefectures``, ``provinces`` have N entries; ``values`` (N,) by column,
    nan where a cell is empty; ``ages`` (N, 2, 19) persons by sex and the groups of
    ``GROUP_STARTS``.
    """

    codes: tuple[str, ...]
    names: tuple[str, ...]
    prefectures: tuple[str, ...]
    provinces: tuple[str, ...]
    values: dict[str, np.ndarray]
    ages: np.ndarray


def read_census(folder: Path, year: int, columns: Sequence[str]) -> CountyTable:
    """Tables ``county_<year>_core.csv`` and ``county_<year>_age_sex.csv`` of a folder.

    Raises
    ------
    ScenarioError
        Naming every missing file, missing column, cell that is no number, and county of one file
        that the other lacks.
    """
    faults: list[Violation] = []
    core = _rows(folder / f"county_{year}_core.csv", (*TEXT, *columns), faults)
    age = _rows(folder / f"county_{year}_age_sex.csv", (*TEXT, *AGE_COLUMNS), faults)
    if faults:
        raise ScenarioError(faults)
    # 市辖区 is the sum of a municipality's districts in the digitized file, not a county.
    core = {c: r for c, r in core.items() if r[1]["name"] != "市辖区"}
    file = str(folder / f"county_{year}_age_sex.csv")
    for code in core.keys() - age.keys():
        faults.append(Violation("county_without_ages", file, value=code))
    if year == FIRST_YEAR:
        core, age = _corrected(core), _corrected(age)
    values = {n: _numbers(folder / f"county_{year}_core.csv", core, n, faults) for n in columns}
    kept = {code: age[code] for code in core if code in age}
    found = {n: _numbers(Path(file), kept, n, faults) for n in AGE_COLUMNS}
    if faults:
        raise ScenarioError(faults)
    ages = np.stack([found[n] for n in AGE_COLUMNS], axis=-1)
    rows = [row for _, row in core.values()]
    return CountyTable(
        codes=tuple(core),
        names=tuple(row["name"].replace("巿", "市") for row in rows),
        prefectures=tuple(row["prefecture"] for row in rows),
        provinces=tuple(row["province"] for row in rows),
        values=values,
        ages=ages.reshape(len(rows), len(GROUP_NAMES), N_SEXES).swapaxes(1, 2),
    )


_Numbered = dict[str, tuple[int, dict[str, str]]]


def _corrected(rows: _Numbered) -> _Numbered:
    """Figures printed under a neighbour's name put under their own (simulator/data)."""
    found = dict(rows)
    for code, printed in misprinted_rows().items():
        if code in rows and printed in rows:
            line, row = rows[printed]
            found[code] = (line, {**row, **{n: rows[code][1][n] for n in TEXT}})
    return found


def _rows(path: Path, columns: Sequence[str], faults: list[Violation]) -> _Numbered:
    """County rows by code with their line, or faults for what is missing."""
    file = str(path)
    try:
        text = decoded(file, read_input(path, file, MAX_TABLE_BYTES))
    except ScenarioError as error:
        faults += error.violations
        return {}
    # Line ends of other worlds end no line here; they are characters that cannot be shown.
    numbered = [(i, t) for i, t in enumerate(re.split("\r\n|\r|\n", text), 1) if t.strip()]
    lines = [(i, line) for i, line in numbered if not line.startswith("#")]
    if not lines:
        faults.append(Violation("county_table_empty", file))
        return {}
    header = line_cells(file, *lines[0], faults)
    missing = [] if header is None else [name for name in columns if name not in header]
    for name in missing:
        params = {"nearest": nearest(name, header or [])}
        faults.append(Violation("county_column_missing", file, lines[0][0], name, None, params))
    return {} if missing or header is None else _counties(file, header, lines[1:], faults)


def _counties(
    file: str, header: list[str], lines: Sequence[tuple[int, str]], faults: list[Violation]
) -> _Numbered:
    """Rows of counties by code with their line; other levels are passed over."""
    found: _Numbered = {}
    for line, words in lines:
        cells = line_cells(file, line, words, faults)
        if cells is not None and len(cells) != len(header):
            counts = {"wanted": len(header)}
            faults.append(Violation("table_cells", file, line, value=len(cells), params=counts))
        elif cells is not None:
            row = dict(zip(header, cells, strict=True))
            if row["level"] != _COUNTY:
                continue
            if row["code"] in found:
                first = {"first": found[row["code"]][0]}
                faults.append(Violation("county_twice", file, line, "code", row["code"], first))
            found[row["code"]] = (line, row)
    return found


def line_cells(file: str, i: int, line: str, faults: list[Violation]) -> list[str] | None:
    """Cells of a line, or None and a fault where it cannot be read or shown."""
    if odd := UNPRINTABLE.search(line):
        params: dict[str, object] = {"char": code_point(odd[0])}
        faults.append(Violation("bad_character", file, i, params=params))
        return None
    try:
        cells = [cell.strip() for cell in next(csv.reader([line], strict=True))]
    except csv.Error:
        faults.append(Violation("table_line", file, i))
        return None
    if any(len(cell) > _LONGEST for cell in cells):
        faults.append(Violation("workbook_text", file, i, params={"limit": _LONGEST}))
        return None
    return cells


def _numbers(path: Path, rows: _Numbered, name: str, faults: list[Violation]) -> np.ndarray:
    """One column, nan where empty; a needed cell that is empty or not positive is a fault."""
    column = np.full(len(rows), np.nan)
    for i, (line, row) in enumerate(rows.values()):
        words = row.get(name, "")
        try:
            column[i] = float(words) if words else np.nan
        except ValueError:
            params = {"expected": "number"}
            faults.append(Violation("not_a_number", str(path), line, name, words, params))
            continue
        needed = name in NEEDED or name in AGE_COLUMNS
        if (needed and np.isnan(column[i])) or column[i] < 0.0 or np.isinf(column[i]):
            faults.append(Violation("county_count", str(path), line, name, words))
    return column
