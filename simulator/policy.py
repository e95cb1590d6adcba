"""A case's policy as the year loop reads it; totals that a plan states become excesses.

docs/model.md eqs. (21), (59)-(61).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.lever_path import lever_path, stated, yearly
from simulator.levers.columns import Policy, baseline_policy
from simulator.parameters import levers
from simulator.presets import preset_values
from simulator.schema import Case, PlaceFile

_PERCENT = 100.0
_QUOTA = "annual_quota"
#: Less than half a job or dwelling beyond the trend is shown as none.
_NOTHING = 0.5
#: Levers whose stated totals hold what the trend brings, in the order in which it is taken off.
_TOTALS = {
    "industry_jobs": ("other_jobs", "basic_jobs"),
    "housing": ("commercial_units", "resettlement_units", "rental_units"),
}


@dataclass(frozen=True)
class Note:
    """Something the user must be told about one scenario; ``note.<code>`` in the catalogues."""

    code: str
    params: Mapping[str, object]


def policy_array(
    case: Case,
    years: range,
    rules: Mapping[str, float],
    trend: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Policy of a case as stated, shape ``(len(years), len(Policy))``.

    A number holds in every year. A path holds each value until the next year it names, or runs
    straight to it; ``null`` hands the lever back to the trend, as do the years before the first.
    A preset's rules hold where no lever of its own is set.

    Parameters
    ----------
    case, years, rules : the policy, its years and the settlement rules in force on trend
    trend : the trend's own amounts, (T,) by lever of `lever_path.RELATIVE`; needed where a value
        is relative to the trend or a quota is beyond it, eq. (61)
    """
    policy = baseline_policy(len(years), rules)
    preset = getattr(case.levers.settlement, "preset", None)
    for name, value in (preset_values(preset) if preset is not None else {}).items():
        policy[:, Policy[name.upper()]] = value
    for group, members in levers().items():
        chosen = getattr(case.levers, group)
        for name in members if chosen is not None else ():
            path = lever_path(getattr(chosen, name))
            values = yearly(path, years)
            own = trend[name] if trend is not None and name in trend else np.zeros(len(years))
            if path.relative:
                values = own * values / _PERCENT + (own if name == _QUOTA else 0.0)
            elif name == _QUOTA and chosen.basis == "beyond_trend":
                values = values + own
            column = policy[:, Policy[name.upper()]]
            policy[:, Policy[name.upper()]] = np.where(np.isnan(values), column, values)
    return policy


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


def completions(town: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    """Dwellings that the trend's builders complete each year, eq. (60).

    Parameters
    ----------
    town : (T + 1,) town residents of the trend, base year first
    values : parameter values

    Returns
    -------
    shape (T,) [dwellings]
    """
    per_person = (1.0 - values["rental_share"]) / values["persons_per_dwelling"]
    per_person += values["rental_share"] / values["persons_per_rental"]
    peak = np.maximum.accumulate(town)
    return np.diff(peak) * per_person / (1.0 - values["vacancy_rate"])


def excess_of_totals(
    policy: np.ndarray, case: Case, years: range, growth: np.ndarray, group: str = "industry_jobs"
) -> tuple[np.ndarray, list[Note]]:
    """Policy in which stated totals of a group are reduced to what exceeds the trend's own growth.

    The trend's jobs are taken from ``other_jobs`` first, then from ``basic_jobs``, its dwellings
    from commercial ones first; a total below it changes nothing, because a plan that creates few
    jobs destroys none. A negative total is a loss. What is relative to the trend is beyond it.
    """
    chosen = getattr(case.levers, group)
    paths = {n: lever_path(getattr(chosen, n, None)) for n in _TOTALS[group]}
    names = [n for n, path in paths.items() if stated(path, years).any() and not path.relative]
    if chosen is None or chosen.basis != "total" or not names:
        return policy, []
    reduced, left = policy.copy(), np.maximum(growth, 0.0)
    counted = np.zeros(len(years), dtype=bool)
    for name in names:
        column, held = Policy[name.upper()], stated(paths[name], years)
        taken = np.where(held, np.clip(policy[:, column], 0.0, left), 0.0)
        reduced[:, column] -= taken
        left = left - taken
        counted |= held
    at = np.array(years)[counted]
    excess = reduced[:, [Policy[n.upper()] for n in names]].sum(axis=1)[counted]
    told: dict[str, object] = {
        "years": at.tolist(), "trend": growth[counted].tolist(), "excess": excess.tolist()
    }  # fmt: skip
    short = {"industry_jobs": "jobs", "housing": "housing"}[group]
    notes = [Note(f"{short}_total", told)]
    below = at[np.abs(excess) < _NOTHING]
    if below.size:
        notes.append(Note(f"{short}_below_trend", {"years": below.tolist()}))
    return reduced, notes
