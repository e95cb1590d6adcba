"""Every result of a study as one long table (IAMC layout plus ``statistic``)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from simulator.axes import Flow
from simulator.indicators import residents_by_age
from simulator.ledger import ledger_rows
from simulator.run import Run
from simulator.state import Driver
from simulator.targets import TargetCheck

COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "statistic", "value")
#: Enough digits to read a float64 back exactly.
EXACT = "%.17g"
MODEL = "County Urbanization Simulator"

_STOCKS = {
    "Population|Resident": "resident_population",
    "Population|Resident|Town": "town_population",
    "Population|Resident|Village": "village_population",
    "Population|Resident|County Seat": "county_seat_population",
    "Population|Resident|Nonlocal": "nonlocal_residents",
    "Population|Hukou": "hukou_population",
    "Population|Hukou|Away": "out_migrants",
    "Population|Hukou Minus Resident": "hukou_minus_resident",
}
_SHARES = {
    "Urbanization Rate|Resident": "resident_urbanization_rate",
    "Urbanization Rate|Hukou": "hukou_urbanization_rate",
}
_VITAL = {
    "Births|Resident": "births",
    "Deaths|Resident": "deaths",
    "Births|Hukou": "hukou_births",
    "Deaths|Hukou": "hukou_deaths",
}
#: label, first age, last age + 1
_AGE_GROUPS = (("0-14", 0, 15), ("15-59", 15, 60), ("60+", 60, None), ("65+", 65, None))
_DRIVERS = {
    "Settlement|Openness": (Driver.OPENNESS, "share"),
    "Jobs|Labour Gap": (Driver.LABOUR_GAP, "workers"),
    "Jobs|Workers Moved": (Driver.WORKERS_MOVED, "workers"),
    "Jobs|Workers Found At Home": (Driver.WORKERS_AT_HOME, "workers"),
    "Housing|Capacity": (Driver.HOUSING_CAPACITY, "persons"),
    "Housing|Admitted Share": (Driver.ADMITTED_SHARE, "share"),
    "Housing|Queue": (Driver.HOUSING_QUEUE, "persons"),
}

_Series = tuple[str, str, np.ndarray, np.ndarray]


def _series(run: Run) -> Iterator[_Series]:
    """Variable, unit, years, values of everything in one run."""
    years, later = run.years, run.years[1:]
    for variable, name in _STOCKS.items():
        yield variable, "persons", years, run.series[name]
    for variable, name in _SHARES.items():
        yield variable, "share", years, run.series[name]
    for variable, name in _VITAL.items():
        yield variable, "persons", later, run.series[name][1:]
    ages = residents_by_age(run.paths.population).sum(axis=-2)
    for label, first, last in _AGE_GROUPS:
        yield f"Population|Resident|Age {label}", "persons", years, ages[:, first:last].sum(axis=-1)
    flows = run.paths.flows.sum(axis=(2, 3, 4))
    for flow in Flow:
        yield f"Flow|{flow.name.replace('_', ' ').title()}", "persons", later, flows[:, flow]
    for cause in run.town_change.__dataclass_fields__:
        label = cause.replace("_", " ").title()
        yield f"Town Change|{label}", "persons", later, getattr(run.town_change, cause)
    for variable, (column, unit) in _DRIVERS.items():
        values = run.paths.drivers[:, column]
        if np.isfinite(values).all():
            yield variable, unit, later, values


def _requirements(checks: tuple[TargetCheck, ...]) -> Iterator[_Series]:
    for check in checks:
        if check.needed is not None and check.target.at is not None:
            variable = f"Requirement|{check.indicator.name}"
            yield (
                variable,
                check.indicator.amount_unit,
                np.array([check.target.at]),
                np.array([check.needed]),
            )


def long_table(run: Run) -> pd.DataFrame:
    """Results of one scenario, columns `COLUMNS`; persons, workers and shares.

    The members of a prefecture follow it, each under its own region.
    """
    parts = []
    for variable, unit, years, values in (*_series(run), *_requirements(run.targets)):
        parts.append(
            pd.DataFrame({"variable": variable, "unit": unit, "year": years, "value": values})
        )
    table = pd.concat(parts, ignore_index=True)
    table["model"], table["scenario"] = MODEL, run.id
    table["region"], table["statistic"] = run.study.place.id, "value"
    whole = table[list(COLUMNS)]
    return pd.concat([whole, *map(long_table, run.members)], ignore_index=True)


LEDGER_COLUMNS = (
    "place",
    "scenario",
    "year",
    "registration",
    "residence",
    "entry",
    "flow",
    "persons",
)


def ledger_table(run: Run) -> pd.DataFrame:
    """Every flow of every cell and year, columns `LEDGER_COLUMNS`; opening + in - out = closing.

    The members of a prefecture follow it.
    """
    rows = [
        (one.study.place.id, run.id, *row)
        for one in (run, *run.members)
        for row in ledger_rows(one.paths, one.years)
    ]
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))


TARGET_COLUMNS = (
    "place", "scenario", "indicator", "year", "op", "target", "unit", "projected", "gap", "status",
    "probability", "first_year_met", "kind", "scope", "reason", "document", "quote",
)  # fmt: skip


def target_table(run: Run) -> pd.DataFrame:
    """Every target judged, columns `TARGET_COLUMNS`; values in the target's own unit.

    ``probability`` is empty: it needs draws that have been checked against history.
    """
    rows = [
        {
            "place": run.study.place.id,
            "scenario": run.id,
            "indicator": c.target.indicator,
            "year": c.target.at,
            "op": c.target.op,
            "target": c.target.value,
            "unit": c.target.unit,
            "projected": c.projected,
            "gap": c.gap,
            "status": c.status,
            "probability": None,
            "first_year_met": c.first_year_met,
            "kind": c.kind,
            "scope": c.target.scope,
            "reason": c.reason,
            "document": c.target.document,
            "quote": c.target.quote,
        }
        for c in run.targets
    ]
    table = pd.DataFrame(rows, columns=list(TARGET_COLUMNS))
    return table.astype({"year": "Int64", "first_year_met": "Int64"})
