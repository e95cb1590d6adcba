"""Why a lever that is set changes nothing; said of every scenario in which one does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.attribution import groups_set, only
from simulator.axes import Flow
from simulator.dwellings import dwelling_stock
from simulator.indicators import measure
from simulator.kernel import Paths
from simulator.levers.columns import Policy
from simulator.levers.settlement import years_implied
from simulator.parameters import levers
from simulator.policy import Note
from simulator.projection import project
from simulator.schema import Case
from simulator.state import Driver, Inputs

#: A lever whose best-known effect is below this many persons at the horizon changed nothing.
NOTHING = 0.5


def lever_notes(
    case: Case, inputs: Inputs, paths: Paths, values: Mapping[str, float]
) -> list[Note]:
    """Levers that are set and whose absence would change nothing, and what a quota amounts to.

    Parameters
    ----------
    case, inputs, paths : of the scenario
    values : parameter values
    """
    notes, moved = [], groups_set(inputs)
    for group in levers():
        if getattr(case.levers, group) is None:
            continue
        if group not in moved:
            notes.append(Note(f"{group}_at_trend", {}))
            continue
        without = project(only(inputs, [g for g in moved if g != group]))
        if _difference(without, paths) < NOTHING:
            notes.append(_no_effect(group, inputs, paths, values))
    quota = _quota(inputs, paths)
    if quota and quota[0].code == "quota_not_binding":
        notes = [n for n in notes if n.code != "settlement_no_effect"]
    return notes + quota


def _difference(one: Paths, other: Paths) -> float:
    """Largest difference of any headline stock between two projections, persons."""
    now, base = measure(one.population), measure(other.population)
    names = ("resident_population", "town_population", "hukou_population", "urban_hukou")
    return float(max(np.abs(getattr(now, n) - getattr(base, n)).max() for n in names))


def _no_effect(group: str, inputs: Inputs, paths: Paths, values: Mapping[str, float]) -> Note:
    """Why a group of levers that is set changes nothing."""
    if group != "housing":
        return Note(f"{group}_no_effect", {})
    frictional, policy = values["frictional_vacancy"], inputs.policy
    town = measure(paths.population).town_population
    vacancy = float(dwelling_stock(town, inputs.trend_town, policy, values).vacancy[1:].min())
    kinds = [Policy.COMMERCIAL_UNITS, Policy.RENTAL_UNITS, Policy.RESETTLEMENT_UNITS]
    launched_above = values["vacancy_rate"] > frictional
    if launched_above and vacancy > frictional and policy[:, kinds].any():
        return Note("housing_no_effect", {"vacancy": vacancy, "frictional": frictional})
    return Note("housing_not_binding", {})


def _quota(inputs: Inputs, paths: Paths) -> list[Note]:
    """A quota that binds nowhere, or the years of residence that one which binds amounts to."""
    quota = inputs.policy[:, Policy.ANNUAL_QUOTA]
    limited = np.isfinite(quota)
    if not limited.any():
        return []
    scale = paths.drivers[:, Driver.QUOTA_SCALE]
    binding = limited & (scale < 1.0)
    if not binding.any():
        settled = paths.flows[limited, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
        told = {"quota": float(quota[limited].min()), "settled": float(settled.max())}
        return [Note("quota_not_binding", told)]
    rule, leaving = inputs.policy[:, Policy.RESIDENCE_YEARS], paths.drivers[:, Driver.TURNOVER]
    implied = years_implied(scale, rule, leaving)[binding]
    if not np.isfinite(implied).all():
        return [Note("quota_admits_nobody", {})]
    return [Note("quota_binding", {"low": float(implied.min()), "high": float(implied.max())})]
