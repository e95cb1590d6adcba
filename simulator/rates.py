"""Yearly rates of a place: mortality, fertility, age schedules and flow levels.

docs/model.md eqs. (26)-(39). Parameters in, arrays out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from simulator import tables
from simulator.axes import (
    N_AGES,
    N_FLOWS,
    N_REGISTRATIONS,
    N_SEXES,
    N_TRANSITIONS,
    Flow,
    Place,
    Registration,
    Sex,
)
from simulator.demography.fertility import (
    mean_age_at_childbearing,
    scale_to_tfr,
    shift_to_mac,
)
from simulator.demography.lifetable import life_table, scale_to_e0, survivorship
from simulator.demography.schedules import rogers_castro, unit_gmr, unit_hazard

#: Census residence whose rates each place of the model takes: a county's towns are 镇, a
#: district's, zone's or city's are city and town together; people away live in cities and towns.
RESIDENCE = {
    "county": ("town", "rural", "urban"),
    "town": ("town", "rural", "urban"),
    "district": ("urban", "rural", "urban"),
    "zone": ("urban", "rural", "urban"),
    "prefecture": ("urban", "rural", "urban"),
    "nation": ("urban", "rural", "urban"),
}
_SHAPE_YEAR = 2020
_LEVELS = (
    "arrival_share",
    "arrival_town_share",
    "hukou_conversion_level",
    "nonlocal_departure_level",
    "out_migration_level",
    "out_town_ratio",
    "recent_shift_out",
    "recent_shift_town",
    "reclassification_level",
    "return_level",
    "return_town_share",
    "rural_to_urban_level",
    "settled_elsewhere_level",
    "urban_to_rural_ratio",
)
#: Parameters that shape age patterns.
_CURVE = ("rc_a1", "rc_alpha1", "rc_a2", "rc_alpha2", "rc_mu2", "rc_lambda2", "rc_c")
_WILLING = ("willing_age_full", "willing_old_share")
_RETIREMENT, _WORKING, _ADULT_WILLING = 65, 16, 65


class Vital(NamedTuple):
    """Mortality and fertility by year: mortality (T, 3, 2, A) per person-year of the cohort,
    newborn_survival (T, 3, 2), asfr (T, 3, A), srb (T,).
    """

    mortality: np.ndarray
    newborn_survival: np.ndarray
    asfr: np.ndarray
    srb: np.ndarray


@lru_cache(maxsize=64)
def vital_rates(level: str, years: range, e0_difference: float) -> Vital:
    """UN levels of each calendar year on census age shapes by residence, eqs. (26)-(32).

    Parameters
    ----------
    level : key of ``RESIDENCE``
    years : calendar years projected
    e0_difference : years of life expectancy above (below) the nation's by residence
    """
    wpp = tables.wpp()
    at = [wpp.position(year) for year in years]
    national = life_table(tables.mortality_standard("total")).ex[..., 0]
    national_tfr = tables.asfr(_SHAPE_YEAR, "total").sum()
    shape = (len(years), len(Place), N_SEXES)
    mortality, newborn = np.empty((*shape, N_AGES)), np.empty(shape)
    asfr = np.zeros((len(years), len(Place), N_AGES))
    for place in Place:
        residence = RESIDENCE[level][place]
        standard = tables.mortality_standard(residence)
        # Levels are the UN's of the year; the standards only say how residences differ.
        above = life_table(standard).ex[..., 0] - national
        e0 = wpp.e0[at] + above + e0_difference
        table = life_table(
            scale_to_e0(np.broadcast_to(standard, (len(years), N_SEXES, N_AGES)), e0)
        )
        survival = survivorship(table.Lx)
        newborn[:, place] = survival[..., 0]
        mortality[:, place] = -np.log(survival[..., 1:])
        standard_asfr = tables.asfr(_SHAPE_YEAR, residence)
        tfr = wpp.tfr[at] * (standard_asfr.sum() / national_tfr)
        # The census shape ages with the nation's mean age at childbearing.
        mac = mean_age_at_childbearing(standard_asfr, tables.FERTILE_AGES)
        later = wpp.mac[at] - wpp.mac[wpp.position(_SHAPE_YEAR)]
        shape_by_year = np.broadcast_to(standard_asfr, (len(years), len(tables.FERTILE_AGES)))
        shape_by_year = shift_to_mac(shape_by_year, mac + later, tables.FERTILE_AGES)
        asfr[:, place, tables.FERTILE_AGES] = scale_to_tfr(shape_by_year, tfr)
    for array in (mortality, newborn, asfr):
        array.setflags(write=False)
    return Vital(mortality, newborn, asfr, wpp.srb[at])


Values = Mapping[str, Any]
"""Parameter values by name: numbers, or arrays of one common shape (...) of draws."""


def migration_curve(values: Values) -> np.ndarray:
    """Rogers-Castro curve of the place, shape (..., A), unscaled."""
    return rogers_castro(np.arange(N_AGES), **{n.removeprefix("rc_"): values[n] for n in _CURVE})


def willingness_curve(values: Values) -> np.ndarray:
    """Willingness to take local hukou by age, shape (..., A): flat, falling, flat, eq. (36)."""
    full = np.asarray(values["willing_age_full"])[..., None]
    old = np.asarray(values["willing_old_share"])[..., None]
    fallen = np.clip((np.arange(N_AGES) - full) / (_ADULT_WILLING - full), 0.0, 1.0)
    return 1.0 - (1.0 - old) * fallen


def schedules(values: Values) -> np.ndarray:
    """Age schedule of each transition, shape (..., 12, 2, A), mean 1 at 15-59, eqs. (34)-(36).

    Moves follow the Rogers-Castro curve, conversion the willingness by age; return, settling
    elsewhere and reclassification are alike at all ages. Rows of deaths are not read.
    """
    moves = unit_hazard(migration_curve(values))
    schedule = np.ones((*moves.shape[:-1], N_TRANSITIONS, N_SEXES, N_AGES))
    for flow in (Flow.RURAL_TO_URBAN, Flow.URBAN_TO_RURAL, Flow.OUT_TOWN, Flow.OUT_VILLAGE):
        schedule[..., flow, :, :] = moves[..., None, :]
    conversion = unit_hazard(willingness_curve(values))
    schedule[..., Flow.HUKOU_CONVERSION, :, :] = conversion[..., None, :]
    return schedule


def arrival_shares(values: Values) -> np.ndarray:
    """Age and sex shares of non-local arrivals, shape (..., 2, A), summing to 1; sexes alike."""
    shares = unit_gmr(migration_curve(values)) / N_SEXES
    return np.repeat(shares[..., None, :], N_SEXES, axis=-2)


def age_patterns(values: Values) -> tuple[np.ndarray, np.ndarray]:
    """`schedules` and `arrival_shares` of one set of numbers, kept while they stay the same."""
    return _age_patterns(tuple((name, float(values[name])) for name in _CURVE + _WILLING))


@lru_cache(maxsize=64)
def _age_patterns(items: tuple[tuple[str, float], ...]) -> tuple[np.ndarray, np.ndarray]:
    patterns = schedules(dict(items)), arrival_shares(dict(items))
    for array in patterns:
        array.setflags(write=False)
    return patterns


def participation(values: Mapping[str, float]) -> np.ndarray:
    """Labour force participation by sex and age, shape (2, A), share."""
    rate = np.zeros((N_SEXES, N_AGES))
    rate[Sex.MALE, _WORKING:_RETIREMENT] = values["participation_male_16_64"]
    rate[Sex.FEMALE, _WORKING:_RETIREMENT] = values["participation_female_16_64"]
    rate[:, _RETIREMENT:] = values["participation_65_plus"]
    return rate


def flow_levels(
    values: Values, years: Sequence[int], residents: float, shift_after: int
) -> np.ndarray:
    """Level of each flow by year and registration, shape (..., T, 14, 3), eqs. (37)-(39).

    Parameters
    ----------
    values : parameter values, numbers or arrays of shape (...)
    years : calendar years projected
    residents : resident population that arrivals are a share of
    shift_after : last year before the recent shift applies
    """
    v = {name: np.asarray(values[name])[..., None] for name in _LEVELS}
    shape = np.broadcast_shapes(*(value.shape[:-1] for value in v.values()))
    level = np.zeros((*shape, len(years), N_FLOWS, N_REGISTRATIONS))
    recent = np.array(years) > shift_after
    town_shift = np.where(recent, v["recent_shift_town"], 1.0)
    out_shift = np.where(recent, v["recent_shift_out"], 1.0)
    to_town = v["rural_to_urban_level"] * town_shift
    out, back = v["out_migration_level"] * out_shift, v["return_level"]
    arrivals = v["arrival_share"] * residents
    for r in Registration:
        level[..., Flow.RURAL_TO_URBAN, r] = to_town
        level[..., Flow.RECLASSIFICATION, r] = v["reclassification_level"] * town_shift
        level[..., Flow.URBAN_TO_RURAL, r] = to_town * v["urban_to_rural_ratio"]
        if r is Registration.NONLOCAL:
            level[..., Flow.OUT_TOWN, r] = v["nonlocal_departure_level"]
            level[..., Flow.OUT_VILLAGE, r] = v["nonlocal_departure_level"]
            level[..., Flow.ARRIVAL_TOWN, r] = arrivals * v["arrival_town_share"]
            level[..., Flow.ARRIVAL_VILLAGE, r] = arrivals * (1.0 - v["arrival_town_share"])
        else:
            level[..., Flow.OUT_VILLAGE, r] = out
            level[..., Flow.OUT_TOWN, r] = out * v["out_town_ratio"]
            level[..., Flow.RETURN_TOWN, r] = back * v["return_town_share"]
            level[..., Flow.RETURN_VILLAGE, r] = back * (1.0 - v["return_town_share"])
            level[..., Flow.SETTLED_ELSEWHERE, r] = v["settled_elsewhere_level"]
        if r is not Registration.URBAN_HUKOU:
            level[..., Flow.HUKOU_CONVERSION, r] = v["hukou_conversion_level"]
    return level
