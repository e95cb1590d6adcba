"""Workbooks in the layout of the county census volumes: merged headings, spaced names, no codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from counties import SHAPE
from openpyxl import Workbook

AGE_WORDS = ("0岁", "1—4岁", *(f"{a}—{a + 4}岁" for a in range(5, 85, 5)), "85岁及以上")
#: Region as printed: level by indentation, two-character names spread.
PLACES: tuple[tuple[str, Mapping[str, float] | None], ...] = (
    ("全  国", None),
    ("四川省", None),
    ("  达州市", None),
    ("    市辖区", None),
    ("    通川区", {"resident": 480_000, "urban": 380_000, "hukou": 400_000}),
    ("    渠  县", {"resident": 1_155_000, "urban": 310_000, "hukou": 1_440_000}),
    ("    宣汉县", {"resident": 1_000_000, "urban": 250_000, "hukou": 1_280_000}),
)


def ages_of(residents: float) -> list[int]:
    """Persons of one sex by the groups of the volume."""
    return [round(float(part)) for part in SHAPE / SHAPE.sum() * residents / 2]


def book(
    path: Path,
    places: Sequence[tuple[str, Mapping[str, float] | None]] = PLACES,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Write a volume of three tables; ``changes`` overwrite cells such as ``表1!C9``."""
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    first.title = "表1"
    _people(first, places)
    _hukou(workbook.create_sheet("表2"), places)
    _ages(workbook.create_sheet("表3"), places)
    for where, value in (changes or {}).items():
        sheet, cell = where.split("!")
        workbook[sheet][cell] = value
    workbook.save(path)
    return path


def _people(page: Any, places: Sequence[tuple[str, Mapping[str, float] | None]]) -> None:
    page["A1"] = "表1  各地区户数、人口数、城乡人口（2010年）"
    page["A2"] = "单位：户、人"
    page.append(["地  区", "户 数", None, "人 口 数", None, None, "性别比", "城镇人口", "乡村人口"])
    page.append([None, "家庭户", "集体户", "合 计", "男", "女", None, None, None])
    for merged in ("A3:A4", "B3:C3", "D3:F3", "G3:G4", "H3:H4", "I3:I4"):
        page.merge_cells(merged)
    for name, figures in places:
        people, urban = (figures or {}).get("resident"), (figures or {}).get("urban")
        if people is None or urban is None:
            page.append([name, 1, 1, 2, 1, 1, 100.0, 1, 1])
            continue
        half = people / 2
        page.append([name, people // 3, 10, people, half, half, 100.0, urban, people - urban])
    page.append(["注：不包括现役军人。"])


def _hukou(page: Any, places: Sequence[tuple[str, Mapping[str, float] | None]]) -> None:
    page["A1"] = "表2  各地区户籍人口、按户口登记地分的人口"
    page.append([])
    page.append(["地区", "户籍人口", "非农业户口人口比重(%)", "户口登记地", None, None])
    page.append([None, None, None, "本县（市）", "本省其他县（市）、市区", "省 外"])
    for merged in ("A3:A4", "B3:B4", "C3:C4", "D3:F3"):
        page.merge_cells(merged)
    for name, figures in places:
        hukou = (figures or {}).get("hukou", 1)
        page.append([name, f"{hukou:,}", 18.5, round(0.04 * hukou), round(0.02 * hukou), "—"])


def _ages(page: Any, places: Sequence[tuple[str, Mapping[str, float] | None]]) -> None:
    page["A1"] = "表3  各地区分年龄、性别的人口"
    page.append([])
    heads = [part for word in AGE_WORDS for part in (word, None)]
    page.append(["地 区", "合计", None, *heads])
    page.append([None, "男", "女", *["男", "女"] * len(AGE_WORDS)])
    for name, figures in places:
        persons = ages_of((figures or {}).get("resident", 0))
        page.append([name, sum(persons), sum(persons), *(p for p in persons for _ in "mf")])
