"""Codes of area units by the names that census volumes print: ``county_codes.csv``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from simulator.errors import nearest
from simulator.tables import rows as table_rows


@dataclass(frozen=True)
class Unit:
    """A unit of the table; ``years`` are the censuses that print it so."""

    code: str
    province: str
    prefecture: str
    name: str
    level: str
    years: tuple[str, ...]


@cache
def _by_name() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = {}
    for r in table_rows("county_codes.csv"):
        unit = Unit(r["code"], r["province"], r["prefecture"], r["name"], r["level"],
                    tuple(r["years"].split()))  # fmt: skip
        found.setdefault(r["name"], []).append(unit)
    return {name: tuple(units) for name, units in found.items()}


@cache
def by_code() -> dict[str, Unit]:
    """Units by code, the newest name last."""
    return {u.code: u for units in _by_name().values() for u in units}


@cache
def units() -> tuple[Unit, ...]:
    """Every unit, by its names: one that changed its name is there twice."""
    return tuple(u for found in _by_name().values() for u in found)


def units_of_code(code: str) -> tuple[Unit, ...]:
    """The units that a census printed under a code; none for a code that no list has."""
    return _by_each_code().get(code, ())


@cache
def _by_each_code() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, list[Unit]] = {}
    for unit in units():
        found.setdefault(unit.code, []).append(unit)
    return {code: tuple(owners) for code, owners in found.items()}


@dataclass
class Walk:
    """Reads the region column of one sheet from top to bottom: which unit each row is.

    A volume lists each province, its prefectures, and the counties of each of them.
    """

    year: int
    province: str = ""
    prefecture: str = ""
    seen: set[str] = field(default_factory=set)

    def unit(self, name: str) -> Unit | None:
        """The unit of the next row, or None if no census of the table prints that name here."""
        found = [u for u in _by_name().get(name, ()) if u.code not in self.seen]
        chosen = self._nearest(found)
        if chosen is None:
            return None
        self.seen.add(chosen.code)
        if chosen.level == "province":
            self.province, self.prefecture = chosen.name, ""
        elif chosen.level == "prefecture":
            self.prefecture = chosen.name
        return chosen

    def before(self, name: str) -> Unit | None:
        """The unit of that name that an earlier row was, where the next can be no other."""
        found = self._nearest(_by_name().get(name, ()))
        return found if found is not None and found.code in self.seen else None

    def _nearest(self, found: Sequence[Unit]) -> Unit | None:
        """Of the units of that name the one in the prefecture, else province, else the only one."""
        found = [u for u in found if str(self.year) in u.years] or list(found)
        provinces = [u for u in found if u.level == "province"]
        if provinces:
            return provinces[0]
        inside = [u for u in found if u.province == self.province] if self.province else found
        beside = [u for u in inside if self.prefecture and u.prefecture == self.prefecture]
        for units in ([u for u in inside if u.level == "prefecture"], beside, inside):
            if len(units) == 1:
                return units[0]
        return None

    def close(self, name: str) -> str | None:
        """The name of a unit of the province that comes nearest."""
        inside = (
            n
            for n, units in _by_name().items()
            if not self.province or any(u.province == self.province for u in units)
        )
        return nearest(name, list(inside), proper=True)
