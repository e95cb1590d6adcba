"""parameters.csv: each row whole, sourced, read by some code, and of some effect."""

from __future__ import annotations

import ast
import csv
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quxian import case, one_year, study, target
from quxian import result as quxian

from simulator.budget import costs
from simulator.calibration import FITTED
from simulator.launch import launch
from simulator.levers.columns import Behaviour, Policy, baseline_policy
from simulator.needs import standard_needs
from simulator.outlook import outlook
from simulator.parameters import (
    TABLE,
    Parameter,
    _parameter,
    assumptions,
    central_values,
    levers,
    parameters,
)
from simulator.ranges import SEEKABLE, lever_ranges
from simulator.run import Result, Run, run
from simulator.scenario import load_scenario

ROOT = Path(__file__).resolve().parent.parent
PLACES = ROOT / "scenarios" / "places"
GRADES = {"published", "derived", "assumption"}
DISTRIBUTIONS = {"lognormal", "uniform", "fixed", "policy"}
GROUPS = {
    "migration", "schedule", "settlement", "demography", "jobs", "housing", "requirement",
    "targets", "baseline", "calibration", "forecast", "stated_base", "fiscal", "plausible",
    "lever.settlement", "lever.industry_jobs", "lever.housing",
}  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = list(parameters())
every_row = pytest.mark.parametrize("name", NAMES)


@every_row
def test_row_is_whole(name: str) -> None:
    p = parameters()[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    for field in ("symbol", "unit", "label_zh", "label_en", "help_zh", "help_en", "source"):
        assert getattr(p, field).strip(), field
    assert p.grade in GRADES
    assert p.distribution in DISTRIBUTIONS
    assert p.group in GROUPS
    assert (p.distribution == "policy") == p.is_lever


@every_row
def test_labels_are_in_their_language(name: str) -> None:
    p = parameters()[name]
    assert CHINESE.search(p.label("zh"))
    assert CHINESE.search(p.help("zh"))
    assert not CHINESE.search(p.label("en"))
    assert not CHINESE.search(p.help("en"))


@every_row
def test_range_holds_the_central_value(name: str) -> None:
    p = parameters()[name]
    assert p.low < p.high
    assert p.low <= p.default <= p.high or (name == "annual_quota" and p.default == np.inf)
    if p.distribution == "lognormal":
        assert p.low > 0.0


def test_published_values_name_a_year() -> None:
    """A publication can be found by its year or its number in the seeds."""
    rows = [p for p in parameters().values() if p.grade == "published"]
    dated = re.compile(r"\b(19|20)\d\d\b|\d{3}_[0-9a-f]{16}|software default|statistics")
    assert [p.name for p in rows if not dated.search(p.source)] == []
    assert rows


def test_names_are_declared_once() -> None:
    with TABLE.open(encoding="utf-8", newline="") as handle:
        names = [row["name"] for row in csv.DictReader(handle)]
    assert names == NAMES
    labels = [p.label_en for p in parameters().values()]
    assert len(set(labels)) == len(labels)


def test_levers_are_the_policy_columns() -> None:
    names = [name for members in levers().values() for name in members]
    assert sorted(names) == sorted(item.name.lower() for item in Policy)
    assert list(levers()) == ["settlement", "industry_jobs", "housing"]
    assert set(names).isdisjoint(assumptions())
    assert set(names) | set(assumptions()) == set(NAMES)


def test_behaviour_and_fitted_names_are_assumptions() -> None:
    assert {item.name.lower() for item in Behaviour} <= set(assumptions())
    assert set(FITTED) <= set(assumptions())
    assert all(assumptions()[name].low > 0.0 for name in FITTED)  # they are fitted as logs


def test_policy_at_rest_is_the_table() -> None:
    row = baseline_policy(2, {"residence_years": 3.0})
    assert row.shape == (2, len(Policy))
    for name, p in ((n, p) for members in levers().values() for n, p in members.items()):
        expected = 3.0 if name == "residence_years" else p.default
        assert row[1, Policy[name.upper()]] == expected


# --- the loader refuses what it cannot use


def _row(**changes: str) -> Mapping[str, str]:
    with TABLE.open(encoding="utf-8", newline="") as handle:
        return next(csv.DictReader(handle)) | changes


@pytest.mark.parametrize("changes", [{"low": ""}, {"high": ""}])
def test_missing_range_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="low and high are needed"):
        _parameter(_row(**changes))


@pytest.mark.parametrize("central", ["0.001", "0.5"])
def test_central_outside_the_range_is_refused(central: str) -> None:
    with pytest.raises(ValueError, match=r"out_migration_level: central outside low\.\.high"):
        _parameter(_row(central=central))


# --- read by code


def _constants(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def names_read() -> set[str]:
    """Parameters that code names: as a key, as ``P.X`` or ``B.X``, or as ``f"rc_{name}"``.

    The list of fitted parameters and the declarations of the two enumerations read nothing.
    """
    found: set[str] = set()
    for path in (ROOT / "simulator").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [
            node
            for node in tree.body
            if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FITTED")
        ]
        found |= set(_constants(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id in ("P", "B", "Policy", "Behaviour"):
                    found.add(node.attr.lower())
            elif isinstance(node, ast.FunctionDef) and 'f"rc_{' in ast.unparse(node).replace(
                "f'rc_{", 'f"rc_{'
            ):
                found |= {f"rc_{word}" for word in _constants(node)}
    return found


def test_every_parameter_is_read() -> None:
    assert set(NAMES) - names_read() == set()


def test_reading_is_not_taken_for_granted() -> None:
    """A name that only the table, a docstring or the enumeration holds does not count."""
    read = names_read()
    assert "rc_a9" not in read
    assert "hukou_wedge" in read
    assert "queue" not in read


# --- of some effect: from low to high something that is reported changes

_STRICT = {"residence_years": 2, "insurance_years": 2, "stable_job": 1, "family_members": 0}
_CASES = {
    "rent": {
        "settlement": {
            **_STRICT,
            "stable_housing": 1,
            "land_rights_kept": 0,
            "other_cities_openness": 50,
        },
        "industry_jobs": {"basic_jobs": 5000, "other_jobs": 5000, "construction_jobs": 3000},
        "housing": {"rental_units": 500, "demolished_units": 5000},
    },
    "own": {
        "settlement": {**_STRICT, "stable_housing": 2},
        "industry_jobs": {"other_jobs": 20000, "basis": "total"},
        "housing": {"commercial_units": 500, "demolished_units": 5000},
    },
    "brief": {"industry_jobs": {"other_jobs": {2023: 3000, 2024: 0}}},
}


def _reported(result: Result) -> np.ndarray:
    """Everything a parameter could change, in one row."""
    parts = [result.start.population.ravel(), [result.start.seat_share]]
    for found in result.runs.values():
        parts += [found.paths.population.ravel(), found.paths.flows.ravel()]
        parts.append(["labour" in codes for codes in found.binding()])
        for check in found.targets:
            parts.append([check.needed or 0.0, check.status == "met"])
        parts += [found.dwellings.rented, *(c.low for c in found.costs)]
        parts += [c.central for c in found.costs]
        parts += [c.central for c in costs(found, result.trend)]
        parts += [n.amounts for n in standard_needs(found)]
    parts.append([r.high for r in lever_ranges(SEEKABLE, {}, result.trend)])
    return np.concatenate([np.asarray(part, dtype=float) for part in parts])


def _small(**parameters: float) -> Result:
    """A place with one year of facts under two policies; what it does not know is assumed."""
    known = one_year(**parameters)
    approximate = target(op="~", value=46.5)
    beds = target(indicator="elderly_care_beds_per_thousand", value=40.0, unit="张/千人")
    guessed = ("hukou_urbanization_rate", "nonlocal_residents")
    if set(parameters) & {"hukou_rate_gap", "hukou_rate_floor", "nonlocal_share"}:
        keep = [f for f in known.place.facts if f.indicator not in guessed]
    else:
        keep = known.place.facts
    place = known.place.model_copy(update={"targets": [approximate, beds], "facts": keep})
    cases = {name: case(chosen) for name, chosen in _CASES.items()}
    # What a user sets is not replaced by what the place's stocks let expect.
    overridden = dict.fromkeys(parameters, "here")
    return run(replace(known, place=place, cases=cases, overridden=overridden))


ERRORS = [name for name, p in assumptions().items() if p.group == "calibration"]


#: What only draws read.
FORECAST = [name for name, p in assumptions().items() if p.group == "forecast"]


@functools.cache
def stated_trend() -> Run:
    """Of a place whose plan states its residents of the base year, five years after a census."""
    return run(load_scenario(PLACES / "shunyi.yaml"), face_value=False).trend


@pytest.mark.parametrize("name", FORECAST)
def test_every_error_of_forecasts_has_an_effect(name: str) -> None:
    """On what the draws of a run say, two years after a count."""
    p, found = assumptions()[name], []
    for value in (p.low, p.high):
        trend = stated_trend() if name == "base_error_population" else quxian().trend
        start = replace(trend.start, values={**trend.start.values, name: value})
        draws = outlook(replace(trend, start=start), 64, 1)
        found.append(draws.quantiles["resident_urbanization_rate"][0])
        found[-1] = np.append(found[-1], draws.quantiles["resident_population"][0])
    assert np.isfinite(found).all()
    assert not np.array_equal(*found)


#: What only the words on a stated base read; tests/test_stated_base.py.
WORDS = [name for name, p in assumptions().items() if p.group == "stated_base"]


@pytest.mark.parametrize(
    "name", [n for n in assumptions() if n not in [*ERRORS, *FORECAST, *WORDS]]
)
def test_every_assumption_has_an_effect(name: str) -> None:
    p: Parameter = assumptions()[name]
    low, high = _reported(_small(**{name: p.low})), _reported(_small(**{name: p.high}))
    assert np.isfinite(low).all()
    assert np.isfinite(high).all()
    assert not np.array_equal(low, high)


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_weighs_in_the_fit(name: str) -> None:
    p = assumptions()[name]
    values = central_values()
    fits = [
        launch(replace(study(), parameters={**values, name: value})).fit
        for value in (p.low, p.high)
    ]
    assert fits[0] is not None
    assert fits[1] is not None
    assert fits[0].values != fits[1].values
