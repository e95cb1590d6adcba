"""A limit met by bracketing: the share of a flow at which people just fit, eqs. (15) and (24)."""

from __future__ import annotations

from simulator.compiled import njit

_HALF = 0.5


@njit(cache=True)
def next_share(low, high, f_low, f_high) -> float:
    """Where the line through both ends of the bracket crosses 0; people are all but linear."""
    return low - f_low * (high - low) / (f_high - f_low)


@njit(cache=True)
def bracket(low, high, f_low, f_high, share, excess):
    """Bracket with ``share`` for one end, as (low, high, f_low, f_high).

    The other end's value is halved (Illinois), so that a bent curve is followed as surely as a
    straight one.
    """
    if excess > 0.0:
        return low, share, _HALF * f_low, excess
    return share, high, excess, _HALF * f_high
