"""From three net rates of a county to the flow levels of the model, and its cells in 2010.

docs/model.md eqs. (71)-(73). A county's own stocks say which gross flows keep them in balance;
the net rates say how far the flows are from that balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.age_table import AgeTable
from simulator.axes import N_AGES, Place, Registration
from simulator.baseline import Totals, build_cells
from simulator.demography.schedules import unit_hazard
from simulator.rates import migration_curve

#: Relative accuracy of a county's cells: a person in ten thousand.
_ACCURACY = 1e-4
#: A stock that others contradict is taken at least as large as this share of those it is part of.
_LEAST = 0.002
#: Levels are never quite 0, so that their logarithms exist.
_FLOORS = {"out_migration_level": 1e-4, "rural_to_urban_level": 1e-4}
_LESS_LEAVING = 0.8
#: From this share of villagers up the national split of those who come holds.
_ORDINARY_VILLAGES = 0.5
#: Net rates outside are averages of ten years; no village empties faster than this a year.
_DECADE, _HIGHEST = 10.0, 0.5

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Exposure:
    """People exposed to each flow at the start, persons weighted by the flow's age schedule.

    ``away`` and ``departing`` are local people away and non-locals; ``leaving`` local residents,
    towns by their lower hazard; ``villagers``, ``townspeople`` residents by the schedule of moves.
    """

    residents: np.ndarray
    away: np.ndarray
    leaving: np.ndarray
    departing: np.ndarray
    villagers: np.ndarray
    townspeople: np.ndarray
    all_villagers: np.ndarray


def consistent(
    residents: float, town: float, hukou: float, nonfarm: float, others: float
) -> Totals:
    """Totals of a county moved, where census tables contradict each other, to the nearest that fit.

    Census hukou counts and resident counts are of different people: a county can have fewer
    registered than local residents.
    """
    town = float(np.clip(town, _LEAST * residents, (1.0 - _LEAST) * residents))
    others = float(np.clip(others, _LEAST * residents, (1.0 - _LEAST) * residents))
    hukou = max(hukou, (1.0 + _LEAST) * (residents - others))
    urban = float(np.clip(nonfarm * hukou, _LEAST * hukou, (1.0 - _LEAST) * hukou))
    return Totals(residents, town, hukou, urban, others)


def county_cells(
    values: Values, totals: Totals, year: int, level: str, table: AgeTable
) -> np.ndarray:
    """Cells of a county from census totals and ages, shape (3, 3, 2, A) [persons].

    Raises
    ------
    ValueError
        If no cells can meet them.
    """
    return build_cells(values, totals, year, level, table, tolerance=_ACCURACY)


def exposure(cells: np.ndarray, values: Values) -> Exposure:
    """`Exposure` of cells (..., 3, 3, 2, A)."""
    moves = unit_hazard(migration_curve(values))
    by_place = (cells * moves).sum(axis=(-1, -2))
    people = cells.sum(axis=(-1, -2))
    local = slice(Registration.URBAN_HUKOU, Registration.RURAL_HUKOU + 1)
    leaving = by_place[..., local, :].sum(axis=-2)
    out_town = values["out_town_ratio"]
    return Exposure(
        residents=people[..., : Place.AWAY].sum(axis=(-1, -2)),
        away=people[..., local, Place.AWAY].sum(axis=-1),
        leaving=leaving[..., Place.VILLAGE] + out_town * leaving[..., Place.TOWN],
        departing=by_place[..., Registration.NONLOCAL, : Place.AWAY].sum(axis=-1),
        villagers=by_place[..., Place.VILLAGE].sum(axis=-1),
        townspeople=by_place[..., Place.TOWN].sum(axis=-1),
        all_villagers=people[..., Place.VILLAGE].sum(axis=-1),
    )


def levels(net: Any, town: Any, fertility: Any, start: Exposure, values: Values) -> dict[str, Any]:
    """Parameter values of a county from its net rates, eqs. (71)-(73).

    Parameters
    ----------
    net : net arrivals from outside per resident and year, negative where people leave
    town : net moves from village to town per resident and year, reclassification included
    fertility : log of fertility relative to the nation's
    start : `Exposure` at the start
    values : every other parameter

    Returns
    -------
    ``values`` with the flow levels replaced; ``arrival_share`` is per resident.
    """
    back, settle = values["return_level"], values["settled_elsewhere_level"]
    out = (back + settle) * start.away
    come = values["nonlocal_departure_level"] * start.departing
    gained = np.expm1(_DECADE * net) / _DECADE * start.residents
    surplus = gained + settle * start.away
    less = np.minimum(values["surplus_stay_share"] * np.maximum(surplus, 0.0), _LESS_LEAVING * out)
    out = out + (np.maximum(-surplus, 0.0)) * _repeated(back + settle) - less
    come = come + (np.maximum(surplus, 0.0) - less) * _repeated(values["nonlocal_departure_level"])
    found = dict(values)
    found["out_migration_level"] = np.maximum(
        out / np.maximum(start.leaving, 1.0), _FLOORS["out_migration_level"]
    )
    found["arrival_share"] = come / start.residents
    found |= _in_county(town, start, values)
    found["fertility_ratio"] = np.exp(fertility)
    # Where hardly a village is left, hardly anybody who comes can live in one.
    rural = start.all_villagers / start.residents
    for name in ("arrival_town_share", "return_town_share"):
        found[name] = 1.0 - (1.0 - values[name]) * np.minimum(1.0, rural / _ORDINARY_VILLAGES)
    found["recent_shift_town"] = found["recent_shift_out"] = 1.0
    return found


def _repeated(leaving: float) -> float:
    """Moves it takes to gain one person over ten years where those who came leave again."""
    return float(_DECADE * leaving / -np.expm1(-_DECADE * leaving))


def _in_county(town: Any, start: Exposure, values: Values) -> dict[str, Any]:
    """Village to town, its counterflow and reclassification, eq. (73)."""
    hazard = np.clip(
        town * start.residents / np.maximum(start.all_villagers, 1.0), -_HIGHEST, _HIGHEST
    )
    prior = values["rural_to_urban_level"] + values["reclassification_level"]
    moving = values["rural_to_urban_level"] / prior
    forth = np.maximum(hazard, 0.0)
    age_factor = start.all_villagers / np.maximum(start.villagers, 1.0)
    level = np.maximum(forth * moving * age_factor, _FLOORS["rural_to_urban_level"])
    # Those who go back are a fixed share of those who come, whatever the size of the town.
    ratio = values["urban_to_rural_ratio"] * np.minimum(
        1.0, start.villagers / np.maximum(start.townspeople, 1.0)
    )
    emptying = np.maximum(-hazard, 0.0) * start.all_villagers / np.maximum(start.townspeople, 1.0)
    return {
        "rural_to_urban_level": level,
        "reclassification_level": forth * (1.0 - moving),
        "urban_to_rural_ratio": ratio + emptying / level,
    }


def age_table(groups: np.ndarray, starts: tuple[int, ...]) -> AgeTable:
    """Census age groups (2, G) by their lower bounds as an `AgeTable`."""
    group = np.searchsorted(np.array(starts), np.arange(N_AGES), side="right") - 1
    return AgeTable(groups, group)
