"""What plans wanted by a census year, what was projected for them, and what the census counted.

Only places that were counted as a whole are judged; docs/model.md section 14.5 says what the
probabilities hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.outlook import outlook
from simulator.run import Result
from simulator.schema import Target, Words
from simulator.targets import meets
from simulator.units import from_base, to_base

#: The share that is a target of itself, and the counts that give it.
_RATE, _TOWN, _RESIDENTS = "resident_urbanization_rate", "town_population", "resident_population"


@dataclass(frozen=True)
class Judged:
    """One target of a plan; ``projected`` and ``happened`` in the target's own unit.

    ``base_error`` is the plan's stated base value less the line between the censuses around it.
    """

    place: Words
    target: Target
    projected: float
    probability: float
    happened: float
    met: bool
    base_error: float | None


def judge(result: Result, draws: int) -> list[Judged]:
    """Targets of a place's plan whose year a later census counted.

    Parameters
    ----------
    result : of `run`; what the census counted after the base year is not fitted in it
    draws : of the trend, for the probability
    """
    trend, place = result.trend, result.study.place
    counted = {(name, year): to_base(v, unit) for name, year, v, _, unit in result.outcomes()}
    due = [
        (i, check, _counted(check.target, counted))
        for i, check in enumerate(trend.targets)
        if check.projected is not None and check.target.scope == "place" and not check.target.since
    ]
    found = [(i, check, value) for i, check, value in due if value is not None]
    if not found:
        return []
    chances = outlook(trend, draws, result.study.seed).probability
    judged = []
    for i, check, value in found:
        target, chance = check.target, chances[i]
        if chance is None or check.projected is None:
            continue
        happened = from_base(value, target.unit)
        tolerance = trend.start.values["target_tolerance"]
        met = bool(meets(target, np.array([happened]), tolerance)[0])
        error = _base_error(result, target, counted)
        judged.append(Judged(place.name, target, check.projected, chance, happened, met, error))
    return judged


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
) -> float | None:
    """Stated base rate less the rate between the censuses, points; None where there is no pair."""
    place = result.study.place
    stated = [f for f in place.facts if f.indicator == _RATE and f.use == "base"]
    before = {
        (f.indicator, f.at): to_base(f.value, f.unit) for f in place.facts if f.use == "history"
    }
    years = {y for n, y in before if n == _TOWN} & {y for n, y in before if n == _RESIDENTS}
    after = _counted(target, counted)
    if target.indicator != _RATE or not stated or not years or after is None or not target.at:
        return None
    first = max(years, key=lambda y: y or 0)
    start = before[_TOWN, first] / before[_RESIDENTS, first]
    if not first or not (0.0 < start < 1.0 and 0.0 < after < 1.0):
        return None
    share = (place.base_year - first) / (target.at - first)
    line = (1.0 - share) * _logit(start) + share * _logit(after)
    return stated[0].value - 100.0 / (1.0 + math.exp(-line))


def brier(chances: Sequence[float], met: Sequence[bool]) -> float:
    """Mean squared difference of probabilities and what happened (Brier 1950); 0 is perfect."""
    return float(np.mean((np.array(chances) - np.array(met, dtype=float)) ** 2))


def constant_guess(met: Sequence[bool]) -> list[float]:
    """For each target the share of the others that were met: a guess that knows no place."""
    total, n = sum(met), len(met)
    return [(total - m) / (n - 1) if n > 1 else 0.5 for m in met]
