"""The range that the documented ranges of the parameters give an indicator, year by year.

Not a forecast interval: shocks of single years and the error of the base are not in it, and it has
not been checked against history.
"""

from __future__ import annotations

import numpy as np

from simulator.charts.lines import Bands
from simulator.ensemble import run_draws
from simulator.indicators import measure
from simulator.run import Run

#: Enough for the 5 and 95 % points to move by less than a line's width between two seeds.
DRAWS = 200
_ENDS = (0.05, 0.95)
#: What totals by registration and place can tell.
NAMES = (
    "resident_urbanization_rate", "hukou_urbanization_rate", "resident_population",
    "hukou_population", "out_migrants", "town_population", "county_seat_population",
)  # fmt: skip


def bands(run: Run, draws: int = DRAWS) -> Bands:
    """Bounds of every indicator in `NAMES`, 5 and 95 %, each (T + 1,), persons or shares."""
    totals = run_draws(run, draws, run.study.seed).policy
    stocks = measure(totals[..., None, None])
    found = {}
    for name in NAMES:
        seat = name == "county_seat_population"
        values = np.asarray(getattr(stocks, "town_population" if seat else name))
        low, high = np.quantile(values * (run.start.seat_share if seat else 1.0), _ENDS, axis=0)
        found[name] = (low, high)
    return found
