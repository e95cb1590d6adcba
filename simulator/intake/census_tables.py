"""From a county census workbook to the tables of a folder that ``run --census`` reads."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.county_names import Unit, Walk, by_code
from simulator.county_tables import (
    AGE_COLUMNS,
    CORE_2010,
    CORE_2020,
    FIRST_YEAR,
    NEEDED,
    TEXT,
)
from simulator.errors import ScenarioError, Violation
from simulator.intake.census_book import Cell, Sheet, read_sheets, regions
from simulator.intake.census_heads import (
    CODE,
    RENAMED_2020,
    Ages,
    ages_missing,
    ages_of,
    figure,
    squeezed,
)
from simulator.report.plain_cells import plain
from simulator.syntax import UNPRINTABLE, code_point

CORE = {FIRST_YEAR: CORE_2010, FIRST_YEAR + 10: CORE_2020}
_YEAR = re.compile(r"(20[12]0)年?")
_NUMBER = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?|-?\d+(\.\d+)?")
#: Rows that are sums or the nation, by the words that volumes print for them.
_SUMS = {"全国", "合计", "总计", "市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}
#: Volumes print a dash where there is nobody.
_NOBODY = {"-", "—", "－", "…"}
#: Two counties of the 2010 volume have ages that add up to 6 % other than their residents; rows
#: that slipped against each other are further off.
_SLIPPED = 0.10


@dataclass
class _Found:
    """Figures of counties by code and column with the cell of each, and what is wrong.

    ``empty`` are names of cells that hold nothing, ``nobody`` figures printed as a dash;
    ``doubtful`` figures, and ``unnamed`` columns
    of them, that cannot be called missing, because their cell or the name of a row was refused.
    """

    file: str
    units: dict[str, Unit] = field(default_factory=dict)
    figures: dict[tuple[str, str], float] = field(default_factory=dict)
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    empty: dict[tuple[str, str], str] = field(default_factory=dict)
    nobody: set[tuple[str, str]] = field(default_factory=set)
    doubtful: set[tuple[str, str]] = field(default_factory=set)
    unnamed: set[str] = field(default_factory=set)
    faults: list[Violation] = field(default_factory=list)

    def fault(self, code: str, where: str, value: Any = None, **params: Any) -> None:
        self.faults.append(Violation(code, self.file, path=where, value=value, params=params))


def import_census(path: Path, year: int | None) -> tuple[int, dict[str, bytes]]:
    """The two tables of a census as CSV by file name, and its year.

    Parameters
    ----------
    path : workbook in the layout of the county volumes, see docs/batch.md
    year : the census; by default the one that titles or the file's name say

    Raises
    ------
    ScenarioError
        With every fault of every sheet, by sheet and cell.
    """
    sheets = read_sheets(path)
    census = year or _year_of(sheets, path)
    found = _Found(str(path))
    if census not in CORE:
        allowed = [str(y) for y in CORE]
        raise ScenarioError([Violation("census_year", str(path), value=census,
                                       params={"allowed": allowed})])  # fmt: skip
    for sheet in sheets:
        _read(sheet, census, found)
    _whole(found, census)
    if found.faults:
        raise ScenarioError(found.faults)
    names = {"core": CORE[census], "age_sex": AGE_COLUMNS}
    # A file may be called anything, and a comment is one line.
    source = UNPRINTABLE.sub("?", " ".join(path.name.split()))
    return census, {
        f"county_{census}_{kind}.csv": _csv(found, columns, f"{census} census, from {source}")
        for kind, columns in names.items()
    }


def _year_of(sheets: list[Sheet], path: Path) -> int | None:
    words = [*(sheet.title for sheet in sheets), path.name]
    years = {int(y) for text in words for y in _YEAR.findall(text)}
    return years.pop() if len(years) == 1 else None


def _columns(sheet: Sheet, year: int, found: _Found) -> dict[int, str]:
    """Name of the table's column for each column of the sheet that is known."""
    names: dict[int, str] = {}
    first: dict[str, Cell] = {}
    aged: list[tuple[Ages, Cell]] = []
    for j, cell in sheet.headings.items():
        ages, name = ages_of(cell.value), figure(cell.value)
        if ages is not None:
            aged.append((ages, cell))
            names[j] = ages.column
            continue
        if name is not None and year != FIRST_YEAR:
            name = RENAMED_2020.get(name, name)
        if name is None or name not in CORE[year]:
            continue
        if name in first:
            found.fault("census_head_twice", cell.name, cell.value, other=first[name].name)
            continue
        first[name], names[j] = cell, name
    _check_ages(aged, found)
    return names


def _check_ages(aged: list[tuple[Ages, Cell]], found: _Found) -> None:
    """Faults where columns of a sheet count somebody twice, or leave out ages of a group."""
    for i, (ages, cell) in enumerate(aged):
        twice = next((c for a, c in aged[:i] if a.overlaps(ages)), None)
        if twice is not None:
            found.fault("census_ages_overlap", cell.name, cell.value, other=twice.name)
    parts: dict[str, list[tuple[Ages, Cell]]] = {}
    for ages, cell in aged:
        parts.setdefault(ages.column, []).append((ages, cell))
    for column, members in parts.items():
        group, cell = members[0][0].group, members[0][1]
        if ages_missing(group, (ages for ages, _ in members)):
            found.fault("census_ages_gap", cell.name, cell.value, column=column)


def _read(sheet: Sheet, year: int, found: _Found) -> None:
    """Figures of every county of a sheet."""
    columns, walk, met = _columns(sheet, year, found), Walk(year), dict[str, Cell]()
    if not columns:
        return
    for name, row in regions(sheet):
        unit, cell = _unit(sheet, name, row, walk, found), row[sheet.region]
        if unit is None and name not in _SUMS:
            found.unnamed |= set(columns.values())
        if unit is None or unit.level != "county":
            continue
        first = met.setdefault(unit.code, cell)
        if first is not cell:
            found.fault("census_county_twice", cell.name, name, other=first.name)
        else:
            found.units[unit.code] = unit
            _read_row(sheet, row, unit.code, columns, found)


def _read_row(
    sheet: Sheet, row: dict[int, Cell], code: str, columns: dict[int, str], found: _Found
) -> None:
    """Figures of one county; finer age groups than the table's are added up."""
    sums: dict[str, float] = {}
    for j, column in columns.items():
        if j not in row:
            region = row[sheet.region]
            where = Cell(region.sheet, region.row, j, None).name
            found.empty[code, column] = where
            if column in AGE_COLUMNS:  # nobody is printed as a dash; nothing may be a figure lost
                found.doubtful.add((code, column))
                found.fault("census_age_empty", where, region.value, column=column)
            continue
        before = len(found.faults)
        value = _number(row[j], found)
        if len(found.faults) > before:
            found.doubtful.add((code, column))
        elif value is None:
            found.nobody.add((code, column))
        if value is not None:
            sums[column] = sums.get(column, 0.0) + value
            found.cells.setdefault((code, column), row[j])
    for column, value in sums.items():
        if found.figures.setdefault((code, column), value) != value:
            other = found.cells[code, column].name
            region = row[sheet.region]
            found.fault("census_two_values", region.name, region.value, other=other)


def _unit(sheet: Sheet, name: str, row: dict[int, Cell], walk: Walk, found: _Found) -> Unit | None:
    """Which unit a row is; None for sums, and for names that nobody knows, which are faults."""
    if name in _SUMS:
        return None
    if odd := UNPRINTABLE.search(name):
        found.fault("bad_character", row[sheet.region].name, name, char=code_point(odd[0]))
        return None
    code = squeezed(row[sheet.code].value) if sheet.code in row else ""
    if code:
        known = by_code().get(code)
        if known is not None:
            walk.province = known.province
            return known
        if code.isdigit() and len(code) == len("110101"):
            level = "county" if not code.endswith("00") else "prefecture"
            return Unit(code, walk.province, walk.prefecture, name, level, ())
        found.fault("table_code", row[sheet.code or 0].name, code)
        return None
    unit = walk.unit(name) or walk.before(name)
    if unit is None:
        told = {"nearest": walk.close(name), "head": CODE[0]}
        found.fault("census_region_unknown", row[sheet.region].name, name, **told)
    return unit


def _number(cell: Cell, found: _Found) -> float | None:
    """A count or per cent; a number stored as text is read if it is plainly one."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    else:
        words = squeezed_number(value)
        if words in _NOBODY:
            return None
        if not _NUMBER.fullmatch(words):
            found.fault("not_a_number", cell.name, value, expected="number")
            return None
        number = float(words.replace(",", ""))
    if not 0.0 <= number < float("inf"):
        found.fault("county_count", cell.name, value)
        return None
    return number


def squeezed_number(value: object) -> str:
    """Text of a cell without the blanks around it."""
    return str(value).strip().strip("　")


def _whole(found: _Found, year: int) -> None:
    """What each county must have, and whether its ages are those of its own residents."""
    heads = {column for _, column in found.figures}
    needed = [name for name in NEEDED if name in CORE[year]]
    lacking = [name for name in (*needed, *AGE_COLUMNS) if name not in heads]
    for name in lacking:
        found.fault("census_head_missing", name, None)
    if lacking:
        return
    for code, unit in found.units.items():
        for name in needed:
            told = name in found.unnamed or (code, name) in found.doubtful
            if (code, name) not in found.figures and not told:
                where = found.empty.get((code, name), unit.name)
                found.fault("census_figure_missing", where, unit.name, column=name)
        _whole_ages(found, code, unit)


def _whole_ages(found: _Found, code: str, unit: Unit) -> None:
    """Whether every age of a county is told, and their sum is that of its residents."""
    keys = [(code, name) for name in AGE_COLUMNS]
    if any(key in found.doubtful or key[1] in found.unnamed for key in keys):
        return
    people, cell = found.figures.get((code, "resident"), 0.0), found.cells.get((code, "resident"))
    total = sum(found.figures.get(key, 0.0) for key in keys)
    lost = [key[1] for key in keys if key not in found.figures and key not in found.nobody]
    if lost:
        found.fault("census_figure_missing", unit.name, unit.name, column=", ".join(lost))
    elif people and cell is not None and abs(total / people - 1.0) > _SLIPPED:
        found.fault("census_ages_slipped", cell.name, unit.name, ages=total, residents=people)


def _csv(found: _Found, columns: tuple[str, ...], about: str) -> bytes:
    """A table of the folder; what is not printed stays empty, ages of nobody are 0."""
    stream = io.StringIO()
    stream.write(f"# {about}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow((*TEXT, *columns))
    for code in sorted(found.units):
        unit = found.units[code]
        none = 0 if columns == AGE_COLUMNS else ""
        figures = [found.figures.get((code, name), none) for name in columns]
        head = (code, unit.province, unit.prefecture, unit.name, "county")
        writer.writerow((*(plain(words) for words in head), *(_digits(value) for value in figures)))
    return stream.getvalue().encode()


def _digits(value: float | str) -> str:
    """Digits that read back the same, whole numbers without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
