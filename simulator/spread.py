"""How far a parameter may be from its central value: one rule for every draw; docs/model.md (52).

A standard normal says where in its range a parameter lies: at 0 it has its central value, which is
so the median of draws, and no draw lies beyond the range of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from simulator.parameters import Parameter

_HALF = 0.5
#: Probabilities are kept this far from certainty, where normals would be infinite.
_CERTAIN = 1e-6
#: A central value so near an end of its range that less than this share of the cut distribution
#: lies beyond it is not quite the median: draws would else pile up at the end.
_LEAST_BEYOND = 0.1


def spread(rows: Sequence[Parameter], central: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Values of P parameters at standard normals.

    Parameters
    ----------
    rows : of the parameter table, P of them
    central : (P,) values at z = 0
    z : (P, K)

    Returns
    -------
    values : (P, K), in the table's units

    Raises
    ------
    ValueError
        If the table names a distribution that nothing can be drawn from.
    """
    unknown = {p.distribution for p in rows} - set(_SPREADS)
    if unknown:
        raise ValueError(f"no way to draw from a {' or '.join(sorted(unknown))} distribution")
    found = np.empty(z.shape)
    for kind, values in _SPREADS.items():
        at = [i for i, p in enumerate(rows) if p.distribution == kind]
        found[at] = values([rows[i] for i in at], central[at, None], z[at])
    return found


def normals(rows: Sequence[Parameter], values: np.ndarray, central: np.ndarray) -> np.ndarray:
    """Standard normals (P,) at which `spread` gives ``values`` (P,) of lognormal parameters."""
    width, low, inside, centre = (part[:, 0] for part in _cut(rows, central[:, None]))
    share = _share(ndtr(np.log(values / central) / width) - low, inside)
    return np.asarray(ndtri(np.clip(share, _CERTAIN, 1.0 - _CERTAIN)) - centre)


def _column(rows: Sequence[Parameter], part: str) -> np.ndarray:
    return np.array([getattr(p, part) for p in rows], dtype=float)[:, None]


def _cut(rows: Sequence[Parameter], central: np.ndarray) -> tuple[np.ndarray, ...]:
    """The lognormal cut to the range: width of the log, probability of the whole normal below the
    range and in it, and the normal at which the cut one reaches the central value, each (P, 1).
    """
    width = _column(rows, "log_sd")
    low, high = (ndtr(np.log(_column(rows, end) / central) / width) for end in ("low", "high"))
    share = np.clip(_share(_HALF - low, high - low), _LEAST_BEYOND, 1.0 - _LEAST_BEYOND)
    return width, low, high - low, ndtri(share)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """``part / whole``; half where the normal has nothing in the range, so far off is its centre.

    Every draw is then at the end of the range that is nearest, whatever the share.
    """
    return np.divide(part, whole, out=np.full(part.shape, _HALF), where=whole > 0.0)


def _uniform(rows: Sequence[Parameter], central: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Even on either side of the central value."""
    u = 2.0 * ndtr(z) - 1.0
    above, below = _column(rows, "high") - central, central - _column(rows, "low")
    return np.asarray(central + np.where(u > 0.0, above, below) * u)


def _lognormal(rows: Sequence[Parameter], central: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Normal in logs and cut where the range ends, leaning so that the centre is the median."""
    width, low, inside, centre = _cut(rows, central)
    drawn = central * np.exp(width * ndtri(low + inside * ndtr(z + centre)))
    drawn = np.where(inside > 0.0, drawn, central)
    return np.asarray(np.clip(drawn, _column(rows, "low"), _column(rows, "high")))


_Values = Callable[[Sequence[Parameter], np.ndarray, np.ndarray], np.ndarray]
#: Ways to draw, by the distribution that the parameter table names.
_SPREADS: Mapping[str, _Values] = {"uniform": _uniform, "lognormal": _lognormal}
