"""From a study's facts to the people at its base year, the flows that its history shows, and a
list of everything that had to be assumed. docs/model.md, baseline and calibration.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from simulator import tables
from simulator.age_table import AgeTable
from simulator.baseline import Totals, build_cells, rake_to
from simulator.calibration import Context, Fit, History, Observation, fit
from simulator.errors import ScenarioError, Violation
from simulator.flow_priors import boundary_flag, learnt_names, prior_values
from simulator.indicators import measure
from simulator.posterior import Posterior
from simulator.scenario import Study
from simulator.schema import Fact
from simulator.totals import (
    COUNTED,
    OBSERVED,
    RATES,
    Assumed,
    Facts,
    base_totals,
    first_totals,
    seat_share,
)


@dataclass(frozen=True)
class Launch:
    """The start of every scenario of a study.

    ``rung`` is the step of the ladder that it came from: the place's own figures, the structure of
    another area scaled to its people, the same for 100,000 people, or the sum of its members;
    ``learnt`` names levels whose prior is learnt.
    """

    population: np.ndarray
    values: Mapping[str, float]
    totals: Totals
    seat_share: float
    fit: Fit | None
    context: Context
    assumed: tuple[Assumed, ...]
    rung: Literal["own", "structure", "normalised", "members"] = "own"
    learnt: tuple[str, ...] = ()

    @cached_property
    def posterior(self) -> Posterior | None:
        """What the history leaves open of the fitted levels; None where nothing was fitted."""
        return Posterior(self.fit) if self.fit is not None and self.fit.names else None


def history_facts(study: Study, *, face_value: bool = False) -> list[Fact]:
    """Facts that speak about the history; at face value, superseded estimates replace the count."""
    facts = [
        f
        for f in study.place.facts
        if f.scope == "place" or f.indicator == "county_seat_population"
    ]
    if not face_value:
        return [f for f in facts if f.use in ("base", "history")]
    estimates = [
        f.at for f in facts if f.use == "superseded" and f.indicator in COUNTED and f.at is not None
    ]
    last = max(estimates, default=0)
    return [
        f
        for f in facts
        if f.use in ("base", "superseded")
        or (f.use == "history" and not (f.indicator in COUNTED and (f.at or 0) > last))
    ]


def _observations(
    facts: Facts, first: Totals, values: Mapping[str, float], start: int, base: int
) -> tuple[Observation, ...]:
    found = []
    for name, year, value in sorted(facts.items(), key=lambda item: (item[1], item[0])):
        if name not in OBSERVED or not start < year <= base:
            continue
        if name in RATES:
            sd = values["sd_share"]
        elif name in ("nonlocal_residents", "out_migrants"):
            sd = max(values["sd_nonlocal"] * value, values["sd_floor"])
        elif name == "hukou_minus_resident":
            sd = values["sd_population"] * float(np.hypot(first.residents, first.hukou))
        else:
            sd = max(values["sd_population"] * value, values["sd_floor"])
        found.append(Observation(year, name, value, sd))
    return tuple(found)


def launch(
    study: Study, *, face_value: bool = False, near: Mapping[str, float] | None = None
) -> Launch:
    """People and flows at the base year.

    Parameters
    ----------
    study : resolved scenario file
    face_value : take superseded pre-census estimates as if they were counts, to show what the
        trend would then be
    near : values from which the fit may start, such as those of another launch of the study

    Raises
    ------
    ScenarioError
        If the totals of the launch year contradict each other.
    """
    place, facts = study.place, Facts(history_facts(study, face_value=face_value))
    values = dict(study.parameters)
    start, base = _start_year(study, facts), place.base_year
    first, assumed = first_totals(facts, start, values)
    ages_known = study.age_tables
    cells = cells_of(study, values, first, start, ages_known.get(start))
    values = prior_values(values, cells, place.level, place.code or "", study.overridden)
    learnt = learnt_names(place.level, study.overridden)
    share, seat = seat_share(facts, values)
    last_count = max(y for y in facts.years("resident_population") if y <= base)
    context = Context(place.level, last_count, first.residents, place.settlement_rules)
    assumed += _boundary(study, facts, cells, base)
    unused = [y for y in ages_known if not start <= y <= base]
    if unused:
        assumed.append(Assumed("age_table", float(unused[0]), "year", "table_not_used"))
    if start == base:
        if base not in ages_known:
            assumed.append(Assumed("age_structure", np.nan, "", "national_ages"))
        flows = Assumed("flows", np.nan, "", "prior_flows")
        told = (*assumed, seat, flows)
        return Launch(cells, values, first, share, None, context, told, learnt=learnt)
    history = History(
        start_year=start,
        base_year=base,
        cells=cells,
        observations=_observations(facts, first, values, start, base),
        age_tables={} if face_value else {y: t for y, t in ages_known.items() if start < y <= base},
        context=context,
    )
    found = fit(history, values, fixed=tuple(study.overridden), near=near, polish=not face_value)
    totals, missing = base_totals(facts, measure(found.population[-1]), base)
    population = _moved_to_base(study, found, totals, base)
    assumed += [*missing, *_ages_carried(ages_known, start, base)]
    told = (*assumed, seat)
    return Launch(population, found.values, totals, share, found, context, told, learnt=learnt)


def _ages_carried(ages_known: Collection[int], start: int, base: int) -> list[Assumed]:
    """What the ages of the base year rest on where it has no table of its own."""
    if base in ages_known:
        return []
    if any(start <= y <= base for y in ages_known):
        return [Assumed("age_structure", np.nan, "", "rolled_forward")]
    return [Assumed("age_structure", np.nan, "", "national_ages_carried")]


def _boundary(study: Study, facts: Facts, cells: np.ndarray, base: int) -> list[Assumed]:
    """A change of extent that the place's history seems to hold, if any."""
    place, years = study.place, facts.years("resident_population")
    stated = [(y, facts.get("resident_population", y) or 0.0) for y in years if y <= base]
    flag = boundary_flag(stated, cells, place.level, place.code or "")
    if flag is None:
        return []
    listed, ratio = flag
    if listed:
        return [Assumed("boundary", ratio, "share", "boundary_listed")]
    return [Assumed("boundary", ratio, "share", "boundary_suspected")]


def _moved_to_base(study: Study, found: Fit, totals: Totals, base: int) -> np.ndarray:
    """The fitted run's people moved onto the facts of the base year."""
    refuse_contradiction(study, totals, base)
    try:
        return rake_to(found.population[-1], totals, study.age_tables.get(base))
    except ValueError:
        raise ScenarioError([_fault(study, "base_unreachable", year=base)]) from None


def check_totals(study: Study) -> None:
    """Raise ScenarioError if the totals that the study would start from contradict each other."""
    facts = Facts(history_facts(study))
    start = _start_year(study, facts)
    totals, _ = first_totals(facts, start, study.parameters)
    cells_of(study, study.parameters, totals, start, study.age_tables.get(start))


def _start_year(study: Study, facts: Facts) -> int:
    """First year with residents and their split; the fit, if any, begins there."""
    starts = [y for y in facts.years("resident_population") if facts.has_split(y)]
    if not starts:
        needed = "resident_population + town_population / resident_urbanization_rate"
        raise ScenarioError([_fault(study, "missing_totals", needed=needed)])
    earliest = int(tables.wpp().years[0]) - 1
    if starts[0] < earliest:
        raise ScenarioError([_fault(study, "before_series", year=starts[0], earliest=earliest)])
    return starts[0]


def refuse_contradiction(study: Study, totals: Totals, year: int) -> None:
    """Raise ScenarioError if totals of a year contradict each other; names them and the file."""
    if totals.problems():
        names = ", ".join(totals.problems())
        raise ScenarioError([_fault(study, "totals_contradict", year=year, totals=names)])


def cells_of(
    study: Study, values: Mapping[str, float], totals: Totals, year: int, table: AgeTable | None
) -> np.ndarray:
    """Cells (3, 3, 2, A) [persons] that meet the totals of a year, by national patterns.

    Raises
    ------
    ScenarioError
        If the totals contradict each other, or no cells meet them.
    """
    refuse_contradiction(study, totals, year)
    try:
        return build_cells(values, totals, year, study.place.level, table)
    except ValueError:
        raise ScenarioError([_fault(study, "base_unreachable", year=year)]) from None


def _fault(study: Study, code: str, **params: object) -> Violation:
    line = study.figures_line
    return Violation(code, study.place_file, line, path="facts", params=dict(params))
