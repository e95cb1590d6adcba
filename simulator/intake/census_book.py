"""The sheets of a census workbook as headed columns of cells; bounded before they are read."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from simulator.errors import ScenarioError, Violation
from simulator.intake.cells import UNREADABLE, Limits, check_archive
from simulator.intake.census_heads import REGION, is_code, is_region, squeezed
from simulator.reach import read_input

#: A volume is some 10 MB; what unpacks to more than these is no census of counties.
MAX_BYTES, MAX_UNPACKED, MAX_PARTS = 60_000_000, 800_000_000, 500
MAX_SHEETS, MAX_ROWS, MAX_COLUMNS = 100, 6_000, 300
#: Rows within which the headings begin, and rows of a heading at most.
_BEFORE, _DEPTH = 15, 6


@dataclass(frozen=True)
class Cell:
    """A value and where it stands."""

    sheet: str
    row: int
    column: int
    value: Any

    @property
    def name(self) -> str:
        """Such as 表1!C7."""
        return f"{self.sheet}!{get_column_letter(self.column)}{self.row}"


@dataclass(frozen=True)
class Sheet:
    """One table: heading of each column by its number, and the rows below by cell."""

    name: str
    title: str
    headings: dict[int, Cell]
    region: int
    code: int | None
    rows: list[dict[int, Cell]]


def read_sheets(path: Path) -> list[Sheet]:
    """Every sheet that has a region column.

    Raises
    ------
    ScenarioError
        If the file is missing, too large or no workbook, or no sheet has a region column.
    """
    file = str(path)
    raw = read_input(path, file, MAX_BYTES)
    check_archive(raw, file, Limits(MAX_BYTES, MAX_UNPACKED, MAX_PARTS, "census_unreadable"))
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        if len(book.sheetnames) > MAX_SHEETS:
            limit = {"limit": MAX_SHEETS}
            raise ScenarioError([Violation("workbook_sheets", file, value=len(book.sheetnames),
                                           params=limit)])  # fmt: skip
        found = [_sheet(file, name, book[name]) for name in book.sheetnames]
    except UNREADABLE:
        raise ScenarioError([Violation("census_unreadable", file)]) from None
    sheets = [sheet for sheet in found if sheet is not None]
    if not sheets:
        raise ScenarioError([Violation("census_no_region", file, params={"head": REGION[0]})])
    return sheets


def _sheet(file: str, name: str, page: Any) -> Sheet | None:
    """A sheet's table, or None where no heading names a region."""
    rows = list(page.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS, values_only=True))
    if len(rows) > MAX_ROWS:
        params = {"limit": MAX_ROWS}
        raise ScenarioError([Violation("workbook_rows", file, path=name, params=params)])
    first = next((i for i, row in enumerate(rows[:_BEFORE]) if _region(row) is not None), None)
    if first is None:
        return None
    region = _region(rows[first])
    assert region is not None
    last = _last_heading(rows, first, region)
    words = _headings(rows[first : last + 1])
    headings = {j: Cell(name, last + 1, j, w) for j, w in enumerate(words, 1) if w}
    code = next((j for j, cell in headings.items() if is_code(cell.value)), None)
    title = "".join(squeezed(v) for row in rows[:first] for v in row)
    below = [_cells(name, i, row) for i, row in enumerate(rows[last + 1 :], last + 2)]
    return Sheet(name, title, headings, region, code, [row for row in below if row])


def _region(row: Sequence[Any]) -> int | None:
    """Number of the region column, if the row heads one."""
    return next((j for j, value in enumerate(row, 1) if is_region(squeezed(value))), None)


def _last_heading(rows: Sequence[Sequence[Any]], first: int, region: int) -> int:
    """Last row of the headings: above the first row that names a region of its own."""
    for i in range(first + 1, min(first + _DEPTH, len(rows))):
        if squeezed(rows[i][region - 1]):
            return i - 1
    return min(first + _DEPTH, len(rows)) - 1


def _headings(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Words of each column from top to bottom, merged cells read as over all they span."""
    width = max(len(row) for row in rows)
    above = [""] * width
    for row in rows:
        here = [squeezed(row[j]) if j < len(row) else "" for j in range(width)]
        for j in range(1, width):
            # An empty cell belongs to the one on its left where both stand under the same heading
            # and something tells them apart below.
            if not here[j] and above[j] == above[j - 1] and _told_apart(rows, row, j):
                here[j] = here[j - 1]
        above = [a + h for a, h in zip(above, here, strict=True)]
    return above


def _told_apart(rows: Sequence[Sequence[Any]], row: Sequence[Any], j: int) -> bool:
    lower = rows[[r is row for r in rows].index(True) + 1 :]
    return any(j < len(r) and squeezed(r[j]) for r in lower)


def _cells(sheet: str, i: int, row: Sequence[Any]) -> dict[int, Cell]:
    return {j: Cell(sheet, i, j, v) for j, v in enumerate(row, 1) if v not in (None, "")}


def regions(sheet: Sheet) -> Iterator[tuple[str, dict[int, Cell]]]:
    """Name and cells of each row that names a region; notes below the table have no figures."""
    for row in sheet.rows:
        if sheet.region in row and len(row) > 1:
            yield squeezed(row[sheet.region].value), row
