"""What a county's own ages would make of it: a plain-loop twin, and what must hold of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import tables
from simulator.county_ageing import AGEING, carried
from simulator.county_tables import GROUP_STARTS
from simulator.demography.lifetable import life_table

GROUPS = 19
COUNTS = st.lists(st.integers(0, 50_000), min_size=2 * GROUPS, max_size=2 * GROUPS)


def nation() -> np.ndarray:
    """The nation of 2010 by sex and census group, (2, 19)."""
    return np.add.reduceat(tables.population(2010, "total"), GROUP_STARTS, axis=-1)


def twin(ages: np.ndarray, i: int, share: float) -> tuple[float, float]:
    """People and young of unit ``i`` ten years on over its people, by loops over single figures."""
    lived = life_table(tables.mortality_standard("total")).Lx

    def group(table: np.ndarray, sex: int, g: int) -> float:
        return float(table[sex, 0] + table[sex, 1] if g == 0 else table[sex, g + 1])

    def both(table: np.ndarray, g: int) -> float:
        return max(group(table, 0, g) + group(table, 1, g), 1.0)

    people_2010 = tables.population(2010, "total").sum(axis=0)
    whole = [sum(people_2010[a] for a in range(5 * g, 5 * g + 5 if g < 17 else 101))
             for g in range(18)]  # fmt: skip
    then = [[0.0] * 18 for _ in range(2)]
    for sex in (0, 1):
        for g in range(18):
            end = 5 * g + 5 if g < 17 else 101
            alive = sum(lived[sex, a] for a in range(5 * g + 10, min(end + 10, 101)))
            people = group(ages[i], sex, g) * alive / sum(lived[sex, a] for a in range(5 * g, end))
            if g + 2 < 17:
                ratio = math.log(both(ages[i], g + 2) / both(ages[i], g))
                ratio -= math.log(whole[g + 2] / whole[g])
                people *= math.exp(share * max(-1.0, min(1.0, ratio)))
            then[sex][min(g + 2, 17)] += people
    women = sum(group(ages[i], 1, g) for g in range(4, 8))
    children = sum(group(ages[i], s, g) for s in (0, 1) for g in (0, 1))
    born = children / max(women, 1.0) * (women + sum(then[1][4:8])) / 2.0
    now = max(float(ages[i].sum()), 1.0)
    young = then[0][3:7] + then[1][3:7]
    return math.log((sum(map(sum, then)) + born) / now), math.log(max(sum(young), 1.0) / now)


@given(COUNTS)
def test_a_plain_loop_finds_the_same(counts: list[int]) -> None:
    ages = np.stack([nation(), 1.0 + np.reshape(counts, (2, GROUPS))])
    found = carried(ages)
    alone = carried(ages[1:])
    assert all(alone[name][0] == found[name][1] for name in AGEING)
    for part, share in (("half", 0.5), ("whole", 1.0)):
        total, young = twin(ages, 1, share)
        assert found[f"carried_{part}"][1] == pytest.approx(total, rel=1e-9, abs=1e-12)
        assert found[f"carried_young_{part}"][1] == pytest.approx(young, rel=1e-9, abs=1e-12)


def test_a_county_like_the_nation_moves_nobody() -> None:
    """Its ratios are the nation's, so that half and whole of what differs are the same."""
    found = carried(np.stack([nation(), nation() / 1000.0]))
    for what in ("carried", "carried_young"):
        assert found[f"{what}_half"] == pytest.approx(found[f"{what}_whole"], rel=1e-12)


def test_where_the_young_are_missing_fewer_young_are_expected() -> None:
    left = nation() / 1000.0
    left[:, 5:8] *= 0.5
    young = carried(np.stack([nation(), nation() / 1000.0, left]))["carried_young_whole"]
    assert young[2] < young[1]


def test_an_empty_county_has_figures() -> None:
    found = carried(np.stack([nation(), np.zeros((2, GROUPS))]))
    assert tuple(found) == AGEING
    assert all(np.isfinite(values[0]) for values in found.values())
