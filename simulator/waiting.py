"""Half a year at a hazard: the two functions of docs/model.md eq. (3), by polynomial.

Of all the step does this is computed most often, nine times a position, and the library's exp
would keep the compiler from taking several positions at a time.
"""

from __future__ import annotations

import math
from fractions import Fraction

from simulator.compiled import njit

_HALF = 0.5
#: Sums and products may be regrouped to run in parallel lanes; nothing else is relaxed.
FAST = {"reassoc", "contract", "nsz"}


def _economised(degree: int, terms: int = 24) -> list[float]:
    """Polynomial of ``degree`` for phi(x) = (1 - exp(-x)) / x on [0, 1], constant term first.

    Chebyshev economisation of the Taylor series in exact fractions: the highest power is replaced,
    again and again, by the shifted Chebyshev polynomial that is nearest to it.

    Source: Lanczos (1956), Applied Analysis, chapter VII.
    """
    series = [Fraction((-1) ** k, math.factorial(k + 1)) for k in range(terms)]
    chebyshev = [[Fraction(1)], [Fraction(-1), Fraction(2)]]
    for _ in range(2, terms):
        last, before = chebyshev[-1], [*chebyshev[-2], Fraction(0), Fraction(0)]
        doubled = [a - b for a, b in zip([Fraction(0), *last], [*last, Fraction(0)], strict=True)]
        shifted = [Fraction(0), *last]
        chebyshev.append(
            [2 * d + 2 * x - b for d, x, b in zip(doubled, shifted, before, strict=True)]
        )
    for n in range(terms - 1, degree, -1):
        share = series[n] / chebyshev[n][n]
        series = [c - share * t for c, t in zip(series[:n], chebyshev[n], strict=False)]
    return [float(c) for c in series]


#: phi(x) = (1 - exp(-x)) / x by polynomial, exact to rounding (1.3e-17) for x <= 1, that is for
#: hazards up to 2 a year. In a year with a larger hazard the library's exp is used instead.
_C0, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9, _C10, _C11 = _economised(11)
SERIES_LIMIT = 2.0
#: Keeps 0/0 out of a cell that nobody leaves; far below any real hazard.
_TINY = 1e-280


@njit(fastmath=FAST, forceinline=True)
def waiting(hazard, exactly):
    """Half a year at a hazard: phi = (1 - exp(-h/2)) / (h/2) and stay = exp(-h/2), eq. (3)."""
    x = _HALF * hazard
    if exactly:
        x += _TINY
        return -math.expm1(-x) / x, math.exp(-x)
    phi = _C6 + x * (_C7 + x * (_C8 + x * (_C9 + x * (_C10 + x * _C11))))
    phi = _C0 + x * (_C1 + x * (_C2 + x * (_C3 + x * (_C4 + x * (_C5 + x * phi)))))
    return phi, 1.0 - x * phi
