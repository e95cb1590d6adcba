"""Studies from a table of places: a CSV file with a row a place and a column a figure.

A row stands for a place file with the same facts of its base year; census figures of the program
are joined by the code, as for any place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulator import census
from simulator.county_places import horizon_of
from simulator.county_tables import line_cells
from simulator.errors import ScenarioError, Violation, nearest
from simulator.launch import history_facts
from simulator.parameters import central_values
from simulator.place_cells import Row, cell_doubts, cell_faults, part_faults
from simulator.place_columns import (
    COLUMNS,
    NEEDED,
    PERSONS,
    RATES,
    chinese,
    column_of,
    every_word,
)
from simulator.place_identity import doubts
from simulator.reach import MAX_TABLE_BYTES, read_input
from simulator.scenario import DEFAULT_SEED, LAST_YEAR, Study
from simulator.schema import Fact, PlaceFile, Source, Words
from simulator.syntax import decoded
from simulator.tables import wpp
from simulator.totals import Facts, first_totals, known_residents

_DOCUMENT: Final = "table"
_TITLE: Final = Words(zh="地方表", en="Table of places")
#: Three times the counties of the country.
_MANY: Final = 10_000
_UNNAMED: Final = "unnamed"


@dataclass(frozen=True)
class PlaceTable:
    """The studies of a table in its order, and what is suspicious about its rows."""

    studies: tuple[Study, ...]
    warnings: tuple[Violation, ...]


@dataclass(frozen=True)
class _Judged:
    """A row with what is wrong and odd about it.

    ``sound`` is what is left without its faults, ``whole`` whether its figures and code are all
    there.
    """

    sound: Row
    whole: bool
    wrong: list[Violation]
    odd: list[Violation]


def read_places(path: Path, years: int, latest: int) -> PlaceTable:
    """A study of each row, in the order of the table.

    Parameters
    ----------
    path : CSV in UTF-8; lines that begin with ``#`` are comments
    years : years projected
    latest : last year that can be a base year: this year

    Raises
    ------
    ScenarioError
        With every fault of the table: file, line and column.
    """
    rows, faults, understood = _rows(path)
    last, beyond = _last_base(years, latest)
    faults = [*beyond, *faults]
    studies, warnings, seen = list[Study](), _codes_again(rows), dict[str, int]()
    for row in rows:
        judged = _judged(row, last)
        wrong = [*judged.wrong, *_twice(row, judged.sound, seen)]
        if judged.sound.cells.get("year"):
            study = _study(judged.sound, path, years)
            refused, more = (
                _people(judged.sound, study) if understood and judged.whole else ([], [])
            )
            wrong += [*refused, *_contradictions(judged.sound, study)]
            studies.append(study)
            warnings += [*judged.odd, *more]
        faults += wrong
    if faults:
        raise ScenarioError(faults)
    return PlaceTable(tuple(studies), tuple(warnings))


def _last_base(years: int, latest: int) -> tuple[int, list[Violation]]:
    """Last year that can be a base year, and the fault of the option if none can be."""
    try:
        horizon_of(int(wpp().years[0]) - 1, years)
    except ScenarioError as error:
        return latest, list(error.violations)
    return min(latest, LAST_YEAR - years), []


def _twice(row: Row, sound: Row, seen: dict[str, int]) -> list[Violation]:
    """The fault of a row whose id an earlier row has; ``seen`` are lines by id, and is told."""
    name = _id(sound)
    if not name or row.cells.get("id", "") != sound.cells.get("id", ""):
        return []
    first = seen.setdefault(name, row.line)
    column = "id" if row.cells.get("id") else "code"
    return [row.fault("table_twice", column, first=first)] if first != row.line else []


def _codes_again(rows: Sequence[Row]) -> list[Violation]:
    """A warning for each row with another's code under an id of its own.

    A place may be there twice, from two base years; a sum over the table then counts it twice.
    """
    found, first = list[Violation](), dict[str, Row]()
    for row in rows:
        code = row.cells.get("code", "")
        other = first.setdefault(code, row) if code else row
        if _id(other) != _id(row):
            found.append(row.fault("table_code_again", "code", first=other.line))
    return found


def _judged(row: Row, last: int) -> _Judged:
    """What is wrong with a row as it is written, and what is odd; each rule asks sound cells."""
    by_cell = cell_faults(row, last)
    parts = part_faults(row.without(by_cell))
    sound = row.without({**by_cell, **parts})
    cells = sound.cells
    about = doubts(cells.get("name", ""), cells.get("province", ""), cells.get("code", ""))
    wrong = [row.fault(d.code, d.column, **d.params) for d in about if d.grave]
    odd = [row.fault(d.code, d.column, **d.params) for d in about if not d.grave]
    whole = not by_cell.keys() & {"code", *PERSONS, *RATES}
    return _Judged(sound, whole, [*by_cell.values(), *parts.values(), *wrong],
                   [*odd, *cell_doubts(sound)])  # fmt: skip


def _people(row: Row, study: Study) -> tuple[list[Violation], list[Violation]]:
    """A fault where nothing is known of a place, a warning where nobody has counted its people."""
    facts, base = Facts(history_facts(study)), study.place.base_year
    counted = (y for n in ("resident_population", "hukou_population") for y in facts.years(n))
    if known_residents(facts, base) is not None or any(year <= base for year in counted):
        return [], []
    if any(row.cells.get(name) for name in (*PERSONS, *RATES)):
        return [], [row.fault("table_normalised", "resident_population")]
    return [row.fault("table_no_figures", "resident_population",
                      allowed=[*PERSONS, *RATES],
                      allowed_zh=[*chinese(PERSONS), *chinese(RATES)])], []  # fmt: skip


def _rows(path: Path) -> tuple[list[Row], list[Violation], bool]:
    """Rows that can be read, faults of head and lines, and whether every column is understood."""
    file = str(path)
    # Line ends of other worlds end no line here; they are characters that cannot be shown.
    text = re.split("\r\n|\r|\n", decoded(file, read_input(path, file, MAX_TABLE_BYTES)))
    lines = [(i, t) for i, t in enumerate(text, 1) if t.strip() and t[0] != "#"]
    if len(lines) > _MANY:
        raise ScenarioError([Violation("workbook_rows", file, params={"limit": _MANY})])
    faults = [Violation("county_table_empty", file)] if len(lines) <= 1 else []
    head = line_cells(file, *lines[0], faults) if lines else None
    about_head = _head_faults(file, lines[0][0], head) if head is not None else []
    faults += about_head
    names = _columns(head or ())
    rows = []
    for i, line in lines[1:]:
        cells = line_cells(file, i, line, faults)
        if cells is None or head is None:
            continue
        if len(cells) != len(head):
            counts = {"wanted": len(head)}
            faults.append(Violation("table_cells", file, i, value=len(cells), params=counts))
            continue
        known = {name: cells[j] for name, j in names.items()}
        rows.append(Row(file, i, known, {name: head[j] for name, j in names.items()}))
    return rows, faults, not about_head


def _columns(head: Sequence[str]) -> dict[str, int]:
    """Where each column stands; one that stands twice is neither of them."""
    names = [column_of(word) for word in head]
    return {n: j for j, n in enumerate(names) if n is not None and names.count(n) == 1}


def _head_faults(file: str, line: int, head: Sequence[str]) -> list[Violation]:
    """Columns that nobody knows, that stand twice, and those that are missing."""
    found, names = list[Violation](), [column_of(word) for word in head]
    for i, word in enumerate(head):
        if names[i] is None:
            params = {"nearest": nearest(word, every_word(COLUMNS)), "allowed": list(COLUMNS),
                      "allowed_zh": chinese(COLUMNS)}  # fmt: skip
            found.append(Violation("table_column_unknown", file, line, word, None, params))
        elif names[i] in names[:i]:
            found.append(Violation("table_column_twice", file, line, word))
    missing = [n for n in NEEDED if n not in names]
    if not {"id", "code"} & set(names):
        missing.append("code")
    for name in missing:
        params = {"allowed": [name, *COLUMNS[name]]}
        found.append(Violation("county_column_missing", file, line, name, None, params))
    return found


def _id(row: Row) -> str:
    """Id of a row, by its code where it gives none; empty where one of the two is faulty."""
    code = row.cells.get("code")
    return row.cells.get("id") or (f"c{code}" if code else "")


def _study(row: Row, path: Path, years: int) -> Study:
    """The study of a row; of one without name or id, only to see whether its figures fit."""
    cells, base = row.cells, int(row.cells["year"])
    facts = [
        Fact(indicator=name, year=base, value=float(cells[name]), unit=unit, use="base",
             scope="county_seat" if name == "county_seat_population" else "place",
             document=_DOCUMENT, quote=f"{name}={cells[name]}")
        for names, unit in ((PERSONS, "人"), (RATES, "%"))
        for name in names if cells.get(name)
    ]  # fmt: skip
    head = {
        "kind": "place", "id": _id(row) or _UNNAMED,
        "name": Words(zh=cells.get("name") or _UNNAMED),
        "code": cells.get("code") or None, "province": cells.get("province", ""),
        "prefecture": cells.get("prefecture") or None,
        "level": row.level, "base_year": base,
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


def _contradictions(row: Row, study: Study) -> list[Violation]:
    """Totals of the row's own year that contradict each other."""
    facts, year = Facts(history_facts(study)), study.place.base_year
    if not facts.has_split(year):
        return []
    totals, _ = first_totals(facts, year, study.parameters)
    wrong = totals.problems()
    if not wrong:
        return []
    return [row.fault("totals_contradict", wrong[0], year=year, totals=", ".join(wrong))]
