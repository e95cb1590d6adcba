"""Learn what a place's own stocks let expect of its flows: the table ``flow_priors.csv``.

A robust linear regression of the inverted net rates on the few features that any place has, with
provinces as random effects. docs/model.md eq. (79).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from simulator.flow_priors import FEATURES, RATES

_DEGREES: Final = 4.0
_ROUNDS: Final = 12
#: Counties that a province must have before half of its own mean error is believed.
_SHRINK: Final = 20.0
#: A median absolute normal error in standard deviations.
_MEDIAN_OF_NORMAL: Final = 0.6745
Row = tuple[object, ...]


def learn_priors(features: np.ndarray, provinces: np.ndarray, rates: np.ndarray) -> list[Row]:
    """Rows ``name, mean, sd, outside, town, fertility``.

    Parameters
    ----------
    features : (n, len(FEATURES)) as `prior_features`
    provinces : (n,) codes
    rates : (n, 3) net rates a year
    """
    mean, sd = features.mean(axis=0), features.std(axis=0)
    z = (features - mean) / sd
    names, group = np.unique(provinces, return_inverse=True)
    basis = np.column_stack([np.ones(len(z)), z, np.eye(len(names))[group]])
    penalty = np.concatenate([[0.0], np.ones(z.shape[1]), np.full(len(names), _SHRINK)])
    columns, widths = [], []
    for j in range(len(RATES)):
        weight, y = np.ones(len(z)), rates[:, j]
        for _ in range(_ROUNDS):
            weighted = basis * weight[:, None]
            b = np.linalg.solve(weighted.T @ basis + np.diag(penalty), weighted.T @ y)
            error = y - basis @ b
            scale = float(np.median(np.abs(error))) / _MEDIAN_OF_NORMAL
            weight = (_DEGREES + 1.0) / (_DEGREES + (error / scale) ** 2)
        columns.append(b)
        widths.append(scale)
    table = np.array(columns).T
    rows: list[Row] = [("constant", "", "", *map(float, table[0]))]
    for i, name in enumerate(FEATURES):
        rows.append((name, float(mean[i]), float(sd[i]), *map(float, table[1 + i])))
    for i, code in enumerate(names):
        rows.append((f"province_{code}", "", "", *map(float, table[1 + len(FEATURES) + i])))
    rows.append(("error_sd", "", "", *widths))
    return rows
