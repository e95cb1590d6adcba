"""Draws on a trend: projected once, with what places share drawn once, to the same last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from counties import core_2010, write_folder

from simulator import load_scenario, run
from simulator.county_places import county_studies
from simulator.draws import rests, simulate_draws, simulate_trend
from simulator.ensemble import BLOCK, block_inputs, draw_inputs, draw_parameters, run_draws
from simulator.outlook import outlook
from simulator.parameters import assumptions
from simulator.run import Run

SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "quxian.yaml"
SEED = 7


@pytest.fixture(scope="module")
def fitted() -> Run:
    return run(load_scenario(SCENARIO, horizon=2026), face_value=False).trend


@pytest.fixture(scope="module")
def counties(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Two counties of one census year, whose levels are learnt from their own stocks."""
    folder = tmp_path_factory.mktemp("census")
    rows = [core_2010("511725", "渠县", 1.1e6, 0.25, 1.4e6),
            core_2010("511702", "通川区", 5e5, 0.8, 4e5)]  # fmt: skip
    write_folder(folder, rows, [], [])
    return [run(s, face_value=False).trend for s in county_studies(folder, 2010, 5)]


def test_the_short_way_is_the_long_way_bit_for_bit(fitted: Run, counties: list[Run]) -> None:
    for one in (fitted, *counties):
        inputs = block_inputs(one, SEED, 0)
        shape = (BLOCK, len(one.years), 3, 3)
        trend, policy, short = np.empty(shape), np.empty(shape), np.empty(shape)
        simulate_draws(one.inputs, inputs, trend, policy)
        simulate_trend(one.inputs, inputs, short)
        assert rests(one.inputs)
        assert np.array_equal(short, trend)
        assert np.array_equal(policy, trend)


def test_a_lever_or_a_quota_in_force_takes_the_long_way(fitted: Run) -> None:
    plan = run(load_scenario(SCENARIO, horizon=2026), face_value=False).runs["plan"]
    assert not rests(plan.inputs)
    rules = {**fitted.start.context.rules, "annual_quota": 100.0}
    context = replace(fitted.start.context, rules=rules)
    from simulator.calibration import trend_inputs

    start = fitted.start
    limited = trend_inputs(start.values, start.population, fitted.study.years, context)
    assert not rests(limited)


def test_what_places_share_is_drawn_as_it_would_be_for_each(counties: list[Run]) -> None:
    for one in counties:
        alone = draw_inputs(one, draw_parameters(one.start, SEED, range(BLOCK)))
        for name, ours, theirs in zip(
            alone._fields, block_inputs(one, SEED, 0), alone, strict=True
        ):
            assert np.array_equal(ours, theirs), name


def test_an_overridden_parameter_is_not_shared(counties: list[Run]) -> None:
    one = counties[0]
    name = "return_level"
    assert assumptions()[name].distribution != "fixed"
    study = replace(one.study, overridden={name: "a file"})
    fixed = replace(one, study=study)
    level = block_inputs(fixed, SEED, 0).level
    assert not np.array_equal(level, block_inputs(one, SEED, 0).level)
    expected = draw_inputs(fixed, draw_parameters(one.start, SEED, range(BLOCK), study.overridden))
    assert np.array_equal(level, expected.level)


def test_the_trend_alone_is_its_own_policy(fitted: Run) -> None:
    found = run_draws(fitted, 10, SEED, workers=1, chunk=3)
    assert found.policy is found.trend


def test_order_and_threads_change_no_quantile(counties: list[Run]) -> None:
    one, other = counties
    first = outlook(one, 70, SEED, workers=1)
    outlook(other, 70, SEED, workers=2)
    again = outlook(one, 70, SEED, workers=2)
    for name, values in first.quantiles.items():
        assert np.array_equal(values, again.quantiles[name], equal_nan=True), name
