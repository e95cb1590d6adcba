"""Whether the name, code and province of a row speak of one place, by the list of the censuses.

The list holds every unit of 2010 and most of 2020: what it does not know may be newer than it, and
is not refused for that alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from simulator import census
from simulator.county_names import Unit, units, units_of_code
from simulator.errors import nearest
from simulator.matching import stem

_PREFIX: Final = 2
_PROVINCE: Final = "province"


@dataclass(frozen=True)
class Doubt:
    """What is wrong with one of the three; ``grave`` is a contradiction, else only suspicious."""

    code: str
    column: str
    params: dict[str, Any]
    grave: bool = True


@cache
def provinces() -> dict[str, str]:
    """The first two digits of its codes, by the full name of a province."""
    areas = (a for a in census.areas().values() if a.level == _PROVINCE)
    return {area.name: area.code[:_PREFIX] for area in areas}


def doubts(name: str, province: str, code: str) -> list[Doubt]:
    """What does not fit together; what the row lacks, or has wrong by itself, is empty.

    Parameters
    ----------
    name : of the place, as the row has it, or empty
    province : its province, or empty
    code : six digits, or empty
    """
    known = provinces()
    if province and province not in known:
        close = next((p for p in known if p.startswith(province)), None)
        params = {
            "allowed": list(known),
            "nearest": close or nearest(province, list(known), proper=True),
        }
        return [Doubt("not_allowed", "province", params), *doubts(name, "", code)]
    if province and code and code[:_PREFIX] != known[province]:
        owner = next((p for p, prefix in known.items() if prefix == code[:_PREFIX]), None)
        codes = _codes(_alike(name, province))
        params = {"allowed": [f"{known[province]}····"], "owner": owner or code[:_PREFIX],
                  "province": province, "nearest": ", ".join(codes) or None}  # fmt: skip
        return [Doubt("table_code_province", "code", params)]
    return _by_name(name, province, code) if name else []


def _by_name(name: str, province: str, code: str) -> list[Doubt]:
    """Whether the name is that of the code, and of a place of the province."""
    owners, alike = units_of_code(code), _alike(name, province)
    if owners:
        if any(stem(owner.name) == stem(name) for owner in owners):
            return []
        allowed = list(dict.fromkeys(owner.name for owner in owners))
        params = {"allowed": allowed, "nearest": ", ".join(_codes(alike)) or None}
        return [Doubt("table_code_name", "name", params, grave=bool(alike))]
    if not province:
        return []
    if code and alike:
        return [Doubt("table_code_unlisted", "code", {"nearest": ", ".join(_codes(alike))}, False)]
    elsewhere = [] if code or alike else [u for u in units() if u.name == name]
    if elsewhere:
        where = list(dict.fromkeys(u.province for u in elsewhere))
        close = where[0] if len(where) == 1 else None
        return [Doubt("table_name_province", "province", {"allowed": where, "nearest": close})]
    return []


def _alike(name: str, province: str) -> list[Unit]:
    """Units of a province of that name, else of that name but for its kind (县, 市, 区)."""
    inside = [u for u in units() if u.province == province and u.level != _PROVINCE]
    same = [u for u in inside if u.name == name]
    return same or [u for u in inside if stem(u.name) == stem(name)]


def _codes(found: Sequence[Unit]) -> list[str]:
    return list(dict.fromkeys(f"{u.name} {u.code}" for u in found))
