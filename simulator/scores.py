"""How a backtest did: errors, coverage and width, in all and by size class and kind.

docs/model.md eqs. (77)-(78).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.backtest import PROBABILITIES, Backtest
from simulator.flow_model import size_class

#: Names of the size classes and kinds, keys of messages ``accuracy.group.*``.
SIZES = ("under_100k", "100k_300k", "300k_1m", "over_1m")
KINDS = ("district", "city", "county")
#: Changes by which a unit of 2020 is not the place that was launched: part of another was moved.
_MOVED = ("received", "ceded")
_NEAR = 0.10
_INNER, _OUTER = (0.25, 0.75), (0.10, 0.90)
_MIDDLE = PROBABILITIES.index(0.5)


@dataclass(frozen=True)
class Point:
    """Errors of central projections: residents relative, urban share in shares."""

    mape: float
    median: float
    wape: float
    within: float
    urban_mae: float
    urban_median: float


@dataclass(frozen=True)
class Spread:
    """Coverage (share) and median width of 50 % and 80 % intervals, relative for residents."""

    cover_50: float
    cover_80: float
    width_50: float
    width_80: float


@dataclass(frozen=True)
class Score:
    """One group of counties."""

    group: str
    counties: int
    point: Point
    ages_wape: float
    residents: Spread
    urban: Spread


def point(
    projected: np.ndarray, urban: np.ndarray, counted: np.ndarray, share: np.ndarray
) -> Point:
    """Errors of projected residents and urban shares against those counted, each (n,)."""
    error = np.abs(projected / counted - 1.0)
    miss = np.abs(urban - share)
    return Point(
        mape=float(error.mean()),
        median=float(np.median(error)),
        wape=float(np.abs(projected - counted).sum() / counted.sum()),
        within=float((error <= _NEAR).mean()),
        urban_mae=float(miss.mean()),
        urban_median=float(np.median(miss)),
    )


def ages_wape(projected: np.ndarray, counted: np.ndarray) -> float:
    """Absolute error of all age groups over all persons; arrays (n, 2, G)."""
    return float(np.abs(projected - counted).sum() / counted.sum())


def spread(quantiles: np.ndarray, counted: np.ndarray, scale: np.ndarray) -> Spread:
    """Coverage and width of quantiles (n, 5); widths in units of ``scale`` (n,)."""

    def one(bounds: tuple[float, float]) -> tuple[float, float]:
        low, high = (quantiles[:, PROBABILITIES.index(b)] for b in bounds)
        inside = (counted >= low) & (counted <= high)
        return float(inside.mean()), float(np.median((high - low) / scale))

    (cover_50, width_50), (cover_80, width_80) = one(_INNER), one(_OUTER)
    return Spread(cover_50, cover_80, width_50, width_80)


def groups(found: Backtest, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Scored rows in all, by size class of 2010, by kind, and those whose extent did not change."""
    size = size_class(found.figures.counts["resident"])
    features, names = found.figures.features, found.figures.names
    district = features[:, names.index("district")] > 0.0
    city = features[:, names.index("city")] > 0.0
    kind = np.where(district, 0, np.where(city, 1, 2))
    parts = {"all": rows}
    parts |= {name: rows[size[rows] == k] for k, name in enumerate(SIZES)}
    parts |= {name: rows[kind[rows] == k] for k, name in enumerate(KINDS)}
    kept = np.array([unit.change not in _MOVED for unit in found.units])
    return parts | {"same_extent": rows[kept[rows]]}


def score(found: Backtest, rows: np.ndarray, name: str) -> Score:
    """Score of some scored units."""
    counted, share = found.resident_2020[rows], found.urban_2020[rows]
    residents, urban = found.resident_quantiles[rows], found.urban_quantiles[rows]
    return Score(
        name,
        len(rows),
        point(residents[:, _MIDDLE], urban[:, _MIDDLE], counted, share),
        ages_wape(found.ages[rows], found.ages_2020[rows]),
        spread(residents, counted, residents[:, _MIDDLE]),
        spread(urban, share, np.ones(len(rows))),
    )
