"""Ten-year outcomes of a county as learnt from the development counties' decade 2010-2020.

docs/model.md eqs. (74)-(76). The tables are written by tools/learn_flows.py; a county that took
part in the learning is predicted by the coefficients that were learnt without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.county_ageing import AGEING
from simulator.county_features import Known, standardized
from simulator.county_lists import learnt_rows

#: Log growth of residents, change of the stretched logit of the urban share, log of the share of
#: children under ten at the end.
TARGETS = ("residents", "urban", "children")
#: Targets whose errors are drawn: all but the last.
DRAWN = TARGETS[:2]
#: Targets that have trees; out of fold they help residents only.
GROWN = TARGETS[:1]
#: Features that only these targets' processes see; out of fold they harm the urban share.
RESERVED = dict.fromkeys(AGEING, GROWN)
#: Part of the Gaussian process's prediction that the trees build upon; chosen out of fold among
#: 0.6, 0.7 and 0.8.
BELIEVED = 0.8
#: Leaves are stored as whole numbers of this size.
LEAF_UNIT = 1e-5
#: Shares are stretched by this much at both ends, so that a county can become wholly urban.
_STRETCH = 0.01
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
class Expected:
    """Predicted outcomes: ``centre`` (U, 3) as `TARGETS`, ``spread`` (U, 2) of those `DRAWN`.

    ``quantile`` (U, 2, Q) are standardized errors at ``probabilities`` (Q,); ``correlation``
    (U,) of the errors of the drawn outcomes, on the normal scale.
    """

    centre: np.ndarray
    spread: np.ndarray
    quantile: np.ndarray
    probabilities: np.ndarray
    correlation: np.ndarray


@dataclass(frozen=True)
class Trees:
    """Trees that ask the same question throughout a level; see docs/model.md eq. (74).

    ``feature`` and ``cut`` (T, D) are positions, ``leaf`` (T, 2**D) values.
    """

    feature: np.ndarray
    cut: np.ndarray
    leaf: np.ndarray

    def value(self, z: np.ndarray, cuts: np.ndarray) -> np.ndarray:
        """Sum of the trees' leaves for rows of ``z`` (U, F) with ``cuts`` (C, F), shape (U,)."""
        above = z[:, self.feature] > cuts[self.cut, self.feature]
        place = above @ (1 << np.arange(self.feature.shape[1])[::-1])
        return np.asarray(self.leaf[np.arange(len(self.leaf)), place].sum(axis=1))


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
    trees: Trees


def stretched_logit(share: np.ndarray) -> np.ndarray:
    """Logit of shares from 0 to 1, both included."""
    inner = (share + _STRETCH) / (1.0 + 2.0 * _STRETCH)
    return np.asarray(np.log(inner / (1.0 - inner)))


def share_of(logit: np.ndarray) -> np.ndarray:
    """Shares of stretched logits, from 0 to 1."""
    inner = 1.0 / (1.0 + np.exp(-logit))
    return np.asarray(np.clip(inner * (1.0 + 2.0 * _STRETCH) - _STRETCH, 0.0, 1.0))


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


def predict(figures: Known, codes: Sequence[str]) -> Expected:
    """Outcomes of units, each by the fold that its 2010 row had no part in.

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
    district = (figures.features[:, names.index("district")] > 0.0).astype(int)
    basis = spread_basis(z, model.features)
    n = len(codes)
    centre, spread = np.empty((n, len(TARGETS))), np.empty((n, len(DRAWN)))
    quantile = np.empty((n, len(DRAWN), len(model.probabilities)))
    folds = np.array([model.folds.get(code, WHOLE) for code in codes])
    for fold in np.unique(folds):
        at = np.flatnonzero(folds == fold)
        for j, target in enumerate(TARGETS):
            c = model.coefficients[target, str(fold)]
            likeness = kernel(z[at], model.support, c.inverse_square)
            centre[at, j] = c.constant + z[at] @ c.linear + likeness @ c.support
            centre[at, j] += [c.province.get(str(p), 0.0) for p in figures.province[at]]
            centre[at, j] += [c.prefecture.get(str(p), 0.0) for p in figures.prefecture[at]]
            if target in GROWN:
                centre[at, j] = BELIEVED * centre[at, j] + c.trees.value(z[at], model.cuts)
            if target in DRAWN:
                spread[at, j] = np.exp(basis[at] @ c.spread) * c.size_factor[size[at]]
                quantile[at, j] = c.quantile[district[at]]
    correlation = np.full(n, model.correlation)
    return Expected(centre, spread, quantile, model.probabilities, correlation)


@dataclass(frozen=True)
class _Model:
    features: tuple[str, ...]
    mean: np.ndarray
    sd: np.ndarray
    cuts: np.ndarray
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
    cuts = [k for k in features[0] if k.startswith("cut_")]
    columns = [k for k in learnt_rows("coefficients")[0] if k not in ("part", "name")]
    return _Model(
        features=names,
        mean=np.array([float(r["mean"]) for r in features]),
        sd=np.array([float(r["sd"]) for r in features]),
        cuts=np.array([[float(r[k]) for r in features] for k in cuts]),
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

    quantile = np.stack([array("quantile"), array("quantile_district")])

    return Coefficients(
        constant=parts["constant"][""],
        inverse_square=array("scale"),
        linear=array("linear"),
        support=array("support"),
        province=parts["province"],
        prefecture=parts["prefecture"],
        spread=array("spread"),
        size_factor=array("size_factor"),
        quantile=quantile,
        trees=_trees(column),
    )


def _trees(column: str) -> Trees:
    """Trees of one target and fold."""
    rows = [r for r in learnt_rows("trees") if r["set"] == column]

    def array(part: str) -> np.ndarray:
        return np.array([[int(v) for k, v in r.items() if k.startswith(part)] for r in rows])

    if not rows:
        nothing = np.empty((0, 1), dtype=int)
        return Trees(nothing, nothing, np.empty((0, 2)))
    return Trees(array("feature_"), array("cut_"), array("leaf_") * LEAF_UNIT)


def folds_of(codes: Sequence[str]) -> list[int | None]:
    """Fold of each 2010 code that took part in the learning, which is predicted by what is learnt
    without it; None of others.
    """
    folds = _tables().folds
    return [int(folds[code]) if code in folds else None for code in codes]
