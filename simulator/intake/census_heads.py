"""How the columns of the county census volumes are known: by the words of their headings.

The printed tables have headings of several rows, merged over columns; a heading here is the words
of a column from top to bottom, spaces taken out. Positions are never relied on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.county_tables import GROUP_NAMES, GROUP_STARTS

_SPACES = re.compile(r"[\s　_（）()、，,：:]+")
#: Words that begin the region column, and the code column if there is one.
REGION, CODE = ("地区", "地区别", "行政区划名称"), ("代码", "行政区划代码", "区划代码", "编码")
_TOTAL = ("合计", "小计", "总计")
_SEX = {"男": 0, "女": 1}
_AGE = re.compile(
    r"(?P<low>\d{1,3})(?:(?:岁)?(?:-|—|–|－|~|～|至|到)(?P<high>\d{1,3}))?岁?(?P<open>及?以上|\+)?"
)
_OPEN_AGE = 100
_BOUNDS = (*GROUP_STARTS, _OPEN_AGE + 1)


@dataclass(frozen=True)
class Head:
    """Words that the heading of a figure has and those it has not; ``percent`` if it is a share."""

    column: str
    has: tuple[str, ...]
    lacks: tuple[str, ...] = ()


_NOT_ALL = ("男", "女", "性别比", "比重", "比例", "率", "户数", "规模", "岁")
_PARTS = ("城镇", "乡村", "家庭户", "集体户", "户籍", "户口", "少数民族", "非农业", "就业", "迁移")
_MOVED_PARTS = ("男", "女", "比重", "比例", "岁")
#: Figures of the core table by their headings; the first alternative that is met counts.
HEADS = (
    Head("resident", ("人口数",), (*_NOT_ALL, *_PARTS)),
    Head("resident", ("常住人口",), (*_NOT_ALL, *_PARTS)),
    Head("resident", ("总人口",), (*_NOT_ALL, *_PARTS)),
    Head("urban", ("城镇",), (*_NOT_ALL, "户籍", "户口", "家庭户")),
    Head("hukou", ("户籍人口",), (*_NOT_ALL, "城镇", "非农业", "登记地")),
    Head("nonagri_hukou_pct", ("非农业户口", "比重"), ("男", "女")),
    Head("ethnic_minority_pct", ("少数民族", "比重"), ("男", "女")),
    Head("family_household_pop", ("家庭户", "人口数"), _NOT_ALL),
    Head("family_household_size", ("家庭户", "规模"), ()),
    Head("birth_rate", ("出生率",), ()),
    Head("death_rate", ("死亡率",), ("婴儿",)),
    Head("in_migrants_same_county", ("本县",), (*_MOVED_PARTS, "其他")),
    Head("in_migrants_other_county_same_prov", ("本省其他",), _MOVED_PARTS),
    Head("in_migrants_other_prov", ("省外",), _MOVED_PARTS),
    Head("in_migrants_other_prov", ("外省",), _MOVED_PARTS),
    Head("children_ever_born_w15_64", ("平均", "活产子女"), ()),
    Head("housing_m2_per_capita", ("人均", "建筑面积"), ()),
    Head("emp_primary_pct", ("第一产业",), ()),
    Head("emp_secondary_pct", ("第二产业",), ()),
    Head("years_schooling", ("平均受教育年限",), ("男", "女")),
)  # fmt: skip
#: The same figures of 2020 stand under other names in the tables of that census.
RENAMED_2020 = {
    "in_migrants_other_county_same_prov": "registered_other_county_same_prov",
    "in_migrants_other_prov": "registered_other_prov",
}


def squeezed(words: object) -> str:
    """Words of a cell without the spaces and marks that printers put between characters."""
    return _SPACES.sub("", "" if words is None else str(words))


def is_region(words: str) -> bool:
    """Whether a heading is that of the region column."""
    return words in REGION


def is_code(words: str) -> bool:
    """Whether a heading is that of a code column."""
    return words in CODE


def figure(heading: str) -> str | None:
    """The core figure that a heading names, if any; a column of one age is none."""
    if age_group(heading) is not None:
        return None
    for head in HEADS:
        if all(w in heading for w in head.has) and not any(w in heading for w in head.lacks):
            return head.column
    return None


@dataclass(frozen=True)
class Ages:
    """Ages of one sex (0 male) that a column counts, both ends included, within one group."""

    sex: int
    low: int
    high: int
    group: int

    @property
    def column(self) -> str:
        """Name of the group's column in the age table."""
        return group_column(self.sex, self.group)

    def overlaps(self, other: Ages) -> bool:
        """Whether somebody is counted in both columns."""
        return self.sex == other.sex and self.low <= other.high and other.low <= self.high


def ages_missing(group: int, counted: Iterable[Ages]) -> bool:
    """Whether ages of a group are in none of the columns that count it."""
    there = {age for ages in counted for age in range(ages.low, ages.high + 1)}
    return not there.issuperset(range(_BOUNDS[group], _BOUNDS[group + 1]))


def age_group(heading: str) -> tuple[int, int] | None:
    """Sex (0 male) and position in ``GROUP_NAMES`` that a heading names, if it names both."""
    found = ages_of(heading)
    return None if found is None else (found.sex, found.group)


def ages_of(heading: str) -> Ages | None:
    """Sex and ages that a heading names, if it names both and they lie in one group."""
    sexes = [s for s in _SEX if s in heading]
    if len(sexes) != 1 or any(word in heading for word in _TOTAL):
        return None
    found = [
        m for m in _AGE.finditer(heading) if m["high"] or m["open"] or f"{m['low']}岁" in heading
    ]
    if len(found) != 1:
        return None
    low = int(found[0]["low"])
    high = _OPEN_AGE if found[0]["open"] else int(found[0]["high"] or low)
    for i in range(len(GROUP_NAMES)):
        if _BOUNDS[i] <= low <= high < _BOUNDS[i + 1]:
            return Ages(_SEX[sexes[0]], low, high, i)
    return None


def group_column(sex: int, i: int) -> str:
    """Name of an age group's column in the age table."""
    return f"{'mf'[sex]}_{GROUP_NAMES[i]}"
