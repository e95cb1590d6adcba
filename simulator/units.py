"""Units that plans print, and their size in the program's own: persons, yuan, shares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_WAN, _YI = 1e4, 1e8

#: unit -> (dimension, size in base units)
UNITS: Final[Mapping[str, tuple[str, float]]] = MappingProxyType(
    {
        "人": ("persons", 1.0),
        "万人": ("persons", _WAN),
        "亿人": ("persons", _YI),
        "%": ("share", 0.01),
        "‰": ("share", 0.001),
        "个百分点": ("share", 0.01),
    }
)


def to_base(value: float, unit: str) -> float:
    """Value in persons or shares.

    Raises
    ------
    KeyError
        If the unit is not one that a modelled quantity can have.
    """
    return value * UNITS[unit][1]


def from_base(value: float, unit: str) -> float:
    """Value in the printed unit; the inverse of `to_base`."""
    return value / UNITS[unit][1]


def dimension(unit: str) -> str | None:
    """``persons``, ``share``, or None for a unit that is only shown."""
    return UNITS[unit][0] if unit in UNITS else None
