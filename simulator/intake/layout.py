"""What the workbook of own figures looks like: sheets, columns, and the words it accepts."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.i18n import LANGUAGES, text
from simulator.vocabulary import indicators

PLACE, FIGURES, AGES, TARGETS = "place", "figures", "ages", "targets"
SHEETS = (PLACE, FIGURES, AGES, TARGETS)
FIELDS: Mapping[str, tuple[str, ...]] = {
    PLACE: ("name", "english", "id", "code", "province", "prefecture", "level", "base_year"),
    FIGURES: ("indicator", "year", "value", "unit", "use", "source", "quote"),
    AGES: ("year", "sex", "age_from", "age_to", "persons"),
    TARGETS: ("indicator", "year", "op", "value", "unit", "baseline_year", "baseline", "quote"),
}
LEVELS = ("county", "district", "prefecture", "town", "zone")
USES = ("base", "history", "outcome", "context")
SEXES = ("male", "female")
OPS = {"≥": ">=", "≤": "<=", "≈": "~"}
#: Indicators whose history the model reads.
FACTS = tuple(n for n, i in indicators().items() if i.kind == "modelled")


def sheet_name(sheet: str, lang: str) -> str:
    """Name of a sheet's tab."""
    return text(f"intake.sheet.{sheet}", lang)


def header(sheet: str, field: str, lang: str) -> str:
    """Header of a column, or label of a row of the first sheet."""
    return text(f"intake.{sheet}.{field}", lang)


def named(words: str, names: tuple[str, ...], family: str) -> str:
    """The name behind a label in either language; the words themselves where there is none."""
    for lang in LANGUAGES:
        for name in names:
            if words.strip() in (name, text(f"intake.{family}.{name}", lang)):
                return name
    return words.strip()


def indicator_named(words: str) -> str:
    """The indicator behind a label in either language, or the words themselves."""
    for name, indicator in indicators().items():
        if words.strip() in (name, indicator.zh, indicator.en):
            return name
    return words.strip()
