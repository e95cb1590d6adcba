"""How wrong such forecasts have been, as an error that draws carry; docs/model.md eqs. (68)-(70).

Parameter ranges and the fit's posterior do not hold everything that can happen. What is missing,
up to the size of the errors measured between two censuses for places of the same kind, is added
to the draws as a process whose yearly changes persist (AR(1)), and where the base year rests on an
estimate rather than a count, so is that estimate's own error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.county_lists import error_sizes
from simulator.schema import PlaceFile

#: Years between the two censuses that the errors were measured on.
_DECADE = 10
#: Years after a count at which the error of estimated base figures was measured (2010 to 2015).
_HALFWAY = 5.0

#: Measure, the factor on its error after a decade, and its error in an estimate five years after
#: a count.
_SIZES = {
    "population": ("forecast_error_population", "base_error_population"),
    "urban": ("forecast_error_urban", "base_error_urban"),
}
MEASURES = tuple(_SIZES)
#: Rows of the table of sizes for places that are no counties; a nation is taken as uncertain as a
#: prefecture, which is too wide.
_KIND_OF_LEVEL = {"prefecture": "prefecture", "nation": "prefecture", "town": "small",
                  "zone": "small"}  # fmt: skip
#: Residents below which a county of any kind has the errors of small ones.
_SMALL = 100_000.0
Values = Mapping[str, float]


@dataclass(frozen=True)
class Size:
    """Standard deviations of one measure: after a decade, and at the base year."""

    decade: float
    base: float


def kind_of(place: PlaceFile, residents: float) -> str:
    """Row of the table of sizes that a place of so many residents belongs to."""
    if place.county_kind and residents < _SMALL:
        return "small"
    return place.county_kind or _KIND_OF_LEVEL[place.level]


def after_decade(kind: str, measure: str, values: Values) -> float:
    """Standard deviation of a measure's error after ten years for a kind of place."""
    measured = dict(zip(MEASURES, error_sizes(kind), strict=True))[measure]
    return measured * values[_SIZES[measure][0]]


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


def size_of(kind: str, measure: str, stated: bool, age: int, values: Values) -> Size:
    """Errors of one measure, eqs. (68) and (70).

    Parameters
    ----------
    kind : of place, a row of the table of sizes
    measure : ``population`` or ``urban``
    stated : whether a document states the base figure; else it was carried from the last count
    age : years from the last census used to the base year; 0 if the base is one
    values : the parameters of group ``forecast``
    """
    decade = after_decade(kind, measure, values)
    if stated:
        return Size(decade, values[_SIZES[measure][1]] * min(age / _HALFWAY, 1.0))
    return Size(decade, float(decade * growth(values["forecast_persistence"], age)[-1]))


def forecast_errors(
    normal: np.ndarray,
    log_residents: np.ndarray,
    logit_urban: np.ndarray,
    sizes: tuple[Size, Size],
    persistence: float,
) -> Errors:
    """What draws lack of the errors measured, and the error of the base.

    Their mean is 0, so that the middle of the draws stays where it was.

    Parameters
    ----------
    normal : (K, 2, T + 1) standard normals; the first of each row is for the base
    log_residents, logit_urban : (K, T + 1) of the draws as they are
    sizes : of either, `size_of`
    persistence : of yearly changes, from one year to the next

    Returns
    -------
    Errors
        Of draws, to be added to ``log_residents`` and ``logit_urban``.
    """
    shape, found = growth(persistence, normal.shape[-1] - 1), []
    for row, (drawn, size) in enumerate(zip((log_residents, logit_urban), sizes, strict=True)):
        lacking = _missing(size.decade * shape, drawn.std(axis=0))
        path = _paths(normal[:, row, 1:], persistence) * size.decade * lacking
        found.append(path + size.base * normal[:, row, :1])
    return Errors(*found)
