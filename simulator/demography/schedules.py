"""Age schedules of migration (docs/model.md, migration)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Ages over which a hazard schedule has mean 1: the level is then the mean hazard of these ages.
WORKING_AGES: Final = (15, 59)


def rogers_castro(
    ages: npt.ArrayLike,
    *,
    a1: npt.ArrayLike,
    alpha1: npt.ArrayLike,
    a2: npt.ArrayLike,
    alpha2: npt.ArrayLike,
    mu2: npt.ArrayLike,
    lambda2: npt.ArrayLike,
    c: npt.ArrayLike,
) -> FloatArray:
    """Rogers-Castro model schedule with seven parameters, docs/model.md eq. (34).

    m(x) = a1 exp(-alpha1 x) + a2 exp(-alpha2 (x - mu2) - exp(-lambda2 (x - mu2))) + c

    Parameters
    ----------
    ages : shape (A,) [years]; the curve is read at exactly these ages
    a1, a2, c : height of childhood and labour-force component, and constant
    alpha1, alpha2, lambda2 : [per year of age], mu2 : [years]
        every parameter is a scalar or of one common leading shape (...)

    Returns
    -------
    shape (..., A), relative level by age

    Raises
    ------
    ValueError
        when the curve is negative or not finite at some age.

    Source: Rogers & Castro (1981), Model Migration Schedules, IIASA RR-81-30.
    """
    x = np.asarray(ages, dtype=np.float64)
    a1_, alpha1_, a2_, alpha2_, mu2_, lambda2_, c_ = (
        np.asarray(value, dtype=np.float64)[..., np.newaxis]
        for value in (a1, alpha1, a2, alpha2, mu2, lambda2, c)
    )
    childhood = a1_ * np.exp(-alpha1_ * x)
    since_peak = x - mu2_
    labour_force = a2_ * np.exp(-alpha2_ * since_peak - np.exp(-lambda2_ * since_peak))
    curve = childhood + labour_force + c_
    if not (np.all(np.isfinite(curve)) and np.all(curve >= 0.0)):
        raise ValueError("the Rogers-Castro curve must be finite and not negative at every age")
    return np.asarray(curve)


def unit_gmr(schedule: npt.ArrayLike) -> FloatArray:
    """Schedule divided by its sum over ages: gross migraproduction rate 1.

    Use it to spread a number of arrivals over ages.

    Parameters
    ----------
    schedule : shape (..., A), single years of age

    Returns
    -------
    shape (..., A), sums to 1

    Raises
    ------
    ValueError
        when the schedule is negative or sums to 0.
    """
    curve = _checked(schedule)
    return np.asarray(curve / curve.sum(axis=-1, keepdims=True))


def unit_hazard(schedule: npt.ArrayLike) -> FloatArray:
    """Schedule divided by its mean over ages 15-59.

    ``level * unit_hazard(schedule)`` is then a hazard whose mean over these ages, each age
    weighted alike, is ``level`` [per year], docs/model.md eq. (35).

    Parameters
    ----------
    schedule : shape (..., A), single years of age from 0, A >= 60

    Returns
    -------
    shape (..., A)

    Raises
    ------
    ValueError
        when the schedule is negative, sums to 0 or ends before age 59.
    """
    first, last = WORKING_AGES
    curve = _checked(schedule)
    if curve.shape[-1] <= last:
        raise ValueError(f"a hazard schedule needs ages 0-{last}, got {curve.shape[-1]} ages")
    working = _checked(curve[..., first : last + 1])
    return np.asarray(curve / working.mean(axis=-1, keepdims=True))


def _checked(schedule: npt.ArrayLike) -> FloatArray:
    curve = np.asarray(schedule, dtype=np.float64)
    if not (np.all(np.isfinite(curve)) and np.all(curve >= 0.0)):
        raise ValueError("a schedule must be finite and not negative")
    if not np.all(curve.sum(axis=-1) > 0.0):
        raise ValueError("a schedule must not sum to 0")
    return curve
