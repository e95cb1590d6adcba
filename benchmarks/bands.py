"""Distributions of many draws in memory that does not grow with them."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

import numpy as np

from benchmarks.sketch import Sketch
from simulator.ensemble import BLOCK, in_threads, project_draws
from simulator.indicators import measure
from simulator.run import Run

#: What `Bands` keep of each draw: names of `simulator.indicators.Stocks`.
INDICATORS = (
    "resident_population", "town_population", "village_population", "hukou_population",
    "urban_hukou", "out_migrants", "nonlocal_residents", "resident_urbanization_rate",
    "hukou_urbanization_rate",
)  # fmt: skip


@dataclass(frozen=True)
class Bands:
    """Distribution of `INDICATORS` by year, in memory that does not grow with the draws.

    Each sketch has series of shape (len(INDICATORS), T + 1), persons or shares; ``trend`` and
    ``policy`` share their draws.
    """

    years: np.ndarray
    trend: Sketch
    policy: Sketch


def indicators(totals: np.ndarray) -> np.ndarray:
    """`INDICATORS` of totals (K, T + 1, 3, 3), shape (K, len(INDICATORS), T + 1)."""
    stocks = measure(totals[..., None, None])
    return np.stack([getattr(stocks, name) for name in INDICATORS], axis=1)


def _both(totals: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """`indicators` of totals on trend and under the policy; once where the trend is the policy."""
    trend, policy = totals
    found = indicators(trend)
    return found, found if policy is trend else indicators(policy)


def run_bands(
    run: Run,
    draws: int,
    seed: int,
    *,
    first: int = 0,
    workers: int | None = None,
    chunk: int = BLOCK,
) -> Bands:
    """Project draws as `run_draws` does, keeping distributions instead of draws.

    The bins of the sketches are set by the first block of the stream, whatever draws are asked
    for, so that no choice of ``first``, ``workers`` or ``chunk`` changes a number.
    """
    pilot = _both(project_draws(run, seed, range(BLOCK)))
    trend, policy = (Sketch(values) for values in pilot)
    wanted, lock = range(first, first + draws), Lock()
    # The block that set the bins need not be projected twice.
    done = slice(wanted.start, min(wanted.stop, BLOCK))
    if done.start < done.stop:
        trend.add(pilot[0][done])
        policy.add(pilot[1][done])

    def work(part: range) -> None:
        values = _both(project_draws(run, seed, part))
        with lock:
            trend.add(values[0])
            policy.add(values[1])

    in_threads(work, range(max(first, BLOCK), wanted.stop), chunk, workers)
    return Bands(run.years, trend, policy)
