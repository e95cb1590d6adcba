"""Regression that the flow model is learnt by: a Gaussian process with robust, uneven noise.

Its covariance is a constant, a linear part, a Matern-3/2 part with one scale a feature, a province
and a prefecture part; its noise varies with some features. Scales maximize the marginal
likelihood; far-off counties lose weight as under Student-t noise. docs/model.md eqs. (74)-(76).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

DEGREES: Final = 4.0
_ROUNDS: Final = 4
_CONSTANT: Final = 1.0
#: Widths of the normal priors of log scales: vague amplitudes, scales drawn to their start.
_PRIOR: Final = {"amplitude": 0.02, "scale": 0.15, "noise": 1.0}
_START: Final = (0.02, 0.03, 0.002, 0.001)
_NOISE: Final = 0.01
_N_AMPLITUDES: Final = len(_START)
_SMALLEST: Final = 1e-10
_STEP: Final = 1e-3


@dataclass(frozen=True)
class Data:
    """Counties to learn from: standardized features (n, F), province and prefecture codes (n,),
    noise features (n, B).
    """

    z: np.ndarray
    province: np.ndarray
    prefecture: np.ndarray
    noise: np.ndarray

    def take(self, rows: np.ndarray) -> Data:
        """Some of the counties."""
        return Data(self.z[rows], self.province[rows], self.prefecture[rows], self.noise[rows])


def start_scales(data: Data) -> np.ndarray:
    """Log scales before learning: amplitudes, inverse squared lengths, noise."""
    n_features = data.z.shape[1]
    lengths = np.full(n_features, -np.log(n_features))
    noise = np.concatenate([[np.log(_NOISE)], np.zeros(data.noise.shape[1])])
    return np.concatenate([np.log(_START), lengths, noise])


def parts(data: Data, h: np.ndarray) -> tuple[np.ndarray, ...]:
    """Linear, Matern, province and prefecture parts of the covariance, and the Matern slope."""
    z, size = data.z, data.z.shape[1]
    e, s = np.exp(h[:_N_AMPLITUDES]), np.exp(h[_N_AMPLITUDES : _N_AMPLITUDES + size])
    a = z * np.sqrt(s)
    norm = (a * a).sum(1)
    square = np.maximum(norm[:, None] + norm[None] - 2.0 * a @ a.T, _SMALLEST)
    r = np.sqrt(3.0 * square)
    fall = np.exp(-r)
    return (
        e[0] * (z @ z.T) / size,
        e[1] * (1.0 + r) * fall,
        e[2] * (data.province[:, None] == data.province[None]),
        e[3] * (data.prefecture[:, None] == data.prefecture[None]),
        -1.5 * e[1] * fall,
    )


def noise_of(data: Data, h: np.ndarray) -> np.ndarray:
    """Noise variance of each county before weights, shape (n,)."""
    g = h[_N_AMPLITUDES + data.z.shape[1] :]
    return np.asarray(np.exp(g[0] + data.noise @ g[1:]))


def _inverse(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse of a positive definite matrix and half its log determinant."""
    root = np.linalg.cholesky(matrix)
    lower = np.tril(lapack.dpotri(root, lower=1)[0])
    return lower + np.tril(lower, -1).T, float(np.log(np.diag(root)).sum())


def _objective(
    h: np.ndarray, data: Data, y: np.ndarray, weight: np.ndarray, begin: np.ndarray
) -> tuple[float, np.ndarray]:
    """Negative log posterior of the scales and its gradient."""
    linear, matern, province, prefecture, slope = parts(data, h)
    noise = noise_of(data, h) / weight
    total = linear + matern + province + prefecture + _CONSTANT
    total[np.diag_indices(len(y))] += noise
    inverse, half_log = _inverse(total)
    alpha = inverse @ y
    g = 0.5 * (inverse - np.outer(alpha, alpha))
    gradient = np.zeros_like(h)
    gradient[:_N_AMPLITUDES] = [(g * p).sum() for p in (linear, matern, province, prefecture)]
    size, z = data.z.shape[1], data.z
    w = g * slope
    s = np.exp(h[_N_AMPLITUDES : _N_AMPLITUDES + size])
    spread = (w.sum(1)[:, None] * z * z).sum(0) - np.einsum("ij,ij->j", z, w @ z)
    gradient[_N_AMPLITUDES : _N_AMPLITUDES + size] = 2.0 * s * spread
    by_noise = np.diag(g) * noise
    gradient[_N_AMPLITUDES + size] = by_noise.sum()
    gradient[_N_AMPLITUDES + size + 1 :] = by_noise @ data.noise
    width = np.concatenate(
        [
            np.full(_N_AMPLITUDES, _PRIOR["amplitude"]),
            np.full(size, _PRIOR["scale"]),
            [0.0],
            np.full(data.noise.shape[1], _PRIOR["noise"]),
        ]
    )
    value = 0.5 * y @ alpha + half_log + 0.5 * (width * (h - begin) ** 2).sum()
    return float(value), gradient + width * (h - begin)


def robust_weights(data: Data, y: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Weights of counties under Student-t noise, from leave-one-out errors, shape (n,)."""
    linear, matern, province, prefecture, _ = parts(data, h)
    covariance = linear + matern + province + prefecture + _CONSTANT
    noise, weight = noise_of(data, h), np.ones(len(y))
    for _ in range(_ROUNDS):
        inverse, _ = _inverse(covariance + np.diag(noise / weight))
        variance = 1.0 / np.diag(inverse)
        error = (inverse @ y) * variance
        weight = (DEGREES + 1.0) / (DEGREES + error**2 / (variance - noise / weight + noise))
    return weight


def learn_scales(data: Data, y: np.ndarray, steps: int) -> np.ndarray:
    """Log scales of a centred target; the second pass with robust weights."""
    begin = start_scales(data)
    size, n_noise = data.z.shape[1], data.noise.shape[1]
    bounds = [(-14.0, 5.0)] * _N_AMPLITUDES + [(-14.0, 3.0)] * size
    bounds += [(-12.0, 3.0)] + [(-2.0, 2.0)] * n_noise
    h = begin
    for weighted in (False, True):
        weight = robust_weights(data, y, h) if weighted else np.ones(len(y))
        h = minimize(
            _objective, h, (data, y, weight, begin), "L-BFGS-B", jac=True, bounds=bounds,
            options={"maxiter": steps},
        ).x  # fmt: skip
    return np.asarray(h)


def pivots(z: np.ndarray, count: int) -> np.ndarray:
    """Rows that between them stand for all: greedy pivoting of a squared-exponential likeness."""
    count = min(count, len(z))
    left, columns, chosen = np.ones(len(z)), np.zeros((len(z), count)), []
    for k in range(count):
        i = int(np.argmax(left))
        chosen.append(i)
        likeness = np.exp(-0.5 * ((z - z[i]) ** 2).sum(1) / z.shape[1])
        column = likeness - columns[:, :k] @ columns[i, :k]
        columns[:, k] = column / np.sqrt(left[i])
        left = np.maximum(left - columns[:, k] ** 2, _SMALLEST)
    return np.array(chosen)


def solve(
    basis: np.ndarray, prior: np.ndarray, y: np.ndarray, noise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of a basis (n, B) with prior precision (B, B), and leave-one-out errors (n,)."""
    weighted = basis / noise[:, None]
    inverse, _ = _inverse(weighted.T @ basis + prior)
    coefficients = inverse @ (weighted.T @ y)
    leverage = np.einsum("ij,jk,ik->i", weighted, inverse, basis, optimize=True)
    return coefficients, (y - basis @ coefficients) / np.maximum(1.0 - leverage, _STEP)
