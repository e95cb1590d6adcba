"""Goal seek: what it finds does what it says, and no grid search finds better."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from quxian import FILE, policy, result, study
from typer.testing import CliRunner

from simulator import budget, load_scenario, run
from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.export import scenario_yaml
from simulator.goals import choose_goals, first_year, projected
from simulator.levers.columns import Policy
from simulator.problem import Problem, build_problem, ended
from simulator.ranges import lever_ranges
from simulator.search import best_setting
from simulator.seek import Answer, seek

RATE = "resident_urbanization_rate"
SEAT = "county_seat_population"


def problem(*targets: str, base: str = "trend", **limits: tuple[float, float]) -> Problem:
    trend = result().trend
    ranges = lever_ranges(list(limits), limits, trend)
    return build_problem(result().runs[base], trend, choose_goals(targets, trend), ranges)


@cache
def found(*targets: str, base: str = "trend") -> Answer:
    return seek(result(), problem(*targets, base=base), case_id="sought")


def cheapest_on_grid(one: Problem) -> float:
    """Least cost of all settings that meet the goals; infinite if there are none."""
    every = itertools.product(*(range(len(r.values)) for r in one.ranges))
    points = [one.look(at) for at in every]
    return min((p.cost for p in points if p.shortfall() == 0.0), default=np.inf)


# --- the answer


@pytest.mark.parametrize("base", ["trend", "plan"])
def test_the_answer_meets_its_targets_when_run_from_its_file(base: str, tmp_path: Path) -> None:
    answer = found(f"{RATE}>=46.45@2025", f"{SEAT}>=25.7@2025", base=base)
    assert answer.reached
    file = tmp_path / "sought.yaml"
    file.write_text(scenario_yaml(study(), "sought", answer.run.case), encoding="utf-8")
    again = run(load_scenario(file), face_value=False).runs["sought"]
    for goal, value in zip(answer.goals, answer.values, strict=True):
        assert projected(goal, again) == value
        assert projected(goal, again) >= goal.target.value
    np.testing.assert_array_equal(again.paths.population, answer.run.paths.population)


def test_levers_rest_after_the_last_goal() -> None:
    answer = found(f"{RATE}>=46.4@2025")
    inputs, after = answer.run.inputs, answer.run.years[1:] > 2025
    np.testing.assert_array_equal(inputs.policy[after], inputs.policy_baseline[after])
    assert inputs.policy[~after, Policy.BASIC_JOBS].max() > 0.0


def test_levers_that_are_not_sought_stay_as_the_scenario_has_them() -> None:
    one = problem(f"{RATE}>=46.45@2025", base="plan", rental_units=(0, 300), basic_jobs=(0, 4000))
    answer = seek(result(), one, case_id="sought")
    plan = result().runs["plan"].inputs.policy
    np.testing.assert_array_equal(
        answer.run.inputs.policy[:, Policy.OTHER_JOBS], plan[:, Policy.OTHER_JOBS]
    )


def test_a_target_the_trend_meets_costs_nothing() -> None:
    answer = found(f"{RATE}>=46@2025")
    assert answer.reached
    assert set(answer.setting.values()) == {0.0}
    assert budget.by_payer(answer.costs, "government").high == 0.0


def test_it_is_the_same_again() -> None:
    target = f"{RATE}>=55@2035"
    again = seek(result(), problem(target), case_id="sought")
    assert again.setting == found(target).setting
    assert again.tried == found(target).tried


# --- against a grid


@pytest.mark.parametrize(
    ("targets", "limits"),
    [
        ((f"{RATE}>=46.3@2025",), {"basic_jobs": (0, 3000), "other_jobs": (0, 3000)}),
        ((f"{SEAT}>=25.6@2025",), {"basic_jobs": (0, 3000), "other_jobs": (0, 3000)}),
        (
            (f"{RATE}>=46.22@2025", f"{SEAT}>=25.45@2025"),
            {"basic_jobs": (0, 1500), "other_jobs": (0, 1500), "rental_units": (0, 300)},
        ),
    ],
)
def test_never_dearer_than_a_grid_search(
    targets: tuple[str, ...], limits: dict[str, tuple[float, float]]
) -> None:
    one = problem(*targets, **limits)
    point = best_setting(one, seed=1)
    least = cheapest_on_grid(problem(*targets, **limits))
    assert np.isfinite(least)
    assert point.shortfall() == 0.0
    assert point.cost <= least


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.floats(46.17, 46.6), st.integers(5, 25), st.integers(5, 25))
def test_any_target_is_met_as_cheaply_as_on_the_grid_or_said_to_be_beyond_it(
    rate: float, basic: int, other: int
) -> None:
    limits = {"basic_jobs": (0.0, 100.0 * basic), "other_jobs": (0.0, 100.0 * other)}
    target = f"{RATE}>={rate:.3f}@2025"
    point = best_setting(problem(target, **limits), seed=1)
    least = cheapest_on_grid(problem(target, **limits))
    assert (point.shortfall() == 0.0) == bool(np.isfinite(least))
    if np.isfinite(least):
        assert point.cost <= least


def test_weights_stand_in_for_the_cost() -> None:
    trend = result().trend
    goals = choose_goals([f"{RATE}>=46.3@2025"], trend)
    ranges = lever_ranges(["basic_jobs", "other_jobs"], {}, trend)

    def setting(**weights: float) -> dict[str, float]:
        one = build_problem(trend, trend, goals, ranges, weights=weights)
        return dict(seek(result(), one, case_id="x").setting)

    assert setting(basic_jobs=1.0, other_jobs=9.0)["other_jobs"] == 0.0
    assert setting(basic_jobs=9.0, other_jobs=1.0)["basic_jobs"] == 0.0


# --- beyond reach


def test_what_cannot_be_reached_is_told_with_the_nearest_and_what_binds() -> None:
    answer = found()
    assert not answer.reached
    assert [r.name for r in answer.at_limit()] == ["basic_jobs", "other_jobs"]
    assert answer.setting["rental_units"] == 0.0  # more dwellings would move nobody
    assert answer.bound() == [(2023, 2025, ("labour",))]
    every = problem()
    corners = [every.look(at) for at in itertools.product(*((0, r.last) for r in every.ranges))]
    nearest = min(p.shortfall() for p in corners)
    reached = every.look(tuple(int(np.flatnonzero(r.values == answer.setting[r.name])[0])
                               for r in every.ranges))  # fmt: skip
    assert reached.shortfall() <= nearest
    assert all(b >= v for b, v in zip(answer.best, answer.values, strict=True))


def test_housing_is_named_where_it_binds() -> None:
    limits = {"basic_jobs": (20_000.0, 20_000.0), "other_jobs": (30_000.0, 30_000.0)}
    one = problem(f"{RATE}>=57@2035", **limits)
    answer = seek(result(), one, case_id="x")
    assert not answer.reached
    assert any("housing" in codes for _, _, codes in answer.bound())
    assert answer.values == (projected(answer.goals[0], answer.run),)


def test_the_first_year_in_which_a_goal_holds() -> None:
    answer = found(f"{RATE}>=48@2025")
    year = first_year(answer.goals[0], answer.run)
    rate = answer.run.stocks.resident_urbanization_rate
    assert year is not None
    assert rate[year - 2022] >= 0.48 > rate[year - 2023]


# --- with a probability


@pytest.mark.slow
def test_a_probability_is_met_by_the_draws_it_names() -> None:
    one = problem(f"{RATE}>=46.4@2025", basic_jobs=(0, 20_000))
    answer = seek(result(), one, case_id="x", probability=0.5, draws=64)
    assert answer.reached
    assert answer.chance is not None
    assert answer.chance.reached >= 0.5
    surer = seek(result(), one, case_id="x", probability=0.56, draws=64)
    assert surer.setting["basic_jobs"] > answer.setting["basic_jobs"]
    # One lever, so the least setting is where its neighbour below no longer does.
    k = int(answer.setting["basic_jobs"] // 100)
    below = seek(result(), problem(f"{RATE}>=46.4@2025", basic_jobs=(100.0 * (k - 1),) * 2),
                 case_id="x", draws=64)  # fmt: skip
    assert below.chance is not None
    assert below.chance.reached < 0.5


@pytest.mark.slow
def test_a_probability_out_of_reach_is_told() -> None:
    one = problem(f"{RATE}>=46.4@2025", basic_jobs=(0, 4000))
    answer = seek(result(), one, case_id="x", probability=0.9, draws=64)
    assert not answer.reached
    assert answer.chance is not None
    assert answer.chance.reached < 0.9


# --- runs cut short


def test_a_run_cut_short_is_the_same_run() -> None:
    whole = policy({"industry_jobs": {"basic_jobs": 2000}})
    short = ended(whole, 2025)
    np.testing.assert_array_equal(short.paths.population, whole.paths.population[:4])
    assert short.years.tolist() == [2022, 2023, 2024, 2025]
    one = problem(f"{RATE}>=46.4@2025", basic_jobs=(2000, 2000))
    np.testing.assert_array_equal(one.run((0,)).paths.population, short.paths.population)


# --- options


def call(*args: str | Path) -> object:
    return CliRunner().invoke(app, [str(a) for a in args], env={"COLUMNS": "200"})


def test_the_command_writes_a_file_that_run_confirms(tmp_path: Path) -> None:
    target = f"{RATE}>=46.4@2025"
    done = call("seek", FILE, "--target", target, "--out", tmp_path, "--lang", "zh")
    assert done.exit_code == 0
    assert "能达到" in done.stdout
    made = tmp_path / "quxian_seek.yaml"
    again = run(load_scenario(made), face_value=False)
    goal = choose_goals([target], again.trend)[0]
    assert projected(goal, again.runs["quxian_seek"]) >= 46.4


def test_the_plan_of_quxian_is_beyond_reach_and_exits_with_1(tmp_path: Path) -> None:
    done = call("seek", FILE, "--out", tmp_path, "--lang", "en")
    assert done.exit_code == 1
    assert "Not within plausible ranges" in done.stdout
    assert "labour" in done.stdout
    assert (tmp_path / "quxian_seek.yaml").exists()


def test_every_fault_of_the_options_is_told_at_once(tmp_path: Path) -> None:
    done = call(
        "seek", FILE, "--target", "urbanisation", "--target", f"{RATE}@2031", "--target",
        f"{RATE}>=60@2099", "--levers", "basic_job", "--range", "rental_units=9",
        "--weights", "x", "--from", "1999", "--out", tmp_path, "--lang", "en",
    )  # fmt: skip
    assert done.exit_code == 2
    assert done.stdout == ""
    for words in ("urbanisation", "resident_urbanization_rate@2031", "2099", "mean basic_jobs",
                  "rental_units=9", "1999"):  # fmt: skip
        assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_faults_of_ranges_and_weights(tmp_path: Path) -> None:
    done = call("seek", FILE, "--range", "basic_jobs=5:90000", "--out", tmp_path, "--lang", "en")
    assert done.exit_code == 2
    assert "20000" in done.stderr
    done = call("seek", FILE, "--weights", "commercial_units=3", "--out", tmp_path, "--lang", "en")
    assert done.exit_code == 2
    assert "commercial_units=3" in done.stderr
    done = call("seek", FILE, "--target", "births>=1@2025", "--probability", "0.5",
                "--out", tmp_path, "--lang", "en")  # fmt: skip
    assert done.exit_code == 2
    assert "births" in done.stderr


def test_short_ranges_are_divided_more_finely() -> None:
    trend = result().trend

    def values(high: float) -> np.ndarray:
        return lever_ranges(["basic_jobs"], {"basic_jobs": (0.0, high)}, trend)[0].values

    np.testing.assert_array_equal(values(2000.0), 100.0 * np.arange(21))
    np.testing.assert_array_equal(values(300.0), 10.0 * np.arange(31))
    np.testing.assert_array_equal(values(7.0), np.arange(8.0))


def test_goals_of_the_user_and_of_the_plan() -> None:
    trend = result().trend
    assert [g.name for g in choose_goals([], trend)] == [
        c.target.indicator for c in trend.targets if c.status != "not_modelled"
    ]
    assert choose_goals([RATE], trend)[0].target.value == 48
    own = choose_goals([f"{RATE}<=50@2030"], trend)[0]
    assert (own.at, own.target.op, own.target.value) == (2030, "<=", 50.0)
    with pytest.raises(ScenarioError, match="no_such_target"):
        choose_goals(["hukou_population"], trend)
