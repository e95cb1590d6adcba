"""Life tables against published tables, relational scaling, survivorship."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from simulator import tables
from simulator.demography.lifetable import (
    close_with_kannisto,
    infant_a0,
    life_table,
    scale_to_e0,
    survivorship,
)

FloatArray = npt.NDArray[np.float64]

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
E0_ASKED = np.linspace(60.0, 90.0, 31)
FIRST_ADULT_AGE = 30
AGES = np.arange(101)
GOMPERTZ = 2e-4 + 2e-5 * np.exp(0.1 * AGES)

random_rates = arrays(
    np.float64,
    st.integers(min_value=3, max_value=101),
    elements=st.floats(min_value=1e-6, max_value=1.5),
)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def column(rows: list[dict[str, str]], name: str) -> FloatArray:
    return np.array([float(row[name]) for row in rows])


def test_life_table_equals_preston_box_3_1() -> None:
    """Preston, Heuveline & Guillot (2001), Box 3.1, Austria 1992: equal to the printed digit."""
    rows = read_csv(FIXTURES / "preston_box_3_1.csv")
    table = life_table(
        column(rows, "deaths") / column(rows, "population"),
        width=column(rows, "width"),
        ax=column(rows, "ax"),
    )
    radix, rounding = 100_000, 1.0
    np.testing.assert_allclose(table.lx * radix, column(rows, "lx"), rtol=0, atol=rounding)
    # Lx is printed from rounded lx: at most the width times the rounding of lx.
    allowed = np.maximum(rounding, column(rows, "width") * rounding)
    assert np.all(np.abs(table.Lx * radix - column(rows, "Lx")) <= allowed)
    assert table.ex[0] == pytest.approx(72.889, abs=5e-4)
    assert table.qx[0] == pytest.approx(0.008672, abs=5e-7)
    assert table.ex[-1] == pytest.approx(5.247, abs=5e-4)


@pytest.mark.parametrize("residence", ["city", "town", "rural", "total"])
@pytest.mark.parametrize("sex", ["M", "F"])
def test_life_table_equals_census_tables(reference: Path, residence: str, sex: str) -> None:
    """Life tables computed elsewhere from the same census rates; their a0 is a constant 0.1."""
    rows = [
        row
        for row in read_csv(reference / "data" / "census_lifetables_derived.csv")
        if (row["year"], row["residence"], row["sex"]) == ("2020", residence, sex)
    ]
    assert len(rows) == len(AGES)
    table = life_table(column(rows, "mx"))
    np.testing.assert_allclose(table.qx, column(rows, "qx"), rtol=0, atol=2e-6)
    np.testing.assert_allclose(table.lx, column(rows, "lx"), rtol=0, atol=2e-5)
    np.testing.assert_allclose(table.ex, column(rows, "ex"), rtol=0, atol=5e-3)


def test_infant_a0_is_continuous_and_bounded() -> None:
    """Andreev & Kingkade (2015): the pieces meet, to the rounding of the coefficients."""
    m0 = np.linspace(0.0, 0.2, 200_001)
    a0 = infant_a0(m0)
    assert a0[0] == pytest.approx((0.14929 + 0.14903) / 2)
    assert a0[-1] == pytest.approx((0.29915 + 0.31411) / 2)
    assert np.abs(np.diff(a0)).max() < 5e-4


def test_constant_rate_has_the_inverse_as_expectation() -> None:
    rate = 0.02
    table = life_table(np.full(101, rate), ax=1.0 + 1.0 / rate - 1.0 / -np.expm1(-rate))
    np.testing.assert_allclose(table.ex, 1.0 / rate, rtol=1e-9)
    np.testing.assert_allclose(table.lx, np.exp(-rate * AGES), rtol=1e-9)


@given(random_rates)
def test_life_table_properties(mx: FloatArray) -> None:
    table = life_table(mx)
    assert np.all((table.qx >= 0.0) & (table.qx <= 1.0))
    assert np.all(np.diff(table.lx) < 0.0)
    assert np.all(table.ex > 0.0)
    deaths = table.lx - np.append(table.lx[1:], 0.0)
    assert deaths.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(deaths, table.mx * table.Lx, rtol=1e-9, atol=1e-15)


def test_life_table_leading_axes_are_independent() -> None:
    mx = np.stack([GOMPERTZ, 2.0 * GOMPERTZ])
    for row, alone in zip(life_table(mx).ex, mx, strict=True):
        np.testing.assert_array_equal(row, life_table(alone).ex)


@pytest.mark.parametrize(
    ("mx", "message"),
    [
        ([0.01, -0.01, 0.2], "not negative"),
        ([0.01, np.nan, 0.2], "finite"),
        ([0.01, 0.01, 0.0], "open interval needs"),
        ([0.01, 2.5, 0.2], "too high"),
        ([0.2], "two ages"),
    ],
)
def test_life_table_refuses(mx: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        life_table(mx)


def test_life_table_asks_for_ax_of_wide_first_interval() -> None:
    with pytest.raises(ValueError, match="ax is needed"):
        life_table([0.01, 0.02, 0.2], width=5.0)


@given(random_rates)
def test_survivorship_leaves_the_stationary_population_unchanged(mx: FloatArray) -> None:
    Lx = life_table(mx).Lx
    ratios = survivorship(Lx)
    assert ratios.shape == (len(mx) + 1,)
    following = np.zeros_like(Lx)
    following[0] = ratios[0]  # one birth a year
    following[1:] = Lx[:-1] * ratios[1:-1]
    following[-1] += Lx[-1] * ratios[-1]
    np.testing.assert_allclose(following, Lx, rtol=1e-12)


def test_survivorship_of_preston_box_6_2() -> None:
    """Sweden 1993: ratios that follow from the printed Lx, open interval included."""
    Lx = column(read_csv(FIXTURES / "preston_box_6_2.csv"), "Lx")
    ratios = survivorship(Lx, width=5.0, radix=100_000.0)
    assert ratios[0] == pytest.approx(497_487 / 500_000)
    assert ratios[1] == pytest.approx(497_138 / 497_487)
    assert ratios[-2] == ratios[-1] == pytest.approx(291_707 / (271_512 + 291_707))


@pytest.mark.parametrize(
    ("Lx", "message"), [([1.0, 2.0], "three ages"), ([1.0, 0.0, 2.0], "above 0")]
)
def test_survivorship_refuses(Lx: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        survivorship(Lx)


@pytest.mark.parametrize("year", tables.CENSUS_YEARS)
@pytest.mark.parametrize("residence", tables.RESIDENCES)
def test_scale_to_e0_hits_the_asked_value(year: int, residence: str) -> None:
    standard = tables.death_rates(year, residence)[:, np.newaxis]
    scaled = scale_to_e0(standard, E0_ASKED)
    e0 = life_table(scaled).ex[..., 0]
    np.testing.assert_allclose(e0, np.broadcast_to(E0_ASKED, e0.shape), rtol=0, atol=1e-9)


@pytest.mark.parametrize("year", tables.CENSUS_YEARS)
@pytest.mark.parametrize("residence", tables.RESIDENCES)
@pytest.mark.parametrize("sex", [0, 1])
def test_scale_to_higher_e0_keeps_every_adult_rise(year: int, residence: str, sex: int) -> None:
    standard = tables.death_rates(year, residence)[sex]
    higher = life_table(standard).ex[0] + np.arange(1.0, 11.0)
    rises = np.diff(standard)[FIRST_ADULT_AGE:] > 0.0
    assert rises.sum() > 60  # the census curves rise at nearly every adult age
    scaled = np.diff(scale_to_e0(standard, higher))[:, FIRST_ADULT_AGE:]
    assert np.all(scaled[:, rises] > 0.0)


def test_scale_to_e0_keeps_a_smooth_standard_monotone() -> None:
    scaled = scale_to_e0(GOMPERTZ, E0_ASKED)
    assert np.all(np.diff(scaled) > 0.0)
    assert np.all(np.diff(scaled, axis=0) < 0.0)  # a higher e0 lowers the rate of every age


def test_scale_to_e0_shifts_the_logit_of_lx_alike_at_all_ages() -> None:
    def logit(rates: FloatArray) -> FloatArray:
        lx = life_table(rates, ax=0.5).lx[1:]
        return np.asarray(np.log((1.0 - lx) / lx))

    shift = logit(scale_to_e0(GOMPERTZ, 70.0)) - logit(GOMPERTZ)
    # The change of a0 with m0 is the only departure from the exact Brass shift.
    np.testing.assert_allclose(shift, shift[50], rtol=0, atol=5e-3)
    assert abs(shift[50]) > 0.3


def test_scale_to_own_e0_changes_nothing() -> None:
    own = life_table(GOMPERTZ).ex[0]
    np.testing.assert_allclose(scale_to_e0(GOMPERTZ, own), GOMPERTZ, rtol=1e-9)


@pytest.mark.parametrize("e0", [0.2, 500.0])
def test_scale_to_e0_refuses_what_no_shift_reaches(e0: float) -> None:
    with pytest.raises(ValueError, match="no Brass shift"):
        scale_to_e0(GOMPERTZ, e0)


def test_scale_to_e0_refuses_rates_of_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        scale_to_e0([0.01, 0.0, 0.2], 70.0)


def test_kannisto_returns_a_kannisto_curve_unchanged() -> None:
    odds = 1e-5 * np.exp(0.105 * AGES)
    curve = odds / (1.0 + odds)
    broken = curve.copy()
    broken[90:] = 0.01
    closed = close_with_kannisto(broken)
    np.testing.assert_allclose(closed[:100], curve[:100], rtol=1e-12)
    alive, deaths, person_years = 1.0, 0.0, 0.0
    for age in range(100, 200):
        rate = 1.0 / (1.0 + 1e5 * np.exp(-0.105 * age))
        dying = alive * rate / (1.0 + rate / 2.0)
        deaths, person_years, alive = deaths + dying, person_years + dying / rate, alive - dying
    assert closed[100] == pytest.approx(deaths / person_years, rel=1e-6)


def test_kannisto_refuses_rates_above_one() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        close_with_kannisto(np.full(101, 1.2))
