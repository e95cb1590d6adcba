"""Headline series of 渠县 are those stored; if they should change, run tests/golden/update.py."""

from __future__ import annotations

import pytest
from golden import update
from quxian import result

TOLERANCE = 1e-6
GOLDEN = update.stored()


def differences(values: dict[update.Key, float]) -> dict[update.Key, float]:
    """Relative deviations beyond the tolerance."""
    off = {key: values[key] / GOLDEN[key] - 1.0 for key in GOLDEN}
    return {key: d for key, d in off.items() if not abs(d) <= TOLERANCE}


def values() -> dict[update.Key, float]:
    return {
        (name, series, year): float(result().runs[name].series[series][year - 2022])
        for name, series, year in GOLDEN
    }


def test_headline_series_are_those_stored() -> None:
    assert differences(values()) == {}


def test_the_table_holds_every_scenario_series_and_year() -> None:
    births = {(n, s, 2022) for n in result().runs for s in ("births", "deaths")}
    wanted = {(n, s, y) for n in result().runs for s in update.SERIES for y in update.YEARS}
    assert set(GOLDEN) == wanted - births


def test_update_computes_what_the_test_compares() -> None:
    assert update.computed() == values()
    assert update.written(GOLDEN) == update.TABLE.read_text(encoding="utf-8")


@pytest.mark.parametrize("factor", [1.01, 0.99, 1.0 + 2e-6, float("nan")])
@pytest.mark.parametrize("key", list(GOLDEN)[::17], ids=str)
def test_a_deviation_is_seen(key: update.Key, factor: float) -> None:
    """1 % in one number, two millionths, or no number at all."""
    changed = dict(GOLDEN) | {key: GOLDEN[key] * factor}
    assert set(differences(changed)) == {key}


def test_one_per_cent_of_a_parameter_is_seen() -> None:
    """Not only a changed number in the table: 1 % of one flow moves the headlines by more."""
    from simulator.projection import project

    inputs = result().trend.inputs
    level = inputs.level.copy()
    level[:, 3] *= 1.01  # village to town
    population = project(inputs._replace(level=level)).population
    town = population[:, :, 0].sum(axis=(1, 2, 3))
    changed = dict(GOLDEN) | {
        ("trend", "town_population", y): float(town[y - 2022]) for y in update.YEARS
    }
    assert {key[2] for key in differences(changed)} == set(update.YEARS[1:])
