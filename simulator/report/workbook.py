"""A result as a formatted Excel workbook: one sheet each for what people look up."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

import simulator
from simulator.i18n import text
from simulator.report import rows, wording
from simulator.report.effects import all_effects, costs_table
from simulator.report.longtable import LEDGER_COLUMNS, ledger_table
from simulator.report.printed import counted, unit_name
from simulator.report.terminal import CAUSES, summary_lines
from simulator.run import Result, Run
from simulator.units import dimension
from simulator.vocabulary import indicators

Value = str | float | int | None

_HEAD = PatternFill("solid", fgColor="FFDCE6F1")
_TONES = {"met": "FF00735C", "missed": "FFB8480B", "muted": "FF6B7580", "assumption": "FFB35C00"}
_FORMATS = {"persons": "#,##0", "share": "0.00%"}
#: Columns of the ledger whose codes have words.
_NAMED = ("registration", "residence", "entry", "flow")
_PRINTED, _GAP, _LEDGER = "#,##0.##", "+#,##0.00;-#,##0.00;0.00", "#,##0.00"
#: Column widths in characters: a Chinese character takes two.
_NARROWEST, _WIDEST, _WIDE_FROM = 9, 60, "\u2e80"


def workbook(result: Result, lang: str) -> bytes:
    """The workbook of a result, as the bytes of an xlsx file.

    Figures are numbers that Excel can compute with, in persons and shares (shown as per cent);
    targets stay in the units that the plan prints. Words are words even where they look like a
    formula.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = text("report.title", lang, name=result.study.place.name.get(lang))
    book.properties.creator = f"County Urbanization Simulator {simulator.__version__}"
    _summary(book, result, lang)
    _targets(_sheet(book, "targets", lang), result, lang)
    _yearly(_sheet(book, "yearly", lang), result, lang)
    _words(_sheet(book, "requirements", lang), rows.requirements(result, lang))
    _words(_sheet(book, "levers", lang), rows.levers_set(result, lang))
    _words(_sheet(book, "effects", lang), all_effects(result, lang))
    _words(_sheet(book, "costs", lang), costs_table(list(result.runs.values()), lang))
    _ledger(_sheet(book, "ledger", lang), result, lang)
    _words(_sheet(book, "assumed", lang), rows.assumed(result, lang))
    _words(_sheet(book, "parameters", lang), rows.parameter_values(result, lang))
    _words(_sheet(book, "sources", lang), rows.figures(result, lang))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sheet(book: Workbook, name: str, lang: str) -> Worksheet:
    return book.create_sheet(text(f"sheet.{name}", lang))


def _put(sheet: Worksheet, row: int, column: int, value: Value, style: str = "") -> Cell:
    """One cell; a text is never taken for a formula."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)  # no merged cells are made here
    cell.value = value
    if isinstance(value, str):
        cell.data_type = "s"
        cell.quotePrefix = value[:1] in ("=", "+", "-", "@")
    elif style:
        cell.number_format = style
    if isinstance(value, rows.Toned) and value.tone in _TONES:
        cell.font = Font(color=_TONES[value.tone])
    return cell


def _heads(sheet: Worksheet, headers: Iterable[str]) -> None:
    for i, header in enumerate(headers, start=1):
        cell = _put(sheet, 1, i, header)
        cell.font, cell.fill = Font(bold=True), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def _finish(sheet: Worksheet, frozen: str) -> None:
    """Freeze the headers, make columns as wide as their words, let Excel filter."""
    sheet.freeze_panes = frozen
    sheet.auto_filter.ref = sheet.dimensions
    for i, column in enumerate(sheet.iter_cols(values_only=True), start=1):
        widest = max((_width(str(v)) for v in column if v is not None), default=0)
        letter = get_column_letter(i)
        sheet.column_dimensions[letter].width = min(max(widest + 2, _NARROWEST), _WIDEST)
        if widest > _WIDEST:
            for cell in sheet[letter]:
                cell.alignment = Alignment(wrap_text=True, vertical="top")


def _width(words: str) -> int:
    return sum(2 if c >= _WIDE_FROM else 1 for c in words)


def _words(sheet: Worksheet, table: rows.Table) -> None:
    """A table of words."""
    _heads(sheet, table.headers)
    for i, row in enumerate(table.rows, start=2):
        for k, value in enumerate(row, start=1):
            cell = _put(sheet, i, k, value)
            if k - 1 in table.numbers:
                cell.alignment = Alignment(horizontal="right")
    _finish(sheet, "B2")


def _summary(book: Workbook, result: Result, lang: str) -> None:
    sheet, place = _sheet(book, "summary", lang), result.study.place
    title = _put(sheet, 1, 1, text("report.title", lang, name=place.name.get(lang)))
    title.font = Font(bold=True, size=16)
    about = wording.span(result, lang)
    told = [
        text("report.subtitle", lang, **about),
        *summary_lines(result, lang),
        "",
    ]
    for run in result.runs.values():
        told += [wording.note(item, lang) for item in run.notes]
    told += ["", text("export.made_by", lang, version=simulator.__version__)]
    told += [text("sheet.units", lang)]
    for i, line in enumerate(told, start=2):
        _put(sheet, i, 1, line).alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width = 2 * _WIDEST


def _targets(sheet: Worksheet, result: Result, lang: str) -> None:
    runs = list(result.runs.values())
    if not result.study.place.targets:
        _put(sheet, 1, 1, text("report.no_targets", lang))
        sheet.column_dimensions["A"].width = _WIDEST
        return
    keys = ("col.indicator", "col.unit", "col.operator", "col.target_any", "col.year")
    headers = [text(k, lang) for k in keys]
    for run in runs:
        label = wording.scenario_label(run, lang)
        headers += [f"{label} {text(k, lang)}" for k in ("col.projected", "col.gap", "col.status")]
    _heads(sheet, [*headers, *(text(k, lang) for k in ("col.kind", "col.document", "col.quote"))])
    for i, checks in enumerate(zip(*(run.targets for run in runs), strict=True), start=2):
        target = checks[0].target
        label = checks[0].indicator.label(lang)
        line: list[tuple[Value, str]] = [
            (label, ""), (unit_name(target.unit, lang), ""), (wording.operator(target.op), ""),
            (counted(target.value, target.unit, lang), _PRINTED), (target.at, "0"),
        ]  # fmt: skip
        for check in checks:
            status = rows.status(check, lang)
            both = (v if v is None else counted(v, target.unit, lang)
                    for v in (check.projected, check.gap))  # fmt: skip
            line += [*zip(both, (_PRINTED, _GAP), strict=True), (status, "")]
        kind = text(f"kind.{checks[0].kind}", lang)
        line += [(kind, ""), (rows.document_title(result, target.document, lang), "")]
        for k, (value, style) in enumerate([*line, (target.quote, "")], start=1):
            _put(sheet, i, k, value, style)
    _finish(sheet, "B2")


def _yearly(sheet: Worksheet, result: Result, lang: str) -> None:
    years = result.trend.years.tolist()
    heads = [text(k, lang) for k in ("col.indicator", "col.unit", "col.scenario")]
    _heads(sheet, [*heads, *(str(y) for y in years)])
    at = 2
    for name, label, unit, get in _variables(lang):
        for run in result.runs.values():
            values: Sequence[float | None] = get(run, name)
            scenario = wording.scenario_label(run, lang)
            shown = text("unit.person", lang) if unit == "persons" else "%"
            for k, value in enumerate((label, shown, scenario, *values), start=1):
                _put(sheet, at, k, value, _FORMATS[unit])
            at += 1
    _finish(sheet, "D2")


def _variables(lang: str):  # type: ignore[no-untyped-def]
    """Name, label, kind of unit and reader of every yearly row."""
    for indicator in indicators().values():
        if indicator.kind == "modelled":
            unit = "share" if dimension(indicator.unit) == "share" else "persons"
            yield indicator.name, indicator.label(lang), unit, _series
    for cause in (*CAUSES, "total"):
        label = text("sheet.town_change", lang, cause=text(f"cause.{cause}", lang))
        yield cause, label, "persons", _change


def _series(run: Run, name: str) -> list[float | None]:
    # A value that does not exist (births before the first year) is an empty cell, never 0.
    return [v if v == v else None for v in run.series[name].tolist()]


def _change(run: Run, cause: str) -> list[float | None]:
    return [None, *getattr(run.town_change, cause).tolist()]


def _ledger(sheet: Worksheet, result: Result, lang: str) -> None:
    _heads(sheet, [text(f"account.{c}", lang) for c in LEDGER_COLUMNS])
    at = 2
    for run in result.runs.values():
        for row in ledger_table(run).to_dict("records"):
            for k, name in enumerate(LEDGER_COLUMNS, start=1):
                value = row[name]
                if name in _NAMED and value:
                    value = text(f"account.{name}.{value}", lang)
                _put(sheet, at, k, value, "0" if name == "year" else _LEDGER)
            at += 1
    _finish(sheet, "D2")
