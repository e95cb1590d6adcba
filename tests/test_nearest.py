"""A name is proposed only where a word is really near to it, and to no other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.errors import nearest
from simulator.place_columns import COLUMNS, every_word
from simulator.place_identity import provinces
from simulator.vocabulary import indicators

INDICATORS = [w for n, i in indicators().items() for w in (n, i.zh, i.en)]
COMMANDS = ["run", "check", "resolve", "export", "compare", "backtest", "seek", "schema", "runs"]


@pytest.mark.parametrize(
    ("word", "allowed", "told"),
    [
        ("resident_populaton", INDICATORS, "resident_population"),
        ("resident-urbanisation-rate", ["resident_urbanization_rate", "births"],
         "resident_urbanization_rate"),
        ("常驻人口", INDICATORS, "常住人口"),
        ("常住人口城镇化", INDICATORS, "常住人口城镇化率"),
        ("hukou_pop", every_word(COLUMNS), "hukou_population"),
        ("RESIDENT POPULATION", every_word(COLUMNS), "resident_population"),
        ("常住人口（万人）", every_word(COLUMNS), "常住人口"),
        ("四川", list(provinces()), "四川省"),
        ("comapre", COMMANDS, "compare"),
        ("rnu", COMMANDS, "run"),
        ("rental_unit", ["housing.rental_units", "housing.sale_units"], "housing.rental_units"),
    ],
)  # fmt: skip
def test_a_slip_is_told_with_the_name_that_was_meant(
    word: str, allowed: list[str], told: str
) -> None:
    assert nearest(word, allowed) == told


@pytest.mark.parametrize(
    ("word", "allowed"),
    [
        ("人口", INDICATORS),  # of which there are several
        ("就业人口", INDICATORS),
        ("population", every_word(COLUMNS)),
        ("备注", every_word(COLUMNS)),
        ("县域", every_word(COLUMNS)),
        ("remark", every_word(COLUMNS)),
        ("rate", every_word(COLUMNS)),
        ("无此省", list(provinces())),
        ("test", COMMANDS),
        ("scenario", COMMANDS),
        ("nowhere", ["nanhe", "quxian"]),
        ("said", ["stated", "derived", "assumption"]),
        ("plan_2021", ["plan_2022"]),
        ("", ["a", "run"]),
    ],
)
def test_nothing_is_proposed_that_is_not_near_or_is_one_of_several(
    word: str, allowed: list[str]
) -> None:
    assert nearest(word, allowed) is None


@given(st.floats().map(str) | st.integers().map(str), st.integers().map(str))
def test_no_number_is_a_slip_of_another(word: str, other: str) -> None:
    assert nearest(word, [other]) in (None, word)


@given(st.text(max_size=12), st.lists(st.text(max_size=12)))
def test_what_is_proposed_is_allowed(word: str, allowed: list[str]) -> None:
    close = nearest(word, allowed)
    assert close is None or close in allowed
