"""A table of places: a row is the place that a file with the same figures is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quxian import ROOT
from typer.testing import CliRunner

from simulator import load_scenario, run, stored_batch
from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES
from simulator.place_columns import COLUMNS, LEVELS, PERSONS, RATES, column_of, every_word
from simulator.place_table import read_places
from simulator.report.errors import describe
from simulator.scenario import Study

HEAD = "name,province,year,code,level,resident_population,resident_urbanization_rate"
PLACE = """\
kind: place
id: c519901
name: {zh: 甲县}
code: "519901"
province: 四川省
level: county
base_year: 2022
documents: {table: {title: {zh: 年报}}}
facts:
  - {indicator: resident_population, year: 2022, value: 500000, unit: 人, use: base,
     document: table, quote: 五十万人}
  - {indicator: resident_urbanization_rate, year: 2022, value: 45.5, unit: "%", use: base,
     document: table, quote: 四十五点五}
"""


def written(folder: Path, *lines: str) -> Path:
    path = folder / "places.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def table_studies(path: Path, years: int, latest: int = 2026) -> list[Study]:
    return list(read_places(path, years, latest).studies)


def faults(path: Path, years: int = 5) -> list[tuple[str, int | None, str]]:
    with pytest.raises(ScenarioError) as refused:
        table_studies(path, years)
    return [(v.code, v.line, v.path) for v in refused.value.violations]


def test_a_row_runs_as_a_file_with_the_same_figures(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, "甲县,四川省,2022,519901,,500000,45.5")
    [study] = table_studies(path, 8)
    (tmp_path / "place.yaml").write_text(PLACE, encoding="utf-8")
    by_file = run(load_scenario(tmp_path / "place.yaml", horizon=2030))
    by_row = run(study)
    assert np.array_equal(by_row.trend.paths.population, by_file.trend.paths.population)
    assert study.id == "c519901"
    assert (by_row.start.rung, by_row.start.learnt) == (by_file.start.rung, by_file.start.learnt)


def test_comments_blank_lines_and_districts(tmp_path: Path) -> None:
    path = written(tmp_path, "# a note", HEAD, "", "乙区,四川省,2022,519902,,300000,75", "# end")
    [study] = table_studies(path, 3)
    assert (study.place.level, study.horizon) == ("district", 2025)


def test_every_fault_of_every_row_is_told(tmp_path: Path) -> None:
    path = written(
        tmp_path, HEAD,
        "渠县,四川省,2020,5117,county,9999999999,143.0",
        ",四川省,20x,519901,conty,many,nan",
        "丙县,四川省,2020,519902,,500000,40",
        "丙县,四川省,2020,519902,,500000,30",
        "丁县,四川省,2020,519903,,500000,30,7",
        "戊县,四川省,2020,519904,,500000,100",
    )  # fmt: skip
    assert faults(path) == [
        ("table_code", 2, "code"),
        ("outside", 2, "resident_population"),
        ("outside", 2, "resident_urbanization_rate"),
        ("not_allowed", 3, "level"),
        ("table_cell_empty", 3, "name"),
        ("not_a_number", 3, "resident_population"),
        ("outside", 3, "resident_urbanization_rate"),
        ("not_a_number", 3, "year"),
        ("table_twice", 5, "code"),
        ("table_cells", 6, ""),
        ("totals_contradict", 7, "town_population"),
    ]


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        ("name,provinc,year,code", "甲县,四川省,2022,519901",
         [("table_column_unknown", 1, "provinc"), ("county_column_missing", 1, "province")]),
        ("name,name,province,year,id", "甲县,乙县,四川省,2022,a",
         [("table_column_twice", 1, "name")]),
        ("name,province,year", "甲县,四川省,2022", [("county_column_missing", 1, "code")]),
        # What the head is faulty in hides nothing of the rows, and no row is told of it again.
        ("name,province,year,code,备注", "甲县,无此省,二〇二二,5117,好",
         [("table_column_unknown", 1, "备注"), ("table_code", 2, "code"),
          ("not_allowed", 2, "province"), ("not_a_number", 2, "year")]),
        ("province,year,resident_population,常住人口", "四川省,2022,1,many",
         [("county_column_missing", 1, "code"), ("county_column_missing", 1, "name"),
          ("table_column_twice", 1, "常住人口")]),
        ("name,province,resident_population", "渠县,湖北省,91.75",
         [("county_column_missing", 1, "code"), ("county_column_missing", 1, "year"),
          ("table_name_province", 2, "province"), ("table_persons", 2, "resident_population")]),
        (HEAD + ",户籍", "甲县,四川省,2022,519901,,500000,100,7",
         [("table_column_unknown", 1, "户籍"), ("totals_contradict", 2, "town_population")]),
    ],
)  # fmt: skip
def test_faults_of_the_head_hide_none_of_the_rows(
    tmp_path: Path, head: str, row: str, expected: list[tuple[str, int, str]]
) -> None:
    assert faults(written(tmp_path, head, row)) == expected


def test_what_is_wrong_with_one_cell_hides_nothing_of_the_others(tmp_path: Path) -> None:
    head = "name,province,year,code,resident_population,nonlocal_residents,hukou_population,"
    path = written(
        tmp_path, head + "外出人口,城镇化率,备注,level",
        "渠县,湖北,2022,511725,500000,600000,400000,x,100,好,conty",
        "大竹县,四川省,1900,511725,,,,,143,好,",
        "",
        "甲县,四川省,2022,511725,92,-1,,1e5,0,好,",
        "甲\u202e县,四川省",
    )  # fmt: skip
    assert faults(path) == [
        ("table_column_unknown", 1, "备注"),
        ("not_allowed", 2, "level"),
        ("part_above_whole", 2, "nonlocal_residents"),
        ("not_allowed", 2, "province"),
        ("totals_contradict", 2, "town_population"),
        ("not_a_number", 2, "外出人口"),
        ("table_twice", 3, "code"),
        ("table_code_name", 3, "name"),
        ("outside", 3, "year"),
        ("outside", 3, "城镇化率"),
        ("table_twice", 5, "code"),
        ("outside", 5, "nonlocal_residents"),
        ("table_persons", 5, "resident_population"),
        ("table_power", 5, "外出人口"),
        ("bad_character", 6, ""),
    ]


def test_a_faulty_option_hides_nothing_of_the_table(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ",备注", "甲县,四川省,2022,5199,,500000,45.5,好")
    assert faults(path, 78 + 74) == [
        ("outside", None, ""),
        ("table_column_unknown", 1, "备注"),
        ("table_code", 2, "code"),
    ]


def test_nothing_is_made_of_figures_that_may_stand_in_a_faulty_column(tmp_path: Path) -> None:
    """A row without figures is no fault where its figures may be what the head does not say."""
    bare = "name,province,year,code"
    for head, row in ((bare + ",常住", "甲县,四川省,2022,519901,500000"),
                      (bare + ",常住人口", "甲县,四川省,2022,519901,9e5")):  # fmt: skip
        assert "table_no_figures" not in [c for c, _, _ in faults(written(tmp_path, head, row))]


def test_the_nearest_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ",hukou_populaton", "甲县,四川省,2022,519901,,500000,5,5")
    with pytest.raises(ScenarioError) as refused:
        table_studies(path, 3)
    [fault] = refused.value.violations
    assert fault.params["nearest"] == "hukou_population"
    assert set(fault.params["allowed"]) == set(COLUMNS)


@pytest.mark.parametrize(
    ("text", "code"), [("", "county_table_empty"), (HEAD, "county_table_empty")]
)
def test_an_empty_table(tmp_path: Path, text: str, code: str) -> None:
    assert faults(written(tmp_path, text)) == [(code, None, "")]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert faults(tmp_path / "nowhere.csv") == [("not_found", None, "")]
    assert faults(tmp_path) == [("unreadable", None, "")]
    gbk = tmp_path / "gbk.csv"
    gbk.write_bytes((HEAD + "\n甲县,四川省,2022,519901,,500000,45\n").encode("gbk"))
    assert faults(gbk) == [("not_utf8", 2, "")]
    long = written(tmp_path, HEAD, *["甲县,四川省,2022,519901,,500000,45"] * 10_001)
    assert faults(long) == [("workbook_rows", None, "")]


def test_years_beyond_the_national_series(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, "甲县,四川省,2022,519901,,500000,45.5")
    assert faults(path, 78 + 74) == [("outside", None, "")]
    rows = ["甲县,四川省,2022,519901,,500000,45.5", "乙县,四川省,2021,519902,,500000,45.5",
            "丙县,四川省,2099,519903,,500000,x"]  # fmt: skip
    assert faults(written(tmp_path, HEAD, *rows), 79) == [
        ("outside", 2, "year"),
        ("not_a_number", 4, "resident_urbanization_rate"),
        ("outside", 4, "year"),
    ]


def test_the_command_refuses_with_code_2_and_keeps_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, "渠县,四川省,2020,5117,county,9e99,143.0")
    store = tmp_path / "runs"
    command = ["run", "--table", str(path), "--store", str(store), "--lang", "zh"]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 2
    assert "3 处问题" in found.stderr
    assert found.stdout == ""
    assert not store.exists()


@pytest.mark.parametrize("figures", ["0,", "0,45", "0.5,45"])
def test_a_place_without_people_is_a_fault_of_its_row(tmp_path: Path, figures: str) -> None:
    row = f"甲县,四川省,2022,519901,,{figures}"
    good = "乙县,四川省,2022,519902,,500000,45.5"
    found = faults(written(tmp_path, HEAD, good, row))
    assert found == [("table_persons", 3, "resident_population")]


@pytest.mark.parametrize(
    ("columns", "figures", "code"),
    [
        (
            "town_population,nonlocal_residents,resident_population",
            "1,30000,30001",
            "base_unreachable",
        ),
        ("resident_population,hukou_population,out_migrants", "500000,100000,0", None),
    ],
)
def test_figures_that_cannot_be_met_are_refused_alone(
    tmp_path: Path, columns: str, figures: str, code: str | None
) -> None:
    head = f"name,province,year,id,{columns}"
    one, other = (
        f"甲县,四川省,2022,a,{figures}",
        f"乙县,四川省,2022,b,500000{columns.count(',') * ','}",
    )
    path = written(tmp_path, head, one, other)
    found = [stored_batch.evaluate(study, 0, None) for study in table_studies(path, 2)]
    assert found[1].result is not None
    if code is None:
        assert found[0].result is not None
        return
    assert found[0].refusal is not None
    [fault] = found[0].refusal.violations
    assert (fault.code, fault.file, fault.line) == (code, str(path), 2)


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), ValueError("no root")])
def test_a_place_that_cannot_be_computed_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    [study] = table_studies(written(tmp_path, HEAD, "甲县,四川省,2022,519901,,500000,45.5"), 2)
    monkeypatch.setattr(stored_batch, "outlook", broken)
    found = stored_batch.evaluate(study, 2, None)
    assert found.result is None
    assert found.refusal is not None
    [fault] = found.refusal.violations
    assert (fault.code, fault.line) == ("place_failed", 2)
    assert fault.params["reason"] == f"{type(error).__name__}: {error}"


_COUNTS = st.sampled_from(["", "", "0", "1", "3.5", "5e-324", "500000", "2e9"]) | st.floats(
    0.0, 1e6
).map(str)
_SHARES = st.sampled_from(["", "0", "5e-324", "45", "99.9999999", "100"]) | st.floats(
    0.0, 100.0
).map(str)
_ROWS = st.fixed_dictionaries(
    {
        "name": st.just("甲县"),
        "id": st.just("a"),
        "province": st.sampled_from(["四川省", "上海市", "无此省"]),
        "year": st.sampled_from(["1949", "1990", "2010", "2022", "2049"]),
        "level": st.sampled_from(["", *LEVELS]),
        **dict.fromkeys(PERSONS, _COUNTS),
        **dict.fromkeys(RATES, _SHARES),
    }
)


@given(row=_ROWS)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_row_runs_or_is_refused(tmp_path: Path, row: dict[str, str]) -> None:
    path = written(tmp_path, ",".join(row), ",".join(row.values()))
    try:
        [study] = table_studies(path, 2)
        people = run(study, face_value=False).trend.paths.population
    except ScenarioError as refused:
        for fault in refused.violations:
            assert (fault.file, fault.line) == (str(path), 2)
        return
    assert np.isfinite(people).all()
    assert (people >= 0.0).all()


@pytest.mark.parametrize(
    ("line", "code", "column"),
    [
        ("甲\u202e县,四川省,2022,519901,,500000,45.5", "bad_character", ""),
        ("甲\0县,四川省,2022,519901,,500000,45.5", "bad_character", ""),
        ("甲\u2028县,四川省,2022,519901,,500000,45.5", "bad_character", ""),
        ("甲县,四川省,2022,519901,,9_00000,45.5", "not_a_number", "resident_population"),
        ("甲县,四川省,2022,519901,,8.92e5,45.5", "table_power", "resident_population"),
        ("甲县,四川省,2022,519901,,500000,4.55E1", "table_power", "resident_urbanization_rate"),
        ("甲县,四川省,20_22,519901,,500000,45.5", "not_a_number", "year"),
        ("甲县,四川省,2022,519901,,５０００００,45.5", "not_a_number", "resident_population"),
        ("甲" * 201 + ",四川省,2022,519901,,500000,45.5", "workbook_text", ""),
        ("甲" * 140_000 + ",四川省,2022,519901,,500000,45.5", "table_line", ""),
        ('"甲县,四川省,2022,519901,,500000,45.5', "table_line", ""),
    ],
)
def test_cells_that_mislead_are_refused(tmp_path: Path, line: str, code: str, column: str) -> None:
    good = "乙县,四川省,2022,519902,,500000,45.5"
    wrong = "丙县,四川省,2022,519903,,many,45.5"
    found = faults(written(tmp_path, HEAD, good, line, wrong))
    assert found == [(code, 3, column), ("not_a_number", 4, "resident_population")]


def test_the_head_is_read_as_carefully(tmp_path: Path) -> None:
    assert faults(written(tmp_path, "name\u202e,province,year,code", "a,b,2022,519901")) == [
        ("bad_character", 1, "")
    ]
    assert faults(written(tmp_path, '"name,province,year,code', "a,b,2022,519901")) == [
        ("table_line", 1, "")
    ]


HUKOU = "name,province,year,code,hukou_population"


@pytest.mark.parametrize(
    ("head", "row", "code", "column", "nearest"),
    [
        (HEAD, "渠县,四川省,2022,511725,,91.75,45.5", "table_persons", "resident_population",
         "917500"),
        (HEAD, "渠县,四川省,2022,511725,,92,45.5", "table_persons", "resident_population",
         "920000"),
        (HEAD, "渠县,四川省,2022,511725,,917500.5,45.5", "table_persons", "resident_population",
         None),
        (HEAD, "渠县,四川省,2022,511725,,1999.9,45.5", "table_persons", "resident_population",
         None),
        (HUKOU, "渠县,四川省,2022,511725,137", "table_persons", "hukou_population", "1370000"),
        (HEAD, "渠县,四川省,2027,511725,,917500,45.5", "outside", "year", None),
        (HEAD, "渠县,四川省,1998,511725,,917500,45.5", "outside", "year", None),
        (HEAD, "渠县,四川,2022,511725,,917500,45.5", "not_allowed", "province", "四川省"),
        (HEAD, "渠县,广西,2022,511725,,917500,45.5", "not_allowed", "province",
         "广西壮族自治区"),
        (HEAD, "渠县,湖北省,2022,511725,,917500,45.5", "table_code_province", "code", None),
        (HEAD, "渠县,四川省,2022,421725,,917500,45.5", "table_code_province", "code",
         "渠县 511725"),
        (HEAD, "大竹县,四川省,2022,511725,,917500,45.5", "table_code_name", "name",
         "大竹县 511724"),
        ("name,province,year,id,resident_population", "渠县,湖北省,2022,qu,917500",
         "table_name_province", "province", "四川省"),
        (HEAD, "甲县,四川省,2022,519901,,,", "table_no_figures", "resident_population", None),
        # Counted in 2010, which is no figure of 2005.
        (HEAD, "渠县,四川省,2005,511725,,,", "table_no_figures", "resident_population", None),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_what_would_do(
    tmp_path: Path, head: str, row: str, code: str, column: str, nearest: str | None
) -> None:
    with pytest.raises(ScenarioError) as refused:
        read_places(written(tmp_path, head, row), 5, 2026)
    [fault] = refused.value.violations
    assert (fault.code, fault.line, fault.path) == (code, 2, column)
    assert fault.params.get("nearest") == nearest
    for lang in LANGUAGES:
        words = describe(fault, lang)
        assert nearest is None or nearest in words
        told = {"allowed", "low"} & set(fault.params)
        assert told
        assert str(fault.value) in words or fault.value is None


@pytest.mark.parametrize(
    ("head", "row", "code", "column", "nearest"),
    [
        (HEAD, "新名县,四川省,2022,511725,,917500,45.5", "table_code_name", "name", None),
        (HEAD, "渠县,四川省,2022,519925,,917500,45.5", "table_code_unlisted", "code",
         "渠县 511725"),
        (HEAD, "某镇,四川省,2022,519925,town,2400,45.5", "table_few", "resident_population",
         None),
        (HEAD, "三沙市,海南省,2020,460300,,2333,99", "table_few", "resident_population",
         None),
        (HEAD, "甲县,四川省,2022,519901,,500000,0.455", "table_share",
         "resident_urbanization_rate", "45.5"),
        (HEAD, "甲县,四川省,2022,519901,,,45.5", "table_normalised", "resident_population", None),
    ],
)  # fmt: skip
def test_what_is_only_suspicious_is_run_and_told(
    tmp_path: Path, head: str, row: str, code: str, column: str, nearest: str | None
) -> None:
    table = read_places(written(tmp_path, head, row), 5, 2026)
    assert len(table.studies) == 1
    [odd] = table.warnings
    assert (odd.code, odd.line, odd.path) == (code, 2, column)
    assert odd.params.get("nearest") == nearest


def test_a_code_under_two_ids_is_run_and_told(tmp_path: Path) -> None:
    head = "id,name,province,year,code,resident_population"
    rows = ("a,甲县,四川省,2021,519901,500000", "b,甲县,四川省,2022,519901,510000",
            "c,乙县,四川省,2022,519902,500000")  # fmt: skip
    table = read_places(written(tmp_path, head, *rows), 5, 2026)
    assert [study.id for study in table.studies] == ["a", "b", "c"]
    [odd] = table.warnings
    assert (odd.code, odd.line, odd.path, odd.params) == ("table_code_again", 3, "code",
                                                          {"first": 2})  # fmt: skip


def test_the_plain_digits_of_a_power_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="table_power") as refused:
        read_places(written(tmp_path, HEAD, "甲县,四川省,2022,519901,,8.92e5,45.5"), 5, 2026)
    assert refused.value.violations[0].params == {"nearest": "892000"}


def test_a_part_is_less_than_its_whole(tmp_path: Path) -> None:
    head = "name,province,year,id,resident_population,nonlocal_residents,hukou_population,外出人口"
    row = "甲县,四川省,2022,a,300000,2000000,400000,400000"
    assert faults(written(tmp_path, head, row)) == [
        ("part_above_whole", 2, "nonlocal_residents"),
        ("part_above_whole", 2, "外出人口"),
    ]


@pytest.mark.parametrize(
    "row",
    [
        "迁安市,河北省,2022,130283,,,",  # its census figures are joined
        "渠县,四川省,2022,511725,,917500,45.5",
        "渠县市,四川省,2022,511725,,917500,45.5",  # a county that became a city
        "甲县,四川省,2022,519901,,500000,45.5",  # newer than the lists
        "渠县,湖北省,2022,429925,,500000,45.5",  # a code settles which place it is
    ],
)
def test_what_fits_together_is_neither_refused_nor_doubted(tmp_path: Path, row: str) -> None:
    assert read_places(written(tmp_path, HEAD, row), 5, 2026).warnings == ()


def test_chinese_heads_and_levels_are_read_as_the_english_ones(tmp_path: Path) -> None:
    english = written(tmp_path, HEAD, "渠县,四川省,2022,511725,county,917500,45.5")
    by_english = table_studies(english, 5)
    chinese = written(
        tmp_path,
        "地名,省份,基年,代码,层级,常住人口（人）,城镇化率 (%)",
        "渠县,四川省,2022,511725,县,917500,45.5",
    )
    [one], [other] = by_english, table_studies(chinese, 5)
    assert [(f.indicator, f.value, f.unit) for f in one.place.facts] == [
        (f.indicator, f.value, f.unit) for f in other.place.facts
    ]
    assert one.place.level == other.place.level


def test_faults_name_chinese_heads_as_the_table_has_them(tmp_path: Path) -> None:
    head = "地名,省份,基年,代码,常住人口"
    assert faults(written(tmp_path, head, "渠县,四川省,2022,511725,91.75")) == [
        ("table_persons", 2, "常住人口")
    ]
    path = written(tmp_path, head + ",常住人口（万人）,name", "渠县,四川省,2022,511725,917500,9,a")
    with pytest.raises(ScenarioError) as refused:
        read_places(path, 5, 2026)
    unknown, twice = sorted(refused.value.violations, key=lambda v: v.code, reverse=True)
    assert (unknown.code, unknown.path) == ("table_column_unknown", "常住人口（万人）")
    assert unknown.params["nearest"] == "常住人口"
    assert (twice.code, twice.path) == ("table_column_twice", "name")
    assert "名称, 省份" in describe(unknown, "zh")
    assert "name, province" in describe(unknown, "en")


def test_no_word_heads_two_columns_and_the_page_lists_them_all() -> None:
    words = every_word(COLUMNS)
    assert len(words) == len(set(words))
    assert [column_of(word) for word in words] == [n for n, o in COLUMNS.items() for _ in (n, *o)]
    page = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for table in (COLUMNS, LEVELS):
        for name, others in table.items():
            listed = [f"| `{name}` | {', '.join(others)} |"]
            assert [w for w in listed if not any(r.startswith(w) for r in rows)] == []


def test_suspicious_rows_are_told_by_the_command(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, "甲县,四川省,2022,519901,,500000,0.455")
    asked = ["run", "--table", str(path), "--years", "1", "--workers", "1", "--lang", "zh",
             "--store", str(tmp_path / "runs")]  # fmt: skip
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0
    assert "places.csv:2: resident_urbanization_rate" in done.stderr
    assert "是不是想写 45.5" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_and_large_files_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert faults(tmp_path / "pipe.csv") == [("no_plain_file", None, "")]
    large = tmp_path / "large.csv"
    large.write_bytes(b"#" * 5_000_001)
    assert faults(large) == [("too_large", None, "")]
