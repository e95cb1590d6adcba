"""Uncertainty: parameters drawn from their documented ranges and from the fit's posterior.

docs/model.md eq. (52). Draw k of seed s is the same whatever the chunks, threads or order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Event, Lock

import numpy as np

from simulator.axes import N_PLACES, N_REGISTRATIONS
from simulator.drawn_rates import drawn_rates, patterns
from simulator.draws import rests, simulate_draws, simulate_trend
from simulator.kernel import DrawInputs
from simulator.launch import Launch
from simulator.parameters import assumptions
from simulator.run import Run
from simulator.spread import spread

#: Draws are always made in whole blocks: vectorised exp and matrix products round differently for
#: arrays of another length, and a draw must not depend on its company.
BLOCK = 64
#: Blocks whose parts common to places are kept: those of 2,000 draws, some 50 MB.
_KEPT = 32


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
    fitted = () if posterior is None else posterior.fit.names
    normal = _normals(seed, block, len(table))
    values = _spread_about(start.values, table, normal, {*fixed, *fitted})
    if posterior is not None:
        values |= dict(zip(fitted, posterior.drawn(seed, block, BLOCK), strict=True))
    return values


def _spread_about(
    centres: Mapping[str, float],
    names: Collection[str],
    normal: np.ndarray,
    fixed: Collection[str],
) -> dict[str, np.ndarray]:
    """Values of ``names`` spread about their ``centres`` as the table says, each (BLOCK,).

    ``normal`` are the block's standard normals, a row for each name of the table.
    """
    table = assumptions()
    values = {name: np.full(BLOCK, centres[name]) for name in names}
    free = [n for n in names if table[n].distribution != "fixed" and n not in fixed]
    row = {name: i for i, name in enumerate(table)}
    central = np.array([centres[n] for n in free])
    drawn = spread([table[n] for n in free], central, normal[[row[n] for n in free]])
    return values | dict(zip(free, drawn, strict=True))


def _normals(seed: int, block: int, size: int) -> np.ndarray:
    """Standard normals of a whole block, (size, BLOCK): a function of seed and block alone."""
    stream = np.random.Generator(np.random.Philox(key=[seed, block]))
    return stream.standard_normal((size, BLOCK))


def draw_inputs(run: Run, values: Mapping[str, np.ndarray]) -> DrawInputs:
    """What the year loop needs of the draws' parameters, shapes as in `DrawInputs`."""
    return drawn_rates(values, *_context(run))


def _context(run: Run) -> tuple[Mapping[str, float], range, float, int]:
    """What rates need of a run besides values: centres, years, base of arrivals, shift."""
    context = run.start.context
    return run.start.values, run.study.years, context.arrival_base, context.shift_after


_Items = tuple[tuple[str, float], ...]


@lru_cache(maxsize=_KEPT)
def _common(
    centres: _Items, fixed: frozenset[str], seed: int, block: int
) -> tuple[np.ndarray, Mapping[str, np.ndarray], DrawInputs]:
    """Normals and values of a block that places share who differ in learnt levels alone, and the
    inputs that follow. A batch of counties would otherwise draw the same schedules for each.
    """
    central = dict(centres)
    normal = _normals(seed, block, len(assumptions()))
    values = _spread_about(central, central, normal, fixed)
    return normal, values, patterns(values, central)


def block_inputs(run: Run, seed: int, block: int) -> DrawInputs:
    """What the year loop needs of one whole block of draws, shapes as in `DrawInputs`."""
    start, fixed = run.start, run.study.overridden
    if start.posterior is not None:
        return draw_inputs(run, _block_values(start, seed, block, fixed))
    shared = tuple((n, start.values[n]) for n in assumptions() if n not in start.learnt)
    normal, common, inputs = _common(shared, frozenset(fixed), seed, block)
    values = {**common, **_spread_about(start.values, start.learnt, normal, fixed)}
    return drawn_rates(values, *_context(run), shared=inputs)


def independent_draws(run: Run, draws: int, seed: int) -> float:
    """How many independent samples of the fit stand behind so many draws; all where none is fitted.

    The members of a sum are told by the one whose draws rest on the fewest.
    """
    if run.members:
        return min(independent_draws(member, draws, seed) for member in run.members)
    if run.start.posterior is None:
        return float(draws)
    blocks = -(-draws // BLOCK)
    return min(run.start.posterior.independent(seed, blocks, BLOCK), float(draws))


def project_draws(run: Run, seed: int, draws: range) -> tuple[np.ndarray, np.ndarray]:
    """Totals of some draws on trend and under the policy, each (len(draws), T + 1, 3, 3).

    A trend on which no lever acts is projected once and is its own policy.
    """
    shape = (len(draws), len(run.years), N_REGISTRATIONS, N_PLACES)
    once = rests(run.inputs)
    trend = np.empty(shape)
    policy = trend if once else np.empty(shape)
    at = 0
    for block, rows in _blocks(draws):
        part = slice(at, at + rows.stop - rows.start)
        inputs = DrawInputs(*(array[rows] for array in block_inputs(run, seed, block)))
        if once:
            simulate_trend(run.inputs, inputs, trend[part])
        else:
            simulate_draws(run.inputs, inputs, trend[part], policy[part])
        at = part.stop
    return trend, policy


def in_threads(
    work: Callable[[range], None], draws: range, chunk: int, workers: int | None
) -> None:
    """Give ``work`` the draws, ``chunk`` at a time, in threads; by default one a core.

    Each thread takes the next chunk when it is done, so that nothing waits in a queue. Where one
    fails, or whoever waits is interrupted, no thread takes another.
    """
    threads, lock, stopped = workers or os.cpu_count() or 1, Lock(), Event()
    starts = iter(range(draws.start, draws.stop, chunk))

    def take_turns() -> None:
        try:
            while not stopped.is_set():
                with lock:
                    at = next(starts, None)
                if at is None:
                    return
                work(range(at, min(at + chunk, draws.stop)))
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(threads) as pool:
        try:
            for task in [pool.submit(take_turns) for _ in range(threads)]:
                task.result()
        finally:
            stopped.set()


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
    trend = np.empty(shape)
    policy = trend if rests(run.inputs) else np.empty(shape)

    def work(wanted: range) -> None:
        part = slice(wanted.start - first, wanted.stop - first)
        trend[part], policy[part] = project_draws(run, seed, wanted)

    in_threads(work, range(first, first + draws), chunk, workers)
    return Ensemble(run.years, trend, policy)
