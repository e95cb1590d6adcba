"""Counties launched in 2010 and carried to 2020 with frozen coefficients, beside what came.

docs/model.md, backtest. Nothing is fitted here: a 2020 figure is only compared.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.county_draws import drawn, ends, quantiles
from simulator.county_features import Known, known
from simulator.county_launch import decade, met, start_county
from simulator.county_tables import (
    CORE_2010,
    CORE_2020,
    FIRST_YEAR,
    SECOND_YEAR,
    CountyTable,
    read_census,
)
from simulator.errors import ScenarioError, Violation
from simulator.flow_model import DRAWN, TARGETS, Expected, folds_of, predict
from simulator.matching import Unit, match
from simulator.parameters import central_values

#: Quantiles that the table prints.
PROBABILITIES = (0.10, 0.25, 0.50, 0.75, 0.90)
SEED = 2010
#: Fewer draws do not show a tenth and a nine tenths.
FEWEST_DRAWS = 20
#: A decade that differs from the projection by more than this, in logs, is no migration: of
#: counties whose extent did not change hardly one in two hundred does.
SUSPICIOUS = 0.45


@dataclass(frozen=True)
class Backtest:
    """Every unit's projection; arrays have U units first, nan where 2020 is not known.

    ``resident_quantiles`` and ``urban_quantiles`` (U, 5) at `PROBABILITIES`; ``ages`` and
    ``ages_2020`` (U, 2, 19) persons; ``unmatched`` names the 2020 rows that are no unit.
    """

    units: tuple[Unit, ...]
    figures: Known
    codes_2010: tuple[str, ...]
    resident_2020: np.ndarray
    urban_2020: np.ndarray
    ages_2020: np.ndarray
    resident_mean: np.ndarray
    resident_quantiles: np.ndarray
    urban_quantiles: np.ndarray
    ages: np.ndarray
    learnt: np.ndarray
    unmatched: tuple[str, ...]

    @property
    def scored(self) -> np.ndarray:
        """Positions of units whose 2020 is known."""
        return np.flatnonzero(np.isfinite(self.resident_2020))

    def suspicious(self) -> np.ndarray:
        """Whether each unit's decade is beyond what migration explains, (U,)."""
        change = np.log(self.resident_2020 / self.resident_quantiles[:, 2])
        return np.abs(np.nan_to_num(change)) > SUSPICIOUS


def run_backtest(folder: Path, draws: int, *, workers: int | None = None) -> Backtest:
    """Launch, project and set beside 2020 every county of a folder.

    Parameters
    ----------
    folder : holds ``county_2010_core.csv`` and the other three tables
    draws : draws a county
    workers : threads; by default one a core; no effect on any number

    Raises
    ------
    ScenarioError
        If a table is missing or faulty.
    """
    first, second = read_both(folder)
    units, unmatched = match(first, second)
    figures = known(first, units)
    codes = tuple(first.codes[u.parts[0]] for u in units)
    expected = predict(figures, codes)
    values = central_values()

    def work(i: int) -> np.ndarray:
        return _central_ages(figures, i, expected, values)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        ages = list(pool.map(work, range(len(units))))
    residents, share = _spread(figures, codes, expected, draws)
    rows = [u.row for u in units]
    urban = second.values["urban"] / second.values["resident"]
    return Backtest(
        units=tuple(units),
        figures=figures,
        codes_2010=codes,
        resident_2020=_of_2020(second.values["resident"], rows),
        urban_2020=_of_2020(urban, rows),
        ages_2020=_of_2020(second.ages, rows),
        resident_mean=residents.mean(axis=1),
        resident_quantiles=np.quantile(residents, PROBABILITIES, axis=1).T,
        urban_quantiles=np.quantile(share, PROBABILITIES, axis=1).T,
        ages=np.stack(ages),
        learnt=np.array([fold is not None for fold in folds_of(codes)]),
        unmatched=tuple(f"{second.codes[r]} {second.names[r]}" for r in unmatched),
    )


def read_both(folder: Path) -> tuple[CountyTable, CountyTable]:
    """Both censuses; the faults of both at once."""
    faults: list[Violation] = []
    tables = []
    for year, columns in ((FIRST_YEAR, CORE_2010), (SECOND_YEAR, CORE_2020)):
        try:
            tables.append(read_census(folder, year, columns))
        except ScenarioError as error:
            faults += error.violations
    if faults:
        raise ScenarioError(faults)
    return tables[0], tables[1]


def _spread(
    figures: Known, codes: tuple[str, ...], expected: Expected, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Residents and urban shares of every unit's draws, each (U, K)."""
    counts = figures.counts
    found = [
        ends(drawn(expected, i, code, SEED, draws), counts["resident"][i], counts["urban"][i])
        for i, code in enumerate(codes)
    ]
    return np.stack([f[0] for f in found]), np.stack([f[1] for f in found])


def _central_ages(
    figures: Known, i: int, expected: Expected, values: Mapping[str, float]
) -> np.ndarray:
    """Residents by sex and age group (2, 19) of the projection that meets the median outcomes."""
    middle = quantiles(expected, i, np.full((len(DRAWN), 1), 0.5))
    residents, share = ends(middle, figures.counts["resident"][i], figures.counts["urban"][i])[:, 0]
    children = expected.centre[i, TARGETS.index("children")]
    started = start_county(figures, i, values)
    rates = met(started, np.array([np.log(residents), share, children]), values)
    return decade(started, list(rates), values).ages


def _of_2020(values: np.ndarray, rows: list[int | None]) -> np.ndarray:
    empty = np.full(values.shape[1:], np.nan)
    return np.stack([empty if row is None else values[row] for row in rows])
