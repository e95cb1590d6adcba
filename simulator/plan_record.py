"""What plans wanted by a census year, what was projected for them, and what the census counted.

Only places that were counted as a whole are judged; docs/model.md section 14.5 says what the
probabilities hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from simulator.outlook import outlook
from simulator.run import Result
from simulator.schema import Target, Words
from simulator.stated_base import (
    RATE,
    RESIDENTS,
    TOWN,
    census_before,
    stated_share,
)
from simulator.targets import meets
from simulator.units import from_base, to_base

#: Fewer other places say nothing of the mean and size of base errors.
_FEWEST = 5
#: Rises whose mean square differs by less than this are alike: no line goes through them.
_ALIKE = 1e-6


@dataclass(frozen=True)
class Base:
    """A plan's stated base share beside the censuses around it.

    ``rise`` is its logit less that of the census before, known when the plan was made; ``error``
    less that of the line between both censuses, ``points`` the same in points of the share.
    """

    rise: float
    error: float
    points: float


@dataclass(frozen=True)
class Due:
    """A target whose year a census counted; ``projected`` and ``happened`` in its own unit.

    ``position`` is its place among the targets; ``base`` what is known of the plan's stated share.
    """

    result: Result
    position: int
    target: Target
    projected: float
    happened: float
    met: bool
    base: Base | None


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
        base = _base(result, target, counted)
        found.append(Due(result, i, target, check.projected, happened, met, base))
    return found


def judge(due_targets: Sequence[Due], draws: int) -> list[Judged]:
    """Targets with the probability that draws of the trend give them.

    A census judges here, so the error of stated base shares counts in full, as the **other**
    places let expect it from how far the stated share is above the census before; never by the
    place's own error; docs/model.md 14.5.

    Parameters
    ----------
    due_targets : of all places, `due`
    draws : of each trend
    """
    bases = {_name(one): one.base for one in due_targets if one.base is not None}
    looked: dict[str, tuple[float | None, ...]] = {}
    judged = []
    for one in due_targets:
        name, place = _name(one), one.result.study.place.name
        if name not in looked:
            others = [base for other, base in bases.items() if other != name]
            looked[name] = _chances(one.result, bases.get(name), others, draws)
        chance = looked[name][one.position]
        if chance is not None:
            points = None if one.base is None else one.base.points
            told = (one.projected, chance, one.happened, one.met, points)
            judged.append(Judged(place, one.target, *told))
    return judged


def _name(one: Due) -> str:
    return one.result.study.place.id


def _chances(
    result: Result, base: Base | None, others: Sequence[Base], draws: int
) -> tuple[float | None, ...]:
    """Probabilities of a trend's targets, with the base error that other places let expect."""
    trend, seed = result.trend, result.study.seed
    if base is None or len(others) < _FEWEST:
        return outlook(trend, draws, seed).probability
    bias, size = expected_error(base.rise, others)
    values = {**trend.start.values, "base_error_urban": size}
    known = replace(trend, start=replace(trend.start, values=values))
    return outlook(known, draws, seed, bias=bias).probability


def expected_error(rise: float, others: Sequence[Base]) -> tuple[float, float]:
    """Mean and standard deviation of a stated share's error, logits, by its rise since the census.

    The straight line through the errors of other places, and the spread of a further place
    around it; where all rise alike, their mean and spread. docs/model.md 14.5.
    """
    rises = np.array([base.rise for base in others])
    errors = np.array([base.error for base in others])
    apart = rises - rises.mean()
    total = float(apart @ apart)
    sloped = total > _ALIKE * len(others)
    slope = float(apart @ errors) / total if sloped else 0.0
    rest = errors - errors.mean() - slope * apart
    away = rise - float(rises.mean()) if sloped else 0.0
    free = len(others) - (2 if sloped else 1)
    wider = 1.0 + 1.0 / len(others) + (away**2 / total if sloped else 0.0)
    size = math.sqrt(float(rest @ rest) / free * wider)
    return float(errors.mean()) + slope * away, size


def _counted(target: Target, counted: dict[tuple[str, int], float]) -> float | None:
    """What the census says of a target, persons or share."""
    if target.at is None:
        return None
    if target.indicator == RATE:
        town, all_ = counted.get((TOWN, target.at)), counted.get((RESIDENTS, target.at))
        return None if town is None or all_ is None else town / all_
    return counted.get((target.indicator, target.at))


def _base(result: Result, target: Target, counted: dict[tuple[str, int], float]) -> Base | None:
    """The stated base share beside the censuses; None where there is no such pair."""
    place = result.study.place
    own, before = stated_share(place), census_before(place)
    after = _counted(target, counted)
    if target.indicator != RATE or not (own and before and after and target.at):
        return None
    first, start = before
    if not all(0.0 < share < 1.0 for share in (start, after, own)):
        return None
    part = (place.base_year - first) / (target.at - first)
    stated, line = float(logit(own)), float((1.0 - part) * logit(start) + part * logit(after))
    points = from_base(own - float(expit(line)), target.unit)
    return Base(stated - float(logit(start)), stated - line, points)


def brier(chances: Sequence[float], met: Sequence[bool]) -> float:
    """Mean squared difference of probabilities and what happened (Brier 1950); 0 is perfect."""
    return float(np.mean((np.array(chances) - np.array(met, dtype=float)) ** 2))


def constant_guess(met: Sequence[bool]) -> list[float]:
    """For each target the share of the others that were met: a guess that knows no place."""
    total, n = sum(met), len(met)
    return [(total - m) / (n - 1) if n > 1 else 0.5 for m in met]
