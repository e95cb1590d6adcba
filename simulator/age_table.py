"""A place's own age-sex table: CSV with ``year,sex,age_from,age_to,persons``."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.axes import N_AGES, OPEN_AGE, Sex
from simulator.errors import Violation
from simulator.source import Document

COLUMNS = ("year", "sex", "age_from", "age_to", "persons")


@dataclass(frozen=True)
class AgeTable:
    """Residents of one year by sex and age group, persons.

    ``persons`` has shape (2, G); ``group`` (101,) gives the group of each single age.
    """

    persons: np.ndarray
    group: np.ndarray


def read_age_table(place: Document, name: str) -> tuple[Mapping[int, AgeTable], list[Violation]]:
    """Age tables by year, and everything wrong with the file.

    Groups must cover ages 0 to the open group without gap or overlap, alike for both sexes.
    """
    path = place.path.parent / name
    if not path.is_file():
        return {}, [place.violation("age_table_missing", ("age_sex",), name)]
    rows, faults = _rows(path, name)
    if faults:
        return {}, faults
    tables: dict[int, AgeTable] = {}
    for year in sorted({row[0] for row in rows}):
        table, problem = _table([row[1:] for row in rows if row[0] == year])
        if table is None:
            faults.append(
                Violation("age_table_groups", name, params={"year": year, "problem": problem})
            )
        else:
            tables[year] = table
    return tables, faults


_Row = tuple[int, Sex, int, int, float]


def _rows(path: Path, name: str) -> tuple[list[_Row], list[Violation]]:
    rows: list[_Row] = []
    faults: list[Violation] = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        return [], [Violation("not_utf8", name)]
    numbered = [
        (i, line)
        for i, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]
    reader = csv.DictReader(line for _, line in numbered)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        params = {"allowed": list(COLUMNS)}
        return [], [
            Violation("age_table_columns", name, value=list(reader.fieldnames or ()), params=params)
        ]
    for (line, _), row in zip(numbered[1:], reader, strict=False):
        try:
            rows.append(_row(row))
        except (ValueError, KeyError) as error:
            faults.append(
                Violation(
                    "age_table_row", name, line, value=dict(row), params={"reason": str(error)}
                )
            )
    return rows, faults


def _row(row: dict[str, str]) -> _Row:
    low = int(row["age_from"])
    high = int(row["age_to"]) if row["age_to"].strip() else OPEN_AGE
    persons = float(row["persons"])
    if not 0 <= low <= high <= OPEN_AGE or not persons >= 0.0 or persons == float("inf"):
        raise ValueError("0 <= age_from <= age_to <= 100, persons >= 0")
    return int(row["year"]), Sex[row["sex"].upper()], low, high, persons


def _table(rows: list[tuple[Sex, int, int, float]]) -> tuple[AgeTable | None, str]:
    by_sex = {sex: sorted(r[1:] for r in rows if r[0] is sex) for sex in Sex}
    bounds = [[(low, high) for low, high, _ in by_sex[sex]] for sex in Sex]
    if bounds[Sex.MALE] != bounds[Sex.FEMALE] or not bounds[Sex.MALE]:
        return None, "male and female groups differ"
    expected = 0
    for low, high in bounds[Sex.MALE]:
        if low != expected:
            return None, f"group should start at age {expected}, starts at {low}"
        expected = high + 1
    if expected != N_AGES:
        return None, f"last group ends at age {expected - 1}, should be open"
    group = np.concatenate([np.full(h - low + 1, i) for i, (low, h) in enumerate(bounds[Sex.MALE])])
    persons = np.array([[n for _, _, n in by_sex[sex]] for sex in Sex])
    if not persons.sum() > 0.0:
        return None, "no persons"
    return AgeTable(persons, group), ""


def years_in(tables: Mapping[int, AgeTable]) -> Iterator[int]:
    """Years with a table, earliest first."""
    yield from sorted(tables)
