"""Uncertainty: parameters drawn from their documented ranges and from the fit's posterior.

docs/model.md eq. (52). Draw k of seed s is the same whatever the chunks, threads or order.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from simulator.axes import N_PLACES, N_REGISTRATIONS
from simulator.draws import DrawInputs, simulate_draws
from simulator.launch import Launch
from simulator.levers.columns import Behaviour
from simulator.parameters import assumptions
from simulator.rates import arrival_shares, flow_levels, schedules
from simulator.run import Run

#: Draws are always made in whole blocks: vectorised exp and matrix products round differently for
#: arrays of another length, and a draw must not depend on its company.
BLOCK = 64
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
    draws = range(block * BLOCK, (block + 1) * BLOCK)
    normal = np.stack([_normal(seed, k, len(table)) for k in draws])
    values: dict[str, np.ndarray] = {}
    for column, (name, p) in enumerate(table.items()):
        z, central = normal[:, column], start.values[name]
        if name in fixed or p.distribution == "fixed":
            values[name] = np.full(BLOCK, central)
        elif p.distribution == "uniform":
            # Even on either side of the central value, which is the median.
            u = 2.0 * ndtr(z) - 1.0
            values[name] = central + np.where(
                u > 0.0, (p.high - central) * u, (central - p.low) * u
            )
        elif p.distribution == "lognormal":
            values[name] = np.clip(central * np.exp(p.log_sd * z), p.low, p.high)
        else:
            raise ValueError(f"{name}: no way to draw from a {p.distribution} distribution")
    if start.fit is not None:
        names = list(table)
        at = [names.index(n) for n in start.fit.names]
        shift = normal[:, at] @ np.linalg.cholesky(start.fit.covariance).T
        for i, name in enumerate(start.fit.names):
            drawn = start.fit.values[name] * np.exp(shift[:, i])
            values[name] = np.clip(drawn, table[name].low, table[name].high)
    return values


def _normal(seed: int, draw: int, size: int) -> np.ndarray:
    """Standard normals of one draw, a function of seed and draw alone."""
    return np.random.Generator(np.random.Philox(key=[seed, draw])).standard_normal(size)


def draw_inputs(run: Run, values: Mapping[str, np.ndarray]) -> DrawInputs:
    """What the year loop needs of the draws' parameters, shapes as in `DrawInputs`."""
    context, central = run.start.context, run.start.values
    behaviour = np.stack([values[item.name.lower()] for item in Behaviour], axis=-1)
    difference = values["mortality_e0_difference"] - central["mortality_e0_difference"]
    return DrawInputs(
        level=flow_levels(values, run.study.years, context.arrival_base, context.shift_after),
        schedule=schedules(values),
        arrivals=arrival_shares(values),
        behaviour=behaviour,
        mortality_scale=_HAZARD_PER_YEAR**-difference,
        fertility_scale=values["fertility_ratio"] / central["fertility_ratio"],
    )


def run_draws(
    run: Run,
    draws: int,
    seed: int,
    *,
    first: int = 0,
    workers: int | None = None,
    chunk: int = BLOCK,
) -> Ensemble:
    """Project ``draws`` draws of a scenario and of its trend.

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

    def work(start: int) -> None:
        at = start
        wanted = range(first + start, first + min(start + chunk, draws))
        for block, rows in _blocks(wanted):
            whole = draw_inputs(run, _block_values(run.start, seed, block, run.study.overridden))
            inputs = DrawInputs(*(array[rows] for array in whole))
            part = slice(at, at + rows.stop - rows.start)
            simulate_draws(run.inputs, inputs, trend[part], policy[part])
            at = part.stop

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        list(pool.map(work, range(0, draws, chunk)))
    return Ensemble(run.years, trend, policy)
