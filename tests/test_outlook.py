"""How sure a run is: errors of the right size, honest probabilities, the same numbers again."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from quxian import ROOT, result, target
from typer.testing import CliRunner

from benchmarks.bands import INDICATORS, indicators
from simulator.cli import app
from simulator.county_lists import error_sizes
from simulator.ensemble import run_draws
from simulator.forecast_error import Errors, Size, forecast_errors, growth, kind_of, size_of
from simulator.goals import choose_goals
from simulator.i18n import LANGUAGES
from simulator.outlook import (
    LEVELS,
    Outlook,
    _shifted,
    _urban,
    drawn_totals,
    outlook,
    years_since_count,
)
from simulator.places import file_of
from simulator.problem import build_problem
from simulator.report.certainty import thin_fit
from simulator.run import Run, run
from simulator.scenario import load_scenario
from simulator.seek import chance_of
from simulator.ui.cards import cards

VALUES = {
    "forecast_persistence": 0.7, "forecast_error_population": 1.0, "forecast_error_urban": 1.0,
    "base_error_population": 0.04, "base_error_urban": 0.20,
}  # fmt: skip
DRAWS, YEARS = 4000, 10
SIZES = (Size(0.10, 0.0), Size(0.25, 0.0))


def plan() -> Run:
    return result().runs["plan"]


@cache
def looked(draws: int = 300, seed: int = 1) -> Outlook:
    return outlook(plan(), draws, seed)


def normals(draws: int = DRAWS) -> np.ndarray:
    return np.random.default_rng(5).standard_normal((draws, 2, YEARS + 1))


@given(rho=st.floats(0.0, 0.95), years=st.integers(1, 30))
@settings(deadline=None)
def test_spread_grows_from_nothing_to_one_after_a_decade(rho: float, years: int) -> None:
    shape = growth(rho, years)
    assert shape.shape == (years + 1,)
    assert shape[0] == 0.0
    assert (np.diff(shape) > 0.0).all()
    assert growth(rho, 10)[10] == pytest.approx(1.0)


def test_without_persistence_spread_grows_with_the_root_of_time() -> None:
    assert growth(0.0, 10) == pytest.approx(np.sqrt(np.arange(11) / 10))


def test_draws_without_spread_get_all_of_it() -> None:
    flat = np.zeros((DRAWS, YEARS + 1))
    found = forecast_errors(normals(), flat, flat, SIZES, 0.7)
    wanted = growth(0.7, YEARS)
    assert found.population.std(axis=0) == pytest.approx(0.10 * wanted, rel=0.04)
    assert found.urban.std(axis=0) == pytest.approx(0.25 * wanted, rel=0.04)
    assert np.abs(found.population.mean(axis=0)).max() < 0.006


@given(held=st.floats(0.0, 0.3))
@settings(deadline=None, max_examples=20)
def test_what_draws_hold_already_is_not_added_again(held: float) -> None:
    """Together they have the measured spread, or the draws' own where that is wider."""
    drawn = np.random.default_rng(9).standard_normal((DRAWS, 1)) * held
    drawn = drawn * growth(0.7, YEARS)
    found = forecast_errors(normals(), drawn, drawn, SIZES, 0.7)
    total = (drawn + found.population)[:, -1].std()
    assert total == pytest.approx(max(0.10, held), rel=0.06)


def test_uneven_weights_of_the_fit_are_told_beside_probabilities() -> None:
    """古田's history weighs a few samples far more than the rest; 渠县's does not."""
    uneven = run(load_scenario(file_of("gutian")), face_value=False).trend
    found = outlook(uneven, 256, 1)
    assert 1.0 < found.independent < 128.0
    assert outlook(uneven, 256, 1).independent == found.independent
    for lang in LANGUAGES:
        told = thin_fit(found, lang)
        assert told is not None
        assert f" {round(found.independent)} " in told
        assert str(found.draws) in told
    even = outlook(result().trend, 256, 1)
    assert even.independent == 256.0
    assert thin_fit(even, "zh") is None


def test_samples_of_equal_weight_count_in_full_and_one_that_outweighs_all_counts_once() -> None:
    posterior = result().trend.start.posterior
    assert posterior is not None
    for weights, worth in ((np.zeros(200), 128.0), (np.r_[100.0, np.zeros(199)], 1.0)):
        for block, logs in enumerate((weights, weights - 1e3)):
            posterior._made[7, block, 64] = (np.empty((0, 64)), logs)
        assert posterior.independent(7, 2, 64) == pytest.approx(worth)


def test_uneven_weights_are_told_by_the_command_and_on_the_cards() -> None:
    words = ["run", "gutian", "--draws", "512", "--horizon", "2021", "--lang", "zh"]
    assert "个独立样本" in CliRunner().invoke(app, words).stdout
    found = run(load_scenario(file_of("gutian")), face_value=False)
    drawn = outlook(found.trend, 512, 1)
    assert "个独立样本" in cards(found, found.trend, drawn, "zh")
    assert "个独立样本" not in cards(found, found.trend, None, "zh")


def test_a_counted_base_has_no_error_and_an_estimate_grows_with_its_age() -> None:
    sizes = [size_of("county", "urban", True, age, VALUES) for age in (0, 2, 5, 9)]
    assert [s.base for s in sizes] == pytest.approx([0.0, 0.08, 0.20, 0.20])
    carried = [size_of("county", "population", False, age, VALUES) for age in (0, 5, 10)]
    decade = error_sizes("county")[0]
    assert [s.base for s in carried] == pytest.approx(list(decade * growth(0.7, 10)[[0, 5, 10]]))
    flat, urban = np.zeros((DRAWS, YEARS + 1)), Size(0.25, 0.20)
    found = forecast_errors(normals(), flat, flat, (SIZES[0], urban), 0.7)
    assert not found.population[:, 0].any()
    assert found.urban[:, 0].std() == pytest.approx(0.20, rel=0.05)
    assert found.urban[:, 0].mean() == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("level", "name", "kind"),
    [("county", "渠县", "county"), ("county", "迁安市", "county_city"),
     ("town", "横沟桥镇", "small"),
     ("district", "永川区", "district"), ("prefecture", "六安市", "prefecture")],
)  # fmt: skip
def test_errors_are_of_the_kind_of_place(level: str, name: str, kind: str) -> None:
    place = plan().study.place
    words = place.name.model_copy(update={"zh": name})
    asked = place.model_copy(update={"level": level, "name": words})
    assert kind_of(asked, 5e5) == kind
    assert kind_of(asked, 5e4) == ("small" if asked.county_kind else kind)
    doubled = {**VALUES, "forecast_error_urban": 2.0}
    for row, measure in enumerate(("population", "urban")):
        assert size_of(kind, measure, True, 0, VALUES).decade == error_sizes(kind)[row]
    assert size_of(kind, "urban", True, 0, doubled).decade == 2.0 * error_sizes(kind)[1]


def test_districts_are_harder_to_foresee_than_counties_and_sums_easier() -> None:
    for row in (0, 1):
        size = {k: error_sizes(k)[row] for k in ("county", "district", "prefecture", "small")}
        assert size["prefecture"] < size["county"] < min(size["district"], size["small"])
        assert 0.0 < error_sizes("correlation")[row] < 0.5


def test_errors_of_members_partly_cancel() -> None:
    """Relative spread of a sum of like members, with the correlation that neighbours have."""
    trend, count = result().trend, 8
    whole = replace(trend, members=(trend,) * count)
    at = -1

    def spread(run: Run) -> float:
        totals = drawn_totals(run, 400, 3)[:, at, :, :2].sum(axis=(-1, -2))
        return float(np.log(totals).std())

    alone, of_sum = spread(trend), spread(whole)
    assert of_sum < 0.95 * alone
    plain = run_draws(trend, 400, 3).policy[:, at, :, :2].sum(axis=(-1, -2))
    assert of_sum > 0.9 * np.log(plain).std()  # what the members' own draws share does not cancel


def test_errors_leave_the_middle_of_the_draws_where_it_was() -> None:
    """Otherwise a probability would speak of another projection than the one printed beside it."""
    rate = "resident_urbanization_rate"
    plain = indicators(run_draws(plan(), 300, 1).policy)[:, INDICATORS.index(rate)]
    middle = looked().quantiles[rate][LEVELS.index(0.50)]
    assert middle == pytest.approx(np.median(plain, axis=0), abs=0.011)  # three standard errors


def test_registers_are_not_blurred_by_errors_of_residence() -> None:
    """Who is not resident after all is away: the hukou population stays as drawn."""
    plain = indicators(run_draws(plan(), 300, 1).policy)[:, INDICATORS.index("hukou_population")]
    found = looked().quantiles["hukou_population"]
    assert found == pytest.approx(np.quantile(plain, LEVELS, axis=0), rel=1e-9)
    gap = looked().quantiles["hukou_minus_resident"]
    assert (gap[-1] - gap[0])[-1] > 0.05 * found[3][-1]


@given(
    people=arrays(float, (2, 3, 3, 3), elements=st.floats(10.0, 1e6)),
    population=st.floats(-1.0, 1.0), urban=st.floats(-3.0, 3.0),
)  # fmt: skip
def test_errors_of_any_size_move_residents_and_no_register(
    people: np.ndarray, population: float, urban: float
) -> None:
    """Residents and urban share are those wanted, nobody is negative, no register changes."""
    people[..., 2, 2] = 0.0  # nobody is counted who is neither local nor here
    shape = people.shape[:2]
    found = _shifted(people, Errors(np.full(shape, population), np.full(shape, urban)))
    before, after = _urban(people), _urban(found)
    assert (found >= 0.0).all()
    assert after[0] == pytest.approx(before[0] * np.exp(population), rel=1e-9)
    assert after[1] == pytest.approx(before[1] + urban, abs=1e-9)
    registers = [cells[..., :2, :].sum(axis=-1) for cells in (people, found)]
    assert registers[1] == pytest.approx(registers[0], rel=1e-9)


def test_seek_and_run_tell_the_same_probability() -> None:
    """Although seek projects no further than its goal's year."""
    trend = result().trend
    goals = choose_goals(["resident_urbanization_rate>=46.4@2025"], trend)
    problem = build_problem(trend, trend, goals, ())
    asked = trend.study.place.model_copy(update={"targets": [target(value=46.4, year=2025)]})
    same = replace(trend, study=replace(trend.study, place=asked))
    chance = chance_of(problem, problem.look(()), 100, 1)
    assert chance == outlook(same, 100, 1).probability[0]
    assert 0.05 < chance < 0.95


def test_the_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    again = outlook(plan(), 300, 1)
    assert again.probability == looked().probability
    for name, found in looked().quantiles.items():
        assert np.array_equal(again.quantiles[name], found, equal_nan=True)
    other = looked(300, 2)
    name = "resident_urbanization_rate"
    assert not np.array_equal(other.quantiles[name], looked().quantiles[name])


def test_quantiles_are_ordered_and_shares_stay_shares() -> None:
    for name, found in looked().quantiles.items():
        known = found[:, 1:]
        assert (np.diff(known, axis=0) >= 0.0).all(), name
        if name.endswith("_rate"):
            assert ((known > 0.0) & (known < 1.0)).all()


def test_residents_are_town_and_village_in_every_draw() -> None:
    mean = looked().mean
    whole = mean["town_population"] + mean["village_population"]
    assert mean["resident_population"] == pytest.approx(whole)


def test_an_easier_target_is_met_more_often() -> None:
    place = plan().study.place
    goals = [target(value=v, year=2030) for v in (30.0, 45.0, 50.0, 55.0, 80.0)]
    study = replace(plan().study, place=place.model_copy(update={"targets": goals}))
    chances = outlook(replace(plan(), study=study), 300, 1).probability
    assert all(p is not None for p in chances)
    known = [p for p in chances if p is not None]
    assert known == sorted(known, reverse=True)
    assert known[0] > 0.99
    assert known[-1] < 0.01
    assert 0.05 < known[2] < 0.95


def test_only_projected_targets_have_a_probability() -> None:
    for check, chance in zip(plan().targets, looked().probability, strict=True):
        assert (chance is None) == (check.projected is None)


def test_the_error_of_a_finite_number_of_draws() -> None:
    assert looked().monte_carlo_error(0.5) == pytest.approx(np.sqrt(0.25 / 300), rel=0.01)
    assert 0.0 < looked().monte_carlo_error(0.0) < 1.0 / 100


def test_years_since_the_last_census() -> None:
    assert years_since_count(plan()) == 2  # counted in 2020, base year 2022


def test_run_prints_probabilities_and_writes_quantiles(tmp_path: Path) -> None:
    file = str(ROOT / "scenarios" / "quxian.yaml")
    asked = ["run", file, "--draws", "100", "--seed", "3", "--lang", "en", "--out", str(tmp_path)]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "Probability of meeting the targets" in told.output
    assert "100 draws, seed 3" in told.output
    with (tmp_path / "quxian" / "plan" / "results.csv").open(encoding="utf-8") as handle:
        rows = [r for r in csv.DictReader(handle) if r["variable"] == "Population|Resident"]
    assert {r["statistic"] for r in rows} == {
        "value",
        "mean",
        *(f"p{round(100 * q):02d}" for q in LEVELS),
    }
    with (tmp_path / "quxian" / "plan" / "targets.csv").open(encoding="utf-8") as handle:
        chances = [r["probability"] for r in csv.DictReader(handle) if r["kind"] == "modelled"]
    assert chances
    assert all(0.0 <= float(p) <= 1.0 for p in chances)
