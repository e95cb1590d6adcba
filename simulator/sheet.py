"""The working sheet of one year: every row of numbers the step reads or writes, in one array.

A row holds both sexes, age by age (position ``sex * A + age``), and is padded with zeros to whole
vectors of the processor. Because all rows lie in one array at distances the compiler knows, the
step can be one loop over positions that keeps nine cells in registers; with an array a row the
compiler would have to prove that none overlaps another, and gives up.
"""

from __future__ import annotations

import numpy as np

from simulator.axes import (
    N_AGES,
    N_PLACES,
    N_REGISTRATIONS,
    N_SEXES,
    N_TRANSITIONS,
    Flow,
    Place,
    Registration,
)
from simulator.compiled import njit

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
#: The cell that stays empty: who is not local and moves out leaves the books.
_NOBODY = N_PLACES * int(Registration.NONLOCAL) + int(Place.AWAY)
_FIRST_MOVE = int(Flow.RURAL_TO_URBAN)


@njit(cache=True)
def new_sheet() -> np.ndarray:
    """An empty sheet, shape (rows, ``WIDTH``).

    Rows from ``SCHEDULE``: 12 age schedules, those of deaths being the mortality of the year [per
    person-year]; ``ARRIVALS``: shares; from ``OPENING`` and ``CLOSING``: 9 cells of persons by
    registration and place; from ``YEARS``: person-years lived in each cell.
    """
    # Rows that begin with a vector of the processor are read and written a tenth quicker.
    buffer = np.zeros(_ROWS * WIDTH + _LANES)
    skip = -(buffer.ctypes.data // buffer.itemsize) % _LANES
    return buffer[skip : skip + _ROWS * WIDTH].reshape(_ROWS, WIDTH)


@njit(cache=True)
def cells(sheet, block):
    """The nine cells of a block as (3, 3, W), the same memory."""
    return sheet[block : block + _CELLS].reshape(N_REGISTRATIONS, N_PLACES, WIDTH)


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
        if there are more ages than a row has room for, or somebody away who is not local.
    """
    ages = population.shape[3]
    if ages > N_AGES:
        raise ValueError("more ages than a row of the sheet has room for")
    for s in range(N_SEXES):
        for k in range(_FIRST_MOVE, N_TRANSITIONS):
            for a in range(ages):
                sheet[SCHEDULE + k, s * ages + a] = schedule[k, s, a]
        for a in range(ages):
            sheet[ARRIVALS, s * ages + a] = arrivals[s, a]
        for r in range(N_REGISTRATIONS):
            for p in range(N_PLACES):
                for a in range(ages):
                    sheet[OPENING + N_PLACES * r + p, s * ages + a] = population[r, p, s, a]
    beyond = 0.0
    for i in range(N_SEXES * ages):
        beyond += abs(sheet[OPENING + _NOBODY, i])
    if beyond != 0.0:
        raise ValueError("people who are not local cannot be away: they have left the books")


@njit(cache=True)
def padded(values):
    """``values`` (2, A) as a row of its own, shape (W,)."""
    row, ages = np.zeros(WIDTH), values.shape[1]
    for s in range(N_SEXES):
        row[s * ages : (s + 1) * ages] = values[s]
    return row


@njit(cache=True, forceinline=True)
def write_mortality(mortality, t, scale, sheet) -> None:
    """Death hazards of year ``t``, a factor times ``mortality`` (T, 3, 2, A), on a sheet."""
    ages = mortality.shape[3]
    for p in range(N_PLACES):
        for s in range(N_SEXES):
            for a in range(ages):
                sheet[SCHEDULE + p, s * ages + a] = scale * mortality[t, p, s, a]


@njit(cache=True)
def turn_page(sheet) -> None:
    """The closing population becomes the opening one of the next year."""
    for cell in range(_CELLS):
        for i in range(WIDTH):
            sheet[OPENING + cell, i] = sheet[CLOSING + cell, i]


@njit(cache=True)
def read_closing(sheet, population) -> None:
    """Closing population as an array of its own (3, 3, 2, A), overwritten."""
    ages = population.shape[3]
    for r in range(N_REGISTRATIONS):
        for p in range(N_PLACES):
            for s in range(N_SEXES):
                for a in range(ages):
                    population[r, p, s, a] = sheet[CLOSING + N_PLACES * r + p, s * ages + a]
