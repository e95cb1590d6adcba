"""Interface text: gettext catalogues ``messages/zh.po`` and ``messages/en.po``, by message key."""

from __future__ import annotations

import os
import string
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

FOLDER = Path(__file__).with_name("messages")
LANGUAGES = ("zh", "en")
#: Persons in one unit in which people are shown, and its decimals: 万人, thousand.
PEOPLE_UNIT = {"zh": 1e4, "en": 1e3}
PEOPLE_DIGITS = {"zh": 2, "en": 1}


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Messages of one language by key.

    Raises
    ------
    FileNotFoundError
        If there is no such language.
    """
    with (FOLDER / f"{lang}.po").open("rb") as handle:
        return {str(m.id): str(m.string) for m in read_po(handle) if m.id}


def text(key: str, lang: str, /, **params: object) -> str:
    """Message ``key`` in ``lang``, with its ``{placeholders}`` filled.

    Raises
    ------
    KeyError
        If the catalogue lacks the key or the call lacks a placeholder.
    """
    message = catalogue(lang)[key]
    return message.format(**params) if params else message


def placeholders(message: str) -> set[str]:
    """Names that a message wants filled."""
    return {name for _, name, _, _ in string.Formatter().parse(message) if name}


def default_language() -> str:
    """Chinese when the environment says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def year_spans(years: Iterable[int], lang: str) -> str:
    """Years in order, those that follow each other by the first and last: 2026–2030, 2032."""
    spans: list[list[int]] = []
    for year in sorted(set(years)):
        if spans and year == spans[-1][-1] + 1:
            spans[-1][1:] = [year]
        else:
            spans.append([year])
    return ("、" if lang == "zh" else ", ").join("–".join(map(str, span)) for span in spans)


def people(persons: float, lang: str, *, sign: bool = False) -> str:
    """Persons for show: 万人 with two decimals in Chinese, thousands with one in English."""
    form = f"{'+' if sign else ''}{',' if lang == 'en' else ''}.{PEOPLE_DIGITS[lang]}f"
    return f"{persons / PEOPLE_UNIT[lang]:{form}}"


def percent(share: float, *, sign: bool = False) -> str:
    """A share as per cent with two decimals, without the sign %."""
    return f"{share * 100.0:{'+' if sign else ''}.2f}"
