"""Streamed quantiles: near those of all values, by no more than they say, in bounded memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bands import INDICATORS, indicators, run_bands
from benchmarks.sketch import BINS, Sketch
from simulator import load_scenario, run
from simulator.ensemble import BLOCK, run_draws
from simulator.run import Run

SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "quxian.yaml"
PROBABILITIES = [0.0, 0.05, 0.1, 0.25, 0.5, 0.9, 0.95, 1.0]
SEED = 11
#: Of the bound, for a value that rounding puts on the other side of a bin's edge.
ROUNDING = 1.0 + 1e-9


@pytest.fixture(scope="module")
def plan() -> Run:
    return run(load_scenario(SCENARIO, horizon=2026), face_value=False).runs["plan"]


def assert_within(sketch: Sketch, values: npt.NDArray[np.float64]) -> None:
    """Every quantile is that of all values to within the error given with it."""
    found, error = sketch.quantiles(PROBABILITIES)
    exact = np.quantile(values, PROBABILITIES, axis=0)
    slack = 1e-12 * np.abs(exact)  # rounding of the interpolation itself
    assert np.all(np.abs(found - exact) <= error * ROUNDING + slack)


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 300),
    kind=st.sampled_from(["normal", "heavy", "whole", "constant"]),
)
def test_quantiles_are_within_the_error_they_state(seed: int, size: int, kind: str) -> None:
    """Also where most values lie outside the bins, repeat, or are all the same."""
    rng = np.random.default_rng(seed)
    values = {
        "normal": rng.normal(1e5, 1e3, (size, 2)),
        "heavy": rng.standard_cauchy((size, 2)),
        "whole": rng.integers(-3, 3, (size, 2)).astype(float),
        "constant": np.full((size, 2), 7.25),
    }[kind]
    sketch = Sketch(values[: max(1, size // 10)])
    for part in np.array_split(values, 3):
        sketch.add(part)
    assert sketch.size == size
    assert_within(sketch, values)


def test_inside_the_bins_the_error_is_one_bin() -> None:
    values = np.random.default_rng(SEED).normal(size=(20_000, 1))
    sketch = Sketch(values[:BLOCK])
    sketch.add(values)
    _, error = sketch.quantiles([0.05, 0.5, 0.95])
    width = (sketch.high - sketch.low)[0] / BINS
    np.testing.assert_allclose(error, width, rtol=1e-9)
    assert width < values.std() / 300.0


def test_nothing_counted_has_no_quantiles() -> None:
    with pytest.raises(ValueError, match="no values were counted"):
        Sketch(np.ones((3, 2))).quantiles([0.5])


def test_a_value_that_is_not_finite_is_refused() -> None:
    sketch = Sketch(np.ones((3, 2)))
    with pytest.raises(ValueError, match="not finite"):
        sketch.add(np.array([[1.0, np.nan]]))
    assert sketch.size == 0


def test_bands_are_those_of_the_draws_kept(plan: Run) -> None:
    draws = 3 * BLOCK + 5
    bands, kept = run_bands(plan, draws, SEED), run_draws(plan, draws, SEED)
    assert bands.policy.size == draws
    assert bands.policy.shape == (len(INDICATORS), len(plan.years))
    assert_within(bands.trend, indicators(kept.trend))
    assert_within(bands.policy, indicators(kept.policy))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("chunk", [1, 7, BLOCK])
@pytest.mark.parametrize("first", [0, 3, BLOCK + 3])
def test_chunks_and_threads_change_no_quantile(
    plan: Run, first: int, chunk: int, workers: int
) -> None:
    draws = BLOCK + 20
    values, error = run_bands(plan, draws, SEED, first=first).policy.quantiles(PROBABILITIES)
    again = run_bands(plan, draws, SEED, first=first, workers=workers, chunk=chunk)
    for one, other in zip((values, error), again.policy.quantiles(PROBABILITIES), strict=True):
        np.testing.assert_array_equal(one, other)


def _peak(plan: Run, draws: int) -> int:
    """Most bytes held at once."""
    tracemalloc.start()
    run_bands(plan, draws, SEED, workers=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_draws(plan: Run) -> None:
    """Four times the draws: less than 1 % more memory at the peak (their numbers, not values)."""
    _peak(plan, 4000)  # what is kept once and for all, samples of the fit among it
    few, many = _peak(plan, 1000), _peak(plan, 4000)
    assert many < 1.01 * few
