"""Half a year at a hazard: the polynomial against exact arithmetic and the library."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest

from simulator.axes import N_AGES, Place, Registration
from simulator.sheet import new_sheet, write_opening
from simulator.waiting import SERIES_LIMIT, waiting

getcontext().prec = 50
#: A few roundings of a number of about 1; 2.2e-16 is one.
ROUNDING = 1e-15


def exact(hazard: float) -> tuple[float, float]:
    """Half of phi, and stay, of docs/model.md eq. (3) to fifty digits."""
    x = Decimal(hazard) / 2
    return float((1 - (-x).exp()) / x / 2), float((-x).exp())


@pytest.mark.parametrize("exactly", [False, True])
def test_waiting_is_exact_to_rounding(exactly: bool) -> None:
    """Everywhere up to the largest hazard of the polynomial, and in tiny hazards."""
    hazards = [*np.linspace(1e-3, SERIES_LIMIT, 1500), *np.geomspace(1e-15, 1e-3, 200)]
    for hazard in hazards:
        np.testing.assert_allclose(waiting(hazard, exactly), exact(hazard), rtol=ROUNDING)


@pytest.mark.parametrize("exactly", [False, True])
def test_nobody_leaves_without_a_hazard(exactly: bool) -> None:
    assert waiting(0.0, exactly) == (0.5, 1.0)


def test_large_hazards_by_the_library() -> None:
    for hazard in (2.5, 40.0, 800.0):
        np.testing.assert_allclose(waiting(hazard, True), exact(hazard), rtol=ROUNDING)


def test_nobody_who_is_not_local_is_away() -> None:
    """The step leaves that cell out, so that people in it would be lost."""
    people = np.zeros((3, 3, 2, N_AGES))
    people[Registration.NONLOCAL, Place.AWAY, 0, 30] = 1.0
    with pytest.raises(ValueError, match="not local cannot be away"):
        write_opening(new_sheet(), people, np.ones((12, 2, N_AGES)), np.ones((2, N_AGES)))


def test_more_ages_than_a_row_holds_are_refused() -> None:
    ages = N_AGES + 1
    with pytest.raises(ValueError, match="more ages than a row"):
        write_opening(
            new_sheet(), np.ones((3, 3, 2, ages)), np.ones((12, 2, ages)), np.ones((2, ages))
        )
