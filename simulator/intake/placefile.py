"""From a filled workbook to a place file and its age table, with the cell behind every value."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from simulator.errors import ScenarioError, Violation
from simulator.i18n import LANGUAGES, text
from simulator.intake.cells import Book, cell_name, read_book
from simulator.intake.layout import (
    AGES,
    FIELDS,
    FIGURES,
    LEVELS,
    OPS,
    PLACE,
    SEXES,
    TARGETS,
    USES,
    header,
    indicator_named,
    named,
)  # fmt: skip
from simulator.place_identity import doubts
from simulator.scenario import Study, parse_scenario
from simulator.source import parse_document
from simulator.vocabulary import indicators

AGE_FILE = "age_sex.csv"
#: Parameters of messages that hold lines, and those that hold names.
_LINES, _NAMING = {"first", "other"}, {"key", "allowed", "nearest", "part", "whole"}
#: What a place file may say and the workbook does not offer.
_NOT_OFFERED = {"nation", "superseded"}
#: Faults that are guesses where the base year cannot be read.
_OF_THE_BASE = {"base_fact_year", "history_after_base", "outcome_before_base", "year_before_base"}
_DOCUMENT = "reported"
_WIDTH = 100
_AGE_HEADER = "year,sex,age_from,age_to,persons"
#: Stands for a cell without a value where no rule takes it for one.
_UNREAD = "?"


@dataclass
class Filled:
    """A place as plain values, its age table, and where each path stands in the workbook.

    ``doubts``: name, code and province that do not fit together.
    """

    data: dict[str, Any]
    ages: bytes | None
    cells: dict[str, tuple[str, str]] = field(default_factory=dict)
    doubts: tuple[Violation, ...] = ()

    def lines(self) -> dict[str, int]:
        """Line of each path in the place file."""
        found = parse_document(self.yaml(), AGE_FILE, Path(AGE_FILE)).lines
        return {".".join(map(str, path)): line for path, line in found.items()}

    def yaml(self) -> bytes:
        """The place file."""
        yaml = YAML()
        yaml.width, yaml.allow_unicode, yaml.default_flow_style = _WIDTH, True, False
        stream = io.BytesIO()
        yaml.dump(self.data, stream)
        return stream.getvalue()


def read_place(raw: bytes, file: str) -> tuple[Filled, Study]:
    """A workbook as a place file and the study that it resolves to.

    Raises
    ------
    ScenarioError
        With every violation, each named by sheet and cell.
    """
    book = read_book(raw, file)
    filled = _filled(book)
    faults = list(book.faults)
    try:
        study = parse_scenario(filled.yaml(), f"{filled.data['id']}.yaml", age_table=filled.ages)
    except ScenarioError as error:
        found = [_at_cell(book, filled, v) for v in error.violations]
        known = isinstance(filled.data.get("base_year"), int)
        faults += [fault for fault in found if not book.rests_on_unread(fault.path)
                   and (known or fault.code not in _OF_THE_BASE)]  # fmt: skip
    if faults:
        raise ScenarioError(faults)
    filled.doubts = tuple(_doubts(book, filled))
    return filled, study


def _doubts(book: Book, filled: Filled) -> Iterator[Violation]:
    """Name, code and province that do not fit together, by the cell of the one to look at.

    Told and not refused: what a census calls a place is not always what it is called now.
    """
    named = filled.data["name"]["zh"]
    given = {"name": named, **{key: filled.data.get(key, "") for key in ("province", "code")}}
    for doubt in doubts(given["name"], given["province"], given["code"]):
        sheet, cell = filled.cells[{"name": "name.zh"}.get(doubt.column, doubt.column)]
        yield book.violation(doubt.code, sheet, cell, given[doubt.column] or None, **doubt.params)


def _at_cell(book: Book, filled: Filled, fault: Violation) -> Violation:
    """The same violation, named by sheet and cell instead of by line and path."""
    if fault.file.endswith(AGE_FILE):
        where = (AGES, _age_cell(fault))
    else:
        path = fault.path
        while path and path not in filled.cells:
            path = path.rpartition(".")[0]
        where = filled.cells.get(path, (FIGURES if fault.path.startswith("facts") else PLACE, ""))
    sheet, cell = where
    tab = book.tabs.get(sheet, sheet)
    place = f"{tab}!{cell}" if cell else tab
    params = _as_headed(sheet, _by_row(filled, fault.params))
    return replace(fault, file=book.file, line=None, path=place, params=params)


def _age_cell(fault: Violation) -> str:
    """The cell of the sheet of ages that a fault of the age table names, or its row."""
    if fault.line is not None and fault.path in FIELDS[AGES]:
        return cell_name(fault.line, FIELDS[AGES].index(fault.path))
    return f"{fault.line or ''}"


def _by_row(filled: Filled, params: Mapping[str, Any]) -> dict[str, Any]:
    """Lines of the place file that a message names as rows of the sheet that they come from."""
    lines = {n: path for path, n in filled.lines().items()}
    rows = {}
    for name in _LINES & params.keys():
        _, cell = filled.cells.get(lines.get(params[name], ""), ("", ""))
        rows[name] = cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or params[name]
    return {**params, **rows}


def _as_headed(sheet: str, params: dict[str, Any]) -> dict[str, Any]:
    """Names of fields, indicators and choices as the workbook calls them, in both languages."""
    for name in _NAMING & params.keys():
        for lang in LANGUAGES:
            value = params[name]
            if isinstance(value, list):
                offered = [v for v in value if v not in _NOT_OFFERED]
                params[f"{name}_{lang}"] = [_heading(sheet, v, lang) for v in offered]
            else:
                params[f"{name}_{lang}"] = _heading(sheet, value, lang)
    return params


def _heading(sheet: str, name: Any, lang: str) -> Any:
    """What a drop-down list or header of the workbook says for a name; else the name.

    A level goes before the field of the same name, which nobody has to fill in.
    """
    if name in indicators():
        return indicators()[name].label(lang)
    for family, names in (("level", LEVELS), ("use", USES), ("sex", SEXES)):
        if name in names:
            return text(f"intake.{family}.{name}", lang)
    if name in FIELDS[sheet]:
        return header(sheet, name, lang)
    return {op: sign for sign, op in OPS.items()}.get(name, name)


def _filled(book: Book) -> Filled:
    place = {name: (row, book.rows.get(PLACE, {}).get(row, {}).get(1))
             for row, name in enumerate(FIELDS[PLACE], 1)}  # fmt: skip
    given = {name: value for name, (_, value) in place.items() if value is not None}
    filled = Filled(_head(given), None)
    for name, (row, _) in place.items():
        path = {"english": "name.en", "name": "name.zh"}.get(name, name)
        filled.cells[path] = (PLACE, cell_name(row, 1))
    base = given.get("base_year")
    _figures(book, filled, base)
    _targets(book, filled)
    filled.ages = _ages(book)
    if filled.ages is not None:
        filled.data["age_sex"] = AGE_FILE
    return filled


def _head(given: Mapping[str, Any]) -> dict[str, Any]:
    name = str(given.get("name", "")).strip()
    words = {"zh": name} | ({"en": str(given["english"])} if "english" in given else {})
    data: dict[str, Any] = {"kind": "place", "id": str(given.get("id", "my_place")).strip()}
    data["name"] = words
    for key in ("code", "province", "prefecture"):
        if key in given:
            data[key] = str(given[key]).strip()
    data["level"] = named(str(given.get("level", LEVELS[0])), LEVELS, "level")
    if "base_year" in given:
        data["base_year"] = given["base_year"]
    data["documents"] = {_DOCUMENT: {"title": {"zh": "本地填报", "en": "Reported by the user"}}}
    data["facts"], data["targets"] = [], []
    return data


def _rows(book: Book, sheet: str) -> list[tuple[int, dict[str, Any]]]:
    """Filled rows below the headers, by field.

    Where a unit could not be read there is none, rather than the usual one of the indicator.
    """
    names = FIELDS[sheet]
    found = [
        (row, {names[j]: value for j, value in cells.items() if j < len(names)})
        for row, cells in sorted(book.rows.get(sheet, {}).items())
        if row > 1
    ]
    for row, cells in found if "unit" in names else ():
        if book.is_unread(sheet, row, names.index("unit")):
            cells["unit"] = ""
    return found


def _note_cells(filled: Filled, sheet: str, stem: str, row: int) -> None:
    for j, name in enumerate(FIELDS[sheet]):
        path = {"baseline": "baseline.value", "baseline_year": "baseline.year"}.get(name, name)
        filled.cells[f"{stem}.{path}"] = (sheet, cell_name(row, j))
    filled.cells[stem] = (sheet, str(row))


def _figure(row: Mapping[str, Any]) -> dict[str, Any]:
    """What facts and targets have in common."""
    words = str(row.get("indicator", ""))
    name = indicator_named(words)
    known = indicators().get(name)
    unit = row.get("unit", known.unit if known is not None else "")
    item = {"indicator": name, "year": row.get("year"), "value": row.get("value"),
            "unit": str(unit).strip(), "document": _DOCUMENT}  # fmt: skip
    quote = f"{words} {row.get('value', '')} {unit}".strip()
    return item | {"quote": str(row.get("quote", quote))}


def _figures(book: Book, filled: Filled, base: Any) -> None:
    sources: dict[str, str] = {}
    rows = _rows(book, FIGURES)
    if not isinstance(base, int):  # a fault that is told; meanwhile the last year stands for it
        base = max((c["year"] for _, c in rows if isinstance(c.get("year"), int)), default=None)
    for row, cells in rows:
        item = _figure(cells)
        year = item["year"]
        if "use" in cells:
            item["use"] = named(str(cells["use"]), USES, "use")
        elif isinstance(year, int) and isinstance(base, int):
            item["use"] = "base" if year == base else "history" if year < base else "outcome"
        else:
            item["use"] = "base"
        if item["indicator"] == "county_seat_population":
            item["scope"] = "county_seat"
        if "source" in cells:
            title = str(cells["source"]).strip()
            key = sources.setdefault(title, f"source_{len(sources) + 1}")
            filled.data["documents"][key] = {"title": {"zh": title}}
            item["document"] = key
        _note_cells(filled, FIGURES, f"facts.{len(filled.data['facts'])}", row)
        filled.data["facts"].append(item)


def _targets(book: Book, filled: Filled) -> None:
    for row, cells in _rows(book, TARGETS):
        item = _figure(cells)
        op = str(cells.get("op", "≥")).strip()
        item["op"] = OPS.get(op, op)
        if "baseline" in cells:
            item["baseline"] = {"year": cells.get("baseline_year"), "value": cells["baseline"]}
        if item["indicator"] == "county_seat_population":
            item["scope"] = "county_seat"
        _note_cells(filled, TARGETS, f"targets.{len(filled.data['targets'])}", row)
        filled.data["targets"].append(item)


def _ages(book: Book) -> bytes | None:
    """The age-sex table as CSV, line for row of the sheet; None where no persons are filled in."""
    rows = _rows(book, AGES)
    if not any("persons" in cells for _, cells in rows):
        return None
    lines = [_AGE_HEADER]
    for row, cells in rows:
        lines += [""] * (row - len(lines) - 1)
        # What could not be read must not pass for an empty cell, which may be the open age.
        values = [_UNREAD if book.is_unread(AGES, row, j) else cells.get(name, "")
                  for j, name in enumerate(FIELDS[AGES])]  # fmt: skip
        values[1] = named(str(values[1]), SEXES, "sex")
        # A comma or a quote within a cell would shift the columns behind it.
        lines.append(",".join(re.sub(r'[,"\n]', " ", str(v)) for v in values))
    return "\n".join(lines).encode()
