"""What each lever changed: flows and stocks against the trend; docs/model.md eqs. (62)-(63)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.axes import Flow
from simulator.indicators import births_and_deaths, measure, town_change
from simulator.kernel import Paths
from simulator.levers.columns import Policy
from simulator.parameters import levers
from simulator.projection import project
from simulator.state import Inputs

#: What the levers of a scenario do together beyond what each does alone.
INTERACTION = "interaction"
STOCKS = ("town_population", "resident_population", "hukou_population", "urban_hukou")
VITAL = ("births", "deaths")
FLOWS = tuple(f.name.lower() for f in Flow)


@dataclass(frozen=True)
class Attribution:
    """Changes against the trend by part and quantity, each (T,) persons.

    ``parts`` holds a part for each group of levers that is set and `INTERACTION`, ``total`` their
    sum: the scenario less the trend. Quantities are yearly `FLOWS`, `VITAL` events of residents,
    the causes of `indicators.TownChange`, and `STOCKS` at the year's end.
    """

    parts: Mapping[str, Mapping[str, np.ndarray]]
    total: Mapping[str, np.ndarray]


def quantities(paths: Paths) -> dict[str, np.ndarray]:
    """Every quantity that is attributed, (T,) by name; all are sums over people."""
    flows = paths.flows.sum(axis=(2, 3, 4))
    found = {name: flows[:, i] for i, name in enumerate(FLOWS)}
    found |= dict(zip(VITAL, births_and_deaths(paths, hukou=False), strict=True))
    causes = town_change(paths)
    found |= {name: getattr(causes, name) for name in causes.__dataclass_fields__}
    stocks = measure(paths.population)
    return found | {name: getattr(stocks, name)[1:] for name in STOCKS}


def groups_set(inputs: Inputs) -> list[str]:
    """Groups of levers in which the policy differs from the trend's in any year."""
    found = []
    for group, members in levers().items():
        columns = [Policy[name.upper()] for name in members]
        if not np.array_equal(inputs.policy[:, columns], inputs.policy_baseline[:, columns]):
            found.append(group)
    return found


def only(inputs: Inputs, groups: Sequence[str]) -> Inputs:
    """The same inputs with every other group of levers at rest."""
    policy = inputs.policy_baseline.copy()
    for group in groups:
        columns = [Policy[name.upper()] for name in levers()[group]]
        policy[:, columns] = inputs.policy[:, columns]
    return inputs._replace(policy=policy)


def attribute(inputs: Inputs, paths: Paths, trend: Paths) -> Attribution:
    """Split a scenario's difference from the trend by groups of levers, eqs. (62)-(63).

    Parameters
    ----------
    inputs, paths : the scenario's
    trend : of the same place
    """
    base, now = quantities(trend), quantities(paths)
    total = {name: now[name] - base[name] for name in base}
    groups = groups_set(inputs)
    parts: dict[str, Mapping[str, np.ndarray]] = {}
    for group in groups:
        alone = paths if len(groups) == 1 else project(only(inputs, [group]))
        found = quantities(alone)
        parts[group] = {name: found[name] - base[name] for name in base}
    parts[INTERACTION] = {
        name: whole - sum((parts[g][name] for g in groups), np.zeros_like(whole))
        for name, whole in total.items()
    }
    return Attribution(parts, total)
