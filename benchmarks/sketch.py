"""Quantiles of many series without keeping their values: counts in bins of fixed width.

A sketch takes values in blocks and keeps, for each series, how many fell into each bin, and the
least and greatest value. Counts are whole numbers, so the order of blocks cannot matter. A
quantile is the one of `numpy.quantile` to within the width of the bins it falls into, which is
returned beside it. Arrays in, arrays out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator.compiled import njit

#: Bins of each series: with draws spread like a normal a bin is about 1/400 of their standard
#: deviation wide, less than the chance error of a median of 100,000 draws.
BINS = 4096
#: The bins reach beyond the values first seen by this share of their range on either side.
_MARGIN = 0.5
_HALF = 0.5


@njit(cache=True, nogil=True)
def _count(values, low, high, per_unit, counts, least, greatest) -> None:
    """Count K values of S series (K, S); the first and last bin of a series are open."""
    last = counts.shape[1] - 1
    for k in range(values.shape[0]):
        for s in range(values.shape[1]):
            v = values[k, s]
            least[s], greatest[s] = min(least[s], v), max(greatest[s], v)
            if v < low[s]:
                counts[s, 0] += 1
            elif v > high[s]:
                counts[s, last] += 1
            else:
                counts[s, min(int((v - low[s]) * per_unit[s]) + 1, last - 1)] += 1


class Sketch:
    """Distribution of S series of the same length, in memory that does not grow with it.

    Parameters
    ----------
    first : (K, ...) values that set the range of the bins; they are not counted

    Raises
    ------
    ValueError
        if a value is not finite.
    """

    def __init__(self, first: np.ndarray) -> None:
        values = _rows(first)
        margin = _MARGIN * (values.max(axis=0) - values.min(axis=0))
        self.shape = first.shape[1:]
        self.low, self.high = values.min(axis=0) - margin, values.max(axis=0) + margin
        width = (self.high - self.low) / BINS
        self._per_unit = np.divide(1.0, width, out=np.zeros_like(width), where=width > 0.0)
        self._counts = np.zeros((values.shape[1], BINS + 2), dtype=np.uint32)
        self._least = np.full(values.shape[1], np.inf)
        self._greatest = np.full(values.shape[1], -np.inf)

    @property
    def size(self) -> int:
        """Values counted of each series."""
        return int(self._counts[0].sum(dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        arrays = (self._counts, self.low, self.high, self._per_unit, self._least, self._greatest)
        return sum(array.nbytes for array in arrays)

    def add(self, values: np.ndarray) -> None:
        """Count ``values`` (K, ...), K of each series; not for two threads at once."""
        _count(
            _rows(values), self.low, self.high, self._per_unit, self._counts, self._least,
            self._greatest,
        )  # fmt: skip

    def quantiles(self, probabilities: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """Quantiles, and how far each may be from `numpy.quantile` of all values.

        Returns
        -------
        values, error : (len(probabilities), ...), in the unit of the series

        Raises
        ------
        ValueError
            if nothing was counted.
        """
        if self.size == 0:
            raise ValueError("no values were counted")
        found = np.empty((2, len(probabilities), len(self._counts)))
        for s, counts in enumerate(self._counts):
            edges = np.linspace(self.low[s], self.high[s], BINS + 1)
            edges = np.concatenate([[self._least[s]], edges, [self._greatest[s]]])
            edges = np.clip(edges, self._least[s], self._greatest[s])
            before = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
            for i, probability in enumerate(probabilities):
                found[:, i, s] = _between(probability * (self.size - 1), edges, before)
        values, error = found.reshape(2, len(probabilities), *self.shape)
        return values, error


def _between(rank: float, edges: np.ndarray, before: np.ndarray) -> tuple[float, float]:
    """Value at a rank between two places in the order, and the width of their bins."""
    below = math.floor(rank)
    (a, wide), (b, also) = (_place(j, edges, before) for j in (below, math.ceil(rank)))
    return a + (rank - below) * (b - a), max(wide, also)


def _place(j: int, edges: np.ndarray, before: np.ndarray) -> tuple[float, float]:
    """Value in place ``j`` of the order, taken as evenly spread in its bin, and the bin's width."""
    bin_ = int(np.searchsorted(before, j, side="right")) - 1
    share = (j - before[bin_] + _HALF) / (before[bin_ + 1] - before[bin_])
    width = edges[bin_ + 1] - edges[bin_]
    return float(edges[bin_] + share * width), float(width)


def _rows(values: np.ndarray) -> np.ndarray:
    rows = np.ascontiguousarray(values.reshape(len(values), math.prod(values.shape[1:])))
    if not np.isfinite(rows).all():
        raise ValueError("a value to be counted is not finite")
    return rows
