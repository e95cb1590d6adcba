"""渠县 as the tests use it: run once a session, and ways to ask what would be if."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simulator import Result, load_scenario, run
from simulator.kernel import Paths
from simulator.run import Run, run_case
from simulator.scenario import Study
from simulator.schema import Case, Fact, Target

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "scenarios" / "quxian.yaml"
PLAN = "003_27f3f802f4d1cc20"


@cache
def study() -> Study:
    """The scenario file that comes with the program."""
    return load_scenario(FILE)


@cache
def result() -> Result:
    """The whole run of it, face value included."""
    return run(study())


def case(levers: Mapping[str, Mapping[str, Any]] | None = None) -> Case:
    """A policy by group and lever."""
    return Case.model_validate({"levers": {k: dict(v) for k, v in (levers or {}).items()}})


def policy(levers: Mapping[str, Mapping[str, Any]], trend: Run | None = None) -> Run:
    """A policy run against 渠县's trend, or another."""
    return run_case("x", case(levers), trend or result().trend)


def fact(indicator: str, value: float, unit: str = "人", **changes: Any) -> Fact:
    """A fact for the base year that needs no more words."""
    words = {"year": 2022, "use": "base", "document": PLAN, "quote": "no quote"}
    given = {"indicator": indicator, "value": value, "unit": unit}
    return Fact.model_validate(given | words | changes)


def with_facts(
    *extra: Fact, keep: Callable[[Fact], bool] = lambda _: True, base: Study | None = None
) -> Study:
    """渠县 with the facts that ``keep`` keeps, and more."""
    known = base or study()
    facts = [f for f in known.place.facts if keep(f)] + list(extra)
    return replace(known, place=known.place.model_copy(update={"facts": facts}))


def one_year(**parameters: float) -> Study:
    """渠县 known in its base year only: five totals, no history, no ages; nothing is fitted."""
    known = with_facts(
        fact("resident_population", 900_000.0),
        fact("resident_urbanization_rate", 43.6, "%"),
        fact("hukou_population", 1_250_000.0),
        fact("hukou_urbanization_rate", 24.0, "%"),
        fact("nonlocal_residents", 22_000.0),
        keep=lambda _: False,
    )
    return replace(known, age_tables={}, cases={}, parameters={**known.parameters, **parameters})


def target(**changes: Any) -> Target:
    """A target that needs no more words."""
    words = {
        "indicator": "resident_urbanization_rate", "year": 2025, "op": ">=", "value": 48.0,
        "unit": "%", "document": PLAN, "quote": "no quote",
    }  # fmt: skip
    return Target.model_validate(words | changes)


def assert_same(one: Paths, other: Paths) -> None:
    """Two projections are the same in every bit of people and flows."""
    for name in ("population", "flows", "births", "newborn_deaths"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
