"""The ledger: what every cell opened with, gained, lost and closed with; docs/model.md."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.axes import FLOW_PLACES, Flow, Place, Registration, destination
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
