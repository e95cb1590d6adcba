"""Which county of 2010 is which of 2020: by code, by name, or by the list of boundary changes.

Only codes and names decide, never a population. docs/model.md, backtest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulator.county_lists import boundary_changes
from simulator.county_tables import CountyTable

_PEOPLES = (
    "满族|蒙古族|回族|维吾尔|哈萨克|柯尔克孜|藏族|彝族|苗族|侗族|土家族|布依族|壮族|瑶族|黎族|"
    "傣族|傈僳族|白族|哈尼族|佤族|拉祜族|纳西族|景颇族|独龙族|怒族|普米族|布朗族|仡佬族|水族|"
    "毛南族|仫佬族|羌族|畲族|土族|撒拉族|东乡族|保安族|裕固族|朝鲜族|达斡尔族|鄂温克族|锡伯|"
    "塔吉克|各族|蒙古|回"
)
_NAMED_FOR_PEOPLES = re.compile(rf"({_PEOPLES})+$")
_AUTONOMOUS = re.compile(r"自治(县|旗|州)$")
_KIND = re.compile(r"(县|市|区|旗|特区|林区|矿区)$")
_PREFECTURE = re.compile(r"(地区|盟|市)$")
_SHORTEST = 3


@dataclass(frozen=True)
class Unit:
    """One county as it is launched: the 2010 rows that it consists of, and what it is in 2020.

    ``parts`` are positions in the 2010 table; ``code`` and ``name`` are those of 2020 where the
    county is matched, else of 2010; ``row`` is the position in the 2020 table or None; ``change``
    is empty, "renamed", "merged", "received" or "ceded".
    """

    code: str
    name: str
    parts: tuple[int, ...]
    row: int | None
    change: str


def stem(name: str) -> str:
    """A county's name without its kind: 滦平县 and 滦平区 are one place."""
    if _AUTONOMOUS.search(name):
        bare = _AUTONOMOUS.sub("", name)
        return _NAMED_FOR_PEOPLES.sub("", bare) or bare
    return _KIND.sub("", name) if len(name) >= _SHORTEST else name


def prefecture_stem(name: str) -> str:
    """A prefecture's name without its kind."""
    bare = _AUTONOMOUS.sub("", _PREFECTURE.sub("", name))
    return _NAMED_FOR_PEOPLES.sub("", bare) or bare


def match(first: CountyTable, second: CountyTable | None) -> tuple[list[Unit], list[int]]:
    """Units of 2010 in stable order, and positions of 2020 rows that none of them is.

    Without ``second`` every row of 2010, with the listed mergers joined, is a unit.
    """
    at = {code: i for i, code in enumerate(first.codes)}
    later = {} if second is None else {code: i for i, code in enumerate(second.codes)}
    taken: set[int] = set()
    units: list[Unit] = []
    for change in boundary_changes():
        parts = tuple(at[code] for code in change.codes_2010 if code in at)
        if parts and not taken & set(parts):
            taken |= set(parts)
            row = later.get(change.code_2020)
            units.append(Unit(change.code_2020, change.name_2020, parts, row, change.kind))
    if second is not None:
        matched = {u.row for u in units}
        for row, i, change_kind in _pairs(first, second, taken, matched):
            units.append(Unit(second.codes[row], second.names[row], (i,), row, change_kind))
    for i, code in enumerate(first.codes):
        if i not in taken:
            units.append(Unit(code, first.names[i], (i,), None, ""))
    units.sort(key=lambda u: first.codes[u.parts[0]])
    found = {u.row for u in units}
    return units, [row for row in range(len(later)) if row not in found]


def _pairs(
    first: CountyTable, second: CountyTable, taken: set[int], matched: set[int | None]
) -> Iterator[tuple[int, int, str]]:
    """Pairs of rows, surest rule first; ``taken`` and ``matched`` grow on the way."""
    old, new = [stem(n) for n in first.names], [stem(n) for n in second.names]
    at = {code: i for i, code in enumerate(first.codes)}
    alike: dict[tuple[str, str], list[int]] = {}
    for i, code in enumerate(first.codes):
        alike.setdefault((code[:2], old[i]), []).append(i)

    def same_prefecture(i: int, row: int) -> bool:
        a, b = first.prefectures[i], second.prefectures[row]
        return (
            prefecture_stem(a) == prefecture_stem(b) or first.codes[i][:4] == second.codes[row][:4]
        )

    def by_code(row: int) -> list[int]:
        i = at.get(second.codes[row])
        return [i] if i is not None and i not in taken and old[i] == new[row] else []

    def by_name(row: int, near: Callable[[int, int], bool]) -> list[int]:
        key = second.codes[row][:2], new[row]
        return [i for i in alike.get(key, ()) if i not in taken and near(i, row)]

    def by_code_alone(row: int) -> list[int]:
        i = at.get(second.codes[row])
        return [i] if i is not None and i not in taken else []

    rules: tuple[Callable[[int], list[int]], ...] = (
        by_code,
        lambda row: by_name(row, same_prefecture),
        lambda row: by_name(row, lambda i, row: True),
        by_code_alone,
    )
    for rule in rules:
        for row in range(len(second.codes)):
            found = [] if row in matched else rule(row)
            if len(found) == 1:
                taken.add(found[0])
                matched.add(row)
                same = first.names[found[0]] == second.names[row]
                yield row, found[0], "" if same else "renamed"
