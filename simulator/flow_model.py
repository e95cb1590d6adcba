"""Net rates of a county as learnt from the development counties' decade 2010-2020.

docs/model.md eqs. (56)-(58). The tables are written by tools/learn_flows.py; a county that took
part in the learning is predicted by the coefficients that were learnt without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.county_features import Known, standardized
from simulator.tables import learnt_rows

TARGETS = ("outside", "town", "fertility")
#: Name of the fold that leaves nothing out.
WHOLE = "all"
#: Bounds of the size classes, residents.
SIZE_BOUNDS = (1e5, 3e5, 1e6)
#: Features that say how wide the error is.
SPREAD = (
    "size", "urban", "district", "city", "other_province", "same_province", "hukou", "minorities",
)  # fmt: skip
_ROOT3 = 3.0**0.5


@dataclass(frozen=True)
class Rates:
    """Predicted net rates: centre (U, 3) and, per target, spread (U, 3).

    ``quantile`` (U, 3, Q) are standardized errors at ``probabilities`` (Q,); ``correlation``
    (U,) of the errors of the first two rates, on the normal scale.
    """

    centre: np.ndarray
    spread: np.ndarray
    quantile: np.ndarray
    probabilities: np.ndarray
    correlation: np.ndarray


@dataclass(frozen=True)
class Coefficients:
    """One fold's coefficients of one target; see docs/model.md eq. (56)."""

    constant: float
    amplitude: float
    inverse_square: np.ndarray
    linear: np.ndarray
    support: np.ndarray
    province: dict[str, float]
    prefecture: dict[str, float]
    spread: np.ndarray
    size_factor: np.ndarray
    quantile: np.ndarray


def kernel(x: np.ndarray, y: np.ndarray, inverse_square: np.ndarray) -> np.ndarray:
    """Matern-3/2 likeness of rows of ``x`` and ``y``, shape (X, Y), 1 for equal rows."""
    a, b = x * np.sqrt(inverse_square), y * np.sqrt(inverse_square)
    square = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2.0 * a @ b.T
    r = _ROOT3 * np.sqrt(np.maximum(square, 0.0))
    return np.asarray((1.0 + r) * np.exp(-r))


def size_class(residents: np.ndarray) -> np.ndarray:
    """Position of each county's size class, 0 the smallest."""
    return np.searchsorted(np.array(SIZE_BOUNDS), residents, side="right")


def spread_basis(z: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Constant, `SPREAD` features and the square of size, shape (U, B)."""
    columns = [z[:, names.index(n)] for n in SPREAD]
    return np.column_stack([np.ones(len(z)), *columns, z[:, names.index("size")] ** 2])
