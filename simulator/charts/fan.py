"""The range in which an indicator lies in four of five draws, year by year."""

from __future__ import annotations

from simulator.charts.lines import Bands
from simulator.outlook import LEVELS, Outlook

_LOW, _HIGH = LEVELS.index(0.10), LEVELS.index(0.90)
#: Series that draws tell and charts show.
NAMES = (
    "resident_urbanization_rate", "hukou_urbanization_rate", "resident_population",
    "hukou_population", "out_migrants", "town_population", "county_seat_population",
)  # fmt: skip


def bands(outlook: Outlook) -> Bands:
    """Bounds of every indicator in `NAMES`, 10 and 90 %, each (T + 1,), persons or shares."""
    return {name: (outlook.quantiles[name][_LOW], outlook.quantiles[name][_HIGH]) for name in NAMES}
