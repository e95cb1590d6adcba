"""Uncertainty: parameters drawn from their documented ranges and from the fit's posterior.

docs/model.md eq. (52). Draw k of seed s is the same whatever the chunks, threads or order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np

from simulator.axes import N_PLACES, N_REGISTRATIONS
from simulator.drawn_rates import drawn_rates
from simulator.draws import DrawInputs, simulate_draws
from simulator.indicators import measure
from simulator.launch import Launch
from simulator.parameters import assumptions
from simulator.run import Run
from simulator.spread import spread

#: Draws are always made in whole blocks: vectorised exp and matrix products round differently for
#: arrays of another length, and a draw must not depend on its company.
BLOCK = 64


@dataclass(frozen=True)
class Ensemble:
    """Totals by registration and place of every draw: (K, T + 1, 3, 3) persons.

    ``trend`` and ``policy`` share their draws.
    """

    years: np.ndarray
    trend: np.ndarray
    policy: np.ndarray

    def quantiles(self, probabilities: Sequence[float]) -> np.ndarray:
        """Quantiles of the policy's totals, shape (len(probabilities), T + 1, 3, 3)."""
        return np.quantile(self.policy, probabilities, axis=0)


#: What is looked at in each draw: names of `simulator.indicators.Stocks`.
INDICATORS = (
    "resident_population", "town_population", "village_population", "hukou_population",
    "urban_hukou", "out_migrants", "nonlocal_residents", "resident_urbanization_rate",
    "hukou_urbanization_rate",
)  # fmt: skip


def indicators(totals: np.ndarray) -> np.ndarray:
    """`INDICATORS` of totals (K, T + 1, 3, 3), shape (K, len(INDICATORS), T + 1)."""
    stocks = measure(totals[..., None, None])
    return np.stack([getattr(stocks, name) for name in INDICATORS], axis=1)


def draw_parameters(
    start: Launch, seed: int, draws: range, fixed: Collection[str] = ()
) -> Mapping[str, np.ndarray]:
    """Parameter values of some draws, each (len(draws),), in a stable order of names.

    Fitted parameters are samples of the posterior; the others follow the distribution that the
    parameter table names. What the user set is ``fixed``.
    """
    parts = [(_block_values(start, seed, block, fixed), rows) for block, rows in _blocks(draws)]
    return {n: np.concatenate([values[n][rows] for values, rows in parts]) for n in parts[0][0]}


def _blocks(draws: range) -> list[tuple[int, slice]]:
    """Blocks that hold the draws wanted, and the rows of each that are."""
    found = []
    for block in range(draws.start // BLOCK, (draws.stop - 1) // BLOCK + 1):
        low = max(draws.start, block * BLOCK) - block * BLOCK
        high = min(draws.stop, (block + 1) * BLOCK) - block * BLOCK
        found.append((block, slice(low, high)))
    return found


def _block_values(
    start: Launch, seed: int, block: int, fixed: Collection[str]
) -> dict[str, np.ndarray]:
    """Values of one whole block, each (BLOCK,)."""
    table, posterior = assumptions(), start.posterior
    normal = _normals(seed, block, len(table))
    values = {name: np.full(BLOCK, start.values[name]) for name in table}
    fitted = () if posterior is None else posterior.fit.names
    free = [n for n, p in table.items() if p.distribution != "fixed" and n not in (*fixed, *fitted)]
    central = np.array([start.values[n] for n in free])
    rows = [i for i, name in enumerate(table) if name in free]
    values |= dict(zip(free, spread([table[n] for n in free], central, normal[rows]), strict=True))
    if posterior is not None:
        values |= dict(zip(fitted, posterior.drawn(seed, block, BLOCK), strict=True))
    return values


def _normals(seed: int, block: int, size: int) -> np.ndarray:
    """Standard normals of a whole block, (size, BLOCK): a function of seed and block alone."""
    stream = np.random.Generator(np.random.Philox(key=[seed, block]))
    return stream.standard_normal((size, BLOCK))


def draw_inputs(run: Run, values: Mapping[str, np.ndarray]) -> DrawInputs:
    """What the year loop needs of the draws' parameters, shapes as in `DrawInputs`."""
    context = run.start.context
    return drawn_rates(
        values, run.start.values, run.study.years, context.arrival_base, context.shift_after
    )


def _project(run: Run, seed: int, draws: range) -> tuple[np.ndarray, np.ndarray]:
    """Totals of some draws on trend and under the policy, each (len(draws), T + 1, 3, 3)."""
    shape = (len(draws), len(run.years), N_REGISTRATIONS, N_PLACES)
    trend, policy = np.empty(shape), np.empty(shape)
    at = 0
    for block, rows in _blocks(draws):
        whole = draw_inputs(run, _block_values(run.start, seed, block, run.study.overridden))
        part = slice(at, at + rows.stop - rows.start)
        inputs = DrawInputs(*(array[rows] for array in whole))
        simulate_draws(run.inputs, inputs, trend[part], policy[part])
        at = part.stop
    return trend, policy


def _in_threads(
    work: Callable[[range], None], draws: range, chunk: int, workers: int | None
) -> None:
    """Give ``work`` the draws, ``chunk`` at a time, in threads; by default one a core.

    Each thread takes the next chunk when it is done, so that nothing waits in a queue.
    """
    threads, lock = workers or os.cpu_count() or 1, Lock()
    starts = iter(range(draws.start, draws.stop, chunk))

    def take_turns() -> None:
        while True:
            with lock:
                at = next(starts, None)
            if at is None:
                return
            work(range(at, min(at + chunk, draws.stop)))

    with ThreadPoolExecutor(threads) as pool:
        for task in [pool.submit(take_turns) for _ in range(threads)]:
            task.result()


def run_draws(
    run: Run,
    draws: int,
    seed: int,
    *,
    first: int = 0,
    workers: int | None = None,
    chunk: int = BLOCK,
) -> Ensemble:
    """Project ``draws`` draws of a scenario and of its trend, keeping the totals of each.

    Parameters
    ----------
    run : a scenario of a study, as run once at the central values
    draws, seed : how many, and of which stream
    first : number of the first draw, so that a batch can be split over machines
    workers : threads; by default one a core
    chunk : draws a thread takes at a time; no effect on any number, quickest in whole blocks
    """
    shape = (draws, len(run.years), N_REGISTRATIONS, N_PLACES)
    trend, policy = np.empty(shape), np.empty(shape)

    def work(wanted: range) -> None:
        part = slice(wanted.start - first, wanted.stop - first)
        trend[part], policy[part] = _project(run, seed, wanted)

    _in_threads(work, range(first, first + draws), chunk, workers)
    return Ensemble(run.years, trend, policy)
