"""Period life tables, survivorship ratios and relational scaling (docs/model.md, mortality).

Every function takes arrays whose last axis is age, the last age being the open interval, and
works over any leading axes. The radix of every table is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Mean years lived in the first year by infants who die in it, a0 = c0 + c1 m0 up to a limit of
#: m0: (limit, c0, c1) for males, then females. Andreev & Kingkade (2015), Demographic Research
#: 33(13), in the form of the Human Mortality Database methods protocol, version 6.
_INFANT_A0: Final = (
    ((0.02300, 0.14929, -1.99545), (0.08307, 0.02832, 3.26021), (np.inf, 0.29915, 0.0)),
    ((0.01724, 0.14903, -2.05527), (0.06891, 0.04667, 3.88089), (np.inf, 0.31411, 0.0)),
)

#: Ages whose rates are fitted by the Kannisto model, first age replaced, and age at which nobody
#: is left when the rate of the open interval is computed.
_KANNISTO_FIT: Final = slice(70, 90)
_KANNISTO_FROM: Final = 90
_LAST_AGE: Final = 130
_MID_YEAR: Final = 0.5

#: Relative; 1e-12 of 80 years leaves room for rounding and keeps the promised 1e-9 years.
_E0_TOLERANCE: Final = 1e-12
_MAX_ITERATIONS: Final = 60
#: Largest change of the Brass level in one iteration; keeps the first steps from overshooting.
_MAX_STEP: Final = 2.0


@dataclass(frozen=True, slots=True)
class LifeTable:
    """Period life table; each field has shape (..., A), age last, last age open.

    Attributes
    ----------
    mx : deaths per person-year
    ax : years lived in the interval by those who die in it
    qx : probability of dying in the interval
    lx : survivors at the start of the interval, radix 1
    Lx : person-years lived in the interval
    Tx : person-years lived from the start of the interval
    ex : life expectancy at the start of the interval [years]
    """

    mx: FloatArray
    ax: FloatArray
    qx: FloatArray
    lx: FloatArray
    Lx: FloatArray
    Tx: FloatArray
    ex: FloatArray


def infant_a0(m0: npt.ArrayLike) -> FloatArray:
    """Mean years lived in the first year of life by infants who die in it, mean of the sexes.

    The rule of each sex moves e0 by less than 1e-4 year from this mean at m0 to 0.01.

    Parameters
    ----------
    m0 : any shape [deaths per person-year]

    Source: Andreev & Kingkade (2015), see ``_INFANT_A0``.
    """
    rate = np.asarray(m0, dtype=np.float64)
    a0 = np.zeros_like(rate)
    for pieces in _INFANT_A0:
        conditions = [rate < limit for limit, _, _ in pieces]
        a0 += np.select(conditions, [c0 + c1 * rate for _, c0, c1 in pieces])
    return a0 / len(_INFANT_A0)


def life_table(
    mx: npt.ArrayLike, *, width: npt.ArrayLike = 1.0, ax: npt.ArrayLike | None = None
) -> LifeTable:
    """Life table from death rates, docs/model.md eq. (26).

    Parameters
    ----------
    mx : shape (..., A) [deaths per person-year], last age open
    width : scalar or shape (A,) [years]; the width of the open interval is not used
    ax : shape (..., A) [years], optional; by default half the width, and ``infant_a0`` in the
        first interval, which then has to be one year wide; the open value is not used

    Raises
    ------
    ValueError
        for negative or missing rates, an open interval without deaths, rates too high for the
        width (q > 1), or a first interval of other than one year without ``ax``.

    Source: Preston, Heuveline & Guillot (2001), Demography, sections 3.2-3.3.
    """
    rates = _checked_rates(mx)
    widths = np.broadcast_to(np.asarray(width, dtype=np.float64), rates.shape[-1:])
    years_lived = _default_ax(rates, widths) if ax is None else _broadcast_ax(ax, rates)
    years_lived[..., -1] = 1.0 / rates[..., -1]
    qx = widths * rates / (1.0 + (widths - years_lived) * rates)
    qx[..., -1] = 1.0
    lx = np.ones_like(rates)
    np.cumprod(1.0 - qx[..., :-1], axis=-1, out=lx[..., 1:])
    if not (np.all(qx <= 1.0) and np.all(lx[..., -1] > 0.0)):
        raise ValueError("life_table: death rates too high, nobody reaches the open interval")
    Lx = np.empty_like(rates)
    Lx[..., :-1] = widths[:-1] * lx[..., 1:] + years_lived[..., :-1] * (lx[..., :-1] - lx[..., 1:])
    Lx[..., -1] = lx[..., -1] / rates[..., -1]
    Tx = np.cumsum(Lx[..., ::-1], axis=-1)[..., ::-1]
    return LifeTable(mx=rates, ax=years_lived, qx=qx, lx=lx, Lx=Lx, Tx=Tx, ex=Tx / lx)


def _checked_rates(mx: npt.ArrayLike) -> FloatArray:
    rates = np.array(mx, dtype=np.float64)
    if rates.ndim == 0 or rates.shape[-1] < 2:
        raise ValueError("death rates need at least two ages on the last axis")
    if not (np.all(np.isfinite(rates)) and np.all(rates >= 0.0)):
        raise ValueError("death rates must be finite and not negative")
    if not np.all(rates[..., -1] > 0.0):
        raise ValueError("the open interval needs a death rate above 0")
    return rates


def _default_ax(rates: FloatArray, widths: FloatArray) -> FloatArray:
    if widths[0] != 1.0:
        raise ValueError("ax is needed when the first interval is not one year wide")
    ax = np.broadcast_to(widths / 2.0, rates.shape).copy()
    ax[..., 0] = infant_a0(rates[..., 0])
    return ax


def _broadcast_ax(ax: npt.ArrayLike, rates: FloatArray) -> FloatArray:
    return np.broadcast_to(np.asarray(ax, dtype=np.float64), rates.shape).copy()


def survivorship(Lx: npt.ArrayLike, *, width: float = 1.0, radix: float = 1.0) -> FloatArray:
    """Cohort survival ratios over one step of ``width`` years, docs/model.md eq. (27).

    With population ``N`` of shape (..., A) and births ``B`` of the step::

        next[0] = B * S[0]                  S[0]   = L0 / (width * radix)
        next[x] = N[x-1] * S[x]             S[x]   = L[x] / L[x-1],  1 <= x <= A-2
        next[A-1] = N[A-2] * S[A-1] + N[A-1] * S[A]
                                            S[A-1] = S[A] = T[A-1] / T[A-2]

    so ``S[x + 1]`` always belongs to the persons aged x at the start, and the last closed and
    the open age enter the open interval with one common ratio.

    Parameters
    ----------
    Lx : shape (..., A) [person-years], last age open, all intervals ``width`` years wide
    width : years of an age group and of the step
    radix : survivors at birth on which ``Lx`` is based

    Returns
    -------
    shape (..., A + 1), dimensionless

    Raises
    ------
    ValueError
        for fewer than three ages, or person-years that are not positive.

    Source: Preston, Heuveline & Guillot (2001), section 6.3.1; United Nations (1956), Manual III.
    """
    years = np.asarray(Lx, dtype=np.float64)
    if years.ndim == 0 or years.shape[-1] < 3:
        raise ValueError("survivorship needs at least three ages on the last axis")
    if not (np.all(years > 0.0) and width > 0.0 and radix > 0.0):
        raise ValueError("survivorship needs person-years, width and radix above 0")
    ratios = np.empty((*years.shape[:-1], years.shape[-1] + 1))
    ratios[..., 0] = years[..., 0] / (width * radix)
    ratios[..., 1:-2] = years[..., 1:-1] / years[..., :-2]
    open_ratio = years[..., -1] / (years[..., -2] + years[..., -1])
    ratios[..., -2:] = open_ratio[..., np.newaxis]
    return ratios


def scale_to_e0(mx: npt.ArrayLike, e0: npt.ArrayLike) -> FloatArray:
    """Death rates with the age shape of ``mx`` and life expectancy ``e0``, docs/model.md eq. (29).

    Brass relational model with slope 1: logit l(x) is shifted by the same amount at all ages,
    which multiplies the odds of dying by every age by one factor k. The rate of the open interval
    is multiplied by k / (l + k (1 - l)), the exact effect of the shift on the force of mortality
    at its start.

    A rise of mx from one age to the next stays a rise where ``e0`` is above that of ``mx``, and
    for lower ``e0`` where the rise is as steep as in a Gompertz curve; small steps made by age
    heaping can turn round when e0 is lowered by ten years.

    Parameters
    ----------
    mx : shape (..., A) [deaths per person-year], single years of age, last age open, above 0
    e0 : shape (...) [years], broadcast against the leading axes of ``mx``

    Returns
    -------
    shape (..., A); ``life_table`` of it has ``ex[..., 0]`` equal to ``e0`` within 1e-9 years

    Raises
    ------
    ValueError
        when a rate is 0 (its odds cannot be scaled) or no shift reaches ``e0``.

    Source: Brass (1971); Preston, Heuveline & Guillot (2001), section 9.3.
    """
    target = np.asarray(e0, dtype=np.float64)
    rates = np.asarray(mx, dtype=np.float64)
    if not (np.all(np.isfinite(target)) and np.all(rates > 0.0)):
        raise ValueError("scale_to_e0 needs death rates above 0 and a finite e0")
    shape = np.broadcast_shapes(rates.shape[:-1], target.shape)
    standard = life_table(np.broadcast_to(rates, (*shape, rates.shape[-1])))
    level = np.zeros(shape)
    for _ in range(_MAX_ITERATIONS):
        scaled = _shift_logit(standard, level)
        try:
            table = life_table(scaled)
        except ValueError:
            break
        excess = table.ex[..., 0] - target
        if np.all(np.abs(excess) < _E0_TOLERANCE * target):
            return scaled
        # d e0 / d log k = - sum l (1 - l), exact up to the change of ax and of the open interval.
        slope = np.sum(table.lx * (1.0 - table.lx), axis=-1)
        level += np.clip(excess / slope, -_MAX_STEP, _MAX_STEP)
    raise ValueError(f"scale_to_e0: no Brass shift of this table reaches e0 = {target}")


def _shift_logit(standard: LifeTable, level: FloatArray) -> FloatArray:
    """Rates of the table whose odds of dying are exp(level) times those of the standard.

    The odds are differenced, not lx, so that small qx keep their digits. ax stays that of the
    standard when qx is turned back into a rate.
    """
    factor = np.exp(level)[..., np.newaxis]
    lx, ax = standard.lx, standard.ax[..., :-1]
    odds = factor * (1.0 - lx) / lx
    odds_of_next = factor * standard.qx[..., :-1] / lx[..., 1:]
    qx = odds_of_next / (1.0 + odds[..., 1:])
    rates = np.empty_like(lx)
    rates[..., :-1] = qx / (1.0 - (1.0 - ax) * qx)
    last = lx[..., -1:]
    rates[..., -1:] = standard.mx[..., -1:] * factor / (last + factor * (1.0 - last))
    return rates


def close_with_kannisto(mx: npt.ArrayLike) -> FloatArray:
    """Replace rates from age 90 by the Kannisto model fitted to ages 70-89.

    logit m(x) = a + b x by least squares; the open interval gets the rate of a stationary
    population that follows the model to age 130. Counted rates above 90 are too low where ages
    are overstated and deaths missed.

    Parameters
    ----------
    mx : shape (..., 101) [deaths per person-year], single years of age, last age open

    Returns
    -------
    shape (..., 101)

    Raises
    ------
    ValueError
        when a rate of ages 70-89 is not between 0 and 1 or the last age is not 100.

    Source: Thatcher, Kannisto & Vaupel (1998), The Force of Mortality at Ages 80 to 120.
    """
    closed = np.array(mx, dtype=np.float64)
    fitted = closed[..., _KANNISTO_FIT]
    ages = np.arange(_LAST_AGE, dtype=np.float64)
    open_age = closed.shape[-1] - 1
    if open_age != 100 or not (np.all(fitted > 0.0) and np.all(fitted < 1.0)):
        raise ValueError("Kannisto closing needs 101 ages and rates of 70-89 between 0 and 1")
    logit = np.log(fitted / (1.0 - fitted))
    x = ages[_KANNISTO_FIT] - ages[_KANNISTO_FIT].mean()
    slope = (logit @ x / (x @ x))[..., np.newaxis]
    intercept = logit.mean(axis=-1)[..., np.newaxis]
    old_ages = ages[_KANNISTO_FROM:] - ages[_KANNISTO_FIT].mean()
    model = 1.0 / (1.0 + np.exp(-(intercept + slope * old_ages)))
    closed[..., _KANNISTO_FROM:open_age] = model[..., : open_age - _KANNISTO_FROM]
    beyond = life_table(model[..., open_age - _KANNISTO_FROM :], ax=_MID_YEAR)
    closed[..., open_age] = 1.0 / beyond.ex[..., 0]
    return closed
