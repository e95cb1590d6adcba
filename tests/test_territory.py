"""A prefecture is the sum of its members, and its 县域 is that of its counties."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from balance import imbalance
from test_ladder import PLACE, TARGET, stated
from typer.testing import CliRunner

from simulator import Result, load_scenario, run
from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.report.longtable import ledger_table, long_table

RATE = "resident_urbanization_rate"


def write(
    folder: Path, name: str, level: str, *facts: str, more: str = "", targets: str = "",
    base: int = 2020,
) -> Path:  # fmt: skip
    text = PLACE.format(
        province="安徽省", level=level, base=base, more=more, facts=", ".join(facts),
        targets=targets,
    ).replace("id: here", f"id: {name}")  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def city(folder: Path) -> Path:
    """A city of a county with 40 of 100 and a district with 30 of 50 in town."""
    for name, level, people, rate in (("one", "county", 100, 40), ("two", "district", 50, 60)):
        figures = (
            stated("resident_population", people, "万人", 2020),
            stated(RATE, rate, "%", 2020),
        )
        write(folder, name, level, *figures)
    targets = ", ".join(
        TARGET.format(name=RATE, value=50, unit="%", scope=scope).replace("2020", "2025")
        for scope in ("place", "county_territory")
    )
    return write(folder, "city", "prefecture", more="members: [one, two]", targets=targets)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return run(load_scenario(city(tmp_path_factory.mktemp("city"))))


def test_people_and_flows_are_the_sums(result: Result) -> None:
    trends = [member.trend for member in result.members]
    assert [t.study.id for t in trends] == ["one", "two"]
    for name in ("population", "flows", "births", "newborn_deaths"):
        total = sum(getattr(trend.paths, name) for trend in trends)
        np.testing.assert_allclose(getattr(result.trend.paths, name), total, rtol=1e-12)
    assert result.start.totals.town == pytest.approx(700_000.0)
    assert result.trend.stocks.resident_urbanization_rate[0] == pytest.approx(7 / 15)


def test_the_ledger_of_the_sum_closes(result: Result) -> None:
    assert imbalance(result.trend.paths) < 1e-9


def test_both_kinds_of_target_are_judged_on_what_they_are_of(result: Result) -> None:
    whole, counties = result.trend.targets
    county = result.members[0].trend
    at = 2025 - 2020
    assert whole.projected == pytest.approx(
        100 * result.trend.stocks.resident_urbanization_rate[at]
    )
    assert counties.projected == pytest.approx(100 * county.stocks.resident_urbanization_rate[at])
    assert whole.projected != counties.projected


def test_a_city_without_members_has_no_county_territory(tmp_path: Path) -> None:
    target = TARGET.format(name=RATE, value=50, unit="%", scope="county_territory")
    path = write(tmp_path, "alone", "prefecture", targets=target, base=2015)
    [check] = run(load_scenario(path)).trend.targets
    assert check.reason == "part"


def test_each_member_tells_its_own_assumptions(result: Result) -> None:
    told = [item for item in result.start.assumed if item.quantity == "member"]
    assert [item.value for item in told] == [len(m.start.assumed) for m in result.members]


def test_tables_hold_the_sum_and_the_members(result: Result) -> None:
    table = long_table(result.trend)
    chosen = table[(table.variable == "Population|Resident") & (table.year == 2025)]
    values = dict(zip(chosen.region, chosen.value, strict=True))
    assert set(values) == {"city", "one", "two"}
    assert values["city"] == pytest.approx(values["one"] + values["two"])
    assert set(ledger_table(result.trend).place) == {"city", "one", "two"}
    assert not table.variable.str.startswith("Jobs").loc[table.region == "city"].any()


@cache
def policy(folder: Path) -> Path:
    path = folder / "policy.yaml"
    path.write_text(
        "kind: scenario\nid: policy\nextends: city.yaml\n"
        "scenarios: {more: {levers: {industry_jobs: {other_jobs: 100}}}}\n",
        encoding="utf-8",
    )
    return path


def test_policies_are_set_on_the_members(tmp_path: Path) -> None:
    city(tmp_path)
    with pytest.raises(ScenarioError, match="members_policy"):
        load_scenario(policy(tmp_path))


def test_a_member_of_another_base_year_is_refused(tmp_path: Path) -> None:
    path = city(tmp_path)
    write(tmp_path, "two", "district", base=2019)
    with pytest.raises(ScenarioError, match=r"member_unlike.*'own': 2019"):
        load_scenario(path)


def test_a_member_with_members_is_refused(tmp_path: Path) -> None:
    path = city(tmp_path)
    write(tmp_path, "two", "prefecture", more="members: [one]")
    with pytest.raises(ScenarioError, match="member_unlike"):
        load_scenario(path)


def test_what_is_wrong_with_a_member_is_told_with_its_file(tmp_path: Path) -> None:
    path = city(tmp_path)
    write(tmp_path, "two", "district", stated("resident_population", -5, "万人", 2020))
    with pytest.raises(ScenarioError, match=r"two\.yaml.*negative"):
        load_scenario(path)


def test_the_page_shows_the_members(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["run", str(city(tmp_path)), "--lang", "zh"])
    assert found.exit_code == 0
    assert "各成员" in found.stdout
    assert "县域" in found.stdout
