"""What a plan's stated base share is worth beside the census before it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from quxian import ROOT, result

from simulator import load_scenario, run
from simulator.i18n import LANGUAGES
from simulator.library_cli import library_files
from simulator.parameters import assumptions, central_values
from simulator.plan_record import due
from simulator.report.certainty import stated_too_high
from simulator.schema import PlaceFile
from simulator.stated_base import census_before, likely_error, stated_share

TENGCHONG = ROOT / "scenarios" / "places" / "tengchong.yaml"
JINGGANGSHAN = ROOT / "scenarios" / "places" / "jinggangshan.yaml"


def place(file: object) -> PlaceFile:
    return load_scenario(str(file)).place


def test_a_share_that_rose_fast_is_told_to_be_too_high() -> None:
    """腾冲: 41 % stated for 2015, 135,318 of 644,765 counted in 2010; logits by hand."""
    found = likely_error(place(TENGCHONG), central_values())
    assert found is not None
    assert (found.year, found.stated) == (2010, pytest.approx(0.41))
    assert found.counted == pytest.approx(135_318 / 644_765)
    odds = math.log(0.41 / 0.59)
    rise = odds - math.log(found.counted / (1.0 - found.counted))
    true = 1.0 / (1.0 + math.exp(-(odds - (-0.209 + 0.775 * rise))))
    assert found.error == pytest.approx(0.41 - true)
    assert found.low < found.error < found.high


def test_a_share_below_its_census_is_told_to_be_too_low() -> None:
    found = likely_error(place(JINGGANGSHAN), central_values())
    assert found is not None
    assert found.stated < found.counted
    assert found.error < 0.0


@pytest.mark.parametrize("name", [n for n, p in assumptions().items() if p.group == "stated_base"])
def test_every_parameter_of_it_has_an_effect(name: str) -> None:
    p, values = assumptions()[name], central_values()
    low, high = (likely_error(place(TENGCHONG), {**values, name: v}) for v in (p.low, p.high))
    assert low is not None
    assert low != high


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_tells_the_error_with_its_sign_in_words(lang: str) -> None:
    high = stated_too_high(run(load_scenario(str(TENGCHONG))), lang)
    low = stated_too_high(run(load_scenario(str(JINGGANGSHAN))), lang)
    assert high is not None
    assert low is not None
    assert ("偏高 12.1" if lang == "zh" else "by some 12.1 points") in high
    assert ("偏低 10.2" if lang == "zh" else "by some 10.2 points") in low


def test_nothing_is_told_where_the_rule_was_not_measured() -> None:
    """渠县's base lies two years after its census; a share of one half has no census at all."""
    assert stated_too_high(result(), "zh") is None
    bare = place(TENGCHONG)
    assert likely_error(bare.model_copy(update={"facts": []}), central_values()) is None
    late = bare.model_copy(update={"base_year": 2019})
    assert stated_share(late) is not None
    assert census_before(late) is not None
    assert likely_error(late, central_values()) is None


@pytest.mark.slow
def test_the_parameters_are_the_line_through_the_plans_that_a_census_judged() -> None:
    bases = {}
    for file in library_files():
        for one in due(run(load_scenario(file), face_value=False)):
            if one.base is not None:
                bases[one.result.study.place.id] = one.base
    rises = np.array([base.rise for base in bases.values()])
    errors = np.array([base.error for base in bases.values()])
    slope, constant = np.polyfit(rises, errors, 1)
    rest = errors - constant - slope * rises
    n = len(bases)
    assert n == 20
    values = central_values()
    assert values["base_rise_constant"] == pytest.approx(constant, abs=5e-4)
    assert values["base_rise_slope"] == pytest.approx(slope, abs=5e-4)
    spread = math.sqrt(rest @ rest / (n - 2) * (1.0 + 1.0 / n))
    assert values["base_rise_spread"] == pytest.approx(spread, abs=5e-4)
