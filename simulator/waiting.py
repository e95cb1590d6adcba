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
#: The step itself needs no regrouping, and keeps its last digit however it is compiled.
EXACT = {"contract", "nsz"}


def _economised(degree: int, limit: float, terms: int = 24) -> list[float]:
    """Polynomial of ``degree`` for (1 - exp(-h/2)) / h on [0, limit], constant term first.

    Chebyshev economisation of the Taylor series in exact fractions: the highest power is replaced,
    again and again, by the shifted Chebyshev polynomial that is nearest to it.

    Source: Lanczos (1956), Applied Analysis, chapter VII.
    """
    scale = Fraction(limit)
    series = [
        Fraction((-1) ** k, math.factorial(k + 1) * 2 ** (k + 1)) * scale**k for k in range(terms)
    ]
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
    return [float(c / scale**k) for k, c in enumerate(series)]


#: Hazards up to which the polynomial is used; beyond it, in the whole year, the library's exp.
SERIES_LIMIT = 1.25
_DEGREE = 9
#: Half of phi = (1 - exp(-x)) / x at x = h / 2, as a polynomial of the hazard h: to 2.2e-16.
_, _C1, _C2, _C3, _C4, _C5, _C6, _C7, _C8, _C9 = _economised(_DEGREE, SERIES_LIMIT)
#: A half, not the last digit below it: half a year is lived to the full where nobody leaves.
_C0 = 0.5
#: Keeps 0/0 out of a cell that nobody leaves; far below any real hazard.
_TINY = 1e-280


@njit(fastmath=EXACT, forceinline=True)
def waiting(hazard, exactly):
    """Half a year at a hazard: psi = (1 - exp(-h/2)) / h and stay = exp(-h/2), eq. (3).

    psi is half of the equation's phi, as every use of it asks for the half.
    """
    if exactly:
        x = _HALF * hazard + _TINY
        return -_HALF * math.expm1(-x) / x, math.exp(-x)
    psi = _C5 + hazard * (_C6 + hazard * (_C7 + hazard * (_C8 + hazard * _C9)))
    psi = _C0 + hazard * (_C1 + hazard * (_C2 + hazard * (_C3 + hazard * (_C4 + hazard * psi))))
    return psi, 1.0 - hazard * psi
