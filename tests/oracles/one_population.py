"""The compiled yearly step driven as a plain two-sex cohort-component model.

Everyone has urban hukou and lives in town, nobody moves: what is left of the step is survival,
births and ageing, on any number of ages and for steps of any length.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.axes import (
    N_FLOWS,
    N_PLACES,
    N_REGISTRATIONS,
    N_SEXES,
    N_TRANSITIONS,
    Flow,
    Place,
    Registration,
)
from simulator.births import add_births
from simulator.step import move_and_age

FloatArray = npt.NDArray[np.float64]

_CELL = (Registration.URBAN_HUKOU, Place.TOWN)
_CELLS = (N_REGISTRATIONS, N_PLACES, N_SEXES)


def _full(people: npt.ArrayLike) -> FloatArray:
    """State of the step, shape (3, 3, 2, A), with ``people`` of shape (2, A) in the one cell."""
    array = np.asarray(people, dtype=np.float64)
    state = np.zeros((*_CELLS, array.shape[-1]))
    state[_CELL] = array
    return state


def survive(people: npt.ArrayLike, survival: npt.ArrayLike) -> tuple[FloatArray, float]:
    """Age and bury one population.

    Parameters
    ----------
    people : shape (2, A) [persons], male then female
    survival : shape (2, A + 1), as `simulator.demography.lifetable.survivorship` returns it

    Returns
    -------
    (people a step later without newborns, deaths)
    """
    opening, ratios = _full(people), np.asarray(survival, dtype=np.float64)
    ages = opening.shape[-1]
    mortality = np.zeros((N_PLACES, N_SEXES, ages))
    mortality[Place.TOWN] = -np.log(ratios[:, 1:])
    flows = np.empty((N_FLOWS, N_REGISTRATIONS, N_SEXES, ages))
    closing = np.empty_like(opening)
    move_and_age(
        opening,
        mortality,
        np.zeros((N_TRANSITIONS, N_SEXES, ages)),
        np.zeros((N_FLOWS, N_REGISTRATIONS)),
        np.zeros((N_SEXES, ages)),
        flows,
        closing,
    )
    return closing[_CELL], float(flows[Flow.DEATH_TOWN].sum())


def bear(
    start: npt.ArrayLike,
    end: npt.ArrayLike,
    asfr: npt.ArrayLike,
    srb: float,
    newborn_survival: npt.ArrayLike,
) -> tuple[FloatArray, FloatArray, float]:
    """Births to the mean of the women at both ends, and the newborns alive at the end.

    Parameters
    ----------
    start, end : shape (2, A) [persons]
    asfr : shape (A,) [births per woman in the step]
    srb : males born per female
    newborn_survival : shape (2,)

    Returns
    -------
    (births by sex, newborns alive at the end by sex, deaths of newborns)
    """
    opening, closing = _full(start), _full(end)
    before = closing[_CELL][:, 0].copy()
    fertility = np.zeros((N_PLACES, opening.shape[-1]))
    fertility[Place.TOWN] = asfr
    survival = np.zeros((N_PLACES, N_SEXES))
    survival[Place.TOWN] = newborn_survival
    births, deaths = np.empty(_CELLS), np.empty(_CELLS)
    rows = (opening.reshape(*_CELLS[:2], -1), closing.reshape(*_CELLS[:2], -1))
    add_births(*rows, fertility, srb, survival, births, deaths)
    return births[_CELL], closing[_CELL][:, 0] - before, float(deaths.sum())


def split_by_sex(births_total: npt.ArrayLike, srb: float) -> tuple[FloatArray, FloatArray]:
    """Male and female births, ``srb`` males per female."""
    total = np.asarray(births_total, dtype=np.float64)
    female = total / (1.0 + srb)
    return total - female, female
