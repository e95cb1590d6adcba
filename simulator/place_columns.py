"""The vocabulary of a table of places: its columns and levels, in English and in Chinese.

docs/batch.md lists the same; tests/test_place_table.py holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

#: Chinese heads of each column; the first is the one that messages name.
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("名称", "地名", "地区", "县名"),
    "province": ("省份", "省", "省级"),
    "year": ("基年", "年份", "年"),
    "id": ("标识",),
    "code": ("代码", "行政区划代码", "区划代码"),
    "prefecture": ("地级", "地市", "市州"),
    "level": ("层级", "级别"),
}
#: Columns of figures, in persons and, for rates, per cent.
PERSONS: Final[Mapping[str, tuple[str, ...]]] = {
    "resident_population": ("常住人口", "常住总人口"),
    "town_population": ("城镇人口", "城镇常住人口"),
    "village_population": ("乡村人口", "乡村常住人口", "农村人口"),
    "hukou_population": ("户籍人口", "户籍总人口"),
    "nonlocal_residents": ("外来常住人口", "外来人口"),
    "out_migrants": ("外出人口",),
    "county_seat_population": ("县城人口", "县城常住人口"),
}
RATES: Final[Mapping[str, tuple[str, ...]]] = {
    "resident_urbanization_rate": ("常住人口城镇化率", "城镇化率"),
    "hukou_urbanization_rate": ("户籍人口城镇化率", "户籍城镇化率"),
}
#: Columns that say which place a row is.
NEEDED: Final = ("name", "province", "year")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {**TEXTS, **PERSONS, **RATES}
#: Levels, and how Chinese names them.
LEVELS: Final[Mapping[str, tuple[str, ...]]] = {
    "county": ("县", "县级市", "县（市）"),
    "district": ("市辖区", "区"),
    "prefecture": ("地级市", "地级"),
    "town": ("镇",),
    "zone": ("开发区",),
}
_UNIT: Final = re.compile(r"\((人|%)\)$")
_BLANKS: Final = re.compile(r"\s+")


def column_of(head: str) -> str | None:
    """The column that a head names, in either language, its unit beside it or not."""
    words = _BLANKS.sub("", head).translate(str.maketrans("（）％", "()%"))
    unit = _UNIT.search(words)
    bare = _UNIT.sub("", words)
    name = next((n for n, others in COLUMNS.items() if bare == n or bare in others), None)
    if unit is None or name is None:
        return name
    return name if name in (PERSONS if unit[1] == "人" else RATES) else None


def level_named(word: str) -> str | None:
    """The level that a word names, in either language."""
    return next((n for n, others in LEVELS.items() if word == n or word in others), None)


def chinese(names: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The Chinese word that messages use for each name."""
    return [words[0] for words in names.values()]


def every_word(names: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Every word for every name, in both languages."""
    return [word for name, words in names.items() for word in (name, *words)]
