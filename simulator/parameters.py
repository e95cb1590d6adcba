"""The one table of parameters, ``parameters.csv``: each number's unit, range, label and source."""

from __future__ import annotations

import csv
import functools
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

TABLE = Path(__file__).with_name("parameters.csv")
LEVER_PREFIX = "lever."
_NINETY = 2 * 1.6448536269514722


@dataclass(frozen=True)
class Parameter:
    """One row of the table; ``low`` and ``high`` bound what a scenario may set."""

    name: str
    symbol: str
    unit: str
    low: float
    central: float | None
    high: float
    step: float | None
    distribution: str
    group: str
    label_zh: str
    label_en: str
    help_zh: str
    help_en: str
    source: str
    grade: str

    @property
    def is_lever(self) -> bool:
        """Whether the row is a policy lever rather than a property of the world."""
        return self.group.startswith(LEVER_PREFIX)

    @property
    def log_sd(self) -> float:
        """Width of the log where low..high is read as the central 90 % of a lognormal."""
        return math.log(self.high / self.low) / _NINETY

    @property
    def default(self) -> float:
        """Central value; infinity for a limit that is off by default."""
        return float("inf") if self.central is None else self.central

    def label(self, lang: str) -> str:
        """Label in the interface language."""
        return self.label_zh if lang == "zh" else self.label_en

    def help(self, lang: str) -> str:
        """Help text in the interface language."""
        return self.help_zh if lang == "zh" else self.help_en


def _number(text: str) -> float | None:
    return float(text) if text else None


def _parameter(row: Mapping[str, str]) -> Parameter:
    low, high = _number(row["low"]), _number(row["high"])
    if low is None or high is None:
        raise ValueError(f"parameters.csv: {row['name']}: low and high are needed")
    central = _number(row["central"])
    if central is not None and not low <= central <= high:
        raise ValueError(f"parameters.csv: {row['name']}: central outside low..high")
    text = {k: row[k] for k in ("name", "symbol", "unit", "distribution", "group", "source")}
    words = {k: row[k] for k in ("label_zh", "label_en", "help_zh", "help_en", "grade")}
    return Parameter(
        low=low, central=central, high=high, step=_number(row["step"]), **text, **words
    )


@functools.cache
def parameters() -> Mapping[str, Parameter]:
    """Every parameter by name, in table order.

    Raises
    ------
    ValueError
        If a row has no range, or a central value outside it.
    """
    with TABLE.open(encoding="utf-8", newline="") as handle:
        rows = [_parameter(row) for row in csv.DictReader(handle)]
    return MappingProxyType({p.name: p for p in rows})


def levers() -> Mapping[str, Mapping[str, Parameter]]:
    """Levers by group (``settlement``, ``industry_jobs``, ``housing``) and name."""
    groups: dict[str, dict[str, Parameter]] = {}
    for p in parameters().values():
        if p.is_lever:
            groups.setdefault(p.group.removeprefix(LEVER_PREFIX), {})[p.name] = p
    return groups


@functools.cache
def assumptions() -> Mapping[str, Parameter]:
    """The parameters that are no levers: what a scenario may override under ``parameters``."""
    return MappingProxyType({name: p for name, p in parameters().items() if not p.is_lever})


def central_values() -> dict[str, float]:
    """Central value of every assumption."""
    return {name: p.default for name, p in assumptions().items()}


def table_hash() -> str:
    """SHA-256 of the table's bytes, for provenance."""
    return hashlib.sha256(TABLE.read_bytes()).hexdigest()
