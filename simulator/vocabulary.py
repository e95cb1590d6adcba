"""The indicators that facts and targets may name: ``indicators.csv``."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

TABLE = Path(__file__).with_name("indicators.csv")

Kind = Literal["modelled", "requirement", "context"]
#: What plans call an indicator for short.
COMMON: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("城镇化率", "城镇化", "urbanization_rate", "urbanization", "urban_rate"),
            "resident_urbanization_rate",
        ),
        **dict.fromkeys(("人口", "总人口", "population", "residents"), "resident_population"),
        **dict.fromkeys(("城镇人口", "urban_population"), "town_population"),
        "hukou": "hukou_population",
    }
)


@dataclass(frozen=True)
class Indicator:
    """One indicator; a requirement also names the people that its ratio is over."""

    name: str
    kind: Kind
    unit: str
    better: str
    denominator: str
    per: float
    amount_unit: str
    zh: str
    en: str

    def label(self, lang: str) -> str:
        """Label in the interface language."""
        return self.zh if lang == "zh" else self.en


@functools.cache
def indicators() -> Mapping[str, Indicator]:
    """Every indicator by name, in table order."""
    found: dict[str, Indicator] = {}
    with TABLE.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            found[row["name"]] = Indicator(
                name=row["name"],
                kind=cast(Kind, row["kind"]),
                unit=row["unit"],
                better=row["better"],
                denominator=row["denominator"],
                per=float(row["per"] or 1),
                amount_unit=row["amount_unit"],
                zh=row["zh"],
                en=row["en"],
            )
    return MappingProxyType(found)
