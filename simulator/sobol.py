"""Sobol indices of any function, by groups of its inputs, through SALib; docs/planning.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Evaluate = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Indices:
    """Shares of the variance of one output by group of inputs, each (G,).

    ``first`` is what a group does alone, ``total`` with all it does together with others; the
    errors are half-widths of 95 % intervals.
    """

    groups: tuple[str, ...]
    first: np.ndarray
    first_error: np.ndarray
    total: np.ndarray
    total_error: np.ndarray
    variance: float


def sobol_indices(
    inputs: Sequence[tuple[str, str]], evaluate: Evaluate, samples: int, seed: int
) -> list[Indices]:
    """First-order and total indices of each output (Saltelli's sampling, Jansen's estimators).

    Parameters
    ----------
    inputs : name and group of each of the D inputs
    evaluate : from points (N, D) of the unit cube to outputs (N, M)
    samples : a power of two; ``evaluate`` is asked for ``samples * (G + 2)`` points
    seed : of the sampling and of the intervals

    Returns
    -------
    one `Indices` an output; nan where an output does not vary
    """
    from SALib.analyze import sobol as analyse
    from SALib.sample import sobol as sample

    names, groups = [name for name, _ in inputs], [group for _, group in inputs]
    problem: dict[str, Any] = {
        "num_vars": len(names), "names": names, "groups": groups,
        "bounds": [[0.0, 1.0]] * len(names),
    }  # fmt: skip
    order = tuple(dict.fromkeys(groups))
    points = sample.sample(problem, samples, calc_second_order=False, seed=seed)
    outputs = evaluate(points)
    found = []
    for column in outputs.T:
        variance = float(column.var())
        if variance == 0.0:
            nothing = np.full(len(order), np.nan)
            found.append(Indices(order, nothing, nothing, nothing, nothing, 0.0))
            continue
        s = analyse.analyze(problem, column, calc_second_order=False, seed=seed)
        found.append(Indices(order, s["S1"], s["S1_conf"], s["ST"], s["ST_conf"], variance))
    return found
