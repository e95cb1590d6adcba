"""Draws of a county's ten-year outcomes from what was learnt of them and of their errors.

docs/model.md eqs. (75)-(76). Each county's draws are a function of its code and the seed.
"""

from __future__ import annotations

import zlib

import numpy as np

from simulator.flow_model import DRAWN, Expected, share_of, stretched_logit


def drawn(expected: Expected, i: int, code: str, seed: int, draws: int) -> np.ndarray:
    """Drawn outcomes of unit ``i``: log growth and change of the stretched logit, shape (2, K).

    Errors follow the learnt quantiles, one draw from each of K equal slices of probability, in an
    order that ties both outcomes together as their errors were.
    """
    rng = np.random.Generator(np.random.Philox(key=[seed, zlib.crc32(code.encode())]))
    normal = rng.standard_normal((len(DRAWN), draws))
    rho = expected.correlation[i]
    normal[1] = rho * normal[0] + np.sqrt(1.0 - rho**2) * normal[1]
    rank = np.argsort(np.argsort(normal, axis=1, kind="stable"), axis=1, kind="stable")
    return quantiles(expected, i, (rank + 0.5) / draws)


def quantiles(expected: Expected, i: int, probability: np.ndarray) -> np.ndarray:
    """Quantiles (2, K) of the drawn outcomes of unit ``i`` at ``probability`` (2, K)."""
    known = expected.probabilities
    error = [np.interp(p, known, q) for p, q in zip(probability, expected.quantile[i], strict=True)]
    return np.asarray(
        expected.centre[i, : len(DRAWN), None] + expected.spread[i, :, None] * np.stack(error)
    )


def ends(outcome: np.ndarray, residents: float, town: float) -> np.ndarray:
    """Residents [persons] and urban share ten years on, (2, K), of outcomes (2, K).

    ``residents`` and ``town`` are counted at the start, persons.
    """
    begin = stretched_logit(np.asarray(town / residents))
    return np.stack([residents * np.exp(outcome[0]), share_of(begin + outcome[1])])
