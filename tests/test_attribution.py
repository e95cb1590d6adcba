"""Parts of a scenario's effect add up to the whole, and flows to stocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import policy, result

from simulator.attribution import INTERACTION, groups_set, quantities
from simulator.fiscal import ITEMS, public_costs
from simulator.run import Run

ALL: dict[str, dict[str, Any]] = {
    "settlement": {"insurance_years": 3.0},
    "industry_jobs": {"other_jobs": 8000.0},
    "housing": {"demolished_units": 2000.0},
}
CAUSES = (
    "natural_increase", "in_county_moves", "return_migration", "outside_migration",
    "reclassification",
)  # fmt: skip


def assert_adds_up(found: Run) -> None:
    split = found.attribution
    assert split is not None
    for name, whole in split.total.items():
        parts = sum(part[name] for part in split.parts.values())
        np.testing.assert_allclose(parts, whole, rtol=0.0, atol=1e-6, err_msg=name)


@settings(max_examples=15, deadline=None)
@given(chosen=st.sets(st.sampled_from(sorted(ALL)), min_size=1))
def test_parts_add_up_in_every_flow_and_year(chosen: set[str]) -> None:
    found = policy({group: ALL[group] for group in chosen})
    assert found.attribution is not None
    assert set(found.attribution.parts) == chosen | {INTERACTION}
    assert_adds_up(found)


def test_each_part_is_the_lever_alone() -> None:
    """And the whole is the scenario less the trend, as run by themselves."""
    found, base = policy(ALL), quantities(result().trend.paths)
    assert found.attribution is not None
    for group, levers in ALL.items():
        alone = quantities(policy({group: levers}).paths)
        for name in base:
            part = found.attribution.parts[group][name]
            np.testing.assert_allclose(part, alone[name] - base[name], atol=1e-9, err_msg=name)
    now = quantities(found.paths)
    for name, whole in found.attribution.total.items():
        np.testing.assert_array_equal(whole, now[name] - base[name])
    together = found.attribution.parts[INTERACTION]["town_population"]
    assert np.abs(together).max() > 1.0  # jobs bring people whom demolition keeps out


def test_one_lever_has_no_interaction() -> None:
    found = policy({"industry_jobs": {"other_jobs": 3000.0}}).attribution
    assert found is not None
    assert all(not values.any() for values in found.parts[INTERACTION].values())


def test_causes_of_each_part_add_up_to_its_town() -> None:
    """Flow by flow: the causes of all years make the change of town residents at the end."""
    found = policy(ALL).attribution
    assert found is not None
    for part in [*found.parts.values(), found.total]:
        made = np.cumsum(sum(part[cause] for cause in CAUSES))
        np.testing.assert_allclose(made, part["town_population"], atol=1e-4)


def test_the_trend_has_nothing_to_attribute() -> None:
    assert result().trend.attribution is None
    assert groups_set(result().trend.inputs) == []
    at_rest = policy({"housing": {"rental_units": 0.0}}).attribution
    assert at_rest is not None
    assert set(at_rest.parts) == {INTERACTION}


# --- costs


def costs_of(run: Run) -> dict[str, Any]:
    return {cost.item: cost for cost in run.costs}


def test_costs_by_hand() -> None:
    """Units times unit cost, in the prices and ranges of the table."""
    found = policy({"housing": {"rental_units": 100.0, "resettlement_units": 50.0}})
    costs = costs_of(found)
    assert tuple(costs) == ITEMS
    settled = quantities(found.paths)["hukou_conversion"]
    np.testing.assert_allclose(costs["settled_once"].central, settled * 80_000 * 1.32)
    np.testing.assert_allclose(costs["settled_once"].high, settled * 131_000 * 1.40)
    cumulated = np.cumsum(settled)
    np.testing.assert_allclose(costs["settled_yearly"].central, cumulated * 16_859.3 * 1.22)
    np.testing.assert_allclose(costs["dwellings"].central, 150 * 70 * 3000.0)
    np.testing.assert_allclose(costs["dwellings"].low, 150 * 30 * 2000.0)
    for cost in found.costs:
        assert (cost.low <= cost.central).all()
        assert (cost.central <= cost.high).all()


def test_commercial_dwellings_cost_the_public_nothing() -> None:
    costs = costs_of(policy({"housing": {"commercial_units": 100.0}}))
    assert not costs["dwellings"].high.any()


def test_school_places_are_built_for_the_highest_number_of_pupils() -> None:
    trend = result().trend
    paths = trend.paths._replace(population=trend.paths.population.copy())
    paths.population[:, :, 0, :, 6:18] = 0.0
    paths.population[:5, 0, 0, 0, 10] = [100.0, 130.0, 120.0, 125.0, 150.0]
    found = public_costs(paths, trend.inputs.policy, trend.start.values)
    places = next(cost for cost in found if cost.item == "school_places").units
    assert places[:5].tolist() == [30.0, 0.0, 0.0, 20.0, 0.0]


def test_no_sum_of_concepts_is_offered() -> None:
    assert not any("total" in item for item in ITEMS)


@pytest.mark.parametrize("vacancy", [0.12, 0.214])
def test_dwellings_that_move_nobody_say_why(vacancy: float) -> None:
    from quxian import study

    from simulator.run import run

    known = study()
    from dataclasses import replace

    values = {**known.parameters, "vacancy_rate": vacancy}
    trend = run(replace(known, cases={}, parameters=values), face_value=False).trend
    notes = policy({"housing": {"rental_units": 500.0}}, trend).notes
    assert [n.code for n in notes] == ["housing_no_effect"]
    assert notes[0].params["vacancy"] >= vacancy - 1e-9
    assert notes[0].params["frictional"] == 0.10
