"""What one target costs in money or in another target: the best that can be had together.

docs/planning.md, frontier.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from simulator.budget import by_payer, costs
from simulator.goals import Goal, projected
from simulator.problem import Point, Problem
from simulator.search import best_setting
from simulator.vocabulary import indicators

#: Weights of the first of two targets, from nearly nothing to nearly all.
_LEAST_WEIGHT = 0.02
#: A value that no lever reaches, as a multiple of the trend's.
_FAR = 10.0
#: Least distance to bridge, as a share of the value.
_NO_DISTANCE = 1e-9


@dataclass(frozen=True)
class Mark:
    """One setting: values of the goals in their units, and public yuan up to the last of them."""

    values: tuple[float, ...]
    cost: float
    setting: dict[str, float]


@dataclass(frozen=True)
class Frontier:
    """Settings none of which is better in every way, by the first goal; with plan and trend.

    With one goal the other axis is the public cost, else the second goal. ``conflict`` is False
    where one setting is best for both.
    """

    problem: Problem
    goals: tuple[Goal, ...]
    marks: tuple[Mark, ...]
    plan: Mark
    trend: Mark
    conflict: bool


def frontier(
    problem: Problem, points: int, seed: int, progress: Callable[[float], object] = lambda _: None
) -> Frontier:
    """The trade-off between a goal and the public cost, or between two goals.

    Parameters
    ----------
    problem : with one goal or two; the goals' own values do not matter
    points : settings sought along the curve
    seed : of the searches
    """
    problem = _with_goals(problem, tuple(_one_way(g) for g in problem.goals))
    goals = problem.goals
    ideal = [_ideal(problem, i, seed) for i in range(len(goals))]
    if len(goals) == 1:
        tries = _by_level(problem, ideal[0], points)
    else:
        tries = _by_weight(problem, ideal, points)
    found = []
    for k, one in enumerate(tries):
        found.append(best_setting(one, seed))
        progress((k + 1) / len(tries))
    marks = _undominated([_mark(problem, p) for p in found], goals)
    plan = _of_run(problem, problem.base.inputs.policy)
    trend = Mark(tuple(projected(g, problem.trend) for g in goals), 0.0, {})
    return Frontier(problem, goals, marks, plan, trend, len(goals) == 1 or len(marks) > 1)


def _with_goals(problem: Problem, goals: tuple[Goal, ...]) -> Problem:
    """The same levers for other goals; what was tried is told anew."""
    return replace(problem, goals=goals, seen={})


def _beyond(goal: Goal, value: float, distance: float) -> Goal:
    """The goal moved to another value."""
    return replace(goal, target=goal.target.model_copy(update={"value": value}), distance=distance)


def _one_way(goal: Goal) -> Goal:
    """An approximate goal as one to be reached from the side where more is better."""
    better = indicators()[goal.name].better
    op = goal.target.op if goal.target.op != "~" else "<=" if better == "lower" else ">="
    return replace(goal, target=goal.target.model_copy(update={"op": op}))


def _ideal(problem: Problem, i: int, seed: int) -> float:
    """Best value of one goal whatever becomes of the others."""
    goal = problem.goals[i]
    trend = projected(goal, problem.trend)
    sign = -1.0 if goal.target.op == "<=" else 1.0
    far = _beyond(goal, trend + sign * _FAR * max(abs(trend), 1.0), 1.0)
    return float(best_setting(_with_goals(problem, (far,)), seed).values[0])


def _by_level(problem: Problem, best: float, points: int) -> list[Problem]:
    """Least cost of each of several levels, from the levers at their least to the best."""
    (goal,) = problem.goals
    start = float(problem.look((0,) * len(problem.ranges)).values[0])
    distance = max(abs(best - start), np.finfo(float).tiny)
    levels = np.linspace(start, best, points)
    return [_with_goals(problem, (_beyond(goal, float(v), distance),)) for v in levels]


def _by_weight(problem: Problem, best: list[float], points: int) -> list[Problem]:
    """Nearest to the best of both, the distance to each weighed differently (Chebyshev)."""
    found = []
    for weight in np.linspace(_LEAST_WEIGHT, 1.0 - _LEAST_WEIGHT, points):
        goals = []
        for goal, value, share in zip(problem.goals, best, (weight, 1.0 - weight), strict=True):
            bridged = abs(value - projected(goal, problem.trend))
            goals.append(_beyond(goal, value, max(bridged, abs(value) * _NO_DISTANCE) / share))
        found.append(_with_goals(problem, tuple(goals)))
    return found


def _mark(problem: Problem, point: Point) -> Mark:
    setting = {r.name: float(r.values[i]) for r, i in zip(problem.ranges, point.at, strict=True)}
    found = _of_run(problem, problem.policy(point.at))
    return replace(found, setting=setting)


def _of_run(problem: Problem, policy: np.ndarray) -> Mark:
    run = problem.under(policy)
    values = tuple(projected(g, run) for g in problem.goals)
    return Mark(values, by_payer(costs(run, problem.trend), "government").central, {})


def _undominated(marks: list[Mark], goals: tuple[Goal, ...]) -> tuple[Mark, ...]:
    """Marks that no other beats in every way, by the first goal."""

    def good(mark: Mark) -> tuple[float, ...]:
        signs = [-1.0 if g.target.op == "<=" else 1.0 for g in goals]
        gains = [s * v for s, v in zip(signs, mark.values, strict=True)]
        return (*gains, -mark.cost) if len(goals) == 1 else tuple(gains)

    unique = list({good(m): m for m in marks}.values())
    kept = [
        m
        for m in unique
        if not any(
            o is not m and all(a >= b for a, b in zip(good(o), good(m), strict=True))
            for o in unique
        )
    ]
    return tuple(sorted(kept, key=lambda m: m.values[0]))
