"""Textbook projection: Preston, Heuveline & Guillot (2001), Demography, Box 6.2.

Sweden 1993 to 1998, one step of five years, both sexes, with migration. The box adds half of
the migrants at the start and half at the end of the step; births come from the mean of the women
with the first half and the women with both. Every expected number is printed in the box and
kept in ``tests/fixtures/preston_box_6_2.csv``.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from one_population import bear, split_by_sex, survive

from simulator.demography.fertility import births
from simulator.demography.lifetable import survivorship

FloatArray = npt.NDArray[np.float64]

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "preston_box_6_2.csv"
WIDTH, RADIX, SRB = 5.0, 100_000.0, 1.05
SEXES = 2


@pytest.fixture(scope="module")
def box() -> dict[str, FloatArray]:
    """Columns of the box by name."""
    with FIXTURE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


@pytest.fixture(scope="module")
def steps(box: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(women and men with half the migrants, the same five years later, survival ratios)."""
    survival = np.tile(survivorship(box["Lx"], width=WIDTH, radix=RADIX), (SEXES, 1))
    half = np.tile(box["net_migrants"] / 2.0, (SEXES, 1))
    start = np.tile(box["population_start"], (SEXES, 1)) + half
    end, _ = survive(start, survival)
    return start, end + half, survival


def test_births_by_age_of_mother_are_those_printed(
    box: dict[str, FloatArray], steps: tuple[FloatArray, FloatArray, FloatArray]
) -> None:
    """Column "births by age of mother", persons."""
    start, end, _ = steps
    by_age = births(box["asfr"], start[1], end[1], width=WIDTH)
    np.testing.assert_array_equal(np.rint(by_age), box["births_by_mother_age"])


def test_end_population_is_that_printed(
    box: dict[str, FloatArray], steps: tuple[FloatArray, FloatArray, FloatArray]
) -> None:
    """Columns "females 1998" and "males 1998", persons, every age."""
    start, end, survival = steps
    _, newborns, _ = bear(start, end, WIDTH * box["asfr"], SRB, survival[:, 0])
    end[:, 0] += newborns
    np.testing.assert_array_equal(np.rint(end[1]), box["population_end_female"])
    np.testing.assert_array_equal(np.rint(end[0]), box["population_end_male"])


def test_step_and_fertility_functions_count_the_same_births(
    box: dict[str, FloatArray], steps: tuple[FloatArray, FloatArray, FloatArray]
) -> None:
    """The compiled births equal those of the pure functions, by sex (box: 1.05 males a female)."""
    start, end, survival = steps
    compiled, _, _ = bear(start, end, WIDTH * box["asfr"], SRB, survival[:, 0])
    total = births(box["asfr"], start[1], end[1], width=WIDTH).sum()
    np.testing.assert_allclose(compiled, split_by_sex(total, SRB), rtol=1e-14)
