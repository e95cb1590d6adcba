"""The compiled projection against its plain twin (``tests/twin.py``), on random inputs.

No expected number is stored: the twin, written from the equations, computes each of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import twin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.axes import (
    N_FLOWS,
    N_PLACES,
    N_REGISTRATIONS,
    N_SEXES,
    N_TRANSITIONS,
    Flow,
    Place,
    Registration,
)
from simulator.kernel import Paths, empty_paths
from simulator.levers.columns import Behaviour, Policy, behaviour_vector
from simulator.parameters import parameters
from simulator.projection import project, simulate
from simulator.state import Driver, Inputs

FloatArray = npt.NDArray[np.float64]

AGES, YEARS = 6, 3
TOWN = 60_000.0
#: Rounding of some hundred sums in different order.
EXACT = 1e-12
#: What is left of a cell that all but empties may differ by its rounding [persons].
NOBODY = 1e-10
#: The compiled limits are met to 1e-6 of capacity and quota; an error of one year is carried on.
SOLVED = 1e-5
#: And 1e-6 of the whole town may be 1e-3 of the few who want to enter it, or of what drives them.
DRIVERS_SOLVED = 1e-3
#: Drivers counted in persons.
PERSONS = {
    Driver.LABOUR_GAP, Driver.TEMPORARY_GAP, Driver.WORKERS_MOVED, Driver.HOUSING_QUEUE,
}  # fmt: skip
EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEWER = settings(EXAMPLES, max_examples=15)


def trend_policy() -> FloatArray:
    """No rule, no quota, families may follow, nothing built: the defaults of the levers."""
    row = np.zeros(len(Policy))
    row[Policy.ANNUAL_QUOTA], row[Policy.FAMILY_MEMBERS] = np.inf, 1.0
    row[Policy.LAND_RIGHTS_KEPT] = 1.0
    return np.tile(row, (YEARS, 1))


def world(seed: int, pace: float = 1.0) -> Inputs:
    """A county on trend with random cells, rates and behaviour (within ``parameters.csv``).

    ``pace`` multiplies all levels: at 1 hazards reach 0.4 a year each, at 12 nearly 5.
    """
    rng = np.random.default_rng(seed)
    population = rng.uniform(0.2, 2.0, (N_REGISTRATIONS, N_PLACES, N_SEXES, AGES))
    population[rng.random(population.shape) < 0.05] = 0.0
    population *= TOWN / population[:, Place.TOWN].sum()
    population[Registration.NONLOCAL, Place.AWAY] = 0.0
    level = rng.uniform(0.0, 0.2 * pace, (YEARS, N_FLOWS, N_REGISTRATIONS))
    level[rng.random(level.shape) < 0.1] = 0.0
    level[:, Flow.HUKOU_CONVERSION, Registration.URBAN_HUKOU] = 0.0
    level[:, [Flow.ARRIVAL_TOWN, Flow.ARRIVAL_VILLAGE]] = 0.0
    for flow in (Flow.ARRIVAL_TOWN, Flow.ARRIVAL_VILLAGE):
        level[:, flow, Registration.NONLOCAL] = rng.uniform(0.0, 0.05 * TOWN, YEARS)
    arrivals = rng.uniform(0.0, 1.0, (N_SEXES, AGES))
    rows = (parameters()[item.name.lower()] for item in Behaviour)
    behaviour = behaviour_vector({row.name: rng.uniform(row.low, row.high) for row in rows})
    # Below and above the frictional vacancy, which the ranges of the table keep apart.
    behaviour[Behaviour.VACANCY_RATE] = rng.uniform(0.02, 0.25)
    return Inputs(
        population=population,
        mortality=rng.uniform(0.0, 0.06, (YEARS, N_PLACES, N_SEXES, AGES)),
        newborn_survival=rng.uniform(0.9, 1.0, (YEARS, N_PLACES, N_SEXES)),
        asfr=rng.uniform(0.0, 0.1, (YEARS, N_PLACES, AGES)),
        srb=rng.uniform(1.0, 1.2, YEARS),
        schedule=rng.uniform(0.0, 2.0, (N_TRANSITIONS, N_SEXES, AGES)),
        level=level,
        arrivals=arrivals / arrivals.sum(),
        participation=rng.uniform(0.0, 1.0, (N_SEXES, AGES)),
        policy=trend_policy(),
        policy_baseline=trend_policy(),
        behaviour=behaviour,
        trend_town=np.full(YEARS + 1, np.inf),
    )


JOBS = st.sampled_from([0.0, 0.02, 0.2]).flatmap(
    lambda size: st.floats(-size * TOWN, size * TOWN, allow_subnormal=False)
)
RULES: dict[Policy, st.SearchStrategy[float]] = {
    Policy.RESIDENCE_YEARS: st.sampled_from([0.0, 1.0, 5.0]),
    Policy.INSURANCE_YEARS: st.sampled_from([0.0, 3.0]),
    Policy.STABLE_JOB: st.sampled_from([0.0, 1.0]),
    Policy.STABLE_HOUSING: st.sampled_from([0.0, 1.0, 2.0]),
    Policy.FAMILY_MEMBERS: st.sampled_from([0.0, 1.0]),
    Policy.LAND_RIGHTS_KEPT: st.sampled_from([0.0, 1.0]),
    Policy.OTHER_CITIES_OPENNESS: st.sampled_from([0.0, 40.0, 100.0]),
}
UNITS = st.sampled_from([0.0, 200.0, 2000.0])
LEVERS: dict[Policy, st.SearchStrategy[float]] = {
    **RULES,
    Policy.ANNUAL_QUOTA: st.sampled_from([np.inf, 2500.0, 200.0, 0.0]),
    Policy.BASIC_JOBS: JOBS,
    Policy.OTHER_JOBS: JOBS,
    Policy.CONSTRUCTION_JOBS: st.sampled_from([0.0, 500.0, 5000.0]),
    Policy.COMMERCIAL_UNITS: UNITS,
    Policy.RENTAL_UNITS: UNITS,
    Policy.RESETTLEMENT_UNITS: UNITS,
    Policy.DEMOLISHED_UNITS: st.sampled_from([0.0, 1000.0, 6000.0, 30_000.0]),
}


class County(NamedTuple):
    """What a county is made from; small, so that a failing example can be read."""

    seed: int
    pace: float
    policy: list[dict[Policy, float]]
    baseline: list[dict[Policy, float]]

    def inputs(self) -> Inputs:
        """Its inputs, with the town population of its own trend."""
        inputs = world(self.seed, self.pace)
        tables = []
        for rows in (self.policy, self.baseline):
            table = trend_policy()
            for t, row in enumerate(rows):
                for column, value in row.items():
                    table[t, column] = value
            tables.append(table)
        on_trend = project(inputs._replace(policy=tables[1], policy_baseline=tables[1]))
        trend = on_trend.population[:, :, Place.TOWN].sum(axis=(1, 2, 3))
        return inputs._replace(policy=tables[0], policy_baseline=tables[1], trend_town=trend)


def counties(*paces: float) -> st.SearchStrategy[County]:
    """A random county with every lever set each year, at one of the paces of `world`."""

    def yearly(levers: dict[Policy, st.SearchStrategy[float]]) -> st.SearchStrategy[Any]:
        return st.lists(st.fixed_dictionaries(levers), min_size=YEARS, max_size=YEARS)

    seeds = st.integers(0, 2**32 - 1)
    return st.builds(County, seeds, st.sampled_from(paces), yearly(LEVERS), yearly(RULES))


def assert_near(ours: Paths, twins: Paths, tolerance: float) -> None:
    """Every array of a projection, relative to its own scale where cells cancel to near 0."""
    for name in ("population", "flows", "births", "newborn_deaths"):
        compiled, plain = getattr(ours, name), getattr(twins, name)
        floor = NOBODY if tolerance == EXACT else tolerance * plain.max()
        np.testing.assert_allclose(compiled, plain, rtol=tolerance, atol=floor, err_msg=name)
    share = EXACT if tolerance == EXACT else DRIVERS_SOLVED
    for driver in Driver:
        compiled, plain = ours.drivers[:, driver], twins.drivers[:, driver]
        persons = driver in PERSONS
        floor = tolerance * TOWN if persons else share
        np.testing.assert_allclose(compiled, plain, rtol=share, atol=floor, err_msg=driver.name)


@EXAMPLES
@given(county=counties(1.0, 12.0))
def test_whole_projection_equals_its_twin(county: County) -> None:
    """1e-12 relative in every cell, flow and driver, three years with all levers.

    The twin takes the two shares the compiled loop found for housing and quota; the next test
    lets it find its own.
    """
    inputs = county.inputs()
    compiled = project(inputs)
    shares = compiled.drivers[:, [Driver.ADMITTED_SHARE, Driver.QUOTA_SCALE]]
    assert_near(compiled, twin.simulate(inputs, [tuple(row) for row in shares]), EXACT)


@FEWER
@given(county=counties(1.0))
def test_limits_are_those_defined(county: County) -> None:
    """The shares of eqs. (15) and (24) by root finding: within the 1e-6 to which limits are met.

    A ceiling above what the town reaches, an open quota and the trend all give exactly 1.
    """
    inputs = county.inputs()
    assert_near(project(inputs), twin.simulate(inputs), SOLVED)


@EXAMPLES
@given(county=counties(1.0))
def test_limits_hold(county: County) -> None:
    """Quota and ceiling are not passed; a town above its ceiling has admitted nobody."""
    inputs = county.inputs()
    paths = project(inputs)
    settled = paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
    assert np.all(settled <= inputs.policy[:, Policy.ANNUAL_QUOTA] * (1.0 + 1e-6))
    town = paths.population[1:, :, Place.TOWN].sum(axis=(1, 2, 3))
    capacity = paths.drivers[:, Driver.HOUSING_CAPACITY]
    admitted = paths.drivers[:, Driver.ADMITTED_SHARE]
    assert np.all((town <= capacity * (1.0 + 1e-6)) | (admitted == 0.0))
    held = (admitted < 1.0) & (admitted > 0.0)
    np.testing.assert_allclose(town[held], capacity[held], rtol=1e-6)
    entered = paths.flows[:, list(twin.TO_TOWN)].sum(axis=(1, 2, 3, 4))
    assert np.all(entered[admitted == 0.0] == 0.0)


def with_policy(inputs: Inputs, **values: float) -> Inputs:
    """The county with levers set in every year and its own trend as the trend."""
    policy = trend_policy()
    for name, value in values.items():
        policy[:, Policy[name]] = value
    trend = project(inputs).population[:, :, Place.TOWN].sum(axis=(1, 2, 3))
    return inputs._replace(policy=policy, trend_town=trend)


BINDING: list[tuple[dict[str, float], Driver, float]] = [
    ({"BASIC_JOBS": 4000.0}, Driver.PULL_DRIVER, 1.0),
    ({"BASIC_JOBS": -4000.0}, Driver.PULL_DRIVER, -1.0),
    ({"CONSTRUCTION_JOBS": 4000.0}, Driver.TEMPORARY_GAP, 1.0),
    ({"LAND_RIGHTS_KEPT": 0.0}, Driver.LAND_DRIVER, -1.0),
    ({"OTHER_CITIES_OPENNESS": 50.0}, Driver.DRAIN_DRIVER, 1.0),
    ({"ANNUAL_QUOTA": 100.0}, Driver.QUOTA_SCALE, 1.0),
    ({"DEMOLISHED_UNITS": 5000.0}, Driver.HOUSING_QUEUE, 1.0),
    ({"STABLE_HOUSING": 2.0, "INSURANCE_YEARS": 3.0}, Driver.WEDGE_DRIVER, -1.0),
]


@pytest.mark.parametrize(("levers", "driver", "sign"), BINDING)
def test_twin_is_compared_where_levers_bind(
    levers: dict[str, float], driver: Driver, sign: float
) -> None:
    """Each lever alone moves its driver in the first year, and the twin agrees to 1e-12."""
    inputs = with_policy(world(1), **levers)
    compiled = project(inputs)
    first = compiled.drivers[0]
    assert np.sign(first[driver]) == sign
    if driver is Driver.QUOTA_SCALE:
        assert 0.0 < first[Driver.QUOTA_SCALE] < 1.0
    if driver is Driver.HOUSING_QUEUE:
        assert first[Driver.ADMITTED_SHARE] < 1.0
    shares = compiled.drivers[:, [Driver.ADMITTED_SHARE, Driver.QUOTA_SCALE]]
    assert_near(compiled, twin.simulate(inputs, [tuple(row) for row in shares]), EXACT)


@given(seed=st.integers(0, 2**32 - 1))
@FEWER
def test_trend_is_reproduced_bit_for_bit(seed: int) -> None:
    """Policy equal to that of the trend: every driver 0 and the same cells, DESIGN section 3."""
    inputs = world(seed)
    trend, again = project(inputs), project(with_policy(inputs))
    np.testing.assert_array_equal(again.population, trend.population)
    np.testing.assert_array_equal(again.flows, trend.flows)
    zero = [
        Driver.CONVERSION_DRIVER, Driver.WEDGE_DRIVER, Driver.PULL_DRIVER, Driver.LABOUR_GAP,
        Driver.LAND_DRIVER, Driver.DRAIN_DRIVER, Driver.TEMPORARY_GAP,
    ]  # fmt: skip
    assert not again.drivers[:, zero].any()


@FEWER
@given(county=counties(1.0))
def test_used_storage_leaves_no_trace(county: County) -> None:
    """`simulate` overwrites all of its storage: the same bits in used and in new arrays."""
    inputs = county.inputs()
    used = empty_paths(YEARS, AGES)
    for array in used:
        array[:] = np.nan
    simulate(inputs, used)
    fresh: dict[str, Any] = project(inputs)._asdict()
    for name, array in used._asdict().items():
        np.testing.assert_array_equal(array, fresh[name], err_msg=name)
