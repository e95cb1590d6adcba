"""The empty workbook that a planner fills in."""

from __future__ import annotations

import io
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from simulator.axes import OPEN_AGE
from simulator.i18n import text
from simulator.intake.layout import (
    AGES,
    FACTS,
    FIELDS,
    FIGURES,
    LEVELS,
    OPS,
    PLACE,
    SEXES,
    SHEETS,
    TARGETS,
    USES,
    header,
    sheet_name,
)  # fmt: skip
from simulator.vocabulary import indicators

_HEAD = PatternFill("solid", fgColor="DCE9F5")
_INPUT = PatternFill("solid", fgColor="FFF8E1")
_WIDE, _NARROW, _LABEL = 34.0, 14.0, 26.0
_ROWS, _FIVE = 200, 5
_WIDE_FIELDS = ("indicator", "source", "quote")


def template(lang: str) -> bytes:
    """The workbook as .xlsx, with drop-down lists and one line of explanation a sheet."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    lists = book.create_sheet("lists")
    lists.sheet_state = "hidden"
    for sheet in SHEETS:
        page = first if sheet == PLACE else book.create_sheet(sheet_name(sheet, lang))
        page.title = sheet_name(sheet, lang)
        if sheet == PLACE:
            _place(page, lists, lang)
        else:
            _table(page, lists, sheet, lang)
    _read_me(book.create_sheet(text("intake.sheet.help", lang)), lang)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _place(page: Worksheet, lists: Worksheet, lang: str) -> None:
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = _LABEL, _WIDE
    page.column_dimensions["C"].width = 2 * _WIDE
    for i, name in enumerate(FIELDS[PLACE], 1):
        page.cell(i, 1, header(PLACE, name, lang)).fill = _HEAD
        page.cell(i, 2).fill = _INPUT
        page.cell(i, 3, text(f"intake.about.{name}", lang)).alignment = Alignment(wrap_text=True)
        if name == "level":
            words = [text(f"intake.level.{level}", lang) for level in LEVELS]
            _offer(page, lists, words, f"B{i}")


def _table(page: Worksheet, lists: Worksheet, sheet: str, lang: str) -> None:
    for i, name in enumerate(FIELDS[sheet], 1):
        cell = page.cell(1, i, header(sheet, name, lang))
        cell.fill, cell.font = _HEAD, Font(bold=True)
        letter = cell.column_letter
        page.column_dimensions[letter].width = _WIDE if name in _WIDE_FIELDS else _NARROW
        words = _words(sheet, name, lang)
        if words:
            _offer(page, lists, words, f"{letter}2:{letter}{_ROWS}")
    page.freeze_panes = "A2"
    if sheet == AGES:
        _age_groups(page, lang)


def _words(sheet: str, name: str, lang: str) -> list[str]:
    """What a drop-down list of a column offers."""
    if name == "indicator":
        every = indicators()
        return [every[n].label(lang) for n in (FACTS if sheet == FIGURES else every)]
    if name == "use":
        return [text(f"intake.use.{use}", lang) for use in USES]
    if name == "sex":
        return [text(f"intake.sex.{sex}", lang) for sex in SEXES]
    return list(OPS) if sheet == TARGETS and name == "op" else []


def _offer(page: Worksheet, lists: Worksheet, words: Iterable[str], cells: str) -> None:
    column = 1 if lists.cell(1, 1).value is None else lists.max_column + 1
    last = 0
    for last, word in enumerate(words, 1):
        lists.cell(last, column, word)
    letter = lists.cell(1, column).column_letter
    rule = DataValidation(
        "list", formula1=f"lists!${letter}$1:${letter}${last}", allow_blank=True,
        showErrorMessage=False,
    )  # fmt: skip
    page.add_data_validation(rule)
    rule.add(cells)


def _age_groups(page: Worksheet, lang: str) -> None:
    """Five-year groups of both sexes, ready for persons; without persons the sheet is skipped."""
    row = 2
    for sex in SEXES:
        for low in range(0, OPEN_AGE + 1, _FIVE):
            page.cell(row, 2, text(f"intake.sex.{sex}", lang))
            page.cell(row, 3, low)
            if low < OPEN_AGE:
                page.cell(row, 4, low + _FIVE - 1)
            page.cell(row, 5).fill = _INPUT
            row += 1


def _read_me(page: Worksheet, lang: str) -> None:
    page.column_dimensions["A"].width = 3 * _WIDE
    for i, line in enumerate(text("intake.help", lang).split("\n"), 1):
        page.cell(i, 1, line).alignment = Alignment(wrap_text=True)
