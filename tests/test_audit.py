"""Each rule of the plan audit: a plan that it finds, and one just inside the tolerance."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quxian import ROOT, study
from test_ladder import QIANAN, place
from test_library import small  # noqa: F401
from typer.testing import CliRunner

from simulator import load_scenario
from simulator.audit.figures import INEXACT_SHARE, figures_of, precision, printed_range
from simulator.audit.growth import pace
from simulator.audit.plan import Finding
from simulator.audit.rules import RULES, audit
from simulator.cli import app
from simulator.i18n import catalogue
from simulator.report.findings import COLUMNS, findings_csv, message

RATE, HUKOU = "resident_urbanization_rate", "hukou_urbanization_rate"


def fact(name: str, value: str, unit: str, year: int = 2015, **more: Any) -> str:
    words = {"use": "context", "quote": f'"{name} {value}{unit}"'} | more
    keys = ", ".join(f"{key}: {word}" for key, word in words.items())
    head = f'indicator: {name}, year: {year}, value: {value}, unit: "{unit}"'
    return f"{{{head}, document: plan, {keys}}}"


def goal(name: str, value: str, unit: str, year: int = 2020, op: str = ">=", **more: Any) -> str:
    words = {"quote": f'"{name} {value}{unit}"'} | more
    keys = ", ".join(f"{key}: {word}" for key, word in words.items())
    return (
        f'{{indicator: {name}, year: {year}, value: {value}, unit: "{unit}", op: "{op}", '
        f"document: plan, {keys}}}"
    )


def found(folder: Path, rule: str, *figures: str, **more: Any) -> list[Finding]:
    """Findings of one rule; targets are the figures that have an operator."""
    targets = ", ".join(f for f in figures if " op: " in f)
    facts = [f for f in figures if " op: " not in f]
    return audit(place(folder, *facts, targets=targets, **more).place, (rule,))


# --- what a printed figure may stand for


@pytest.mark.parametrize(
    ("value", "quote", "digit"),
    [
        (54.3, "54.3%", 0.1),
        (60.0, "达到60%", 1.0),
        (60.0, "达到60.0%", 0.1),
        (61.5, "61.5万人", 0.1),
        (12345.0, "12,345人", 1.0),
        (76.2, "没有数字", 0.1),
    ],
)
def test_precision_is_that_of_the_last_printed_digit(
    value: float, quote: str, digit: float
) -> None:
    assert precision(value, quote) == pytest.approx(digit)


def test_printed_figures_stand_for_half_a_digit_either_way() -> None:
    rate = printed_range(54.3, "%", "54.3%", goal=False)
    assert (rate.low, rate.high) == pytest.approx((0.5425, 0.5435))
    people = printed_range(61.5, "万人", "61.5万人", goal=False)
    assert (people.low, people.high) == pytest.approx((614_500.0, 615_500.0))


@pytest.mark.parametrize(
    ("quote", "wanted", "wide"),
    [
        ("约60%", True, True),
        ("60%左右", False, True),
        ("60%以上", True, False),
        ("60%以上", False, True),
        ("60%", False, False),
    ],
)
def test_words_of_about_widen_what_is_counted(quote: str, wanted: bool, wide: bool) -> None:
    printed = printed_range(60.0, "%", quote, goal=wanted)
    half = 0.6 * INEXACT_SHARE if wide else 0.005
    assert printed.high - printed.low == pytest.approx(2 * half)


@given(
    st.floats(1.0, 99.0).map(lambda v: round(v, 1)),
    st.floats(1.0, 900.0).map(lambda v: round(v, 1)),
)
def test_a_true_product_rounded_is_never_apart(rate: float, people: float) -> None:
    """Whatever was rounded, the interval rule finds nothing where the numbers were right."""
    r = printed_range(rate, "%", f"{rate}%", goal=False)
    p = printed_range(people, "万人", f"{people}万人", goal=False)
    for exact_rate in (r.low, r.high):
        count = round(exact_rate * p.high / 1e4, 2)
        stated = printed_range(count, "万人", f"{count:.2f}万人", goal=False)
        assert not r.times(p).apart(stated)


def test_the_programs_census_is_not_the_plan(tmp_path: Path) -> None:
    known = place(tmp_path, more=f"code: {QIANAN}").place
    assert len(known.facts) > 3
    assert figures_of(known) == []


# --- the rules; each fires on the first figures and not on the second

PEOPLE = fact("resident_population", "76.2", "万人", use="base")
CASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # 54.25-54.35 % of 76.15-76.25万 are 41.31-41.44万
    "rate_times_population": (
        (PEOPLE, fact(RATE, "54.3", "%"), fact("town_population", "41.5", "万人")),
        (PEOPLE, fact(RATE, "54.3", "%"), fact("town_population", "41.4", "万人")),
    ),
    "part_above_whole": (
        (PEOPLE, fact("central_city_population", "76.4", "万人", scope="central_city")),
        (PEOPLE, fact("central_city_population", "76.3", "万人", scope="central_city")),
    ),
    # 13,229 of 32,741 are 40.41 %
    "printed_share": (
        (fact("hukou_population", "32741", "人"), fact(HUKOU, "40.3", "%"),
         fact("nonagricultural_hukou_population", "13229", "人")),
        (fact("hukou_population", "32741", "人"), fact(HUKOU, "40.4", "%"),
         fact("nonagricultural_hukou_population", "13229", "人")),
    ),
    "two_values": (
        (fact(RATE, "54.3", "%"), fact(RATE, "55", "%", use="base")),
        (fact(RATE, "54.6", "%"), fact(RATE, "55", "%", use="base")),
    ),
    "target_below_baseline": (
        (fact(RATE, "54.3", "%"), goal(RATE, "54.1", "%")),
        (fact(RATE, "54.3", "%"), goal(RATE, "54.2", "%")),
    ),
    "hukou_above_resident": (
        (fact(RATE, "54.3", "%"), fact(HUKOU, "54.5", "%")),
        (fact(RATE, "54.3", "%"), fact(HUKOU, "54.4", "%")),
    ),
    "no_baseline": (
        (goal(HUKOU, "40", "%"),),
        (goal(HUKOU, "40", "%"), fact(HUKOU, "30", "%")),
    ),
    # county: p95 2.38 points a year
    "pace_beyond_counties": (
        (fact(RATE, "40.0", "%"), goal(RATE, "52.1", "%")),
        (fact(RATE, "40.0", "%"), goal(RATE, "51.9", "%")),
    ),
    # (1 - 30 %) x 50万 + 5万 = 40万; half a digit of each more
    "conversions_above_stock": (
        (fact("hukou_population", "50", "万人"), fact(HUKOU, "30", "%"),
         fact("nonlocal_residents", "5", "万人"), goal("hukou_conversions", "42", "万人")),
        (fact("hukou_population", "50", "万人"), fact(HUKOU, "30", "%"),
         fact("nonlocal_residents", "5", "万人"), goal("hukou_conversions", "41", "万人")),
    ),
    # 93.5万 x 1.0725^5 = 132.7万; 40.5 % of it are 53.7万
    "more_people_than_total": (
        (fact("total_population", "93", "万人"), goal(RATE, "40", "%"),
         goal("town_population", "54.0", "万人")),
        (fact("total_population", "93", "万人"), goal(RATE, "40", "%"),
         goal("town_population", "53.0", "万人")),
    ),
    # 40 % and five years of 1.0 points are 45 %; of 1.05 and 40.05 at most 45.3 %
    "rise_short_of_target": (
        (fact(RATE, "40.0", "%"), goal("urbanization_rate_annual_increase", "1.0", "个百分点"),
         goal(RATE, "45.5", "%")),
        (fact(RATE, "40.0", "%"), goal("urbanization_rate_annual_increase", "1.0", "个百分点"),
         goal(RATE, "45.3", "%")),
    ),
}  # fmt: skip


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_rule_finds_what_is_wrong(tmp_path: Path, rule: str) -> None:
    [finding] = found(tmp_path, rule, *CASES[rule][0])
    assert finding.rule == rule
    assert finding.quotes
    for lang in ("zh", "en"):
        assert "{" not in message(finding, lang)


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_silent_just_inside_the_tolerance(tmp_path: Path, rule: str) -> None:
    assert found(tmp_path, rule, *CASES[rule][1]) == []


def test_villagers_are_what_the_rate_leaves(tmp_path: Path) -> None:
    rate = fact(RATE, "54.3", "%")
    wrong = fact("village_population", "40", "万人")
    right = fact("village_population", "34.8", "万人")
    assert len(found(tmp_path, "rate_times_population", PEOPLE, rate, wrong)) == 1
    assert found(tmp_path, "rate_times_population", PEOPLE, rate, right) == []


def test_the_agricultural_hukou_are_what_the_rate_leaves(tmp_path: Path) -> None:
    """金海湖: 19,512 of 32,741 are 59.60 %, and 40.4 % are the others."""
    people = fact("hukou_population", "32741", "人")
    farmers = fact("agricultural_hukou_population", "19512", "人")
    assert found(tmp_path, "printed_share", people, farmers, fact(HUKOU, "40.4", "%")) == []
    assert len(found(tmp_path, "printed_share", people, farmers, fact(HUKOU, "40.5", "%"))) == 1


def test_a_part_may_be_of_any_whole(tmp_path: Path) -> None:
    """More people of the central city than residents is no finding where the hukou are more."""
    part = fact("nonagricultural_hukou_population", "80", "万人")
    hukou = fact("hukou_population", "90", "万人")
    assert len(found(tmp_path, "part_above_whole", PEOPLE, part)) == 1
    assert found(tmp_path, "part_above_whole", PEOPLE, part, hukou) == []


def test_alternatives_that_round_to_one_value_are_no_finding(tmp_path: Path) -> None:
    other = 'alternatives: [{{value: {v}, quote: "{v}%", why_not_used: {{zh: 因}}}}]'
    for value, n in (("60.4", 0), ("62", 1)):
        target = goal(RATE, "60", "%").removesuffix("}") + f", {other.format(v=value)}}}"
        assert len(found(tmp_path, "two_values", target)) == n


def test_a_baseline_against_the_fact(tmp_path: Path) -> None:
    target = goal(RATE, "60", "%").removesuffix("}") + ", baseline: {year: 2015, value: 50.1}}"
    assert len(found(tmp_path, "two_values", fact(RATE, "54.3", "%"), target)) == 1
    assert found(tmp_path, "two_values", fact(RATE, "50.1", "%"), target) == []


def test_towns_are_held_against_all_counties_with_a_notice(tmp_path: Path) -> None:
    figures = (fact(RATE, "40.0", "%"), goal(RATE, "80", "%"))
    within = 'within: {name: 平谷区, code: "110117"}'
    [town] = found(tmp_path, "pace_beyond_counties", *figures, level="town", more=within)
    [county] = found(tmp_path, "pace_beyond_counties", *figures)
    assert (town.severity, county.severity) == ("notice", "warning")
    assert "(all)" in town.computed


def test_only_the_last_target_is_held_to_the_pace(tmp_path: Path) -> None:
    fast = (fact(RATE, "40.0", "%"), goal(RATE, "46", "%", 2017))
    assert len(found(tmp_path, "pace_beyond_counties", *fast)) == 1
    assert found(tmp_path, "pace_beyond_counties", *fast, goal(RATE, "50", "%")) == []


def test_conversions_against_the_census_where_the_plan_has_no_count(tmp_path: Path) -> None:
    """迁安 2010: 695,809 registered."""
    more = {"more": f"code: {QIANAN}"}
    assert (
        found(tmp_path, "conversions_above_stock", goal("hukou_conversions", "6", "万人"), **more)
        == []
    )
    assert (
        len(
            found(
                tmp_path, "conversions_above_stock", goal("hukou_conversions", "90", "万人"), **more
            )
        )
        == 1
    )


@pytest.mark.parametrize("limits", pace().values())
def test_percentiles_of_growth_rise(limits: dict[str, float]) -> None:
    assert list(limits.values()) == sorted(limits.values())


# --- real plans


@pytest.mark.parametrize(
    ("name", "rule", "severity"),
    [
        ("shunyi", "hukou_above_resident", "notice"),
        ("pubei", "more_people_than_total", "warning"),
        ("wulate_zhong", "pace_beyond_counties", "warning"),
        ("quxian", "two_values", "warning"),
    ],
)
def test_worked_examples_are_found_in_their_plans(name: str, rule: str, severity: str) -> None:
    path = ROOT / "scenarios" / "places" / f"{name}.yaml"
    if not path.is_file():
        pytest.skip(f"no {path.name}")
    findings = {(f.rule, f.severity) for f in audit(load_scenario(path).place)}
    assert (rule, severity) in findings


def test_no_rule_but_notices_fires_on_a_tenth_of_the_plans() -> None:
    """Planners stop reading rules that always say something."""
    files = sorted((ROOT / "scenarios" / "places").glob("*.yaml"))
    places = [load_scenario(path).place for path in files]
    for rule in RULES:
        firing = [audit(one, (rule,)) for one in places]
        grave = sum(any(f.severity != "notice" for f in findings) for findings in firing)
        assert grave <= max(1, len(places) / 10), rule
        assert sum(map(bool, firing)) <= max(1, len(places) / 4), rule


# --- the command


@pytest.mark.parametrize(("lang", "told"), [("zh", "警告"), ("en", "warning")])
def test_command_prints_and_writes(small: Path, tmp_path: Path, lang: str, told: str) -> None:  # noqa: F811
    text = (small / "nanhe.yaml").read_text(encoding="utf-8")
    figures = CASES["rate_times_population"][0][1:]
    lines = "".join(f"  - {figure}\n" for figure in figures)
    (small / "nanhe.yaml").write_text(text.replace("facts:\n", f"facts:\n{lines}"), "utf-8")
    out = tmp_path / "findings.csv"
    result = CliRunner().invoke(app, ["audit", "--all", "--out", str(out), "--lang", lang])
    assert result.exit_code == 0
    assert told in result.stdout
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert (
        tuple(rows[0]) == COLUMNS == ("place", "rule", "severity", "message", "quote", "computed")
    )
    assert [(row["place"], row["rule"]) for row in rows] == [("nanhe", "rate_times_population")]
    strict = CliRunner().invoke(app, ["audit", "南和", "--strict", "--lang", lang])
    assert strict.exit_code == 1


def test_command_tells_bad_files_and_goes_on(small: Path, tmp_path: Path) -> None:  # noqa: F811
    (small / "bad.yaml").write_text("kind: place\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["audit", "--all", "--lang", "en"])
    assert result.exit_code == 2
    assert "4 plans" in result.stdout
    assert "bad.yaml" in result.stderr
    (tmp_path / "file").write_text("", encoding="utf-8")
    beyond = str(tmp_path / "file" / "x.csv")
    refused = CliRunner().invoke(app, ["audit", "nanhe", "--out", beyond, "--lang", "zh"])
    assert refused.exit_code == 2
    assert "Traceback" not in refused.stderr
    assert CliRunner().invoke(app, ["audit"]).exit_code == 2
    assert CliRunner().invoke(app, ["audit", "nowhere"]).exit_code == 2


def test_quotes_in_csv_are_those_of_the_plan() -> None:
    known = study().place
    rows = csv.DictReader(io.StringIO(findings_csv([(known, audit(known))], "zh")))
    quotes = {f.quote for f in (*known.facts, *known.targets)}
    quotes |= {other.quote for target in known.targets for other in target.alternatives}
    told = [quote for row in rows for quote in row["quote"].split(" | ")]
    assert told
    assert set(told) <= quotes


def test_the_page_of_rules_has_every_rule() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### `(\w+)`", page, re.MULTILINE)) == set(RULES)
    assert {f"audit.{rule}" for rule in RULES} <= set(catalogue("zh"))
