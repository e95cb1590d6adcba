"""From a study's facts to the people at its base year, the flows that its history shows, and a
list of everything that had to be assumed. docs/model.md, baseline and calibration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from simulator import tables
from simulator.age_table import AgeTable
from simulator.baseline import Totals, build_cells, rake_to
from simulator.calibration import Context, Fit, History, Observation, fit
from simulator.errors import ScenarioError, Violation
from simulator.indicators import Stocks, measure
from simulator.scenario import Study
from simulator.schema import Fact
from simulator.units import to_base

#: What a census counts about residents; pre-census estimates of these are superseded by it.
_COUNTED = (
    "resident_population",
    "town_population",
    "resident_urbanization_rate",
    "nonlocal_residents",
)
_OBSERVED = (
    *_COUNTED,
    "village_population",
    "hukou_population",
    "hukou_minus_resident",
    "out_migrants",
    "hukou_urbanization_rate",
)
_RATES = ("resident_urbanization_rate", "hukou_urbanization_rate")


@dataclass(frozen=True)
class Assumed:
    """A baseline number that no fact gives: value in persons or shares, and the rule that gave it.

    ``rule`` is a message key ``assumed.<rule>``.
    """

    quantity: str
    value: float
    unit: str
    rule: str


@dataclass(frozen=True)
class Launch:
    """The start of every scenario of a study."""

    population: np.ndarray
    values: Mapping[str, float]
    totals: Totals
    seat_share: float
    fit: Fit | None
    context: Context
    assumed: tuple[Assumed, ...]


class _Facts:
    """Facts of the chosen uses, by indicator and year, in base units."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._values: dict[tuple[str, int], float] = {}
        for fact in facts:
            if fact.at is not None and fact.indicator in (*_OBSERVED, "county_seat_population"):
                self._values[fact.indicator, fact.at] = to_base(fact.value, fact.unit)

    def get(self, indicator: str, year: int) -> float | None:
        return self._values.get((indicator, year))

    def years(self, indicator: str) -> list[int]:
        return sorted(y for name, y in self._values if name == indicator)

    def items(self) -> Iterable[tuple[str, int, float]]:
        return ((name, year, value) for (name, year), value in self._values.items())

    def has_split(self, year: int) -> bool:
        """Whether residents and their split by residence are known in ``year``."""
        split = ("town_population", "village_population", "resident_urbanization_rate")
        known = self.get("resident_population", year) is not None
        return known and any(self.get(name, year) is not None for name in split)


def _chosen(study: Study, face_value: bool) -> list[Fact]:
    """Facts that speak about the history; at face value, superseded estimates replace the count."""
    facts = [
        f
        for f in study.place.facts
        if f.scope == "county" or f.indicator == "county_seat_population"
    ]
    if not face_value:
        return [f for f in facts if f.use in ("base", "history")]
    estimates = [
        f.at
        for f in facts
        if f.use == "superseded" and f.indicator in _COUNTED and f.at is not None
    ]
    last = max(estimates, default=0)
    return [
        f
        for f in facts
        if f.use in ("base", "superseded")
        or (f.use == "history" and not (f.indicator in _COUNTED and (f.at or 0) > last))
    ]


def _town(facts: _Facts, year: int, residents: float) -> float | None:
    """Town residents as stated: counted, by what is left of the villages, or by the rate."""
    town, village = facts.get("town_population", year), facts.get("village_population", year)
    rate = facts.get("resident_urbanization_rate", year)
    if town is not None:
        return town
    if village is not None:
        return residents - village
    return None if rate is None else rate * residents


def _registered(
    facts: _Facts, year: int, residents: float, hukou: float, visitors: float
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


def _first_totals(
    facts: _Facts, year: int, values: Mapping[str, float]
) -> tuple[Totals, list[Assumed]]:
    """Totals of the launch year; what is missing is assumed by the documented rules."""
    residents = facts.get("resident_population", year) or 0.0
    town = _town(facts, year, residents) or 0.0
    share = values["nonlocal_share"] * residents
    hukou, visitors, given = _registered(facts, year, residents, residents, share)
    visitors = max(visitors, residents - hukou) if "nonlocal_residents" in given else visitors
    assumed: list[Assumed] = []
    if "nonlocal_residents" in given:
        assumed.append(Assumed("nonlocal_residents", visitors, "persons", "nonlocal_share"))
    if "hukou_population" in given:
        assumed.append(Assumed("hukou_population", hukou, "persons", "hukou_balances"))
    rate = facts.get("hukou_urbanization_rate", year)
    if rate is None:
        resident_rate = town / residents
        rate = max(resident_rate - values["hukou_rate_gap"], resident_rate / 2.0)
        assumed.append(Assumed("hukou_urbanization_rate", rate, "share", "hukou_rate_gap"))
    return Totals(residents, town, hukou, rate * hukou, visitors), assumed


def _observations(
    facts: _Facts, first: Totals, values: Mapping[str, float], start: int, base: int
) -> tuple[Observation, ...]:
    found = []
    for name, year, value in sorted(facts.items(), key=lambda item: (item[1], item[0])):
        if name not in _OBSERVED or not start < year <= base:
            continue
        if name in _RATES:
            sd = values["sd_share"]
        elif name in ("nonlocal_residents", "out_migrants"):
            sd = values["sd_nonlocal"] * value
        elif name == "hukou_minus_resident":
            sd = values["sd_population"] * float(np.hypot(first.residents, first.hukou))
        else:
            sd = values["sd_population"] * value
        found.append(Observation(year, name, value, sd))
    return tuple(found)


def _base_totals(facts: _Facts, stocks: Stocks, year: int) -> tuple[Totals, list[Assumed]]:
    """Totals of the base year: facts where there are any, the fitted run where there are none."""
    assumed: list[Assumed] = []

    def taken(name: str) -> float:
        value = float(getattr(stocks, name))
        unit = "share" if name in _RATES else "persons"
        assumed.append(Assumed(name, value, unit, "fitted_run"))
        return value

    stated = facts.get("resident_population", year)
    residents = taken("resident_population") if stated is None else stated
    town = _town(facts, year, residents)
    if town is None:
        town = taken("resident_urbanization_rate") * residents
    run_hukou, run_visitors = float(stocks.hukou_population), float(stocks.nonlocal_residents)
    hukou, visitors, given = _registered(facts, year, residents, run_hukou, run_visitors)
    if "hukou_population" in given:
        taken("hukou_population")
    if "nonlocal_residents" in given:
        taken("nonlocal_residents")
    rate = facts.get("hukou_urbanization_rate", year)
    rate = taken("hukou_urbanization_rate") if rate is None else rate
    return Totals(residents, town, hukou, rate * hukou, visitors), assumed


def _seat_share(facts: _Facts, values: Mapping[str, float], base: int) -> tuple[float, Assumed]:
    """County-seat share of town residents, from the last year that has both."""
    for year in reversed(facts.years("county_seat_population")):
        seat, town = facts.get("county_seat_population", year), facts.get("town_population", year)
        if seat is not None and town:
            return seat / town, Assumed("seat_share", seat / town, "share", "seat_share_held")
    share = values["seat_share_default"]
    return share, Assumed("seat_share", share, "share", "seat_share_default")


def launch(study: Study, *, face_value: bool = False) -> Launch:
    """People and flows at the base year.

    Parameters
    ----------
    study : resolved scenario file
    face_value : take superseded pre-census estimates as if they were counts, to show what the
        trend would then be

    Raises
    ------
    ScenarioError
        If the totals of the launch year contradict each other.
    """
    place, facts = study.place, _Facts(_chosen(study, face_value))
    values = dict(study.parameters)
    start, base = _start_year(study, facts), place.base_year
    first, assumed = _first_totals(facts, start, values)
    ages_known = study.age_tables
    cells = _cells(study, values, first, start, ages_known.get(start))
    share, seat = _seat_share(facts, values, base)
    last_count = max(y for y in facts.years("resident_population") if y <= base)
    context = Context(place.level, last_count, first.residents, place.settlement_rules)
    if start == base:
        if base not in ages_known:
            assumed.append(Assumed("age_structure", np.nan, "", "national_ages"))
        flows = Assumed("flows", np.nan, "", "prior_flows")
        return Launch(cells, values, first, share, None, context, (*assumed, seat, flows))
    history = History(
        start_year=start,
        base_year=base,
        cells=cells,
        observations=_observations(facts, first, values, start, base),
        age_tables={} if face_value else {y: t for y, t in ages_known.items() if start < y <= base},
        context=context,
    )
    found = fit(history, values, fixed=tuple(study.overridden))
    totals, missing = _base_totals(facts, measure(found.population[-1]), base)
    _refuse_contradiction(study, totals, base)
    try:
        population = rake_to(found.population[-1], totals)
    except ValueError:
        raise ScenarioError([_fault(study, "base_unreachable", year=base)]) from None
    ages = Assumed("age_structure", np.nan, "", "rolled_forward")
    every = (*assumed, *missing, ages, seat)
    return Launch(population, found.values, totals, share, found, context, every)


def check_totals(study: Study) -> None:
    """Raise ScenarioError if the totals that the study would start from contradict each other."""
    facts = _Facts(_chosen(study, face_value=False))
    start = _start_year(study, facts)
    totals, _ = _first_totals(facts, start, study.parameters)
    _refuse_contradiction(study, totals, start)


def _start_year(study: Study, facts: _Facts) -> int:
    """First year with residents and their split; the fit, if any, begins there."""
    starts = [y for y in facts.years("resident_population") if facts.has_split(y)]
    if not starts:
        needed = "resident_population + town_population / resident_urbanization_rate"
        raise ScenarioError([_fault(study, "missing_totals", needed=needed)])
    earliest = int(tables.wpp().years[0]) - 1
    if starts[0] < earliest:
        raise ScenarioError([_fault(study, "before_series", year=starts[0], earliest=earliest)])
    return starts[0]


def _refuse_contradiction(study: Study, totals: Totals, year: int) -> None:
    if totals.problems():
        names = ", ".join(totals.problems())
        raise ScenarioError([_fault(study, "totals_contradict", year=year, totals=names)])


def _cells(
    study: Study, values: Mapping[str, float], totals: Totals, year: int, table: AgeTable | None
) -> np.ndarray:
    _refuse_contradiction(study, totals, year)
    return build_cells(values, totals, year, study.place.level, table)


def _fault(study: Study, code: str, **params: object) -> Violation:
    file = study.place_file
    return Violation(code, file, path="facts", params=dict(params))
