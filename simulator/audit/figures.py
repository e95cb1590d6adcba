"""What a plan prints, as numbers that know how precisely they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from simulator import census
from simulator.schema import Fact, PlaceFile, Target
from simulator.units import dimension, to_base

#: Words by which a document says that a figure is not exact, such as 近30万人 or 60%左右.
_INEXACT = re.compile(r"约|近|左右|余|多万|多人")
#: The same where something is counted; a target of "60 % or more" is as exact as one of 60 %.
_BEYOND = re.compile(r"以上|超过|突破|以内|不足")
#: How far such a figure may be from the true one, as a share of it.
INEXACT_SHARE = 0.05
_NUMBER = re.compile(r"\d[\d,，]*(?:\.\d+)?")
_HALF = 0.5


@dataclass(frozen=True)
class Interval:
    """The values that a printed figure may stand for."""

    low: float
    high: float

    def times(self, other: Interval) -> Interval:
        """Product of two intervals of numbers that are not negative."""
        return Interval(self.low * other.low, self.high * other.high)

    def over(self, other: Interval) -> Interval:
        """Quotient of two intervals of positive numbers."""
        return Interval(self.low / other.high, self.high / other.low)

    def left(self) -> Interval:
        """What is left of 1: 57 % where this is 43 %."""
        return Interval(1.0 - self.high, 1.0 - self.low)

    def apart(self, other: Interval) -> bool:
        """Whether no value lies in both."""
        return self.low > other.high or other.low > self.high


@dataclass(frozen=True)
class Figure:
    """One printed figure: ``value`` in persons or shares (as printed for other units), ``range``
    what it may stand for by its printed digits, ``goal`` whether it is wanted and not counted.
    """

    indicator: str
    year: int
    scope: str
    value: float
    range: Interval
    unit: str
    quote: str
    document: str
    goal: bool
    op: str = ""

    @property
    def key(self) -> tuple[str, int, str]:
        """What the figure is of: indicator, year, scope."""
        return self.indicator, self.year, self.scope


def precision(value: float, quote: str) -> float:
    """Size of the last printed digit of ``value``, read from the quote that prints it.

    54.3 is good to 0.1 and 60.0 to 0.1; a value that the quote does not print is taken as exact to
    its own shortest form.
    """
    digits = [
        len(word.partition(".")[2])
        for word in _NUMBER.findall(quote)
        if float(re.sub(r"[,，]", "", word)) == value
    ]
    shortest = len(f"{value:.10f}".rstrip("0").partition(".")[2])
    return float(10.0 ** -max(digits, default=shortest))


def printed_range(value: float, unit: str, quote: str, *, goal: bool) -> Interval:
    """Values that a printed figure may stand for, in persons or shares where its unit has them.

    Half a last digit either way; more where the words say that it is not exact.
    """
    half = precision(value, quote) * _HALF
    if _INEXACT.search(quote) or (not goal and _BEYOND.search(quote)):
        half = max(half, abs(value) * INEXACT_SHARE)
    low, high = value - half, value + half
    if dimension(unit) is not None:
        low, high = to_base(low, unit), to_base(high, unit)
    return Interval(low, high)


def figures_of(place: PlaceFile) -> list[Figure]:
    """Every dated stock, rate or amount of a plan: facts, targets, and the baselines of targets.

    Census figures that the program joins are not the plan's and are left out; so are amounts added
    up since a year, and figures that a later count superseded.
    """
    return [*_facts(place), *_targets(place)]


def _facts(place: PlaceFile) -> Iterator[Figure]:
    for fact in place.facts:
        if not census.is_joined(fact) and fact.use in ("base", "history", "context"):
            yield from _figure(fact, fact.value, fact.at, goal=False)


def _targets(place: PlaceFile) -> Iterator[Figure]:
    for target in place.targets:
        yield from _figure(target, target.value, target.at, goal=True)
        base = target.baseline
        if base is not None:
            yield from _figure(target, base.value, base.year, goal=False)


def _figure(
    source: Fact | Target, value: float, year: int | None, *, goal: bool
) -> Iterator[Figure]:
    if year is None or source.since is not None or source.value_to is not None:
        return
    known = dimension(source.unit) is not None
    yield Figure(
        indicator=source.indicator,
        year=year,
        scope=source.scope,
        value=to_base(value, source.unit) if known else value,
        range=printed_range(value, source.unit, source.quote, goal=goal),
        unit=source.unit,
        quote=source.quote,
        document=source.document,
        goal=goal,
        op=source.op if isinstance(source, Target) and goal else "",
    )
