"""The only year loop: year after year, keeping every flow. docs/model.md eqs. (2)-(25).

Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.axes import N_FLOWS, N_PLACES, N_REGISTRATIONS, N_SEXES
from simulator.compiled import njit
from simulator.sheet import read_closing, turn_page
from simulator.state import Driver, Inputs, new_scratch, start
from simulator.step import write_flows
from simulator.year import advance


class Paths(NamedTuple):
    """What a projection leaves: population (T + 1, 3, 3, 2, A), flows (T, 14, 3, 2, A),
    births and newborn_deaths (T, 3, 3, 2), all persons; drivers (T, len(Driver)).
    """

    population: np.ndarray
    flows: np.ndarray
    births: np.ndarray
    newborn_deaths: np.ndarray
    drivers: np.ndarray


@njit(cache=True)
def simulate(inputs: Inputs, paths: Paths) -> None:
    """Project T years; every array of ``paths`` is overwritten.

    With ``policy`` equal to ``policy_baseline`` (no jobs beyond the trend, no quota that binds)
    every driver is exactly 0 and the result is the calibrated trend, bit for bit.
    """
    scratch = new_scratch(inputs)
    start(scratch, inputs)
    paths.population[0] = inputs.population
    for t in range(inputs.srb.shape[0]):
        advance(inputs, t, paths.births[t], paths.newborn_deaths[t], paths.drivers[t], scratch)
        write_flows(scratch.sheet, scratch.trial, paths.flows[t])
        read_closing(scratch.sheet, paths.population[t + 1])
        turn_page(scratch.sheet)


def empty_paths(years: int, ages: int) -> Paths:
    """Storage for `simulate`, zero-filled."""
    cells = (N_REGISTRATIONS, N_PLACES, N_SEXES)
    return Paths(
        population=np.zeros((years + 1, *cells, ages)),
        flows=np.zeros((years, N_FLOWS, N_REGISTRATIONS, N_SEXES, ages)),
        births=np.zeros((years, *cells)),
        newborn_deaths=np.zeros((years, *cells)),
        drivers=np.zeros((years, len(Driver))),
    )


def project(inputs: Inputs) -> Paths:
    """Project ``inputs`` over their years; see `Inputs` and `Paths` for shapes."""
    years, ages = inputs.srb.shape[0], inputs.population.shape[-1]
    paths = empty_paths(years, ages)
    simulate(inputs, paths)
    return paths
