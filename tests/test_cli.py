"""The command line: what is printed where, and the three exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result as Outcome
from quxian import FILE, ROOT
from ruamel.yaml import YAML
from typer.testing import CliRunner

from simulator.cli import app
from simulator.i18n import text
from simulator.schema import json_schema

PLACE = """\
kind: place
id: testing
name: {zh: 测试县, en: Testing County}
province: 四川省
level: county
base_year: 2022
documents:
  plan: {title: {zh: 规划, en: Plan}}
facts:
  - {indicator: resident_population, year: 2022, value: 90, unit: 万人, use: base, document: plan,
     quote: "90 万人"}
  - {indicator: resident_urbanization_rate, year: 2022, value: 43.6, unit: "%", use: base,
     document: plan, quote: "43.6%"}
targets:
  - {indicator: resident_urbanization_rate, year: 2025, op: ">=", value: RATE, unit: "%",
     document: plan, quote: "RATE%"}
"""
SCENARIO = """\
kind: scenario
id: testing_jobs
extends: place.yaml
horizon: 2027
scenarios:
  jobs:
    label: {zh: 就业, en: Jobs}
    levers:
      industry_jobs: {basic_jobs: 1000}
"""


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """Folder with a small place whose target any run meets, and a scenario for it."""
    (tmp_path / "place.yaml").write_text(PLACE.replace("RATE", "40"), encoding="utf-8")
    (tmp_path / "jobs.yaml").write_text(SCENARIO, encoding="utf-8")
    return tmp_path


def demanding(county: Path) -> None:
    """Raise the target beyond reach."""
    (county / "place.yaml").write_text(PLACE.replace("RATE", "90"), encoding="utf-8")


def call(*args: str | Path, **env: str) -> Outcome:
    clean = {"LC_ALL": "C.UTF-8", "LC_MESSAGES": "", "LANG": ""} | env
    return CliRunner().invoke(app, [str(a) for a in args], env=clean)


# --- run


def test_run_prints_and_returns_0(county: Path) -> None:
    done = call("run", county / "jobs.yaml", "--lang", "en")
    assert done.exit_code == 0
    assert "Testing County" in done.stdout
    assert "Jobs" in done.stdout
    assert done.stderr == ""


def test_run_writes_a_folder_a_scenario_and_says_where(county: Path) -> None:
    done = call("run", county / "jobs.yaml", "--out", county / "out", "--lang", "en")
    assert done.exit_code == 0
    for scenario in ("trend", "jobs"):
        folder = county / "out" / "testing_jobs" / scenario
        assert len(list(folder.iterdir())) == 5
        assert str(folder) in done.stdout.replace("\n", "")


def test_run_takes_several_files(county: Path) -> None:
    done = call("run", county / "jobs.yaml", county / "place.yaml", "--out", county / "out")
    assert done.exit_code == 0
    names = sorted(p.relative_to(county / "out").as_posix() for p in (county / "out").glob("*/*"))
    assert names == ["testing/trend", "testing_jobs/jobs", "testing_jobs/trend"]


def test_files_of_one_id_do_not_overwrite_each_other(county: Path) -> None:
    """Refused, or kept apart; not the one in the place of the other without a word."""
    (county / "more.yaml").write_text(SCENARIO.replace("1000", "9000"), encoding="utf-8")
    done = call("run", county / "jobs.yaml", county / "more.yaml", "--out", county / "out")
    kept = len(list((county / "out").glob("*/*/ledger.csv")))
    assert done.exit_code == 2 or kept == 4


def test_horizon_is_the_last_year(county: Path) -> None:
    call("run", county / "jobs.yaml", "--horizon", "2030", "--out", county / "out")
    ledger = (county / "out" / "testing_jobs" / "jobs" / "ledger.csv").read_text(encoding="utf-8")
    assert ",2030," in ledger
    assert ",2031," not in ledger


@pytest.mark.parametrize("strict", [[], ["--strict"]])
def test_targets_met_return_0(county: Path, strict: list[str]) -> None:
    assert call("run", county / "jobs.yaml", *strict).exit_code == 0


def test_missed_targets_return_1_only_when_strict(county: Path) -> None:
    demanding(county)
    assert call("run", county / "jobs.yaml").exit_code == 0
    done = call("run", county / "jobs.yaml", "--strict", "--out", county / "out", "--lang", "en")
    assert done.exit_code == 1
    assert done.stderr == "targets are missed (--strict)\n"
    assert (county / "out" / "testing_jobs" / "jobs" / "targets.csv").is_file()


def test_strict_is_not_content_with_targets_beyond_the_horizon(county: Path) -> None:
    demanding(county)
    assert call("run", county / "jobs.yaml", "--strict", "--horizon", "2024").exit_code != 0


# --- bad input


BAD = {
    "missing": None,
    "empty": "",
    "list": "- a\n",
    "unknown": PLACE.replace("RATE", "40") + "colour: red\n",
    "full_width": "kind：place\n",
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["run", "check", "resolve", "compare"])
def test_bad_input_returns_2_on_stderr(county: Path, command: str, name: str) -> None:
    words = BAD[name]
    file = county / f"{name}.yaml"
    if words is not None:
        file.write_text(words, encoding="utf-8")
    done = call(command, file, "--lang", "en")
    assert done.exit_code == 2
    assert str(file) in done.stderr
    assert done.stderr.startswith(text("error.heading", "en", n=1))
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_faults_of_all_files_are_told_at_once(county: Path) -> None:
    for name in ("one", "two"):
        (county / f"{name}.yaml").write_text("", encoding="utf-8")
    done = call("check", county / "one.yaml", county / "jobs.yaml", county / "two.yaml")
    assert done.exit_code == 2
    assert "one.yaml" in done.stderr
    assert "two.yaml" in done.stderr


def test_bad_input_writes_nothing(county: Path) -> None:
    (county / "bad.yaml").write_text("", encoding="utf-8")
    done = call("run", county / "jobs.yaml", county / "bad.yaml", "--out", county / "out")
    assert done.exit_code == 2
    assert not (county / "out").exists()


@pytest.mark.parametrize("horizon", ["2022", "1990", "0", "-1"])
@pytest.mark.parametrize("command", ["run", "check", "resolve", "compare"])
def test_horizon_not_after_the_base_returns_2(county: Path, command: str, horizon: str) -> None:
    done = call(command, county / "jobs.yaml", "--horizon", horizon, "--lang", "en")
    assert done.exit_code == 2
    assert "2022" in done.stderr


def test_horizon_beyond_the_tables_returns_2(county: Path) -> None:
    done = call("run", county / "jobs.yaml", "--horizon", "2101", "--lang", "en")
    assert done.exit_code == 2
    assert "2100" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["run"],
        ["check"],
        ["resolve"],
        ["compare"],
        ["dance"],
        ["run", "--horizon", "soon", "FILE"],
        ["run", "--colour", "FILE"],
        ["schema", "FILE"],
        ["resolve", "FILE", "FILE"],
    ],
)
def test_misuse_returns_2(county: Path, args: list[str]) -> None:
    found = [str(county / "jobs.yaml") if a == "FILE" else a for a in args]
    assert call(*found).exit_code == 2


@pytest.mark.parametrize("command", ["run", "check", "resolve", "compare"])
@pytest.mark.parametrize("lang", ["fr", "ZH", ""])
def test_unknown_language_returns_2_and_names_both(county: Path, command: str, lang: str) -> None:
    done = call(command, county / "jobs.yaml", "--lang", lang)
    assert done.exit_code == 2
    assert "zh, en" in done.stderr


# --- unwritable


@pytest.mark.parametrize("place", ["file", "below_file", "link"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_unwritable_out_returns_2_and_says_why(county: Path, place: str, lang: str) -> None:
    file = county / "taken"
    file.write_text("mine", encoding="utf-8")
    (county / "loop").symlink_to(county / "loop")
    out = {"file": file, "below_file": file / "deeper", "link": county / "loop"}[place]
    done = call("run", county / "jobs.yaml", "--out", out, "--lang", lang)
    assert done.exit_code == 2
    assert str(out) in done.stderr
    assert "Traceback" not in done.stderr
    assert file.read_text(encoding="utf-8") == "mine"


# --- language


@pytest.mark.parametrize(
    ("args", "env", "chinese"),
    [
        (["--lang", "zh"], {}, True),
        (["--lang", "en"], {"LANG": "zh_CN.UTF-8"}, False),
        ([], {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, True),
        ([], {"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, False),
        ([], {"LC_ALL": "", "LC_MESSAGES": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, True),
        ([], {"LC_ALL": "", "LANG": ""}, False),
    ],
)
@pytest.mark.parametrize("command", ["run", "check", "compare"])
def test_language_is_the_option_or_the_environment(
    county: Path, command: str, args: list[str], env: dict[str, str], chinese: bool
) -> None:
    done = call(command, county / "jobs.yaml", *args, **env)
    assert done.exit_code == 0
    if command != "compare":
        assert ("测试县" in done.stdout) == chinese
        assert ("Testing County" in done.stdout) != chinese
    else:
        assert ("常住人口" in done.stdout) == chinese


# --- the other commands


def test_check_counts_scenarios_and_runs_nothing(county: Path) -> None:
    done = call("check", county / "jobs.yaml", county / "place.yaml", "--lang", "en")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert "jobs.yaml: valid (Testing County, 2 scenario(s))" in done.stdout.replace("\n", "")
    assert len(lines) >= 2
    assert "Plan targets" not in done.stdout


def test_check_refuses_totals_that_contradict(county: Path) -> None:
    more = (
        "  - {indicator: town_population, year: 2022, value: 95, unit: 万人, use: base,\n"
        '     document: plan, quote: "95 万人"}\n'
    )
    words = PLACE.replace("RATE", "40").replace("targets:\n", more + "targets:\n")
    (county / "place.yaml").write_text(words, encoding="utf-8")
    done = call("check", county / "place.yaml", "--lang", "en")
    assert done.exit_code == 2
    assert "town_population" in done.stderr


def test_resolve_prints_yaml_of_the_last_scenario(county: Path) -> None:
    done = call("resolve", county / "jobs.yaml")
    assert done.exit_code == 0
    found = YAML(typ="safe", pure=True).load(done.stdout)
    assert found["scenario"] == "jobs"
    assert found["levers"]["industry_jobs.basic_jobs"]["value"] == 1000
    assert found["baseline"]["resident_population"]["value"] == 900_000.0


def test_resolve_prints_the_scenario_asked_for(county: Path) -> None:
    done = call("resolve", county / "jobs.yaml", "--scenario", "trend", "--horizon", "2024")
    found = YAML(typ="safe", pure=True).load(done.stdout)
    assert (found["scenario"], found["horizon"]) == ("trend", 2024)
    unknown = call("resolve", county / "jobs.yaml", "--scenario", "boom")
    assert unknown.exit_code == 2
    assert "trend, jobs" in unknown.stderr


def test_compare_puts_scenarios_side_by_side(county: Path) -> None:
    """Levers first, then targets, then headlines by year."""
    more = SCENARIO.replace("testing_jobs", "testing_more").replace("1000", "3000")
    (county / "more.yaml").write_text(more.replace("  jobs:", "  more:"), encoding="utf-8")
    done = call("compare", county / "jobs.yaml", county / "more.yaml", "--lang", "en")
    assert done.exit_code == 0
    for name in ("testing/trend", "testing/jobs", "testing/more", "1,000", "3,000", "≥ 40"):
        assert name in done.stdout
    order = [done.stdout.index(t) for t in ("basic_jobs", "≥ 40", "Resident population (thousand")]
    assert order == sorted(order)
    assert "2027" in done.stdout


def test_schema_is_json_for_editors() -> None:
    done = call("schema")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads(json.dumps(json_schema()))


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["resolve"], ["compare"], ["schema"]])
def test_help_is_in_both_languages(command: list[str]) -> None:
    done = call(*command, "--help", TERMINAL_WIDTH="200", COLUMNS="200")
    assert done.exit_code == 0
    assert any("\u4e00" <= letter <= "\u9fff" for letter in done.stdout)
    assert "--help" in done.stdout
    wanted = {"run": ["--out", "--horizon", "--strict", "--lang"], "resolve": ["--scenario"]}
    for option in wanted.get(command[0] if command else "", []):
        assert option in done.stdout


def test_no_command_shows_the_help() -> None:
    done = call()
    assert "compare" in done.output
    assert done.exit_code in (0, 2)


def test_square_brackets_are_shown(county: Path) -> None:
    """In names of folders and in the words of files."""
    scenario = SCENARIO.replace("en: Jobs", 'en: "Jobs [draft]"')
    (county / "jobs.yaml").write_text(scenario, encoding="utf-8")
    done = call("run", county / "jobs.yaml", "--out", county / "out[two]", "--lang", "en")
    assert "Jobs [draft]" in done.stdout
    assert "out[two]" in done.stdout.replace("\n", "")


def test_a_closing_tag_is_only_words(county: Path) -> None:
    scenario = SCENARIO.replace("en: Jobs", 'en: "Jobs [/b]"')
    (county / "jobs.yaml").write_text(scenario, encoding="utf-8")
    assert call("run", county / "jobs.yaml", "--lang", "en").exit_code == 0


def test_the_module_runs_as_a_program(county: Path) -> None:
    """``python -m simulator`` passes the exit code on."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "check", str(county / "gone.yaml")],
        capture_output=True, text=True, check=False, env=environment, cwd=county,
    )  # fmt: skip
    assert done.returncode == 2
    assert "gone.yaml" in done.stderr


def test_the_plan_of_quxian_runs_strictly_to_1() -> None:
    """The real file: judged, missed, in Chinese."""
    done = call("run", FILE, "--strict", "--lang", "zh")
    assert done.exit_code == 1
    assert "渠县" in done.stdout
    assert done.stderr.strip()
