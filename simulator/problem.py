"""Lever settings tried against targets: one projection each, kept; docs/planning.md, goal seek."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from simulator.budget import ITEMS, quantities, settled_persons, unit_prices
from simulator.goals import Goal, attained, by_stocks
from simulator.kernel import Paths
from simulator.levers.columns import Policy
from simulator.parameters import levers
from simulator.prices import Range
from simulator.projection import project
from simulator.ranges import LeverRange
from simulator.run import Run
from simulator.schema import Case
from simulator.state import Inputs

At = tuple[int, ...]
#: What firms and households pay counts this much beside a public yuan: it only breaks ties.
_TIE = 1e-6
#: Shortfalls closer than this share of the distance are the same.
_SAME = 1e-4
#: Arrays of `Inputs` whose first axis is the projected years.
_YEARLY = ("mortality", "newborn_survival", "asfr", "srb", "level", "policy", "policy_baseline")


@dataclass(frozen=True)
class Point:
    """One setting tried: positions on the grids, values and slacks of the goals, cost.

    ``values`` are in the targets' units, ``slacks`` shares of the goals' distances.
    """

    at: At
    values: np.ndarray
    slacks: np.ndarray
    cost: float

    def shortfall(self, margin: float = 0.0) -> float:
        """Largest share of its distance by which a goal is missed; 0 where all are met."""
        return max(0.0, margin - float(self.slacks.min()))

    def rank(self, margin: float = 0.0) -> tuple[float, float]:
        """Order of settings: nearer first, then cheaper."""
        return (float(np.ceil(self.shortfall(margin) / _SAME)), self.cost)


@dataclass(frozen=True)
class Problem:
    """Which goals, by which levers, from which scenario.

    ``base`` is the scenario ``whole`` as far as the last goal's year, and so is ``trend``. The
    levers hold from ``start`` to that year; every other lever, and every year before, is as the
    scenario has it. ``weights`` (per unit and year) stand in for the public cost where given.
    """

    whole: Run
    base: Run
    trend: Run
    goals: tuple[Goal, ...]
    ranges: tuple[LeverRange, ...]
    start: int
    weights: Mapping[str, float] = field(default_factory=dict)
    seen: dict[At, Point] = field(default_factory=dict, compare=False, repr=False)

    @property
    def end(self) -> int:
        """Last year in which the levers hold."""
        return max(goal.at for goal in self.goals)

    def policy(self, at: At) -> np.ndarray:
        """Policy array of a setting, (T, len(Policy))."""
        policy = self.base.inputs.policy.copy()
        held = self.base.years[1:] >= self.start
        for lever, i in zip(self.ranges, at, strict=True):
            policy[held, lever.column] = lever.values[i]
        return policy

    def run(self, at: At) -> Run:
        """The scenario with a setting, up to the last goal's year."""
        return self.under(self.policy(at))

    def under(self, policy: np.ndarray) -> Run:
        """The scenario with another policy array."""
        inputs = self.base.inputs._replace(policy=policy)
        return replace(self.base, inputs=inputs, paths=project(inputs))

    def look(self, at: At) -> Point:
        """A setting tried; each is projected once."""
        if at not in self.seen:
            found = self.run(at)
            values = np.array([self._value(goal, found) for goal in self.goals])
            slacks = np.array([float(g.slack(v)) for g, v in zip(self.goals, values, strict=True)])
            self.seen[at] = Point(at, values, slacks, self.cost(at, found))
        return self.seen[at]

    def _value(self, goal: Goal, run: Run) -> float:
        series = by_stocks(goal.name, run.stocks, run.years, run.start.seat_share)
        return float(attained(goal, run.series[goal.name] if series is None else series, run.years))

    def cost(self, at: At, run: Run) -> float:
        """What is made least: public yuan up to the last goal's year, or the user's weights."""
        if self.weights:
            return self._weighted(at)
        resting = run.inputs.policy_baseline
        units = quantities(run.inputs.policy, resting, settled_persons(run.paths), self._on_trend)
        paid = {item: float(n.sum()) * self._prices[item].central for item, n in units.items()}
        public = sum(paid[item] for item, (payer, _) in ITEMS.items() if payer == "government")
        return public + _TIE * sum(paid.values())

    def _weighted(self, at: At) -> float:
        years = int((self.base.years[1:] >= self.start).sum())
        cost = 0.0
        for lever, i in zip(self.ranges, at, strict=True):
            moved = abs(float(lever.values[i] - lever.values[0]))
            cost += years * moved * (self.weights.get(lever.name, 0.0) + _TIE)
        return cost

    @cached_property
    def _prices(self) -> Mapping[str, Range]:
        return unit_prices(self.base.start.values, self.base.study.overridden)

    @cached_property
    def _on_trend(self) -> np.ndarray:
        return settled_persons(self.trend.paths)


def build_problem(
    base: Run,
    trend: Run,
    goals: tuple[Goal, ...],
    ranges: tuple[LeverRange, ...],
    *,
    start: int | None = None,
    weights: Mapping[str, float] | None = None,
) -> Problem:
    """A problem whose runs end at the last goal's year.

    Parameters
    ----------
    base, trend : the scenario whose other levers are kept, and the trend of the same study
    start : first year in which the levers hold; by default the first projected year
    """
    end = max(goal.at for goal in goals)
    first = int(trend.years[1]) if start is None else start
    # The trend itself runs without a ceiling of dwellings; what is tried must keep within it.
    town = trend.stocks.town_population
    below = replace(base, inputs=base.inputs._replace(trend_town=town))
    short = ended(below, end), ended(trend, end)
    return Problem(base, *short, goals, ranges, first, dict(weights or {}))


def ended(run: Run, year: int) -> Run:
    """The same run, ending with ``year``."""
    n = year - int(run.years[0])
    cut: dict[str, Any] = {name: getattr(run.inputs, name)[:n] for name in _YEARLY}
    inputs: Inputs = run.inputs._replace(**cut, trend_town=run.inputs.trend_town[: n + 1])
    kept = {name: array[:n] for name, array in run.paths._asdict().items()}
    paths = Paths(**kept | {"population": run.paths.population[: n + 1]})
    return replace(run, study=replace(run.study, horizon=year), inputs=inputs, paths=paths)


def setting_case(problem: Problem, at: At) -> Case:
    """The setting as a policy of its own, every touched group written out by year.

    After the last goal's year the levers that were sought rest.
    """
    base = problem.whole
    resting = base.inputs.policy_baseline
    policy = base.inputs.policy.copy()
    years = base.years[1:]
    for lever, i in zip(problem.ranges, at, strict=True):
        policy[years >= problem.start, lever.column] = lever.values[i]
        policy[years > problem.end, lever.column] = resting[years > problem.end, lever.column]
    kept = base.case.levers.model_dump(exclude_none=True)
    touched = {lever.group for lever in problem.ranges}
    written = {g: _written(g, policy, resting, years) for g in sorted(touched)}
    kept = {g: chosen for g, chosen in (kept | written).items() if chosen}
    return Case.model_validate({"levers": kept})


def _written(
    group: str, policy: np.ndarray, resting: np.ndarray, years: np.ndarray
) -> dict[str, Any]:
    """Levers of a group that differ from the trend, as paths by year, beyond the trend."""
    found: dict[str, Any] = {}
    for name in levers()[group]:
        column = Policy[name.upper()]
        values = [
            None if now == rest else float(now)
            for now, rest in zip(policy[:, column], resting[:, column], strict=True)
        ]
        if any(v is not None for v in values):
            found[name] = _path(values, years)
    return found


def _path(values: list[float | None], years: np.ndarray) -> Any:
    """One number where it holds in every year, else each value from the year it starts."""
    if len(set(values)) == 1:
        return values[0]
    path = {}
    for i, (year, value) in enumerate(zip(years.tolist(), values, strict=True)):
        before = values[i - 1] if i else None
        if value != before:
            path[year] = value
    return path
