"""Fertility schedules and births: totals, means and ratios hit exactly."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator import tables
from simulator.demography.fertility import (
    births,
    mean_age_at_childbearing,
    scale_to_tfr,
    shift_to_mac,
)

FloatArray = npt.NDArray[np.float64]

AGES = tables.FERTILE_AGES
FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"

schedules = arrays(
    np.float64, AGES.shape, elements=st.floats(min_value=0.0, max_value=1.0, width=32)
)


@given(schedules, st.floats(min_value=0.1, max_value=8.0))
def test_scale_to_tfr_is_exact(shape: FloatArray, tfr: float) -> None:
    assume(shape.sum() > 0.0)
    scaled = scale_to_tfr(shape, tfr)
    assert scaled.sum() == pytest.approx(tfr, rel=1e-13)
    np.testing.assert_allclose(scaled * shape.sum(), shape * tfr, rtol=1e-12)


def test_scale_to_tfr_counts_the_width_of_groups() -> None:
    np.testing.assert_allclose(scale_to_tfr([1.0, 3.0], 2.0, width=5.0), [0.1, 0.3])


def test_scale_to_tfr_takes_a_total_per_row() -> None:
    scaled = scale_to_tfr(tables.asfr(2020, "town"), [1.0, 1.5])
    np.testing.assert_allclose(scaled.sum(axis=-1), [1.0, 1.5], rtol=1e-13)


def test_mean_age_counts_births_at_the_middle_of_the_group() -> None:
    assert mean_age_at_childbearing([0.1, 0.1], [20, 25], width=5.0) == pytest.approx(25.0)
    assert mean_age_at_childbearing([0.0, 0.2, 0.0], [28, 29, 30]) == pytest.approx(29.5)


@pytest.mark.parametrize("year", tables.CENSUS_YEARS)
@pytest.mark.parametrize("residence", tables.RESIDENCES)
def test_shift_to_mac_is_exact_and_keeps_the_total(year: int, residence: str) -> None:
    asfr = tables.asfr(year, residence)
    asked = np.linspace(26.0, 33.0, 15)
    moved = shift_to_mac(asfr, asked, AGES)
    np.testing.assert_allclose(mean_age_at_childbearing(moved, AGES), asked, rtol=1e-11)
    np.testing.assert_allclose(moved.sum(axis=-1), asfr.sum(), rtol=1e-12)
    assert np.all(moved >= 0.0)


def test_shift_by_whole_years_moves_the_shape_unchanged() -> None:
    shape = np.where((AGES >= 20) & (AGES < 40), np.sin((AGES - 19.5) * np.pi / 20), 0.0)
    mac = mean_age_at_childbearing(shape, AGES)
    np.testing.assert_allclose(shift_to_mac(shape, mac + 3, AGES)[3:], shape[:-3], atol=1e-9)
    np.testing.assert_allclose(shift_to_mac(shape, mac - 2, AGES)[:-2], shape[2:], atol=1e-9)


@pytest.mark.parametrize("mac", [5.0, 60.0])
def test_shift_to_mac_refuses_ages_out_of_range(mac: float) -> None:
    with pytest.raises(ValueError, match="no move within the ages"):
        shift_to_mac(tables.asfr(2020, "town"), mac, AGES)


def test_births_of_preston_box_6_2() -> None:
    """Sweden 1993: births by age of mother from the printed women at both ends, to rounding.

    Half of the migrants of the five years stand among the women at the start.
    """
    with (FIXTURES / "preston_box_6_2.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    start, migrants, end, asfr, printed = (
        np.array([float(row[name]) for row in rows])
        for name in (
            "population_start",
            "net_migrants",
            "population_end_female",
            "asfr",
            "births_by_mother_age",
        )
    )
    computed = births(asfr, start + migrants / 2.0, end, width=5.0)
    np.testing.assert_allclose(computed, printed, rtol=0, atol=1.0)


@pytest.mark.parametrize(
    ("shape", "tfr", "message"),
    [
        ([0.1, -0.1], 1.5, "not negative"),
        ([0.1, np.nan], 1.5, "finite"),
        ([0.0, 0.0], 1.5, "sum to 0"),
        ([0.1, 0.1], -1.0, "tfr"),
    ],
)
def test_scale_to_tfr_refuses(shape: list[float], tfr: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scale_to_tfr(shape, tfr)
