"""What is known of a county in 2010, as numbers that flow levels can be learnt from.

docs/model.md, backtest. Nothing here looks at 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.county_ageing import carried
from simulator.county_lists import province_trend
from simulator.county_surroundings import Here, cut_off, located, surroundings
from simulator.county_tables import CountyTable
from simulator.matching import Unit

_COUNTS = (
    "resident", "hukou", "urban", "family_household_pop", "in_migrants_same_county",
    "in_migrants_other_county_same_prov", "in_migrants_other_prov",
)  # fmt: skip
_PERCENT = 100.0
#: Smallest shares told apart: below them a logarithm would speak of a handful of people.
_FLOORS = {"same": 0.005, "province": 0.003, "other": 0.002}
_RATE_BOUNDS, _HUKOU_BOUNDS = (0.02, 0.985), (-1.5, 1.0)
_NONFARM_BOUNDS = (0.01, 0.99)
_ORDINARY = 4.0
_OF_PREFECTURE = (
    "urban", "hukou", "same_province", "other_province", "nonfarm_hukou", "primary", "schooling",
    "size", "young_against_next", "children", "old",
)  # fmt: skip
_PREFECTURE_DIGITS, _PROVINCE_DIGITS = 4, 2
_MUNICIPALITIES = ("11", "12", "31", "50")
#: How ``filled`` calls a place on the map that is not known.
LOCATION = "location"
#: How ``filled`` calls surroundings that lack counties of the nation.
SURROUNDINGS = "surroundings"


@dataclass(frozen=True)
class Known:
    """Units with their 2010 figures: counts (U,) by column, ages (U, 2, 19), and features.

    ``features`` (U, F) are not standardized; ``prefecture`` and ``province`` are codes (U,);
    ``filled`` names the columns that were empty and took the national median, and `LOCATION` where
    a part is on no list of places, so that its prefecture's middle stands for it, and
    `SURROUNDINGS` where counties of its province or neighbourhood are not in the table; ``missing``
    are the codes of all counties of 2010 that are not.
    """

    counts: dict[str, np.ndarray]
    percent: dict[str, np.ndarray]
    ages: np.ndarray
    names: tuple[str, ...]
    features: np.ndarray
    prefecture: np.ndarray
    province: np.ndarray
    filled: tuple[tuple[str, ...], ...]
    missing: tuple[str, ...]


def known(table: CountyTable, units: Sequence[Unit]) -> Known:
    """Figures of the units, merged from their parts, and their features."""
    empty = {n: np.isnan(v) for n, v in table.values.items()}
    values = {
        n: np.where(empty[n], np.nanmedian(v) if np.isfinite(v).any() else 0.0, v)
        for n, v in table.values.items()
    }
    parts = [list(u.parts) for u in units]
    size = values["resident"]
    counts = {n: np.array([values[n][p].sum() for p in parts]) for n in _COUNTS}
    percent = {
        n: np.array([np.average(values[n][p], weights=size[p]) for p in parts])
        for n in values
        if n not in _COUNTS
    }
    ages = np.stack([table.ages[p].sum(axis=0) for p in parts])
    main = [table.codes[p[int(np.argmax(size[p]))]] for p in parts]
    prefecture = np.array([code[:_PREFECTURE_DIGITS] for code in main])
    province = np.array([code[:_PROVINCE_DIGITS] for code in main])
    kinds = [table.names[p[int(np.argmax(size[p]))]] for p in parts]
    found = {**_own(counts, percent), **_ages(ages), **_kind(kinds)}
    found |= _around(found, counts["resident"], prefecture, province)
    lonlat, known_place = located(
        [[table.codes[i] for i in p] for p in parts], [size[p] for p in parts],
        (prefecture, province),
    )  # fmt: skip
    here = Here(lonlat, counts["resident"], counts["urban"], found["district"] > 0.0,
                prefecture, province)  # fmt: skip
    found |= surroundings(here, found) | carried(ages)
    missing, cut = cut_off(table.codes, lonlat, province)
    filled = tuple(
        (*(n for n in empty if empty[n][p].any()), *([] if there else [LOCATION]),
         *([SURROUNDINGS] if torn else []))
        for p, there, torn in zip(parts, known_place, cut, strict=True)
    )  # fmt: skip
    return Known(
        counts, percent, ages, tuple(found), np.stack(list(found.values()), axis=-1),
        prefecture, province, filled, missing,
    )  # fmt: skip


def standardized(features: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Features in standard deviations from the mean, extremes cut."""
    return np.clip((features - mean) / sd, -_ORDINARY, _ORDINARY)


def _logit(share: np.ndarray, low: float, high: float) -> np.ndarray:
    cut = np.clip(share, low, high)
    return np.log(cut / (1.0 - cut))


def _own(counts: dict[str, np.ndarray], percent: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    residents = counts["resident"]
    urban = np.clip(counts["urban"] / residents, *_RATE_BOUNDS)
    nonfarm = percent["nonagri_hukou_pct"] / _PERCENT
    same, province, other = (
        np.log(counts[name] / residents + floor)
        for name, floor in zip(_COUNTS[4:], _FLOORS.values(), strict=True)
    )
    return {
        "size": np.log(residents),
        "urban": _logit(urban, *_RATE_BOUNDS),
        "urban_share": urban,
        "hukou": np.clip(np.log(counts["hukou"] / residents), *_HUKOU_BOUNDS),
        "same_county": same,
        "same_province": province,
        "other_province": other,
        "nonfarm_hukou": _logit(nonfarm, *_NONFARM_BOUNDS),
        "primary": percent["emp_primary_pct"] / _PERCENT,
        "secondary": percent["emp_secondary_pct"] / _PERCENT,
        "schooling": percent["years_schooling"],
        "minorities": percent["ethnic_minority_pct"] / _PERCENT,
        "birth_rate": percent["birth_rate"],
        "death_rate": percent["death_rate"],
        "household": percent["family_household_size"],
        "housing": percent["housing_m2_per_capita"],
        "children_born": percent["children_ever_born_w15_64"],
        "collective": 1.0 - counts["family_household_pop"] / residents,
    }


def _ages(ages: np.ndarray) -> dict[str, np.ndarray]:
    """Ratios of age groups against the nation's: who has left, who has come, who was not born."""
    both = ages.sum(axis=1)
    nation = both.sum(axis=0)

    def ratio(above: Sequence[int], below: Sequence[int]) -> np.ndarray:
        here = both[:, list(above)].sum(1) / np.maximum(both[:, list(below)].sum(1), 1.0)
        there = nation[list(above)].sum() / max(nation[list(below)].sum(), 1.0)
        return np.log(np.maximum(here, 1e-3) / max(there, 1e-3))

    def sexes(groups: slice) -> np.ndarray:
        of = ages[:, :, groups].sum(axis=2)
        return np.log((of[:, 0] + 1.0) / (of[:, 1] + 1.0))

    return {
        "sex_ratio": sexes(slice(0, 19)),
        "young_against_others": ratio((5, 6, 7), (2, 3, 9, 10)),
        "15_19": ratio((4,), (3,)),
        "20_24": ratio((5,), (4,)),
        "25_29": ratio((6,), (5,)),
        "young_against_next": ratio((7, 8), (9, 10)),
        "children": ratio((0, 1), (5, 6, 7)),
        "5_9": ratio((2,), (0, 1)),
        "10_14": ratio((3,), (2,)),
        "old": ratio((14, 15, 16, 17, 18), (9, 10, 11)),
        "60_64": ratio((13,), (10,)),
        "oldest": ratio((16, 17, 18), (13, 14)),
        "sex_ratio_young": sexes(slice(5, 8)),
        "sex_ratio_children": sexes(slice(0, 4)),
    }


def _kind(names: Sequence[str]) -> dict[str, np.ndarray]:
    def ends(*words: str) -> np.ndarray:
        return np.array([float(n.endswith(words)) for n in names])

    return {
        "district": ends("区"),
        "city": ends("市"),
        "banner": ends("旗"),
        "autonomous": np.array([float("自治" in n) for n in names]),
    }


def _around(
    own: dict[str, np.ndarray], size: np.ndarray, prefecture: np.ndarray, province: np.ndarray
) -> dict[str, np.ndarray]:
    """The prefecture and the province: averages by residents, rank, weight, trend 2000-2010."""
    found: dict[str, np.ndarray] = {}
    for label, codes in (("prefecture", prefecture), ("province", province)):
        _, group = np.unique(codes, return_inverse=True)
        total = np.bincount(group, size)
        for name in _OF_PREFECTURE:
            found[f"{label}_{name}"] = (np.bincount(group, own[name] * size) / total)[group]
    _, group = np.unique(prefecture, return_inverse=True)
    total = np.bincount(group, size)
    found["prefecture_people"] = np.log(total)[group]
    found["prefecture_districts"] = (np.bincount(group, own["district"] * size) / total)[group]
    found["rank_size"] = _rank(size, group)
    found["rank_urban"] = _rank(own["urban_share"], group)
    found["capital"] = np.array([float(c.endswith("01")) for c in prefecture])
    found["municipality"] = np.isin(province, _MUNICIPALITIES).astype(float)
    trend = [province_trend(str(code)) for code in province]
    found["trend_urban"] = np.array([t.urban_logit for t in trend])
    found["trend_people"] = np.array([t.log_growth for t in trend])
    return found


def _rank(value: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Share of the group that is not above, (U,)."""
    rank = np.empty(len(value))
    for g in range(group.max() + 1):
        members = np.flatnonzero(group == g)
        order = np.argsort(np.argsort(value[members], kind="stable"), kind="stable")
        rank[members] = (order + 1.0) / len(members)
    return rank
