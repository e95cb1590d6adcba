"""The workbook of own figures: what is filled in arrives, and what cannot be used is named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from openpyxl import Workbook, load_workbook

from simulator import run
from simulator.errors import ScenarioError
from simulator.i18n import text
from simulator.intake.cells import MAX_ROWS, MAX_SHEETS, MAX_TEXT, MAX_UNPACKED
from simulator.intake.layout import AGES, FIGURES, PLACE, TARGETS, sheet_name
from simulator.intake.placefile import read_place
from simulator.intake.template import template
from simulator.report.errors import describe

Change = Callable[[Workbook], None]
NAME = "本县.xlsx"


def _fill(book: Workbook, lang: str = "zh") -> None:
    place, figures, targets = (book[sheet_name(s, lang)] for s in (PLACE, FIGURES, TARGETS))
    for row, value in ((1, "小县"), (3, "xiaoxian"), (5, "四川省"), (8, 2020)):
        place.cell(row, 2, value)
    rows = [
        ("常住人口", 2020, 90, "万人", None, "普查公报", "常住人口 90 万人"),
        ("常住人口城镇化率", 2020, 43.6, "%"),
        ("常住人口", 2010, 100, "万人"),
        ("常住人口城镇化率", 2010, 25, "%"),
    ]
    for i, row in enumerate(rows, 2):
        for j, value in enumerate(row, 1):
            figures.cell(i, j, value)
    for j, value in enumerate(("常住人口城镇化率", 2030, "≥", 55, "%", 2020, 43.6), 1):
        targets.cell(2, j, value)


def _ages(book: Workbook) -> None:
    page = book[sheet_name(AGES, "zh")]
    for row in range(2, page.max_row + 1):
        page.cell(row, 1, 2020)
        page.cell(row, 5, 900_000 / 42)


def workbook(*changes: Change, lang: str = "zh") -> bytes:
    book = load_workbook(io.BytesIO(template(lang)))
    _fill(book, lang)
    for change in changes:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def faults(raw: bytes) -> dict[str, str]:
    """Where by code."""
    with pytest.raises(ScenarioError, match=r"\w") as caught:
        read_place(raw, NAME)
    for violation in caught.value.violations:
        assert violation.file == NAME
        assert violation.line is None
        for lang in ("zh", "en"):
            assert describe(violation, lang)
    return {v.code: v.path for v in caught.value.violations}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_filled_template_runs(lang: str) -> None:
    filled, study = read_place(workbook(lang=lang), NAME)
    assert study.place.name.zh == "小县"
    assert study.place.level == "county"
    assert [f.use for f in study.place.facts] == ["base", "base", "history", "history"]
    assert study.place.facts[0].quote == "常住人口 90 万人"
    assert study.place.documents[study.place.facts[0].document].title.zh == "普查公报"
    assert study.place.targets[0].op == ">="
    assert filled.ages is None
    trend = run(study).trend
    assert trend.stocks.resident_population[0] == pytest.approx(900_000)
    assert trend.stocks.resident_urbanization_rate[0] == pytest.approx(0.436)


def test_own_ages_are_used_and_the_saved_place_is_the_same() -> None:
    filled, study = read_place(workbook(_ages), NAME)
    assert filled.ages is not None
    assert set(study.age_tables) == {2020}
    assert study.age_tables[2020].persons.sum() == pytest.approx(900_000)
    assert b"age_sex: age_sex.csv" in filled.yaml()
    assert filled.ages.startswith(b"year,sex,age_from,age_to,persons\n2020,male,0,4,")


def test_an_empty_template_is_told_what_it_lacks() -> None:
    found = faults(template("zh"))
    assert "missing_key" in found


def _set(sheet: str, cell: str, value: object) -> Change:
    def change(book: Workbook) -> None:
        book[sheet_name(sheet, "zh")][cell] = value

    return change


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (_set(FIGURES, "C3", "四成"), "not_a_number", "人口数据!C3"),
        (_set(FIGURES, "D2", "万户"), "wrong_unit", "人口数据!D2"),
        (_set(FIGURES, "A4", "常驻人口"), "unknown_indicator", "人口数据!A4"),
        (_set(TARGETS, "B2", 2015), "year_before_base", "规划目标!B2"),
        (_set(TARGETS, "C2", "大于"), "not_allowed", "规划目标!C2"),
        (_set(PLACE, "B7", "村"), "not_allowed", "地方!B7"),
        (_set(PLACE, "B8", None), "missing_key", "地方!B8"),
        (_set(FIGURES, "C2", "=45+45"), "workbook_formula", "人口数据!C2"),
        (_set(FIGURES, "C2", "#DIV/0!"), "workbook_error", "人口数据!C2"),
        (_set(FIGURES, "G2", "长" * (MAX_TEXT + 1)), "workbook_text", "人口数据!G2"),
        (_set(FIGURES, f"A{MAX_ROWS + 1}", "常住人口"), "workbook_rows", "人口数据"),
    ],
)
def test_a_mistake_is_told_by_sheet_and_cell(change: Change, code: str, where: str) -> None:
    assert faults(workbook(change)).get(code) == where


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ([], None, ""),
        ([("B1", "渠县"), ("B4", "511725")], None, ""),
        ([("B1", "大竹县"), ("B4", "511725")], "table_code_name", "地方!B1"),
        ([("B1", "渠县"), ("B4", "410325")], "table_code_province", "地方!B4"),
        ([("B1", "嵩县")], "table_name_province", "地方!B5"),
        ([("B1", "渠县"), ("B5", "四川")], "not_allowed", "地方!B5"),
    ],
)
def test_a_name_that_is_not_the_code_s_is_told_with_its_cell(
    changes: list[tuple[str, str]], code: str | None, where: str
) -> None:
    filled, study = read_place(workbook(*(_set(PLACE, c, v) for c, v in changes)), NAME)
    assert study.place.name.zh == filled.data["name"]["zh"]
    assert [(v.code, v.path) for v in filled.doubts] == ([(code, where)] if code else [])
    for doubt in filled.doubts:
        assert doubt.file == NAME
        for lang in ("zh", "en"):
            assert describe(doubt, lang)


def test_several_mistakes_are_told_together() -> None:
    found = faults(workbook(_set(FIGURES, "C3", "四成"), _set(TARGETS, "C2", "大于")))
    assert set(found.values()) >= {"人口数据!C3", "规划目标!C2"}


def test_ages_with_a_gap_are_told_by_row() -> None:
    found = faults(workbook(_ages, _set(AGES, "C4", 11)))
    assert found.get("age_table_gap") == "年龄性别!C4"


def _both(*changes: Change) -> list[tuple[str, str]]:
    """Code and cell of each violation of a workbook with several changes."""
    with pytest.raises(ScenarioError, match=r"\w") as caught:
        read_place(workbook(*changes), NAME)
    return sorted((v.code, v.path) for v in caught.value.violations)


def test_a_cell_that_cannot_be_read_hides_nothing_and_is_told_once() -> None:
    assert _both(
        _ages,
        _set(PLACE, "B3", "Xiao Xian"), _set(PLACE, "B7", "村"), _set(PLACE, "B8", "=2000+20"),
        _set(FIGURES, "C2", "=45+45"), _set(FIGURES, "D2", "#N/A"), _set(FIGURES, "A3", "常驻"),
        _set(FIGURES, "C4", "一百"), _set(FIGURES, "G4", "甲\u202e乙"), _set(FIGURES, "D5", "人"),
        _set(TARGETS, "C2", "大于"), _set(TARGETS, "H2", "长" * (MAX_TEXT + 1)),
        _set(AGES, "D3", "=4+5"), _set(AGES, "E3", "多"), _set(AGES, "B4", "男女"),
    ) == sorted([
        ("bad_id", "地方!B3"), ("not_allowed", "地方!B7"), ("workbook_formula", "地方!B8"),
        ("workbook_formula", "人口数据!C2"), ("workbook_error", "人口数据!D2"),
        ("unknown_indicator", "人口数据!A3"), ("not_a_number", "人口数据!C4"),
        ("bad_character", "人口数据!G4"), ("wrong_unit", "人口数据!D5"),
        ("not_allowed", "规划目标!C2"), ("workbook_text", "规划目标!H2"),
        ("workbook_formula", "年龄性别!D3"), ("not_a_number", "年龄性别!E3"),
        ("not_allowed", "年龄性别!B4"),
    ])  # fmt: skip


def test_a_year_of_ages_with_a_faulty_row_is_not_said_to_have_a_gap() -> None:
    """What is missing because a cell cannot be read is no second fault; other years are judged."""

    def another_year(book: Workbook) -> None:
        page = book[sheet_name(AGES, "zh")]
        for j, value in enumerate((2010, "男", 0, 4, 100), 1):
            page.cell(page.max_row + 1 if j == 1 else page.max_row, j, value)

    row = load_workbook(io.BytesIO(workbook(_ages)))[sheet_name(AGES, "zh")].max_row + 1
    found = _both(_ages, _set(AGES, "E3", "多"), another_year)
    assert found == [("age_table_not_open", f"年龄性别!D{row}"), ("not_a_number", "年龄性别!E3")]


def test_a_missing_sheet_hides_nothing_of_the_others_and_is_told_once() -> None:
    def without(sheet: str) -> Change:
        return lambda book: book.remove(book[sheet_name(sheet, "zh")])

    assert _both(without(PLACE), _set(FIGURES, "C4", "一百")) == [
        ("not_a_number", "人口数据!C4"),
        ("workbook_sheet_missing", ""),
    ]
    assert _both(without(FIGURES), _set(TARGETS, "A2", "城镇化")) == [
        ("unknown_indicator", "规划目标!A2"),
        ("workbook_sheet_missing", ""),
    ]


def test_no_workbook_and_no_template() -> None:
    assert "workbook_unreadable" in faults(b"kind: place")
    assert "workbook_unreadable" in faults(b"PK\x03\x04" + b"\0" * 100)
    other, stream = Workbook(), io.BytesIO()
    other.save(stream)
    assert "workbook_sheet_missing" in faults(stream.getvalue())
    for i in range(MAX_SHEETS):
        other.create_sheet(str(i))
    stream = io.BytesIO()
    other.save(stream)
    assert "workbook_sheets" in faults(stream.getvalue())


def test_a_file_that_would_unpack_without_end_is_refused_unread() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (MAX_UNPACKED + 1))
    assert len(stream.getvalue()) < 100_000
    assert "workbook_bomb" in faults(stream.getvalue())


def test_the_template_explains_itself_in_both_languages() -> None:
    for lang in ("zh", "en"):
        book = load_workbook(io.BytesIO(template(lang)))
        assert text("intake.sheet.help", lang) in book.sheetnames
        assert book[sheet_name(FIGURES, lang)].data_validations.dataValidation


def test_a_cell_shown_as_per_cent_is_read_as_it_is_shown() -> None:
    """45 % typed into a cell of that format is stored as 0.45."""

    def shown(book: Workbook) -> None:
        cell = book[sheet_name(FIGURES, "zh")].cell(3, 3, 0.436)
        cell.number_format = "0.0%"

    _, study = read_place(workbook(shown), NAME)
    rates = [f.value for f in study.place.facts if f.indicator == "resident_urbanization_rate"]
    assert rates == [43.6, 25]


def _words(raw: bytes, lang: str) -> str:
    with pytest.raises(ScenarioError, match=r"\w") as caught:
        read_place(raw, NAME)
    return "\n".join(describe(v, lang) for v in caught.value.violations)


def test_messages_speak_of_the_sheets_own_headings() -> None:
    """No name of the file format reaches somebody who has filled in a workbook."""
    missing = _words(workbook(_set(PLACE, "B8", None)), "zh")
    assert "缺少必填字段 " + text("intake.place.base_year", "zh") in missing
    level = _words(workbook(_set(PLACE, "B7", "村")), "zh")
    assert text("intake.level.county", "zh") in level
    assert "county" not in level
    assert text("intake.level.prefecture", "zh") in level
    assert text("intake.place.prefecture", "zh") not in level
    assert "nation" not in level
    sign = _words(workbook(_set(TARGETS, "C2", "大于")), "en")
    assert "≥" in sign
    assert ">=" not in sign
    unknown = _words(workbook(_set(FIGURES, "A4", "常住人")), "zh")
    assert "是不是想写 常住人口" in unknown
    assert "resident_population" not in unknown


def test_a_line_that_a_message_names_is_a_row_of_the_sheet() -> None:
    def again(book: Workbook) -> None:
        page = book[sheet_name(FIGURES, "zh")]
        for column, value in enumerate(("常住人口", 2020, 91, "万人"), 1):
            page.cell(9, column, value)

    assert "人口数据!9" in _words(workbook(again), "zh")
    assert "2" in _words(workbook(again), "zh").split("人口数据!9")[1].split("；")[0]


def test_a_document_type_is_refused_unread() -> None:
    """Entities that stand for entities grow a few bytes to gigabytes."""
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10)
    )
    for part in (laughs + b"]><l>&a9;</l>", (laughs + b"]><l>&a9;</l>").decode().encode("utf-16")):
        stream = io.BytesIO(workbook())
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr("xl/extra.xml", part)
        assert set(faults(stream.getvalue())) == {"workbook_unreadable"}
