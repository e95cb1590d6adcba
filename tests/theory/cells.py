"""Inputs of the compiled yearly step, zero but for what a test sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.axes import N_FLOWS, N_PLACES, N_REGISTRATIONS, N_SEXES, N_TRANSITIONS
from simulator.births import add_births
from simulator.step import move_and_age

FloatArray = npt.NDArray[np.float64]

CELLS = (N_REGISTRATIONS, N_PLACES, N_SEXES)


def rows(people: FloatArray) -> FloatArray:
    """Both sexes of each cell in one row, the same memory."""
    return people.reshape(N_REGISTRATIONS, N_PLACES, -1)


@dataclass
class Year:
    """One year of `simulator.step` on ``ages`` ages; every rate starts at 0, schedules at 1."""

    ages: int

    def __post_init__(self) -> None:
        self.population: FloatArray = np.zeros((*CELLS, self.ages))
        self.mortality: FloatArray = np.zeros((N_PLACES, N_SEXES, self.ages))
        self.schedule: FloatArray = np.ones((N_TRANSITIONS, N_SEXES, self.ages))
        self.level: FloatArray = np.zeros((N_FLOWS, N_REGISTRATIONS))
        self.arrivals: FloatArray = np.full((N_SEXES, self.ages), 1.0 / (N_SEXES * self.ages))
        self.asfr: FloatArray = np.zeros((N_PLACES, self.ages))
        self.newborn_survival: FloatArray = np.ones((N_PLACES, N_SEXES))
        self.srb = 1.05
        self.flows: FloatArray = np.full((N_FLOWS, N_REGISTRATIONS, N_SEXES, self.ages), np.nan)
        self.closing: FloatArray = np.full((*CELLS, self.ages), np.nan)
        self.births: FloatArray = np.full(CELLS, np.nan)
        self.newborn_deaths: FloatArray = np.full(CELLS, np.nan)

    def run(self) -> FloatArray:
        """Fill flows, births and closing; return the closing population."""
        move_and_age(
            self.population, self.mortality, self.schedule, self.level, self.arrivals,
            self.flows, self.closing,
        )  # fmt: skip
        add_births(
            rows(self.population), rows(self.closing), self.asfr, self.srb, self.newborn_survival,
            self.births, self.newborn_deaths,
        )  # fmt: skip
        return self.closing

    def repeat(self, years: int) -> FloatArray:
        """Run ``years`` times, each from where the last ended."""
        for _ in range(years):
            self.population = self.run().copy()
        return self.population
