"""Where counties lie: distances, cities, neighbours, and places that are on no list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from counties import core_2010, row_2020, shape, write_folder
from hypothesis import given
from hypothesis import strategies as st

from simulator.backtest import run_backtest
from simulator.county_lists import county_locations
from simulator.county_surroundings import (
    EARTH_KM,
    Here,
    cut_off,
    kilometres,
    located,
    surroundings,
)
from simulator.report.accuracy import county_csv

PREFECTURES = np.array(["1301", "1301", "1301", "1302"])
LONLAT = np.array([[115.0, 38.0], [115.3, 38.0], [115.0, 38.5], [117.0, 38.0]])
COMPARED = (
    "hukou", "urban", "same_province", "other_province", "young_against_next", "nonfarm_hukou",
    "size", "children", "25_29", "primary", "schooling", "same_county", "old", "housing",
    "household",
)  # fmt: skip


def here(lonlat: np.ndarray = LONLAT) -> Here:
    n = len(lonlat)
    return Here(
        lonlat,
        np.array([4e5, 2e5, 6e5, 1e6])[:n],
        np.array([3e5, 5e4, 1e5, 9e5])[:n],
        np.array([True, False, False, False])[:n],
        PREFECTURES[:n],
        np.array(["13"] * n),
    )


def own(n: int, value: float = 1.0) -> dict[str, np.ndarray]:
    return {name: np.linspace(value, 2.0 * value, n) for name in COMPARED}


def test_a_degree_of_latitude_and_half_the_way_round() -> None:
    found = kilometres(np.array([[10.0, 0.0]]), np.array([[10.0, 1.0], [190.0, 0.0]]))
    np.testing.assert_allclose(found, [[EARTH_KM * np.pi / 180.0, EARTH_KM * np.pi]])


@given(st.lists(st.tuples(st.floats(74, 134), st.floats(18, 53)), min_size=2, max_size=5))
def test_distances_are_alike_both_ways_and_obey_the_triangle(places: list[list[float]]) -> None:
    found = kilometres(np.array(places), np.array(places))
    np.testing.assert_allclose(found, found.T, atol=1e-3)
    detour = (found[:, :, None] + found[None]).min(axis=1)
    assert np.all(found <= detour + 1e-3)


def test_the_own_city_is_the_districts_or_else_the_main_town() -> None:
    found = surroundings(here(), own(4))
    to_district = kilometres(LONLAT[:3], LONLAT[[0]])[:, 0]
    np.testing.assert_allclose(found["own_city"][:3], np.log(to_district + 5.0))
    assert found["own_city"][3] == pytest.approx(np.log(5.0))
    # 1301 is the capital of the province; nobody has a million urban people, so the largest counts.
    np.testing.assert_allclose(
        found["provincial_capital"], np.log(kilometres(LONLAT, LONLAT[[0]])[:, 0] + 5.0)
    )
    np.testing.assert_allclose(
        found["city_1m"], np.log(kilometres(LONLAT, LONLAT[[3]])[:, 0] + 5.0)
    )


def test_neighbours_by_hand() -> None:
    found = surroundings(here(), own(4))
    apart = kilometres(LONLAT, LONLAT)
    weight = np.exp(-((apart[0, 1:] / 40.0) ** 2) / 2.0) * here().residents[1:]
    wanted = 1.0 - weight @ own(4)["urban"][1:] / weight.sum()
    assert found["near_urban"][0] == pytest.approx(wanted)
    assert found["nearest_1"][0] == pytest.approx(np.log(apart[0, 1] + 3.0))
    # With four counties there is no fourth or tenth neighbour: the farthest stands for both.
    assert found["nearest_10"][0] == pytest.approx(np.log(apart[0].max() + 5.0))


def test_a_figure_that_is_the_same_everywhere_differs_nowhere() -> None:
    found = surroundings(here(), {name: np.full(4, 0.7) for name in COMPARED})
    for label in ("near", "region"):
        np.testing.assert_allclose(found[f"{label}_urban"], 0.0, atol=1e-12)


def test_a_county_alone_differs_from_nobody() -> None:
    found = surroundings(here(LONLAT[:1]), own(1))
    assert found["near_urban"][0] == 0.0
    assert all(np.isfinite(v).all() for v in found.values())


def test_places_come_from_the_list_the_parts_and_else_the_prefecture() -> None:
    listed = county_locations()
    codes = [["130102"], ["130104", "130105"], ["139901"], ["139902"], ["990001"]]
    sizes = [np.array([1.0]), np.array([3.0, 1.0]), *(np.array([1.0]),) * 3]
    prefecture = np.array(["1301", "1301", "1301", "1399", "9900"])
    province = np.array(["13", "13", "13", "13", "99"])
    place, known = located(codes, sizes, (prefecture, province))
    first = np.array(listed["130102"])
    second = np.average([listed["130104"], listed["130105"]], axis=0, weights=[3.0, 1.0])
    np.testing.assert_allclose(place[:2], [first, second])
    np.testing.assert_allclose(place[2], (first + second) / 2.0)
    np.testing.assert_allclose(place[3], place[:3].mean(axis=0))
    np.testing.assert_allclose(place[4], place[:4].mean(axis=0))
    assert known.tolist() == [True, True, False, False, False]


def test_every_listed_place_lies_in_china_and_near_its_prefecture() -> None:
    listed = county_locations()
    places = np.array(list(listed.values()))
    assert len(listed) == 2857
    assert places.min(axis=0) == pytest.approx([74, 18], abs=2.0)
    assert places.max(axis=0) == pytest.approx([135, 53], abs=2.0)
    groups = np.array([code[:4] for code in listed])
    for group in np.unique(groups):
        inside = places[groups == group]
        middle = np.median(inside, axis=0)[None]
        # The farthest in earnest are the banners and counties of the west, and Chongqing's.
        assert kilometres(inside, middle).max() < (1000.0 if group[:2] in _WIDE else 360.0), group


_WIDE = ("15", "46", "54", "62", "63", "65")


def test_a_county_on_no_list_is_told(tmp_path: Path) -> None:
    first = [
        core_2010("130102", "长安区", 4e5, 0.9, 3e5),
        core_2010("139901", "甲县", 2e5, 0.3, 2e5),
    ]
    second = [row_2020(r, 2e5, 0.5) for r in first]
    write_folder(tmp_path, first, second, [shape(2e5), shape(2e5)])
    found = run_backtest(tmp_path, 20, workers=1)
    notes = [line.rsplit(",", 1)[1] for line in county_csv(found).splitlines()[1:]]
    assert "filled:location" not in notes[0]
    assert "filled:location" in notes[1]


def test_counties_that_are_missing_are_named_with_the_units_they_surround() -> None:
    """Without 拉萨's counties: all of 西藏, no unit of 海南; with all counties, nobody."""
    listed = county_locations()
    units = [c for c in listed if c[:2] in ("54", "46") and not c.startswith("5401")]
    lonlat = np.array([listed[c] for c in units])
    province = np.array([c[:2] for c in units])
    present = [c for c in listed if not c.startswith("5401")]
    missing, cut = cut_off(present, lonlat, province)
    assert missing == tuple(sorted(c for c in listed if c.startswith("5401")))
    np.testing.assert_array_equal(cut, province == "54")
    missing, cut = cut_off(listed, lonlat, province)
    assert missing == ()
    assert not cut.any()


def test_a_neighbour_across_the_border_of_a_province_counts() -> None:
    """Without 北京: 廊坊 of 河北 lies beside it, 广州 far off."""
    listed = county_locations()
    units = ["131002", "440103"]
    lonlat, province = np.array([listed[c] for c in units]), np.array([c[:2] for c in units])
    _, cut = cut_off([c for c in listed if not c.startswith("11")], lonlat, province)
    np.testing.assert_array_equal(cut, [True, False])
