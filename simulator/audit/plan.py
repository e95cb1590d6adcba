"""A plan as its audit sees it: figures by what they are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from simulator.audit.figures import Figure, figures_of
from simulator.schema import PlaceFile

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class Finding:
    """What one rule says of one plan.

    ``rule`` is a message key ``audit.<rule>`` and ``about`` its blanks; ``computed`` the numbers.
    """

    place: str
    rule: str
    severity: Severity
    about: tuple[tuple[str, object], ...]
    quotes: tuple[str, ...]
    computed: str


@dataclass(frozen=True)
class Plan:
    """A place file with its figures."""

    place: PlaceFile

    @cached_property
    def figures(self) -> list[Figure]:
        """Every dated figure of the plan."""
        return figures_of(self.place)

    def years(self) -> list[int]:
        """Years that any figure is for, earliest first."""
        return sorted({figure.year for figure in self.figures})

    def of(self, indicator: str, year: int, scope: str = "place") -> Figure | None:
        """The figure of an indicator, year and scope: the first fact, else the first target."""
        found = [f for f in self.figures if f.key == (indicator, year, scope)]
        return min(found, key=lambda figure: figure.goal, default=None)

    def each(self, names: Iterable[str]) -> Iterator[Figure]:
        """Figures of the whole place of the named indicators, in the plan's order."""
        wanted = set(names)
        return (f for f in self.figures if f.indicator in wanted and f.scope == "place")

    def newest(self, indicator: str, before: int, scope: str = "place") -> Figure | None:
        """The newest counted figure of an indicator before a year."""
        found = [
            f
            for f in self.figures
            if not f.goal and f.indicator == indicator and f.scope == scope and f.year < before
        ]
        return max(found, key=lambda figure: figure.year, default=None)

    def finding(
        self, rule: str, severity: Severity, quotes: Iterable[str], computed: str, **about: object
    ) -> Finding:
        """A finding of this plan; a quote is told once."""
        told = tuple(dict.fromkeys(quotes))
        return Finding(self.place.id, rule, severity, tuple(about.items()), told, computed)


def persons(value: float) -> str:
    """Persons as whole numbers."""
    return f"{value:,.0f}"


def share(value: float) -> str:
    """A share as percent with two decimals."""
    return f"{value * 100:.2f} %"
