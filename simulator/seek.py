"""Goal seek: what it would take to meet chosen targets; docs/planning.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.budget import costs
from simulator.goals import Goal, attained, by_stocks
from simulator.indicators import measure
from simulator.outlook import drawn_totals
from simulator.prices import Cost
from simulator.problem import Point, Problem, ended, setting_case
from simulator.ranges import LeverRange
from simulator.run import Result, Run, run_case
from simulator.schema import Case, Evidence, Words
from simulator.search import Progress, best_setting, grid
from simulator.vocabulary import indicators

#: Times that the safety margin of a search for a probability is set anew.
_MARGINS = 7
#: How far beyond the first estimate of the margin is looked.
_WIDER = 1.5


@dataclass(frozen=True)
class Chance:
    """Probability that all goals are met together: asked for, and reached with so many draws."""

    asked: float | None
    reached: float
    draws: int
    seed: int


@dataclass(frozen=True)
class Answer:
    """What goal seek found.

    ``reached`` says whether every goal is met (with the probability asked for, if any); if not,
    ``run`` is the nearest. ``values`` are the projected values of the goals in their units,
    ``best`` the best of each that any setting tried gave, whatever became of the others.
    """

    problem: Problem
    run: Run
    reached: bool
    values: tuple[float, ...]
    best: tuple[float, ...]
    setting: Mapping[str, float]
    costs: tuple[Cost, ...]
    chance: Chance | None
    tried: int

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What was to be met."""
        return self.problem.goals

    def at_limit(self) -> list[LeverRange]:
        """Levers that stand at the furthest value of their range."""
        every = self.problem.ranges
        return [r for r in every if r.last > 0 and self.setting[r.name] == r.values[-1]]

    def bound(self) -> list[tuple[int, int, tuple[str, ...]]]:
        """Spans of years up to the last goal and what bound in them: first, last, codes."""
        spans: list[tuple[int, int, tuple[str, ...]]] = []
        for year, codes in zip(self.run.years[1:].tolist(), self.run.binding(), strict=True):
            if year > self.problem.end:
                break
            if spans and spans[-1][2] == codes:
                spans[-1] = (spans[-1][0], year, codes)
            else:
                spans.append((year, year, codes))
        return spans


def seek(
    result: Result,
    problem: Problem,
    case_id: str,
    probability: float | None = None,
    *,
    draws: int = 0,
    progress: Progress = lambda _: None,
) -> Answer:
    """Least costly setting of the levers that meets every goal, or the nearest.

    Parameters
    ----------
    result : of the study, whose scenario the problem starts from
    problem : goals, levers and start; see `problem.build_problem`
    case_id : name of the scenario that is made
    probability : share of draws that must meet every goal; None for the central projection
    draws : how many; the probability of a central answer is told where there are any
    progress : told the share that is done
    """
    seed = result.study.seed
    if probability is None:
        point = best_setting(problem, seed, progress=progress)
        share = chance_of(problem, point, draws, seed) if draws else None
        chance = None if share is None else Chance(None, share, draws, seed)
        reached = point.shortfall() == 0.0
    else:
        point, share = _with_chance(problem, probability, draws, seed, progress)
        chance, reached = Chance(probability, share, draws, seed), share >= probability
    case = _told(setting_case(problem, point.at), problem)
    found = run_case(case_id, case, result.trend)
    seen = np.array([p.slacks for p in problem.seen.values()]).argmax(axis=0)
    points = list(problem.seen.values())
    return Answer(
        problem=problem,
        run=found,
        reached=reached,
        values=tuple(point.values.tolist()),
        best=tuple(float(points[k].values[i]) for i, k in enumerate(seen)),
        setting={r.name: float(r.values[i]) for r, i in zip(problem.ranges, point.at, strict=True)},
        costs=costs(ended(found, problem.end), problem.trend),
        chance=chance,
        tried=len(problem.seen),
    )


def _told(case: Case, problem: Problem) -> Case:
    """The policy with a label, and where the numbers of the levers that it sets come from."""
    label = Words(zh="反推得到的政策", en="Found by goal seek")
    origin = problem.base.id
    zh = f"由程序反推，以最小成本达到或最接近：{_wanted(problem, 'zh')}；从情景 {origin} 出发。"
    en = (
        f"Found by goal seek from scenario {origin}: least cost that meets or nears "
        f"{_wanted(problem, 'en')}."
    )
    evidence = [
        Evidence(lever=f"{r.group}.{r.name}", kind="derived", derivation=Words(zh=zh, en=en))
        for r in problem.ranges
        if getattr(getattr(case.levers, r.group), r.name, None) is not None
    ]
    return case.model_copy(update={"label": label, "evidence": evidence})


def _wanted(problem: Problem, lang: str) -> str:
    parts = []
    for goal in problem.goals:
        target = goal.target
        label = indicators()[goal.name].label(lang)
        parts.append(f"{label} {target.op} {target.value:g} {target.unit} ({goal.at})")
    return "; ".join(parts)


def chance_of(problem: Problem, point: Point, draws: int, seed: int) -> float:
    """Share of draws in which a setting meets every goal."""
    return float((_draw_slacks(problem, point, draws, seed) >= 0.0).mean())


def _draw_slacks(problem: Problem, point: Point, draws: int, seed: int) -> np.ndarray:
    """Least slack over the goals in each draw, (draws,)."""
    run = replace(
        problem.base, inputs=problem.base.inputs._replace(policy=problem.policy(point.at))
    )
    cells = drawn_totals(run, draws, seed)
    stocks, share = measure(cells[..., None, None]), run.start.seat_share
    slacks = []
    for goal in problem.goals:
        series = by_stocks(goal.name, stocks, run.years, share)
        if series is None:
            raise ValueError(f"{goal.name}: draws keep no such indicator")
        slacks.append(goal.slack(attained(goal, series, run.years)))
    return np.asarray(np.min(slacks, axis=0))


def drawable(goal: Goal, run: Run) -> bool:
    """Whether draws tell the goal's indicator."""
    return by_stocks(goal.name, run.stocks, run.years, run.start.seat_share) is not None


def _with_chance(
    problem: Problem, probability: float, draws: int, seed: int, progress: Progress
) -> tuple[Point, float]:
    """Setting that meets the goals in at least ``probability`` of the draws.

    The central projection is made to exceed the goals by a margin, which is set anew until just
    enough draws meet them; then each lever is lowered while they still do.
    """
    low, high, margin = 0.0, np.inf, 0.0
    found: list[tuple[bool, float, Point]] = []
    for k in range(_MARGINS):
        point = best_setting(problem, seed, margin, _part(progress, k))
        slack = _draw_slacks(problem, point, draws, seed)
        share = float((slack >= 0.0).mean())
        found.append((share < probability, -share if share < probability else point.cost, point))
        if share >= probability:
            high = margin
        elif point.shortfall(margin) > 0.0:
            break  # the furthest settings fall short already
        else:
            low = margin
        if high == 0.0:
            break
        wanted = margin - float(np.quantile(slack, 1.0 - probability, method="lower"))
        inside = low < wanted < high
        margin = wanted if inside else (low + high) / 2 if np.isfinite(high) else low * _WIDER
    _, _, point = min(found, key=lambda item: item[:2])
    point = _lowered(problem, point, probability, draws, seed)
    progress(1.0)
    return point, chance_of(problem, point, draws, seed)


def _part(progress: Progress, k: int) -> Progress:
    """Progress of the k-th search of several."""
    return lambda share: progress((k + share) / (_MARGINS + 1))


def _lowered(problem: Problem, point: Point, probability: float, draws: int, seed: int) -> Point:
    """Each lever lowered as far as enough draws still meet the goals, dearest lever first."""
    if chance_of(problem, point, draws, seed) < probability:
        return point
    for i in grid(problem).free:
        low, high = 0, point.at[i]
        while low < high:
            middle = (low + high) // 2
            trial = problem.look((*point.at[:i], middle, *point.at[i + 1 :]))
            if chance_of(problem, trial, draws, seed) >= probability:
                high = middle
            else:
                low = middle + 1
        lower = problem.look((*point.at[:i], high, *point.at[i + 1 :]))
        if lower.cost < point.cost:
            point = lower
    return point
