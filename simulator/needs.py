"""What the projected people need, year by year: the plan's ratios and common standards.

docs/planning.md, requirements by year; docs/model.md eq. (43).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.axes import Place
from simulator.run import Run
from simulator.targets import required_stock

_THOUSAND, _LITRES, _DAYS = 1000.0, 1000.0, 365.0
#: Ages of a stage of school, last included; the enrolment parameter, or all of them.
_STAGES: Mapping[str, tuple[int, int, str | None]] = {
    "kindergarten": (3, 5, "kindergarten_enrolment"),
    "primary": (6, 11, None),
    "junior": (12, 14, None),
    "senior": (15, 17, "senior_school_enrolment"),
}


@dataclass(frozen=True)
class Need:
    """One stock needed by year: the plan's own ratio, or a standard where ``ratio`` is a code.

    ``amounts`` (T + 1,) from the base year on; ``today`` the stock at the base year, where the
    plan says what it has.
    """

    name: str
    by_plan: bool
    unit: str
    amounts: np.ndarray
    today: float | None


def plan_needs(run: Run) -> tuple[Need, ...]:
    """Stocks that the plan's per-capita targets mean in every year, eq. (43)."""
    found = []
    for check in run.targets:
        indicator = check.indicator
        if check.kind != "requirement" or check.reason is not None:
            continue
        people = run.people[indicator.denominator]
        amounts = required_stock(check.target.value, people, indicator)
        found.append(
            Need(indicator.name, True, indicator.amount_unit, amounts, check.needed_at_base)
        )
    return tuple(found)


def standard_needs(run: Run) -> tuple[Need, ...]:
    """School places by stage, doctors, dwellings and water by common standards."""
    values = run.start.values
    ages = run.paths.population[:, :, Place.TOWN].sum(axis=(1, 2))
    town, residents = run.stocks.town_population, run.stocks.resident_population
    found = []
    for stage, (first, last, share) in _STAGES.items():
        pupils = ages[:, first : last + 1].sum(axis=1)
        enrolled = 1.0 if share is None else values[share]
        found.append(Need(stage, False, "place", pupils * enrolled, None))
    doctors = residents / _THOUSAND * values["doctors_per_thousand"]
    water = town * values["water_per_person"] * _DAYS / _LITRES
    return (
        *found,
        Need("elderly", False, "person", run.people["town_elderly"], None),
        Need("doctors", False, "person", doctors, None),
        Need("dwellings", False, "dwelling", town / values["persons_per_dwelling"], None),
        Need("water", False, "m3", water, None),
    )
