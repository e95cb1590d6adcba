"""The cells of one row of a table of places, each checked by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from simulator.county_places import level_of
from simulator.errors import Violation, nearest
from simulator.figures import WHOLE
from simulator.place_columns import (
    LEVELS,
    NEEDED,
    PERSONS,
    RATES,
    chinese,
    every_word,
    level_named,
)
from simulator.tables import wpp

#: More than the people of any country.
_EVERYBODY, _ALL = 2e9, 100.0
#: The smallest county of the 2010 census, 札达县, had 6,883 residents; smaller is only 三沙市, with
#: 2,333 in the 2020 census. What is below the first limit is told, for it can be in 万人.
FEW: Final = 3_000.0
#: Below this no county is: it is in 万人, and no county or district has as many of those.
_FEWEST: Final = 1_000.0
_WAN: Final = 1e4
#: Kinds of people that every county has thousands of.
_MANY: Final = ("resident_population", "hukou_population")
_SMALL_PLACES: Final = ("town", "zone")
_ID, _CODE = re.compile(r"[a-z][a-z0-9_]{0,59}"), re.compile(r"\d{6}")
_POWER = re.compile(r"[\d.][eE]")


@dataclass(frozen=True)
class Row:
    """One row as read: its line, its cells by column, and the heads as the table has them."""

    file: str
    line: int
    cells: Mapping[str, str]
    heads: Mapping[str, str]

    def fault(self, code: str, column: str, **params: object) -> Violation:
        """A violation that names line, column and value."""
        value, head = self.cells.get(column) or None, self.heads.get(column, column)
        return Violation(code, self.file, self.line, head, value, dict(params))

    @property
    def level(self) -> str:
        """Level of the place, by its name where the row says none."""
        return level_named(self.cells.get("level", "")) or level_of(self.cells["name"])


def cell_faults(row: Row, last: int) -> list[Violation]:
    """What is wrong with the cells of a row, each by itself; ``last`` is the last base year."""
    found = [row.fault("table_cell_empty", n) for n in NEEDED if not row.cells[n]]
    if not row.cells.get("id") and not row.cells.get("code"):
        found.append(row.fault("table_cell_empty", "code"))
    for column, form, code in (("id", _ID, "table_id"), ("code", _CODE, "table_code")):
        if row.cells.get(column) and not form.fullmatch(row.cells[column]):
            found.append(row.fault(code, column))
    level = row.cells.get("level")
    if level and level_named(level) is None:
        close = nearest(level, every_word(LEVELS))
        found.append(row.fault("not_allowed", "level", allowed=list(LEVELS),
                               allowed_zh=chinese(LEVELS), nearest=close))  # fmt: skip
    found += _out_of_range(row, "year", int(wpp().years[0]) - 1, last, whole=True)
    for columns, high in ((PERSONS, _EVERYBODY), (RATES, _ALL)):
        for column in columns:
            found += _out_of_range(row, column, 0, high)
    return found or _parts(row)


def _parts(row: Row) -> list[Violation]:
    """Parts that are no less than the whole that the row gives."""
    found = []
    for part, whole in WHOLE.items():
        if row.cells.get(part) and row.cells.get(whole):
            total = row.cells[whole]
            if float(row.cells[part]) >= float(total):
                about = {"part": part, "whole": row.heads[whole], "total": total, "other": row.line}
                found.append(row.fault("part_above_whole", part, **about))
    return found


def _out_of_range(
    row: Row, column: str, low: float, high: float, *, whole: bool = False
) -> list[Violation]:
    """A cell that is no number, or none within its limits; an empty one is no fault."""
    words = row.cells.get(column)
    if not words:
        return []
    try:
        if "_" in words or not words.isascii():  # which Python would read, and no spreadsheet
            raise ValueError(words)
        if _POWER.search(words):
            return [_power(row, column, words)]
        value = int(words) if whole else float(words)
    except ValueError:
        return [row.fault("not_a_number", column, expected="integer" if whole else "number")]
    if column in PERSONS and low <= value <= high:
        return _not_persons(row, column, value)
    if not low <= value <= high:
        close = {"nearest": f"{min(max(value, low), high):.10g}"} if value == value else {}
        return [row.fault("outside", column, low=low, high=high, **close)]
    return []


def _power(row: Row, column: str, words: str) -> Violation:
    """A number with a power of ten, by which a spreadsheet has cut digits off."""
    plain = f"{float(words):.10g}"
    close = {"nearest": plain} if plain.isdigit() else {}
    return row.fault("table_power", column, **close)


def _not_persons(row: Row, column: str, value: float) -> list[Violation]:
    """A number that is none of persons: a part of one, or fewer than any county has."""
    small = column in _MANY and value < _FEWEST and row.level not in _SMALL_PLACES
    if value.is_integer() and not small and (value > 0.0 or column != "resident_population"):
        return []
    low = _FEWEST if column in _MANY and row.level not in _SMALL_PLACES else 0.0
    close = {"nearest": f"{round(value * _WAN)}"} if value * _WAN >= 1.0 else {}
    return [row.fault("table_persons", column, low=low, high=_EVERYBODY, **close)]


def cell_doubts(row: Row) -> list[Violation]:
    """Figures of a row that can be right and hardly are."""
    found = []
    for column in ("resident_population", "hukou_population", "town_population",
                   "village_population", "county_seat_population"):  # fmt: skip
        value = float(row.cells.get(column) or 0.0)
        if 0.0 < value < FEW:
            found.append(row.fault("table_few", column, few=FEW, nearest=f"{value * _WAN:.10g}"))
    for column in RATES:
        value = float(row.cells.get(column) or 0.0)
        if 0.0 < value <= 1.0:
            found.append(row.fault("table_share", column, nearest=f"{value * _ALL:.10g}"))
    return found
