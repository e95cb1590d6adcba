"""Fertility schedules and births (docs/model.md, fertility).

Arrays carry age on the last axis and work over any leading axes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_MAC_TOLERANCE: Final = 1e-12
_MAX_ITERATIONS: Final = 200


def scale_to_tfr(
    asfr_shape: npt.ArrayLike, tfr: npt.ArrayLike, *, width: float = 1.0
) -> FloatArray:
    """Age-specific fertility rates with a given total, docs/model.md eq. (31).

    Parameters
    ----------
    asfr_shape : shape (..., A), any unit, not negative
    tfr : shape (...) [children per woman]
    width : years of an age group

    Returns
    -------
    shape (..., A) [births per woman per year]; ``width * sum`` equals ``tfr``

    Raises
    ------
    ValueError
        for negative values or a shape that sums to 0.
    """
    shape = _checked_schedule(asfr_shape)
    total = np.asarray(tfr, dtype=np.float64)
    if not (np.all(np.isfinite(total)) and np.all(total >= 0.0)):
        raise ValueError("tfr must be finite and not negative")
    share = shape / shape.sum(axis=-1, keepdims=True)
    return np.asarray(share * (total / width)[..., np.newaxis])


def mean_age_at_childbearing(
    asfr: npt.ArrayLike, ages: npt.ArrayLike, *, width: float = 1.0
) -> FloatArray:
    """Mean age at childbearing (mac) of a schedule, births at the middle of each age group.

    Parameters
    ----------
    asfr : shape (..., A) [births per woman per year]
    ages : shape (A,) [years], start of each age group
    width : years of an age group

    Returns
    -------
    shape (...) [years]

    Raises
    ------
    ValueError
        for negative rates or a schedule that sums to 0.

    Source: Preston, Heuveline & Guillot (2001), section 5.3.
    """
    rates = _checked_schedule(asfr)
    middle = np.asarray(ages, dtype=np.float64) + width / 2.0
    return np.asarray(rates @ middle / rates.sum(axis=-1))


def shift_to_mac(asfr: npt.ArrayLike, mac: npt.ArrayLike, ages: npt.ArrayLike) -> FloatArray:
    """Move a single-year schedule along age until its mean is ``mac``, docs/model.md eq. (33).

    A fractional move splits the rates of an age between two neighbours. What would leave the age
    range is dropped; total fertility is then restored, so shape and mean, not the edges, decide.

    Parameters
    ----------
    asfr : shape (..., A) [births per woman per year]
    mac : shape (...) [years]
    ages : shape (A,) [years], consecutive single years

    Returns
    -------
    shape (..., A) [births per woman per year]; same total fertility as ``asfr``

    Raises
    ------
    ValueError
        for a bad schedule or a ``mac`` that no move within the ages reaches.
    """
    rates = _checked_schedule(asfr)
    target = np.asarray(mac, dtype=np.float64)
    leading = np.broadcast_shapes(rates.shape[:-1], target.shape)
    rates = np.broadcast_to(rates, (*leading, rates.shape[-1]))
    tfr = rates.sum(axis=-1)
    shift = np.zeros(leading)
    for _ in range(_MAX_ITERATIONS):
        moved = _move(rates, shift)
        if not np.all(moved.sum(axis=-1) > 0.0):
            break
        gap = target - mean_age_at_childbearing(moved, ages)
        if np.all(np.abs(gap) <= _MAC_TOLERANCE * target):
            return scale_to_tfr(moved, tfr)
        shift = shift + gap
    raise ValueError(f"shift_to_mac: no move within the ages reaches a mean age of {target}")


def _move(rates: FloatArray, shift: FloatArray) -> FloatArray:
    """Rates moved up by ``shift`` years, what passes the first or last age dropped."""
    n_ages = rates.shape[-1]
    whole = np.floor(shift)
    part = (shift - whole)[..., np.newaxis]
    source = np.arange(n_ages) - whole.astype(np.int64)[..., np.newaxis]
    return _take(rates, source) * (1.0 - part) + _take(rates, source - 1) * part


def _take(rates: FloatArray, source: npt.NDArray[np.int64]) -> FloatArray:
    inside = (source >= 0) & (source < rates.shape[-1])
    taken = np.take_along_axis(rates, np.where(inside, source, 0), axis=-1)
    return np.where(inside, taken, 0.0)


def births(
    asfr: npt.ArrayLike,
    women_start: npt.ArrayLike,
    women_end: npt.ArrayLike,
    *,
    width: float = 1.0,
) -> FloatArray:
    """Births of one step by age of mother, from mean exposed women, docs/model.md eq. (9).

    Parameters
    ----------
    asfr : shape (..., A) [births per woman per year]
    women_start, women_end : shape (..., A) [persons] of the age group at both ends of the step
    width : years of the step

    Returns
    -------
    shape (..., A) [births in the step]

    Source: Preston, Heuveline & Guillot (2001), section 6.3.1 and box 6.2.
    """
    mean_women = (np.asarray(women_start) + np.asarray(women_end)) / 2.0
    return np.asarray(width * np.asarray(asfr) * mean_women, dtype=np.float64)


def _checked_schedule(asfr: npt.ArrayLike) -> FloatArray:
    rates = np.asarray(asfr, dtype=np.float64)
    if not (np.all(np.isfinite(rates)) and np.all(rates >= 0.0)):
        raise ValueError("fertility rates must be finite and not negative")
    if not np.all(rates.sum(axis=-1) > 0.0):
        raise ValueError("a fertility schedule must not sum to 0")
    return rates
