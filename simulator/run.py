"""A study run: the trend, each of its policies, their targets and what can be said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from simulator.attribution import Attribution, attribute
from simulator.axes import Flow, Place
from simulator.calibration import trend_inputs
from simulator.dwellings import Dwellings, dwelling_stock
from simulator.errors import ScenarioError, Violation
from simulator.fiscal import public_costs
from simulator.indicators import (
    Stocks,
    TownChange,
    births_and_deaths,
    denominator,
    measure,
    town_change,
)
from simulator.kernel import Paths
from simulator.ladder import start_of
from simulator.launch import Launch, launch
from simulator.notes import lever_notes
from simulator.policy import (
    Note,
    completions,
    excess_of_totals,
    job_growth,
    nonfarm_share,
    policy_array,
)
from simulator.prices import Cost
from simulator.projection import project
from simulator.scenario import TREND, Study
from simulator.schema import Case, Target
from simulator.state import Driver, Inputs
from simulator.targets import TargetCheck, check_target, observed, unjudged, why_not_judged
from simulator.territory import summed_launch, summed_paths

_STOCKS = (
    "resident_population", "town_population", "village_population", "hukou_population",
    "out_migrants", "nonlocal_residents", "hukou_minus_resident", "resident_urbanization_rate",
    "hukou_urbanization_rate",
)  # fmt: skip
_DENOMINATORS = ("residents", "town_residents", "seat_residents", "town_elderly", "town_pupils")


@dataclass(frozen=True)
class Run:
    """One scenario of a study, projected. Arrays of years start at the base year.

    ``members`` are the runs that a prefecture is the sum of; its ``inputs`` are then the first
    member's, and nothing is projected from them.
    """

    id: str
    case: Case
    study: Study
    start: Launch
    inputs: Inputs
    paths: Paths
    notes: tuple[Note, ...]
    trend: Run | None = None
    members: tuple[Run, ...] = ()

    @cached_property
    def years(self) -> np.ndarray:
        """Base year and projected years, (T + 1,)."""
        return np.arange(self.study.place.base_year, self.study.horizon + 1)

    @cached_property
    def stocks(self) -> Stocks:
        """Headline stocks, each (T + 1,)."""
        return measure(self.paths.population)

    @cached_property
    def town_change(self) -> TownChange:
        """What changed the town population, each cause (T,)."""
        return town_change(self.paths)

    @cached_property
    def series(self) -> Mapping[str, np.ndarray]:
        """Every modelled indicator, (T + 1,), persons or shares; nan where a year has none."""
        found = {name: np.asarray(getattr(self.stocks, name)) for name in _STOCKS}
        found["county_seat_population"] = self.stocks.town_population * self.start.seat_share
        for prefix, hukou in (("", False), ("hukou_", True)):
            born, dead = births_and_deaths(self.paths, hukou=hukou)
            found[f"{prefix}births"] = np.concatenate([[np.nan], born])
            found[f"{prefix}deaths"] = np.concatenate([[np.nan], dead])
        rate, elapsed = self.stocks.resident_urbanization_rate, self.years - self.years[0]
        increase = np.full(len(rate), np.nan)
        increase[1:] = (rate[1:] - rate[0]) / elapsed[1:]
        found["urbanization_rate_annual_increase"] = increase
        settled = self.paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
        found["hukou_conversions"] = np.concatenate([[np.nan], settled])
        found["new_town_residents"] = np.diff(self.stocks.town_population, prepend=np.nan)
        return found

    @cached_property
    def people(self) -> Mapping[str, np.ndarray]:
        """Denominators of requirements, persons, each (T + 1,)."""
        age = self.start.values["elderly_age"]
        population = self.paths.population
        return {n: denominator(population, n, self.start.seat_share, age) for n in _DENOMINATORS}

    @cached_property
    def territory(self) -> Run | None:
        """县域: the whole of a county, of a prefecture its counties without the districts."""
        if not self.members:
            return self if self.study.place.level == "county" else None
        counties = [run for run in self.members if run.study.place.level == "county"]
        return _sum_of(self.study, counties) if counties else None

    @cached_property
    def targets(self) -> tuple[TargetCheck, ...]:
        """Every target of the place, judged, in the place's order."""
        return tuple(self._judged(target) for target in self.study.place.targets)

    def _judged(self, target: Target) -> TargetCheck:
        """One target against the series that it is about, or why it has none."""
        about = self.territory if target.scope == "county_territory" else self
        rules = {item.rule for item in self.start.assumed}
        sized, seated = self.start.rung != "normalised", "seat_share_default" not in rules
        reason = why_not_judged(target, sized=sized, seated=seated)
        if about is None or reason is not None:
            return unjudged(target, reason or "part")
        tolerance = self.start.values["target_tolerance"]
        return check_target(target, about.years, about.series, about.people, tolerance)

    @cached_property
    def attribution(self) -> Attribution | None:
        """What each group of levers changed against the trend; None for the trend itself."""
        if self.trend is None:
            return None
        return attribute(self.inputs, self.paths, self.trend.paths)

    @cached_property
    def dwellings(self) -> Dwellings:
        """Town dwellings by tenure, each (T + 1,)."""
        town = self.stocks.town_population
        pace = town if self.trend is None else self.trend.stocks.town_population
        return dwelling_stock(town, pace, self.inputs.policy, self.start.values)

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """Public costs by concept, yearly ranges; never to be added."""
        known = self.start.values, self.study.overridden
        return public_costs(self.paths, self.inputs.policy, *known)

    def binding(self) -> list[tuple[str, ...]]:
        """Which constraints bound in each projected year; each ``binding.<code>``.

        Unfilled or surplus jobs bind while they exceed a small share of the labour force: partial
        adjustment always leaves some.
        """
        if self.id == TREND:
            return [("trend",)] * (len(self.years) - 1)
        found = []
        force = labour_force(self)[1:] * self.start.values["gap_tolerance"]
        for row, least in zip(self.paths.drivers, force, strict=True):
            gap = row[Driver.LABOUR_GAP] - row[Driver.WORKERS_MOVED] - row[Driver.WORKERS_AT_HOME]
            bound = {
                "housing": row[Driver.ADMITTED_SHARE] < 1.0,
                "quota": row[Driver.QUOTA_SCALE] < 1.0,
                "labour": gap > least,
                "jobs": gap < -least,
            }
            found.append(tuple(code for code, binds in bound.items() if binds) or ("none",))
        return found


@dataclass(frozen=True)
class Result:
    """All scenarios of one study; ``runs["trend"]`` is always there and first.

    ``face_value`` is the trend that the place's superseded estimates would give, taken as if they
    were counts; None where the place has none.
    """

    study: Study
    start: Launch
    runs: Mapping[str, Run]
    face_value: Run | None
    members: tuple[Result, ...] = ()

    @property
    def trend(self) -> Run:
        """The scenario in which every lever rests."""
        return self.runs[TREND]

    def beside(self, policy: Run) -> Result:
        """The trend and one policy only, for reports that show both."""
        runs = {run.id: run for run in (self.trend, policy)}
        return replace(self, runs=MappingProxyType(runs))

    def not_met(self) -> list[tuple[str, TargetCheck]]:
        """Modelled targets that a scenario other than the trend (or the trend if alone) misses,
        or that lie beyond the horizon and so cannot be said to be met.
        """
        judged = [r for r in self.runs.values() if r.id != TREND] or [self.trend]
        found = [(r.id, t) for r in judged for t in r.targets if t.kind == "modelled"]
        return [(name, c) for name, c in found if c.status != "met" and c.reason is None]

    def outcomes(self) -> list[tuple[str, int, float, float, str]]:
        """What happened after the base against the trend: indicator, year, observed, projected,
        unit; observed and projected in the printed unit. Not fitted.
        """
        facts, trend = self.study.place.facts, self.trend
        sized = self.start.rung != "normalised"
        return observed(facts, trend.years, trend.series, sized=sized)


def _trend(study: Study, start: Launch) -> Run:
    inputs = trend_inputs(start.values, start.population, study.years, start.context)
    return Run(TREND, Case(), study, start, inputs, project(inputs), ())


def _sum_of(study: Study, parts: Sequence[Run]) -> Run:
    """The trend of several places together, as one run of ``study``."""
    start = summed_launch([p.start for p in parts], [p.study.place.name.zh for p in parts])
    inputs = parts[0].inputs._replace(population=start.population)
    paths = summed_paths([part.paths for part in parts])
    return Run(TREND, Case(), study, start, inputs, paths, (), members=tuple(parts))


def labour_force(one: Run) -> np.ndarray:
    """Resident labour force, (T + 1,) workers."""
    residents = one.paths.population[:, :, : Place.AWAY].sum(axis=(1, 2))
    return np.asarray((residents * one.inputs.participation).sum(axis=(-1, -2)))


def _policy(case: Case, trend: Run) -> tuple[np.ndarray, list[Note]]:
    """Policy array of a case, and what must be said of it."""
    study, values = trend.study, trend.start.values
    jobs = job_growth(labour_force(trend), nonfarm_share(study.place, values), values)
    built = completions(trend.stocks.town_population, values)
    settled = trend.paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
    own = {"other_jobs": np.maximum(jobs, 0.0), "commercial_units": built, "annual_quota": settled}
    policy = policy_array(case, study.years, study.place.settlement_rules, own)
    policy, notes = excess_of_totals(policy, case, study.years, jobs)
    policy, more = excess_of_totals(policy, case, study.years, built, "housing")
    preset = getattr(case.levers.settlement, "preset", None)
    named = [Note("preset", {"preset": preset})] if preset is not None else []
    return policy, named + notes + more


def run_case(case_id: str, case: Case, trend: Run) -> Run:
    """Project one policy against its trend.

    Raises
    ------
    ScenarioError
        If the trend is the sum of members: a policy is set on each of them.
    """
    if trend.members:
        raise ScenarioError([Violation("members_policy", trend.study.file, value=case_id)])
    policy, notes = _policy(case, trend)
    inputs = trend.inputs._replace(policy=policy, trend_town=trend.stocks.town_population)
    paths = project(inputs)
    notes += lever_notes(case, inputs, paths, trend.start.values)
    return Run(case_id, case, trend.study, trend.start, inputs, paths, tuple(notes), trend)


def run(study: Study, *, face_value: bool = True) -> Result:
    """Run the trend and every scenario of a study.

    Parameters
    ----------
    study : from `load_scenario`
    face_value : also fit the trend that superseded estimates would give, where a place has them

    Raises
    ------
    ScenarioError
        If the facts of the place contradict each other.
    """
    if study.members:
        members = tuple(run(member, face_value=False) for member in study.members)
        total = _sum_of(study, [member.trend for member in members])
        return Result(study, total.start, {TREND: total}, None, members)
    start = start_of(study)
    trend = _trend(study, start)
    runs = {TREND: trend}
    for case_id, case in study.cases.items():
        runs[case_id] = run_case(case_id, case, trend)
    superseded = any(f.use == "superseded" for f in study.place.facts)
    naive = None
    if face_value and superseded and start.rung == "own":
        naive = _trend(study, launch(study, face_value=True, near=start.values))
    return Result(study, start, runs, naive)
