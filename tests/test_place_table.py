"""A table of places: a row is the place that a file with the same figures is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from simulator import load_scenario, run, stored_batch
from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.place_table import COLUMNS, LEVELS, PERSONS, RATES, table_studies

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
        "渠县,四川省,2020,5117,county,9e99,143.0",
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
    ("head", "expected"),
    [
        ("name,provinc,year,code", [("table_column_unknown", "provinc"),
                                    ("county_column_missing", "province")]),
        ("name,name,province,year,id", [("table_column_twice", "name")]),
        ("name,province,year", [("county_column_missing", "code")]),
    ],
)  # fmt: skip
def test_faults_of_the_head(tmp_path: Path, head: str, expected: list[tuple[str, str]]) -> None:
    path = written(tmp_path, head, "甲县,四川省,2022,519901")
    assert [(code, at) for code, _, at in faults(path)] == expected


def test_the_nearest_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + ",hukou_populaton", "甲县,四川省,2022,519901,,5,5,5")
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
    assert found == [("outside", 3, "resident_population")]


@pytest.mark.parametrize(
    ("columns", "figures", "code"),
    [
        ("town_population,nonlocal_residents", "5e-324,30000", "base_unreachable"),
        ("resident_population,hukou_population,out_migrants", "500000,100000,0", None),
        ("resident_population,hukou_population", "1e6,5e-324", "totals_contradict"),
    ],
)
def test_figures_that_cannot_be_met_are_refused_alone(
    tmp_path: Path, columns: str, figures: str, code: str | None
) -> None:
    head = f"name,province,year,id,{columns}"
    one, other = f"甲县,四川省,2022,a,{figures}", f"乙县,四川省,2022,b,{columns.count(',') * ','}"
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_and_large_files_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert faults(tmp_path / "pipe.csv") == [("no_plain_file", None, "")]
    large = tmp_path / "large.csv"
    large.write_bytes(b"#" * 5_000_001)
    assert faults(large) == [("too_large", None, "")]
