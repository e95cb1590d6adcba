"""One trial of a year: everyone moved at the levels tried, births, and what the trial came to.

The year is tried until the limits of jobs, quota and housing are met. docs/model.md eqs. (2)-(10),
(15), (18), (24). Arrays in, arrays out.
"""

from __future__ import annotations

import math

from simulator.axes import N_PLACES, N_REGISTRATIONS, Place
from simulator.births import add_births
from simulator.compiled import njit
from simulator.levers.columns import Behaviour
from simulator.moves import (
    TO_TOWN,
    TO_URBAN_HUKOU,
    from_jobs,
    scale,
    to_jobs,
    to_town,
    to_urban_hukou,
)
from simulator.sheet import CLOSING, OPENING, YEARS, cells
from simulator.state import FERTILITY
from simulator.step import expose, persons

_TOWN = int(Place.TOWN)
_LEFT_BEHIND = int(Behaviour.LEFT_BEHIND_SHARE)


@njit(cache=True, forceinline=True)
def copy_levels(source, target) -> None:
    """Copy levels (14, 3) in place; element by element, which compiled code does quickest."""
    for k in range(target.shape[0]):
        for r in range(target.shape[1]):
            target[k, r] = source[k, r]


@njit(cache=True, forceinline=True)
def try_moves(inputs, scratch, admitted, converted) -> None:
    """Everyone through the year, nobody born yet.

    Town-ward flows are scaled by ``admitted``, conversion by ``converted``.
    """
    trial = scratch.trial
    copy_levels(scratch.factor, trial)
    if admitted != 1.0:
        scale(trial, TO_TOWN, admitted)
    if converted != 1.0:
        scale(trial, TO_URBAN_HUKOU, converted)
    expose(scratch.sheet, inputs.population.shape[3], trial)


@njit(cache=True, forceinline=True)
def try_births(inputs, t, births, deaths, scratch) -> float:
    """The births that a trial of moves leads to; returns the town residents it ends with."""
    sheet = scratch.sheet
    add_births(
        cells(sheet, OPENING), cells(sheet, CLOSING), inputs.asfr[t], inputs.srb[t],
        inputs.newborn_survival[t], births, deaths, inputs.behaviour[_LEFT_BEHIND],
        scratch.scale[FERTILITY], scratch.fertile[0], scratch.fertile[1],
    )  # fmt: skip
    town = 0.0
    for r in range(N_REGISTRATIONS):
        town += persons(sheet, CLOSING + N_PLACES * r + _TOWN)
    return town


@njit(cache=True)
def try_step(inputs, t, births, deaths, scratch, admitted, converted) -> float:
    """One step, moves and births; returns the town residents it ends with."""
    try_moves(inputs, scratch, admitted, converted)
    return try_births(inputs, t, births, deaths, scratch)


@njit(cache=True)
def obtained_hukou(scratch) -> float:
    """Persons who obtained urban hukou in the last trial."""
    return to_urban_hukou(scratch.sheet, YEARS, scratch.trial, scratch.ones)


@njit(cache=True)
def entering_town(scratch) -> float:
    """Persons who entered town in the last trial."""
    return to_town(scratch.sheet, YEARS, scratch.trial, scratch.ones)


@njit(cache=True)
def workers_moved(scratch, pull) -> float:
    """Workers who came (negative: left) because of the labour gap."""
    if pull == 0.0:
        return 0.0
    by_gap = 1.0 - math.exp(-abs(pull))
    if pull > 0.0:
        return by_gap * to_jobs(scratch.sheet, YEARS, scratch.trial, scratch.participation)
    return -by_gap * from_jobs(scratch.sheet, YEARS, scratch.trial, scratch.participation)
