"""Targets to be reached: which ones, and how far a projection is from each; docs/planning.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.errors import ScenarioError, Violation, nearest
from simulator.indicators import Stocks
from simulator.run import Run
from simulator.schema import Target
from simulator.targets import counted
from simulator.units import to_base
from simulator.vocabulary import COMMON, indicators

#: ``NAME``, ``NAME@YEAR`` or ``NAME>=VALUE@YEAR``.
_ASKED = re.compile(
    r"(?P<name>\w+)(?:(?P<op>>=|<=|~)(?P<value>-?\d+(?:\.\d+)?))?(?:@(?P<year>\d{4}))?"
)
#: Languages that labels are in.
_OF_LABELS = ("zh", "en")
#: A target that the trend meets has no distance to bridge; this share of it counts as one.
_LEAST_DISTANCE = 0.01
#: Met to the precision of a printed figure, as targets are.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Goal:
    """A target to be met.

    ``distance`` is what lies between trend and target, in the target's unit; slacks are shares
    of it, so that targets of different units can be weighed against each other.
    """

    target: Target
    at: int
    distance: float
    tolerance: float

    @property
    def name(self) -> str:
        """Indicator."""
        return self.target.indicator

    def slack(self, value: np.ndarray | float) -> np.ndarray:
        """How far the target is exceeded (negative: missed), as a share of the distance.

        Parameters
        ----------
        value : (...) projected value in the target's unit
        """
        goal = self.target.value
        rounding = _ROUNDING * abs(goal)
        if self.target.op == ">=":
            over = value - goal + rounding
        elif self.target.op == "<=":
            over = goal - value + rounding
        else:
            over = self.tolerance * abs(goal) - np.abs(value - goal)
        return np.asarray(over / self.distance)


def by_stocks(name: str, stocks: Stocks, years: np.ndarray, seat_share: float) -> np.ndarray | None:
    """An indicator that headline stocks give, (..., T + 1), persons or shares; None for others."""
    if name == "county_seat_population":
        return stocks.town_population * seat_share
    if name == "urbanization_rate_annual_increase":
        rate, elapsed = stocks.resident_urbanization_rate, np.maximum(years - years[0], 1)
        return np.asarray((rate - rate[..., :1]) / elapsed)
    if name == "new_town_residents":
        return np.diff(stocks.town_population, prepend=np.nan)
    found = getattr(stocks, name, None)
    return None if found is None else np.asarray(found)


def attained(goal: Goal, series: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Value of the goal's year in the target's unit, shape (...), of a series (..., T + 1)."""
    value = counted(in_unit(series, goal.target.unit), years, goal.target.since)
    return np.asarray(value[..., goal.at - years[0]])


def in_unit(series: np.ndarray, unit: str) -> np.ndarray:
    """A series of persons or shares in a printed unit."""
    return np.asarray(series) / to_base(1.0, unit)


def projected(goal: Goal, run: Run) -> float:
    """Value that a run reaches in the goal's year, in the target's unit."""
    share = run.start.seat_share
    series = by_stocks(goal.name, run.stocks, run.years, share)
    return float(attained(goal, run.series[goal.name] if series is None else series, run.years))


def first_year(goal: Goal, run: Run) -> int | None:
    """First projected year in which a run meets the goal's value, or None."""
    series = by_stocks(goal.name, run.stocks, run.years, run.start.seat_share)
    series = run.series[goal.name] if series is None else series
    value = counted(in_unit(series, goal.target.unit), run.years, goal.target.since)
    met = np.flatnonzero(goal.slack(value[1:]) >= 0.0)
    return int(run.years[1 + met[0]]) if met.size else None


def choose_goals(asked: Sequence[str], trend: Run) -> tuple[Goal, ...]:
    """Targets to be met, as named on the command line, or all that can be projected.

    Parameters
    ----------
    asked : ``NAME`` (every target of that indicator), ``NAME@YEAR``, or ``NAME>=VALUE@YEAR`` in
        the indicator's usual unit, which need not be a target of the plan; a name is that of the
        table of indicators or its label
    trend : of the place

    Raises
    ------
    ScenarioError
        With a violation for each name that is no target that a projection can be held against.
    """
    known = _known(trend)
    if not asked:
        if not known:
            raise ScenarioError([Violation("no_goal", trend.study.file, path="targets")])
        return tuple(_goal(t, trend) for t in known)
    found: list[Target] = []
    faults: list[Violation] = []
    for words in asked:
        targets = _named(words, known, trend)
        if isinstance(targets, Violation):
            faults.append(targets)
        else:
            found += [t for t in targets if t not in found]
    if faults:
        raise ScenarioError(faults)
    return tuple(_goal(t, trend) for t in found)


def _known(trend: Run) -> list[Target]:
    checks: Iterable = trend.targets
    return [c.target for c in checks if c.status != "not_modelled"]


def _named(words: str, known: list[Target], trend: Run) -> list[Target] | Violation:
    match = _ASKED.fullmatch(words.strip())
    names = sorted({t.indicator for t in known} | set(_projected_names()))
    labels = {indicators()[n].label(lang): n for n in names for lang in _OF_LABELS}
    name = words if match is None else labels.get(match["name"], match["name"])
    if match is None or name not in names:
        close = COMMON.get(name) or nearest(name, [*names, *labels])
        params = {"allowed": names, "nearest": close}
        return Violation("unknown_goal", "--target", value=words, params=params)
    year = None if match["year"] is None else int(match["year"])
    first, last = trend.study.place.base_year + 1, trend.study.horizon
    if match["value"] is None:
        targets = [t for t in known if t.indicator == name and year in (None, t.at)]
        if not targets:
            given = sorted(f"{t.indicator}@{t.at}" for t in known)
            params = {"allowed": given, "example": f"{name}>=50@{last}"}
            return Violation("no_such_target", "--target", value=words, params=params)
        return targets
    year = last if year is None else year
    if not first <= year <= last:
        limits = {"low": first, "high": last}
        return Violation("outside", "--target", value=words, params=limits)
    return [_own(name, match["op"], float(match["value"]), year)]


def _projected_names() -> list[str]:
    return [i.name for i in indicators().values() if i.kind == "modelled"]


def _own(name: str, op: str, value: float, year: int) -> Target:
    """A target of the user's own, which no document states."""
    stated = {"indicator": name, "year": year, "op": op, "value": value, "document": "own"}
    unit = indicators()[name].unit
    return Target.model_validate(stated | {"unit": unit, "quote": f"{op}{value:g}"})


def _goal(target: Target, trend: Run) -> Goal:
    at = target.at
    assert at is not None
    tolerance = trend.start.values["target_tolerance"]
    plain = Goal(target, at, 1.0, tolerance)
    short = -float(plain.slack(projected(plain, trend)))
    least = _LEAST_DISTANCE * max(abs(target.value), _ROUNDING)
    return Goal(target, at, max(short, least), tolerance)
