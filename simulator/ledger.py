"""The ledger: what every cell opened with, gained, lost and closed with; docs/model.md."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.axes import FLOW_PLACES, N_AGES, Flow, Place, Registration, destination
from simulator.kernel import Paths

LedgerRow = tuple[int, str, str, str, str, float]


def ledger_rows(paths: Paths, years: np.ndarray) -> Iterator[LedgerRow]:
    """Rows of year, registration, residence, entry, flow, persons; sexes and ages summed.

    Parameters
    ----------
    paths : a projection of T years
    years : (T + 1,), base year first
    """
    opening = paths.population.sum(axis=(-1, -2))
    flows = paths.flows.sum(axis=(-1, -2))
    born, infants = paths.births.sum(axis=-1), paths.newborn_deaths.sum(axis=-1)
    for t, year in enumerate(years[1:].tolist()):
        for r in Registration:
            for p in Place:
                if r is Registration.NONLOCAL and p is Place.AWAY:
                    continue
                cell = (year, r.name.lower(), p.name.lower())
                yield (*cell, "opening", "", float(opening[t, r, p]))
                yield (*cell, "in", "birth", float(born[t, r, p]))
                yield (*cell, "out", "newborn_death", float(infants[t, r, p]))
                for entry, flow, persons in _cell_flows(flows[t], r, p):
                    yield (*cell, entry, flow, persons)
                yield (*cell, "closing", "", float(opening[t + 1, r, p]))


def _cell_flows(flows: np.ndarray, r: Registration, p: Place) -> Iterator[tuple[str, str, float]]:
    for flow in Flow:
        name = flow.name.lower()
        if FLOW_PLACES[flow][0] is p:
            yield "out", name, float(flows[flow, r])
        for origin in Registration:
            if destination(flow, origin) == (r, p):
                yield "in", name, float(flows[flow, origin])


def imbalance(paths: Paths) -> float:
    """Largest relative failure of opening + in - out = closing over every cell, sex, age, year.

    Relative to the cell's opening plus everything that entered it, or 1 person if that is less.
    """
    expected = np.zeros_like(paths.population[1:])
    turnover = np.zeros_like(expected)
    for r in Registration:
        for p in Place:
            balance, gross = paths.population[:-1, r, p].copy(), paths.population[:-1, r, p].copy()
            for flow in Flow:
                if FLOW_PLACES[flow][0] is p:
                    balance -= paths.flows[:, flow, r]
                for origin in Registration:
                    if destination(flow, origin) == (r, p):
                        balance += paths.flows[:, flow, origin]
                        gross += paths.flows[:, flow, origin]
            for age in range(N_AGES):
                older = min(age + 1, N_AGES - 1)
                expected[:, r, p, :, older] += balance[..., age]
                turnover[:, r, p, :, older] += gross[..., age]
    expected[..., 0] += paths.births - paths.newborn_deaths
    turnover[..., 0] += paths.births
    failure = np.abs(expected - paths.population[1:])
    return float((failure / np.maximum(turnover, 1.0)).max())
