"""The cells of one row of a table of places, each checked by itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
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
    """One row as read: its line, its cells by column, and the heads as the table has them.

    A column that the table lacks, or whose head is faulty, is not among the cells: only the head
    is told of it.
    """

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
        return level_named(self.cells.get("level", "")) or level_of(self.cells.get("name", ""))

    def without(self, columns: Collection[str]) -> Row:
        """The row as if the table lacked some columns, to check what is left of a faulty one."""
        left = {name: words for name, words in self.cells.items() if name not in columns}
        return replace(self, cells=left)


def cell_faults(row: Row, last: int) -> dict[str, Violation]:
    """What is wrong with the cells of a row, each by itself, by column.

    ``last`` is the last base year.
    """
    found = {n: row.fault("table_cell_empty", n) for n in NEEDED if row.cells.get(n) == ""}
    keys = [row.cells[n] for n in ("id", "code") if n in row.cells]
    if keys and not any(keys):
        found["code"] = row.fault("table_cell_empty", "code")
    for column, form, code in (("id", _ID, "table_id"), ("code", _CODE, "table_code")):
        if row.cells.get(column) and not form.fullmatch(row.cells[column]):
            found[column] = row.fault(code, column)
    level = row.cells.get("level")
    if level and level_named(level) is None:
        close = nearest(level, every_word(LEVELS))
        found["level"] = row.fault("not_allowed", "level", allowed=list(LEVELS),
                                   allowed_zh=chinese(LEVELS), nearest=close)  # fmt: skip
    return found | dict(_number_faults(row, last))


def _number_faults(row: Row, last: int) -> Iterator[tuple[str, Violation]]:
    """Column and fault of each cell that is not the number that it should be."""
    whole = {"year": (float(wpp().years[0]) - 1.0, float(last))}
    persons, rates = dict.fromkeys(PERSONS, (0.0, _EVERYBODY)), dict.fromkeys(RATES, (0.0, _ALL))
    for column, (low, high) in (whole | persons | rates).items():
        fault = _out_of_range(row, column, low, high, whole=column in whole)
        if fault is not None:
            yield column, fault


def part_faults(row: Row) -> dict[str, Violation]:
    """Parts that are no less than the whole that the row gives, by the part's column.

    The cells of the row are sound by themselves.
    """
    found = {}
    for part, whole in WHOLE.items():
        if row.cells.get(part) and row.cells.get(whole):
            total = row.cells[whole]
            if float(row.cells[part]) >= float(total):
                about = {"part": part, "whole": row.heads[whole], "total": total, "other": row.line}
                found[part] = row.fault("part_above_whole", part, **about)
    return found


def _out_of_range(
    row: Row, column: str, low: float, high: float, *, whole: bool
) -> Violation | None:
    """The fault of a cell that is no number, or none within its limits; an empty one has none."""
    words = row.cells.get(column)
    if not words:
        return None
    try:
        if "_" in words or not words.isascii():  # which Python would read, and no spreadsheet
            raise ValueError(words)
        if _POWER.search(words):
            return _power(row, column, words)
        value = int(words) if whole else float(words)
    except ValueError:
        return row.fault("not_a_number", column, expected="integer" if whole else "number")
    if column in PERSONS and low <= value <= high:
        return _not_persons(row, column, value)
    if not low <= value <= high:
        # The bound that is nearest is hardly what was meant, so none is proposed.
        return row.fault("outside", column, low=low, high=high)
    return None


def _power(row: Row, column: str, words: str) -> Violation:
    """A number with a power of ten, by which a spreadsheet has cut digits off."""
    plain = f"{float(words):.10g}"
    close = {"nearest": plain} if plain.isdigit() else {}
    return row.fault("table_power", column, **close)


def _not_persons(row: Row, column: str, value: float) -> Violation | None:
    """The fault of a number that is none of persons: a part of one, or fewer than any county has.

    What it would be if it was in 万人 is proposed where a county can have as many.
    """
    small = column in _MANY and value < _FEWEST and row.level not in _SMALL_PLACES
    if value.is_integer() and not small and (value > 0.0 or column != "resident_population"):
        return None
    low = _FEWEST if column in _MANY and row.level not in _SMALL_PLACES else 0.0
    close = _if_in_wan(value) if value * _WAN >= max(low, 1.0) else {}
    return row.fault("table_persons", column, low=low, high=_EVERYBODY, **close)


def _if_in_wan(value: float) -> dict[str, str]:
    """The persons that a number of 万人 means, as what may be meant; none if it cannot be one."""
    return {"nearest": f"{round(value * _WAN)}"} if value < _FEWEST else {}


def cell_doubts(row: Row) -> list[Violation]:
    """Figures of a row that can be right and hardly are."""
    found = []
    for column in ("resident_population", "hukou_population", "town_population",
                   "village_population", "county_seat_population"):  # fmt: skip
        value = float(row.cells.get(column) or 0.0)
        if 0.0 < value < FEW:
            found.append(row.fault("table_few", column, few=FEW, **_if_in_wan(value)))
    for column in RATES:
        value = float(row.cells.get(column) or 0.0)
        if 0.0 < value <= 1.0:
            found.append(row.fault("table_share", column, nearest=f"{value * _ALL:.10g}"))
    return found
