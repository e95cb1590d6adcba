"""The fit: what the model made itself is found again, and nothing is claimed beyond the data."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from quxian import study

from simulator.age_table import AgeTable
from simulator.baseline import Totals, build_cells
from simulator.calibration import FITTED, Context, Fit, History, Observation, fit, trend_inputs
from simulator.indicators import measure, residents_by_age
from simulator.parameters import central_values, parameters
from simulator.projection import project

VALUES = central_values()
START, BASE = 2010, 2022
SHIFT_AFTER = 2018
YEARS = range(START + 1, BASE + 1)
TOTALS = Totals(1_156_481.0, 285_024.0, 1_449_887.0, 243_436.0, 9_712.0)
WATCHED = (
    "resident_population", "town_population", "hukou_population", "nonlocal_residents",
    "out_migrants", "hukou_urbanization_rate",
)  # fmt: skip


def truth(seed: int) -> dict[str, float]:
    """Parameters half a prior width from the centre, up or down, within their range."""
    rng = np.random.default_rng(seed)
    found = dict(VALUES)
    for name in FITTED:
        p = parameters()[name]
        width = np.log(p.high / p.low) / (2 * 1.6448536269514722)
        value = VALUES[name] * np.exp(0.5 * width * rng.choice([-1.0, 1.0]))
        found[name] = float(np.clip(value, p.low * 1.01, p.high * 0.99))
    return found


@cache
def cells() -> np.ndarray:
    return build_cells(VALUES, TOTALS, START, "county", study().age_tables[2010])


CONTEXT = Context("county", SHIFT_AFTER, TOTALS.residents, {})


def made_history(values: dict[str, float], relative_sd: float, ages: bool = True) -> History:
    """A history that the model itself lived through, observed every year without error."""
    population = project(trend_inputs(values, cells(), YEARS, CONTEXT)).population
    stocks = measure(population)
    observations = tuple(
        Observation(year, name, value, relative_sd * value)
        for year in YEARS
        for name in WATCHED
        for value in [float(getattr(stocks, name)[year - START])]
    )
    counted = {
        year: AgeTable(residents_by_age(population[year - START]), np.arange(101))
        for year in (2016, 2020)
    }
    return History(START, BASE, cells(), observations, counted if ages else {}, CONTEXT)


TIGHT = {**VALUES, "sd_age_group": 0.002}


@cache
def recovered(seed: int) -> tuple[dict[str, float], Fit]:
    made = truth(seed)
    return made, fit(made_history(made, 2e-4), TIGHT)


SEEDS = [1, 2, 3]


@pytest.mark.parametrize("seed", SEEDS)
def test_known_levels_are_recovered_within_the_posterior(seed: int) -> None:
    made, found = recovered(seed)
    off = {n: np.log(found.values[n] / made[n]) / found.log_sd[n] for n in FITTED}
    assert max(abs(z) for z in off.values()) < 2.0, off


#: Levels of which such a history speaks clearly.
SEEN = ("settled_elsewhere_level", "arrival_share", "fertility_ratio", "hukou_conversion_level",
        "out_migration_level", "rc_alpha2", "rc_mu2", "recent_shift_out")  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_levels_that_the_history_shows_are_recovered_closely(seed: int) -> None:
    made, found = recovered(seed)
    for name in SEEN:
        assert found.values[name] == pytest.approx(made[name], rel=0.02), name
        assert found.log_sd[name] < 0.25 * found.prior_log_sd[name], name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_past_is_met(seed: int) -> None:
    _, found = recovered(seed)
    z = [(f - o.value) / o.sd for f, o in zip(found.fitted, found.observations, strict=True)]
    assert np.abs(z).max() < 1.0
    assert len(z) == len(YEARS) * len(WATCHED)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_posterior_is_never_wider_than_the_prior(seed: int) -> None:
    _, found = recovered(seed)
    assert tuple(found.log_sd) == FITTED
    for name in FITTED:
        assert 0.0 < found.log_sd[name] <= found.prior_log_sd[name] * (1.0 + 1e-9)
    np.testing.assert_allclose(
        np.sqrt(np.diag(found.covariance)), list(found.log_sd.values()), rtol=1e-12
    )


def test_what_cannot_be_told_apart_is_named() -> None:
    """Both turn villagers into townspeople, and no figure here tells one from the other."""
    _, found = recovered(1)
    pairs = {frozenset(pair): c for *pair, c in found.confounded()}
    assert pairs[frozenset(("rural_to_urban_level", "reclassification_level"))] < -0.8
    assert all(abs(c) > 0.8 for c in pairs.values())


def test_without_a_word_of_history_the_prior_stays() -> None:
    silent = History(START, BASE, cells(), (), {}, CONTEXT)
    found = fit(silent, VALUES)
    for name in FITTED:
        assert found.values[name] == pytest.approx(VALUES[name], rel=1e-12)
        assert found.log_sd[name] == pytest.approx(found.prior_log_sd[name], rel=1e-6)
    assert found.cost == pytest.approx(0.0, abs=1e-20)


def test_prior_width_is_the_documented_ninety_per_cent() -> None:
    """low..high is 2 x 1.645 standard deviations of the log, eq. (48)."""
    found = fit(History(START, BASE, cells(), (), {}, CONTEXT), VALUES)
    for name in FITTED:
        p = parameters()[name]
        width = 2 * 1.6448536269514722 * found.prior_log_sd[name]
        assert np.exp(width) == pytest.approx(p.high / p.low, rel=1e-12)


def test_prior_counts_as_one_observation_of_its_width() -> None:
    """One figure as sure as the prior halves the way, and the variance with it."""
    made = VALUES | {"arrival_share": VALUES["arrival_share"] * 1.02}
    history = made_history(made, 1e-3, ages=False)
    only = tuple(o for o in history.observations if o.indicator == "nonlocal_residents")
    others = tuple(name for name in FITTED if name != "arrival_share")
    sharp = fit(replace(history, observations=only), VALUES, fixed=others)
    assert sharp.values["arrival_share"] == pytest.approx(made["arrival_share"], rel=1e-4)
    data_sd = 1.0 / np.sqrt(1.0 / sharp.log_sd["arrival_share"] ** 2
                            - 1.0 / sharp.prior_log_sd["arrival_share"] ** 2)  # fmt: skip
    stretch = sharp.prior_log_sd["arrival_share"] / data_sd
    loose = tuple(replace(o, sd=o.sd * stretch) for o in only)
    halved = fit(replace(history, observations=loose), VALUES, fixed=others)
    way = np.log(halved.values["arrival_share"] / VALUES["arrival_share"]) / np.log(1.02)
    assert way == pytest.approx(0.5, abs=0.01)
    ratio = halved.log_sd["arrival_share"] / halved.prior_log_sd["arrival_share"]
    assert ratio == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_fixed_parameters_stay_as_set() -> None:
    made = truth(1)
    set_by_user = VALUES | {"return_level": 0.02, "rc_mu2": 25.0}
    found = fit(made_history(made, 1e-3), set_by_user, fixed=("return_level", "rc_mu2"))
    assert found.values["return_level"] == 0.02
    assert found.values["rc_mu2"] == 25.0
    assert set(found.names) == set(FITTED) - {"return_level", "rc_mu2"}
    assert set(found.log_sd) == set(found.names)


def test_parameters_outside_the_fit_stay_as_they_are() -> None:
    _, found = recovered(1)
    assert {n: v for n, v in found.values.items() if n not in FITTED} == {
        n: v for n, v in TIGHT.items() if n not in FITTED
    }


def test_everything_may_be_fixed() -> None:
    found = fit(made_history(truth(1), 1e-3), VALUES, fixed=FITTED)
    assert found.names == ()
    assert found.values == VALUES


@pytest.mark.parametrize(("share", "end"), [(0.0, "low"), (0.12, "high")])
def test_bounds_are_respected(share: float, end: str) -> None:
    """A history that nothing in range explains drives a level to its limit and not beyond."""
    wanted = Observation(BASE, "nonlocal_residents", share * TOTALS.residents, 1000.0)
    found = fit(History(START, BASE, cells(), (wanted,), {}, CONTEXT), VALUES)
    for name in FITTED:
        p = parameters()[name]
        assert p.low * (1 - 1e-12) <= found.values[name] <= p.high * (1 + 1e-12)
    limit = getattr(parameters()["arrival_share"], end)
    assert found.values["arrival_share"] == pytest.approx(limit, rel=1e-6)


def test_the_fit_is_the_same_bit_for_bit() -> None:
    _, first = recovered(1)
    again = fit(made_history(truth(1), 2e-4), TIGHT)
    assert again.values == first.values
    assert again.log_sd == first.log_sd
    assert again.cost == first.cost
    np.testing.assert_array_equal(again.covariance, first.covariance)
    np.testing.assert_array_equal(again.population, first.population)


def test_fitted_run_is_the_run_of_the_fitted_values() -> None:
    _, found = recovered(1)
    inputs = trend_inputs(found.values, cells(), YEARS, CONTEXT)
    np.testing.assert_array_equal(project(inputs).population, found.population)


def test_ages_before_the_start_are_left_out() -> None:
    """An age table of the start year built the cells; it is no observation as well."""
    history = made_history(truth(1), 1e-3, ages=False)
    with_start = replace(history, age_tables={START: study().age_tables[2010]})
    assert fit(with_start, VALUES).values == fit(history, VALUES).values


def test_age_shares_count_not_totals() -> None:
    """A count of every tenth person says the same about ages."""
    history = made_history(truth(2), 1e-3)
    tenth = {y: AgeTable(t.persons / 10.0, t.group) for y, t in history.age_tables.items()}
    one, other = fit(history, VALUES), fit(replace(history, age_tables=tenth), VALUES)
    # 50 persons are added to each group, so that the smallest are not quite the same.
    for name in ("fertility_ratio", "out_migration_level", "rc_alpha2"):
        assert other.values[name] == pytest.approx(one.values[name], rel=0.02)
