"""Lever values as written: numbers, steps and lines by year, and changes of the trend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from quxian import case, policy, result

from simulator.axes import Flow
from simulator.lever_path import lever_path, stated, yearly
from simulator.levers.columns import Policy
from simulator.policy import completions, excess_of_totals, policy_array

YEARS = range(2023, 2029)
NAN = float("nan")
PATHS: list[tuple[Any, list[float]]] = [
    (None, [NAN] * 6),
    (7.0, [7.0] * 6),
    ({"value": 7.0}, [7.0] * 6),
    ({2024: 1000.0, 2027: 2500.0}, [NAN, 1000, 1000, 1000, 2500, 2500]),
    ({2024: 1000.0, 2027: 2500.0, "between": "step"}, [NAN, 1000, 1000, 1000, 2500, 2500]),
    ({2024: 1000.0, 2027: 2500.0, "between": "linear"}, [NAN, 1000, 1500, 2000, 2500, 2500]),
    ({2023: 10.0, 2025: None, "between": "linear"}, [10, 10, NAN, NAN, NAN, NAN]),
    ({2020: 0.0, 2030: 10.0, "between": "linear"}, [3, 4, 5, 6, 7, 8]),
]


@pytest.mark.parametrize(("value", "expected"), PATHS)
def test_value_of_each_year(value: Any, expected: list[float]) -> None:
    path = lever_path(value)
    np.testing.assert_array_equal(yearly(path, YEARS), expected)
    np.testing.assert_array_equal(stated(path, YEARS), ~np.isnan(expected))


@given(
    st.dictionaries(st.integers(2015, 2035), st.floats(-1e4, 1e4), min_size=1, max_size=5),
)
def test_a_line_stays_between_its_ends_and_meets_them(named: dict[int, float]) -> None:
    years = range(2010, 2041)
    found = yearly(lever_path({**named, "between": "linear"}), years)
    for i, year in enumerate(years):
        if year in named:
            assert found[i] == named[year]
    held = found[~np.isnan(found)]
    assert held.min() >= min(named.values()) - 1e-6
    assert held.max() <= max(named.values()) + 1e-6
    assert np.isnan(found[: min(named) - 2010]).all()


# --- relative to the trend


def test_relative_values_are_of_the_trends_own_amounts() -> None:
    trend = result().trend
    settled = trend.paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
    half = policy({"settlement": {"annual_quota": {"value": -50.0, "relative_to": "trend"}}})
    np.testing.assert_allclose(half.inputs.policy[:, Policy.ANNUAL_QUOTA], settled / 2.0)
    built = completions(trend.stocks.town_population, trend.start.values)
    more = policy({"housing": {"commercial_units": {"value": 20.0, "relative_to": "trend"}}})
    units = more.inputs.policy[:, Policy.COMMERCIAL_UNITS]
    np.testing.assert_allclose(units, 0.2 * built)
    assert units[0] > 0.0


def test_relative_jobs_are_beyond_the_trend_whatever_the_basis() -> None:
    value = {"value": 20.0, "relative_to": "trend"}
    one = policy({"industry_jobs": {"other_jobs": value}})
    two = policy({"industry_jobs": {"other_jobs": value, "basis": "total"}})
    np.testing.assert_array_equal(one.inputs.policy, two.inputs.policy)
    total = policy({"industry_jobs": {"other_jobs": 30_000.0, "basis": "total"}})
    note = next(n for n in total.notes if n.code == "jobs_total")
    growth = np.maximum(note.params["trend"], 0.0)  # type: ignore[call-overload]
    np.testing.assert_allclose(one.inputs.policy[:, Policy.OTHER_JOBS], 0.2 * growth)


def test_a_quota_beyond_the_trend_is_added_to_its_conversions() -> None:
    settled = result().trend.paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
    found = policy({"settlement": {"annual_quota": 100.0, "basis": "beyond_trend"}})
    np.testing.assert_allclose(found.inputs.policy[:, Policy.ANNUAL_QUOTA], settled + 100.0)


# --- totals of dwellings


def test_only_dwellings_beyond_the_trends_own_are_added() -> None:
    growth = np.array([100.0, 200.0, 300.0, 400.0, 0.0, 50.0])
    chosen = case({"housing": {"commercial_units": 150.0, "rental_units": 100.0, "basis": "total"}})
    stated_policy = policy_array(chosen, YEARS, {})
    found, notes = excess_of_totals(stated_policy, chosen, YEARS, growth, "housing")
    assert found[:, Policy.COMMERCIAL_UNITS].tolist() == [50.0, 0.0, 0.0, 0.0, 150.0, 100.0]
    assert found[:, Policy.RENTAL_UNITS].tolist() == [100.0, 50.0, 0.0, 0.0, 100.0, 100.0]
    told = {n.code: n.params for n in notes}
    assert told["housing_below_trend"] == {"years": [2025, 2026]}
    assert told["housing_total"]["trend"] == growth.tolist()


def test_completions_house_the_growing_town_and_never_fall_below_0() -> None:
    values = result().trend.start.values
    town = np.array([1000.0, 1100.0, 1050.0, 1150.0])
    per = (0.85 / 2.62 + 0.15 / 2.0) / (1.0 - 0.214)
    np.testing.assert_allclose(completions(town, values), [100 * per, 0.0, 50 * per])
    stock = result().trend.dwellings
    grown = np.diff(stock.owned + stock.rented)
    own = completions(result().trend.stocks.town_population, values)
    np.testing.assert_allclose(grown, own, atol=1e-6)
