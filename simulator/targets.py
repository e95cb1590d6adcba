"""Plan targets against a projection: projected value, gap, status, first year met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulator.schema import Fact, Target
from simulator.units import dimension, from_base, to_base
from simulator.vocabulary import Indicator, indicators

Status = Literal["met", "missed", "not_modelled"]
#: Why a target that speaks of a modelled indicator is not judged: it is of a part of the place, or
#: of persons where the place's size is unknown.
Reason = Literal["part", "size"]
#: A ``>=`` or ``<=`` target is met when it holds to the precision of a printed figure's rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class TargetCheck:
    """One target judged; values in the target's own unit, gap = projected - target.

    ``needed`` is the stock that a per-capita requirement implies for the projected people, in
    the indicator's ``amount_unit``; None for other kinds. ``reason`` says why a target is not
    judged that its indicator alone would let be.
    """

    target: Target
    indicator: Indicator
    projected: float | None
    gap: float | None
    status: Status
    first_year_met: int | None
    needed: float | None
    needed_at_base: float | None
    reason: Reason | None = None

    @property
    def kind(self) -> str:
        """modelled, requirement or context."""
        return self.indicator.kind


def meets(target: Target, value: np.ndarray, tolerance: float) -> np.ndarray:
    """Whether values in the target's own unit meet it."""
    slack = abs(target.value) * _ROUNDING
    if target.op == ">=":
        return value >= target.value - slack
    if target.op == "<=":
        return value <= target.value + slack
    return np.abs(value - target.value) <= tolerance * abs(target.value)


def check_target(
    target: Target,
    years: np.ndarray,
    modelled: Mapping[str, np.ndarray],
    people: Mapping[str, np.ndarray],
    tolerance: float,
) -> TargetCheck:
    """Judge one target.

    Parameters
    ----------
    target : the plan's target
    years : (T + 1,) base year and projected years
    modelled : base-unit series (T + 1,) of the indicators that the model projects
    people : denominators of requirements, persons, (T + 1,)
    tolerance : relative deviation allowed to an approximate (``~``) target
    """
    indicator = indicators()[target.indicator]
    at = np.flatnonzero(years == target.at)
    if indicator.kind == "requirement":
        return _requirement(target, indicator, at, people[indicator.denominator])
    if indicator.kind != "modelled" or indicator.name not in modelled or not at.size:
        return TargetCheck(target, indicator, None, None, "not_modelled", None, None, None)
    yearly = np.array([from_base(v, target.unit) for v in modelled[indicator.name]])
    series = counted(yearly, years, target.since)
    if not np.isfinite(series[at[0]]):
        return TargetCheck(target, indicator, None, None, "not_modelled", None, None, None)
    met = meets(target, series, tolerance)
    projected = float(series[at[0]])
    reached = np.flatnonzero(met[1:])
    return TargetCheck(
        target=target,
        indicator=indicator,
        projected=projected,
        gap=projected - target.value,
        status="met" if met[at[0]] else "missed",
        first_year_met=int(years[1:][reached[0]]) if reached.size else None,
        needed=None,
        needed_at_base=None,
    )


def why_not_judged(target: Target, *, sized: bool, seated: bool) -> Reason | None:
    """Why a target of an indicator that the model knows is not judged, or None.

    Parameters
    ----------
    target : the plan's target
    sized : whether the number of people in the place is known, not only its rates
    seated : whether the county seat's share of the town people is known
    """
    kind = indicators()[target.indicator].kind
    seat = target.indicator == "county_seat_population"
    if kind == "context":
        return None
    if not sized and (kind == "requirement" or dimension(target.unit) == "persons"):
        return "size"
    if seat and not seated:
        return "part"
    of_seat = target.scope == "county_seat" and (seat or kind == "requirement")
    return None if of_seat or target.scope in ("place", "county_territory") else "part"


def observed(
    facts: Iterable[Fact], years: np.ndarray, series: Mapping[str, np.ndarray], *, sized: bool
) -> list[tuple[str, int, float, float, str]]:
    """What happened after the base against a projection: indicator, year, observed, projected,
    unit; observed and projected in the printed unit. Not fitted.

    Parameters
    ----------
    facts : of the place; those of use outcome about the whole place are taken
    years : (T + 1,) base year and projected years
    series : base-unit series (T + 1,) of the indicators that the model projects
    sized : whether the number of people in the place is known, not only its rates
    """
    found = []
    for fact in facts:
        if fact.use != "outcome" or fact.scope != "place" or fact.indicator not in series:
            continue
        at = np.flatnonzero(years == fact.at)
        if at.size and (sized or dimension(fact.unit) != "persons"):
            value = from_base(float(series[fact.indicator][at[0]]), fact.unit)
            found.append((fact.indicator, int(years[at[0]]), fact.value, value, fact.unit))
    return [*found, *_observed_rates(found)]


def _observed_rates(
    found: Iterable[tuple[str, int, float, float, str]],
) -> Iterator[tuple[str, int, float, float, str]]:
    """Urbanization rates of years whose town and all residents are known and whose rate is not."""
    rate = "resident_urbanization_rate"
    known = {
        (name, year): (to_base(seen, unit), to_base(projected, unit))
        for name, year, seen, projected, unit in found
    }
    for (name, year), town in known.items():
        every = known.get(("resident_population", year))
        if name == "town_population" and every and (rate, year) not in known:
            seen, projected = (from_base(a / b, "%") for a, b in zip(town, every, strict=True))
            yield rate, year, seen, projected, "%"


def unjudged(target: Target, reason: Reason) -> TargetCheck:
    """A target that is shown and not judged, and why."""
    indicator = indicators()[target.indicator]
    return TargetCheck(target, indicator, None, None, "not_modelled", None, None, None, reason)


def counted(yearly: np.ndarray, years: np.ndarray, since: int | None) -> np.ndarray:
    """Amounts added up from the end of ``since``; nan up to it and where years are missing."""
    if since is None:
        return yearly
    amounts = np.where(years > since, yearly, 0.0)
    return np.where((years > since) & (since >= years[0]), amounts.cumsum(), np.nan)


def required_stock(ratio: float, persons: np.ndarray | float, indicator: Indicator) -> np.ndarray:
    """The stock that a per-capita ratio means for people, shape of ``persons``, eq. (43).

    Pupils per teacher is people over stock; every other requirement is stock over people.
    """
    people = np.asarray(persons)
    return people / ratio if indicator.better == "lower" else ratio * people / indicator.per


def _requirement(
    target: Target, indicator: Indicator, at: np.ndarray, people: np.ndarray
) -> TargetCheck:
    """The stock that a per-capita target means for the people projected, eq. (43)."""

    def stock(ratio: float, persons: float) -> float:
        return float(required_stock(ratio, persons, indicator))

    needed = stock(target.value, float(people[at[0]])) if at.size else None
    base = target.baseline
    today = stock(base.value, float(people[0])) if base is not None else None
    return TargetCheck(target, indicator, None, None, "not_modelled", None, needed, today)
