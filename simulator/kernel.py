"""The compiled program: every projection goes through the one function `kernel`.

There is one so that all callers run the same machine code, whatever was compiled or called
before: two compiled functions that share a third each bring their own copy of it, rounded in its
own way, and the copy that was loaded first serves both. Arrays in, arrays out; opens nothing,
prints nothing. docs/model.md eqs. (2)-(25).
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from simulator.axes import N_FLOWS, N_PLACES, N_REGISTRATIONS, N_SEXES, N_TRANSITIONS, Place
from simulator.compiled import compiled_before, njit
from simulator.levers.columns import Behaviour, Policy
from simulator.sheet import CLOSING, OPENING, USED, read_closing, turn_page
from simulator.state import Driver, Inputs, new_scratch, open_year, start
from simulator.step import persons, write_flows
from simulator.trial import try_births, try_moves
from simulator.waiting import FAST
from simulator.year import advance

_RECORD, _TOWN, _AWAY = len(Driver), int(Place.TOWN), int(Place.AWAY)
_QUOTA = int(Policy.ANNUAL_QUOTA)


class Paths(NamedTuple):
    """What a projection leaves: population (T + 1, 3, 3, 2, A), flows (T, 14, 3, 2, A),
    births and newborn_deaths (T, 3, 3, 2), all persons; drivers (T, len(Driver)).
    """

    population: np.ndarray
    flows: np.ndarray
    births: np.ndarray
    newborn_deaths: np.ndarray
    drivers: np.ndarray


class Task(IntEnum):
    """What `kernel` is asked for."""

    EVERY_FLOW = 0
    TREND = 1
    POLICY = 2
    HISTORY = 3


_EVERY_FLOW, _POLICY, _HISTORY = int(Task.EVERY_FLOW), int(Task.POLICY), int(Task.HISTORY)


class DrawInputs(NamedTuple):
    """What differs between K draws.

    Shapes: level (K, T, 14, 3); schedule (K, 12, 2, A); arrivals (K, 2, A); behaviour
    (K, len(Behaviour)); mortality_scale and fertility_scale (K,), factors on the common rates.
    """

    level: np.ndarray
    schedule: np.ndarray
    arrivals: np.ndarray
    behaviour: np.ndarray
    mortality_scale: np.ndarray
    fertility_scale: np.ndarray


@njit(cache=True)
def _totals(sheet, block, out):
    """Persons by registration and place, (3, 3), of a block of the sheet."""
    for r in range(out.shape[0]):
        for p in range(out.shape[1]):
            out[r, p] = persons(sheet, block + out.shape[1] * r + p)


@njit(cache=True, fastmath=FAST)
def _count_and_turn(sheet, out):
    """`_totals` of the closing population, and `turn_page`, in one pass."""
    for r in range(out.shape[0]):
        for p in range(out.shape[1]):
            cell, found = out.shape[1] * r + p, 0.0
            for i in range(USED):
                here = sheet[CLOSING + cell, i]
                sheet[OPENING + cell, i] = here
                found += here
            out[r, p] = found


@njit(cache=True)
def _trend_of(inputs, draws, k, on_trend) -> Inputs:
    """Inputs of draw ``k`` without a policy; ``on_trend`` is the trend's own ``trend_town``."""
    return Inputs(
        inputs.population, inputs.mortality, inputs.newborn_survival, inputs.asfr, inputs.srb,
        draws.schedule[k], draws.level[k], draws.arrivals[k], inputs.participation,
        inputs.policy_baseline, inputs.policy_baseline, draws.behaviour[k], on_trend,
    )  # fmt: skip


@njit(cache=True)
def unlimited(inputs) -> bool:
    """Whether no quota limits the trend."""
    for t in range(inputs.policy_baseline.shape[0]):
        if inputs.policy_baseline[t, _QUOTA] < np.inf:
            return False
    return True


@njit(cache=True)
def _count_ages(sheet, out) -> None:
    """Residents of the closing population by sex and age, (2, A)."""
    for s in range(out.shape[0]):
        for a in range(out.shape[1]):
            found = 0.0
            for r in range(N_REGISTRATIONS):
                for p in range(_AWAY):
                    found += sheet[CLOSING + N_PLACES * r + p, s * out.shape[1] + a]
            out[s, a] = found


@njit(cache=True)
def _follow(inputs, scratch, births, record, quiet, at, cells, ages) -> None:
    """Project one draw: totals of each year in ``cells`` (T + 1, 3, 3), residents by age of ``at``.

    A ``quiet`` year, of a trend, is hazards, a step and births: no lever is asked.
    """
    sheet = scratch.sheet
    start(scratch, inputs)
    _totals(sheet, OPENING, cells[0])
    for t in range(inputs.srb.shape[0]):
        if quiet:
            open_year(scratch, inputs, t)
            try_moves(inputs, scratch, 1.0, 1.0)
            try_births(inputs, t, births[0], births[1], scratch)
        else:
            advance(inputs, t, births[0], births[1], record, scratch)
        for y in range(at.shape[0]):
            if at[y] == t:
                _count_ages(sheet, ages[y])
        _count_and_turn(sheet, cells[t + 1])


@njit(cache=True)
def _every_flow(inputs, births, record, scratch, paths) -> None:
    """Project ``inputs`` as they are, keeping everything."""
    start(scratch, inputs)
    paths.population[0] = inputs.population
    for t in range(inputs.srb.shape[0]):
        advance(inputs, t, births[0], births[1], record, scratch)
        paths.births[t], paths.newborn_deaths[t], paths.drivers[t] = births[0], births[1], record
        write_flows(scratch.sheet, scratch.trial, paths.flows[t])
        read_closing(scratch.sheet, paths.population[t + 1])
        turn_page(scratch.sheet)


@njit(cache=True, nogil=True)
def _kernel(task, inputs, draws, trend, policy, at, ages, paths) -> None:
    """See `kernel`."""
    scratch, record = new_scratch(inputs), np.zeros(_RECORD)
    births = np.empty((2, *inputs.population.shape[:3]))
    if task == _EVERY_FLOW:
        _every_flow(inputs, births, record, scratch, paths)
        return
    quiet, years = unlimited(inputs), inputs.srb.shape[0] + 1
    nobody = np.empty((0, N_SEXES, 0))
    on_trend, town = np.full(years, np.inf), np.empty(years)
    for k in range(draws.mortality_scale.shape[0]):
        scratch.scale[:] = draws.mortality_scale[k], draws.fertility_scale[k]
        base = _trend_of(inputs, draws, k, on_trend)
        kept = ages[k] if task == _HISTORY else nobody
        _follow(base, scratch, births, record, quiet, at, trend[k], kept)
        under_policy = task == _POLICY
        if not under_policy:
            continue
        for t in range(years):
            town[t] = trend[k, t, :, _TOWN].sum()
        under = Inputs(
            base.population, base.mortality, base.newborn_survival, base.asfr, base.srb,
            base.schedule, base.level, base.arrivals, base.participation,
            inputs.policy, base.policy_baseline, base.behaviour, town,
        )  # fmt: skip
        # Not the word False, which would be compiled as another function.
        _follow(under, scratch, births, record, not under_policy, at, policy[k], nobody)


def _empty_inputs() -> Inputs:
    """No people in no years."""
    cells = (N_REGISTRATIONS, N_PLACES, N_SEXES)
    return Inputs(
        population=np.empty((*cells, 0)),
        mortality=np.empty((0, N_PLACES, N_SEXES, 0)),
        newborn_survival=np.empty((0, N_PLACES, N_SEXES)),
        asfr=np.empty((0, N_PLACES, 0)),
        srb=np.empty(0),
        schedule=np.empty((N_TRANSITIONS, N_SEXES, 0)),
        level=np.empty((0, N_FLOWS, N_REGISTRATIONS)),
        arrivals=np.empty((N_SEXES, 0)),
        participation=np.empty((N_SEXES, 0)),
        policy=np.empty((0, len(Policy))),
        policy_baseline=np.empty((0, len(Policy))),
        behaviour=np.empty(len(Behaviour)),
        trend_town=np.empty(1),
    )


def empty_paths(years: int, ages: int) -> Paths:
    """Storage for every flow of a projection, zero-filled."""
    cells = (N_REGISTRATIONS, N_PLACES, N_SEXES)
    return Paths(
        population=np.zeros((years + 1, *cells, ages)),
        flows=np.zeros((years, N_FLOWS, N_REGISTRATIONS, N_SEXES, ages)),
        births=np.zeros((years, *cells)),
        newborn_deaths=np.zeros((years, *cells)),
        drivers=np.zeros((years, len(Driver))),
    )


_NO_DRAWS = DrawInputs(
    level=np.empty((0, 0, N_FLOWS, N_REGISTRATIONS)),
    schedule=np.empty((0, N_TRANSITIONS, N_SEXES, 0)),
    arrivals=np.empty((0, N_SEXES, 0)),
    behaviour=np.empty((0, len(Behaviour))),
    mortality_scale=np.empty(0),
    fertility_scale=np.empty(0),
)
_NO_TOTALS = np.empty((0, 0, N_REGISTRATIONS, N_PLACES))
_NO_YEARS, _NO_AGES = np.empty(0, dtype=np.int64), np.empty((0, 0, N_SEXES, 0))
_NO_PATHS = empty_paths(0, 0)


def compile_kernel() -> None:
    """Compile the program and keep it, for `simulator.compiled.compiled_before`."""
    _kernel(
        int(Task.TREND), _empty_inputs(), _NO_DRAWS, _NO_TOTALS, _NO_TOTALS, _NO_YEARS, _NO_AGES,
        _NO_PATHS,
    )  # fmt: skip


def _alike(values: np.ndarray) -> np.ndarray:
    """``values``, copied where they are read-only, not in order or not of double precision.

    The program would be compiled again for every mixture of such arrays.
    """
    return np.require(values, np.float64, ["C", "W"])


def kernel(
    task: Task,
    inputs: Inputs,
    draws: DrawInputs = _NO_DRAWS,
    *,
    trend: np.ndarray = _NO_TOTALS,
    policy: np.ndarray = _NO_TOTALS,
    at: np.ndarray = _NO_YEARS,
    ages: np.ndarray = _NO_AGES,
    paths: Paths = _NO_PATHS,
) -> None:
    """Project as ``task`` says; what other tasks fill may be left out.

    Parameters
    ----------
    inputs : for draws its level, schedule, arrivals and behaviour are not read
    draws : of K draws
    trend, policy : (K, T + 1, 3, 3) [persons], overwritten
    at : (Y,) projected years, 0 the first, after which residents are counted by age
    ages : (K, Y, 2, A) [persons], overwritten
    paths : overwritten

    Raises
    ------
    ValueError
        as `simulator.sheet.write_opening` does.
    """
    compiled_before("simulator.kernel", "compile_kernel")
    given, drawn = Inputs(*map(_alike, inputs)), DrawInputs(*map(_alike, draws))
    _kernel(int(task), given, drawn, trend, policy, at, ages, paths)
