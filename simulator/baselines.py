"""What a backtest is held against: no change, the province's trend, a regression with trees.

docs/model.md, backtest. The regression sees the same features and, unlike the projection, is
fitted to the counties that it is scored on, each by those outside its fold, the model's own folds.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.backtest import Backtest
from simulator.county_lists import province_trend
from simulator.flow_model import folds_of

#: Fewer counties than this many a fold teach a regression nothing.
_FEWEST = 5
_SEED = 0
#: Settings of the trees, those of the orientation figures; none was searched for.
_TREES: Mapping[str, float] = {
    "max_iter": 300, "learning_rate": 0.04, "max_leaf_nodes": 12, "min_samples_leaf": 12,
    "l2_regularization": 5.0,
}  # fmt: skip
_BOUNDS = (0.02, 0.99)

Guess = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Residents (n,), urban share (n,), residents by sex and age group (n, 2, G)."""


def _logit(share: np.ndarray) -> np.ndarray:
    cut = np.clip(share, *_BOUNDS)
    return np.asarray(np.log(cut / (1.0 - cut)))


def _now(found: Backtest, rows: np.ndarray) -> Guess:
    counts = found.figures.counts
    residents = counts["resident"][rows]
    return residents, counts["urban"][rows] / residents, found.figures.ages[rows]


def constant(found: Backtest, rows: np.ndarray) -> Guess:
    """Everything as in 2010."""
    return _now(found, rows)


def province(found: Backtest, rows: np.ndarray) -> Guess:
    """Each county grows, and the logit of its urban share moves, as its province did 2000-2010."""
    residents, urban, ages = _now(found, rows)
    trend = [province_trend(str(code)) for code in found.figures.province[rows]]
    by = np.exp([t.log_growth for t in trend])
    share = 1.0 / (1.0 + np.exp(-_logit(urban) - np.array([t.urban_logit for t in trend])))
    return residents * by, share, ages * by[:, None, None]


def trees(found: Backtest, rows: np.ndarray) -> Guess | None:
    """Gradient-boosted trees by the model's own folds, so that both learn from as many counties.

    A county that the model has not learnt from is judged in the fold that its position falls in.
    None without scikit-learn or with few counties.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError:
        return None
    fold = _folds(found, rows)
    kinds = np.unique(fold)
    if len(kinds) < 2 or len(rows) < _FEWEST * len(kinds):
        return None
    residents, urban, ages = _now(found, rows)
    features = found.figures.features[rows]
    growth = np.log(found.resident_2020[rows] / residents)
    shift = _logit(found.urban_2020[rows]) - _logit(urban)
    guess = np.empty((2, len(rows)))
    for k in kinds:
        learn, judge = fold != k, fold == k
        for j, target in enumerate((growth, shift)):
            model = HistGradientBoostingRegressor(
                loss="absolute_error", random_state=_SEED, early_stopping=False, **_TREES
            )
            guess[j, judge] = model.fit(features[learn], target[learn]).predict(features[judge])
    by = np.exp(guess[0])
    share = 1.0 / (1.0 + np.exp(-_logit(urban) - guess[1]))
    return residents * by, share, ages * by[:, None, None]


def _folds(found: Backtest, rows: np.ndarray) -> np.ndarray:
    """Fold of each scored county (n,): the model's, else by position among as many."""
    known = folds_of([found.codes_2010[row] for row in rows])
    count = 1 + max((k for k in known if k is not None), default=0)
    return np.array([i % count if k is None else k for i, k in enumerate(known)])
