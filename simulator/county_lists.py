"""Lists that ship with the program: boundary changes, places on the map, province trends, learnt
coefficients, sizes of forecast errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.tables import rows as table_rows


@dataclass(frozen=True, slots=True)
class BoundaryChange:
    """A county unit of 2020 and the 2010 codes that make it up; ``kind`` as in the table."""

    code_2020: str
    name_2020: str
    kind: str
    codes_2010: tuple[str, ...]


@cache
def boundary_changes() -> tuple[BoundaryChange, ...]:
    """County units renamed, merged or otherwise changed between the censuses of 2010 and 2020."""
    return tuple(
        BoundaryChange(r["code_2020"], r["name_2020"], r["kind"], tuple(r["codes_2010"].split()))
        for r in table_rows("boundary_changes.csv")
    )


@dataclass(frozen=True, slots=True)
class ProvinceTrend:
    """Change of a province 2000-2010: log of residents, logit of the urban share."""

    log_growth: float
    urban_logit: float


@cache
def province_trend(code: str) -> ProvinceTrend:
    """Trend of the province whose code begins so; of the nation where there is no such province."""
    found = table_rows("provinces_2000_2010.csv")
    chosen = [r for r in found if r["code"] == code] or list(found)
    names = ("resident_2000", "urban_2000", "resident_2010", "urban_2010")
    then, town_then, now, town_now = (sum(float(r[n]) for r in chosen) for n in names)
    before, after = town_then / (then - town_then), town_now / (now - town_now)
    return ProvinceTrend(float(np.log(now / then)), float(np.log(after / before)))


@cache
def learnt_rows(name: str) -> tuple[dict[str, str], ...]:
    """Rows of a learnt table ``flow_<name>.csv``."""
    return table_rows(f"flow_{name}.csv")


@cache
def misprinted_rows() -> dict[str, str]:
    """Code of a 2010 county to the code of the printed row that holds its figures."""
    return {r["code"]: r["row_printed"] for r in table_rows("census_names_2010.csv")}


@cache
def county_locations() -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the seats of the counties of 2010, degrees, by code."""
    found = table_rows("county_locations.csv")
    return {r["code"]: (float(r["lon"]), float(r["lat"])) for r in found}


@cache
def error_sizes(kind: str) -> tuple[float, float]:
    """Errors of forecasts after ten years by kind of place: of log residents, of the urban logit.

    ``correlation`` in place of a kind gives how far those of two members of a prefecture go
    together, of either.
    """
    (row,) = (r for r in table_rows("forecast_errors.csv") if r["kind"] == kind)
    return float(row["population"]), float(row["urban"])
