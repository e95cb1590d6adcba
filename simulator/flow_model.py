"""Net rates of a county as learnt from the development counties' decade 2010-2020.

docs/model.md eqs. (74)-(76). The tables are written by tools/learn_flows.py; a county that took
part in the learning is predicted by the coefficients that were learnt without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.county_features import Known, standardized
from simulator.county_lists import learnt_rows

TARGETS = ("outside", "town", "fertility")
#: Yearly rates are learnt over ten years, so that all targets are of one order.
UNITS = (0.1, 0.1, 1.0)
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
    """One fold's coefficients of one target; see docs/model.md eq. (74)."""

    constant: float
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


def predict(figures: Known, codes: Sequence[str]) -> Rates:
    """Net rates of units, each by the fold that its 2010 row had no part in.

    Parameters
    ----------
    figures : units with features
    codes : 2010 code of each unit's first part
    """
    model = _tables()
    names = list(figures.names)
    order = [names.index(n) for n in model.features]
    z = standardized(figures.features[:, order], model.mean, model.sd)
    size = size_class(figures.counts["resident"])
    basis = spread_basis(z, model.features)
    n, n_quantiles = len(codes), len(model.probabilities)
    centre, spread = np.empty((n, len(TARGETS))), np.empty((n, len(TARGETS)))
    quantile = np.empty((n, len(TARGETS), n_quantiles))
    correlation = np.full(n, model.correlation)
    folds = np.array([model.folds.get(code, WHOLE) for code in codes])
    for fold in np.unique(folds):
        at = np.flatnonzero(folds == fold)
        for j, target in enumerate(TARGETS):
            c = model.coefficients[target, str(fold)]
            likeness = kernel(z[at], model.support, c.inverse_square)
            centre[at, j] = c.constant + z[at] @ c.linear + likeness @ c.support
            centre[at, j] += [c.province.get(str(p), 0.0) for p in figures.province[at]]
            centre[at, j] += [c.prefecture.get(str(p), 0.0) for p in figures.prefecture[at]]
            spread[at, j] = np.exp(basis[at] @ c.spread) * c.size_factor[size[at]]
            quantile[at, j] = c.quantile
    unit = np.array(UNITS)
    return Rates(centre * unit, spread * unit, quantile, model.probabilities, correlation)


@dataclass(frozen=True)
class _Model:
    features: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    support: np.ndarray
    folds: dict[str, str]
    probabilities: np.ndarray
    correlation: float
    coefficients: dict[tuple[str, str], Coefficients]


@cache
def _tables() -> _Model:
    features = learnt_rows("features")
    names = tuple(r["feature"] for r in features)
    support = learnt_rows("support")
    shared = {r["name"]: float(r["value"]) for r in learnt_rows("errors")}
    probabilities = [float(v) for k, v in shared.items() if k.startswith("probability_")]
    columns = [k for k in learnt_rows("coefficients")[0] if k not in ("part", "name")]
    return _Model(
        features=names,
        mean=np.array([float(r["mean"]) for r in features]),
        sd=np.array([float(r["sd"]) for r in features]),
        support=np.array([[float(r[n]) for n in names] for r in support]),
        folds={r["code"]: r["fold"] for r in learnt_rows("folds")},
        probabilities=np.array(probabilities),
        correlation=shared["correlation"],
        coefficients={
            (c.rsplit("_", 1)[0], c.rsplit("_", 1)[1]): _coefficients(c) for c in columns
        },
    )


def _coefficients(column: str) -> Coefficients:
    """One column of the table."""
    parts: dict[str, dict[str, float]] = {}
    for row in learnt_rows("coefficients"):
        parts.setdefault(row["part"], {})[row["name"]] = float(row[column])

    def array(part: str) -> np.ndarray:
        return np.array(list(parts[part].values()))

    return Coefficients(
        constant=parts["constant"][""],
        inverse_square=array("scale"),
        linear=array("linear"),
        support=array("support"),
        province=parts["province"],
        prefecture=parts["prefecture"],
        spread=array("spread"),
        size_factor=array("size_factor"),
        quantile=array("quantile"),
    )


def learnt_without(code: str) -> bool:
    """Whether a county took part in the learning, so that a fold without it predicts it."""
    return code in _tables().folds
