"""A study run: scenarios against their trend, what bound, what must be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from quxian import assert_same, case, fact, one_year, policy, result, study, target, with_facts

from simulator.axes import Place, Registration
from simulator.indicators import births_and_deaths, denominator, measure
from simulator.run import Run, run
from simulator.state import Driver

HOUSING = {"commercial_units": 10_000, "rental_units": 5_000}
MANY_JOBS = {"basic_jobs": 20_000, "other_jobs": 30_000}


def codes(found: Run) -> list[str]:
    return [note.code for note in found.notes]


def test_the_trend_is_first_and_always_there() -> None:
    assert list(result().runs) == ["trend", "plan"]
    assert list(run(one_year()).runs) == ["trend"]
    assert result().trend is result().runs["trend"]
    assert result().trend.notes == ()


def test_a_run_is_the_same_bit_for_bit() -> None:
    again = run(study(), face_value=False)
    for name, found in result().runs.items():
        assert_same(again.runs[name].paths, found.paths)


def test_a_scenario_does_not_depend_on_its_company() -> None:
    alone = study().cases["plan"]
    jobs = case({"industry_jobs": MANY_JOBS})
    both = run(replace(study(), cases={"jobs": jobs, "plan": alone}), face_value=False)
    assert_same(both.runs["plan"].paths, result().runs["plan"].paths)


def test_a_longer_horizon_changes_no_earlier_year() -> None:
    """But for the last bit of rates that are computed for all years in one array."""
    shorter = run(replace(study(), horizon=2028), face_value=False)
    for name, found in result().runs.items():
        np.testing.assert_allclose(
            shorter.runs[name].paths.population, found.paths.population[:7], rtol=1e-12
        )
        assert shorter.runs[name].years.tolist() == list(range(2022, 2029))


def test_every_case_starts_from_the_same_people() -> None:
    for found in result().runs.values():
        np.testing.assert_array_equal(found.paths.population[0], result().start.population)


def test_the_plan_gains_people_but_misses_its_targets() -> None:
    """More jobs than the trend, all of them short of the 48 % and 28万 wanted for 2025."""
    trend, plan = result().trend.stocks, result().runs["plan"].stocks
    assert (plan.town_population[1:] > trend.town_population[1:]).all()
    assert (plan.out_migrants[1:] < trend.out_migrants[1:]).all()
    assert {(name, c.target.indicator) for name, c in result().not_met()} == {
        ("plan", "resident_urbanization_rate"),
        ("plan", "county_seat_population"),
        ("plan", "urbanization_rate_annual_increase"),
    }


def test_a_study_without_policies_is_judged_by_its_trend() -> None:
    known = one_year()
    place = known.place.model_copy(update={"targets": [target(value=90.0)]})
    assert [name for name, _ in run(replace(known, place=place)).not_met()] == ["trend"]
    met = known.place.model_copy(update={"targets": [target(value=10.0)]})
    assert run(replace(known, place=met)).not_met() == []


def test_a_missed_trend_beside_a_policy_is_not_counted() -> None:
    """Only the policies are judged where there are any."""
    assert {name for name, _ in result().not_met()} == {"plan"}


# --- notes


NOTES: list[tuple[dict[str, dict[str, Any]], list[str]]] = [
    ({}, []),
    ({"industry_jobs": {"basic_jobs": 1000}}, []),
    ({"settlement": {"residence_years": 0}}, ["settlement_at_trend"]),
    ({"settlement": {}}, ["settlement_at_trend"]),
    ({"industry_jobs": {"basic_jobs": 0}}, ["industry_jobs_at_trend"]),
    ({"housing": {"rental_units": 0}}, ["housing_at_trend"]),
    ({"housing": {"rental_units": 100}}, ["housing_no_effect"]),
    ({"settlement": {"annual_quota": 200_000}}, ["quota_not_binding"]),
    ({"industry_jobs": {"basic_jobs": 0.01}}, ["industry_jobs_no_effect"]),
    ({"industry_jobs": {"other_jobs": {2023: 100}, "basis": "total"}},
     ["jobs_total", "jobs_below_trend", "industry_jobs_at_trend"]),
    ({"settlement": {"stable_job": 1}, "housing": {"commercial_units": 100}},
     ["housing_no_effect"]),
]  # fmt: skip


@pytest.mark.parametrize(("levers", "expected"), NOTES)
def test_empty_levers_are_told(levers: dict[str, dict[str, Any]], expected: list[str]) -> None:
    found = policy(levers)
    if expected[:1] == ["jobs_total"]:  # 100 jobs exceed the trend in its last years
        assert codes(found)[:2] == expected[:2]
    else:
        assert codes(found) == expected


def test_the_housing_note_carries_both_vacancies() -> None:
    note = policy({"housing": {"rental_units": 100}}).notes[0]
    values = result().start.values
    assert note.params["frictional"] == values["frictional_vacancy"]
    # The scenario's own vacancy where it is lowest, the added dwellings counted.
    assert note.params["vacancy"] == pytest.approx(values["vacancy_rate"], abs=0.005)
    assert note.params["vacancy"] > values["vacancy_rate"]


def test_dwellings_that_let_workers_in_are_not_called_empty() -> None:
    """Alone they move nobody; beside these jobs they let 140 000 people into town."""
    jobs = policy({"industry_jobs": MANY_JOBS})
    both = policy({"industry_jobs": MANY_JOBS, "housing": HOUSING})
    gained = both.stocks.town_population[-1] - jobs.stocks.town_population[-1]
    assert gained > 100_000.0
    assert "housing_no_effect" not in codes(both)


@pytest.mark.parametrize(
    ("vacancy", "levers"),
    [(0.214, {"demolished_units": 50}), (0.10, {"commercial_units": 500})],
)
def test_the_housing_note_is_true(vacancy: float, levers: dict[str, Any]) -> None:
    """ "Vacancy 21 % > 10 %: further dwellings move nobody" fits neither of these."""
    trend = run(one_year(vacancy_rate=vacancy)).trend
    found = policy({"housing": levers}, trend)
    assert found.stocks.town_population[-1] == trend.stocks.town_population[-1]
    assert "housing_no_effect" not in codes(found)


# --- what bound


BOUND = [
    ({"settlement": {"annual_quota": 500}}, {"quota"}),
    ({"industry_jobs": {"basic_jobs": 2000}}, {"labour"}),
    ({"industry_jobs": {"basic_jobs": -2000}}, {"jobs"}),
    ({"housing": {"demolished_units": {2023: 200_000}}}, {"housing"}),
    ({"settlement": {"stable_job": 1}}, {"none"}),
]


@pytest.mark.parametrize(("levers", "expected"), BOUND)
def test_what_binds_is_named(levers: dict[str, dict[str, Any]], expected: set[str]) -> None:
    found = policy(levers)
    assert {code for codes in found.binding() for code in codes} == expected
    assert len(found.binding()) == len(found.study.years)


def test_all_that_binds_in_a_year_is_named() -> None:
    levers: dict[str, dict[str, Any]] = {
        "settlement": {"annual_quota": 500},
        "industry_jobs": {"basic_jobs": 2000},
        "housing": {"demolished_units": {2025: 200_000}},
    }
    found = policy(levers).binding()
    assert found[:2] == [("quota", "labour")] * 2
    assert "housing" in found[2]
    assert "labour" in found[2]


def test_the_trend_is_bound_by_nothing() -> None:
    assert set(result().trend.binding()) == {("trend",)}
    drivers = result().trend.paths.drivers
    assert (drivers[:, [Driver.ADMITTED_SHARE, Driver.QUOTA_SCALE]] == 1.0).all()


# --- series


def test_stocks_by_hand() -> None:
    """Each cell its own prime, so that no sum of cells can be mistaken for another."""
    primes = np.array([[2.0, 3.0, 5.0], [7.0, 11.0, 13.0], [17.0, 19.0, 0.0]])
    population = np.zeros((3, 3, 2, 101))
    population[..., 1, 30] = primes
    stocks = measure(population)
    assert float(stocks.town_population) == 2 + 7 + 17
    assert float(stocks.village_population) == 3 + 11 + 19
    assert float(stocks.resident_population) == 59
    assert float(stocks.hukou_population) == 41
    assert float(stocks.urban_hukou) == 10
    assert float(stocks.out_migrants) == 18
    assert float(stocks.nonlocal_residents) == 36
    assert float(stocks.resident_urbanization_rate) == 26 / 59
    assert float(stocks.hukou_urbanization_rate) == 10 / 41
    assert float(stocks.hukou_minus_resident) == 41 - 59


def test_denominators_by_hand() -> None:
    population = np.zeros((3, 3, 2, 101))
    population[0, Place.TOWN, 0, [5, 6, 17, 18, 59, 60, 100]] = [1, 2, 4, 8, 16, 32, 64]
    population[1, Place.VILLAGE, 1, 10] = 128
    population[1, Place.AWAY, 1, 70] = 256
    expected = {
        "residents": 255.0, "town_residents": 127.0, "seat_residents": 63.5,
        "town_elderly": 96.0, "town_pupils": 6.0,
    }  # fmt: skip
    for name, persons in expected.items():
        assert float(denominator(population, name, 0.5, 60.0)) == persons, name
    with pytest.raises(KeyError, match="cats"):
        denominator(population, "cats", 0.5, 60.0)


def test_births_and_deaths_are_of_the_right_people() -> None:
    paths = result().trend.paths
    born, dead = births_and_deaths(paths, hukou=False)
    hukou_born, hukou_dead = births_and_deaths(paths, hukou=True)
    away = paths.births[:, :, Place.AWAY].sum(axis=(1, 2))
    guests = paths.births[:, Registration.NONLOCAL].sum(axis=(1, 2))
    np.testing.assert_allclose(hukou_born, born + away - guests, rtol=1e-12)
    assert (hukou_dead > dead).all()
    people = result().trend.stocks
    settled = paths.flows[:, 11].sum(axis=(1, 2, 3))
    converted = paths.flows[:, 10, Registration.NONLOCAL].sum(axis=(1, 2))
    change = hukou_born - hukou_dead - settled + converted
    np.testing.assert_allclose(np.diff(people.hukou_population), change, atol=1e-6)


def test_series_of_rates_and_years() -> None:
    found = result().trend
    increase = found.series["urbanization_rate_annual_increase"]
    rate = found.stocks.resident_urbanization_rate
    assert np.isnan(increase[0])
    assert increase[5] == pytest.approx((rate[5] - rate[0]) / 5, rel=1e-12)
    for name in ("births", "deaths", "hukou_births", "hukou_deaths"):
        assert np.isnan(found.series[name][0])
        assert (found.series[name][1:] > 0.0).all()
    seat = found.series["county_seat_population"]
    np.testing.assert_allclose(seat / found.stocks.town_population, 244_800 / 384_700, rtol=1e-12)


# --- outcomes


def test_outcomes_stand_beside_the_trend() -> None:
    found = {(name, year): row for name, year, *row in result().outcomes()}
    assert found["resident_urbanization_rate", 2023][0] == 45.51
    assert found["resident_urbanization_rate", 2024][0] == 45.7
    assert len(found) == 10
    trend = result().trend
    for (name, year), (_, projected, unit) in found.items():
        size = {"%": 0.01, "万人": 1e4}[unit]
        assert projected == pytest.approx(trend.series[name][year - 2022] / size, rel=1e-12)


def test_outcomes_beyond_the_horizon_are_left_out() -> None:
    shorter = run(replace(study(), horizon=2023), face_value=False)
    assert {year for _, year, *_ in shorter.outcomes()} == {2023}


def test_context_indicators_are_no_outcomes() -> None:
    known = with_facts(fact("gdp", 450.0, "亿元", year=2023, use="outcome"))
    found = run(known, face_value=False).outcomes()
    assert "gdp" not in {name for name, *_ in found}
