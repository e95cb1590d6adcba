"""Cells of a year from few totals: every total is met, nothing else is moved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import study

from simulator.axes import N_AGES, N_SEXES, Place, Registration
from simulator.baseline import Totals, away_profile, build_cells, national_pattern, rake_to
from simulator.indicators import measure, residents_by_age
from simulator.parameters import assumptions, central_values
from simulator.rates import RESIDENCE

EXAMPLES = settings(max_examples=60, deadline=None)
VALUES = central_values()
QUXIAN_2010 = Totals(1_156_481.0, 285_024.0, 1_449_887.0, 243_436.0, 9_712.0)


@st.composite
def totals(draw: st.DrawFn) -> Totals:
    """Totals as counties have them, small and large, with few and many away or non-local."""
    residents = draw(st.floats(5e3, 5e6))
    town = residents * draw(st.floats(0.05, 0.95))
    nonlocal_residents = residents * draw(st.one_of(st.just(0.0), st.floats(0.001, 0.5)))
    away = residents * draw(st.one_of(st.just(0.0), st.floats(0.001, 0.8)))
    hukou = residents - nonlocal_residents + away
    return Totals(residents, town, hukou, hukou * draw(st.floats(0.05, 0.9)), nonlocal_residents)


def assert_met(cells: np.ndarray, wanted: Totals, accuracy: float = 1e-9) -> None:
    stocks = measure(cells)
    scale = {
        "resident_population": wanted.residents,
        "town_population": wanted.town,
        "hukou_population": wanted.hukou,
        "urban_hukou": wanted.urban_hukou,
        "nonlocal_residents": wanted.nonlocal_residents,
        "out_migrants": wanted.away,
    }
    for name, value in scale.items():
        assert float(getattr(stocks, name)) == pytest.approx(
            value, rel=accuracy, abs=accuracy * wanted.residents
        ), name
    assert np.isfinite(cells).all()
    assert (cells >= 0.0).all()
    assert not cells[Registration.NONLOCAL, Place.AWAY].any()


@EXAMPLES
@given(wanted=totals(), level=st.sampled_from(sorted(RESIDENCE)), year=st.integers(2005, 2024))
def test_cells_meet_every_total(wanted: Totals, level: str, year: int) -> None:
    assert_met(build_cells(VALUES, wanted, year, level), wanted)


@EXAMPLES
@given(wanted=totals())
def test_cells_meet_totals_and_the_places_own_ages(wanted: Totals) -> None:
    table = study().age_tables[2020]
    cells = build_cells(VALUES, wanted, 2020, "county", table)
    assert_met(cells, wanted)
    ages = residents_by_age(cells)
    groups = np.stack([np.bincount(table.group, weights=row) for row in ages])
    expected = table.persons * (wanted.residents / table.persons.sum())
    np.testing.assert_allclose(groups, expected, rtol=1e-8)


@EXAMPLES
@given(wanted=totals(), later=totals())
def test_raking_meets_totals(wanted: Totals, later: Totals) -> None:
    cells = build_cells(VALUES, wanted, 2020, "county")
    if wanted.nonlocal_residents == 0.0 or wanted.away == 0.0:
        return
    moved = rake_to(cells, later)
    assert_met(moved, later)


def test_raking_to_the_same_totals_moves_nobody() -> None:
    cells = build_cells(VALUES, QUXIAN_2010, 2010, "county", study().age_tables[2010])
    np.testing.assert_allclose(rake_to(cells, QUXIAN_2010), cells, rtol=1e-9)


def test_raking_changes_only_ratios_of_margins() -> None:
    """Minimum relative entropy: odds within a cell of the cross do not move, eq. (47)."""
    cells = build_cells(VALUES, QUXIAN_2010, 2010, "county")
    moved = rake_to(cells, replace(QUXIAN_2010, residents=1_100_000.0, town=300_000.0))
    inside = cells > 0.0
    ratio = np.where(inside, moved / np.where(inside, cells, 1.0), np.nan)
    for r in Registration:
        for p in Place:
            if not (r is Registration.NONLOCAL and p is Place.AWAY):
                spread = ratio[r, p][inside[r, p]]
                np.testing.assert_allclose(spread, spread[0], rtol=1e-12)
    odds = np.log(np.nanmean(ratio[:2], axis=(2, 3)))
    np.testing.assert_allclose(odds[0] - odds[1], (odds[0] - odds[1])[0], atol=1e-9)


CONTRADICTIONS = [
    ({"town": 1_200_000.0}, "town_population"),
    ({"town": 0.0}, "town_population"),
    ({"town": -1.0}, "town_population"),
    ({"urban_hukou": 1_500_000.0}, "hukou_urbanization_rate"),
    ({"urban_hukou": 0.0}, "hukou_urbanization_rate"),
    ({"nonlocal_residents": 1_200_000.0}, "nonlocal_residents"),
    ({"nonlocal_residents": -1.0}, "nonlocal_residents"),
    ({"hukou": 1_000_000.0}, "nonlocal_residents"),  # 146 769 locals at home who do not exist
]


@pytest.mark.parametrize(("changes", "named"), CONTRADICTIONS)
def test_contradictions_are_refused_by_name(changes: dict[str, float], named: str) -> None:
    wrong = replace(QUXIAN_2010, **changes)
    assert named in wrong.problems()
    with pytest.raises(ValueError, match=f"totals contradict each other: .*{named}"):
        build_cells(VALUES, wrong, 2010, "county")


def test_sound_totals_have_no_problems() -> None:
    assert QUXIAN_2010.problems() == []
    assert QUXIAN_2010.away == 1_449_887.0 - 1_156_481.0 + 9_712.0


def test_raking_to_what_cannot_be_met_is_refused() -> None:
    cells = build_cells(VALUES, QUXIAN_2010, 2010, "county")
    with pytest.raises(ValueError, match="cells do not meet the totals"):
        rake_to(cells, replace(QUXIAN_2010, town=2_000_000.0))


# --- patterns and profiles


@pytest.mark.parametrize("level", sorted(RESIDENCE))
@pytest.mark.parametrize("year", [2001, 2014, 2016, 2030])
def test_national_patterns_are_shares_of_the_nearest_census(level: str, year: int) -> None:
    pattern = national_pattern(year, level)
    assert pattern.shape == (3, N_SEXES, N_AGES)
    np.testing.assert_allclose(pattern.sum(axis=(1, 2)), 1.0, rtol=1e-12)
    nearest = national_pattern(2010 if year < 2015 else 2020, level)
    np.testing.assert_array_equal(pattern, nearest)


def test_villages_are_older_than_towns() -> None:
    town, village, _ = national_pattern(2020, "county").sum(axis=1)
    assert village[60:].sum() > town[60:].sum()


@EXAMPLES
@given(
    out=st.floats(0.0, 0.5),
    back=st.floats(1e-6, 0.3),
    settle=st.floats(0.0, 0.3),
    peak=st.floats(assumptions()["rc_mu2"].low, assumptions()["rc_mu2"].high),
)
def test_away_profile_is_a_share(out: float, back: float, settle: float, peak: float) -> None:
    values = VALUES | {
        "out_migration_level": out, "return_level": back, "settled_elsewhere_level": settle,
        "rc_mu2": peak,
    }  # fmt: skip
    share = away_profile(values)
    assert share.shape == (N_AGES,)
    assert (share >= 0.0).all()
    assert (share <= 1.0).all()
    assert share[0] == 0.0
    assert (share[1:] > 0.0).all() == (out > 0.0)


def test_away_profile_is_the_long_run_share_of_two_states() -> None:
    """Constant hazards m and b: b / (m + b) stay, eq. (44) solved by hand."""
    flat = VALUES | {f"rc_{name}": 0.0 for name in ("a1", "a2")} | {"rc_c": 1.0}
    out, back = flat["out_migration_level"], flat["return_level"] + flat["settled_elsewhere_level"]
    age = np.arange(N_AGES)
    expected = out / (out + back) * (1.0 - np.exp(-(out + back) * age))
    np.testing.assert_allclose(away_profile(flat), expected, rtol=1e-12)


def test_more_leave_more_are_away() -> None:
    more = VALUES | {"out_migration_level": 2 * VALUES["out_migration_level"]}
    assert (away_profile(more)[1:] > away_profile(VALUES)[1:]).all()
