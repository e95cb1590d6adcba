"""The search of goal seek: differential evolution on the levers' grids, then exact exchanges.

docs/planning.md, goal seek, says why this solver.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, differential_evolution
from scipy.stats import qmc

from simulator.problem import At, Point, Problem

Progress = Callable[[float], object]
#: Settings a generation for each lever, generations, and the spread at which a search is done.
_CROWD, _GENERATIONS, _SPREAD = 12, 40, 1e-3
#: Differential evolution needs at least so many settings a generation.
_LEAST_CROWD = 5
#: Corners are all looked at up to this many levers.
_MOST_CORNERS = 6
#: A setting that misses the goals is dearer than any that meets them.
_PENALTY = 1e3
_PASSES = 20
#: Moves of up to so many steps are all tried.
_NEAR = 16


@dataclass(frozen=True)
class Grid:
    """The levers that can move, and how far: ``last[i]`` is the furthest position."""

    fixed: At
    free: tuple[int, ...]
    last: tuple[int, ...]

    def whole(self, moved: np.ndarray) -> At:
        """Positions of all levers from those of the free ones."""
        at = list(self.fixed)
        for i, x in zip(self.free, moved, strict=True):
            at[i] = round(float(x))
        return tuple(at)


def grid(problem: Problem) -> Grid:
    """Every lever at its first value, and those with more than one value free."""
    last = tuple(lever.last for lever in problem.ranges)
    free = tuple(i for i, n in enumerate(last) if n > 0)
    return Grid((0,) * len(last), free, last)


def best_setting(
    problem: Problem, seed: int, margin: float = 0.0, progress: Progress = lambda _: None
) -> Point:
    """Cheapest setting that meets every goal by ``margin``, or the nearest to it.

    Parameters
    ----------
    problem : what is sought
    seed : of the search; the same seed gives the same setting
    margin : share of each goal's distance by which it must be exceeded
    progress : told the share of the search that is done, 0 to 1
    """
    space = grid(problem)
    start = min((problem.look(at) for at in _corners(space)), key=lambda p: p.rank(margin))
    if space.free:
        found = _evolve(problem, space, seed, margin, progress)
        start = min(start, found, key=lambda p: p.rank(margin))
    best = exchange(problem, start, margin)
    progress(1.0)
    return best


def _corners(space: Grid) -> Iterator[At]:
    """Every lever at its first or furthest value; with many levers only all and each alone."""
    n = len(space.free)
    if n <= _MOST_CORNERS:
        ends = list(itertools.product((0, 1), repeat=n))
    else:
        alone = [tuple(int(i == k) for i in range(n)) for k in range(n)]
        ends = [(0,) * n, (1,) * n, *alone]
    for end in ends:
        yield space.whole(np.array(end) * [space.last[i] for i in space.free])


def _evolve(problem: Problem, space: Grid, seed: int, margin: float, progress: Progress) -> Point:
    """Differential evolution over the free levers' positions."""
    size = _typical_cost(problem, space)

    def judged(x: np.ndarray) -> float:
        point = problem.look(space.whole(x))
        short = point.shortfall(margin)
        return point.cost / size + (_PENALTY * (1.0 + short) if short > 0.0 else 0.0)

    done = itertools.count(1)

    def told(intermediate_result: OptimizeResult) -> None:
        progress(next(done) / _GENERATIONS)

    found = differential_evolution(
        judged,
        bounds=[(0, space.last[i]) for i in space.free],
        integrality=[True] * len(space.free),
        init=_first_crowd(space, seed),
        maxiter=_GENERATIONS,
        tol=_SPREAD,
        polish=False,
        rng=np.random.default_rng(seed),
        callback=told,
    )
    return problem.look(space.whole(found.x))


def _typical_cost(problem: Problem, space: Grid) -> float:
    """Cost of every lever at its furthest, so that costs are of order one."""
    return max(problem.look(space.last).cost, 1.0)


def _first_crowd(space: Grid, seed: int) -> np.ndarray:
    """Corners and evenly spread settings, (S, free levers)."""
    last = np.array([space.last[i] for i in space.free], dtype=float)
    corners = [np.array(at)[list(space.free)] for at in _corners(space)]
    wanted = max(_CROWD * len(last) - len(corners), _LEAST_CROWD)
    spread = qmc.Halton(len(last), rng=np.random.default_rng(seed))
    even = np.rint(spread.random(wanted) * last)
    return np.vstack([np.array(corners, dtype=float), even])


def exchange(problem: Problem, start: Point, margin: float = 0.0) -> Point:
    """Improve a setting by moving one lever, or one down and another just far enough up.

    Ends where no such move, of up to 16 steps or a power of two, is nearer or cheaper.
    """
    best, space = start, grid(problem)
    for _ in range(_PASSES):
        before = best
        for i, steps in itertools.product(space.free, _moves(max(space.last))):
            for sign in (-1, 1):
                best = _tried(problem, best, i, sign * steps, margin, space)
        if best is before:
            break
    return best


def _moves(most: int) -> list[int]:
    """Numbers of steps that are tried: every small one, and powers of two, largest first."""
    powers = {2**k for k in range(max(most, 1).bit_length())}
    return sorted(powers | set(range(1, min(most, _NEAR) + 1)), reverse=True)


def _tried(problem: Problem, best: Point, i: int, by: int, margin: float, space: Grid) -> Point:
    """The best of a setting and what it becomes when lever ``i`` moves, alone or with another."""
    moved = list(best.at)
    moved[i] = min(max(moved[i] + by, 0), space.last[i])
    if moved[i] == best.at[i]:
        return best
    alone = problem.look(tuple(moved))
    found = min(best, alone, key=lambda p: p.rank(margin))
    if by < 0 and alone.rank(margin)[0] > best.rank(margin)[0]:
        for j in space.free:
            if j != i:
                other = _just_enough(problem, alone.at, j, best.rank(margin)[0], margin, space)
                found = min(found, other or found, key=lambda p: p.rank(margin))
    return found


def _just_enough(
    problem: Problem, at: At, j: int, shortfall: float, margin: float, space: Grid
) -> Point | None:
    """Lever ``j`` raised just far enough to be no further from the goals than ``shortfall``."""

    def with_lever(position: int) -> Point:
        return problem.look((*at[:j], position, *at[j + 1 :]))

    low, high = at[j], space.last[j]
    if with_lever(high).rank(margin)[0] > shortfall:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if with_lever(middle).rank(margin)[0] <= shortfall:
            high = middle
        else:
            low = middle
    return with_lever(high)
