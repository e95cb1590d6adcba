"""Targets judged by hand: operators, tolerance, years, and the stocks that ratios require."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import PLAN, result, study, target

from simulator.targets import Status, TargetCheck, check_target
from simulator.units import UNITS, dimension, from_base, to_base
from simulator.vocabulary import indicators

YEARS = np.arange(2022, 2027)
RATE = np.array([0.43, 0.45, 0.47, 0.48, 0.49])
PEOPLE = {
    "residents": np.array([1000.0, 1100.0, 1200.0, 2000.0, 1400.0]),
    "town_residents": np.array([400.0, 450.0, 500.0, 600.0, 650.0]),
    "seat_residents": np.array([200.0, 220.0, 240.0, 300.0, 320.0]),
    "town_elderly": np.array([50.0, 55.0, 60.0, 80.0, 90.0]),
    "town_pupils": np.array([130.0, 125.0, 120.0, 100.0, 95.0]),
}


def judged(series: np.ndarray = RATE, tolerance: float = 0.02, **changes: Any) -> TargetCheck:
    name = changes.get("indicator", "resident_urbanization_rate")
    return check_target(target(**changes), YEARS, {name: series}, PEOPLE, tolerance)


def test_projected_value_gap_and_status() -> None:
    found = judged(value=49.5, year=2025)
    assert (found.status, found.kind) == ("missed", "modelled")
    assert found.projected == pytest.approx(48.0)
    assert found.gap == pytest.approx(-1.5)
    assert (found.first_year_met, found.needed, found.needed_at_base) == (None, None, None)


OPERATORS = [
    (">=", 48.0, "met", 2025),
    (">=", 47.5, "met", 2025),
    (">=", 48.5, "missed", 2026),
    (">=", 50.0, "missed", None),
    ("<=", 48.0, "met", 2023),
    ("<=", 47.9, "missed", 2023),
    ("<=", 44.0, "missed", None),
    ("~", 48.0, "met", 2024),  # 47 is 2.1 % below 48, 0.96 above 2 %
    ("~", 49.0, "missed", None),
]


@pytest.mark.parametrize(("op", "value", "status", "first"), OPERATORS[:7])
def test_operators(op: str, value: float, status: str, first: int | None) -> None:
    found = judged(op=op, value=value, year=2025)
    assert (found.status, found.first_year_met) == (status, first)


@pytest.mark.parametrize(
    ("tolerance", "value", "status"),
    [
        (0.02, 48.0, "met"),
        (0.02, 48.97, "met"),
        (0.02, 48.99, "missed"),
        (0.02, 47.06, "met"),
        (0.02, 47.05, "missed"),
        (0.0, 48.5, "missed"),
        (0.05, 50.5, "met"),
    ],
)
def test_about_is_within_a_share_of_the_target(tolerance: float, value: float, status: str) -> None:
    """Both sides alike; the deviation is relative to the target."""
    assert judged(op="~", value=value, year=2025, tolerance=tolerance).status == status


def test_first_year_met_is_the_first_and_not_the_base() -> None:
    falling = np.array([0.50, 0.46, 0.49, 0.45, 0.49])
    assert judged(falling, value=48.0, year=2025).first_year_met == 2024
    assert judged(np.full(5, 0.5), value=48.0).first_year_met == 2023


@pytest.mark.parametrize("year", [2027, 2035])
def test_a_year_beyond_the_horizon_is_not_judged(year: int) -> None:
    found = judged(year=year)
    assert (found.status, found.projected, found.gap, found.first_year_met) == (
        "not_modelled", None, None, None,
    )  # fmt: skip


def test_context_is_not_judged() -> None:
    found = judged(indicator="gdp", unit="亿元", value=1.0)
    assert (found.status, found.kind, found.projected) == ("not_modelled", "context", None)


def test_a_printed_target_is_met_by_a_value_equal_to_it() -> None:
    """0.48 stored is 48 printed, whatever the last bit says."""
    assert judged(np.full(5, 0.48), value=48.0).status == "met"
    assert judged(np.full(5, 0.48 * (1 - 1e-12)), value=48.0).status == "met"
    assert judged(np.full(5, 0.48 * (1 - 1e-8)), value=48.0).status == "missed"
    assert judged(np.full(5, 0.29), op="<=", value=29.0).status == "met"


def test_persons_are_compared_in_the_units_of_the_target() -> None:
    seat = {"indicator": "county_seat_population", "value": 28.0, "unit": "万人"}
    found = judged(np.full(5, 250_000.0), **seat)
    assert found.projected == pytest.approx(25.0)
    assert found.gap == pytest.approx(-3.0)
    persons = judged(np.full(5, 250_000.0), **(seat | {"value": 280_000.0, "unit": "人"}))
    assert persons.gap == pytest.approx(-30_000.0)


@settings(deadline=None)
@given(
    value=st.floats(1.0, 99.0), series=st.lists(st.floats(0.01, 0.99), min_size=5, max_size=5),
    tolerance=st.floats(0.0, 0.05),
)  # fmt: skip
def test_status_agrees_with_gap(value: float, series: list[float], tolerance: float) -> None:
    at_least, at_most, about = (
        judged(np.array(series), tolerance, op=op, value=value) for op in (">=", "<=", "~")
    )
    assert at_least.gap is not None
    if abs(at_least.gap) > 1e-6:
        assert (at_least.status == "met") == (at_least.gap > 0.0)
        assert (at_most.status == "met") == (at_least.gap < 0.0)
    if abs(abs(at_least.gap) - tolerance * value) > 1e-9:
        assert (about.status == "met") == (abs(at_least.gap) < tolerance * value)
    assert {at_least.status, at_most.status, about.status} <= set(get_args(Status))


REQUIREMENTS = [
    # indicator, unit, target, base -> stock needed for 2025, stock implied at the base
    ("urban_road_area_per_capita", "平方米/人", 12.0, 10.0, 12 * 300.0, 10 * 200.0),
    ("park_green_area_per_capita", "平方米/人", 16.0, 14.0, 16 * 300.0, 14 * 200.0),
    ("basic_public_service_expenditure_per_capita", "元", 4000.0, 3000.0, 8e6, 3e6),
    ("health_institution_beds_per_thousand", "张/千人", 13.0, 11.0, 7.8, 4.4),
    ("elderly_care_beds_per_thousand", "张/千人", 40.0, 38.0, 3.2, 1.9),
    ("pupils_per_teacher", "学生/教师", 12.5, 13.0, 8.0, 10.0),
]


@pytest.mark.parametrize(("name", "unit", "value", "base", "needed", "at_base"), REQUIREMENTS)
def test_required_stock_by_hand(
    name: str, unit: str, value: float, base: float, needed: float, at_base: float
) -> None:
    """Eq. (43): per head or thousand heads times heads; pupils per teacher the other way."""
    baseline = {"year": 2022, "value": base}
    found = judged(indicator=name, unit=unit, value=value, year=2025, baseline=baseline)
    assert found.needed == pytest.approx(needed, rel=1e-12)
    assert found.needed_at_base == pytest.approx(at_base, rel=1e-12)
    assert (found.status, found.kind, found.projected) == ("not_modelled", "requirement", None)


def test_required_stock_without_base_or_year() -> None:
    road = {"indicator": "urban_road_area_per_capita", "unit": "平方米/人", "value": 12.0}
    assert judged(**road).needed_at_base is None
    assert judged(**road, year=2030).needed is None


def test_every_requirement_is_tested_by_hand() -> None:
    kinds = {i.name for i in indicators().values() if i.kind == "requirement"}
    assert kinds - {row[0] for row in REQUIREMENTS} == {"housing_area_per_capita"}


# --- the vocabulary


def test_indicators_are_whole() -> None:
    for i in indicators().values():
        assert i.zh, i.name
        assert i.en, i.name
        assert i.unit, i.name
        assert i.better in ("higher", "lower", "none"), i.name
        assert i.label("zh") == i.zh
        assert i.label("en") == i.en
        assert i.per > 0.0
        assert (i.kind == "requirement") == bool(i.denominator) == bool(i.amount_unit), i.name
        assert i.kind != "modelled" or dimension(i.unit) is not None, i.name


def test_labels_tell_indicators_apart() -> None:
    for lang in ("zh", "en"):
        labels = [i.label(lang) for i in indicators().values()]
        assert len(set(labels)) == len(labels)


def test_every_modelled_indicator_is_projected_and_every_denominator_counted() -> None:
    trend = result().trend
    modelled = {i.name for i in indicators().values() if i.kind == "modelled"}
    assert modelled == set(trend.series)
    assert {i.denominator for i in indicators().values() if i.denominator} <= set(trend.people)


def test_units_go_there_and_back() -> None:
    for unit, (size, base) in UNITS.items():
        assert dimension(unit) == size
        assert to_base(3.0, unit) == 3.0 * base
        assert from_base(to_base(3.7, unit), unit) == pytest.approx(3.7, rel=1e-15)
    assert dimension("亿元") is None
    assert to_base(24.48, "万人") == pytest.approx(244_800.0)
    assert to_base(43.6, "%") == pytest.approx(0.436)
    with pytest.raises(KeyError, match="亿元"):
        to_base(1.0, "亿元")


# --- the plan


def test_the_plan_is_judged_in_its_own_order() -> None:
    for found in result().runs.values():
        assert [c.target for c in found.targets] == study().place.targets
        assert all(c.target.document == PLAN for c in found.targets)


def test_judgement_of_the_plan_is_that_of_its_series() -> None:
    """Rate, seat population and yearly increase, recomputed from the cells."""
    for found in result().runs.values():
        cells = found.paths.population.sum(axis=(3, 4))
        town, residents = cells[:, :, 0].sum(axis=1), cells[:, :, :2].sum(axis=(1, 2))
        by_hand = {
            "resident_urbanization_rate": 100 * town[3] / residents[3],
            "county_seat_population": town[3] * 244_800 / 384_700 / 1e4,
            "urbanization_rate_annual_increase": 100 / 3 * (town[3] / residents[3] - 0.436),
        }
        checks = {c.target.indicator: c for c in found.targets if c.status != "not_modelled"}
        assert set(checks) == set(by_hand)
        for name, value in by_hand.items():
            assert checks[name].projected == pytest.approx(value, rel=1e-8), name
            assert checks[name].gap == pytest.approx(value - checks[name].target.value, rel=1e-6)


def test_an_amount_since_a_year_is_added_up_and_needs_every_year() -> None:
    """新增…万人 by 2025 counts the years after ``since``; years before the base are not known."""
    yearly = np.array([np.nan, 10_000.0, 20_000.0, 30_000.0, 40_000.0])
    about = {"indicator": "hukou_conversions", "unit": "万人", "value": 5.0, "year": 2025}
    found = judged(yearly, since=2022, **about)
    assert (found.projected, found.status, found.first_year_met) == (6.0, "met", 2025)
    assert judged(yearly, since=2023, **about).projected == pytest.approx(5.0)
    assert judged(yearly, **about).projected == pytest.approx(3.0)
    early = judged(yearly, since=2021, **about)
    assert (early.projected, early.status) == (None, "not_modelled")
