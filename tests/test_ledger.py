"""The ledger's rows against the projection's arrays, and its balance."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from balance import imbalance
from quxian import policy, result

from simulator.axes import FLOW_PLACES, Flow, Place, Registration, destination
from simulator.ledger import ledger_rows
from simulator.run import Run

RUNS = {
    "trend": lambda: result().trend,
    "plan": lambda: result().runs["plan"],
    "all": lambda: policy(
        {
            "settlement": {"residence_years": 5, "annual_quota": 2000},
            "industry_jobs": {"basic_jobs": 10_000},
            "housing": {"demolished_units": 5000, "rental_units": 1000},
        }
    ),
}
every_run = pytest.mark.parametrize("name", RUNS)


def rows(run: Run) -> list[tuple[int, str, str, str, str, float]]:
    return list(ledger_rows(run.paths, run.years))


@every_run
def test_every_cell_and_age_balances(name: str) -> None:
    assert imbalance(RUNS[name]().paths) < 1e-9


@pytest.mark.parametrize("array", ["flows", "births", "newborn_deaths"])
def test_a_missing_entry_is_seen(array: str) -> None:
    paths = result().trend.paths
    changed = getattr(paths, array).copy()
    flat = changed.reshape(-1)
    flat[flat.argmax()] *= 1.01
    assert imbalance(paths._replace(**{array: changed})) > 1e-6


@every_run
def test_rows_close_every_cell(name: str) -> None:
    run = RUNS[name]()
    cells: dict[tuple[int, str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for year, registration, place, entry, _, persons in rows(run):
        assert persons >= 0.0
        cells[year, registration, place][entry] += persons
    assert len(cells) == 8 * len(run.study.years)
    for key, cell in cells.items():
        expected = cell["opening"] + cell["in"] - cell["out"]
        assert cell["closing"] == pytest.approx(expected, rel=1e-9, abs=1e-6), key
        following = (key[0] + 1, *key[1:])
        if following in cells:
            assert cells[following]["opening"] == cell["closing"]


@every_run
def test_what_leaves_one_cell_enters_another_or_the_world(name: str) -> None:
    """Moves within the books appear twice; deaths, births, arrivals and departures once."""
    run = RUNS[name]()
    moved: dict[tuple[int, str, str], float] = defaultdict(float)
    for year, _, _, entry, flow, persons in rows(run):
        if entry in ("in", "out"):
            moved[year, flow, entry] += persons
    totals = run.paths.flows.sum(axis=(3, 4))
    for t, year in enumerate(run.years[1:].tolist()):
        for flow in Flow:
            origin, end = FLOW_PLACES[flow]
            out, into = (moved[year, flow.name.lower(), side] for side in ("out", "in"))
            stay = [r for r in Registration if destination(flow, r) is not None]
            gone = totals[t, flow].sum() if origin is not None else 0.0
            come = totals[t, flow, stay].sum() if end is not None else 0.0
            assert out == pytest.approx(gone, rel=1e-12, abs=1e-9), flow.name
            assert into == pytest.approx(come, rel=1e-12, abs=1e-9), flow.name


def test_rows_name_every_flow_and_both_ends_of_life() -> None:
    flows = {row[4] for row in rows(result().trend)}
    assert flows == {"", "birth", "newborn_death"} | {flow.name.lower() for flow in Flow}


def test_non_locals_are_never_away() -> None:
    cells = {(row[1], row[2]) for row in rows(result().trend)}
    assert len(cells) == 8
    assert ("nonlocal", "away") not in cells


@every_run
def test_town_change_adds_up(name: str) -> None:
    """The causes add up to the change of town residents, eq. (42)."""
    run = RUNS[name]()
    town = run.paths.population[:, :, Place.TOWN].sum(axis=(1, 2, 3))
    np.testing.assert_allclose(run.town_change.total, np.diff(town), rtol=0, atol=1e-6)


@every_run
def test_town_change_is_the_ledgers(name: str) -> None:
    run = RUNS[name]()
    net: dict[str, float] = defaultdict(float)
    for _, _, place, entry, flow, persons in rows(run):
        if place == "town" and entry in ("in", "out"):
            net[flow] += persons if entry == "in" else -persons
    change = run.town_change
    by_hand = {
        "natural_increase": net["birth"] + net["newborn_death"] + net["death_town"],
        "in_county_moves": net["rural_to_urban"] + net["urban_to_rural"],
        "return_migration": net["return_town"],
        "outside_migration": net["arrival_town"] + net["out_town"],
        "reclassification": net["reclassification"],
    }
    for cause, persons in by_hand.items():
        assert float(getattr(change, cause).sum()) == pytest.approx(persons, rel=1e-9), cause
    assert net["hukou_conversion"] == pytest.approx(0.0, abs=1e-6)
