"""What is told of effects and costs: tables that add up, ranges that are never added."""

from __future__ import annotations

import pandas as pd
import pytest
from quxian import policy, result

from simulator.i18n import LANGUAGES, text
from simulator.report.effects import all_effects, costs_table, effects_table, has_effects
from simulator.report.longtable import long_table
from simulator.run import Run

CHOSEN = {"settlement": {"stable_job": 1.0}, "industry_jobs": {"other_jobs": 5000.0}}


def run() -> Run:
    return policy(CHOSEN)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_columns_of_the_effects_add_up(lang: str) -> None:
    """Within the rounding of what is shown: 0.01万 or one person a column."""
    table = effects_table(run(), lang)
    assert len(table.headers) == 1 + 2 + 2
    for _, *cells in table.rows:
        values = [float(c.replace(",", "")) for c in cells]
        assert sum(values[:-1]) == pytest.approx(values[-1], abs=0.02 if lang == "zh" else 2.0)


def test_the_trend_alone_has_no_effects() -> None:
    assert not has_effects(result().trend)
    assert has_effects(run())
    scenarios = {row[0] for row in all_effects(result(), "en").rows}
    assert scenarios == {"As the plan states"}


def test_costs_have_a_row_for_each_concept_and_no_total() -> None:
    table = costs_table([result().trend, run()], "en")
    assert [row[0] for row in table.rows] == [
        text(f"cost.{item}", "en")
        for item in ("settled_once", "settled_yearly", "dwellings", "school_places")
    ]
    for _, *ranges in table.rows:
        for shown in ranges:
            low, central, high = (float(x) for x in shown.split(" – "))
            assert low <= central <= high


def test_results_hold_every_effect_and_its_sum() -> None:
    table = long_table(run())
    effects = table[table["variable"].str.startswith("Effect|")]
    split = effects["variable"].str.split("|", expand=True)
    assert set(split[1]) == {"Settlement", "Industry Jobs", "Interaction", "Total"}
    wide = pd.DataFrame(
        {"part": split[1], "name": split[2], "year": effects["year"], "value": effects["value"]}
    ).pivot(index=["name", "year"], columns="part", values="value")
    parts = wide[["Settlement", "Industry Jobs", "Interaction"]].sum(axis=1)
    assert (parts - wide["Total"]).abs().max() < 1e-6
    costs = table[table["variable"].str.startswith("Cost|")]
    assert set(costs["statistic"]) == {"low", "value", "high"}
    assert set(costs["unit"]) == {"yuan"}
