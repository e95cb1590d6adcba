"""Budget, sensitivity, frontier and requirements by year against what is known of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from quxian import FILE, policy, result, study
from typer.testing import CliRunner

from simulator import budget
from simulator.cli import app
from simulator.commands.planning import _refuse_unknown_people
from simulator.errors import ScenarioError
from simulator.factors import Factors, run_setting
from simulator.frontier import Frontier, frontier
from simulator.goals import choose_goals, projected
from simulator.i18n import LANGUAGES
from simulator.levers.columns import Policy
from simulator.needs import plan_needs, standard_needs
from simulator.prices import Cost, Range
from simulator.problem import build_problem
from simulator.ranges import SCALED, lever_ranges
from simulator.report import explained, planning
from simulator.run import run
from simulator.sensitivity import Sensitivity, sensitivity
from simulator.sobol import sobol_indices

RATE, SEAT = "resident_urbanization_rate", "county_seat_population"


def plan_costs() -> tuple[Cost, ...]:
    return budget.costs(result().runs["plan"], result().trend)


def test_a_goal_may_be_named_by_its_label() -> None:
    trend = result().trend
    by_label = choose_goals(["常住人口城镇化率>=46.4@2025"], trend)
    assert by_label == choose_goals([f"{RATE}>=46.4@2025"], trend)
    with pytest.raises(ScenarioError, match="unknown_goal") as told:
        choose_goals(["常住人口城镇化@2025"], trend)
    assert told.value.violations[0].params["nearest"] == "常住人口城镇化率"


# --- budget


@pytest.mark.parametrize("name", ["trend", "plan"])
def test_the_tornado_is_about_the_run_itself(name: str) -> None:
    """Nothing moved is the run that `run` prints, not another point of the posterior."""
    found = result().runs[name]
    factors = Factors(found)
    still, whole = np.zeros((1, len(factors.all))), np.ones((1, len(factors.columns("lever"))))
    [setting] = factors.settings(still, whole, beside_run=True)
    again = run_setting(setting, found)
    np.testing.assert_allclose(again.paths.population, found.paths.population, rtol=1e-9)
    [other] = factors.settings(still, whole)
    away = run_setting(other, found).stocks.resident_urbanization_rate
    assert np.abs(away - found.stocks.resident_urbanization_rate).max() > 1e-4


def test_a_lever_at_rest_gives_the_trend_in_the_tornado() -> None:
    trend = result().trend
    goals = choose_goals(["resident_urbanization_rate"], trend)
    found = sensitivity(trend, goals, lever_ranges(["other_jobs"], {}, trend), samples=2, seed=1)
    [bar] = [b for b in found.bars if b.kind == "lever"]
    assert bar.low == pytest.approx(found.central, rel=1e-9)
    assert found.central[0] == pytest.approx(46.14, abs=0.005)


def test_the_trend_costs_nothing_beyond_itself() -> None:
    found = budget.costs(result().trend, result().trend)
    assert all(c.high.sum() == 0.0 for c in found)


def test_costs_are_units_times_prices_and_ranges_hold_the_central_value() -> None:
    run = policy({"housing": {"rental_units": 100, "commercial_units": 50}})
    found = {c.item: c for c in budget.costs(run, result().trend)}
    np.testing.assert_array_equal(found["rental"].units, np.full(13, 100.0))
    np.testing.assert_allclose(found["rental"].central, 100 * 70 * 3000)
    np.testing.assert_allclose(found["commercial"].high, 50 * 130 * 4500)
    assert budget.payer_of(found["commercial"]) == "households"
    for cost in plan_costs():
        assert (cost.low <= cost.central).all()
        assert (cost.central <= cost.high).all()


def test_resettlement_dwellings_are_paid_for_like_other_public_ones() -> None:
    run = policy({"housing": {"resettlement_units": 40}})
    found = {c.item: c for c in budget.costs(run, result().trend)}
    np.testing.assert_allclose(found["resettlement"].central, 40 * 70 * 3000)
    assert budget.payer_of(found["resettlement"]) == "government"
    by_concept = {c.item: c for c in run.costs}
    np.testing.assert_allclose(by_concept["dwellings"].central, found["resettlement"].central)


def test_a_price_that_the_user_stated_has_no_range() -> None:
    known = study()
    stated = {"job_support_cost": 12_345.0}
    own = replace(
        known, parameters={**known.parameters, **stated},
        overridden=dict.fromkeys(stated, "test"), cases={},
    )  # fmt: skip
    trend = run(own, face_value=False).trend
    prices = budget.unit_prices(trend.start.values, own.overridden)
    assert prices["job_support"] == Range(12_345.0, 12_345.0, 12_345.0)
    assert prices["rental"].low < prices["rental"].central < prices["rental"].high


def test_jobs_are_counted_beyond_the_trend_only() -> None:
    jobs = next(c for c in plan_costs() if c.item == "job_support").units
    plan = result().runs["plan"].inputs.policy[:, Policy.OTHER_JOBS]
    np.testing.assert_array_equal(jobs, plan)
    assert 0.0 < jobs[0] < 15_485.0  # the plan's total, less what the trend brings
    assert (jobs[3:] == 0.0).all()


def test_persons_settled_are_those_beyond_the_trend() -> None:
    closed = policy({"settlement": {"annual_quota": 500}})
    settled = next(c for c in budget.costs(closed, result().trend) if c.item == "settled")
    assert settled.units.sum() == 0.0  # fewer are settled: nothing is saved, nothing is spent
    opened = next(c for c in plan_costs() if c.item == "settled")
    assert opened.units.sum() > 0.0


def test_a_point_costs_the_public_sum_over_the_points_gained() -> None:
    plan, trend = result().runs["plan"], result().trend
    (point,) = budget.extra_points(plan, trend, plan_costs())
    gained = 100 * (plan.series[RATE][3] - trend.series[RATE][3])
    public = budget.by_payer(plan_costs(), "government", 3)
    assert point.points == pytest.approx(gained)
    assert point.cost.central == pytest.approx(public.central / gained)
    assert budget.extra_points(trend, trend, budget.costs(trend, trend)) == ()


def test_payers_add_up() -> None:
    total = sum(budget.by_payer(plan_costs(), p).central for p in budget.PAYERS)
    assert total == pytest.approx(sum(float(c.central.sum()) for c in plan_costs()))


# --- Sobol indices


def ishigami(u: np.ndarray) -> np.ndarray:
    """Ishigami & Homma (1990) with a = 7, b = 0.1 on the unit cube, and a constant."""
    x = np.pi * (2.0 * u - 1.0)
    y = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return np.column_stack([y, np.ones(len(y))])


def ishigami_exact() -> tuple[np.ndarray, np.ndarray]:
    """First-order and total indices in closed form."""
    a, b = 7.0, 0.1
    one = 0.5 * (1.0 + b * np.pi**4 / 5.0) ** 2
    two, one_three = a**2 / 8.0, b**2 * np.pi**8 * 8.0 / 225.0
    whole = one + two + one_three
    first, total = np.array([one, two, 0.0]), np.array([one + one_three, two, one_three])
    return first / whole, total / whole


def test_indices_of_the_ishigami_function() -> None:
    found, constant = sobol_indices([(n, n) for n in "abc"], ishigami, 4096, seed=1)
    first, total = ishigami_exact()
    np.testing.assert_allclose(found.first, first, atol=0.01)
    np.testing.assert_allclose(found.total, total, atol=0.01)
    assert constant.variance == 0.0
    assert np.isnan(constant.first).all()


def test_groups_take_their_interactions_together() -> None:
    found, _ = sobol_indices([("a", "ac"), ("b", "b"), ("c", "ac")], ishigami, 4096, seed=1)
    first, total = ishigami_exact()
    assert found.groups == ("ac", "b")
    np.testing.assert_allclose(found.first, [1.0 - total[1], first[1]], atol=0.01)
    np.testing.assert_allclose(found.total, [1.0 - first[1], total[1]], atol=0.01)


# --- sensitivity


@cache
def analysed() -> Sensitivity:
    goals = choose_goals([f"{RATE}@2025", f"{SEAT}@2025"], result().trend)
    ranges = lever_ranges(SCALED, {}, result().trend)
    return sensitivity(result().runs["plan"], goals, ranges, samples=8, seed=1)


def test_all_at_the_centre_is_the_scenario_itself() -> None:
    plan = result().runs["plan"]
    expected = [c.projected for c in plan.targets if c.target.indicator in (RATE, SEAT)]
    np.testing.assert_allclose(analysed().central, expected, rtol=1e-12)
    factors = Factors(plan)
    z = np.zeros((1, len(factors.all)))
    (setting,) = factors.settings(z, np.ones((1, 1)))
    np.testing.assert_array_equal(setting.trend.population, plan.inputs.population)
    np.testing.assert_array_equal(setting.policy, plan.inputs.policy)
    fit = plan.start.fit
    assert fit is not None
    for name, (value,) in factors.values(z).items():
        if name in fit.names:  # where the posterior of the priors' normals is highest
            assert abs(np.log(value / fit.values[name])) < fit.log_sd[name], name
        else:
            assert value == pytest.approx(plan.start.values[name], rel=1e-9), name
    rate = run_setting(setting, plan).stocks.resident_urbanization_rate
    assert rate == pytest.approx(plan.stocks.resident_urbanization_rate, abs=0.005)


def test_every_factor_has_a_group_and_a_bar() -> None:
    factors = Factors(result().runs["plan"])
    assert {f.group for f in factors.all} == {"demography", "migration", "levers", "data"}
    kept = [f.name for f in factors.all if f.kind != "lever"]
    assert [b.name for b in analysed().bars] == [*kept, *SCALED]
    assert {f.name for f in factors.all if f.kind == "lever"} == {"other_jobs"}


def test_bars_go_the_way_they_must() -> None:
    """More jobs, a higher rate counted at the base, and quicker moves to town raise the rate."""
    bars = {b.name: b for b in analysed().bars}
    for name in ("basic_jobs", "other_jobs", RATE, "recent_shift_town", "jobs_adjustment"):
        assert bars[name].low[0] < bars[name].high[0], name
    assert bars["rental_units"].swing(0) == 0.0  # vacancy is above the frictional level
    error = bars[RATE]
    assert error.high[0] - error.low[0] == pytest.approx(2 * 1.645 * 0.3, rel=0.15)
    assert analysed().tornado(0)[0].swing(0) == max(b.swing(0) for b in analysed().bars)


def test_fitted_parameters_move_as_the_history_ties_them() -> None:
    plan = result().runs["plan"]
    factors, fit = Factors(plan), plan.start.fit
    assert fit is not None
    posterior = plan.start.posterior
    assert posterior is not None
    z = np.random.default_rng(3).standard_normal((64, len(factors.all)))
    drawn = factors.values(z)
    points = posterior.samples(z[:, factors.columns("fitted")]).points
    for name, wanted in zip(fit.names, posterior.values(points), strict=True):
        np.testing.assert_array_equal(drawn[name], wanted)
    # Levels that offset each other do so in every row, not on average alone.
    logs = np.log([drawn["rural_to_urban_level"], drawn["reclassification_level"]])
    assert np.corrcoef(logs)[0, 1] < -0.7


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_finding_names_the_greatest_share_and_the_widest_bar(lang: str) -> None:
    words = explained.top_finding(analysed(), 0, lang)
    one = analysed().grouped[0]
    top = int(np.nanargmax(one.total))
    assert explained.share_words(one.total[top], one.total_error[top], lang) in words
    bar = analysed().tornado(0)[0]
    assert explained.factor_name(bar.name, bar.kind, lang) in words


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.5, "0.50 ± 0.05"), (-0.001, "0.00 ± 0.05"), (1.0, "1.00 ± 0.05"), (float("nan"), "–"),
     (1.03, "1.00 ± 0.05；抽样误差使估计值为 1.03"),
     (-0.02, "0.00 ± 0.05；抽样误差使估计值为 -0.02")],
)  # fmt: skip
def test_a_share_beyond_the_whole_is_told_to_be_sampling_error(value: float, told: str) -> None:
    assert explained.share_words(value, 0.05, "zh") == told


# --- frontier


@cache
def curve(*targets: str) -> Frontier:
    trend = result().trend
    limits = {"basic_jobs": (0.0, 2000.0), "rental_units": (0.0, 200.0)}
    ranges = lever_ranges(list(limits), limits, trend)
    goals = choose_goals(targets, trend)
    return frontier(build_problem(result().runs["plan"], trend, goals, ranges), 4, seed=1)


def test_more_of_a_target_costs_more() -> None:
    found = curve(f"{RATE}@2025")
    values = [m.values[0] for m in found.marks]
    spent = [m.cost for m in found.marks]
    assert len(values) >= 3
    assert values == sorted(values)
    assert spent == sorted(spent)
    plan = result().runs["plan"]
    assert found.plan.values[0] == pytest.approx(projected(found.goals[0], plan))
    assert found.trend.cost == 0.0


def test_two_targets_that_agree_leave_nothing_to_trade() -> None:
    found = curve(f"{RATE}>=60@2030", f"{SEAT}>=60@2030")
    assert not found.conflict
    assert found.marks[0].setting["basic_jobs"] == 2000.0


def test_two_targets_that_pull_apart_are_traded() -> None:
    found = curve(f"{RATE}>=60@2030", "town_population<=1@2030")
    assert found.conflict
    rates, towns = zip(*(m.values for m in found.marks), strict=True)
    assert list(rates) == sorted(rates)
    assert list(towns) == sorted(towns)  # a higher rate only with more people in town


# --- requirements by year


def test_needs_of_the_plan_are_those_of_its_targets_in_their_years() -> None:
    run = result().runs["plan"]
    checks = [c for c in run.targets if c.kind == "requirement"]
    for need, check in zip(plan_needs(run), checks, strict=True):
        assert need.amounts[3] == pytest.approx(check.needed)
        assert need.today == check.needed_at_base


def test_school_places_are_town_children_of_the_ages() -> None:
    run = result().trend
    found = {n.name: n.amounts for n in standard_needs(run)}
    town = run.paths.population[:, :, 0].sum(axis=(1, 2))
    np.testing.assert_allclose(found["primary"], town[:, 6:12].sum(axis=1))
    np.testing.assert_allclose(found["kindergarten"], 0.9 * town[:, 3:6].sum(axis=1))
    np.testing.assert_allclose(found["water"][0], town[0].sum() * 0.120 * 365)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_are_whole(lang: str) -> None:
    res, run = result(), result().runs["plan"]
    tables = [
        explained.needs_table(res, run, lang),
        explained.frontier_table(curve(f"{RATE}@2025"), lang),
        explained.group_table(analysed(), 0, lang), explained.single_table(analysed(), 0, lang),
        explained.tornado_table(analysed(), 0, lang), planning.cost_table(plan_costs(), lang),
        planning.yearly_cost_table(run, plan_costs(), lang),
    ]  # fmt: skip
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.headers)}


# --- the command line


def call(*args: str | Path) -> object:
    return CliRunner().invoke(app, [str(a) for a in args], env={"COLUMNS": "200"})


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "command",
    [["budget"], ["needs"], ["frontier", "--target", f"{RATE}@2025", "--points", "2"],
     ["sensitivity", "--target", f"{RATE}@2025", "--samples", "2"]],
)  # fmt: skip
def test_commands_say_what_made_them(command: list[str], lang: str) -> None:
    done = call(command[0], FILE, *command[1:], "--lang", lang)
    assert done.exit_code == 0, done.output
    words = {"zh": ("随机种子 1", "程序版本"), "en": ("random seed 1", "version")}[lang]
    assert all(w in done.stdout for w in words)


def test_bad_options_are_refused() -> None:
    done = call("sensitivity", FILE, "--samples", "100", "--lang", "en")
    assert done.exit_code == 2
    assert "power of two" in done.stderr
    done = call("frontier", FILE, "--lang", "en")
    assert done.exit_code == 2
    assert "one or two targets, not 3" in done.stderr


def test_places_without_levers_or_people_are_refused() -> None:
    whole = result()
    unsized = replace(whole, start=replace(whole.start, rung="normalised"))
    with pytest.raises(ScenarioError, match="size_unknown"):
        _refuse_unknown_people(unsized)
    summed = replace(whole.trend, members=(whole.trend,))
    with pytest.raises(ScenarioError, match="sum_of_places"):
        _refuse_unknown_people(replace(whole, runs={"trend": summed}))
    _refuse_unknown_people(whole)


def test_a_place_without_targets_has_nothing_to_seek() -> None:
    trend = result().trend
    place = trend.study.place.model_copy(update={"targets": []})
    bare = replace(trend, study=replace(trend.study, place=place))
    with pytest.raises(ScenarioError, match="no_goal"):
        choose_goals([], bare)
    assert len(choose_goals([f"{RATE}>=47@2025"], bare)) == 1


# --- what is refused


RISE = "urbanization_rate_annual_increase"
REFUSED = [
    (["seek", "luan"], "sum of several places"),
    (["sensitivity", FILE, "--samples", "3"], "power of two"),
    (["frontier", FILE, "--target", RATE, "--target", SEAT, "--target", RISE], "not 3"),
    (["budget", "jingxin"], "only rates are known"),
]


@pytest.mark.parametrize(("asked", "reason"), REFUSED)
def test_what_cannot_be_asked_is_refused_with_a_reason(asked: list[str], reason: str) -> None:
    told = CliRunner().invoke(app, [*map(str, asked), "--lang", "en"])
    assert told.exit_code == 2
    assert reason in " ".join(told.output.split())


def test_the_trend_has_nothing_to_cost_and_the_budget_says_so() -> None:
    asked = ["budget", str(FILE), "--scenario", "trend", "--lang", "zh"]
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 0
    assert "没有可列的成本" in found.stdout
    assert "--scenario 选别的情景：plan" in found.stdout
    assert "财政成本" not in found.stdout
