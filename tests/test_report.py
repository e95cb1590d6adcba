"""What a run leaves behind: files that can be added up again, and pages that name everything."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import os
import re
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quxian import FILE, PLAN, case, one_year, policy, result, study, target
from rich.console import Console
from ruamel.yaml import YAML

import simulator
from simulator import Result
from simulator.axes import Flow
from simulator.i18n import LANGUAGES, people, percent, year_spans
from simulator.parameters import TABLE, assumptions, levers
from simulator.policy import Note
from simulator.report import face_value, files, plan_base, wording
from simulator.report.comparison import comparison_view
from simulator.report.files import write_result
from simulator.report.provenance import parameter_hash, provenance
from simulator.report.resolved import resolved, resolved_yaml
from simulator.report.terminal import result_view
from simulator.run import Run, run

TARGETS = (
    "place,scenario,indicator,year,op,target,unit,projected,gap,status,probability,"
    "first_year_met,kind,scope,reason,document,quote"
)
RESULTS = "model,scenario,region,variable,unit,year,statistic,value"
LEDGER = "place,scenario,year,registration,residence,entry,flow,persons"
NAMES = ["ledger.csv", "provenance.json", "resolved.yaml", "results.csv", "targets.csv"]

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of 渠县's study, written once."""
    out = tmp_path_factory.mktemp("out")
    written = write_result(result(), out)
    assert written == [out / "quxian" / "trend", out / "quxian" / "plan"]
    return out / "quxian"


@pytest.fixture(params=["trend", "plan"])
def scenario(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def header(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n", 1)[0]


def series(table: Rows, variable: str) -> dict[int, float]:
    return {int(r["year"]): float(r["value"]) for r in table if r["variable"] == variable}


# --- files


def test_files_are_those_promised(folder: Path, scenario: str) -> None:
    assert sorted(p.name for p in (folder / scenario).iterdir()) == NAMES
    assert header(folder / scenario / "targets.csv") == TARGETS
    assert header(folder / scenario / "results.csv") == RESULTS
    assert header(folder / scenario / "ledger.csv") == LEDGER


def test_target_rows_are_the_judgements(folder: Path, scenario: str) -> None:
    table = rows(folder / scenario / "targets.csv")
    found = result().runs[scenario]
    assert len(table) == len(found.targets) == len(study().place.targets)
    for row, check in zip(table, found.targets, strict=True):
        wanted = check.target
        assert (row["place"], row["scenario"]) == ("quxian", scenario)
        assert (row["indicator"], int(row["year"]), row["op"], row["unit"]) == (
            wanted.indicator, wanted.at, wanted.op, wanted.unit,
        )  # fmt: skip
        assert float(row["target"]) == wanted.value
        assert (row["status"], row["kind"]) == (check.status, check.kind)
        assert (row["document"], row["quote"]) == (PLAN, wanted.quote)
        assert row["probability"] == ""
        for name, value in (("projected", check.projected), ("gap", check.gap)):
            assert row[name] == "" if value is None else float(row[name]) == value
        first = "" if check.first_year_met is None else str(check.first_year_met)
        assert row["first_year_met"] == first
    assert {row["status"] for row in table} <= {"met", "missed", "not_modelled"}
    assert {row["kind"] for row in table} == {"modelled", "requirement", "context"}


def test_gap_is_projected_less_target(folder: Path, scenario: str) -> None:
    judged = [r for r in rows(folder / scenario / "targets.csv") if r["gap"]]
    assert len(judged) == 3
    for row in judged:
        gap = float(row["projected"]) - float(row["target"])
        assert float(row["gap"]) == pytest.approx(gap, abs=1e-12)


def test_results_add_up(folder: Path, scenario: str) -> None:
    table = rows(folder / scenario / "results.csv")
    years = range(2022, 2036)

    def of(variable: str) -> np.ndarray:
        found = series(table, variable)
        return np.array([found[year] for year in years if year in found])

    residents, town = of("Population|Resident"), of("Population|Resident|Town")
    assert len(residents) == len(years)
    np.testing.assert_allclose(town + of("Population|Resident|Village"), residents, rtol=1e-12)
    ages = sum(of(f"Population|Resident|Age {group}") for group in ("0-14", "15-59", "60+"))
    np.testing.assert_allclose(ages, residents, rtol=1e-12)
    assert (of("Population|Resident|Age 65+") < of("Population|Resident|Age 60+")).all()
    np.testing.assert_allclose(of("Urbanization Rate|Resident"), town / residents, rtol=1e-12)
    hukou, away = of("Population|Hukou"), of("Population|Hukou|Away")
    at_home = residents - of("Population|Resident|Nonlocal")
    np.testing.assert_allclose(hukou - away, at_home, rtol=1e-12)
    np.testing.assert_allclose(of("Population|Hukou Minus Resident"), hukou - residents, rtol=1e-9)
    causes = ("Natural Increase", "In County Moves", "Return Migration", "Outside Migration",
              "Reclassification")  # fmt: skip
    change = sum(of(f"Town Change|{cause}") for cause in causes)
    np.testing.assert_allclose(change, np.diff(town), atol=1e-6)
    moves = of("Births|Resident") - of("Deaths|Resident") + of("Flow|Return Town")
    moves = moves + of("Flow|Return Village") + of("Flow|Arrival Town") + of("Flow|Arrival Village")
    moves = moves - of("Flow|Out Town") - of("Flow|Out Village")
    np.testing.assert_allclose(moves, np.diff(residents), atol=1e-6)


def test_results_are_of_one_model_scenario_and_statistic(folder: Path, scenario: str) -> None:
    table = rows(folder / scenario / "results.csv")
    keys = {(r["model"], r["scenario"], r["region"]) for r in table}
    assert keys == {("County Urbanization Simulator", scenario, "quxian")}
    ranges = {r["variable"] for r in table if r["statistic"] != "value"}
    assert {r["statistic"] for r in table} == {"low", "value", "high"}
    assert all(v.startswith("Cost|") for v in ranges)
    cells = [(r["variable"], r["year"], r["statistic"]) for r in table]
    assert len(set(cells)) == len(cells)
    variables = {r["variable"] for r in table}
    assert {f"Flow|{flow.name.replace('_', ' ').title()}" for flow in Flow} < variables
    assert len([v for v in variables if v.startswith("Requirement|")]) == 6
    units = {r["variable"]: r["unit"] for r in table}
    assert units["Population|Resident"] == "persons"
    assert units["Urbanization Rate|Resident"] == "share"
    assert units["Requirement|park_green_area_per_capita"] == "平方米"
    assert all(np.isfinite(float(r["value"])) for r in table)


def test_numbers_are_written_to_the_last_bit(folder: Path, scenario: str) -> None:
    found = series(rows(folder / scenario / "results.csv"), "Population|Resident")
    assert list(found.values()) == result().runs[scenario].stocks.resident_population.tolist()


def test_ledger_closes_from_the_file_itself(folder: Path, scenario: str) -> None:
    cells: dict[tuple[str, ...], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for r in rows(folder / scenario / "ledger.csv"):
        assert (r["place"], r["scenario"]) == ("quxian", scenario)
        assert r["entry"] in ("opening", "in", "out", "closing")
        cells[r["year"], r["registration"], r["residence"]][r["entry"]] += float(r["persons"])
    assert len(cells) == 8 * 13
    for (year, *cell), entry in cells.items():
        expected = entry["opening"] + entry["in"] - entry["out"]
        assert entry["closing"] == pytest.approx(expected, rel=1e-9), (year, cell)
        following = cells.get((str(int(year) + 1), *cell))
        if following is not None:
            assert following["opening"] == entry["closing"]
    town = sum(e["closing"] for (year, _, place), e in cells.items()
               if (year, place) == ("2035", "town"))  # fmt: skip
    stated = series(rows(folder / scenario / "results.csv"), "Population|Resident|Town")
    assert town == pytest.approx(stated[2035], rel=1e-12)


# --- provenance


def test_provenance_says_what_made_the_result(folder: Path, scenario: str) -> None:
    record = json.loads((folder / scenario / "provenance.json").read_text(encoding="utf-8"))
    assert set(record) == {
        "program", "version", "scenario", "place", "file", "horizon", "inputs", "parameter_table",
        "parameters", "seed", "draws", "environment",
    }  # fmt: skip
    assert record["version"] == simulator.__version__
    assert (record["scenario"], record["place"], record["horizon"]) == (scenario, "quxian", 2035)
    assert record["seed"] == 1
    inputs = {
        "scenarios/quxian.yaml": FILE,
        "places/quxian.yaml": FILE.parent / "places" / "quxian.yaml",
        "places/quxian_age_sex.csv": FILE.parent / "places" / "quxian_age_sex.csv",
    }
    assert sorted(record["inputs"]) == sorted(
        [name, hashlib.sha256(path.read_bytes()).hexdigest()] for name, path in inputs.items()
    )
    assert record["parameter_table"] == hashlib.sha256(TABLE.read_bytes()).hexdigest()
    assert record["parameters"] == parameter_hash(dict(result().start.values))
    assert set(record["environment"]) == {"python", "machine", "libraries"}
    assert {"numpy", "numba", "scipy"} <= set(record["environment"]["libraries"])


def test_inputs_of_the_same_folder_and_name_are_both_kept_in_order(tmp_path: Path) -> None:
    files = tuple(tmp_path / side / "places" / "x.yaml" for side in "ab")
    for path in files:
        path.parent.mkdir(parents=True)
        path.write_text(str(path), encoding="utf-8")
    trend = result().trend
    for sources in (files, files[::-1]):
        found = provenance(replace(trend, study=replace(trend.study, sources=sources)))["inputs"]
        assert found == [
            ["places/x.yaml", hashlib.sha256(path.read_bytes()).hexdigest()] for path in sources
        ]


def test_provenance_of_another_parameter_differs() -> None:
    one, other = (run(one_year(return_level=level)).trend for level in (0.02, 0.03))
    assert provenance(one)["parameters"] != provenance(other)["parameters"]
    assert parameter_hash({"a": 1.0, "b": 2.0}) == parameter_hash({"b": 2.0, "a": 1.0})


def test_writing_again_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Nothing in the files depends on the clock or on where they are written."""
    write_result(result(), tmp_path)
    for path in sorted(folder.rglob("*.*")):
        assert (tmp_path / "quxian" / path.relative_to(folder)).read_bytes() == path.read_bytes()


# --- resolved


def yaml_of(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def test_resolved_names_unit_and_source_of_everything(folder: Path, scenario: str) -> None:
    found = yaml_of((folder / scenario / "resolved.yaml").read_text(encoding="utf-8"))
    assert set(found["parameters"]) == set(assumptions())
    for name, entry in found["parameters"].items():
        assert entry["unit"] == assumptions()[name].unit
        assert entry["source"] == assumptions()[name].source
        assert entry["grade"] == assumptions()[name].grade
        assert entry["from"] in ("fitted", "parameters.csv")
        assert entry["low"] <= entry["value"] <= entry["high"], name
    named = {f"{group}.{name}" for group, members in levers().items() for name in members}
    assert named <= set(found["levers"])
    for name in named:
        assert found["levers"][name]["unit"]
        assert found["levers"][name]["source"]
    for figure in found["facts"] + found["targets"]:
        assert figure["quote"]
        assert figure["unit"]
        assert figure["document"] in found["documents"]
    assert len(found["facts"]) == len(study().place.facts)
    assert len(found["targets"]) == len(study().place.targets)


def test_resolved_says_what_is_fitted(folder: Path) -> None:
    found = yaml_of((folder / "trend" / "resolved.yaml").read_text(encoding="utf-8"))
    fit = result().start.fit
    assert fit is not None
    assert set(found["fit"]["fitted"]) == set(fit.names)
    for name, entry in found["fit"]["fitted"].items():
        assert found["parameters"][name]["from"] == "fitted"
        assert entry["value"] == pytest.approx(fit.values[name], rel=1e-5)
        assert entry["log_sd"] <= entry["prior_log_sd"] * (1 + 1e-5)
    assert len(found["fit"]["observations"]) == len(fit.observations)
    for entry in found["fit"]["observations"]:
        residual = (entry["fitted"] - entry["observed"]) / entry["sd"]
        assert entry["residual_sd"] == pytest.approx(residual, abs=0.01)
    assert found["fit"]["not_told_apart"]
    naive = {(o["indicator"], o["year"]) for o in found["fit_at_face_value"]["observations"]}
    assert ("resident_population", 2018) in naive


def test_resolved_levers_are_those_that_act() -> None:
    plan = resolved(result(), result().runs["plan"])["levers"]
    assert plan["industry_jobs.other_jobs"]["value"] == {
        2023: 15485, 2024: 15485, 2025: 15485, 2026: None,
    }  # fmt: skip
    assert plan["industry_jobs.other_jobs"]["set_by"] == "quxian.yaml"
    assert plan["industry_jobs.basis"] == "total"
    assert plan["housing.rental_units"] == {
        "value": 0.0, "set_by": "trend", "unit": "dwellings per year",
        "source": levers()["housing"]["rental_units"].source,
    }  # fmt: skip


def test_resolved_levers_at_rest_are_the_rules_of_the_place() -> None:
    known = one_year()
    place = known.place.model_copy(update={"settlement_rules": {"residence_years": 3.0}})
    found = run(replace(known, place=place))
    entry = resolved(found, found.trend)["levers"]["settlement.residence_years"]
    assert entry["value"] == 3.0


def test_resolved_baseline_says_fact_assumption_or_arithmetic() -> None:
    """Only the rate is printed for 2022; town and out-migrants follow from what is assumed."""
    found = resolved(result(), result().trend)["baseline"]
    assert found["age_structure"] == "assumed: rolled_forward"
    origin = {n: e["from"] for n, e in found.items() if n != "age_structure"}
    assert origin == {
        "resident_population": "assumed: fitted_run",
        "town_population": "derived",
        "resident_urbanization_rate": "facts",
        "hukou_population": "assumed: fitted_run",
        "hukou_urbanization_rate": "assumed: fitted_run",
        "out_migrants": "derived",
        "nonlocal_residents": "assumed: fitted_run",
        "seat_share": "assumed: seat_share_held",
    }
    assert all(e["year"] == 2022 for n, e in found.items() if n != "age_structure")


def test_resolved_baseline_of_known_totals() -> None:
    known = run(one_year())
    found = resolved(known, known.trend)
    origin = {n: e["from"] for n, e in found["baseline"].items() if n != "age_structure"}
    assert {n for n, o in origin.items() if o == "facts"} == {
        "resident_population", "resident_urbanization_rate", "hukou_population",
        "hukou_urbanization_rate", "nonlocal_residents",
    }  # fmt: skip
    assert found["fit"] is None
    assert found["fit_at_face_value"] is None
    learnt = {n for n, e in found["parameters"].items() if e["from"] != "parameters.csv"}
    assert learnt == set(known.start.learnt)
    assert {found["parameters"][n]["from"] for n in learnt} == {"flow_priors.csv, own stocks"}


def test_a_parameter_set_by_a_file_names_the_file() -> None:
    known = replace(one_year(return_level=0.02), overridden={"return_level": "mine.yaml"})
    found = run(known)
    entry = yaml_of(resolved_yaml(found, found.trend))["parameters"]["return_level"]
    assert (entry["value"], entry["from"]) == (0.02, "mine.yaml")


# --- whole or not at all


_SOME_JOBS = {"industry_jobs": {"basic_jobs": 500}}


@cache
def tiny() -> Result:
    """A study of two scenarios that is quick to write."""
    return run(replace(one_year(), horizon=2025, cases={"jobs": case(_SOME_JOBS)}))


def tree(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = path.read_bytes() if path.is_file() else b""
    return found


FAILING = [
    ("long_table", OSError),
    ("target_table", ValueError),
    ("ledger_table", KeyboardInterrupt),
    ("resolved_yaml", OSError),
    ("provenance", OSError),
]


@pytest.mark.parametrize(("step", "error"), FAILING)
def test_a_failure_half_way_leaves_the_old_files(
    step: str, error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong in the second scenario: the old set stands, no scrap is left."""
    write_result(tiny(), tmp_path)
    before = tree(tmp_path)
    whole = getattr(files, step)

    def breaks(*args: Any) -> Any:
        if next(a for a in args if isinstance(a, Run)).id == "jobs":
            raise error("stop")
        return whole(*args)

    monkeypatch.setattr(files, step, breaks)
    with pytest.raises(error, match="stop"):
        write_result(tiny(), tmp_path)
    assert tree(tmp_path) == before


def test_a_failure_at_first_leaves_nothing_of_the_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise OSError("disk full")

    monkeypatch.setattr(files, "provenance", full)
    with pytest.raises(OSError, match="disk full"):
        write_result(tiny(), tmp_path)
    assert list(tree(tmp_path)) == ["quxian"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_exchange_puts_the_old_folder_back(
    failing: int, error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old folder is set aside (first move) and the new one put there (second)."""
    write_result(tiny(), tmp_path)
    before = tree(tmp_path)
    moves = 0
    rename = os.rename

    def breaks(source: Path, end: Path) -> None:
        nonlocal moves
        moves += 1
        if moves == failing:
            raise error("moved away")
        rename(source, end)

    monkeypatch.setattr(files.os, "rename", breaks)
    with pytest.raises(error, match="moved away"):
        write_result(tiny(), tmp_path)
    assert moves >= failing
    assert tree(tmp_path) == before


def test_a_new_set_replaces_the_old_one_whole(tmp_path: Path) -> None:
    write_result(tiny(), tmp_path)
    stray = tmp_path / "quxian" / "jobs" / "old.csv"
    stray.write_text("from an older version", encoding="utf-8")
    write_result(tiny(), tmp_path)
    assert not stray.exists()
    assert sorted(p.name for p in stray.parent.iterdir()) == NAMES
    assert sorted(p.name for p in (tmp_path / "quxian").iterdir()) == ["jobs", "trend"]


# --- words


def test_numbers_for_show() -> None:
    assert wording.number(530.0) == "530"
    assert wording.number(4275.52) == "4,275.52"
    assert wording.number(12.5) == "12.5"
    assert wording.number(1000.0) == "1,000"
    assert wording.number(0.0) == "0"
    assert wording.number(-3.0, sign=True) == "-3"
    assert wording.number(3.0, sign=True) == "+3"
    assert wording.number(None) == wording.number(float("nan")) == "–"
    assert (people(244_800.0, "zh"), people(244_800.0, "en")) == ("24.48", "244.8")
    assert (people(1e4, "zh", sign=True), people(-1e7, "en", sign=True)) == ("+1.00", "-10,000.0")
    assert (percent(0.436), percent(0.436, sign=True)) == ("43.60", "+43.60")


def test_values_and_amounts_carry_their_unit() -> None:
    assert wording.value_of(0.2407, "share", "en") == "24.07 %"
    assert wording.value_of(895_595.0, "persons", "en") == "895.6 thousand"
    assert wording.value_of(895_595.0, "persons", "zh") == "89.56 万人"
    assert wording.value_of(float("nan"), "", "zh") == "–"
    assert wording.amount(3.5e9, "元", "zh") == "35.00 亿元"
    assert wording.amount(4412.0, "张", "zh") == "4,412 张"
    assert wording.amount(31_000.0, "张", "zh") == "3.10 万张"
    assert wording.amount(3.5e9, "元", "en") == "3,500,000,000 yuan"
    assert wording.amount(None, "元", "en") == "–"


def test_goals_and_gaps() -> None:
    checks = {c.target.indicator: c for c in result().trend.targets}
    rate, seat = checks["resident_urbanization_rate"], checks["county_seat_population"]
    assert wording.goal(rate, "en") == "≥ 48"
    assert (wording.goal(seat, "zh"), wording.goal(seat, "en")) == ("≥ 28", "≥ 280")
    # The plan prints the census figure of 2020 for 2022.
    place = result().study.place
    assert plan_base.base_of(rate, place, "zh") == "43.6 (2022)"
    assert plan_base.base_of(seat, place, "zh") == "24.48（2020 年；规划中列为 2022 年数）"
    assert plan_base.base_of(seat, place, "en") == "244.8 (2020, printed as 2022)"
    assert plan_base.base_of(seat, place, "zh", unit=True).startswith("24.48 万人（2020 年")
    growth = checks["urbanization_rate_annual_increase"]
    assert plan_base.base_of(growth, place, "en") == "–"
    assert (wording.reached(seat, "zh"), wording.reached(seat, "en")) == ("25.43", "254.3")
    assert wording.gap(seat, "en") == "-25.7 thousand"
    assert wording.gap(rate, "zh").endswith("个百分点")
    assert wording.gap(rate, "en").endswith("points")
    assert wording.gap(seat, "zh").endswith("万人")
    assert wording.gap(result().trend.targets[0], "en") == "–"
    known = one_year()
    place = known.place.model_copy(update={"targets": [target(op=op) for op in ("<=", "~")]})
    signs = [wording.goal(c, "zh")[0] for c in run(replace(known, place=place)).trend.targets]
    assert signs == ["≤", "≈"]


def test_levers_in_words() -> None:
    path = {2023: 15485.0, 2026: None, 2024: 12.5}
    assert (
        wording.lever_value(path, "en") == "from 2023 15,485, from 2024 12.5, from 2026 as on trend"
    )
    same = {2023: 5.0, 2024: 5.0, 2025: None}
    assert wording.lever_value(same, "zh") == "2023 年起 5，2025 年起 同趋势"
    assert wording.lever_value(0, "en") == "0"
    bent = {2023: 5.0, 2025: 5.0, 2030: 10.0, 2031: 10.0, "between": "linear"}
    assert (
        wording.lever_value(bent, "en")
        == "from 2023 5, from 2025 5, from 2030 10, from 2031 10, straight in between"
    )
    plan = result().runs["plan"]
    assert [name for name, _ in wording.changed_levers(plan)] == ["industry_jobs.other_jobs"]
    assert wording.lever_label("industry_jobs.other_jobs", "en") == "Other new non-farm jobs"
    assert wording.lever_label("settlement", "en") == "settlement"


@given(years=st.lists(st.integers(1990, 2100), min_size=1), lang=st.sampled_from(LANGUAGES))
def test_years_in_words_are_the_years_and_no_others(years: list[int], lang: str) -> None:
    ends = [list(map(int, s.split("–"))) for s in re.split("、|, ", year_spans(years, lang))]
    told = [y for span in ends for y in range(span[0], span[-1] + 1)]
    assert told == sorted(set(years))
    assert all(after[0] > before[-1] + 1 for before, after in itertools.pairwise(ends))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_notes_are_sentences(lang: str) -> None:
    told = Note("jobs_total", {"years": [2023], "trend": [5000.0, 6000.0], "excess": [1.0, 2.0]})
    assert "5,500" in wording.note(told, lang)
    gap = {"zh": "2023、2025–2030、2032", "en": "2023, 2025–2030, 2032"}[lang]
    years = [2023, *range(2025, 2031), 2032]
    assert gap in wording.note(Note("jobs_below_trend", {"years": years}), lang)
    vacancy = Note("housing_no_effect", {"vacancy": 0.214, "frictional": 0.10})
    assert "21%" in wording.note(vacancy, lang)
    assert "10%" in wording.note(vacancy, lang)
    for found in (result().runs["plan"], policy({"housing": {"rental_units": 0}})):
        assert all(wording.note(note, lang) for note in found.notes)


# --- pages


def page(parts: Any, width: int = 200) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_shows_every_target_with_its_quotes_and_assumptions(lang: str) -> None:
    shown = squeezed(page(result_view(result(), lang), width=400))
    for check in result().trend.targets:
        assert squeezed(check.indicator.label(lang)) in shown, check.indicator.name
    for item in study().cases["plan"].evidence:
        assert all(squeezed(quote) in shown for quote in item.quotes)
        assert item.derivation is not None
        assert squeezed(item.derivation.get(lang)) in shown
    for measure in study().cases["plan"].not_quantified:
        assert squeezed(measure.quote) in shown
    for found in study().place.targets:
        assert all(squeezed(a.why_not_used.get(lang)) in shown for a in found.alternatives)
    counted = [f for f in study().place.facts if f.use in ("base", "history", "superseded")]
    assert all(f.document in shown for f in counted)
    assert len(result().start.assumed) == 6


def test_page_judges_in_both_languages() -> None:
    chinese, english = (page(result_view(result(), lang)) for lang in ("zh", "en"))
    assert "未达到" in chinese or "未达" in chinese
    assert "missed" in english
    assert "个百分点" in chinese
    assert "points" in english
    assert "91.75" in chinese


def test_page_shows_what_changed_the_town() -> None:
    shown = page(result_view(result(), "en"))
    change = result().trend.town_change
    for cause in change.__dataclass_fields__:
        assert people(float(getattr(change, cause)[:3].sum()), "en", sign=True) in shown, cause
    assert people(float(change.total[:3].sum()), "en", sign=True) in shown


def test_page_says_what_the_trend_would_be_at_face_value() -> None:
    naive = result().face_value
    assert naive is not None
    sentence = face_value.sentence(result(), "en")
    assert sentence is not None
    assert people(float(naive.stocks.resident_population[3]), "en") in sentence
    assert people(float(result().trend.stocks.resident_population[3]), "en") in sentence
    assert "persons residents" not in sentence
    assert face_value.sentence(run(one_year()), "en") is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_of_a_bare_place(lang: str) -> None:
    """No target, no policy, no history: the page is shorter and whole."""
    known = one_year()
    bare = replace(known, place=known.place.model_copy(update={"targets": []}))
    assert len(page(result_view(run(bare), lang))) > 500


def test_years_shown_are_base_targets_and_horizon() -> None:
    assert wording.shown_years(result()) == [2022, 2025, 2035]
    assert wording.shown_years(run(replace(study(), horizon=2024), face_value=False)) == [
        2022,
        2024,
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_comparison_shows_each_scenario_once(lang: str) -> None:
    shown = page(comparison_view([result(), result()], lang), width=300)
    first = shown.splitlines()[1]
    assert first.count("quxian/trend") == 1
    assert first.count("quxian/plan") == 1
    assert "15,485" in shown
    for found in result().runs.values():
        rate = 100 * found.stocks.resident_urbanization_rate
        assert all(f"{rate[at]:.2f}" in shown for at in (0, 3, 13))


def test_comparison_puts_levers_that_differ_first() -> None:
    cases = {
        "a": case({"industry_jobs": {"basic_jobs": 100}, "housing": {"rental_units": 10}}),
        "b": case({"industry_jobs": {"basic_jobs": 100}, "housing": {"rental_units": 20}}),
    }
    place = one_year().place.model_copy(update={"targets": []})
    known = run(replace(one_year(), place=place, cases=cases))
    both = Result(known.study, known.start, {k: known.runs[k] for k in ("a", "b")}, None)
    shown = page(comparison_view([both], "en"), width=300)
    assert shown.index("housing.rental_units") < shown.index("industry_jobs.basic_jobs")
