"""A place's own age-sex table: CSV with ``year,sex,age_from,age_to,persons``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from simulator.axes import N_AGES, OPEN_AGE, Sex
from simulator.errors import ScenarioError, Violation, nearest
from simulator.reach import read_input
from simulator.syntax import decoded

COLUMNS = ("year", "sex", "age_from", "age_to", "persons")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_COUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{0,15})?")
_YEARS, _AGES, _PERSONS = (1949, 2100), (0, OPEN_AGE), (0, 2e9)
_ANY_YEAR = frozenset(range(_YEARS[0], _YEARS[1] + 1))
_LIMITS = {"year": _YEARS, "age_from": _AGES, "age_to": _AGES, "persons": _PERSONS}


@dataclass(frozen=True)
class AgeTable:
    """Residents of one year by sex and age group, persons.

    ``persons`` has shape (2, G); ``group`` (101,) gives the group of each single age.
    """

    persons: np.ndarray
    group: np.ndarray


def read_age_table(path: Path) -> tuple[Mapping[int, AgeTable], list[Violation]]:
    """Age tables by year, and everything wrong with the file.

    Groups must cover ages 0 to the open group without gap or overlap, alike for both sexes.
    """
    try:
        raw = read_input(path, str(path))
    except ScenarioError as error:
        return {}, list(error.violations)
    return parse_age_table(raw, str(path))


def parse_age_table(raw: bytes, file: str) -> tuple[Mapping[int, AgeTable], list[Violation]]:
    """`read_age_table` for bytes in hand, named ``file`` where something is wrong with them."""
    try:
        rows, faults, torn = _rows(decoded(file, raw), file)
    except ScenarioError as error:
        return {}, list(error.violations)
    tables: dict[int, AgeTable] = {}
    for year in sorted({row.year for row in rows} - torn):
        table = _table(year, [row for row in rows if row.year == year], file)
        if isinstance(table, Violation):
            faults.append(table)
        else:
            tables[year] = table
    return tables, faults


class _Row(NamedTuple):
    line: int
    year: int
    sex: Sex
    low: int
    high: int
    persons: float


def _rows(text: str, file: str) -> tuple[list[_Row], list[Violation], set[int]]:
    """Rows, everything wrong with any of them, and the years that a faulty row leaves torn.

    A faulty row whose year cannot be read may belong to any.
    """
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    cells = [
        (i, [cell.strip().strip('"') for cell in line.split(",")])
        for i, line in lines
        if not line.startswith("#")
    ]
    if not cells:
        return [], [Violation("age_table_empty", file)], set()
    first, header = cells[0]
    if tuple(header) != COLUMNS:
        found = Violation(
            "age_table_columns",
            file,
            first,
            value=",".join(header),
            params={"columns": ",".join(COLUMNS)},
        )
        return [], [found], set()
    rows: list[_Row] = []
    faults: list[Violation] = []
    torn: set[int] = set()
    for line, row in cells[1:]:
        read, wrong = _row(file, line, row)
        if read is not None:
            rows.append(read)
        else:
            faults += wrong
            year = _number(file, line, "year", row[0])
            torn |= _ANY_YEAR if isinstance(year, Violation) else {int(year)}
    if not rows and not faults:
        faults.append(Violation("age_table_empty", file))
    return rows, faults, torn


def _row(file: str, line: int, row: list[str]) -> tuple[_Row | None, list[Violation]]:
    """One row, or everything wrong with it."""
    if len(row) != len(COLUMNS):
        params: dict[str, Any] = {"n": len(COLUMNS), "found": len(row)}
        return None, [Violation("age_table_cells", file, line, value=",".join(row), params=params)]
    cells, faults = dict(zip(COLUMNS, row, strict=True)), list[Violation]()
    if cells["sex"].upper() not in Sex.__members__:
        allowed = [sex.name.lower() for sex in Sex]
        params = {"allowed": allowed, "nearest": nearest(cells["sex"].lower(), allowed)}
        faults.append(Violation("not_allowed", file, line, "sex", cells["sex"], params))
    numbers: dict[str, float] = {}
    for column in _LIMITS:
        read = _number(file, line, column, cells[column])
        if isinstance(read, Violation):
            faults.append(read)
        else:
            numbers[column] = read
    lowest, highest = numbers.get("age_from", 0.0), numbers.get("age_to", float(OPEN_AGE))
    if lowest > highest:
        faults.append(Violation("age_table_order", file, line, value=",".join(row)))
    if faults:
        return None, faults
    sex = Sex[cells["sex"].upper()]
    year, low, high = int(numbers["year"]), int(lowest), int(highest)
    return _Row(line, year, sex, low, high, numbers["persons"]), []


def _number(file: str, line: int, column: str, cell: str) -> float | Violation:
    """The number of a cell, or what is wrong with it; an empty upper age is the open one."""
    words = cell or (str(OPEN_AGE) if column == "age_to" else "")
    pattern = _COUNT if column == "persons" else _WHOLE
    if not pattern.fullmatch(words):
        params: dict[str, Any] = {"expected": "number" if column == "persons" else "integer"}
        return Violation("not_a_number", file, line, column, words, params)
    low, high = _LIMITS[column]
    if not low <= float(words) <= high:
        params = {"low": low, "high": high}
        return Violation("outside", file, line, column, float(words), params)
    return float(words)


def _table(year: int, rows: list[_Row], file: str) -> AgeTable | Violation:
    """The table of one year, or what is wrong with its groups."""
    by_sex = {sex: sorted((r for r in rows if r.sex is sex), key=lambda r: r.low) for sex in Sex}
    for sex, groups in by_sex.items():
        if not groups:
            params: dict[str, Any] = {"year": year, "sex": sex.name.lower()}
            return Violation("age_table_one_sex", file, rows[0].line, params=params)
        expected = 0
        for row in groups:
            params = {"year": year, "sex": sex.name.lower(), "start": expected}
            if row.low != expected:
                return Violation("age_table_gap", file, row.line, "age_from", row.low, params)
            expected = row.high + 1
        if expected != N_AGES:
            params = {"year": year, "sex": sex.name.lower()}
            last = groups[-1]
            return Violation("age_table_not_open", file, last.line, "age_to", last.high, params)
    for male, female in zip(by_sex[Sex.MALE], by_sex[Sex.FEMALE], strict=False):
        if male.high != female.high:
            params = {"year": year, "male": f"{male.low}-{male.high}"}
            groups_of = f"{female.low}-{female.high}"
            return Violation("age_table_sexes", file, female.line, value=groups_of, params=params)
    bounds = [(row.low, row.high) for row in by_sex[Sex.MALE]]
    group = np.concatenate([np.full(h - low + 1, i) for i, (low, h) in enumerate(bounds)])
    persons = np.array([[row.persons for row in by_sex[sex]] for sex in Sex])
    if not persons.sum() > 0.0:
        return Violation("age_table_no_persons", file, rows[0].line, params={"year": year})
    return AgeTable(persons, group)
