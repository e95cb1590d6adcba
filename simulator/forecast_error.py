"""How wrong such forecasts have been, as an error that draws carry; docs/model.md eqs. (68)-(70).

Parameter ranges and the fit's posterior do not hold everything that can happen. What is missing,
up to the size of the errors measured between two censuses, is added to the draws as a process
whose yearly changes persist (AR(1)), and where the base year rests on an estimate rather than a
count, so is that estimate's own error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

#: Years between the two censuses that the errors were measured on.
_DECADE = 10
#: Years after a count at which the error of estimated base figures was measured (2010 to 2015).
_HALFWAY = 5.0

#: Measure, its error after a decade, and that of an estimate five years after a count.
_SIZES = {
    "population": ("forecast_error_population", "base_error_population"),
    "urban": ("forecast_error_urban", "base_error_urban"),
}
Values = Mapping[str, float]


@dataclass(frozen=True)
class Errors:
    """Errors of K draws, each (K, T + 1): of log residents and of the logit of the urban share."""

    population: np.ndarray
    urban: np.ndarray


def growth(persistence: float, years: int) -> np.ndarray:
    """Standard deviation of the summed changes after 0..years, 1 after a decade, (years + 1,).

    Changes follow x_t = persistence x_{t-1} + e_t from rest; eq. (68).
    """
    span = max(years, _DECADE)
    # Weight of the shock of year i in the sum of year t: 1 + rho + ... + rho^(t - i).
    weight = np.cumsum(persistence ** np.arange(span))
    variance = np.concatenate([[0.0], np.cumsum(weight**2)])
    return np.asarray(np.sqrt(variance / variance[_DECADE]))[: years + 1]


def _paths(normal: np.ndarray, persistence: float) -> np.ndarray:
    """Summed AR(1) changes of unit size after a decade, (K, T + 1), from normals (K, T)."""
    change = np.zeros_like(normal)
    last = np.zeros(len(normal))
    for t in range(normal.shape[1]):
        last = persistence * last + normal[:, t]
        change[:, t] = last
    span = np.cumsum(persistence ** np.arange(_DECADE))
    summed = np.cumsum(change, axis=1) / np.sqrt((span**2).sum())
    return np.concatenate([np.zeros((len(normal), 1)), summed], axis=1)


def _missing(wanted: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Share of each year's wanted spread that the draws do not hold yet, as a factor on it."""
    with np.errstate(invalid="ignore", divide="ignore"):
        lacking = np.sqrt(np.maximum(wanted**2 - held**2, 0.0)) / wanted
    return np.where(wanted > 0.0, lacking, 0.0)


def base_spread(stated: bool, years_since_count: int, size: str, values: Values) -> float:
    """Standard deviation at the base year, eq. (70): of an estimate, or of the model's own carry.

    Parameters
    ----------
    stated : whether a document states the base figure; else it was carried from the last count
    years_since_count : years from the last census used to the base year; 0 if the base is one
    size : ``population`` or ``urban``
    values : the parameters of group ``forecast``
    """
    after_decade, of_estimate = _SIZES[size]
    if stated:
        return values[of_estimate] * min(years_since_count / _HALFWAY, 1.0)
    shape = growth(values["forecast_persistence"], years_since_count)
    return float(values[after_decade] * shape[-1])


def forecast_errors(
    normal: np.ndarray,
    log_residents: np.ndarray,
    logit_urban: np.ndarray,
    spread: tuple[float, float],
    values: Values,
) -> Errors:
    """What draws lack of the errors measured, and the error of the base.

    Their mean is 0, so that the middle of the draws stays where it was.

    Parameters
    ----------
    normal : (K, 2, T + 1) standard normals; the first of each row is for the base
    log_residents, logit_urban : (K, T + 1) of the draws as they are
    spread : standard deviation of either at the base year, `base_spread`
    values : the parameters of group ``forecast``

    Returns
    -------
    Errors
        Of draws, to be added to ``log_residents`` and ``logit_urban``.
    """
    rho, horizon = values["forecast_persistence"], normal.shape[-1] - 1
    shape, found = growth(rho, horizon), []
    for row, (drawn, size) in enumerate(((log_residents, "population"), (logit_urban, "urban"))):
        scale = values[_SIZES[size][0]]
        lacking = _missing(scale * shape, drawn.std(axis=0))
        path = _paths(normal[:, row, 1:], rho) * scale * lacking
        found.append(path + spread[row] * normal[:, row, :1])
    return Errors(*found)
