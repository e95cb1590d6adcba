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
    """Values of the known sheets by row (1-based) and column (0-based), empty cells left out."""

    file: str
    tabs: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[int, dict[int, Any]]] = field(default_factory=dict)

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
    """The known sheets of a workbook.

    Raises
    ------
    ScenarioError
        If it is too large, packed suspiciously, no workbook, or holds formulas.
    """
    check_archive(raw, file, Limits(MAX_BYTES, MAX_UNPACKED, MAX_PARTS))
    book = Book(file)
    faults: list[Violation] = []
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
                book.rows[sheet] = _sheet(book, sheet, source[tab], faults)
    except UNREADABLE:
        raise ScenarioError([Violation("workbook_unreadable", file)]) from None
    missing = [s for s in SHEETS[:2] if s not in book.tabs]
    faults += [Violation("workbook_sheet_missing", file, value=sheet_name(s, "zh"),
                         params={"other": sheet_name(s, "en")}) for s in missing]  # fmt: skip
    if faults:
        raise ScenarioError(faults)
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


def _sheet(book: Book, sheet: str, page: Any, faults: list[Violation]) -> dict[int, dict[int, Any]]:
    found: dict[int, dict[int, Any]] = {}
    # A sheet may claim any size; only this much of it is looked at, and more is refused.
    cells = page.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS)
    for i, row in enumerate(cells, 1):
        values: Mapping[int, Any] = {
            j: cell for j, cell in enumerate(row) if cell.value not in (None, "")
        }
        if values and i > MAX_ROWS:
            faults.append(book.violation("workbook_rows", sheet, value=i, limit=MAX_ROWS))
            break
        for j, cell in values.items():
            name = cell_name(i, j)
            if cell.data_type == "f":
                faults.append(book.violation("workbook_formula", sheet, name))
            elif cell.data_type == "e":
                faults.append(book.violation("workbook_error", sheet, name, str(cell.value)))
            elif isinstance(cell.value, str) and len(cell.value) > MAX_TEXT:
                faults.append(book.violation("workbook_text", sheet, name, limit=MAX_TEXT))
            else:
                found.setdefault(i, {})[j] = _as_shown(cell)
    return found


def _as_shown(cell: Any) -> Any:
    """A number as the sheet shows it: what is formatted as per cent is stored as a share."""
    value = cell.value
    if isinstance(value, int | float) and "%" in str(cell.number_format):
        return round(value * _PERCENT, _DIGITS)
    return value
