"""A plan's stated base share beside the census before it, and by how much such shares were off.

docs/model.md section 14.5. A share stated some years after a census is an estimate; how far it has
risen above the census tells most of its error, because true rises of a decade differ little and
stated ones much. The constant is the pace of 2010-2020; that later plans err alike is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import expit, logit, ndtri

from simulator.schema import PlaceFile
from simulator.tables import CENSUS_YEARS
from simulator.units import to_base

#: The share, and the counts that give it.
RATE, TOWN, RESIDENTS = "resident_urbanization_rate", "town_population", "resident_population"
#: Years after a census in which the rule was measured (five), give or take one.
_MEASURED = (4, 6)
#: Four fifths of a normal lie within so many standard deviations.
_FOUR_FIFTHS = float(ndtri(0.9))


@dataclass(frozen=True)
class Likely:
    """By how much a stated share is likely too high, in shares: middle, and four fifths between.

    ``counted`` is the share of the census of ``year``; below 0 the stated share is too low.
    """

    year: int
    counted: float
    stated: float
    error: float
    low: float
    high: float


def census_before(place: PlaceFile) -> tuple[int, float] | None:
    """Year and urban share of the last census before the base year, if both parts are known."""
    counts = {
        (f.indicator, f.at): to_base(f.value, f.unit)
        for f in place.facts
        if f.use == "history" and f.scope == "place" and f.at in CENSUS_YEARS
        and f.at < place.base_year
    }  # fmt: skip
    years = [year for name, year in counts if name == TOWN and (RESIDENTS, year) in counts and year]
    if not years:
        return None
    last = max(years)
    return last, counts[TOWN, last] / counts[RESIDENTS, last]


def stated_share(place: PlaceFile) -> float | None:
    """The urban share that the plan states for its base year."""
    found = [f for f in place.facts if f.indicator == RATE and f.use == "base"]
    return to_base(found[0].value, found[0].unit) if found else None


def likely_error(place: PlaceFile, values: Mapping[str, float]) -> Likely | None:
    """What other plans' errors let expect of this one's stated share; None where nothing does.

    Parameters
    ----------
    place : with a stated share and a count four to six years before it
    values : parameter values, of them ``base_rise_*``
    """
    stated, before = stated_share(place), census_before(place)
    if stated is None or before is None:
        return None
    year, counted = before
    near = _MEASURED[0] <= place.base_year - year <= _MEASURED[1]
    if not near or not (0.0 < stated < 1.0 and 0.0 < counted < 1.0):
        return None
    odds = float(logit(stated))
    rise = odds - float(logit(counted))
    middle = values["base_rise_constant"] + values["base_rise_slope"] * rise
    reach = _FOUR_FIFTHS * values["base_rise_spread"]
    error, low, high = (
        stated - float(expit(odds - e)) for e in (middle, middle - reach, middle + reach)
    )
    return Likely(year, counted, stated, error, low, high)
