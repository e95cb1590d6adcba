"""What the model says where evidence speaks: ``python tests/evidence.py`` prints the table.

Each measure runs 渠县 (2022 facts, fitted) or one function of a lever, beside a published
figure and its range. docs/evidence.md holds the table; tests/test_evidence.py keeps it true.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from quxian import policy, result, study

from simulator.axes import Flow, Place, Registration
from simulator.levers import settlement
from simulator.projection import project
from simulator.run import Run, run
from simulator.state import Driver

LABOUR = slice(16, 65)
RURAL = Registration.RURAL_HUKOU
#: Rules of 2014 that the reform removed in small and medium cities (国发〔2014〕25号).
RULES_2014 = {"stable_job": 1.0, "stable_housing": 1.0}


class Check(NamedTuple):
    """One figure of the evidence: what, low, central, high, unit, source, and our measure."""

    name: str
    low: float
    central: float
    high: float
    unit: str
    source: str
    measure: Callable[[], float]
    missed: bool = False


def _reform() -> tuple[Run, Run]:
    """渠县 under the rules of 2014 and with them removed from the first year."""
    known = study()
    place = known.place.model_copy(update={"settlement_rules": RULES_2014})
    trend = run(replace(known, place=place, cases={}), face_value=False).trend
    return trend, policy({"settlement": dict.fromkeys(RULES_2014, 0.0)}, trend)


def _of_rural_labour(flows: list[Flow]) -> float:
    """Points a year of rural labour that the reform adds to flows, mean of the first 4 years."""
    before, after = _reform()
    labour = before.paths.population[0, RURAL, :, :, LABOUR].sum()
    persons = [r.paths.flows[:4, flows, RURAL, :, LABOUR].sum() / 4 for r in (before, after)]
    return float(100.0 * (persons[1] - persons[0]) / labour)


def reform_conversion() -> float:
    """Rural labour that obtains urban hukou because of the reform."""
    return _of_rural_labour([Flow.HUKOU_CONVERSION])


def reform_migration() -> float:
    """Rural labour that moves to town because of the reform."""
    return _of_rural_labour([Flow.RURAL_TO_URBAN, Flow.RETURN_TOWN])


def wedge() -> float:
    """Log change of town-ward moves when openness goes from 0 to 1."""
    return float(settlement.wedge_driver(1.0, 0.0, result().trend.inputs.behaviour))


def _arrivals(found: Run) -> np.ndarray:
    kinds = [Flow.ARRIVAL_TOWN, Flow.ARRIVAL_VILLAGE]
    return np.asarray(found.paths.flows[:, kinds].sum(axis=(1, 2, 3, 4)))


def _one_off(jobs: float) -> Run:
    return policy({"industry_jobs": {"other_jobs": {2023: jobs, 2024: 0.0}}})


def jobs_for_the_trade_shock() -> float:
    """One-off jobs, % of the resident labour force, that raise in-migration by 24 %."""
    trend = result().trend
    residents = trend.paths.population[0, :, : Place.AWAY].sum(axis=(0, 1))
    force = float((residents * trend.inputs.participation).sum())
    low, high = 0.0, 30_000.0
    for _ in range(14):
        middle = (low + high) / 2.0
        rise = _arrivals(_one_off(middle))[0] / _arrivals(trend)[0] - 1.0
        low, high = (middle, high) if rise < 0.24 else (low, middle)
    return 100.0 * high / force


def zone_half_life() -> float:
    """Years until half of the added in-migration after one year's jobs is gone."""
    extra = _arrivals(_one_off(5000.0)) - _arrivals(result().trend)
    return float(np.log(0.5) / np.log(extra[1] / extra[0]))


def _employment() -> tuple[float, float, float]:
    """What 10,000 one-off jobs have added after ten years, against the trend, as log changes.

    Labour force; employment (those gained, and residents newly at work who are still there: a
    villager who takes a job in town worked before); lasting jobs held.
    """
    found, trend = _one_off(10_000.0), result().trend

    def force(one: Run) -> float:
        residents = one.paths.population[10, :, : Place.AWAY].sum(axis=(0, 1))
        return float((residents * one.inputs.participation).sum())

    drivers, base = found.paths.drivers[:10], force(trend)
    held = drivers[:, Driver.JOBS_HELD]
    at_home = 0.0
    for t, row in enumerate(drivers):
        left = row[Driver.JOBS_VACATED] / held[t - 1] if t else 0.0
        at_home = at_home * (1.0 - left) + row[Driver.WORKERS_AT_HOME]
    gained = force(found) - base
    logs = np.log1p(np.array([gained, gained + at_home, held[-1]]) / base)
    return float(logs[0]), float(logs[1]), float(logs[2])


def response_to_employment() -> float:
    """Labour force to the county's employment, the reading that Amior's figure has."""
    force, employment, _ = _employment()
    return force / employment


def response_to_jobs() -> float:
    """Labour force to the jobs held, villagers who left a field for one included."""
    force, _, held = _employment()
    return force / held


def returned(years: int = 17) -> float:
    """% of those away (ages 16-64, alive, still of the county) who live there years later."""
    trend = result().trend
    alone = trend.inputs.population.copy()
    alone[:, : Place.AWAY] = 0.0
    alone[..., : LABOUR.start], alone[..., LABOUR.stop :] = 0.0, 0.0
    last = [trend.inputs.srb.shape[0] - 1] * max(0, years - trend.inputs.srb.shape[0])
    at = [*range(trend.inputs.srb.shape[0])][:years] + last
    yearly = ("mortality", "newborn_survival", "srb", "level", "policy", "policy_baseline")
    stretched = {name: getattr(trend.inputs, name)[at] for name in yearly}
    nobody_comes = stretched["level"].copy()
    nobody_comes[:, [Flow.ARRIVAL_TOWN, Flow.ARRIVAL_VILLAGE]] = 0.0
    inputs = trend.inputs._replace(**stretched | {"level": nobody_comes}, population=alone)
    inputs = inputs._replace(
        asfr=np.zeros_like(trend.inputs.asfr[at]), trend_town=np.full(years + 1, np.inf)
    )
    paths = project(inputs)
    settled = paths.flows[:, Flow.SETTLED_ELSEWHERE].sum()
    home = paths.population[-1, :, : Place.AWAY].sum()
    return float(100.0 * home / (paths.population[-1].sum() + settled))


CHECKS = (
    Check("2014 reform: rural labour moving to town", 0.0, 0.375, 0.475, "points a year",
          "An & Yan 2024 (+1.5 points over 2014-18)", reform_migration),
    Check("2014 reform: rural labour obtaining urban hukou", 0.0, 0.475, 0.85, "points a year",
          "An & Yan 2024 (+1.9 points over 2014-18)", reform_conversion),
    Check("openness 0 to 1: log change of town-ward moves", 0.122, 0.176, 0.322, "log",
          "derived from An & Yan 2024", wedge),
    Check("one-off jobs that raise in-migration by 24 %", 0.1, float("nan"), 5.0,
          "% of the labour force", "Facchini et al. 2019 (+24 %; jobs unknown)",
          jobs_for_the_trade_shock),
    Check("half-life of added in-migration after one year's jobs", 1.0, 3.0, 4.0, "years",
          "Gerritse et al. 2024: rapid but short-lived", zone_half_life),
    Check("labour force per employment, ten years", 0.66, 0.748, 0.83, "log per log",
          "Amior, Table 1 (0.748, s.e. 0.043; US)", response_to_employment),
    Check("labour force per lasting job held, ten years", 0.66, 0.748, 0.83, "log per log",
          "the same, read against jobs", response_to_jobs, True),
    Check("returned after 17 years", 18.0, 22.3, 27.0, "% of those away",
          "Bai et al. 2018 (22.3 % in 1998-2015)", returned),
)  # fmt: skip


def table() -> str:
    """The checks as rows of a Markdown table."""
    rows = []
    for c in CHECKS:
        central = "" if np.isnan(c.central) else f"{c.central:.3g}"
        rows.append(
            f"| {c.name} | {c.unit} | {central} ({c.low:.3g} to {c.high:.3g}) "
            f"| {c.measure():.3g} | {'**missed**' if c.missed else 'within'} | {c.source} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
