"""What is written runs to the very same numbers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook
from reading import ROOT

from simulator import load_scenario, run
from simulator.export import file_name, place_reference, scenario_yaml, targets_csv
from simulator.i18n import text
from simulator.outlook import outlook
from simulator.report.bundle import bundle
from simulator.report.files import write_result
from simulator.report.plain_cells import csv_text, plain
from simulator.report.target_list import target_list
from simulator.run import Result, run_case
from simulator.scenario import parse_scenario
from simulator.schema import Case
from simulator.units import dimension, to_base
from simulator.vocabulary import indicators

SCENARIO = ROOT / "scenarios" / "quxian.yaml"
CASES = {
    "nothing": {},
    "numbers": {
        "settlement": {"residence_years": 1.5, "annual_quota": 3000.1, "stable_housing": 2},
        "industry_jobs": {"basic_jobs": 1234.5678901234567, "basis": "beyond_trend"},
        "housing": {"demolished_units": 1e-05, "rental_units": 300},
    },
    "paths": {
        "industry_jobs": {"other_jobs": {2023: 1e3, 2025: 0.1, 2030: None}, "basis": "total"},
        "housing": {"demolished_units": {2024: 5000, 2027: None}},
    },
}


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load_scenario(SCENARIO), face_value=False)


def _again(text: str, folder: Path, case_id: str) -> Result:
    path = folder / file_name(case_id)
    path.write_text(text, encoding="utf-8")
    return run(load_scenario(path), face_value=False)


@pytest.mark.parametrize("name", list(CASES))
def test_a_written_scenario_runs_to_the_last_bit(name: str, result: Result, tmp_path: Path) -> None:
    case = Case.model_validate({"levers": CASES[name], "label": {"zh": "甲: #1", "en": "a: 'b'"}})
    mine = run_case("x", case, result.trend)
    again = _again(scenario_yaml(result.study, "mine", case), tmp_path, "mine")
    assert again.study.cases["mine"].label == case.label
    for one, other in ((mine, again.runs["mine"]), (result.trend, again.trend)):
        for left, right in zip(one.paths, other.paths, strict=True):
            assert np.array_equal(left, right)
    assert [c.projected for c in mine.targets] == [c.projected for c in again.runs["mine"].targets]


def test_the_plan_keeps_its_evidence(result: Result, tmp_path: Path) -> None:
    plan = result.study.cases["plan"]
    again = _again(scenario_yaml(result.study, "plan_again", plan), tmp_path, "plan_again")
    assert again.study.cases["plan_again"] == plan


def test_parameters_and_horizon_go_along(tmp_path: Path) -> None:
    raw = (
        "kind: scenario\nid: other\nextends: library:places/quxian.yaml\nhorizon: 2041\nseed: 7\n"
        "parameters: {job_multiplier: 0.123456789012345, vacancy_rate: 0.11}\n"
        "scenarios: {a: {levers: {industry_jobs: {basic_jobs: 900}}}}\n"
    )
    first = run(parse_scenario(raw.encode(), "other.yaml"), face_value=False)
    assert place_reference(first.study) == "library:places/quxian.yaml"
    case = first.study.cases["a"]
    again = _again(scenario_yaml(first.study, "b", case), tmp_path, "b")
    assert again.study.horizon == 2041
    assert again.study.seed == 7
    assert np.array_equal(again.runs["b"].paths.population, first.runs["a"].paths.population)


def test_the_target_table_opens_in_a_spreadsheet(result: Result) -> None:
    raw = targets_csv(result.runs["plan"])
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    checks = result.runs["plan"].targets
    assert len(rows) == len(checks)
    for row, check in zip(rows, checks, strict=True):
        assert row["quote"] == check.target.quote
        assert (float(row["gap"]) if row["gap"] else None) == check.gap


@pytest.mark.parametrize(("lang", "unit", "seat"), [("zh", "万人", 2), ("en", "thousand", 1)])
def test_the_targets_of_the_page_are_in_its_words_with_its_figures(
    result: Result, lang: str, unit: str, seat: int
) -> None:
    plan = result.runs["plan"]
    raw = target_list(result, plan, None, lang)
    assert raw.startswith(b"\xef\xbb\xbf")
    told = raw.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(told)))
    heads = {key: text(key, lang) for key in ("col.indicator", "col.unit", "col.projected",
             "col.gap", "col.target_any", "col.status", "col.quote", "col.plan_base")}  # fmt: skip
    assert set(heads.values()) <= set(rows[0])
    assert [row[heads["col.quote"]] for row in rows] == [c.target.quote for c in plan.targets]
    shown = {row[heads["col.indicator"]]: row for row in rows}
    for row, check in zip(rows, plan.targets, strict=True):
        people = dimension(check.target.unit) == "persons"
        size = 1e3 if people and lang == "en" else to_base(1, "万人") if people else 1.0
        digits = seat if people else 2
        for key, value in (("col.projected", check.projected), ("col.gap", check.gap)):
            base = value if value is None or not people else to_base(value, check.target.unit)
            want = "" if base is None else f"{base / size:.{digits}f}"
            assert row[heads[key]] == want
        float(row[heads["col.target_any"]])  # a number for a spreadsheet
    card = shown[indicators()["county_seat_population"].label(lang)]
    assert card[heads["col.unit"]] == unit
    assert "2020" in card[heads["col.plan_base"]]
    assert text("status.missed", lang) in card[heads["col.status"]]
    assert "county_seat_population" not in told
    assert not re.search(r"\d\.\d{4}", told)


def test_probabilities_go_along_once_there_are_draws(result: Result) -> None:
    plan = result.runs["plan"]
    looked = outlook(plan, 16, 1)
    rows = list(csv.DictReader(io.StringIO(
        target_list(result, plan, looked, "zh").decode("utf-8-sig")
    )))  # fmt: skip
    told = [row[text("report.probability", "zh")] for row in rows]
    assert told == ["" if p is None else f"{p:.1%}" for p in looked.probability]
    assert any(told)


def test_words_of_others_are_no_formulas() -> None:
    assert plain("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert plain("@x") == "'@x"
    assert plain("常住人口 48%") == "常住人口 48%"


def test_no_table_that_is_written_has_words_that_are_formulas() -> None:
    words = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "常住人口", "", "48 %"]
    numbers = [-1.5, float("nan"), 3.0, 0.1, 1e-300, 2.0, -0.0, 7.0, 8.0]
    table = pd.DataFrame({"quote": words, "value": numbers})
    read = pd.read_csv(io.StringIO(csv_text(table)), keep_default_na=False, lineterminator="\n")
    led = [f"'{w}" if i < 6 else w for i, w in enumerate(words)]
    assert list(read["quote"]) == led
    assert [float(v or "nan") for v in read["value"]] == pytest.approx(numbers, rel=0, nan_ok=True)
    assert list(table["quote"]) == words


def test_a_quote_that_is_a_formula_is_text_in_every_export(tmp_path: Path) -> None:
    place = (ROOT / "tests" / "cases" / "valid" / "place.yaml").read_text(encoding="utf-8")
    evil = place.replace('quote: "2025 年达到 48%"', "quote: '=HYPERLINK(\"http://x\")'")
    assert evil != place
    (tmp_path / "place.yaml").write_text(evil, encoding="utf-8")
    made = run(load_scenario(tmp_path / "place.yaml"))
    [folder] = write_result(made, tmp_path / "out")
    assert ",\"'=HYPERLINK(" in (folder / "targets.csv").read_text(encoding="utf-8")
    [(_, book)] = bundle(made, made.trend, "xlsx", "zh")
    cells = [c for s in load_workbook(io.BytesIO(book)) for row in s.iter_rows() for c in row]
    assert '=HYPERLINK("http://x")' in {c.value for c in cells}
    assert "f" not in {c.data_type for c in cells}
