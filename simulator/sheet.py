"""The working sheet of one year: every row of numbers the step reads or writes, in one array.

A row holds both sexes, age by age (position ``sex * A + age``), and is padded with zeros to whole
vectors of the processor. Because all rows lie in one array at distances the compiler knows, the
step can be one loop over positions that keeps nine cells in registers; with an array a row the
compiler would have to prove that none overlaps another, and gives up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from simulator.axes import (
    N_AGES,
    N_PLACES,
    N_REGISTRATIONS,
    N_SEXES,
    N_TRANSITIONS,
    Flow,
)

#: Numbers of one vector on the widest common processors (512 bits).
_LANES = 8
#: Positions the step runs over: sexes and ages, rounded up to whole vectors.
USED = -(-N_SEXES * N_AGES // _LANES) * _LANES
#: Numbers from row to row; beyond ``USED`` there is room for those who age past the last position.
WIDTH = USED + _LANES
_CELLS = N_REGISTRATIONS * N_PLACES
#: First row of each block. Mortality takes the rows of deaths in the block of schedules.
SCHEDULE = 0
ARRIVALS = SCHEDULE + N_TRANSITIONS
OPENING = ARRIVALS + 1
YEARS = OPENING + _CELLS
CLOSING = YEARS + _CELLS
_ROWS = CLOSING + _CELLS
_FIRST_MOVE = int(Flow.RURAL_TO_URBAN)


class Sheet(NamedTuple):
    """One year's rows, and the blocks of them as views, W = ``WIDTH``.

    rows : (rows x W,), all of them; schedule : (12, W), of which the rows of deaths hold the
    mortality of the year [per person-year]; arrivals : (W,) shares; opening, closing : (3, 3, W)
    [persons] by registration and place; years : (3, 3, W) [person-years] lived in each cell.
    """

    rows: np.ndarray
    schedule: np.ndarray
    arrivals: np.ndarray
    opening: np.ndarray
    years: np.ndarray
    closing: np.ndarray


@njit(cache=True)
def _block(rows, first):
    return rows[first * WIDTH : (first + _CELLS) * WIDTH].reshape(N_REGISTRATIONS, N_PLACES, WIDTH)


@njit(cache=True)
def new_sheet() -> Sheet:
    """An empty sheet."""
    rows = np.zeros(_ROWS * WIDTH)
    return Sheet(
        rows, rows[: ARRIVALS * WIDTH].reshape(N_TRANSITIONS, WIDTH),
        rows[ARRIVALS * WIDTH : OPENING * WIDTH], _block(rows, OPENING), _block(rows, YEARS),
        _block(rows, CLOSING),
    )  # fmt: skip


@njit(cache=True)
def write_opening(sheet, population, schedule, arrivals) -> None:
    """Opening population, age schedules and the ages of arrivals onto a sheet.

    Parameters
    ----------
    sheet : new, or last used with as many ages
    population : (3, 3, 2, A) [persons]
    schedule : (12, 2, A), arrivals : (2, A) : as in `simulator.step.move_and_age`

    Raises
    ------
    ValueError
        if there are more ages than a row has room for.
    """
    ages = population.shape[3]
    if ages > N_AGES:
        raise ValueError("more ages than a row of the sheet has room for")
    for s in range(N_SEXES):
        for k in range(_FIRST_MOVE, N_TRANSITIONS):
            for a in range(ages):
                sheet.schedule[k, s * ages + a] = schedule[k, s, a]
        for a in range(ages):
            sheet.arrivals[s * ages + a] = arrivals[s, a]
        for r in range(N_REGISTRATIONS):
            for p in range(N_PLACES):
                for a in range(ages):
                    sheet.opening[r, p, s * ages + a] = population[r, p, s, a]


@njit(cache=True)
def padded(values):
    """``values`` (2, A) as a row of its own, shape (W,)."""
    row, ages = np.zeros(WIDTH), values.shape[1]
    for s in range(N_SEXES):
        row[s * ages : (s + 1) * ages] = values[s]
    return row


@njit(cache=True)
def write_mortality(mortality, t, scale, sheet) -> None:
    """Death hazards of year ``t``, a factor times ``mortality`` (T, 3, 2, A), on a sheet."""
    ages = mortality.shape[3]
    for p in range(N_PLACES):
        for s in range(N_SEXES):
            for a in range(ages):
                sheet.schedule[p, s * ages + a] = scale * mortality[t, p, s, a]


@njit(cache=True)
def turn_page(sheet) -> None:
    """The closing population becomes the opening one of the next year."""
    for i in range(_CELLS * WIDTH):
        sheet.rows[OPENING * WIDTH + i] = sheet.rows[CLOSING * WIDTH + i]


@njit(cache=True)
def read_closing(sheet, population) -> None:
    """Closing population as an array of its own (3, 3, 2, A), overwritten."""
    ages = population.shape[3]
    for r in range(N_REGISTRATIONS):
        for p in range(N_PLACES):
            for s in range(N_SEXES):
                for a in range(ages):
                    population[r, p, s, a] = sheet.closing[r, p, s * ages + a]
