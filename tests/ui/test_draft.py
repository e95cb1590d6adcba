"""Levers as the user has set them, and the way to a policy and back."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import ROOT

from simulator import load_scenario
from simulator.levers.columns import Policy
from simulator.policy import policy_array
from simulator.run import run_case
from simulator.ui.draft import (
    EMPTY,
    Draft,
    case_of,
    changes,
    compress,
    draft_of,
    equal,
    expand,
    last_year,
)

LABEL = {"zh": "我的情景", "en": "My scenario"}
YEARS = list(range(2023, 2031))


@given(st.lists(st.none() | st.sampled_from([0.0, 1.5, 200.0]), min_size=8, max_size=8))
def test_compressed_values_expand_to_themselves(values: list[float | None]) -> None:
    assert expand(compress(values, YEARS), YEARS) == values


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([None] * 8, None),
        ([3.0] * 8, 3.0),
        ([None, 3.0, 3.0, *[None] * 5], {2024: 3.0, 2026: None}),
        ([1.0, *[2.0] * 7], {2023: 1.0, 2024: 2.0}),
    ],
)
def test_compress_says_no_more_than_needed(
    values: list[float | None], found: float | dict[int, float | None] | None
) -> None:
    value = compress(values, YEARS)
    assert (dict(value) if isinstance(value, MappingProxyType) else value) == found


def test_a_policy_survives_the_way_through_a_draft() -> None:
    study = load_scenario(ROOT / "scenarios" / "quxian.yaml")
    plan = study.cases["plan"]
    again = case_of(draft_of(plan), plan, LABEL)
    for case in (plan, again):
        assert last_year(draft_of(case)) == 2026
    arrays = [policy_array(case, study.years, {}) for case in (plan, again)]
    assert arrays[0].tobytes() == arrays[1].tobytes()
    assert again.evidence == plan.evidence
    assert again.levers.industry_jobs.basis == "total"


def test_evidence_goes_with_the_value_it_speaks_of() -> None:
    plan = load_scenario(ROOT / "scenarios" / "quxian.yaml").cases["plan"]
    draft = draft_of(plan)
    assert case_of(draft.set("basic_jobs", 500.0), plan, LABEL).evidence == plan.evidence
    assert case_of(draft.set("other_jobs", 500.0), plan, LABEL).evidence == []
    other = Draft(draft.values, "beyond_trend")
    assert case_of(other, plan, LABEL).evidence == []


def test_changes_name_what_differs_and_nothing_else() -> None:
    one = EMPTY.set("basic_jobs", 100.0).set("rental_units", 50.0)
    assert list(changes(one, EMPTY.set("rental_units", 50.0))) == [("basic_jobs", None, 100.0)]
    assert not equal(one, EMPTY)
    assert equal(one.set("basic_jobs", None).set("rental_units", None), EMPTY)


def test_basis_matters_only_where_jobs_are_set() -> None:
    assert equal(Draft(EMPTY.values, "total"), EMPTY)
    jobs = EMPTY.set("basic_jobs", 100.0)
    assert not equal(Draft(jobs.values, "total"), jobs)


def test_one_group_is_taken_over_without_the_others() -> None:
    mine = Draft(EMPTY.set("basic_jobs", 1.0).set("rental_units", 2.0).values, "total")
    found = mine.with_group("industry_jobs", EMPTY)
    assert dict(found.values) == {"rental_units": 2.0}
    assert found.basis == "beyond_trend"


# --- forms that the panel cannot hold are shown as numbers


def test_lines_and_presets_become_numbers_and_steps() -> None:
    from quxian import case

    line = {2024: 1000.0, 2026: 2000.0, "between": "linear"}
    found = draft_of(
        case({"settlement": {"preset": "above_5m"}, "industry_jobs": {"basic_jobs": line}})
    )
    assert dict(found.values["basic_jobs"]) == {2024: 1000.0, 2025: 1500.0, 2026: 2000.0}  # type: ignore[arg-type]
    assert found.values["residence_years"] == 5.0
    assert found.values["stable_housing"] == 1.0


def test_what_is_relative_or_a_total_is_shown_as_it_acts() -> None:
    from quxian import policy

    run = policy(
        {
            "settlement": {"annual_quota": {"value": -50.0, "relative_to": "trend"}},
            "housing": {"commercial_units": 3000.0, "basis": "total"},
        }
    )
    found = draft_of(run.case, run)
    quota = run.inputs.policy[:, Policy.ANNUAL_QUOTA].round().tolist()
    assert expand(found.values["annual_quota"], run.study.years) == quota
    units = run.inputs.policy[:, Policy.COMMERCIAL_UNITS].round().tolist()
    assert expand(found.values["commercial_units"], run.study.years) == units
    assert draft_of(run.case).values == {}
    # What the panel then holds projects to the same people, to the rounding of whole units.
    assert run.trend is not None
    again = run_case("y", case_of(found, run.case, {"zh": "我的", "en": "mine"}), run.trend)
    np.testing.assert_allclose(again.paths.population, run.paths.population, atol=0.5)
