"""National settlement rules by size of city, ``presets.csv``: the plan's words and our reading."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("presets.csv")
#: Classes of cities by urban residents, as the national plan has them.
PRESETS = ("below_3m", "from_3m_to_5m", "above_5m")


@dataclass(frozen=True)
class PresetRule:
    """One rule of one class: the lever's value, the plan's words and where it is from."""

    preset: str
    lever: str
    value: float
    quote: str
    source: str
    grade: str


@functools.cache
def preset_rules() -> tuple[PresetRule, ...]:
    """Every rule, in table order."""
    with TABLE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return tuple(_rule(row) for row in rows)


def _rule(row: Mapping[str, str]) -> PresetRule:
    words = {k: row[k] for k in ("preset", "lever", "quote", "source", "grade")}
    return PresetRule(value=float(row["value"]), **words)


@functools.cache
def preset_values(preset: str) -> Mapping[str, float]:
    """Lever values of a preset.

    Raises
    ------
    KeyError
        If there is no such preset.
    """
    found = {rule.lever: rule.value for rule in preset_rules() if rule.preset == preset}
    if not found:
        raise KeyError(preset)
    return MappingProxyType(found)
