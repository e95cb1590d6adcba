"""Levers that goal seek may set, each within a range that is plausible for the place.

docs/planning.md, plausible ranges.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.errors import ScenarioError, Violation, nearest
from simulator.levers.columns import Policy
from simulator.parameters import Parameter, levers
from simulator.run import Run, labour_force

_THOUSAND = 1000.0
#: A range shorter than so many steps is divided more finely, down to units: small towns.
_LEAST_STEPS, _FINER = 10, 10.0
#: Keeps a range of whole steps whole.
_ROUNDING = 1e-9
#: Amounts whose limit scales with the place: parameter, and what it is a share of.
_SCALED = {
    "basic_jobs": ("plausible_basic_jobs", "workers"),
    "other_jobs": ("plausible_other_jobs", "workers"),
    "commercial_units": ("plausible_commercial_units", "town"),
    "rental_units": ("plausible_rental_units", "town"),
}
#: Rules and the value at which everybody may settle; they are only ever opened.
_OPEN = {
    "residence_years": 0.0,
    "insurance_years": 0.0,
    "stable_job": 0.0,
    "stable_housing": 0.0,
    "family_members": 1.0,
}
#: Levers whose plausible limit scales with the place, and every lever that can be sought.
SCALED = tuple(_SCALED)
SEEKABLE = (*SCALED, *_OPEN)
#: Sought where the user names none, besides rules in force that can be opened.
DEFAULT = ("basic_jobs", "other_jobs", "rental_units")


@dataclass(frozen=True)
class LeverRange:
    """One lever on its grid: ``values[0]`` costs least, ``values[-1]`` goes furthest."""

    name: str
    group: str
    values: np.ndarray

    @property
    def column(self) -> int:
        """Its column of the policy array."""
        return int(Policy[self.name.upper()])

    @property
    def last(self) -> int:
        """Position of the furthest value."""
        return len(self.values) - 1

    @property
    def low(self) -> float:
        """Least value."""
        return float(self.values.min())

    @property
    def high(self) -> float:
        """Greatest value."""
        return float(self.values.max())


def plausible_limit(p: Parameter, trend: Run) -> float:
    """Most of a scaled lever in a year, never beyond the table's own bound."""
    share, of = _SCALED[p.name]
    workers, town = float(labour_force(trend)[0]), float(trend.stocks.town_population[0])
    size = {"workers": workers, "town": town / _THOUSAND}[of]
    return min(p.high, trend.start.values[share] * size)


def lever_ranges(
    names: Sequence[str], limits: Mapping[str, tuple[float, float]], trend: Run
) -> tuple[LeverRange, ...]:
    """Ranges of the levers named, or of the default ones.

    Parameters
    ----------
    names : levers, with or without their group; none for the default
    limits : the user's own low and high by lever, in place of the plausible ones
    trend : of the place

    Raises
    ------
    ScenarioError
        With a violation for each name that cannot be sought and each limit out of bounds.
    """
    table = {n: (group, p) for group, members in levers().items() for n, p in members.items()}
    plain = [n.rsplit(".", 1)[-1] for n in names] or _default(trend)
    faults = [_unknown(n, "--levers") for n in plain if n not in SEEKABLE]
    faults += [_unknown(n, "--range") for n in limits if n not in SEEKABLE]
    for name, (low, high) in limits.items():
        p = table[name][1] if name in table else None
        if p is not None and not p.low <= low <= high <= p.high:
            bounds = {"low": p.low, "high": p.high}
            faults.append(
                Violation("outside", "--range", path=name, value=(low, high), params=bounds)
            )
    if faults:
        raise ScenarioError(faults)
    chosen = dict.fromkeys([*plain, *limits])
    return tuple(LeverRange(n, table[n][0], _values(table[n][1], limits, trend)) for n in chosen)


def _unknown(name: str, option: str) -> Violation:
    params = {"allowed": list(SEEKABLE), "nearest": nearest(name, SEEKABLE)}
    return Violation("unknown_goal_lever", option, value=name, params=params)


def _default(trend: Run) -> list[str]:
    rules = [n for n, free in _OPEN.items() if _resting(n, trend) != free]
    return [*DEFAULT, *rules]


def _resting(name: str, trend: Run) -> float:
    return float(trend.inputs.policy_baseline[0, Policy[name.upper()]])


def _values(p: Parameter, limits: Mapping[str, tuple[float, float]], trend: Run) -> np.ndarray:
    """Values on the lever's step, cheapest first."""
    step = p.step or 1.0
    if p.name in _SCALED:
        low, high = limits.get(p.name, (0.0, plausible_limit(p, trend)))
        while step > 1.0 and high - low < _LEAST_STEPS * step:
            step /= _FINER
        count = math.floor((high - low) / step + _ROUNDING)
        return low + step * np.arange(count + 1)
    resting, free = _resting(p.name, trend), _OPEN[p.name]
    low, high = limits.get(p.name, (min(resting, free), max(resting, free)))
    count = round((high - low) / step)
    found = low + step * np.arange(count + 1)
    return found[::-1] if free < resting else found
