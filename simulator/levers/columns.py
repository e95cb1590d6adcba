"""Positions of policy and behaviour values in the arrays that the compiled year loop reads."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

import numpy as np

from simulator.parameters import levers


class Policy(IntEnum):
    """Columns of the policy array, one row a year; names are those of ``parameters.csv``."""

    RESIDENCE_YEARS = 0
    INSURANCE_YEARS = 1
    STABLE_JOB = 2
    STABLE_HOUSING = 3
    ANNUAL_QUOTA = 4
    FAMILY_MEMBERS = 5
    LAND_RIGHTS_KEPT = 6
    OTHER_CITIES_OPENNESS = 7
    BASIC_JOBS = 8
    OTHER_JOBS = 9
    CONSTRUCTION_JOBS = 10
    COMMERCIAL_UNITS = 11
    RENTAL_UNITS = 12
    RESETTLEMENT_UNITS = 13
    DEMOLISHED_UNITS = 14


class Behaviour(IntEnum):
    """Positions of the behaviour vector; names are those of ``parameters.csv``."""

    OPENNESS_UNCONDITIONAL = 0
    INSURANCE_COVERAGE = 1
    STABLE_JOB_SHARE = 2
    STABLE_RENT_SHARE = 3
    OWN_HOME_SHARE = 4
    FAMILY_ALONE_SHARE = 5
    HUKOU_WEDGE = 6
    OPENNESS_POWER = 7
    INCOME_ELASTICITY = 8
    JOB_MULTIPLIER = 9
    JOBS_ADJUSTMENT = 10
    LOCAL_PARTICIPATION_SHARE = 11
    COMMUTING_SHARE = 12
    UNEMPLOYMENT = 13
    VACANCY_HALF_LIFE = 14
    VACANCY_RATE = 15
    FRICTIONAL_VACANCY = 16
    PERSONS_PER_DWELLING = 17
    PERSONS_PER_RENTAL = 18
    QUEUE_HALF_LIFE = 19
    LAND_RIGHTS_EFFECT = 20
    OTHER_CITIES_DRAIN = 21
    DRAIN_YEARS = 22
    JOB_RETURN_TOWN_SHARE = 23
    CONSTRUCTION_RETURN_TOWN_SHARE = 24
    LEFT_BEHIND_SHARE = 25


def behaviour_vector(values: Mapping[str, float]) -> np.ndarray:
    """Behaviour parameters in the order of `Behaviour`, shape ``(len(Behaviour),)``."""
    return np.array([values[item.name.lower()] for item in Behaviour])


def baseline_policy(years: int, rules: Mapping[str, float]) -> np.ndarray:
    """Policy of the trend, shape ``(years, len(Policy))``.

    Every lever at its default, but for the settlement ``rules`` in force at the place.
    """
    defaults = {name: p.default for group in levers().values() for name, p in group.items()}
    defaults |= rules
    row = np.array([defaults[item.name.lower()] for item in Policy])
    return np.tile(row, (years, 1))
