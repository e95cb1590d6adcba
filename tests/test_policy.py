"""Policies as stated: numbers, paths, and totals of which only the excess may act."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import case, result, study, target

from simulator.lever_path import lever_path, stated
from simulator.levers.columns import Policy
from simulator.parameters import central_values
from simulator.policy import (
    excess_of_totals,
    job_growth,
    nonfarm_share,
    policy_array,
)

YEARS = range(2023, 2029)
OTHER, BASIC, QUOTA = Policy.OTHER_JOBS, Policy.BASIC_JOBS, Policy.ANNUAL_QUOTA


def jobs(**levers: Any) -> np.ndarray:
    return policy_array(case({"industry_jobs": levers}), YEARS, {})


def test_a_number_holds_in_every_year() -> None:
    assert jobs(other_jobs=700)[:, OTHER].tolist() == [700.0] * 6


PATHS = [
    ({2024: 5.0, 2027: 9.0}, [0.0, 5.0, 5.0, 5.0, 9.0, 9.0]),
    ({2023: 5.0}, [5.0] * 6),
    ({2023: 5.0, 2026: None}, [5.0, 5.0, 5.0, 0.0, 0.0, 0.0]),
    ({2026: None, 2023: 5.0}, [5.0, 5.0, 5.0, 0.0, 0.0, 0.0]),  # order of writing does not matter
    ({2024: 5.0, 2025: None, 2027: -3.0}, [0.0, 5.0, 0.0, 0.0, -3.0, -3.0]),
]


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_a_path_holds_each_value_until_the_next(
    path: dict[int, float | None], expected: list[float]
) -> None:
    assert jobs(other_jobs=path)[:, OTHER].tolist() == expected


def test_null_of_an_absent_limit_is_no_limit() -> None:
    chosen = case({"settlement": {"annual_quota": {2024: 100.0, 2026: None}}})
    found = policy_array(chosen, YEARS, {})[:, QUOTA]
    assert found.tolist() == [np.inf, 100.0, 100.0, np.inf, np.inf, np.inf]


def test_rules_of_the_place_are_the_trend_and_can_be_overruled() -> None:
    rules = {"residence_years": 3.0, "stable_job": 1.0}
    chosen = case({"settlement": {"residence_years": {2025: 1.0}}})
    found = policy_array(chosen, YEARS, rules)
    assert found[:, Policy.RESIDENCE_YEARS].tolist() == [3.0, 3.0, 1.0, 1.0, 1.0, 1.0]
    assert found[:, Policy.STABLE_JOB].tolist() == [1.0] * 6


@pytest.mark.parametrize(("path", "expected"), PATHS)
def test_stated_years_are_those_with_a_value(
    path: dict[int, float | None], expected: list[float]
) -> None:
    assert stated(lever_path(path), YEARS).tolist() == [v != 0.0 for v in expected]


def test_a_number_is_stated_in_every_year_and_nothing_in_none() -> None:
    assert stated(lever_path(0.0), YEARS).all()
    assert not stated(lever_path(None), YEARS).any()


# --- totals


GROWTH = np.array([100.0, 200.0, 300.0, 400.0, -50.0, 0.0])


def excess(**levers: Any) -> tuple[np.ndarray, dict[str, Any]]:
    chosen = case({"industry_jobs": {**levers, "basis": "total"}})
    stated = policy_array(chosen, YEARS, {})
    found, notes = excess_of_totals(stated, chosen, YEARS, GROWTH)
    return found, {note.code: dict(note.params) for note in notes}


def test_only_the_excess_over_the_trend_acts() -> None:
    found, notes = excess(other_jobs=250.0)
    assert found[:, OTHER].tolist() == [150.0, 50.0, 0.0, 0.0, 250.0, 250.0]
    assert notes["jobs_below_trend"] == {"years": [2025, 2026]}
    assert notes["jobs_total"] == {
        "years": list(YEARS), "trend": GROWTH.tolist(),
        "excess": [150.0, 50.0, 0.0, 0.0, 250.0, 250.0],
    }  # fmt: skip


def test_the_trend_is_taken_from_other_jobs_first_and_once() -> None:
    found, _ = excess(other_jobs=150.0, basic_jobs=200.0)
    assert found[:, OTHER].tolist() == [50.0, 0.0, 0.0, 0.0, 150.0, 150.0]
    assert found[:, BASIC].tolist() == [200.0, 150.0, 50.0, 0.0, 200.0, 200.0]


@given(
    held=st.dictionaries(
        st.sampled_from(list(YEARS)), st.none() | st.floats(0.0, 1e4) | st.just(100.0), min_size=1
    ),
    growth=st.lists(
        st.floats(-1e4, 1e4) | st.just(100.0), min_size=len(YEARS), max_size=len(YEARS)
    ),
)
def test_notes_name_every_year_of_a_total_and_every_year_in_which_it_does_nothing(
    held: dict[int, float | None], growth: list[float]
) -> None:
    chosen = case({"industry_jobs": {"other_jobs": held, "basis": "total"}})
    found, notes = excess_of_totals(
        policy_array(chosen, YEARS, {}), chosen, YEARS, np.array(growth)
    )
    told = {note.code: note.params for note in notes}
    totals = {y: held[max(n for n in held if n <= y)] for y in YEARS if min(held) <= y}
    stated = [y for y, total in totals.items() if total is not None]
    assert (list(told["jobs_total"]["years"]) if told else []) == stated
    idle = [y for y in stated if abs(found[y - YEARS[0], OTHER]) < 0.5]
    assert (told["jobs_below_trend"]["years"] if "jobs_below_trend" in told else []) == idle
    for year in stated:
        trend = max(growth[year - YEARS[0]], 0.0)
        assert (year in idle) == (totals[year] - min(totals[year], trend) < 0.5)


def test_years_without_a_total_are_left_alone() -> None:
    found, notes = excess(other_jobs={2024: 500.0, 2026: None})
    assert found[:, OTHER].tolist() == [0.0, 300.0, 200.0, 0.0, 0.0, 0.0]
    assert notes["jobs_total"]["years"] == [2024, 2025]
    assert "jobs_below_trend" not in notes


def test_a_plan_below_the_trend_destroys_nothing() -> None:
    found, _ = excess(basic_jobs=10.0)
    assert found[:4, BASIC].tolist() == [0.0] * 4


@pytest.mark.parametrize(
    "levers",
    [
        {"industry_jobs": {"other_jobs": 250.0}},
        {"industry_jobs": {"other_jobs": 250.0, "basis": "beyond_trend"}},
        {"industry_jobs": {"basis": "total"}},
        {"housing": {"rental_units": 10.0}},
    ],
)
def test_what_is_beyond_the_trend_is_taken_as_stated(levers: dict[str, dict[str, Any]]) -> None:
    chosen = case(levers)
    stated = policy_array(chosen, YEARS, {})
    found, notes = excess_of_totals(stated, chosen, YEARS, GROWTH)
    np.testing.assert_array_equal(found, stated)
    assert notes == []


@settings(deadline=None)
@given(
    other=st.floats(0.0, 1000.0), basic=st.floats(0.0, 1000.0),
    growth=st.lists(st.floats(-500.0, 2000.0), min_size=6, max_size=6),
)  # fmt: skip
def test_excess_and_trend_add_up_to_the_total(
    other: float, basic: float, growth: list[float]
) -> None:
    chosen = case({"industry_jobs": {"other_jobs": other, "basic_jobs": basic, "basis": "total"}})
    stated = policy_array(chosen, YEARS, {})
    found, _ = excess_of_totals(stated, chosen, YEARS, np.array(growth))
    acting = found[:, [OTHER, BASIC]]
    assert (acting >= 0.0).all()
    assert (acting <= stated[:, [OTHER, BASIC]]).all()
    expected = np.maximum(0.0, other + basic - np.maximum(0.0, growth))
    np.testing.assert_allclose(acting.sum(axis=1), expected, atol=1e-9)


# --- the trend's own jobs


def test_job_growth_by_hand() -> None:
    """Eq. (21): the share rises by 1.53 points a year of a labour force of 95 % employed."""
    values = central_values()
    found = job_growth(np.array([1000.0, 1000.0, 900.0]), 0.489, values)
    jobs_by_year = [0.489 * 950, 0.5043 * 950, 0.5196 * 855]
    np.testing.assert_allclose(found, np.diff(jobs_by_year), rtol=1e-12)


def test_the_share_of_jobs_stops_at_one() -> None:
    values = central_values() | {"nonfarm_share_growth": 0.3}
    found = job_growth(np.full(6, 1000.0), 0.5, values)
    np.testing.assert_allclose(found, [285.0, 190.0, 0.0, 0.0, 0.0], atol=1e-9)


def test_the_plans_own_share_is_used_where_it_states_one() -> None:
    place, values = study().place, study().parameters
    assert nonfarm_share(place, values) == pytest.approx(0.489)
    none = place.model_copy(update={"targets": [target()]})
    assert nonfarm_share(none, values) == values["nonfarm_share_base"]
    old = target(indicator="nonfarm_employment_share", baseline={"year": 2020, "value": 47.0})
    earlier = place.model_copy(update={"targets": [old]})
    assert nonfarm_share(earlier, values) == values["nonfarm_share_base"]


def test_the_plan_of_quxian_acts_with_its_excess() -> None:
    """15 485 jobs a year are stated; the trend's own growth is taken off, then nothing acts."""
    plan = result().runs["plan"]
    acting = plan.inputs.policy[:, OTHER]
    note = next(n for n in plan.notes if n.code == "jobs_total")
    trend = np.array(note.params["trend"])
    assert note.params["years"] == [2023, 2024, 2025]
    np.testing.assert_allclose(acting[:3], 15_485.0 - trend, rtol=1e-12)
    assert ((trend > 3000.0) & (trend < 8000.0)).all()
    assert not acting[3:].any()
    rest = np.delete(plan.inputs.policy, OTHER, axis=1)
    np.testing.assert_array_equal(rest, np.delete(plan.inputs.policy_baseline, OTHER, axis=1))
