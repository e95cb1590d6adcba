"""Rogers-Castro schedules against values worked by hand."""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from simulator.demography.schedules import WORKING_AGES, rogers_castro, unit_gmr, unit_hazard

#: Rogers & Castro (1981), fundamental parameters.
FUNDAMENTAL: dict[str, Any] = {
    "a1": 0.02,
    "alpha1": 0.1,
    "a2": 0.06,
    "alpha2": 0.1,
    "mu2": 20.0,
    "lambda2": 0.4,
    "c": 0.003,
}
AGES = np.arange(101)


def test_rogers_castro_by_hand() -> None:
    curve = rogers_castro(AGES, **FUNDAMENTAL)
    # Age 0: exp(8) in the double exponential leaves the childhood component and the constant.
    assert curve[0] == pytest.approx(0.02 + 0.003, abs=1e-12)
    # Age 20 = mu2: 0.02 exp(-2) + 0.06 exp(0 - exp(0)) + 0.003
    assert curve[20] == pytest.approx(0.02 * 0.135335283 + 0.06 * 0.367879441 + 0.003, abs=1e-10)
    # Age 30: 0.02 exp(-3) + 0.06 exp(-1 - exp(-4)) + 0.003
    assert curve[30] == pytest.approx(
        0.02 * 0.049787068 + 0.06 * exp(-1.018315639) + 0.003, abs=1e-10
    )
    assert curve[100] == pytest.approx(0.003 + 0.02 * exp(-10) + 0.06 * exp(-8), rel=1e-9)


def test_labour_force_peak_stands_where_its_derivative_vanishes() -> None:
    """d/dx = 0 at x = mu2 + ln(lambda2 / alpha2) / lambda2 = 23.466 for a1 = 0."""
    fine = np.linspace(0.0, 60.0, 60_001)
    curve = rogers_castro(fine, **{**FUNDAMENTAL, "a1": 0.0})
    assert fine[curve.argmax()] == pytest.approx(20.0 + np.log(4.0) / 0.4, abs=1e-3)


def test_parameters_may_differ_by_draw() -> None:
    draws = rogers_castro(AGES, **{**FUNDAMENTAL, "mu2": np.array([20.0, 25.0])})
    assert draws.shape == (2, 101)
    np.testing.assert_array_equal(draws[1], rogers_castro(AGES, **{**FUNDAMENTAL, "mu2": 25.0}))


def test_unit_gmr_sums_to_one_and_keeps_proportions() -> None:
    curve = rogers_castro(AGES, **FUNDAMENTAL)
    share = unit_gmr(curve)
    assert share.sum() == pytest.approx(1.0, rel=1e-13)
    assert share[25] / share[60] == pytest.approx(curve[25] / curve[60])


def test_unit_hazard_has_mean_one_over_working_ages() -> None:
    curve = rogers_castro(AGES, **FUNDAMENTAL)
    hazard = unit_hazard(np.stack([curve, 7.0 * curve]))
    first, last = WORKING_AGES
    np.testing.assert_allclose(hazard[:, first : last + 1].mean(axis=-1), 1.0, rtol=1e-13)
    np.testing.assert_allclose(hazard[0], hazard[1], rtol=1e-13)


def test_rogers_castro_refuses_a_negative_curve() -> None:
    with pytest.raises(ValueError, match="not negative at every age"):
        rogers_castro(AGES, **{**FUNDAMENTAL, "c": -0.1})


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (np.zeros(101), "sum to 0"),
        (np.full(101, -1.0), "not negative"),
        (np.ones(40), "ages 0-59"),
    ],
)
def test_unit_hazard_refuses(schedule: npt.NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unit_hazard(schedule)
