"""Plain twin of the projection: the same model in loops over single cells, slow and readable.

Written from the equations of docs/model.md (cited by number) and from `simulator.axes`, not from
the compiled code: exits of a cell, and where they lead, are read from ``FLOW_PLACES`` and
``destination``, and the limits of housing and quota are solved as they are defined, by bracketing
a root, where the compiled loop scales. It shares with the compiled code only the names of axes,
policies and behaviour, and the shapes of `Inputs` and `Paths`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from simulator.axes import FLOW_PLACES, N_TRANSITIONS, Flow, Place, Registration, Sex, destination
from simulator.kernel import Paths, empty_paths
from simulator.levers.columns import Behaviour, Policy
from simulator.state import Driver, Inputs

FloatArray = npt.NDArray[np.float64]
#: Admitted and converted share of each year, eqs. (24) and (15).
Limits = tuple[float, float]

Cell = tuple[Registration, Place]

DEATHS = {Flow.DEATH_TOWN, Flow.DEATH_VILLAGE, Flow.DEATH_AWAY}
ARRIVALS = (Flow.ARRIVAL_TOWN, Flow.ARRIVAL_VILLAGE)
TO_TOWN = (Flow.RURAL_TO_URBAN, Flow.RETURN_TOWN, Flow.ARRIVAL_TOWN)
TO_JOBS = (*TO_TOWN, Flow.RETURN_VILLAGE, Flow.ARRIVAL_VILLAGE)
FROM_JOBS = (Flow.OUT_TOWN, Flow.OUT_VILLAGE)
FROM_TOWN = (Flow.URBAN_TO_RURAL, Flow.OUT_TOWN)
#: Ways out of each place.
EXITS = {
    place: [flow for flow in Flow if flow < N_TRANSITIONS and FLOW_PLACES[flow][0] is place]
    for place in Place
}
WITHOUT_URBAN_HUKOU = (Registration.RURAL_HUKOU, Registration.NONLOCAL)


class Year(NamedTuple):
    """What one year leaves."""

    closing: FloatArray
    flows: FloatArray
    births: FloatArray
    newborn_deaths: FloatArray

    @property
    def town(self) -> float:
        """Town residents at the end."""
        return float(self.closing[:, Place.TOWN].sum())

    def moved(self, kinds: Iterable[Flow], weight: FloatArray | None = None) -> float:
        """Persons whom flows moved, each counted with the weight of sex and age."""
        total = 0.0
        for flow in kinds:
            for r in Registration:
                total += float((self.flows[flow, r] * (1.0 if weight is None else weight)).sum())
        return total


def hazard(
    inputs: Inputs, t: int, factor: FloatArray, flow: Flow, r: Registration, s: int, a: int
) -> float:
    """Hazard of one way out of a cell, eq. (2)."""
    if flow in DEATHS:
        origin = FLOW_PLACES[flow][0]
        return float(inputs.mortality[t, origin, s, a])
    return float(factor[flow, r] * inputs.schedule[flow, s, a])


def one_year(inputs: Inputs, t: int, population: FloatArray, factor: FloatArray) -> Year:
    """Two rounds of moves and deaths, ageing, births: eqs. (3)-(10)."""
    ages = population.shape[-1]
    closing = np.zeros_like(population)
    flows = np.zeros((len(Flow), len(Registration), len(Sex), ages))
    for s in Sex:
        for a in range(ages):
            older = min(a + 1, ages - 1)
            for (r, p), persons in cohort(inputs, t, population, factor, flows, s, a).items():
                closing[r, p, s, older] += persons
    births = np.zeros((len(Registration), len(Place), len(Sex)))
    newborn_deaths = np.zeros_like(births)
    boys = inputs.srb[t] / (1.0 + inputs.srb[t])
    for r in Registration:
        for p in Place:
            born = 0.0
            for a in range(ages):
                women = (population[r, p, Sex.FEMALE, a] + closing[r, p, Sex.FEMALE, a]) / 2.0
                born += inputs.asfr[t, p, a] * women
            # Some children of women away grow up with relatives at home, eq. (9).
            at_home = inputs.behaviour[Behaviour.LEFT_BEHIND_SHARE] if p is Place.AWAY else 0.0
            home = Place.TOWN if r is Registration.URBAN_HUKOU else Place.VILLAGE
            for place, share in ((p, 1.0 - at_home), (home, at_home)):
                births[r, place] += share * born * np.array([boys, 1.0 - boys])
    for r in Registration:
        for p in Place:
            for s in Sex:
                survival = inputs.newborn_survival[t, p, s]
                newborn_deaths[r, p, s] = births[r, p, s] * (1.0 - survival)
                closing[r, p, s, 0] += births[r, p, s] * survival
    return Year(closing, flows, births, newborn_deaths)


def cohort(
    inputs: Inputs,
    t: int,
    population: FloatArray,
    factor: FloatArray,
    flows: FloatArray,
    s: Sex,
    a: int,
) -> dict[Cell, float]:
    """One sex and age through the year: persons of each cell at its end; adds to ``flows``.

    Round one: of N persons N (1 - exp(-h)) leave, shared among the ways out by their hazards,
    eqs. (3)-(4). Round two: of those who came in, 1 - exp(-h / 2) leave again, eq. (5).
    """
    cells = [(r, p) for r in Registration for p in Place]
    ways: dict[Cell, list[tuple[Flow, float]]] = {
        (r, p): [(flow, hazard(inputs, t, factor, flow, r, s, a)) for flow in EXITS[p]]
        for r, p in cells
    }
    came = dict.fromkeys(cells, 0.0)
    came_late = dict.fromkeys(cells, 0.0)
    end = dict.fromkeys(cells, 0.0)

    def leave(cell: Cell, leaving: float, into: dict[Cell, float]) -> None:
        """Share those who leave a cell among its ways out."""
        total = sum(h for _, h in ways[cell])
        for flow, h in ways[cell]:
            if h == 0.0:
                continue
            persons = leaving * h / total
            flows[flow, cell[0], s, a] += persons
            target = destination(flow, cell[0])
            if target is not None:
                into[target] += persons

    for flow in ARRIVALS:
        persons = float(factor[flow, Registration.NONLOCAL] * inputs.arrivals[s, a])
        flows[flow, Registration.NONLOCAL, s, a] = persons
        place = FLOW_PLACES[flow][1]
        assert place is not None
        came[Registration.NONLOCAL, place] += persons
    for cell in cells:
        present = float(population[cell[0], cell[1], s, a])
        total = sum(h for _, h in ways[cell])
        leave(cell, present * -math.expm1(-total), came)
        end[cell] += present * math.exp(-total)
    for cell in cells:
        half = sum(h for _, h in ways[cell]) / 2.0
        leave(cell, came[cell] * -math.expm1(-half), came_late)
        end[cell] += came[cell] * math.exp(-half)
    for cell in cells:
        end[cell] += came_late[cell]
    return end


def turnover(inputs: Inputs, t: int, population: FloatArray) -> float:
    """Mean hazard, on trend, of leaving the stock without urban hukou in town, eq. (12)."""
    stock, leaving = 0.0, 0.0
    for r in WITHOUT_URBAN_HUKOU:
        for s in Sex:
            for a in range(population.shape[-1]):
                persons = float(population[r, Place.TOWN, s, a])
                stock += persons
                for flow in (*FROM_TOWN, Flow.DEATH_TOWN, Flow.HUKOU_CONVERSION):
                    leaving += persons * hazard(inputs, t, inputs.level[t], flow, r, s, a)
    return leaving / stock if stock > 0.0 else 0.0


def openness(policy: FloatArray, behaviour: FloatArray, theta: float) -> float:
    """Share of town residents without urban hukou who may settle, eq. (13)."""
    share = behaviour[Behaviour.OPENNESS_UNCONDITIONAL]
    share *= math.exp(-theta * policy[Policy.RESIDENCE_YEARS])
    if policy[Policy.INSURANCE_YEARS] > 0:
        stayed = math.exp(-theta * policy[Policy.INSURANCE_YEARS])
        share *= behaviour[Behaviour.INSURANCE_COVERAGE] * stayed
    if policy[Policy.STABLE_JOB] == 1:
        share *= behaviour[Behaviour.STABLE_JOB_SHARE]
    if policy[Policy.STABLE_HOUSING] == 1:
        share *= behaviour[Behaviour.STABLE_RENT_SHARE]
    if policy[Policy.STABLE_HOUSING] == 2:
        share *= behaviour[Behaviour.OWN_HOME_SHARE]
    if policy[Policy.FAMILY_MEMBERS] == 0:
        share *= behaviour[Behaviour.FAMILY_ALONE_SHARE]
    return float(share)


def barrier(share: float, behaviour: FloatArray) -> float:
    """Log of the wage that is left to people without hukou, the bracket of eq. (16)."""
    closed = (1.0 - share) ** behaviour[Behaviour.OPENNESS_POWER]
    return math.log(1.0 - behaviour[Behaviour.HUKOU_WEDGE] * closed)


def expected(
    inputs: Inputs,
    t: int,
    population: FloatArray,
    factor: FloatArray,
    kinds: Iterable[Flow],
    weight: FloatArray,
) -> float:
    """Weighted persons whom flows would move, to first order: E of eqs. (19) and (25)."""
    total = 0.0
    for flow in kinds:
        for s in Sex:
            for a in range(population.shape[-1]):
                if flow in ARRIVALS:
                    persons = factor[flow, Registration.NONLOCAL] * inputs.arrivals[s, a]
                    total += float(persons * weight[s, a])
                    continue
                origin = FLOW_PLACES[flow][0]
                for r in Registration:
                    moving = population[r, origin, s, a] * hazard(inputs, t, factor, flow, r, s, a)
                    total += float(moving * weight[s, a])
    return total


def scaled(factor: FloatArray, kinds: Iterable[Flow], by: float) -> FloatArray:
    """Factors with those of some flows multiplied, all registrations alike."""
    result = factor.copy()
    for flow in kinds:
        result[flow] *= by
    return result


def settled(factor: FloatArray, boost: float, building: float, behaviour: FloatArray) -> FloatArray:
    """Factors in which the returns that a gap added are split by kind of job, eq. (58)."""
    result = factor.copy()
    sites = min(1.0, max(0.0, building))
    in_town = (
        sites * behaviour[Behaviour.CONSTRUCTION_RETURN_TOWN_SHARE]
        + (1.0 - sites) * behaviour[Behaviour.JOB_RETURN_TOWN_SHARE]
    )
    for r in Registration:
        both = factor[[Flow.RETURN_TOWN, Flow.RETURN_VILLAGE], r]
        added = (1.0 - 1.0 / boost) * both.sum() * np.array([in_town, 1.0 - in_town])
        result[[Flow.RETURN_TOWN, Flow.RETURN_VILLAGE], r] = both / boost + added
    return result


def largest_share(excess: Callable[[float], float]) -> float:
    """Largest share up to 1 at which ``excess`` is not above 0, and 0 where there is none."""
    if excess(1.0) <= 0.0:
        return 1.0
    if excess(0.0) >= 0.0:
        return 0.0
    return float(brentq(excess, 0.0, 1.0, xtol=1e-13, rtol=1e-13))


def simulate(inputs: Inputs, limits: Iterable[Limits] | None = None) -> Paths:
    """Project the years of ``inputs``, eqs. (2)-(25) and (53)-(58).

    Parameters
    ----------
    inputs : as for `simulator.projection.project`
    limits : (admitted, converted) share of each year, optional; solved where not given
    """
    years, ages = len(inputs.srb), inputs.population.shape[-1]
    given = None if limits is None else list(limits)
    paths = empty_paths(years, ages)
    paths.population[0] = inputs.population
    everyone = np.ones((len(Sex), ages))
    behaviour, labour = inputs.behaviour, inputs.participation
    left_over, queue, persons_beyond_trend = 0.0, 0.0, 0.0
    builders, lasting_workers, drained, correction = 0.0, 0.0, 0.0, 1.0

    for t in range(years):
        population, policy, record = paths.population[t], inputs.policy[t], paths.drivers[t]
        factor = inputs.level[t].copy()

        # Settlement threshold, eqs. (12)-(14) and (16)
        theta = turnover(inputs, t, population)
        share = openness(policy, behaviour, theta)
        on_trend = openness(inputs.policy_baseline[t], behaviour, theta)
        status = math.log(share / on_trend)
        wedge = behaviour[Behaviour.INCOME_ELASTICITY] * (
            barrier(share, behaviour) - barrier(on_trend, behaviour)
        )
        for r in WITHOUT_URBAN_HUKOU:
            factor[Flow.HUKOU_CONVERSION, r] *= share / on_trend
            for flow in TO_TOWN:
                factor[flow, r] *= math.exp(wedge)
            for flow in FROM_TOWN:
                factor[flow, r] /= math.exp(wedge)

        # Land rights, eq. (53)
        giving_up = [
            1.0 - behaviour[Behaviour.LAND_RIGHTS_EFFECT] * (1.0 - row[Policy.LAND_RIGHTS_KEPT])
            for row in (policy, inputs.policy_baseline[t])
        ]
        factor[Flow.HUKOU_CONVERSION, Registration.RURAL_HUKOU] *= giving_up[0] / giving_up[1]

        # Other cities, eq. (54)
        lost = [
            behaviour[Behaviour.OTHER_CITIES_DRAIN] * row[Policy.OTHER_CITIES_OPENNESS] / 100.0
            for row in (policy, inputs.policy_baseline[t])
        ]
        final = math.log((1.0 - lost[1]) / (1.0 - lost[0]))
        drain = (final - drained) / behaviour[Behaviour.DRAIN_YEARS]
        drained += drain
        residents_now = float(population[:, [Place.TOWN, Place.VILLAGE]].sum())
        leaving = expected(inputs, t, population, factor, FROM_JOBS, everyone)
        more = 1.0 + abs(drain) * residents_now / leaving if leaving > 0.0 else 1.0
        factor = scaled(factor, FROM_JOBS, more if drain > 0.0 else 1.0 / more)

        # Workers who leave jobs beyond the trend, eq. (17)
        coming = expected(inputs, t, population, factor, TO_JOBS, labour)
        both = factor * factor[Flow.OUT_TOWN]
        weight = labour * inputs.schedule[Flow.OUT_TOWN]
        going = expected(inputs, t, population, both, TO_JOBS, weight)
        gone = 1.0 - math.exp(-going / coming) if coming > 0.0 else 0.0
        vacated = gone * lasting_workers
        record[Driver.JOBS_VACATED] = gone * (lasting_workers + builders)
        builders, lasting_workers = builders * (1.0 - gone), lasting_workers * (1.0 - gone)

        # Jobs, eqs. (17)-(19)
        new_jobs = (
            policy[Policy.BASIC_JOBS] * (1.0 + behaviour[Behaviour.JOB_MULTIPLIER])
            + policy[Policy.OTHER_JOBS]
        )
        residents = (1.0 - behaviour[Behaviour.COMMUTING_SHARE]) / (
            1.0 - behaviour[Behaviour.UNEMPLOYMENT]
        )
        kept = 2.0 ** (-1.0 / behaviour[Behaviour.VACANCY_HALF_LIFE])
        building = policy[Policy.CONSTRUCTION_JOBS] * residents - builders
        gap = left_over * kept + vacated + new_jobs * residents + building
        closed = behaviour[Behaviour.JOBS_ADJUSTMENT] * gap
        at_home = closed * behaviour[Behaviour.LOCAL_PARTICIPATION_SHARE]
        to_move = closed - at_home
        answering = TO_JOBS if to_move > 0.0 else FROM_JOBS
        usual = expected(inputs, t, population, factor, answering, labour)
        without, boost = factor, 1.0
        for _ in range(5 if to_move and usual > 0.0 else 0):
            boost = 1.0 + correction * abs(to_move) / usual
            factor = scaled(without, answering, boost)
            if to_move > 0.0:
                factor = settled(factor, boost, building / gap, behaviour)
            trial = one_year(inputs, t, population, factor).moved(answering, labour)
            moved = trial * (1.0 - 1.0 / boost)
            if moved == 0.0 or abs(moved - abs(to_move)) <= 1e-3 * abs(to_move):
                break
            correction = min(correction * abs(to_move) / moved, 2.0)
        pull = math.copysign(math.log(boost), to_move) if to_move else 0.0

        # People still waiting for a dwelling, eq. (25)
        if queue > 0.0:
            coming = expected(inputs, t, population, factor, TO_TOWN, everyone)
            if coming > 0.0:
                factor = scaled(factor, TO_TOWN, 1.0 + queue / coming)

        # Ceiling of housing, eqs. (22)-(23)
        own, vacancy = behaviour[Behaviour.PERSONS_PER_DWELLING], behaviour[Behaviour.VACANCY_RATE]
        persons_beyond_trend += own * (
            policy[Policy.COMMERCIAL_UNITS]
            + policy[Policy.RESETTLEMENT_UNITS]
            - policy[Policy.DEMOLISHED_UNITS]
        )
        persons_beyond_trend += (
            behaviour[Behaviour.PERSONS_PER_RENTAL] * policy[Policy.RENTAL_UNITS]
        )
        dwellings = max(inputs.trend_town[: t + 2]) / (own * (1.0 - vacancy))
        usable = 1.0 - min(behaviour[Behaviour.FRICTIONAL_VACANCY], vacancy)
        ceiling = max(0.0, (own * dwellings + persons_beyond_trend) * usable)

        # Quota, then housing, eqs. (15) and (24)
        quota = policy[Policy.ANNUAL_QUOTA]
        admitted, converted = given[t] if given else (None, None)
        if converted is None:
            converted = largest_share(conversions_over(inputs, t, population, factor, quota))
        factor = scaled(factor, [Flow.HUKOU_CONVERSION], converted)
        wanted = one_year(inputs, t, population, factor)
        if admitted is None:
            admitted = largest_share(town_over(inputs, t, population, factor, ceiling))
        year = one_year(inputs, t, population, scaled(factor, TO_TOWN, admitted))
        kept_out = wanted.moved(TO_TOWN) - year.moved(TO_TOWN) if admitted < 1.0 else 0.0
        queue = kept_out * 2.0 ** (-1.0 / behaviour[Behaviour.QUEUE_HALF_LIFE])

        # Gap left over, eq. (20)
        moved = math.copysign(1.0 - 1.0 / boost, to_move) * year.moved(answering, labour)
        closed_share = (at_home + moved) / gap if gap else behaviour[Behaviour.JOBS_ADJUSTMENT]
        left_over = (gap - building) * (1.0 - closed_share)  # eq. (57)
        builders += building * closed_share
        lasting_workers += (at_home + moved) - building * closed_share

        paths.population[t + 1], paths.flows[t] = year.closing, year.flows
        paths.births[t], paths.newborn_deaths[t] = year.births, year.newborn_deaths
        record[Driver.OPENNESS], record[Driver.OPENNESS_BASELINE] = share, on_trend
        record[Driver.CONVERSION_DRIVER], record[Driver.WEDGE_DRIVER] = status, wedge
        record[Driver.LABOUR_GAP], record[Driver.PULL_DRIVER] = gap, pull
        record[Driver.WORKERS_MOVED], record[Driver.WORKERS_AT_HOME] = moved, at_home
        record[Driver.HOUSING_CAPACITY], record[Driver.HOUSING_QUEUE] = ceiling, queue
        record[Driver.ADMITTED_SHARE], record[Driver.QUOTA_SCALE] = admitted, converted
        record[Driver.TURNOVER] = theta
        record[Driver.LAND_DRIVER] = math.log(giving_up[0] / giving_up[1])
        record[Driver.DRAIN_DRIVER] = math.copysign(math.log(more), drain)
        record[Driver.TEMPORARY_GAP] = building
        record[Driver.JOBS_HELD] = lasting_workers + builders
    return paths


def conversions_over(
    inputs: Inputs, t: int, population: FloatArray, factor: FloatArray, quota: float
) -> Callable[[float], float]:
    """Conversions above the quota as a function of the share c of eq. (15)."""

    def excess(share: float) -> float:
        year = one_year(inputs, t, population, scaled(factor, [Flow.HUKOU_CONVERSION], share))
        return year.moved([Flow.HUKOU_CONVERSION]) - quota

    return excess


def town_over(
    inputs: Inputs, t: int, population: FloatArray, factor: FloatArray, ceiling: float
) -> Callable[[float], float]:
    """Town residents above the ceiling as a function of the share admitted of eq. (24)."""

    def excess(share: float) -> float:
        return one_year(inputs, t, population, scaled(factor, TO_TOWN, share)).town - ceiling

    return excess
