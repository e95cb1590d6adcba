"""What plans wanted by a census year, what was projected for them, and what the census counted.

Only places that were counted as a whole are judged; docs/model.md section 14.5 says what the
probabilities hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.outlook import outlook
from simulator.run import Result
from simulator.schema import Target, Words
from simulator.targets import meets
from simulator.units import from_base, to_base

#: The share that is a target of itself, and the counts that give it.
_RATE, _TOWN, _RESIDENTS = "resident_urbanization_rate", "town_population", "resident_population"
#: Fewer other places say nothing of the mean and size of base errors.
_FEWEST = 5


@dataclass(frozen=True)
class Due:
    """A target whose year a census counted; ``projected`` and ``happened`` in its own unit.

    ``position`` is its place among the targets; ``base_error`` the logit of the plan's stated base
    share less that of the line between the censuses around it, ``base_points`` the same in points.
    """

    result: Result
    position: int
    target: Target
    projected: float
    happened: float
    met: bool
    base_error: float | None
    base_points: float | None


@dataclass(frozen=True)
class Judged:
    """A target that fell due, and how probable it was to be met; ``base_error`` in points."""

    place: Words
    target: Target
    projected: float
    probability: float
    happened: float
    met: bool
    base_error: float | None


def due(result: Result) -> list[Due]:
    """Targets of a place's plan whose year a later census counted.

    Parameters
    ----------
    result : of `run`; what the census counted after the base year is not fitted in it
    """
    trend = result.trend
    counted = {(name, year): to_base(v, unit) for name, year, v, _, unit in result.outcomes()}
    tolerance, found = trend.start.values["target_tolerance"], []
    for i, check in enumerate(trend.targets):
        target, value = check.target, _counted(check.target, counted)
        if check.projected is None or value is None or target.scope != "place" or target.since:
            continue
        happened = from_base(value, target.unit)
        met = bool(meets(target, np.array([happened]), tolerance)[0])
        error, points = _base_error(result, target, counted)
        found.append(Due(result, i, target, check.projected, happened, met, error, points))
    return found


def judge(due_targets: Sequence[Due], draws: int) -> list[Judged]:
    """Targets with the probability that draws of the trend give them.

    A census judges here, so the error of stated base shares counts in full: its mean and its size
    as measured at the **other** places, never at the place itself; docs/model.md 14.5.

    Parameters
    ----------
    due_targets : of all places, `due`
    draws : of each trend
    """
    errors = {_name(one): one.base_error for one in due_targets if one.base_error is not None}
    looked: dict[str, tuple[float | None, ...]] = {}
    judged = []
    for one in due_targets:
        name, place = _name(one), one.result.study.place.name
        if name not in looked:
            others = [e for other, e in errors.items() if other != name]
            looked[name] = _chances(one.result, others if name in errors else [], draws)
        chance = looked[name][one.position]
        if chance is not None:
            told = (one.projected, chance, one.happened, one.met, one.base_points)
            judged.append(Judged(place, one.target, *told))
    return judged


def _name(one: Due) -> str:
    return one.result.study.place.id


def _chances(result: Result, errors: Sequence[float], draws: int) -> tuple[float | None, ...]:
    """Probabilities of a trend's targets, with the base errors of other places, if any."""
    trend, seed = result.trend, result.study.seed
    if len(errors) < _FEWEST:
        return outlook(trend, draws, seed).probability
    bias, size = float(np.mean(errors)), float(np.std(errors, ddof=1))
    values = {**trend.start.values, "base_error_urban": size}
    known = replace(trend, start=replace(trend.start, values=values))
    return outlook(known, draws, seed, bias=bias).probability


def _counted(target: Target, counted: dict[tuple[str, int], float]) -> float | None:
    """What the census says of a target, persons or share."""
    if target.at is None:
        return None
    if target.indicator == _RATE:
        town, all_ = counted.get((_TOWN, target.at)), counted.get((_RESIDENTS, target.at))
        return None if town is None or all_ is None else town / all_
    return counted.get((target.indicator, target.at))


def _logit(share: float) -> float:
    return math.log(share / (1.0 - share))


def _base_error(
    result: Result, target: Target, counted: dict[tuple[str, int], float]
) -> tuple[float | None, float | None]:
    """Stated base rate less the rate between the censuses, as logits and in points; None where
    there is no pair.
    """
    place = result.study.place
    stated = [f for f in place.facts if f.indicator == _RATE and f.use == "base"]
    before = {
        (f.indicator, f.at): to_base(f.value, f.unit) for f in place.facts if f.use == "history"
    }
    years = {y for n, y in before if n == _TOWN} & {y for n, y in before if n == _RESIDENTS}
    after = _counted(target, counted)
    if target.indicator != _RATE or not stated or not years or after is None or not target.at:
        return None, None
    first = max(years, key=lambda y: y or 0)
    start = before[_TOWN, first] / before[_RESIDENTS, first]
    if not first or not (0.0 < start < 1.0 and 0.0 < after < 1.0):
        return None, None
    share = (place.base_year - first) / (target.at - first)
    line = (1.0 - share) * _logit(start) + share * _logit(after)
    points = stated[0].value - from_base(1.0 / (1.0 + math.exp(-line)), stated[0].unit)
    return _logit(to_base(stated[0].value, stated[0].unit)) - line, points


def brier(chances: Sequence[float], met: Sequence[bool]) -> float:
    """Mean squared difference of probabilities and what happened (Brier 1950); 0 is perfect."""
    return float(np.mean((np.array(chances) - np.array(met, dtype=float)) ** 2))


def constant_guess(met: Sequence[bool]) -> list[float]:
    """For each target the share of the others that were met: a guess that knows no place."""
    total, n = sum(met), len(met)
    return [(total - m) / (n - 1) if n > 1 else 0.5 for m in met]
