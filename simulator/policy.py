"""A case's policy as the year loop reads it; totals that a plan states become excesses.

docs/model.md eq. (21).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.levers.columns import Policy, baseline_policy
from simulator.parameters import levers
from simulator.schema import Case, PlaceFile

_PERCENT = 100.0


@dataclass(frozen=True)
class Note:
    """Something the user must be told about one scenario; ``note.<code>`` in the catalogues."""

    code: str
    params: Mapping[str, object]


def policy_array(case: Case, years: range, rules: Mapping[str, float]) -> np.ndarray:
    """Policy of a case as stated, shape ``(len(years), len(Policy))``.

    A number holds in every year. A path holds each value until the next year it names; ``null``
    hands the lever back to the trend, as do the years before the first.
    """
    policy = baseline_policy(len(years), rules)
    for group, members in levers().items():
        chosen = getattr(case.levers, group)
        for name in members if chosen is not None else ():
            value = getattr(chosen, name)
            if value is not None:
                column = Policy[name.upper()]
                policy[:, column] = _path_values(value, years, policy[:, column])
    return policy


def _path_values(value: Any, years: range, default: np.ndarray) -> np.ndarray:
    if not isinstance(value, dict):
        return np.full(len(years), float(value))
    values = default.copy()
    for year in sorted(value):
        after = np.array(years) >= year
        values[after] = default[after] if value[year] is None else value[year]
    return values


def stated_years(value: Any, years: range) -> np.ndarray:
    """Years in which a lever's number or path holds a value, shape (T,)."""
    if not isinstance(value, dict):
        return np.full(len(years), value is not None)
    mask = np.zeros(len(years), dtype=bool)
    for year in sorted(value):
        mask[np.array(years) >= year] = value[year] is not None
    return mask


def nonfarm_share(place: PlaceFile, values: Mapping[str, float]) -> float:
    """Non-farm share of jobs at the base: the plan's own, else the parameter."""
    for target in place.targets:
        known = target.baseline
        if (
            target.indicator == "nonfarm_employment_share"
            and known is not None
            and known.year == place.base_year
        ):
            return known.value / _PERCENT
    return values["nonfarm_share_base"]


def job_growth(labour_force: np.ndarray, share: float, values: Mapping[str, float]) -> np.ndarray:
    """Non-farm jobs that the trend adds each year, eq. (21).

    Parameters
    ----------
    labour_force : (T + 1,) resident labour force of the trend, base year first
    share : non-farm share of jobs at the base
    values : parameter values

    Returns
    -------
    shape (T,) [jobs]
    """
    elapsed = np.arange(len(labour_force))
    shares = np.minimum(1.0, share + values["nonfarm_share_growth"] * elapsed)
    return np.diff(shares * labour_force * (1.0 - values["unemployment"]))


def excess_of_totals(
    policy: np.ndarray, case: Case, years: range, growth: np.ndarray
) -> tuple[np.ndarray, list[Note]]:
    """Policy in which stated totals of jobs are reduced to what exceeds the trend's own growth.

    The trend's growth is taken from ``other_jobs`` first, then from ``basic_jobs``; a total below
    it changes nothing, because a plan that creates few jobs destroys none. A negative total is a
    loss.
    """
    chosen = case.levers.industry_jobs
    names = [n for n in ("other_jobs", "basic_jobs") if getattr(chosen, n, None) is not None]
    if chosen is None or chosen.basis != "total" or not names:
        return policy, []
    reduced, left = policy.copy(), np.maximum(growth, 0.0)
    stated = np.zeros(len(years), dtype=bool)
    for name in names:
        column, held = Policy[name.upper()], stated_years(getattr(chosen, name), years)
        taken = np.where(held, np.clip(policy[:, column], 0.0, left), 0.0)
        reduced[:, column] -= taken
        left = left - taken
        stated |= held
    at = np.array(years)[stated]
    columns = [Policy.BASIC_JOBS, Policy.OTHER_JOBS]
    excess = reduced[:, columns].sum(axis=1)[stated]
    told: dict[str, object] = {
        "years": at.tolist(), "trend": growth[stated].tolist(), "excess": excess.tolist()
    }  # fmt: skip
    notes = [Note("jobs_total", told)]
    below = at[excess == 0.0]
    if below.size:
        notes.append(Note("jobs_below_trend", {"years": below.tolist()}))
    return reduced, notes
