"""Moves between places: limits and order of the two-round scheme, and what hazards must not do.

The step lets a person move twice in a year: the opening population in round 1, those who came in
round 2 with half a year of exposure. The exact answer for constant hazards is the matrix
exponential of the generator (`scipy.linalg.expm`); every expected number is computed from it or
from a closed form derived in the docstring.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from cells import CELLS, Year
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import expm

from simulator.axes import (
    FLOW_PLACES,
    N_REGISTRATIONS,
    N_TRANSITIONS,
    Flow,
    Place,
    Registration,
    Sex,
    destination,
)

FloatArray = npt.NDArray[np.float64]

AGES = 4
#: The first example waits for the compiler, and drawing whole states is slow on a busy machine.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
RURAL, URBAN, NONLOCAL = Registration.RURAL_HUKOU, Registration.URBAN_HUKOU, Registration.NONLOCAL
DEATHS = (Flow.DEATH_TOWN, Flow.DEATH_VILLAGE, Flow.DEATH_AWAY)
MOVES = [flow for flow in Flow if flow < N_TRANSITIONS and flow not in DEATHS]


def two_places(to_town: float, to_village: float) -> Year:
    """Rural people in town and village who only move between the two."""
    year = Year(AGES)
    year.level[Flow.RURAL_TO_URBAN, RURAL] = to_town
    year.level[Flow.URBAN_TO_RURAL, RURAL] = to_village
    year.population[RURAL, Place.VILLAGE] = 1000.0
    year.population[RURAL, Place.TOWN] = 250.0
    return year


def by_place(population: FloatArray) -> FloatArray:
    """Rural people in town and village."""
    return np.asarray(population[RURAL].sum(axis=(1, 2))[[Place.TOWN, Place.VILLAGE]])


HAZARDS = st.floats(0.005, 0.6)


@UNTIMED
@given(to_town=HAZARDS, to_village=HAZARDS)
def test_limit_of_two_places(to_town: float, to_village: float) -> None:
    """After many years town : village is sinh(u / 2) : sinh(v / 2), near u : v.

    In one year a villager (hazard u of moving to town) ends in town with probability
    (1 - exp(-u)) exp(-v / 2), a townsman in the village with (1 - exp(-v)) exp(-u / 2); in the
    limit the flows balance. Against the ratio of the hazards this is off by (u^2 - v^2) / 24 to
    first order: 0.04 % at hazards of 0.1.
    """
    town, village = by_place(two_places(to_town, to_village).repeat(3000))
    assert town + village == pytest.approx(by_place(two_places(0, 0).population).sum(), rel=1e-10)
    assert town / village == pytest.approx(np.sinh(to_town / 2) / np.sinh(to_village / 2), rel=1e-9)
    error = town / village / (to_town / to_village) - 1.0
    first_order = (to_town**2 - to_village**2) / 24.0
    assert error == pytest.approx(first_order, abs=6e-4 * max(to_town, to_village) ** 2 + 1e-9)


@UNTIMED
@given(to_town=HAZARDS, to_village=HAZARDS)
def test_one_year_of_two_places_against_the_exponential(to_town: float, to_village: float) -> None:
    """One step misses the exact probability of moving by u v (2 u + v) / 24 at most.

    That is the leading term of exact less ours for a villager, from the expansion of both:
    0.0125 % of a place's people at hazards of 0.1. Twice it also bounds the higher orders here.
    """
    year = two_places(to_town, to_village)
    year.population[RURAL, Place.TOWN] = 0.0
    people = by_place(year.population)
    generator = np.array([[-to_village, to_town], [to_village, -to_town]])
    exact = (expm(generator) @ people)[0] / people.sum()
    ours = by_place(year.run())[0] / people.sum()
    leading = to_town * to_village * (2.0 * to_town + to_village) / 24.0
    assert 0.0 < exact - ours <= leading
    assert exact - ours == pytest.approx(leading, rel=max(to_town, to_village))


#: Every transition live, high and all different, so that each path through the cells counts.
LEVELS = {
    Flow.RURAL_TO_URBAN: (0.11, 0.30, 0.07),
    Flow.RECLASSIFICATION: (0.05, 0.06, 0.04),
    Flow.URBAN_TO_RURAL: (0.08, 0.12, 0.10),
    Flow.OUT_TOWN: (0.13, 0.20, 0.25),
    Flow.OUT_VILLAGE: (0.17, 0.28, 0.22),
    Flow.RETURN_TOWN: (0.09, 0.16, 0.0),
    Flow.RETURN_VILLAGE: (0.14, 0.10, 0.0),
    Flow.HUKOU_CONVERSION: (0.0, 0.24, 0.18),
    Flow.SETTLED_ELSEWHERE: (0.03, 0.07, 0.0),
}
MORTALITY = {Place.TOWN: 0.04, Place.VILLAGE: 0.06, Place.AWAY: 0.02}
ARRIVALS = {Flow.ARRIVAL_TOWN: 300.0, Flow.ARRIVAL_VILLAGE: 120.0}


def all_flows_live(step: float) -> Year:
    """Uniform hazards at every age for a step of ``step`` years; 9 cells of different size."""
    year = Year(AGES)
    for flow, level in LEVELS.items():
        year.level[flow] = np.array(level) * step
    for flow, persons in ARRIVALS.items():
        year.level[flow, NONLOCAL] = persons * step
    for place, hazard in MORTALITY.items():
        year.mortality[place] = hazard * step
    for number, (r, p) in enumerate(np.ndindex(len(Registration), len(Place)), start=1):
        if (r, p) != (NONLOCAL, Place.AWAY):
            year.population[r, p] = 100.0 * number
    return year


def exact_cells(years: float) -> FloatArray:
    """Persons by registration and place from the exponential of the generator."""
    cells = list(np.ndindex(len(Registration), len(Place)))
    outside = len(cells)
    start = np.append(all_flows_live(1.0).population.sum(axis=(2, 3)).ravel(), 1.0)
    generator = np.zeros((outside + 1, outside + 1))
    for r in Registration:
        for place, hazard in MORTALITY.items():
            at = cells.index((r, place))
            generator[at, at] -= hazard
        for flow, level in LEVELS.items():
            origin, target = FLOW_PLACES[flow][0], destination(flow, r)
            assert origin is not None
            at = cells.index((r, origin))
            generator[at, at] -= level[r]
            if target is not None:
                generator[cells.index(target), at] += level[r]
    for flow, persons in ARRIVALS.items():
        target = destination(flow, NONLOCAL)
        assert target is not None
        generator[cells.index(target), outside] += persons
    return np.asarray((expm(generator * years) @ start)[:outside])


def error_after(parts: int, years: int = 4) -> FloatArray:
    """Ours less exact by cell after ``years`` years in ``parts`` steps a year."""
    ours = all_flows_live(1.0 / parts).repeat(parts * years).sum(axis=(2, 3)).ravel()
    return np.asarray(ours - exact_cells(years))


def test_halving_the_step_quarters_the_error() -> None:
    """Second order: all moves, conversion, arrivals and deaths live, against the exponential.

    The ratio of successive errors tends to 4 (measured 3.66, 3.82, 3.91, 3.95); a first-order
    scheme would give 2. At whole years the largest error is 1.95 % of a cell after four years,
    where a quarter to half of the people of a cell leave it in a year; of all people, 0.5 %.
    """
    errors = [error_after(parts) for parts in (1, 2, 4, 8, 16)]
    total = [abs(error.sum()) for error in errors]
    largest = [np.abs(error).max() for error in errors]
    for coarse, fine in (*pairwise(largest), *pairwise(total)):
        assert 3.5 <= coarse / fine <= 4.1
    assert largest[3] / largest[4] == pytest.approx(4.0, abs=0.1)
    assert np.all(np.abs(errors[0]) <= 0.02 * exact_cells(4.0) + 1e-9)


def test_zero_rates_leave_everyone_only_older() -> None:
    """No rate, no birth: each cohort is one year older, bit for bit, and no flow has a person."""
    year = Year(AGES)
    rng = np.random.default_rng(7)
    year.population = rng.uniform(0.0, 1e6, size=(*CELLS, AGES))
    year.population[NONLOCAL, Place.AWAY] = 0.0
    closing = year.run()
    np.testing.assert_array_equal(closing[..., 1:-1], year.population[..., :-2])
    np.testing.assert_array_equal(closing[..., -1], year.population[..., -2:].sum(axis=-1))
    assert not closing[..., 0].any()
    assert not year.flows.any()
    assert not year.births.any()


@pytest.mark.parametrize("hazard", [1e2, 1e6, 1e300])
@pytest.mark.parametrize("flow", MOVES)
def test_an_endless_hazard_empties_the_cell(flow: Flow, hazard: float) -> None:
    """exp(-100) of a person is nobody; all arrive where the flow leads, none below 0."""
    year = Year(AGES)
    year.population[:, : Place.AWAY] = 1000.0
    year.population[:NONLOCAL, Place.AWAY] = 1000.0
    year.level[flow, RURAL] = hazard
    opening = year.population[RURAL].sum()
    closing = year.run()
    origin, target = FLOW_PLACES[flow][0], destination(flow, RURAL)
    assert origin is not None
    assert closing.min() >= 0.0
    assert closing[RURAL, origin].sum() <= 1e-30 * opening
    assert year.flows[flow, RURAL].sum() == pytest.approx(AGES * 2000.0, rel=1e-12)
    if target is not None:
        # 2 sexes x 4 ages: 8000 persons of the origin join the 8000 of the target.
        assert closing[target].sum() == pytest.approx(2.0 * AGES * 2000.0, rel=1e-12)


@pytest.mark.parametrize("place", Place)
def test_an_endless_death_hazard_leaves_nobody(place: Place) -> None:
    """Deaths are then the opening population of the place."""
    year = Year(AGES)
    year.population[URBAN] = 500.0
    year.mortality[place] = 1e5
    assert year.run()[URBAN, place].sum() == 0.0
    assert year.flows[DEATHS[place]].sum() == pytest.approx(2 * AGES * 500.0, rel=1e-12)


def zero_or(least: float, most: float) -> st.SearchStrategy[float]:
    """0 or a number of a size that double precision can divide by."""
    return st.one_of(st.just(0.0), st.floats(least, most))


PERSONS, RATES, SHARES = zero_or(1e-3, 1e6), zero_or(1e-9, 5.0), zero_or(1e-6, 1.0)


@st.composite
def any_year(draw: st.DrawFn) -> Year:
    """Any rates and people. Urban hukou holders do not convert, nonlocal people are not away."""
    year = Year(AGES)

    def filled(shape: tuple[int, ...], values: st.SearchStrategy[float]) -> FloatArray:
        return np.asarray(draw(arrays(np.float64, shape, elements=values)))

    year.population = filled(year.population.shape, PERSONS)
    year.population[NONLOCAL, Place.AWAY] = 0.0
    year.mortality = filled(year.mortality.shape, RATES)
    year.schedule = filled(year.schedule.shape, zero_or(1e-6, 3.0))
    year.level = filled(year.level.shape, RATES)
    year.level[Flow.HUKOU_CONVERSION, URBAN] = 0.0
    year.level[list(ARRIVALS)] = 0.0
    year.level[list(ARRIVALS), NONLOCAL] = filled((len(ARRIVALS),), PERSONS)
    year.asfr = filled(year.asfr.shape, SHARES)
    year.newborn_survival = filled(year.newborn_survival.shape, SHARES)
    return year


def older(by_age: FloatArray) -> FloatArray:
    """Persons counted by age at the start, at their age at the end."""
    result = np.zeros_like(by_age)
    result[..., 1:] = by_age[..., :-1]
    result[..., -1] += by_age[..., -1]
    return result


@UNTIMED
@given(year=any_year())
def test_the_ledger_closes_in_every_cell(year: Year) -> None:
    """Opening + births - deaths + in - out = closing, 1e-9 relative, nothing negative.

    Where each flow leaves from and leads to is read from `simulator.axes`, not from the step.
    """
    closing = year.run()
    balance = year.population.copy()
    turnover = year.population.copy()
    for r in Registration:
        for flow in Flow:
            persons = year.flows[flow, r]
            origin, target = FLOW_PLACES[flow][0], destination(flow, r)
            if origin is not None:
                balance[r, origin] -= persons
            if target is not None:
                balance[target] += persons
                turnover[target] += persons
    balance, turnover = older(balance), older(turnover)
    balance[..., 0] += year.births - year.newborn_deaths
    turnover[..., 0] += year.births
    assert np.all(np.abs(closing - balance) <= 1e-9 * turnover)
    for persons in (closing, year.flows, year.births, year.newborn_deaths):
        assert persons.min() >= 0.0


@UNTIMED
@given(year=any_year())
def test_moves_and_deaths_keep_their_proportions(year: Year) -> None:
    """Competing hazards: exits of a cell are in the ratio of their hazards, DESIGN section 3."""
    year.run()
    exits = [Flow.DEATH_VILLAGE, Flow.RURAL_TO_URBAN, Flow.RECLASSIFICATION, Flow.OUT_VILLAGE]
    hazards = np.stack(
        [
            np.broadcast_to(year.mortality[Place.VILLAGE], year.population[:, 0].shape)
            if flow in DEATHS
            else year.level[flow][:, np.newaxis, np.newaxis] * year.schedule[flow]
            for flow in exits
        ]
    )
    persons = year.flows[exits]
    total, total_hazard = persons.sum(axis=0), hazards.sum(axis=0)
    np.testing.assert_allclose(persons * total_hazard, hazards * total, rtol=1e-9, atol=1e-6)


def test_mother_gives_the_child_registration_and_place() -> None:
    """Births per cell are f(x) of the mean women, 1.05 boys a girl (`Year.srb`), survivors L0."""
    year = Year(AGES)
    women = np.arange(9.0).reshape(N_REGISTRATIONS, -1)
    women[NONLOCAL, Place.AWAY] = 0.0
    year.population[:, :, Sex.FEMALE, 2] = women
    year.asfr[:, 2] = year.asfr[:, 3] = 0.2
    year.newborn_survival[:] = 0.9
    closing = year.run()
    np.testing.assert_allclose(year.births.sum(axis=-1), 0.2 * women, rtol=1e-14)
    boys, girls = year.births[..., Sex.MALE], year.births[..., Sex.FEMALE]
    np.testing.assert_allclose(boys, 1.05 * girls, rtol=1e-14)
    np.testing.assert_allclose(closing[..., 0], 0.9 * year.births, rtol=1e-14)
