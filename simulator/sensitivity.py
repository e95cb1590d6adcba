"""What a target's gap hangs on: one factor at a time, and shares of variance; docs/planning.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from simulator.factors import Factors, run_setting
from simulator.goals import Goal, projected
from simulator.levers.columns import Policy
from simulator.problem import ended
from simulator.ranges import LeverRange
from simulator.run import Run
from simulator.sobol import Indices, sobol_indices

#: Low and high of a factor: the 5th and 95th percentile of its range.
_LOW, _HIGH = 0.05, 0.95
#: Points of the unit cube are kept this far from its walls, where a normal is infinite.
_WALL = 1e-6
_BLOCK = 128
#: The fitted parameters, which a history ties together, are one item of the indices.
FITTED = "fitted"


@dataclass(frozen=True)
class Bar:
    """One factor's low and high: projected values of each goal, in its unit, (goals,)."""

    name: str
    group: str
    kind: str
    low: np.ndarray
    high: np.ndarray

    def swing(self, goal: int) -> float:
        """Distance of a goal's value between low and high."""
        return float(abs(self.high[goal] - self.low[goal]))


@dataclass(frozen=True)
class Sensitivity:
    """Central values of the goals, a bar for each factor, and Sobol indices by goal.

    ``grouped`` has the four groups, ``single`` each factor with the fitted ones as one.
    """

    run: Run
    goals: tuple[Goal, ...]
    central: np.ndarray
    bars: tuple[Bar, ...]
    grouped: tuple[Indices, ...]
    single: tuple[Indices, ...]
    samples: int
    seed: int

    def tornado(self, goal: int) -> list[Bar]:
        """Bars by swing, widest first."""
        return sorted(self.bars, key=lambda bar: (-bar.swing(goal), bar.name))


def sensitivity(
    run: Run,
    goals: tuple[Goal, ...],
    ranges: tuple[LeverRange, ...],
    *,
    samples: int,
    seed: int,
    progress: Callable[[float], object] = lambda _: None,
) -> Sensitivity:
    """Tornado and Sobol indices of a scenario's goals.

    Parameters
    ----------
    run : the scenario
    goals : whose gaps are explained
    ranges : levers that the tornado moves from rest to the furthest plausible value
    samples : of the Sobol indices, a power of two
    seed : of the sampling
    progress : told the share that is done
    """
    short = ended(run, max(g.at for g in goals))
    factors = Factors(short)
    groups = [f.group for f in factors.all]
    single = [FITTED if f.kind == FITTED else f.name for f in factors.all]
    sizes = [(len(set(g)) + 2) * samples for g in (groups, single)]
    bars, central = _tornado(factors, goals, ranges)
    done = 0

    def evaluate(points: np.ndarray) -> np.ndarray:
        nonlocal done
        rows = []
        for at in range(0, len(points), _BLOCK):
            rows.append(_values(factors, points[at : at + _BLOCK], goals))
            done += len(rows[-1])
            progress(done / sum(sizes))
        return np.concatenate(rows)

    names = [f.name for f in factors.all]
    found = [
        sobol_indices(list(zip(names, g, strict=True)), evaluate, samples, seed)
        for g in (groups, single)
    ]
    grouped, alone = (tuple(one) for one in found)
    return Sensitivity(run, goals, central, bars, grouped, alone, samples, seed)


def _values(factors: Factors, points: np.ndarray, goals: tuple[Goal, ...]) -> np.ndarray:
    """Projected values (N, goals) of points of the unit cube (N, D)."""
    z = ndtri(np.clip(points, _WALL, 1.0 - _WALL))
    delivered = points[:, factors.columns("lever")]
    return _projected(factors, z, delivered, goals)


def _projected(
    factors: Factors,
    z: np.ndarray,
    delivered: np.ndarray,
    goals: tuple[Goal, ...],
    *,
    beside_run: bool = False,
) -> np.ndarray:
    found = factors.settings(z, delivered, beside_run=beside_run)
    runs = (run_setting(s, factors.run) for s in found)
    return np.array([[projected(g, one) for g in goals] for one in runs])


def _tornado(
    factors: Factors, goals: tuple[Goal, ...], ranges: tuple[LeverRange, ...]
) -> tuple[tuple[Bar, ...], np.ndarray]:
    """A bar for each factor and each lever, all else as in the run; and the run's own values."""
    kept = [i for i, f in enumerate(factors.all) if f.kind != "lever"]
    width, levers = len(factors.all), len(factors.columns("lever"))
    rows = np.zeros((2 * len(kept), width))
    for k, i in enumerate(kept):
        rows[2 * k] = _direction(factors, i) * ndtri(_LOW)
        rows[2 * k + 1] = _direction(factors, i) * ndtri(_HIGH)
    values = _projected(factors, rows, np.ones((len(rows), levers)), goals, beside_run=True)
    bars = [
        Bar(f.name, f.group, f.kind, values[2 * k], values[2 * k + 1])
        for k, f in enumerate(factors.all[i] for i in kept)
    ]
    central = np.array([projected(g, factors.run) for g in goals])
    return (*bars, *(_lever_bar(factors, goals, lever) for lever in ranges)), central


def _direction(factors: Factors, i: int) -> np.ndarray:
    """How the factors move with factor ``i``, (D,); fitted ones take each other along, as the
    history ties them.
    """
    found = np.zeros(len(factors.all))
    fitted = factors.columns(FITTED)
    if i not in fitted:
        found[i] = 1.0
        return found
    row = factors.root[fitted.index(i)]
    found[fitted] = row / np.linalg.norm(row)
    return found


def _lever_bar(factors: Factors, goals: tuple[Goal, ...], lever: LeverRange) -> Bar:
    """A lever at rest and at the furthest plausible value in every year."""
    z, all_delivered = np.zeros((1, len(factors.all))), np.ones((1, len(factors.columns("lever"))))
    ends = []
    for value in (lever.values[0], lever.values[-1]):
        (setting,) = factors.settings(z, all_delivered, beside_run=True)
        setting.policy[:, Policy[lever.name.upper()]] = value
        run = run_setting(setting, factors.run)
        ends.append(np.array([projected(g, run) for g in goals]))
    return Bar(lever.name, "levers", "lever", *ends)
