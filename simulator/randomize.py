"""Samples of a least-squares posterior, each by solving a randomized problem; docs/model.md.

Randomize-then-optimize (Bardsley, Solonen, Haario & Laine 2014), eq. (52). Where residuals
are linear the samples are those of the posterior; where they are not, each sample lies on the
curved ridge that the figures leave open, noise is as wide as the full second derivatives say, and
a weight says how much too rarely a sample is found. A sample is a function of its own noise alone.
Nothing here knows what is fitted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

#: (K, n) points to (K, m) residuals.
Residuals = Callable[[np.ndarray], np.ndarray]

#: Steps of first and second differences, in standard deviations of the priors.
_DIFFERENCE, _BEND = 1e-3, 0.03
_NEAR, _MOST_STEPS = 1e-8, 100
#: Noise is not widened or narrowed beyond these factors on its precision.
_WIDEST, _NARROWEST = 0.3, 1e4
#: An equation is solved when it is off by so many standard deviations of a residual: far less
#: than noise.
_SOLVED = 0.05
#: Longest step, in standard deviations of the priors, and steps before a sample is left where it
#: came nearest.
_LONGEST, _MOST_TURNS = 1.5, 30
#: A secant shorter than this share of its step says nothing about the matrix.
_TINY = 1e-3


@dataclass(frozen=True)
class Optimum:
    """Where residuals are least, and what they depend on there.

    ``point`` (n,); ``directions`` (m, n) orthonormal, of the derivatives J; ``inverse`` (n, n) of
    directions' J; ``offset`` (n,) residuals at the point along the directions, 0 at the exact
    optimum; ``noise_root`` (n, n) symmetric, 1 where residuals are linear: its square is the
    covariance of the noise.
    """

    point: np.ndarray
    directions: np.ndarray
    inverse: np.ndarray
    offset: np.ndarray
    noise_root: np.ndarray

    @property
    def root(self) -> np.ndarray:
        """Matrix whose product with its transpose is the covariance near the optimum, (n, n)."""
        return np.asarray(self.inverse @ self.noise_root)


@dataclass(frozen=True)
class Samples:
    """``points`` (K, n); ``log_weight`` (K,) up to a constant; ``missed`` (K,), how far each
    equation is from being solved, in standard deviations.
    """

    points: np.ndarray
    log_weight: np.ndarray
    missed: np.ndarray


def optimum(residuals: Residuals, begin: np.ndarray) -> Optimum:
    """The optimum of half the sum of squares near ``begin`` (n,), and its surroundings."""

    def jacobian(point: np.ndarray) -> np.ndarray:
        steps = _DIFFERENCE * np.eye(point.size)
        rows = residuals(np.concatenate([point + steps, point - steps]))
        return np.asarray((rows[: point.size] - rows[point.size :]).T / (2.0 * _DIFFERENCE))

    best = least_squares(
        lambda point: residuals(point[None])[0], begin, jac=jacobian, method="lm",
        xtol=_NEAR, ftol=_NEAR, max_nfev=_MOST_STEPS,
    )  # fmt: skip
    directions, upper = np.linalg.qr(jacobian(best.x))
    # Signs of a QR decomposition are a convention of the library that makes it.
    sign = np.sign(np.diag(upper))
    directions, inverse = directions * sign, np.linalg.inv(upper * sign[:, None])
    precision, axes = np.linalg.eigh(inverse.T @ _second_differences(residuals, best.x) @ inverse)
    width = 1.0 / np.sqrt(np.clip(precision, _WIDEST, _NARROWEST))
    offset = residuals(best.x[None])[0] @ directions
    return Optimum(best.x, directions, inverse, offset, (axes * width) @ axes.T)


def _second_differences(residuals: Residuals, point: np.ndarray) -> np.ndarray:
    """Second derivatives (n, n) of half the sum of squares, by differences."""
    steps = _BEND * np.eye(point.size)
    first, second = np.triu_indices(point.size)
    both = steps[first] + steps[second]
    parts = (both, -both, steps, -steps, np.zeros((1, point.size)))
    rows = residuals(np.concatenate([point + part for part in parts]))
    values = (rows**2).sum(axis=1) / 2.0
    ends = np.cumsum([len(part) for part in parts])[:-1]
    up, down, ahead, behind, here = np.split(values, ends)
    single = ahead + behind - 2.0 * here
    bend = (up + down - 2.0 * here - single[first] - single[second]) / (2.0 * _BEND**2)
    found = np.zeros((point.size, point.size))
    found[first, second] = found[second, first] = bend
    return found


def samples(residuals: Residuals, at: Optimum, noise: np.ndarray) -> Samples:
    """Points where the residuals along the directions are given by the noise, eq. (52).

    Broyden's method from the linear answer, all samples at once; each keeps its own matrix, whose
    determinant is the estimate that the weight takes.

    Parameters
    ----------
    residuals : whitened: of figures and of the prior, in standard deviations
    at : `optimum` of the same
    noise : (K, n) standard normals
    """
    inverse, log_det = np.repeat(at.inverse[None], len(noise), axis=0), np.zeros(len(noise))
    wanted = noise @ at.noise_root
    points = at.point + (wanted - at.offset) @ at.inverse.T
    rows = residuals(points)
    along = rows @ at.directions
    off = along - wanted
    _learn(inverse, log_det, np.arange(len(noise)), points - at.point, along - at.offset)
    best, rest, missed = points.copy(), rows, np.linalg.norm(off, axis=1)
    for _ in range(_MOST_TURNS):
        left = np.flatnonzero(missed > _SOLVED)
        if not left.size:
            break
        step = -np.einsum("kij,kj->ki", inverse[left], off[left])
        length = np.linalg.norm(step, axis=1, keepdims=True)
        step *= np.minimum(1.0, _LONGEST / np.maximum(length, _LONGEST))
        points[left] += step
        found = residuals(points[left])
        change = found @ at.directions - wanted[left] - off[left]
        off[left] += change
        _learn(inverse, log_det, left, step, change)
        now = np.linalg.norm(off[left], axis=1)
        nearer = now < missed[left]
        won = left[nearer]
        best[won], rest[won], missed[won] = points[won], found[nearer], now[nearer]
    excess = ((rest**2).sum(axis=1) - (noise**2).sum(axis=1)) / 2.0
    return Samples(best, -log_det - excess, missed)


def _learn(
    inverse: np.ndarray, log_det: np.ndarray, rows: np.ndarray, step: np.ndarray, change: np.ndarray
) -> None:
    """Broyden's update of ``inverse[rows]`` and of the log determinants of what it inverts."""
    reached = np.einsum("kij,kj->ki", inverse[rows], change)
    along = np.einsum("kj,kji->ki", step, inverse[rows])
    scale = np.einsum("ki,ki->k", step, reached)
    # A step that the derivatives say nothing about, or of no length, teaches nothing.
    known = np.abs(scale) > _TINY * np.einsum("ki,ki->k", step, step)
    scale, rows = scale[known], rows[known]
    step, reached, along = step[known], reached[known], along[known]
    log_det[rows] += np.log(np.abs(scale) / np.einsum("ki,ki->k", step, step))
    inverse[rows] += ((step - reached) / scale[:, None])[:, :, None] * along[:, None, :]


def worth(log_weight: np.ndarray) -> float:
    """How many samples of equal weight are worth as much as these (Kish's effective number)."""
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / (weight**2).sum())


def resampled(log_weight: np.ndarray, wanted: int, even: float) -> np.ndarray:
    """Positions of ``wanted`` samples, each as often as its weight says (systematic resampling).

    ``even`` in [0, 1) is the only chance in it.
    """
    weight = np.exp(log_weight - log_weight.max())
    share = np.cumsum(weight) / weight.sum()
    found = np.searchsorted(share, (np.arange(wanted) + even) / wanted, side="right")
    return np.minimum(found, weight.size - 1)  # the last share may be rounded below its place
