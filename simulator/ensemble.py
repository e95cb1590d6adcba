"""Uncertainty: parameters drawn from their documented ranges and from the fit's posterior.

docs/model.md eq. (52). Draw k of seed s is the same whatever the chunks, threads or order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from scipy.special import ndtr

from simulator.axes import N_PLACES, N_REGISTRATIONS
from simulator.draws import DrawInputs, rests, simulate_draws, simulate_trend
from simulator.launch import Launch
from simulator.levers.columns import Behaviour
from simulator.parameters import Parameter, assumptions
from simulator.rates import arrival_shares, flow_levels, schedules
from simulator.run import Run

#: Draws are always made in whole blocks: vectorised exp and matrix products round differently for
#: arrays of another length, and a draw must not depend on its company.
BLOCK = 64
#: Blocks whose parts common to places are kept: those of 2,000 draws, some 50 MB.
_KEPT = 32
#: Odds of dying move by about this factor for a year of life expectancy; only the sign and size
#: of a small difference matter here, the fit itself uses whole life tables.
_HAZARD_PER_YEAR = 1.09


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

    Fitted parameters follow the posterior of their logs and stay within their documented range;
    the others follow the distribution that the parameter table names. What the user set is
    ``fixed``.
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
    table = assumptions()
    normal, at = _normals(seed, block, len(table)), {name: i for i, name in enumerate(table)}
    values = _spread(start.values, table, normal, fixed)
    if start.fit is not None:
        shift = np.linalg.cholesky(start.fit.covariance) @ normal[[at[n] for n in start.fit.names]]
        for i, name in enumerate(start.fit.names):
            drawn = start.fit.values[name] * np.exp(shift[i])
            values[name] = np.clip(drawn, table[name].low, table[name].high)
    return values


def _spread(
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
    at = {name: i for i, name in enumerate(table)}
    unknown = {p.distribution for p in table.values()} - {"fixed", *_DRAWN}
    if unknown:
        raise ValueError(f"no way to draw from a {' or '.join(sorted(unknown))} distribution")
    for kind, draw in _DRAWN.items():
        kin = [n for n in names if table[n].distribution == kind and n not in fixed]
        if kin:
            central = np.array([centres[n] for n in kin])[:, None]
            drawn = draw(normal[[at[n] for n in kin]], central, [table[n] for n in kin])
            values |= dict(zip(kin, drawn, strict=True))
    return values


def _column(rows: Sequence[Parameter], part: str) -> np.ndarray:
    return np.array([getattr(p, part) for p in rows], dtype=float)[:, None]


def _uniform(z: np.ndarray, central: np.ndarray, rows: Sequence[Parameter]) -> np.ndarray:
    """Even on either side of the central value, which is the median."""
    u = 2.0 * ndtr(z) - 1.0
    above, below = _column(rows, "high") - central, central - _column(rows, "low")
    return central + np.where(u > 0.0, above, below) * u


def _lognormal(z: np.ndarray, central: np.ndarray, rows: Sequence[Parameter]) -> np.ndarray:
    """Spread in logs; the range of the table is not passed."""
    drawn = central * np.exp(_column(rows, "log_sd") * z)
    return np.clip(drawn, _column(rows, "low"), _column(rows, "high"))


#: Ways to draw, by the distribution that the parameter table names.
_DRAWN = {"uniform": _uniform, "lognormal": _lognormal}


def _normals(seed: int, block: int, size: int) -> np.ndarray:
    """Standard normals of a whole block, (size, BLOCK): a function of seed and block alone."""
    stream = np.random.Generator(np.random.Philox(key=[seed, block]))
    return stream.standard_normal((size, BLOCK))


def draw_inputs(run: Run, values: Mapping[str, np.ndarray]) -> DrawInputs:
    """What the year loop needs of the draws' parameters, shapes as in `DrawInputs`."""
    return _with_levels(_patterns(values, run.start.values), run, values)


def _patterns(values: Mapping[str, np.ndarray], central: Mapping[str, float]) -> DrawInputs:
    """The part of the draws' inputs that no level of a flow enters; the rest is empty."""
    difference = values["mortality_e0_difference"] - central["mortality_e0_difference"]
    return DrawInputs(
        level=np.empty(0),
        schedule=schedules(values),
        arrivals=arrival_shares(values),
        behaviour=np.stack([values[item.name.lower()] for item in Behaviour], axis=-1),
        mortality_scale=_HAZARD_PER_YEAR**-difference,
        fertility_scale=np.empty(0),
    )


def _with_levels(patterns: DrawInputs, run: Run, values: Mapping[str, np.ndarray]) -> DrawInputs:
    """The draws' inputs, whole."""
    context = run.start.context
    return patterns._replace(
        level=flow_levels(values, run.study.years, context.arrival_base, context.shift_after),
        fertility_scale=values["fertility_ratio"] / run.start.values["fertility_ratio"],
    )


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
    values = _spread(central, central, normal, fixed)
    return normal, values, _patterns(values, central)


def block_inputs(run: Run, seed: int, block: int) -> DrawInputs:
    """What the year loop needs of one whole block of draws, shapes as in `DrawInputs`."""
    start, fixed = run.start, run.study.overridden
    if start.fit is not None:
        return draw_inputs(run, _block_values(start, seed, block, fixed))
    shared = tuple((n, start.values[n]) for n in assumptions() if n not in start.learnt)
    normal, common, inputs = _common(shared, frozenset(fixed), seed, block)
    values = {**common, **_spread(start.values, start.learnt, normal, fixed)}
    return _with_levels(inputs, run, values)


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
    trend = np.empty(shape)
    policy = trend if rests(run.inputs) else np.empty(shape)

    def work(wanted: range) -> None:
        part = slice(wanted.start - first, wanted.stop - first)
        trend[part], policy[part] = project_draws(run, seed, wanted)

    in_threads(work, range(first, first + draws), chunk, workers)
    return Ensemble(run.years, trend, policy)
