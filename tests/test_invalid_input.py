"""Every bad file is refused with the words beside it: ``tests/cases/invalid``."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cases.update import CASES, INVALID, ROOT, checked, expected, said
from typer.testing import CliRunner

from simulator.cli import app
from simulator.errors import ScenarioError, Violation
from simulator.i18n import LANGUAGES, catalogue, placeholders
from simulator.ladder import check_start
from simulator.reach import MAX_BYTES
from simulator.report.errors import describe, describe_all
from simulator.scenario import load_scenario, load_scenarios, parse_scenario

VALID = INVALID.parent / "valid"
PLACE = VALID / "place.yaml"
MARK = "# wrong"
#: Files in another encoding than UTF-8, in which no line can be marked.
UNMARKED = {"form_gbk", "form_utf_16", "form_binary"}
HAN = re.compile("[\u4e00-\u9fff]")

every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)


@functools.cache
def violations(path: Path) -> tuple[Violation, ...]:
    with pytest.raises(ScenarioError) as refused:
        check_start(load_scenario(path))
    return refused.value.violations


def marked(path: Path) -> set[int]:
    """Lines of a file that carry the mark, counted from 1."""
    lines = path.read_bytes().split(b"\n")
    return {i for i, line in enumerate(lines, 1) if MARK.encode() in line}


def test_there_are_cases() -> None:
    assert len(CASES) >= 100


@every_case
def test_check_says_what_stands_beside_the_file(case: Path) -> None:
    assert said(case) == expected(case).read_text(encoding="utf-8"), (
        "python tests/cases/update.py, and read the difference"
    )


def test_the_update_script_leaves_nothing_behind() -> None:
    assert {p.stem for p in INVALID.glob("*.expected")} == {p.stem for p in CASES}


@every_case
def test_a_refusal_ends_with_code_2_and_prints_only_on_stderr(case: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for result in (
        checked(case, "zh"),
        CliRunner().invoke(app, ["run", str(case), "--out", str(out), "--lang", "en"]),
    ):
        assert isinstance(result.exception, SystemExit)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
    assert not out.exists()


@every_case
def test_each_violation_names_the_line_that_is_wrong(case: Path) -> None:
    named: dict[Path, set[int]] = {case: set()}
    for violation in violations(case):
        lines = named.setdefault(Path(violation.file), set())
        if violation.line is not None:
            lines.add(violation.line)
    for path, lines in named.items():
        if path.suffix == ".yaml" and path.stem not in UNMARKED:
            assert lines == marked(path), path.name


@every_case
def test_chinese_and_english_speak_of_the_same_places(case: Path) -> None:
    english, chinese = (part.splitlines() for part in said(case).split("\n\n"))
    assert len(english) == len(chinese) == len(violations(case)) + 1
    for ours, theirs in zip(english[1:], chinese[1:], strict=True):
        place = re.match(r"  [^:]+(:\d+)?: ", ours)
        assert place is not None
        assert theirs.startswith(place[0])
        assert HAN.search(theirs)


@pytest.mark.parametrize("name", ["form_gbk", "many_in_a_chain"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_program_itself_refuses_in_a_bare_environment(name: str, lang: str) -> None:
    case = INVALID / f"{name}.yaml"
    command = [sys.executable, "-m", "simulator", "check", str(case), "--lang", lang]
    environment = {"LC_ALL": "C", "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    found = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert found.returncode == 2
    assert found.stdout == b""
    assert found.stderr.decode("utf-8") == checked(case, lang).stderr


def test_what_is_wrong_in_several_files_is_told_together() -> None:
    names = ["rate_above_100", "code_unquoted", "extends_itself"]
    paths = [INVALID / f"{name}.yaml" for name in names]
    with pytest.raises(ScenarioError) as refused:
        load_scenarios([PLACE, *paths])
    assert {Path(v.file).stem for v in refused.value.violations} == set(names)
    assert len(refused.value.violations) == sum(len(violations(path)) for path in paths)


def test_a_key_that_only_the_other_kind_has_hides_nothing(tmp_path: Path) -> None:
    """`name` stands for a faulty name in a place; in a scenario it is itself the fault."""
    path = tmp_path / "policy.yaml"
    path.write_text(
        "kind: scenario\nid: policy\nname: {zh: 甲}\nextends: quxian\n"
        "parameters: {fertility_ratio: 9}\n", encoding="utf-8")  # fmt: skip
    assert [v.code for v in violations(path)] == ["unknown_key", "out_of_range"]


def test_within_a_file_violations_stand_in_the_order_of_lines() -> None:
    for case in CASES:
        places = [(v.file, v.line or 0) for v in violations(case)]
        for file in {file for file, _ in places}:
            lines = [line for named, line in places if named == file]
            assert lines == sorted(lines)


def test_the_valid_place_is_valid_and_runs_to_its_horizon() -> None:
    result = CliRunner().invoke(app, ["check", str(PLACE), "--lang", "zh"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert load_scenario(PLACE).years == range(2023, 2036)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_why_the_system_refuses_is_said_in_the_language_first(tmp_path: Path, lang: str) -> None:
    own = {"zh": "这是文件夹", "en": "it is a folder"}[lang]
    [fault] = violations(tmp_path)
    words = describe(fault, lang)
    assert own in words
    assert words.index(own) < words.index("Is a directory")
    told = CliRunner().invoke(app, ["export", "quxian", "--to", "yaml", "--out", str(PLACE),
                                    "--lang", lang]).stderr  # fmt: skip
    assert ("已有同名文件" if lang == "zh" else "there is a file of this name") in told


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    [missing] = violations(tmp_path / "nowhere.yaml")
    assert missing.code == "not_found"
    [folder] = violations(tmp_path)
    assert folder.code == "unreadable"


def test_a_name_that_no_file_can_have_is_told() -> None:
    for word in ("x" * 5000, "x" * 5000 + ".yaml"):
        result = CliRunner().invoke(app, ["check", word, "--lang", "zh"])
        assert isinstance(result.exception, SystemExit)
        assert (result.exit_code, result.stdout) == (2, "")


def test_a_device_is_not_read(tmp_path: Path) -> None:
    [device] = violations(Path("/dev/zero"))
    assert device.code == "no_plain_file"
    os.mkfifo(tmp_path / "pipe.yaml")
    [pipe] = violations(tmp_path / "pipe.yaml")
    assert pipe.code == "no_plain_file"
    (tmp_path / "demo.yaml").write_text("kind: scenario\nid: demo\nextends: pipe.yaml\n")
    [extended] = violations(tmp_path / "demo.yaml")
    assert extended.code == "extends_not_found"


@pytest.mark.parametrize(
    ("key", "name"), [("extends", "place.yaml"), ("extends", "inner/place.yaml")]
)
def test_a_link_does_not_lead_out_of_the_folder(key: str, name: str, tmp_path: Path) -> None:
    """Neither a link to a file elsewhere nor one to a folder elsewhere is followed."""
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "place.yaml").write_bytes(PLACE.read_bytes())
    plans = tmp_path / "county" / "plans"
    plans.mkdir(parents=True)
    (plans / "place.yaml").symlink_to(tmp_path / "away" / "place.yaml")
    (plans / "inner").symlink_to(tmp_path / "away")
    (plans / "demo.yaml").write_text(f"kind: scenario\nid: demo\n{key}: {name}\n")
    [found] = violations(plans / "demo.yaml")
    assert (found.code, found.line, found.path) == ("out_of_reach", 3, "extends")


def test_a_linked_age_table_and_links_in_a_circle(tmp_path: Path) -> None:
    plans = tmp_path / "county" / "plans"
    plans.mkdir(parents=True)
    (tmp_path / "ages.csv").write_text("year,sex,age_from,age_to,persons\n")
    (plans / "ages.csv").symlink_to(tmp_path / "ages.csv")
    (plans / "place.yaml").write_bytes(PLACE.read_bytes() + b"age_sex: ages.csv\n")
    [found] = violations(plans / "place.yaml")
    assert (found.code, found.path) == ("out_of_reach", "age_sex")
    (plans / "round.yaml").symlink_to(plans / "round.yaml")
    (plans / "demo.yaml").write_text("kind: scenario\nid: demo\nextends: round.yaml\n")
    [circle] = violations(plans / "demo.yaml")
    assert circle.code in ("out_of_reach", "extends_not_found")


def test_plans_and_places_may_lie_side_by_side(tmp_path: Path) -> None:
    for folder in ("plans", "places"):
        (tmp_path / folder).mkdir()
    (tmp_path / "places" / "place.yaml").write_bytes(PLACE.read_bytes())
    scenario = tmp_path / "plans" / "demo.yaml"
    scenario.write_text("kind: scenario\nid: demo\nextends: ../places/place.yaml\n")
    assert load_scenario(scenario).place.id == "small"


@pytest.mark.parametrize("word", ["渠县", "quxian", "Qu County"])
def test_a_place_of_the_library_is_extended_by_its_name(word: str, tmp_path: Path) -> None:
    scenario = tmp_path / "demo.yaml"
    scenario.write_text(f"kind: scenario\nid: demo\nextends: {word}\n", encoding="utf-8")
    assert load_scenario(scenario).place.id == "quxian"
    assert parse_scenario(scenario.read_bytes(), "demo.yaml").place.id == "quxian"


def test_a_file_that_is_no_page_or_two(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    [large] = violations(path)
    assert (large.code, large.value, large.params) == (
        "too_large", MAX_BYTES + 1, {"limit": MAX_BYTES},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("extends: ../../etc/place.yaml", "extends"),
        ("extends: /etc/passwd", "extends"),
        ("extends: library:../pyproject.toml", "extends"),
    ],
)
def test_an_upload_stays_within_the_library(line: str, path: str) -> None:
    raw = f"kind: scenario\nid: demo\n{line}\n".encode()
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(raw, "demo.yaml")
    [found] = refused.value.violations
    assert (found.code, found.line, found.path) == ("upload_path", 3, path)


def test_an_uploaded_place_names_no_file() -> None:
    raw = PLACE.read_bytes().replace(b"facts:", b"age_sex: place.csv\nfacts:", 1)
    with pytest.raises(ScenarioError) as refused:
        parse_scenario(raw, "place.yaml")
    [found] = refused.value.violations
    assert (found.code, found.path) == ("upload_path", "age_sex")


def test_a_horizon_given_on_the_command_line_is_judged_as_such() -> None:
    scenario = ROOT / "scenarios" / "quxian.yaml"
    with pytest.raises(ScenarioError) as refused:
        load_scenario(scenario, horizon=2022)
    [found] = refused.value.violations
    assert (found.code, found.file, found.value) == ("horizon_before_base", "--horizon", 2022)
    # A shorter run is no reason to refuse the years of the file's own levers.
    assert load_scenario(scenario, horizon=2024).years == range(2023, 2025)


# The messages themselves.


def codes_in_the_catalogue() -> set[str]:
    return {
        key.removeprefix("error.")
        for key in catalogue("en")
        if key.startswith("error.") and key not in {"error.heading", *PARTS}
    }


PARTS = {"error.value", "error.allowed", "error.nearest"}
#: Codes for which there is no bad file: another test raises each, or nothing known to us does.
OTHER = {
    "unknown_goal",
    "no_such_target",
    "no_goal",
    "unknown_goal_lever",
    "not_a_range",
    "not_a_weight",
    "goal_not_drawn",
    "not_a_power",
    "too_many_goals",
    "sum_of_places",
    "size_unknown",  # of options: tests/test_seek.py and tests/test_analysis.py
    "base_unreachable",
    "repeated_id",
    "seeds_above_one",
    "not_found",
    "unreadable",
    "too_large",
    "no_plain_file",
    "upload_path",
    "invalid",
    # tests/test_intake.py
    "workbook_unreadable",
    "workbook_bomb",
    "workbook_sheets",
    "workbook_sheet_missing",
    "workbook_rows",
    "workbook_formula",
    "workbook_error",
    "workbook_text",
    "missing_totals",
    "member_unlike",
    "members_policy",
    "place_ambiguous",
    # county tables: tests/test_backtest.py
    "county_column_missing",
    "county_count",
    "county_table_empty",
    "county_twice",
    "county_without_ages",
    # tests/test_place_table.py
    "table_cell_empty",
    "table_cells",
    "table_code",
    "table_code_again",
    "table_code_name",
    "table_code_province",
    "table_code_unlisted",
    "table_few",
    "table_name_province",
    "table_no_figures",
    "table_normalised",
    "table_persons",
    "table_power",
    "table_share",
    "table_column_twice",
    "table_column_unknown",
    "place_failed",
    "table_id",
    "table_line",
    "table_twice",
    # tests/test_census_import.py and tests/test_run_store.py
    "census_age_empty",
    "census_ages_gap",
    "census_ages_overlap",
    "census_ages_slipped",
    "census_county_twice",
    "census_figure_missing",
    "census_folder",
    "census_head_missing",
    "census_head_twice",
    "census_no_region",
    "census_region_unknown",
    "census_two_values",
    "census_unreadable",
    "census_year",
    "census_year_needed",
    # tests/test_run_store.py and tests/test_workers.py
    "query_closed",
    "query_empty",
    "query_no_column",
    "query_no_table",
    "query_refused",
    "query_syntax",
    "query_value",
    "folder_without_yaml",
    "run_damaged",
    "run_files_changed",
    "run_in_progress",
    "run_several",
    "run_unknown",
    "scheduler_differs",
    "scheduler_no_workers",
    "scheduler_not_installed",
    "scheduler_unreachable",
    "store_missing",
    "worker_died",
}


def test_every_message_has_a_bad_file() -> None:
    seen = {violation.code for case in CASES for violation in violations(case)}
    assert seen | OTHER == codes_in_the_catalogue()
    assert not seen & OTHER


def test_every_message_is_used_and_every_used_one_is_there() -> None:
    program = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "simulator").rglob("*.py"))
    )
    for code in codes_in_the_catalogue():
        assert f'"{code}"' in program, code
    raised = re.findall(r'(?:Violation|violation|_fault|named)\(\s*(?:document, )?"(\w+)"', program)
    assert set(raised) <= codes_in_the_catalogue()
    expected_types = set(re.findall(r'expected="(\w+)"', program))
    assert {f"type.{name}" for name in expected_types} <= set(catalogue("en"))


def test_both_catalogues_have_the_same_messages_with_the_same_blanks() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert list(english) == list(chinese)
    for key, message in english.items():
        if key.startswith(("error.", "type.")):
            assert message
            assert placeholders(message) == placeholders(chinese[key]), key
            assert HAN.search(chinese[key]), key
            assert not HAN.search(message), key


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_value_is_shown_in_one_line_as_the_file_has_it(lang: str) -> None:
    for value, shown in (
        ("43.6", '"43.6"'),
        (43.0, "43"),
        (1e-5, "1e-05"),
        (True, "true"),
        (float("nan"), ".nan"),
        (float("-inf"), "-.inf"),
        ("两\n行", '"两\\n行"'),
        ({"zh": "渠县", "en": None}, '{"zh": "渠县", "en": null}'),
        ("长" * 500, "…"),
    ):
        line = describe(Violation("negative", "a.yaml", 1, "b", value), lang)
        assert shown in line
        assert "\n" not in line
        assert len(line) < 300
    nothing = describe(Violation("negative", "a.yaml", 1, "b"), lang)
    assert nothing.endswith(catalogue(lang)["error.negative"])


def test_names_of_our_own_making_cannot_break_a_message() -> None:
    odd = Violation("unknown_key", "a.yaml", 1, "a\nb", "{x}\n", {"allowed": ["{y}"]})
    for lang in LANGUAGES:
        text = describe_all(ScenarioError([odd]), lang)
        assert len(text.splitlines()) == 2
        assert "{x}" in text
        assert "{y}" in text


def test_a_reason_of_the_checker_that_has_no_message_of_its_own_is_passed_on() -> None:
    found = Violation("invalid", "a.yaml", 1, "b", 3, {"reason": "too odd"})
    assert "too odd" in describe(found, "en")
    assert "too odd" in describe(found, "zh")
