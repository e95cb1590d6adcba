"""Boosted trees that ask one question a level, learnt on what a Gaussian process leaves.

Small, deterministic and robust: errors are cut at their median size, each tree sees a part of the
counties and features. docs/model.md eq. (74).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.flow_model import LEAF_UNIT, Trees

N_CUTS: Final = 31
#: Settings; about twenty were compared out of fold, on the counties that docs/accuracy.md scores;
#: most differences were within a tenth of a point.
ROUNDS: Final = 150
DEPTH: Final = 5
RATE: Final = 0.2
#: Runs that are averaged, each with other parts of the counties and features.
BAGS: Final = 3
_SHRINK: Final = 5.0
_DIGITS: Final = 9
_FEATURES: Final = 0.3
_COUNTIES: Final = 0.7


@dataclass(frozen=True)
class _Sample:
    """Counties and features that one tree sees: positions (m,), (f,), and bins (m, f)."""

    rows: np.ndarray
    features: np.ndarray
    bins: np.ndarray


def cut_points(z: np.ndarray) -> np.ndarray:
    """Where features (n, F) may be cut, shape (N_CUTS, F): equally frequent quantiles."""
    inner = np.linspace(0.0, 1.0, N_CUTS + 2)[1:-1]
    return np.asarray(np.round(np.quantile(z, inner, axis=0), 3))


def boost(z: np.ndarray, y: np.ndarray, cuts: np.ndarray) -> tuple[float, Trees]:
    """Constant and trees that predict ``y`` (n,) from features (n, F): the mean of `BAGS` runs."""
    bins = (z[:, None, :] > cuts[None]).sum(axis=1)
    constant = float(np.median(y))
    runs = [_run(bins, y - constant, seed) for seed in range(BAGS)]
    asked = np.concatenate([questions for questions, _ in runs])
    leaves = np.round(np.concatenate([leaf for _, leaf in runs]) / BAGS / LEAF_UNIT)
    return constant, Trees(asked[..., 0], asked[..., 1], leaves * LEAF_UNIT)


def _run(bins: np.ndarray, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Questions (T, D, 2) and leaves (T, 2**D) of one run of trees on binned features (n, F)."""
    rng = np.random.Generator(np.random.Philox(seed))
    fitted = np.zeros(len(y))
    asked, leaves = [], []
    for _ in range(ROUNDS):
        error = y - fitted
        bound = float(np.median(np.abs(error)))
        features = np.sort(rng.choice(bins.shape[1], int(bins.shape[1] * _FEATURES), replace=False))
        rows = np.sort(rng.choice(len(y), int(len(y) * _COUNTIES), replace=False))
        sample = _Sample(rows, features, bins[rows][:, features])
        questions, leaf = _grow(sample, np.clip(error, -bound, bound)[rows])
        place = np.zeros(len(y), dtype=int)
        for feature, cut in questions:
            place = 2 * place + (bins[:, feature] > cut)
        fitted = fitted + leaf[place]
        asked.append(questions)
        leaves.append(leaf)
    return np.array(asked), np.array(leaves)


def _grow(sample: _Sample, gradient: np.ndarray) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Questions (feature, cut) of one tree, and its leaves."""
    place = np.zeros(len(gradient), dtype=int)
    questions = []
    for depth in range(DEPTH):
        column, cut = _best(sample.bins, gradient, place, 2**depth)
        questions.append((int(sample.features[column]), cut))
        place = 2 * place + (sample.bins[:, column] > cut)
    total = np.bincount(place, gradient, minlength=2**DEPTH)
    count = np.bincount(place, minlength=2**DEPTH)
    return questions, RATE * total / (count + _SHRINK)


def _best(
    bins: np.ndarray, gradient: np.ndarray, place: np.ndarray, places: int
) -> tuple[int, int]:
    """Column and cut that, asked in every place at once, explain most."""
    columns = bins.shape[1]
    n_bins = N_CUTS + 1
    key = ((np.arange(columns) * places)[None] + place[:, None]) * n_bins + bins
    shape, length = (columns, places, n_bins), columns * places * n_bins
    weight = np.repeat(gradient, columns)
    total = np.bincount(key.ravel(), weight, minlength=length).reshape(shape).cumsum(axis=2)
    count = np.bincount(key.ravel(), minlength=length).reshape(shape).cumsum(axis=2)
    low, few = total[..., :-1], count[..., :-1]
    high, many = total[..., -1:] - low, count[..., -1:] - few
    gain = (low**2 / (few + _SHRINK) + high**2 / (many + _SHRINK)).sum(axis=1)
    # Features that order the counties alike gain alike: the first of them, not the last digit.
    gain = np.round(gain / max(float(gain.max()), 1.0), _DIGITS)
    column, cut = divmod(int(np.argmax(gain)), N_CUTS)
    return column, cut
