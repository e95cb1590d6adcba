"""The three levers: what each does by itself, in which direction, and when it does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from balance import imbalance
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import assert_same, case, one_year, policy, result

from simulator.axes import Flow, Place, Registration
from simulator.levers import housing, jobs, settlement
from simulator.levers.columns import Behaviour, Policy, baseline_policy, behaviour_vector
from simulator.parameters import assumptions, central_values, levers, parameters
from simulator.projection import project
from simulator.run import Run, run, run_case
from simulator.state import Driver

EXAMPLES = settings(max_examples=40, deadline=None)
MANY = settings(max_examples=200, deadline=None)
#: Housing and quota are met to 1e-6 of town residents (docs/model.md eqs. (15), (24)).
SOLVED = 2e-6
THRESHOLDS = ("residence_years", "insurance_years", "stable_job", "stable_housing")
JOBS = ("basic_jobs", "other_jobs")
TOWNWARD = [Flow.RURAL_TO_URBAN, Flow.RETURN_TOWN, Flow.ARRIVAL_TOWN]


def group_of(lever: str) -> str:
    return next(group for group, members in levers().items() if lever in members)


Levers = Mapping[str, Mapping[str, Any]]


def with_lever(lever: str, value: Any, others: Levers | None = None) -> Run:
    chosen = {group: dict(members) for group, members in (others or {}).items()}
    chosen.setdefault(group_of(lever), {})[lever] = value
    return policy(chosen)


def values_of(lever: str, low: float | None = None) -> st.SearchStrategy[float]:
    """Values within the documented range; switches and steps of a threshold are whole."""
    p = parameters()[lever]
    start = p.low if low is None else low
    if p.high <= 2.0:
        return st.integers(int(start), int(p.high)).map(float)
    return st.floats(start, p.high, allow_subnormal=False)


def pairs(names: tuple[str, ...]) -> st.SearchStrategy[tuple[str, float, float]]:
    """A lever and two of its values, the lower first."""
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(values_of(name), values_of(name)).map(
            lambda found: (name, min(found), max(found))
        )
    )


@st.composite
def behaviours(draw: st.DrawFn) -> np.ndarray:
    """Behaviour anywhere in the documented ranges."""
    names = [item.name.lower() for item in Behaviour]
    return behaviour_vector(
        {n: draw(st.floats(assumptions()[n].low, assumptions()[n].high)) for n in names}
    )


CENTRAL = behaviour_vector(central_values())


def policy_row(**values: float) -> np.ndarray:
    row = baseline_policy(1, {})[0]
    for name, value in values.items():
        row[Policy[name.upper()]] = value
    return row


# --- settlement, by hand


def test_openness_by_hand() -> None:
    """Eq. (13) with the central values: each rule by itself, then all at once."""
    turnover = 0.1
    alone = {
        "residence_years": (3.0, np.exp(-0.3)),
        "insurance_years": (2.0, 0.4 * np.exp(-0.2)),
        "stable_job": (1.0, 0.6),
        "family_members": (0.0, 0.5),
    }
    for name, (value, factor) in alone.items():
        found = settlement.openness(policy_row(**{name: value}), CENTRAL, turnover)
        assert found == pytest.approx(0.91 * factor, rel=1e-14)
    for housing_rule, share in ((0.0, 1.0), (1.0, 0.85), (2.0, 0.5)):
        row = policy_row(stable_housing=housing_rule)
        assert settlement.openness(row, CENTRAL, turnover) == pytest.approx(0.91 * share, rel=1e-14)
    together = policy_row(
        residence_years=3, insurance_years=2, stable_job=1, stable_housing=2, family_members=0
    )
    expected = 0.91 * np.exp(-0.5) * 0.4 * 0.6 * 0.5 * 0.5
    assert settlement.openness(together, CENTRAL, turnover) == pytest.approx(expected, rel=1e-14)


@MANY
@given(pair=pairs(THRESHOLDS), behaviour=behaviours(), turnover=st.floats(0.0, 0.5))
def test_openness_falls_with_each_threshold(
    pair: tuple[str, float, float], behaviour: np.ndarray, turnover: float
) -> None:
    name, less, more = pair
    loose = settlement.openness(policy_row(**{name: less}), behaviour, turnover)
    strict = settlement.openness(policy_row(**{name: more}), behaviour, turnover)
    assert 0.0 < strict <= loose <= 1.0
    assert settlement.conversion_driver(strict, loose) <= 0.0
    assert settlement.wedge_driver(strict, loose, behaviour) <= 0.0


@pytest.mark.parametrize("name", THRESHOLDS)
def test_openness_falls_strictly_over_the_range(name: str) -> None:
    p = parameters()[name]
    values = np.arange(p.low, p.high + 1.0)
    shares = [settlement.openness(policy_row(**{name: v}), CENTRAL, 0.1) for v in values]
    assert (np.diff(shares) < 0.0).all()


@MANY
@given(behaviour=behaviours(), base=st.floats(0.3, 1.0))
def test_wedge_is_convex(behaviour: np.ndarray, base: float) -> None:
    """Each further step of closing costs more than the one before; none costs nothing."""
    closing = np.linspace(base, 0.0, 21)
    lost = np.array([-settlement.wedge_driver(share, base, behaviour) for share in closing])
    assert lost[0] == 0.0
    assert (np.diff(lost) > 0.0).all()
    assert (np.diff(lost, 2) >= -1e-12).all()


def test_wedge_by_hand() -> None:
    """Eq. (16): 1.5 (ln(1 - 0.15 * 0.25) - ln(1 - 0.15 * 0.0081)), and 0.2 % for opening fully."""
    expected = 1.5 * (np.log(1 - 0.15 * 0.5**2) - np.log(1 - 0.15 * 0.09**2))
    assert settlement.wedge_driver(0.5, 0.91, CENTRAL) == pytest.approx(expected, rel=1e-13)
    opened = settlement.wedge_driver(1.0, 0.91, CENTRAL)
    assert np.expm1(opened) == pytest.approx(0.002, abs=3e-4)


# --- jobs, by hand


def test_labour_gap_by_hand() -> None:
    """Eqs. (17)-(18) with the central values, but for an eighth of the jobs held by commuters."""
    behaviour = CENTRAL.copy()
    behaviour[Behaviour.COMMUTING_SHARE] = 0.125
    row = policy_row(basic_jobs=1000.0, other_jobs=500.0)
    gap = jobs.labour_gap(300.0, 40.0, row, behaviour)
    wanted = (1000 * 1.3 + 500) * 0.875 / 0.95
    assert gap == pytest.approx(300.0 * 0.5 ** (1 / 3) + 40.0 + wanted, rel=1e-14)
    assert jobs.workers_to_move(gap, behaviour) == pytest.approx(0.2 * 0.75 * gap, rel=1e-14)
    assert jobs.workers_at_home(gap, behaviour) == pytest.approx(0.2 * 0.25 * gap, rel=1e-14)


def test_pull_by_hand() -> None:
    """Eq. (19): a quarter more workers than come anyway."""
    assert jobs.pull_driver(100.0, 400.0) == pytest.approx(np.log(1.25), rel=1e-14)
    assert jobs.pull_driver(-100.0, 400.0) == pytest.approx(np.log(1.25), rel=1e-14)


@MANY
@given(behaviour=behaviours(), reach=st.floats(0.0, 1e6))
def test_jobs_never_act_without_a_gap(behaviour: np.ndarray, reach: float) -> None:
    gap = jobs.labour_gap(0.0, 0.0, policy_row(), behaviour)
    assert gap == 0.0
    assert jobs.workers_to_move(gap, behaviour) == 0.0
    assert jobs.workers_at_home(gap, behaviour) == 0.0
    assert jobs.pull_driver(0.0, reach) == 0.0


def test_nobody_within_reach_is_not_pulled() -> None:
    assert jobs.pull_driver(100.0, 0.0) == 0.0


@MANY
@given(behaviour=behaviours(), gap=st.floats(1.0, 1e5), reach=st.floats(1.0, 1e5))
def test_surplus_pushes_as_want_pulls(behaviour: np.ndarray, gap: float, reach: float) -> None:
    """The rule is symmetric: the same size of gap, the same size of answer, opposite sign."""
    fading = jobs.labour_gap(gap, 0.0, policy_row(), behaviour)
    assert 0.0 < fading < gap
    assert jobs.labour_gap(-gap, 0.0, policy_row(), behaviour) == -fading
    wanted = jobs.workers_to_move(gap, behaviour)
    assert jobs.workers_to_move(-gap, behaviour) == -wanted
    assert jobs.pull_driver(wanted, reach) == jobs.pull_driver(-wanted, reach)
    assert 0.0 < jobs.pull_driver(wanted, reach) <= wanted / reach * (1.0 + 1e-12)


# --- housing, by hand


def test_capacity_by_hand() -> None:
    """Eqs. (22)-(23): a town of 100 000 at 21.4 % vacancy may grow to 90/78.6 of itself."""
    assert housing.launch_units(1e5, CENTRAL) == pytest.approx(1e5 / (2.62 * 0.786), rel=1e-14)
    assert housing.usable_share(CENTRAL) == pytest.approx(0.9, rel=1e-14)
    assert housing.capacity(1e5, 0.0, CENTRAL) == pytest.approx(1e5 * 0.9 / 0.786, rel=1e-14)
    row = policy_row(commercial_units=100.0, rental_units=50.0, demolished_units=30.0)
    assert housing.persons_beyond_trend(row, CENTRAL) == pytest.approx(70 * 2.62 + 50 * 2.0)
    grown = housing.capacity(1e5, 1000.0, CENTRAL) - housing.capacity(1e5, 0.0, CENTRAL)
    assert grown == pytest.approx(900.0, rel=1e-9)
    assert housing.capacity(1e5, -1e9, CENTRAL) == 0.0
    assert housing.queue_kept(CENTRAL) == pytest.approx(0.5**0.5, rel=1e-14)


@MANY
@given(behaviour=behaviours(), town=st.floats(1.0, 1e7))
def test_nothing_binds_at_launch(behaviour: np.ndarray, town: float) -> None:
    assert housing.capacity(town, 0.0, behaviour) >= town * (1.0 - 1e-12)


def test_a_town_below_frictional_vacancy_starts_at_its_ceiling() -> None:
    tight = CENTRAL.copy()
    tight[Behaviour.VACANCY_RATE] = 0.05
    assert housing.capacity(1e5, 0.0, tight) == pytest.approx(1e5, rel=1e-14)


# --- on the county: levers at rest


AT_REST: list[dict[str, dict[str, Any]]] = [
    {},
    {"settlement": {}, "industry_jobs": {}, "housing": {}},
    {
        group: {name: p.default for name, p in members.items() if np.isfinite(p.default)}
        for group, members in levers().items()
    },
    {"industry_jobs": {"other_jobs": {2023: None}}, "settlement": {"annual_quota": {2024: None}}},
    {"industry_jobs": {"other_jobs": {2023: 1000.0, 2029: None}, "basis": "total"}},
]


@pytest.mark.parametrize("chosen", AT_REST, ids=["none", "empty", "default", "null", "below_trend"])
def test_levers_at_rest_are_the_trend_bit_for_bit(chosen: dict[str, dict[str, Any]]) -> None:
    found, trend = policy(chosen), result().trend
    assert_same(found.paths, trend.paths)
    drivers = [Driver.CONVERSION_DRIVER, Driver.WEDGE_DRIVER, Driver.PULL_DRIVER, Driver.LABOUR_GAP]
    assert not found.paths.drivers[:, drivers].any()
    assert found.binding() == [("none",)] * len(found.study.years)


def test_the_trend_is_the_calibrated_baseline() -> None:
    """The run starts from the launched people and moves at the fitted levels, unchanged."""
    start, trend = result().start, result().trend
    np.testing.assert_array_equal(trend.paths.population[0], start.population)
    values, level = start.values, trend.inputs.level
    shift = values["recent_shift_town"]
    expected = {
        Flow.RURAL_TO_URBAN: values["rural_to_urban_level"] * shift,
        Flow.RECLASSIFICATION: values["reclassification_level"] * shift,
        Flow.RETURN_TOWN: values["return_level"] * values["return_town_share"],
        Flow.OUT_VILLAGE: values["out_migration_level"] * values["recent_shift_out"],
    }
    for flow, persons in expected.items():
        np.testing.assert_array_equal(level[:, flow, Registration.RURAL_HUKOU], persons)
    np.testing.assert_array_equal(trend.inputs.policy, trend.inputs.policy_baseline)


# --- on the county: direction


def conversions(found: Run) -> np.ndarray:
    return np.asarray(found.paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3)))


def not_below(high: np.ndarray, low: np.ndarray, tolerance: float = 0.0) -> None:
    slack = tolerance * np.abs(low) + 1e-12 * np.abs(low)
    assert (high >= low - slack).all(), (high - low).min()


@pytest.mark.parametrize("name", [*THRESHOLDS, "family_members", "annual_quota"])
def test_strict_rules_lower_the_hukou_rate(name: str) -> None:
    """And take only a little off the resident population: the lever works on the status."""
    p = parameters()[name]
    found = with_lever(name, p.low if name in ("family_members", "annual_quota") else p.high)
    trend = result().trend
    assert (conversions(found)[:1] < conversions(trend)[:1]).all()
    hukou, resident = (
        getattr(trend.stocks, rate)[1:] - getattr(found.stocks, rate)[1:]
        for rate in ("hukou_urbanization_rate", "resident_urbanization_rate")
    )
    assert (hukou > 0.0).all()
    assert (np.abs(resident) < hukou).all()


@EXAMPLES
@given(pair=pairs(THRESHOLDS))
def test_conversion_and_hukou_rate_fall_with_each_threshold(pair: tuple[str, float, float]) -> None:
    name, less, more = pair
    loose, strict = with_lever(name, less), with_lever(name, more)
    not_below(conversions(loose)[:1], conversions(strict)[:1])
    not_below(loose.stocks.hukou_urbanization_rate, strict.stocks.hukou_urbanization_rate)
    not_below(loose.stocks.town_population, strict.stocks.town_population)


@EXAMPLES
@given(pair=pairs(("annual_quota",)))
def test_hukou_rate_rises_with_the_quota(pair: tuple[str, float, float]) -> None:
    _, less, more = pair
    small, large = with_lever("annual_quota", less), with_lever("annual_quota", more)
    not_below(conversions(large)[:1], conversions(small)[:1], SOLVED)
    for name in ("hukou_urbanization_rate", "town_population"):
        not_below(getattr(large.stocks, name), getattr(small.stocks, name), SOLVED)


@pytest.mark.parametrize("name", JOBS)
def test_jobs_raise_and_losses_lower_residents_and_town(name: str) -> None:
    more, fewer, trend = with_lever(name, 1000.0), with_lever(name, -1000.0), result().trend
    for stock in ("resident_population", "town_population"):
        base = getattr(trend.stocks, stock)[1:]
        assert (getattr(more.stocks, stock)[1:] > base).all()
        assert (getattr(fewer.stocks, stock)[1:] < base).all()
    assert (more.stocks.out_migrants[1:] < trend.stocks.out_migrants[1:]).all()
    assert (fewer.stocks.out_migrants[1:] > trend.stocks.out_migrants[1:]).all()


@EXAMPLES
@given(pair=pairs(JOBS))
def test_residents_and_town_rise_with_jobs(pair: tuple[str, float, float]) -> None:
    name, less, more = pair
    few, many = with_lever(name, less), with_lever(name, more)
    not_below(many.stocks.resident_population, few.stocks.resident_population, SOLVED)
    not_below(many.stocks.town_population, few.stocks.town_population, SOLVED)


def test_only_a_share_of_the_jobs_is_filled_and_the_rest_fades() -> None:
    """Jobs of one year keep pulling afterwards, less each year, and never overfill."""
    found = policy({"industry_jobs": {"other_jobs": {2023: 10_000.0, 2024: None}}})
    gap = found.paths.drivers[:, Driver.LABOUR_GAP]
    assert gap[0] == pytest.approx(10_000.0)
    assert (np.diff(gap) < 0.0).all()
    assert (gap > 0.0).all()
    filled = found.paths.drivers[:, [Driver.WORKERS_MOVED, Driver.WORKERS_AT_HOME]].sum()
    assert 0.0 < filled < 10_000.0


def test_basic_jobs_are_multiplied_and_others_are_not() -> None:
    gaps = [with_lever(name, 1000.0).paths.drivers[0, Driver.LABOUR_GAP] for name in JOBS]
    assert gaps == pytest.approx([1300.0, 1000.0], rel=1e-12)


@EXAMPLES
@given(pair=pairs(("demolished_units",)), work=values_of("other_jobs", 0.0))
def test_demolition_never_raises_the_town(pair: tuple[str, float, float], work: float) -> None:
    others = {"industry_jobs": {"other_jobs": work}}
    few, many = (with_lever("demolished_units", v, others) for v in pair[1:])
    not_below(few.stocks.town_population, many.stocks.town_population, SOLVED)


@EXAMPLES
@given(
    pair=pairs(("commercial_units", "rental_units")),
    work=values_of("other_jobs", 0.0),
    gone=values_of("demolished_units"),
)
def test_dwellings_never_lower_the_town(
    pair: tuple[str, float, float], work: float, gone: float
) -> None:
    """Whatever else the scenario does, jobs and demolition included."""
    name, less, more = pair
    others = {"industry_jobs": {"other_jobs": work}, "housing": {"demolished_units": gone}}
    few, many = with_lever(name, less, others), with_lever(name, more, others)
    not_below(many.stocks.town_population, few.stocks.town_population, SOLVED)
    not_below(many.stocks.resident_population, few.stocks.resident_population, SOLVED)


def test_demolition_that_binds_lowers_the_town() -> None:
    found, trend = with_lever("demolished_units", 5000.0), result().trend
    assert found.stocks.town_population[-1] < 0.95 * trend.stocks.town_population[-1]
    assert ("housing",) in found.binding()


@EXAMPLES
@given(own=values_of("commercial_units"), rent=values_of("rental_units"))
def test_dwellings_move_nobody_while_vacancy_is_high(own: float, rent: float) -> None:
    """Vacancy is above the frictional level: bit for bit the trend."""
    values = result().start.values
    assert values["vacancy_rate"] > values["frictional_vacancy"]
    found = policy({"housing": {"commercial_units": own, "rental_units": rent}})
    assert_same(found.paths, result().trend.paths)


@EXAMPLES
@given(own=values_of("commercial_units"), work=st.floats(0.0, 3000.0))
def test_dwellings_add_nothing_to_jobs_that_fit(own: float, work: float) -> None:
    jobs_only = {"industry_jobs": {"other_jobs": work}}
    both = {**jobs_only, "housing": {"commercial_units": own}}
    assert_same(policy(both).paths, policy(jobs_only).paths)


# --- on the county: limits


@EXAMPLES
@given(quota=st.one_of(st.just(0.0), st.floats(1.0, 20_000.0)))
def test_quota_is_met(quota: float) -> None:
    """To 1e-6, exactly reached where it binds, and untouched where it does not."""
    found = with_lever("annual_quota", quota)
    settled, scale = conversions(found), found.paths.drivers[:, Driver.QUOTA_SCALE]
    assert (settled <= quota * (1.0 + 1e-6)).all()
    np.testing.assert_allclose(settled[scale < 1.0], quota, rtol=1e-6)
    assert (scale[conversions(result().trend) < 0.9 * quota] == 1.0).all()


def test_quota_binds_and_says_so() -> None:
    found = with_lever("annual_quota", 1000.0)
    assert found.binding() == [("quota",)] * len(found.study.years)


def _full_then_open(half_life: float) -> Run:
    """Jobs draw people to a town whose dwellings are pulled down in 2023 and built in 2024."""
    chosen = {
        "industry_jobs": {"other_jobs": {2023: 30_000.0, 2024: None}},
        "housing": {
            "demolished_units": {2023: 23_000.0, 2024: None},
            "commercial_units": {2024: 30_000.0, 2025: None},
        },
    }
    trend = result().trend
    found = policy(chosen)
    behaviour = found.inputs.behaviour.copy()
    behaviour[Behaviour.QUEUE_HALF_LIFE] = half_life
    inputs = found.inputs._replace(behaviour=behaviour)
    return Run("x", found.case, trend.study, trend.start, inputs, project(inputs), ())


def test_queue_is_carried_into_the_next_year() -> None:
    """Half of those kept out wait one half-life; when there is room they come on top."""
    one, none = _full_then_open(1.0), _full_then_open(1e-6)
    drivers = one.paths.drivers
    assert drivers[0, Driver.ADMITTED_SHARE] < 1.0
    waiting = drivers[0, Driver.HOUSING_QUEUE]
    free = project(one.inputs._replace(trend_town=np.full_like(one.inputs.trend_town, np.inf)))
    townward = [p.flows[0, TOWNWARD].sum() for p in (free, one.paths)]
    assert waiting == pytest.approx(0.5 * (townward[0] - townward[1]), rel=1e-9)
    assert none.paths.drivers[0, Driver.HOUSING_QUEUE] == 0.0
    # The same people open the second year in both, and there is room for all: the queue is more.
    np.testing.assert_array_equal(one.paths.population[1], none.paths.population[1])
    assert drivers[1, Driver.ADMITTED_SHARE] == 1.0
    came = one.paths.flows[1, TOWNWARD].sum() - none.paths.flows[1, TOWNWARD].sum()
    assert came == pytest.approx(waiting, rel=0.05)
    assert drivers[1, Driver.HOUSING_QUEUE] == 0.0


def test_the_ceiling_evicts_nobody() -> None:
    """A town above its dwellings lets nobody in, and nobody is put out."""
    found = policy({"housing": {"demolished_units": {2023: 200_000.0, 2024: None}}})
    townward = found.paths.flows[:, TOWNWARD].sum(axis=(1, 2, 3, 4))
    assert (found.paths.drivers[:, Driver.ADMITTED_SHARE] == 0.0).all()
    assert (townward == 0.0).all()
    gone = found.paths.flows[0, [Flow.URBAN_TO_RURAL, Flow.OUT_TOWN]].sum()
    usual = result().trend.paths.flows[0, [Flow.URBAN_TO_RURAL, Flow.OUT_TOWN]].sum()
    assert gone <= usual


# --- everything at once


@st.composite
def extreme_policies(draw: st.DrawFn) -> dict[str, dict[str, float]]:
    """Each lever at one end of its range, or unset."""
    chosen: dict[str, dict[str, float]] = {}
    for group, members in levers().items():
        for name, p in members.items():
            value = draw(st.sampled_from([None, p.low, p.high]))
            if value is not None:
                chosen.setdefault(group, {})[name] = value
    return chosen


@settings(EXAMPLES, max_examples=60)
@given(chosen=extreme_policies(), seed=st.integers(0, 2**32 - 1))
def test_all_levers_at_extremes_stay_sound(chosen: dict[str, dict[str, float]], seed: int) -> None:
    """Parameters at their ends as well: finite, nothing negative, the ledger closes."""
    rng = np.random.default_rng(seed)
    ends = {name: float(rng.choice([p.low, p.high])) for name, p in assumptions().items()}
    known = {"seed_urban_town": 0.75, "seed_urban_away": 0.2}  # their upper ends exceed one
    study = one_year(**(ends | known))
    found = run(replace(study, cases={"x": case(chosen)})).runs["x"]
    for array in (found.paths.population, found.paths.flows, found.paths.births):
        assert np.isfinite(array).all()
        assert (array >= 0.0).all()
    assert np.isfinite(found.paths.drivers).all()
    assert not found.paths.population[:, Registration.NONLOCAL, Place.AWAY].any()
    assert imbalance(found.paths) < 1e-9


def test_an_open_ledger_is_seen() -> None:
    """A thousandth of a person lost in one cell is more than 1e-9 of it."""
    paths = result().trend.paths
    broken = paths._replace(population=paths.population.copy())
    broken.population[5, 0, 0, 1, 40] += 1e-3
    assert imbalance(paths) < 1e-12
    assert imbalance(broken) > 1e-9


def test_run_case_leaves_its_trend_alone() -> None:
    before = result().trend.paths.population.copy()
    run_case("x", case({"industry_jobs": {"basic_jobs": 20_000.0}}), result().trend)
    np.testing.assert_array_equal(result().trend.paths.population, before)
