"""From options of the command line to a problem of goal seek; every fault at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from simulator.errors import ScenarioError, Violation
from simulator.goals import Goal, choose_goals
from simulator.problem import Problem, build_problem
from simulator.ranges import lever_ranges
from simulator.run import Result, Run
from simulator.seek import drawable

_RANGE = re.compile(r"(?P<name>[\w.]+)=(?P<low>-?\d+(\.\d+)?):(?P<high>-?\d+(\.\d+)?)")
_WEIGHT = re.compile(r"(?P<name>[\w.]+)=(?P<value>\d+(\.\d+)?)")
T = TypeVar("T")
_MOST_ID, _SUFFIX = 60, "_seek"


def seek_id(study: str) -> str:
    """Name of the scenario that goal seek makes for a study."""
    return study[: _MOST_ID - len(_SUFFIX)] + _SUFFIX


def asked_problem(
    result: Result,
    base: Run,
    targets: Sequence[str],
    levers: str,
    ranges: Sequence[str],
    weights: str,
    first: int | None,
    probability: float | None,
) -> Problem:
    """The problem that the options ask for.

    Raises
    ------
    ScenarioError
        With every violation found in the options.
    """
    faults: list[Violation] = []
    trend = result.trend
    names = [w.strip() for w in levers.split(",") if w.strip()]
    limits = _noted(faults, lambda: read_limits(ranges)) or {}
    chosen = _noted(faults, lambda: lever_ranges(names, limits, trend)) or ()
    goals = _noted(faults, lambda: choose_goals(targets, trend)) or ()
    known = [r.name for r in chosen]
    weighed = _noted(faults, lambda: read_weights(weights, known)) if chosen else {}
    faults += _start_faults(first, goals, trend)
    if probability is not None:
        faults += [_not_drawn(g) for g in goals if not drawable(g, trend)]
    if faults:
        raise ScenarioError(faults)
    return build_problem(base, trend, goals, chosen, start=first, weights=weighed)


def _noted(faults: list[Violation], read: Callable[[], T]) -> T | None:
    """What is read, or None with its violations noted."""
    try:
        return read()
    except ScenarioError as error:
        faults += error.violations
        return None


def _not_drawn(goal: Goal) -> Violation:
    return Violation("goal_not_drawn", "--probability", path=goal.name)


def _start_faults(first: int | None, goals: Sequence[Goal], trend: Run) -> list[Violation]:
    last = max((g.at for g in goals), default=trend.study.horizon)
    low = int(trend.years[1])
    if first is None or low <= first <= last:
        return []
    return [Violation("outside", "--from", value=first, params={"low": low, "high": last})]


def read_limits(words: Sequence[str]) -> Mapping[str, tuple[float, float]]:
    """Ranges written ``name=low:high``.

    Raises
    ------
    ScenarioError
        With a violation for each that is not so written.
    """
    found, faults = {}, []
    for word in words:
        match = _RANGE.fullmatch(word.strip())
        if match is None:
            faults.append(Violation("not_a_range", "--range", value=word))
        else:
            found[match["name"].rsplit(".", 1)[-1]] = (float(match["low"]), float(match["high"]))
    if faults:
        raise ScenarioError(faults)
    return found


def read_weights(words: str, names: Sequence[str]) -> Mapping[str, float]:
    """User weights written ``name=value,…`` of the levers sought.

    Raises
    ------
    ScenarioError
        With a violation for each that is not so written or names no lever that is sought.
    """
    found, faults = {}, []
    for word in (w.strip() for w in words.split(",") if w.strip()):
        match = _WEIGHT.fullmatch(word)
        name = "" if match is None else match["name"].rsplit(".", 1)[-1]
        if match is None or name not in names:
            params = {"allowed": list(names)}
            faults.append(Violation("not_a_weight", "--weights", value=word, params=params))
        else:
            found[name] = float(match["value"])
    if faults:
        raise ScenarioError(faults)
    return found
