"""The county census workbook: merged headings, spaced names, no codes; faults by sheet and cell."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from census_book import AGE_WORDS, PLACES, ages_of, book
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

from simulator import run
from simulator.cli import app
from simulator.county_places import census_year, county_studies
from simulator.errors import ScenarioError
from simulator.intake import census_book
from simulator.intake.census_heads import age_group, figure
from simulator.intake.census_tables import import_census

CODES = {"通川区": "511702", "渠县": "511725", "宣汉县": "511722"}


def tables(path: Path, year: int | None = None) -> dict[str, list[dict[str, str]]]:
    _, files = import_census(path, year)
    return {
        name.split("_", 2)[2].removesuffix(".csv"): list(
            csv.DictReader(line for line in data.decode().splitlines() if line[0] != "#")
        )
        for name, data in files.items()
    }


def faults(path: Path, year: int | None = None) -> list[tuple[str, str]]:
    with pytest.raises(ScenarioError) as refused:
        import_census(path, year)
    return [(v.code, v.path) for v in refused.value.violations]


def test_figures_arrive_under_their_codes(tmp_path: Path) -> None:
    found = tables(book(tmp_path / "book.xlsx"))
    core = {row["name"]: row for row in found["core"]}
    assert {name: row["code"] for name, row in core.items()} == CODES
    qu = core["渠县"]
    assert (qu["province"], qu["prefecture"], qu["level"]) == ("四川省", "达州市", "county")
    assert (qu["resident"], qu["urban"], qu["hukou"]) == ("1155000", "310000", "1440000")
    assert (qu["nonagri_hukou_pct"], qu["in_migrants_same_county"]) == ("18.5", "57600")
    assert (qu["in_migrants_other_county_same_prov"], qu["in_migrants_other_prov"]) == ("28800", "")
    ages = next(row for row in found["age_sex"] if row["name"] == "渠县")
    persons = [int(ages[column]) for column in ages if column[:2] in ("m_", "f_")]
    assert persons == [n for n in ages_of(1_155_000) for _ in "mf"]


def test_what_is_imported_runs(tmp_path: Path) -> None:
    out = tmp_path / "census"
    command = [
        "import-census",
        str(book(tmp_path / "book.xlsx")),
        "--out",
        str(out),
        "--lang",
        "zh",
    ]
    found = CliRunner().invoke(app, command)
    assert (found.exit_code, found.stderr) == (0, "")
    assert "2010 年普查 3 个县级单位" in found.stdout
    studies = county_studies(out, census_year(out, None), 3)
    assert [s.place.name.zh for s in studies] == ["通川区", "宣汉县", "渠县"]
    qu = run(studies[-1]).trend.stocks
    assert qu.resident_population[0] == pytest.approx(1_155_000)
    assert qu.hukou_population[0] == pytest.approx(1_440_000)


def test_the_same_columns_in_another_order_and_flattened(tmp_path: Path) -> None:
    """Third parties flatten the headings; positions must not matter."""
    workbook = Workbook()
    page = workbook.active
    assert page is not None
    heads = [f"{sex}_{word.replace('—', '到')}" for sex in "女男" for word in AGE_WORDS]
    page.append([*heads, "地区", "户籍人口合计", "城镇人口", "人口数合计", "代码"])
    for name, figures in PLACES:
        if figures is None:
            continue
        row = [*ages_of(figures["resident"]) * 2, name, figures["hukou"], figures["urban"]]
        page.append([*row, figures["resident"], CODES[name.replace(" ", "")]])
    workbook.save(tmp_path / "flat.xlsx")
    flat = tables(tmp_path / "flat.xlsx", 2010)
    printed = tables(book(tmp_path / "book.xlsx"))
    assert flat["age_sex"] == printed["age_sex"]
    for row, other in zip(flat["core"], printed["core"], strict=True):
        assert [row[n] for n in ("code", "resident", "urban", "hukou")] == [
            other[n] for n in ("code", "resident", "urban", "hukou")
        ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"表1!A10": "渠  线"}, [("census_region_unknown", "表1!A10")]),
        ({"表1!D10": "一百万"}, [("not_a_number", "表1!D10")]),
        ({"表1!D10": -5}, [("county_count", "表1!D10")]),
        ({"表1!H10": None}, [("census_figure_missing", "表1!H10")]),
        ({"表2!B3": "总量"}, [("census_head_missing", "hukou")]),
        ({"表1!I3": "城镇人口"}, [("census_head_twice", "表1!I4")]),
        ({"表1!D10": 1_555_000}, [("census_ages_slipped", "表1!D10")]),
        ({"表3!E10": None}, [("census_age_empty", "表3!E10")]),
        ({"表3!E10": "  "}, [("not_a_number", "表3!E10")]),
        ({"表3!F3": "1—3岁"}, [("census_ages_gap", "表3!F4"), ("census_ages_gap", "表3!G4")]),
    ],
)  # fmt: skip
def test_faults_are_told_by_sheet_and_cell(
    tmp_path: Path, changes: Mapping[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert sorted(faults(book(tmp_path / "book.xlsx", changes=changes))) == sorted(expected)


def test_faults_of_several_sheets_are_told_together(tmp_path: Path) -> None:
    changes = {"表1!D10": "x", "表2!B9": "y", "表3!D11": "z", "表1!A11": "不存在县"}
    found = faults(book(tmp_path / "book.xlsx", changes=changes))
    assert {where for _, where in found} >= {"表1!D10", "表2!B9", "表3!D11", "表1!A11"}


def test_two_values_for_one_figure(tmp_path: Path) -> None:
    changes = {"表3!B3": "人口数合计", "表3!B4": None, "表3!C4": None, "表3!B10": 7}
    found = faults(book(tmp_path / "book.xlsx", changes=changes))
    assert ("census_two_values", "表3!A10") in found


def test_the_year_is_read_or_asked_for(tmp_path: Path) -> None:
    path = book(tmp_path / "book.xlsx", changes={"表1!A1": "表1"})
    assert faults(path) == [("census_year", "")]
    assert faults(path, 2015) == [("census_year", "")]
    assert tables(path, 2010)["core"]
    named = book(tmp_path / "分县资料2010.xlsx", changes={"表1!A1": "表1"})
    assert tables(named)["core"]


def test_2020_has_other_columns_and_no_hukou(tmp_path: Path) -> None:
    found = tables(book(tmp_path / "book.xlsx"), 2020)
    row = next(row for row in found["core"] if row["name"] == "渠县")
    assert (row["resident"], row["registered_other_county_same_prov"]) == ("1155000", "28800")
    assert "hukou" not in row


def test_files_that_are_no_census(tmp_path: Path) -> None:
    assert faults(tmp_path / "nowhere.xlsx") == [("not_found", "")]
    (tmp_path / "text.xlsx").write_text("x")
    assert faults(tmp_path / "text.xlsx") == [("census_unreadable", "")]
    workbook = Workbook()
    workbook.save(tmp_path / "empty.xlsx")
    assert faults(tmp_path / "empty.xlsx") == [("census_no_region", "")]


def test_nothing_is_written_where_something_is_wrong(tmp_path: Path) -> None:
    path = book(tmp_path / "book.xlsx", changes={"表1!D10": "x"})
    found = CliRunner().invoke(app, ["import-census", str(path), "--out", str(tmp_path / "out")])
    assert found.exit_code == 2
    assert "表1!D10" in found.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("heading", "group"),
    [
        ("0岁男", (0, 0)), ("男1-4岁", (0, 1)), ("女_1到4岁", (1, 1)), ("80～84岁女", (1, 17)),
        ("85岁及以上男", (0, 18)), ("100岁以上女", (1, 18)), ("3岁女", (1, 1)),
        ("90—94岁男", (0, 18)),
        ("合计男", None), ("0—14岁男", None), ("5岁小计", None), ("男15岁及以上", None),
    ],
)  # fmt: skip
def test_age_groups_by_their_words(heading: str, group: tuple[int, int] | None) -> None:
    assert age_group(heading) == group


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("人口数合计", "resident"), ("人口数男", None), ("常住人口", "resident"),
        ("家庭户人口数合计", "family_household_pop"), ("城镇人口合计", "urban"),
        ("城镇人口比重%", None), ("户籍人口", "hukou"), ("非农业户口人口比重", "nonagri_hukou_pct"),
        ("户口登记地外省", "in_migrants_other_prov"), ("乡村人口", None),
        ("户口登记地在本县其他乡镇街道", None),
    ],
)  # fmt: skip
def test_figures_by_their_words(heading: str, name: str | None) -> None:
    assert figure(heading) == name


def test_a_dash_is_nobody(tmp_path: Path) -> None:
    found = tables(book(tmp_path / "book.xlsx", changes={"表3!AN10": "—", "表3!AO10": 0}))
    ages = next(row for row in found["age_sex"] if row["name"] == "渠县")
    assert (ages["m_85p"], ages["f_85p"]) == ("0", "0")


def test_a_county_that_stands_twice_is_called_so_with_both_rows(tmp_path: Path) -> None:
    twice = (*PLACES, PLACES[5])
    with pytest.raises(ScenarioError) as refused:
        import_census(book(tmp_path / "book.xlsx", twice), None)
    found = refused.value.violations
    assert [(v.code, v.path, v.value, v.params["other"]) for v in found] == [
        ("census_county_twice", f"{sheet}!A12", "渠县", f"{sheet}!A10") for sheet in
        ("表1", "表2", "表3")
    ]  # fmt: skip


def test_a_code_that_stands_twice_is_called_so_though_the_figures_agree(tmp_path: Path) -> None:
    changes = {"表1!J3": "代码"} | {
        f"表1!J{row}": code for row, code in ((9, "511702"), (10, "511725"), (11, "511725"))
    }
    found = faults(book(tmp_path / "book.xlsx", changes=changes))
    assert ("census_county_twice", "表1!A11") in found


def test_ages_within_others_are_not_added_twice(tmp_path: Path) -> None:
    changes = {"表3!AP3": "3岁", "表3!AP4": "男", **{f"表3!AP{row}": 7 for row in range(5, 12)}}
    found = faults(book(tmp_path / "book.xlsx", changes=changes))
    assert found == [("census_ages_overlap", "表3!AP4")]


def test_finer_ages_are_added_up(tmp_path: Path) -> None:
    finer = {"表3!F3": "1—2岁", "表3!AP3": "3—4岁男", "表3!AQ3": "3—4岁女"}
    more = {f"表3!{column}{row}": 7 for column in ("AP", "AQ") for row in range(5, 12)}
    found = tables(book(tmp_path / "book.xlsx", changes={**finer, **more}))
    ages = next(row for row in found["age_sex"] if row["name"] == "渠县")
    group = ages_of(1_155_000)[1] + 7
    assert (ages["m_1_4"], ages["f_1_4"]) == (str(group), str(group))


def test_a_county_that_one_table_of_ages_lacks(tmp_path: Path) -> None:
    """The oldest stand in a table of their own, and a county is not in it."""
    path = book(tmp_path / "book.xlsx")
    workbook = load_workbook(path)
    ages, old = workbook["表3"], workbook.create_sheet("表4")
    for row in range(1, 12):
        name = ages.cell(row, 1).value
        last = [ages.cell(row, column).value for column in (40, 41)]
        old.append([name, *last])
    ages.delete_cols(40, 2)
    old.delete_rows(10)
    workbook.save(path)
    assert faults(path) == [("census_figure_missing", "渠县")]


def flat(path: Path, name: str, code: str = "999901") -> Path:
    """A table of one county whose name the list of codes does not have."""
    workbook = Workbook()
    page = workbook.active
    assert page is not None
    page.append(["地区", "代码", "常住人口", "城镇人口", "户籍人口",
                 *(f"{sex}{word}" for word in AGE_WORDS for sex in "男女")])  # fmt: skip
    ages = [n for n in ages_of(1_000_000) for _ in "mf"]
    page.append([name, code, sum(ages), 300_000, 900_000, *ages])
    workbook.save(path)
    return path


def test_names_are_never_formulas(tmp_path: Path) -> None:
    path = flat(tmp_path / "a.xlsx", "@SUM")
    assert tables(path, 2010)["core"][0]["name"] == "'@SUM"


def test_a_name_that_turns_the_text_is_refused(tmp_path: Path) -> None:
    assert faults(flat(tmp_path / "a.xlsx", "甲\u202e县"), 2010)[0] == (
        "bad_character", "Sheet!A2",
    )  # fmt: skip


def test_the_name_of_the_file_stays_one_comment(tmp_path: Path) -> None:
    _, files = import_census(flat(tmp_path / "a\nb\u202e.xlsx", "甲县"), 2010)
    lines = files["county_2010_core.csv"].decode().split("\n")
    assert lines[0] == "# 2010 census, from a b?.xlsx"
    assert lines[1].startswith("code,")


def test_document_types_pipes_and_large_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = tmp_path / "typed.xlsx"
    with ZipFile(typed, "w") as archive:
        padding = b"<!-- " + b" " * (1 << 20) + b" -->"
        archive.writestr("xl/workbook.xml", padding[: (1 << 20) - 4] + b"<!DOCTYPE x>")
    assert faults(typed) == [("census_unreadable", "")]
    monkeypatch.setattr(census_book, "MAX_PARTS", 2)
    assert faults(book(tmp_path / "book.xlsx")) == [("workbook_bomb", "")]
    monkeypatch.setattr(census_book, "MAX_BYTES", 100)
    assert faults(tmp_path / "book.xlsx") == [("too_large", "")]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.xlsx")
        assert faults(tmp_path / "pipe.xlsx") == [("no_plain_file", "")]
