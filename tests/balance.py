"""Whether a projection's books balance, cell by cell."""

from __future__ import annotations

import numpy as np

from simulator.axes import FLOW_PLACES, N_AGES, Flow, Place, Registration, destination
from simulator.kernel import Paths


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
