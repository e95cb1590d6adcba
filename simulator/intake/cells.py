"""Cells of a workbook from outside: bounded in every way before they are read, never computed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from simulator.errors import ScenarioError, Violation
from simulator.i18n import LANGUAGES
from simulator.intake.layout import SHEETS, sheet_name
from simulator.syntax import UNPRINTABLE, code_point

#: A filled template is some 20 kB, 300 kB unpacked.
MAX_BYTES, MAX_UNPACKED, MAX_PARTS = 2_000_000, 20_000_000, 200
MAX_SHEETS, MAX_ROWS, MAX_COLUMNS = 12, 1_000, 20
MAX_TEXT = 2_000
_DOCTYPE, _PIECE = b"<!DOCTYPE", 1 << 20
#: Shares become per cent, without the tail that binary fractions would show.
_PERCENT, _DIGITS = 100.0, 10
UNREADABLE = (
    zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError, TypeError,
    AttributeError, IndexError, NotImplementedError, SyntaxError, RuntimeError,
    zipfile.LargeZipFile, zlib.error, OverflowError, RecursionError, AssertionError,
)  # fmt: skip


@dataclass
class Book:
    """Values of the known sheets by row (1-based) and column (0-based), empty cells left out.

    ``faults`` tells of sheets that are missing and cells that hold no value: formulas, errors of
    Excel, texts without end, characters that cannot be shown. Such cells are left out too;
    ``unread`` has their places.
    """

    file: str
    tabs: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[int, dict[int, Any]]] = field(default_factory=dict)
    faults: list[Violation] = field(default_factory=list)
    unread: set[tuple[str, int, int]] = field(default_factory=set)

    def is_unread(self, sheet: str, row: int, column: int) -> bool:
        """Whether a cell is filled with what is no value."""
        return (sheet, row, column) in self.unread

    def rests_on_unread(self, path: str) -> bool:
        """Whether what a violation speaks of could not be read: a cell, or a whole sheet."""
        missing = [s for s in SHEETS if s not in self.tabs]
        cells = {f"{self.tabs[s]}!{cell_name(i, j)}" for s, i, j in self.unread}
        return path in cells or path.partition("!")[0] in missing

    def violation(self, code: str, sheet: str, cell: str = "", value: Any = None,
                  **params: Any) -> Violation:  # fmt: skip
        """A violation that names sheet and cell."""
        tab = self.tabs.get(sheet, sheet)
        return Violation(code, self.file, path=f"{tab}!{cell}" if cell else tab, value=value,
                         params=params)  # fmt: skip


def cell_name(row: int, column: int) -> str:
    """Such as B7."""
    return f"{chr(ord('A') + column)}{row}"


def read_book(raw: bytes, file: str) -> Book:
    """The known sheets of a workbook, with what is wrong with any of them.

    Raises
    ------
    ScenarioError
        If it is too large, packed suspiciously, no workbook, or has none of the sheets.
    """
    check_archive(raw, file, Limits(MAX_BYTES, MAX_UNPACKED, MAX_PARTS))
    book = Book(file)
    try:
        source = load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        if len(source.sheetnames) > MAX_SHEETS:
            raise ScenarioError([Violation("workbook_sheets", file, value=len(source.sheetnames),
                                           params={"limit": MAX_SHEETS})])  # fmt: skip
        for sheet in SHEETS:
            tabs = [sheet_name(sheet, lang) for lang in LANGUAGES]
            tab = next((t for t in source.sheetnames if t in tabs), None)
            if tab is not None:
                book.tabs[sheet] = tab
                book.rows[sheet] = _sheet(book, sheet, source[tab])
    except UNREADABLE:
        raise ScenarioError([Violation("workbook_unreadable", file)]) from None
    missing = [s for s in SHEETS[:2] if s not in book.tabs]
    book.faults += [Violation("workbook_sheet_missing", file, value=sheet_name(s, "zh"),
                              params={"other": sheet_name(s, "en")}) for s in missing]  # fmt: skip
    if not book.tabs:
        raise ScenarioError(book.faults)
    return book


@dataclass(frozen=True)
class Limits:
    """What a workbook of one kind can have: bytes packed and unpacked, and parts."""

    packed: int
    unpacked: int
    parts: int
    unreadable: str = "workbook_unreadable"


def check_archive(raw: bytes, file: str, limits: Limits) -> None:
    """Refuse what would unpack to more than a workbook of its kind can be, or has document types.

    Raises
    ------
    ScenarioError
        If it is too large, packed suspiciously, or no archive that can be read.
    """
    if len(raw) > limits.packed:
        most = {"limit": limits.packed}
        raise ScenarioError([Violation("too_large", file, value=len(raw), params=most)])
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            if unpacked > limits.unpacked or len(parts) > limits.parts:
                most = {"limit": limits.unpacked}
                found = Violation("workbook_bomb", file, value=unpacked, params=most)
                raise ScenarioError([found])
            # No workbook has document types; they are where entities grow without end.
            for part in parts:
                with archive.open(part) as stream:
                    if _typed(stream):
                        raise ScenarioError([Violation(limits.unreadable, file)])
    except UNREADABLE:
        raise ScenarioError([Violation(limits.unreadable, file)]) from None


def _typed(stream: IO[bytes]) -> bool:
    """Whether XML in whatever encoding declares a document type; read a piece at a time."""
    before = b""
    while piece := stream.read(_PIECE):
        text = before + piece.replace(b"\0", b"").upper()
        if _DOCTYPE in text:
            return True
        before = text[-len(_DOCTYPE) + 1 :]
    return False


def _sheet(book: Book, sheet: str, page: Any) -> dict[int, dict[int, Any]]:
    found: dict[int, dict[int, Any]] = {}
    # A sheet may claim any size; only this much of it is looked at, and more is refused.
    cells = page.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS)
    for i, row in enumerate(cells, 1):
        values: Mapping[int, Any] = {
            j: cell for j, cell in enumerate(row) if cell.value not in (None, "")
        }
        if values and i > MAX_ROWS:
            book.faults.append(book.violation("workbook_rows", sheet, value=i, limit=MAX_ROWS))
            break
        for j, cell in values.items():
            fault = _cell_fault(book, sheet, cell_name(i, j), cell)
            if fault is None:
                found.setdefault(i, {})[j] = _as_shown(cell)
            else:
                book.faults.append(fault)
                book.unread.add((sheet, i, j))
    return found


def _cell_fault(book: Book, sheet: str, name: str, cell: Any) -> Violation | None:
    """Why a cell holds no value, or None."""
    if cell.data_type == "f":
        return book.violation("workbook_formula", sheet, name)
    if cell.data_type == "e":
        return book.violation("workbook_error", sheet, name, str(cell.value))
    if isinstance(cell.value, str) and len(cell.value) > MAX_TEXT:
        return book.violation("workbook_text", sheet, name, limit=MAX_TEXT)
    if isinstance(cell.value, str) and (odd := UNPRINTABLE.search(cell.value)):
        return book.violation("bad_character", sheet, name, char=code_point(odd[0]))
    return None


def _as_shown(cell: Any) -> Any:
    """A number as the sheet shows it: what is formatted as per cent is stored as a share."""
    value = cell.value
    if isinstance(value, int | float) and "%" in str(cell.number_format):
        return round(value * _PERCENT, _DIGITS)
    return value
