"""Speed of the year loop, side by side in one run: ``python -m benchmarks.kernel``.

Ratios count; milliseconds are of the machine that runs it. Every figure is the best of several
repeats, after compilation.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit

from benchmarks.bands import run_bands
from benchmarks.numpy_step import long_frame, numpy_step, pandas_step
from simulator import load_scenario, run
from simulator.births import add_births
from simulator.draws import simulate_draws
from simulator.ensemble import BLOCK, draw_inputs, draw_parameters
from simulator.kernel import empty_paths
from simulator.projection import simulate
from simulator.run import run_case
from simulator.schema import Case
from simulator.sheet import (
    CLOSING,
    OPENING,
    cells,
    new_sheet,
    turn_page,
    write_mortality,
    write_opening,
)
from simulator.step import expose, move_and_age

YEARS, DRAWS, SEED = 15, 1000, 1
SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "quxian.yaml"


def best(task: Callable[[], object], repeats: int = 7, loops: int = 1) -> float:
    """Seconds of one call, the best of ``repeats``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(loops):
            task()
        times.append((time.perf_counter() - start) / loops)
    return min(times)


@njit(nogil=True)
def _stripped(sheet, inputs, repeats):
    """The step and births without levers, limits or records."""
    births, deaths = np.empty(inputs.population.shape[:3]), np.empty(inputs.population.shape[:3])
    for _ in range(repeats):
        for t in range(inputs.srb.shape[0]):
            write_mortality(inputs.mortality, t, 1.0, sheet)
            expose(sheet, inputs.population.shape[3], inputs.level[t])
            add_births(
                cells(sheet, OPENING),
                cells(sheet, CLOSING),
                inputs.asfr[t],
                inputs.srb[t],
                inputs.newborn_survival[t],
                births,
                deaths,
            )
            turn_page(sheet)


@njit(nogil=True)
def _copy(population, scale, repeats):
    """Floor of the machine: read every cell, multiply, write."""
    opening, closing = population.copy(), np.empty_like(population)
    a, b, f = opening.ravel(), closing.ravel(), scale.ravel()
    for _ in range(repeats):
        for i in range(a.size):
            b[i] = a[i] * f[i]
        a, b = b, a
    return a


def _every_lever() -> Case:
    """A policy that sets every group of levers, in strengths that plans have."""
    levers = {
        "settlement": {"residence_years": 2, "insurance_years": 1, "stable_housing": 1},
        "industry_jobs": {"basic_jobs": 2000, "other_jobs": 3000},
        "housing": {"commercial_units": 500, "rental_units": 500, "demolished_units": 200},
    }
    return Case.model_validate({"levers": levers})


def main() -> None:
    """Measure and print."""
    study = load_scenario(SCENARIO, horizon=2022 + YEARS)
    base = run(study, face_value=False).trend
    plan = run_case("all_levers", _every_lever(), base)
    inputs, paths = plan.inputs, empty_paths(YEARS, 101)
    simulate(inputs, paths)
    args = (
        inputs.population,
        inputs.mortality[0],
        inputs.schedule,
        inputs.level[0],
        inputs.arrivals,
    )
    closing = np.empty_like(inputs.population)
    move_and_age(*args, np.empty_like(paths.flows[0]), closing)
    assert np.allclose(closing, numpy_step(*args), rtol=1e-12), "the steps differ"

    one = best(lambda: simulate(inputs, paths), loops=20)
    sheet = new_sheet()
    write_opening(sheet, inputs.population, inputs.schedule, inputs.arrivals)
    _stripped(sheet, inputs, 1)
    bare = best(lambda: _stripped(sheet, inputs, 20)) / (20 * YEARS)
    array = best(lambda: numpy_step(*args), loops=20)
    scale = np.full_like(inputs.population, 0.999)
    _copy(inputs.population, scale, 1)
    floor = best(lambda: _copy(inputs.population, scale, 1000)) / 1000
    frame = long_frame(inputs.population)
    hazard = frame.drop(columns="persons").assign(hazard=0.01)
    table = best(lambda: pandas_step(frame, hazard), repeats=3)

    began = time.perf_counter()
    run_bands(plan, DRAWS, SEED)
    first = time.perf_counter() - began
    bands = run_bands(plan, 2 * BLOCK, SEED)
    whole = {
        n: best(lambda n=n: run_bands(plan, DRAWS, SEED, workers=n), repeats=5) for n in (1, 2)
    }
    draws = draw_inputs(plan, draw_parameters(plan.start, SEED, range(DRAWS)))
    totals = np.empty((DRAWS, YEARS + 1, 3, 3))
    loop = best(lambda: simulate_draws(inputs, draws, totals, totals), repeats=5)
    per_year = loop / (2 * DRAWS * YEARS)

    print(f"cores: {os.cpu_count()}")
    print(f"one county x {YEARS} years, every flow kept      {one * 1e3:9.3f} ms")
    print(f"{DRAWS} draws x {YEARS} years, levers live, 1 thread {whole[1]:9.3f} s")
    print(f"{DRAWS} draws x {YEARS} years, levers live, 2 threads{whole[2]:9.3f} s")
    print("   (each draw is run twice, on trend and under the policy; drawing and streamed")
    print("    quantiles included, samples of the fit's posterior made before)")
    print(f"the same for the first time, samples made in it {first:7.3f} s")
    rate = 2 * DRAWS * YEARS / whole[2]
    resting = best(lambda: run_bands(base, DRAWS, SEED, workers=2), repeats=5)
    alone = DRAWS * YEARS / resting
    kept = (bands.trend.nbytes + bands.policy.nbytes) / 1e6
    print(f"kept for any number of draws (distributions) {kept:8.1f} MB")
    print(f"throughput, 2 threads, everything included  {rate:9.0f} county-years/s")
    print(f"the same on trend alone, as in batches      {alone:9.0f} county-years/s")
    print("   (a county-year is one year of one county under one scenario)")
    print()
    print(f"{'one county-year':44s}{'us':>9s}{'x floor':>10s}{'x kernel':>10s}")
    rows = (
        ("copy and multiply the same cells (floor)", floor),
        ("step and births, no levers", bare),
        ("year loop with all levers, in draws", per_year),
        ("same step in whole-array NumPy (no births)", array),
        ("pandas: survive and age only", table),
    )
    for name, seconds in rows:
        print(f"{name:44s}{seconds * 1e6:9.2f}{seconds / floor:10.1f}{seconds / per_year:10.2f}")


if __name__ == "__main__":
    main()
