"""Where a county lies among the others of 2010: how far cities are, how its neighbours fare.

docs/model.md, backtest. Distances are great circles between seats of government
(simulator/data/county_locations.csv); figures of neighbours are those of the 2010 census.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.county_lists import county_locations

#: Mean radius of the earth, km (IUGG).
EARTH_KM = 6371.0
#: Urban people of a prefecture's districts that make it a city of one and of three millions.
_CITY_SIZES = {"city_1m": 1e6, "city_3m": 3e6}
#: Prefectures of 2010 whose middle stands for each of the three great city regions.
_GREAT = {
    "beijing": ("1101",),
    "shanghai": ("3101",),
    "pearl_river": ("4401", "4403", "4406", "4419", "4420"),
}
#: Distances below which nearness no longer matters, km: half the way across a city or county.
_OWN_CITY, _GREAT_CITY, _NEXT, _FURTHER, _PULL = 5.0, 30.0, 3.0, 5.0, 15.0
#: The seats counted as neighbours when it is told how close they lie.
_NEAREST = {"nearest_1": (1, _NEXT), "nearest_4": (4, _FURTHER), "nearest_10": (10, _FURTHER)}
#: How fast the pull of a city falls off.
_PULL_POWER = 1.5
#: Widths of the neighbourhoods that a county is held against, km.
_NEIGHBOURHOODS = {"near": 40.0, "region": 120.0}
_COMPARED = (
    "hukou", "urban", "same_province", "other_province", "young_against_next", "nonfarm_hukou",
    "size", "children", "25_29", "primary", "schooling", "same_county", "old", "housing",
    "household",
)  # fmt: skip
_CAPITAL = "01"
#: A county further off than this many widths of the wider neighbourhood hardly counts in it.
_WIDTHS = 2.0


@dataclass(frozen=True)
class Here:
    """Units on the map: ``lonlat`` (U, 2) degrees; ``residents``, ``urban`` (U,) persons.

    ``district`` (U,) booleans; ``prefecture`` and ``province`` codes (U,).
    """

    lonlat: np.ndarray
    residents: np.ndarray
    urban: np.ndarray
    district: np.ndarray
    prefecture: np.ndarray
    province: np.ndarray


def located(
    codes: Sequence[Sequence[str]], sizes: Sequence[np.ndarray], groups: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Places of units (U, 2) by the codes and residents of their parts, and whether all are known.

    A unit none of whose parts is listed takes the mean of its group, of the first of ``groups``
    (U,) that has a place; else the mean of the list.
    """
    listed = county_locations()
    nowhere = (np.nan, np.nan)
    parts = [np.array([listed.get(c, nowhere) for c in unit]) for unit in codes]
    found = np.full((len(codes), 2), np.nan)
    for i, (place, size) in enumerate(zip(parts, sizes, strict=True)):
        there = np.isfinite(place[:, 0])
        if there.any():
            found[i] = np.average(place[there], axis=0, weights=size[there])
    known = np.array([bool(np.isfinite(place).all()) for place in parts])
    for group in (*groups, np.zeros(len(codes))):
        for name in np.unique(group):
            here = group == name
            there = here & np.isfinite(found[:, 0])
            if there.any():
                found[here & np.isnan(found[:, 0])] = found[there].mean(axis=0)
    found[np.isnan(found[:, 0])] = np.mean(list(listed.values()), axis=0)
    return found, known


def cut_off(
    present: Collection[str], lonlat: np.ndarray, province: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Counties of 2010 that are not ``present``, by code, and the units whose surroundings they
    are (U,): those of their province, and those whose neighbourhood they would lie in.

    Surroundings are reckoned among the units given, but what is learnt of them is the nation's.
    """
    missing = {c: place for c, place in county_locations().items() if c not in set(present)}
    if not missing:
        return (), np.zeros(len(lonlat), dtype=bool)
    torn = [p for p in np.unique(province) if any(code.startswith(str(p)) for code in missing)]
    reach = _WIDTHS * max(_NEIGHBOURHOODS.values())
    near = kilometres(lonlat, np.array(list(missing.values()))).min(axis=1) < reach
    return tuple(sorted(missing)), np.isin(province, torn) | near


def kilometres(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Great-circle distances (N, M) between places (N, 2) and (M, 2), degrees."""

    def on_sphere(lonlat: np.ndarray) -> np.ndarray:
        lon, lat = np.radians(lonlat).T
        return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

    # By the chord: the arc cosine is blind to short distances, and a place is 0 from itself.
    chord = np.zeros((len(one), len(other)))
    for a, b in zip(on_sphere(one), on_sphere(other), strict=True):
        chord += (a[:, None] - b[None]) ** 2
    return np.asarray(2.0 * EARTH_KM * np.arcsin(np.minimum(np.sqrt(chord) / 2.0, 1.0)))


def surroundings(here: Here, own: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Features (U,) of the units' surroundings; ``own`` holds at least the compared features."""
    apart = kilometres(here.lonlat, here.lonlat)
    return {**_cities(here), **_density(here, apart), **_against_neighbours(here, apart, own)}


def _cities(here: Here) -> dict[str, np.ndarray]:
    """Logs of the distance to the own, to larger and to the greatest cities, and their pull."""
    names, group = np.unique(here.prefecture, return_inverse=True)
    size, middle = _cores(here, group)
    away = kilometres(here.lonlat, middle)
    found = {"own_city": np.log(away[np.arange(len(group)), group] + _OWN_CITY)}
    for label, least in _CITY_SIZES.items():
        large = size >= min(least, size.max())
        found[label] = np.log(away[:, large].min(axis=1) + _OWN_CITY)
    capital = [_capital(names, size, str(code)) for code in here.province]
    found["provincial_capital"] = np.log(away[np.arange(len(group)), capital] + _OWN_CITY)
    great = kilometres(here.lonlat, _great_cities())
    for label, distance in zip(_GREAT, great.T, strict=True):
        found[label] = np.log(distance + _GREAT_CITY)
    found["great_city"] = np.log(great.min(axis=1) + _GREAT_CITY)
    found["pull"] = np.log((size / np.maximum(away, _PULL) ** _PULL_POWER).sum(axis=1))
    return found


def _cores(here: Here, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Urban people (P,) and middle (P, 2) of each prefecture's districts, else its main town."""
    count = int(group.max()) + 1
    size, middle = np.empty(count), np.empty((count, 2))
    for k in range(count):
        members = np.flatnonzero(group == k)
        core = members[here.district[members]]
        if not len(core):
            core = members[[int(np.argmax(here.urban[members]))]]
        size[k] = here.urban[core].sum()
        middle[k] = np.average(here.lonlat[core], axis=0, weights=here.urban[core])
    return size, middle


def _capital(names: np.ndarray, size: np.ndarray, province: str) -> int:
    """Position of a province's capital among the prefectures, or of the largest that is there."""
    inside = np.flatnonzero([str(n).startswith(province) for n in names])
    capital = [int(k) for k in inside if names[k] == province + _CAPITAL]
    return capital[0] if capital else int(inside[np.argmax(size[inside])])


def _great_cities() -> np.ndarray:
    """Middles of the three great city regions, (3, 2) degrees."""
    listed = county_locations()
    return np.array(
        [
            np.mean([place for code, place in listed.items() if code.startswith(prefixes)], axis=0)
            for prefixes in _GREAT.values()
        ]
    )


def _density(here: Here, apart: np.ndarray) -> dict[str, np.ndarray]:
    """How close other seats lie, and residents over the ground that this leaves, logs."""
    ordered = np.sort(apart, axis=1)
    found = {
        label: np.log(ordered[:, min(k, len(ordered) - 1)] + near)
        for label, (k, near) in _NEAREST.items()
    }
    found["density"] = np.log(here.residents) - 2.0 * found["nearest_4"]
    return found


def _against_neighbours(
    here: Here, apart: np.ndarray, own: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Own figures less those of the neighbourhood, which is weighted by residents and nearness."""
    found = {}
    for label, width in _NEIGHBOURHOODS.items():
        weight = np.exp(-((apart / width) ** 2) / 2.0) * here.residents
        np.fill_diagonal(weight, 0.0)
        total = weight.sum(axis=1)
        alone = total <= 0.0
        weight[alone, alone] = total[alone] = 1.0
        for name in _COMPARED:
            found[f"{label}_{name}"] = own[name] - weight @ own[name] / total
    return found
