"""Studies from a table of places: a CSV file with a row a place and a column a figure.

A row stands for a place file with the same facts of its base year; census figures of the program
are joined by the code, as for any place.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator import census
from simulator.county_places import horizon_of, level_of
from simulator.errors import ScenarioError, Violation, nearest
from simulator.launch import history_facts
from simulator.parameters import central_values
from simulator.reach import read_input
from simulator.scenario import DEFAULT_SEED, LAST_YEAR, Study
from simulator.schema import Fact, PlaceFile, Source, Words
from simulator.syntax import UNPRINTABLE, code_point, decoded
from simulator.totals import Facts, first_totals

#: Columns that say which place a row is.
NEEDED: Final = ("name", "province", "year")
OPTIONAL: Final = ("id", "code", "prefecture", "level")
#: Columns of figures, in persons and, for rates, per cent.
PERSONS: Final = (
    "resident_population", "town_population", "village_population", "hukou_population",
    "nonlocal_residents", "out_migrants", "county_seat_population",
)  # fmt: skip
RATES: Final = ("resident_urbanization_rate", "hukou_urbanization_rate")
COLUMNS: Final = (*NEEDED, *OPTIONAL, *PERSONS, *RATES)
LEVELS: Final = ("county", "district", "prefecture", "town", "zone")
_SOMEBODY, _EVERYBODY, _ALL = 1.0, 2e9, 100.0
_FIRST_YEAR: Final = 1949
_ID, _CODE = re.compile(r"[a-z][a-z0-9_]{0,59}"), re.compile(r"\d{6}")
_DOCUMENT: Final = "table"
_TITLE: Final = Words(zh="地方表", en="Table of places")
#: Ten thousand rows of sixteen short cells; a name or figure is a few characters long.
_MANY, _MAX_BYTES, _LONGEST = 10_000, 5_000_000, 200


@dataclass(frozen=True)
class _Row:
    """One row as read: its line and its cells by column."""

    file: str
    line: int
    cells: Mapping[str, str]

    def fault(self, code: str, column: str, **params: object) -> Violation:
        """A violation that names line and column."""
        return Violation(
            code, self.file, self.line, column, self.cells.get(column) or None, dict(params)
        )


def table_studies(path: Path, years: int) -> list[Study]:
    """A study of each row, in the order of the table.

    Parameters
    ----------
    path : CSV in UTF-8; lines that begin with ``#`` are comments
    years : years projected

    Raises
    ------
    ScenarioError
        With every fault of the table: file, line and column.
    """
    horizon_of(_FIRST_YEAR, years)  # years that no base year allows are a fault of the option
    rows, faults = _rows(path)
    studies, seen = [], dict[str, int]()
    for row in rows:
        wrong = _faults(row, LAST_YEAR - years)
        name = _id(row)
        if name in seen and not wrong:
            wrong = [row.fault("table_twice", "id" if row.cells.get("id") else "code",
                               first=seen[name])]  # fmt: skip
        seen.setdefault(name, row.line)
        if not wrong:
            study = _study(row, path, years)
            wrong = _contradictions(row, study)
            studies.append(study)
        faults += wrong
    if faults:
        raise ScenarioError(faults)
    return studies


def _rows(path: Path) -> tuple[list[_Row], list[Violation]]:
    file = str(path)
    # Line ends of other worlds end no line here; they are characters that cannot be shown.
    text = re.split("\r\n|\r|\n", decoded(file, read_input(path, file, _MAX_BYTES)))
    lines = [(i, t) for i, t in enumerate(text, 1) if t.strip() and t[0] != "#"]
    if len(lines) <= 1:
        raise ScenarioError([Violation("county_table_empty", file)])
    if len(lines) > _MANY:
        raise ScenarioError([Violation("workbook_rows", file, params={"limit": _MANY})])
    faults: list[Violation] = []
    first, head = lines[0][0], _cells(file, *lines[0], faults)
    faults += _head_faults(file, first, head) if head is not None else []
    if head is None or faults:
        raise ScenarioError(faults)
    rows = []
    for i, line in lines[1:]:
        cells = _cells(file, i, line, faults)
        if cells is not None and len(cells) != len(head):
            counts = {"wanted": len(head)}
            faults.append(Violation("table_cells", file, i, value=len(cells), params=counts))
        elif cells is not None:
            rows.append(_Row(file, i, dict(zip(head, cells, strict=True))))
    return rows, faults


def _cells(file: str, i: int, line: str, faults: list[Violation]) -> list[str] | None:
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


def _head_faults(file: str, line: int, head: Sequence[str]) -> list[Violation]:
    """Columns that nobody knows, that stand twice, and those that are missing."""
    found = []
    for i, name in enumerate(head):
        if name not in COLUMNS:
            params = {"nearest": nearest(name, COLUMNS), "allowed": list(COLUMNS)}
            found.append(Violation("table_column_unknown", file, line, name, None, params))
        elif name in head[:i]:
            found.append(Violation("table_column_twice", file, line, name))
    missing = [n for n in NEEDED if n not in head]
    if not {"id", "code"} & set(head):
        missing.append("code")
    return found + [Violation("county_column_missing", file, line, n) for n in missing]


def _faults(row: _Row, last: int) -> list[Violation]:
    """What is wrong with the cells of a row, each by itself; ``last`` is the last base year."""
    found = [row.fault("table_cell_empty", n) for n in NEEDED if not row.cells[n]]
    if not row.cells.get("id") and not row.cells.get("code"):
        found.append(row.fault("table_cell_empty", "code"))
    for column, form, code in (("id", _ID, "table_id"), ("code", _CODE, "table_code")):
        if row.cells.get(column) and not form.fullmatch(row.cells[column]):
            found.append(row.fault(code, column))
    level = row.cells.get("level")
    if level and level not in LEVELS:
        params = {"allowed": list(LEVELS), "nearest": nearest(level, LEVELS)}
        found.append(row.fault("not_allowed", "level", **params))
    found += _out_of_range(row, "year", _FIRST_YEAR, last, whole=True)
    for columns, high in ((PERSONS, _EVERYBODY), (RATES, _ALL)):
        for column in columns:
            low = _SOMEBODY if column == "resident_population" else 0.0
            found += _out_of_range(row, column, low, high)
    return found


def _out_of_range(
    row: _Row, column: str, low: float, high: float, *, whole: bool = False
) -> list[Violation]:
    """A cell that is no number, or none within its limits; an empty one is no fault."""
    words = row.cells.get(column)
    if not words:
        return []
    try:
        if "_" in words or not words.isascii():  # which Python would read, and no spreadsheet
            raise ValueError(words)
        value = int(words) if whole else float(words)
    except ValueError:
        return [row.fault("not_a_number", column, expected="integer" if whole else "number")]
    if not low <= value <= high:
        return [row.fault("outside", column, low=low, high=high)]
    return []


def _id(row: _Row) -> str:
    return row.cells.get("id") or f"c{row.cells.get('code', '')}"


def _study(row: _Row, path: Path, years: int) -> Study:
    cells, base = row.cells, int(row.cells["year"])
    facts = [
        Fact(indicator=name, year=base, value=float(cells[name]), unit=unit, use="base",
             scope="county_seat" if name == "county_seat_population" else "place",
             document=_DOCUMENT, quote=f"{name}={cells[name]}")
        for names, unit in ((PERSONS, "人"), (RATES, "%"))
        for name in names if cells.get(name)
    ]  # fmt: skip
    head = {
        "kind": "place", "id": _id(row), "name": Words(zh=cells["name"]),
        "code": cells.get("code") or None, "province": cells["province"],
        "prefecture": cells.get("prefecture") or None,
        "level": cells.get("level") or level_of(cells["name"]), "base_year": base,
        "documents": {_DOCUMENT: Source(title=_TITLE)}, "facts": facts,
    }  # fmt: skip
    place = PlaceFile.model_validate(head)
    area = census.area_of(place)
    ages = census.age_tables(area.code) if area is not None else {}
    return Study(
        file=row.file,
        place_file=row.file,
        id=place.id,
        place=census.joined(place),
        horizon=base + years,
        seed=DEFAULT_SEED,
        parameters=central_values(),
        overridden={},
        cases={},
        age_tables={y: table for y, table in ages.items() if y <= base},
        sources=(path,),
        figures_line=row.line,
    )


def _contradictions(row: _Row, study: Study) -> list[Violation]:
    """Totals of the row's own year that contradict each other."""
    facts, year = Facts(history_facts(study)), study.place.base_year
    if not facts.has_split(year):
        return []
    totals, _ = first_totals(facts, year, study.parameters)
    wrong = totals.problems()
    if not wrong:
        return []
    return [row.fault("totals_contradict", wrong[0], year=year, totals=", ".join(wrong))]
