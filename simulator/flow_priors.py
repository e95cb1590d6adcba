"""Flow levels to be expected of a place from its own stocks, before its history speaks.

docs/model.md eq. (79). The coefficients are learnt from the development counties' decade
2010-2020 by tools/learn_flows.py; the stocks say which gross flows keep them in balance.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.county_flows import exposure, levels
from simulator.county_lists import boundary_changes, learnt_rows
from simulator.indicators import measure, residents_by_age
from simulator.parameters import parameters
from simulator.tables import CENSUS_YEARS

#: What the priors look at, all to be had from a place's cells and level.
FEATURES = ("size", "urban", "hukou", "visitors", "district", "young", "children")
RATES = ("outside", "town", "fertility")
#: Levels that the net rates determine.
DERIVED = (
    "out_migration_level", "arrival_share", "rural_to_urban_level", "reclassification_level",
    "fertility_ratio",
)  # fmt: skip
#: Levels of places that were learnt from; prefectures and nations keep the table's centres.
LEARNT_LEVELS = ("county", "district")
_YOUNG, _OTHERS = slice(20, 35), (slice(5, 15), slice(40, 50))
_CHILDREN, _PARENTS = slice(0, 5), slice(20, 40)
_FEW = 0.003
_PROVINCE_DIGITS = 2
_EDGE = 0.01


@dataclass(frozen=True)
class NetRates:
    """Expected net rates a year of a place: outside and town per resident, log fertility."""

    outside: float
    town: float
    fertility: float


def prior_features(cells: np.ndarray, level: str) -> np.ndarray:
    """`FEATURES` of cells (3, 3, 2, A) of a place at an administrative level, shape (7,)."""
    stocks, ages = measure(cells), residents_by_age(cells).sum(axis=0)
    residents = float(stocks.resident_population)
    share = float(np.clip(stocks.resident_urbanization_rate, _EDGE, 1.0 - _EDGE))
    others = sum(float(ages[part].sum()) for part in _OTHERS)
    return np.array(
        [
            np.log(residents),
            np.log(share / (1.0 - share)),
            np.log(float(stocks.hukou_population) / residents),
            np.log(float(stocks.nonlocal_residents) / residents + _FEW),
            float(level == "district"),
            np.log(float(ages[_YOUNG].sum()) / others),
            np.log(float(ages[_CHILDREN].sum()) / float(ages[_PARENTS].sum())),
        ]
    )


def expected(cells: np.ndarray, level: str, code: str) -> NetRates:
    """Net rates expected of a place with these cells; ``code`` tells its province, if known."""
    features = prior_features(cells, level)
    table = _table()
    found = []
    for rate in RATES:
        column = table[rate]
        province = column.get(f"province_{code[:_PROVINCE_DIGITS]}", 0.0)
        own = sum(
            column[name] * (x - table["mean"][name]) / table["sd"][name]
            for name, x in zip(FEATURES, features, strict=True)
        )
        found.append(column["constant"] + own + province)
    return NetRates(*found)


def prior_values(
    values: Mapping[str, float],
    cells: np.ndarray,
    level: str,
    code: str,
    fixed: Collection[str] = (),
) -> dict[str, float]:
    """Parameter values with the levels that the place's stocks let expect.

    Parameters
    ----------
    values : every parameter
    cells : (3, 3, 2, A) [persons] at the launch
    level, code : administrative level and code of the place
    fixed : names that the user set and that stay

    Returns
    -------
    ``values`` with `DERIVED` replaced, within the table's ranges; unchanged for other levels.
    """
    if level not in LEARNT_LEVELS:
        return dict(values)
    rates = expected(cells, level, code)
    found = levels(rates.outside, rates.town, rates.fertility, exposure(cells, values), values)
    table = parameters()
    derived = {
        name: float(np.clip(found[name], table[name].low, table[name].high))
        for name in learnt_names(level, fixed)
    }
    return {**values, **derived}


def learnt_names(level: str, fixed: Collection[str] = ()) -> tuple[str, ...]:
    """Parameters whose prior is learnt for a place of this level, less those the user set."""
    return tuple(n for n in DERIVED if n not in fixed) if level in LEARNT_LEVELS else ()


@cache
def _table() -> dict[str, dict[str, float]]:
    """Columns of the learnt table by row name."""
    rows = learnt_rows("priors")
    return {
        column: {r["name"]: float(r[column]) for r in rows if r[column]}
        for column in ("mean", "sd", *RATES)
    }


#: Beyond so many robust standard deviations of a county's ten-year rate it is no migration.
_FAR = 5.0
_DECADE = 10.0
#: Kinds of the list of boundary changes by which a place's people changed.
_MOVED_PEOPLE = ("merged", "received", "ceded")


def boundary_flag(
    residents: Sequence[tuple[int, float]], cells: np.ndarray, level: str, code: str
) -> tuple[bool, float] | None:
    """Whether stated residents look like a changed boundary: listed (or only suspected), ratio.

    Parameters
    ----------
    residents : (year, persons) as stated, in order of years
    cells, level, code : as in `prior_values`
    """
    if level not in LEARNT_LEVELS or len(residents) <= 1:
        return None
    (first, before), (last, after) = residents[0], residents[-1]
    ratio = after / before
    for change in boundary_changes():
        listed = code in (change.code_2020, *change.codes_2010) and change.kind in _MOVED_PEOPLE
        if listed and first <= CENSUS_YEARS[0] and last >= CENSUS_YEARS[-1]:
            return True, ratio
    expects = expected(cells, level, code).outside
    # A short span is judged as strictly as a decade: yearly counts hold no ten years of change.
    off = abs(np.log(ratio) - expects * (last - first))
    if off > _FAR * _table()["outside"]["error_sd"] * max(last - first, _DECADE):
        return False, ratio
    return None
