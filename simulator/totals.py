"""Totals of a year from the facts that state them; what none states is assumed and said so.

docs/model.md, baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from simulator.baseline import Totals
from simulator.indicators import Stocks
from simulator.schema import Fact
from simulator.units import to_base

#: What a census counts about residents; pre-census estimates of these are superseded by it.
COUNTED = (
    "resident_population",
    "town_population",
    "resident_urbanization_rate",
    "nonlocal_residents",
)
OBSERVED = (
    *COUNTED,
    "village_population",
    "hukou_population",
    "hukou_minus_resident",
    "out_migrants",
    "hukou_urbanization_rate",
)
RATES = ("resident_urbanization_rate", "hukou_urbanization_rate")


@dataclass(frozen=True)
class Assumed:
    """A baseline number that no fact gives: value in persons or shares, and the rule that gave it.

    ``rule`` is a message key ``assumed.<rule>``; ``where`` names the area that it was taken from.
    """

    quantity: str
    value: float
    unit: str
    rule: str
    where: str = ""


class Facts:
    """Facts of the chosen uses, by indicator and year, in base units."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._values: dict[tuple[str, int], float] = {}
        for fact in facts:
            if fact.at is not None and fact.indicator in (*OBSERVED, "county_seat_population"):
                self._values[fact.indicator, fact.at] = to_base(fact.value, fact.unit)

    def get(self, indicator: str, year: int) -> float | None:
        """Value of an indicator in a year, or None."""
        return self._values.get((indicator, year))

    def years(self, indicator: str) -> list[int]:
        """Years in which an indicator is stated, earliest first."""
        return sorted(y for name, y in self._values if name == indicator)

    def items(self) -> Iterable[tuple[str, int, float]]:
        """Every figure as indicator, year, value."""
        return ((name, year, value) for (name, year), value in self._values.items())

    def has_split(self, year: int) -> bool:
        """Whether residents and their split by residence are known in ``year``."""
        split = ("town_population", "village_population", "resident_urbanization_rate")
        known = self.get("resident_population", year) is not None
        return known and any(self.get(name, year) is not None for name in split)


def known_town(facts: Facts, year: int, residents: float) -> float | None:
    """Town residents as stated: counted, by what is left of the villages, or by the rate."""
    town, village = facts.get("town_population", year), facts.get("village_population", year)
    rate = facts.get("resident_urbanization_rate", year)
    if town is not None:
        return town
    if village is not None:
        return residents - village
    return None if rate is None else rate * residents


def _registered(
    facts: Facts, year: int, residents: float, hukou: float, visitors: float
) -> tuple[float, float, list[str]]:
    """Hukou population and non-local residents: stated, by difference, or the values given.

    The third item names those that had to be given.
    """
    away, gap = facts.get("out_migrants", year), facts.get("hukou_minus_resident", year)
    stated, counted = facts.get("hukou_population", year), facts.get("nonlocal_residents", year)
    if stated is None and gap is not None:
        stated = residents + gap
    if stated is not None and counted is None and away is not None:
        return stated, residents - stated + away, []
    given = [] if counted is not None else ["nonlocal_residents"]
    visitors = visitors if counted is None else counted
    if stated is None and away is not None:
        return residents - visitors + away, visitors, given
    if stated is None:
        return hukou, visitors, [*given, "hukou_population"]
    return stated, visitors, given


def first_totals(
    facts: Facts, year: int, values: Mapping[str, float]
) -> tuple[Totals, list[Assumed]]:
    """Totals of the launch year; what is missing is assumed by the documented rules."""
    residents = facts.get("resident_population", year) or 0.0
    town = known_town(facts, year, residents) or 0.0
    share = values["nonlocal_share"] * residents
    hukou, visitors, given = _registered(facts, year, residents, residents, share)
    visitors = max(visitors, residents - hukou) if "nonlocal_residents" in given else visitors
    assumed: list[Assumed] = []
    if "nonlocal_residents" in given:
        assumed.append(
            Assumed("nonlocal_residents", visitors, "persons", "nonlocal_share", str(year))
        )
    if "hukou_population" in given:
        assumed.append(Assumed("hukou_population", hukou, "persons", "hukou_balances", str(year)))
    rate = facts.get("hukou_urbanization_rate", year)
    if rate is None:
        # Without residents the totals contradict themselves, which the caller tells.
        resident_rate = town / residents if residents > 0.0 else 0.0
        rate = resident_rate - values["hukou_rate_gap"]
        lowest = values["hukou_rate_floor"] * resident_rate
        if rate >= lowest:
            assumed.append(
                Assumed("hukou_urbanization_rate", rate, "share", "hukou_rate_gap", str(year))
            )
        else:
            rate = lowest
            assumed.append(
                Assumed("hukou_urbanization_rate", rate, "share", "hukou_rate_floor", str(year))
            )
    return Totals(residents, town, hukou, rate * hukou, visitors), assumed


def known_residents(facts: Facts, year: int) -> float | None:
    """Residents as stated, else by difference: hukou less the gap, or villages over their share."""
    stated, village = (facts.get(n, year) for n in ("resident_population", "village_population"))
    hukou, gap = (facts.get(n, year) for n in ("hukou_population", "hukou_minus_resident"))
    town, rate = (facts.get(n, year) for n in ("town_population", "resident_urbanization_rate"))
    if stated is None and hukou is not None and gap is not None:
        return hukou - gap
    if stated is None and village is not None and town is not None:
        return village + town
    if stated is None and village is not None and rate is not None and rate < 1.0:
        return village / (1.0 - rate)
    if stated is None and town is not None and rate is not None and rate > 0.0:
        return town / rate
    return stated


def base_totals(facts: Facts, stocks: Stocks, year: int) -> tuple[Totals, list[Assumed]]:
    """Totals of the base year: facts where there are any, the fitted run where there are none."""
    assumed: list[Assumed] = []

    def taken(name: str) -> float:
        value = float(getattr(stocks, name))
        unit = "share" if name in RATES else "persons"
        assumed.append(Assumed(name, value, unit, "fitted_run"))
        return value

    stated = known_residents(facts, year)
    residents = taken("resident_population") if stated is None else stated
    town = known_town(facts, year, residents)
    if town is None:
        town = taken("resident_urbanization_rate") * residents
    run_hukou, run_visitors = float(stocks.hukou_population), float(stocks.nonlocal_residents)
    hukou, visitors, given = _registered(facts, year, residents, run_hukou, run_visitors)
    if "hukou_population" in given:
        taken("hukou_population")
    if given == ["nonlocal_residents"] and stated is not None and visitors < residents - hukou:
        # Residents beyond the hukou population can only be from elsewhere.
        visitors = residents - hukou
        assumed.append(Assumed("nonlocal_residents", visitors, "persons", "nonlocal_at_least"))
    elif "nonlocal_residents" in given:
        taken("nonlocal_residents")
    rate = facts.get("hukou_urbanization_rate", year)
    rate = taken("hukou_urbanization_rate") if rate is None else rate
    return Totals(residents, town, hukou, rate * hukou, visitors), assumed


def seat_share(facts: Facts, values: Mapping[str, float]) -> tuple[float, Assumed]:
    """County-seat share of town residents, from the last year that has both."""
    for year in reversed(facts.years("county_seat_population")):
        seat, residents = facts.get("county_seat_population", year), known_residents(facts, year)
        town = None if residents is None else known_town(facts, year, residents)
        town = facts.get("town_population", year) if town is None else town
        if seat is not None and town:
            return seat / town, Assumed("seat_share", seat / town, "share", "seat_share_held")
    share = values["seat_share_default"]
    return share, Assumed("seat_share", share, "share", "seat_share_default")
