"""Names of areas and units as plans print them, and figures, for readers of either language.

What English has no name for stays as it is printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from simulator.i18n import PEOPLE_UNIT, people, text
from simulator.tables import rows
from simulator.units import dimension, to_base

#: What stands before a unit, its size, and how English counts by it.
_SIZES: Final[Mapping[str, tuple[float, str]]] = {
    "万": (1e4, "10,000 {}"),
    "亿": (1e8, "100 million {}"),
}


@cache
def _english() -> Mapping[tuple[str, str], str]:
    return {(r["kind"], r["zh"]): r["en"] for r in rows("english_names.csv")}


def province(name: str, lang: str) -> str:
    """A province in the reader's language."""
    return name if lang == "zh" else _english().get(("province", name), name)


def region(names: str, lang: str) -> str:
    """Province and prefecture, with a space between them, in the reader's language."""
    if lang == "zh":
        return names
    first, _, second = names.partition(" ")
    second = _english().get(("prefecture", second), second)
    return ", ".join(part for part in (province(first, lang), second) if part)


def area(name: str, lang: str) -> str:
    """An area of unsaid level in the reader's language."""
    return name if lang == "zh" else _english().get(("prefecture", name), province(name, lang))


def unit_name(unit: str, lang: str) -> str:
    """A unit in the reader's language: ``thousand`` for 万人, see `counted`."""
    if lang == "zh":
        return unit
    if dimension(unit) == "persons":
        return text("unit.persons", lang)
    known = _english().get(("unit", unit))
    if known is None and unit[:1] in _SIZES:
        bare = _english().get(("unit", unit[1:]))
        known = _SIZES[unit[0]][1].format(bare) if bare is not None else None
    return known or unit


def in_words(value: float, unit: str, lang: str) -> tuple[float, str]:
    """A value and its unit as the reader counts: for English without 万 and 亿."""
    if dimension(unit) == "persons":
        return counted(value, unit, lang), unit_name(unit, lang)
    if lang == "en" and unit[:1] in _SIZES and ("unit", unit[1:]) in _english():
        return value * _SIZES[unit[0]][0], unit_name(unit[1:], lang)
    return value, unit_name(unit, lang)


def counted(value: float, unit: str, lang: str) -> float:
    """A value in the unit that `unit_name` tells: in English people are counted in thousands."""
    if lang == "en" and dimension(unit) == "persons":
        return to_base(value, unit) / PEOPLE_UNIT[lang]
    return value


def projected(value: float, unit: str, lang: str, *, sign: bool = False) -> str:
    """A projected value in the unit that `unit_name` tells, with the decimals that people see."""
    if lang == "en" and dimension(unit) == "persons":
        return people(to_base(value, unit), lang, sign=sign)
    return f"{value:+.2f}" if sign else f"{value:.2f}"
