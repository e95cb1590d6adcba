"""Every result of a study as one long table (IAMC layout plus ``statistic``)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from simulator.axes import Flow
from simulator.indicators import residents_by_age
from simulator.ledger import ledger_rows
from simulator.outlook import LEVELS, Outlook
from simulator.run import Run
from simulator.state import Driver
from simulator.targets import TargetCheck

COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "statistic", "value")
MODEL = "County Urbanization Simulator"
STATISTICS = tuple(f"p{round(100 * level):02d}" for level in LEVELS)

STOCKS = {
    "Population|Resident": "resident_population",
    "Population|Resident|Town": "town_population",
    "Population|Resident|Village": "village_population",
    "Population|Resident|County Seat": "county_seat_population",
    "Population|Resident|Nonlocal": "nonlocal_residents",
    "Population|Hukou": "hukou_population",
    "Population|Hukou|Away": "out_migrants",
    "Population|Hukou Minus Resident": "hukou_minus_resident",
}
SHARES = {
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
    "Settlement|Stock Turnover": (Driver.TURNOVER, "per person-year"),
    "Jobs|Labour Gap": (Driver.LABOUR_GAP, "workers"),
    "Jobs|Labour Gap|Temporary": (Driver.TEMPORARY_GAP, "workers"),
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
    for variable, name in STOCKS.items():
        yield variable, "persons", years, run.series[name]
    for variable, name in SHARES.items():
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


def _stock_of_dwellings(run: Run) -> Iterator[_Series]:
    found = run.dwellings
    yield "Housing|Dwellings|Owned", "dwellings", run.years, found.owned
    yield "Housing|Dwellings|Rented", "dwellings", run.years, found.rented
    yield "Housing|Vacancy", "share", run.years, found.vacancy


def _effects(run: Run) -> Iterator[_Series]:
    """Changes against the trend by lever, what they do together, and in all."""
    if run.attribution is None:
        return
    parts = {**run.attribution.parts, "total": run.attribution.total}
    for part, changes in parts.items():
        label = part.replace("_", " ").title()
        for name, values in changes.items():
            variable = f"Effect|{label}|{name.replace('_', ' ').title()}"
            yield variable, "persons", run.years[1:], values


def _costs(run: Run) -> Iterator[tuple[str, _Series]]:
    """Statistic and series of each cost; concepts are not to be added."""
    for cost in run.costs:
        variable = f"Cost|{cost.item.replace('_', ' ').title()}"
        for statistic, values in (("low", cost.low), ("value", cost.central), ("high", cost.high)):
            yield statistic, (variable, "yuan", run.years[1:], values)


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


def long_table(run: Run, outlook: Outlook | None = None) -> pd.DataFrame:
    """Results of one scenario, columns `COLUMNS`; persons, workers and shares.

    With draws, mean and quantiles of stocks and rates follow the values of the central run.
    The members of a prefecture follow it, each under its own region.
    """
    parts = []
    plain = (*_series(run), *_stock_of_dwellings(run), *_effects(run), *_requirements(run.targets))
    for statistic, (variable, unit, years, values) in (
        *(("value", series) for series in plain), *_costs(run)
    ):  # fmt: skip
        columns = {"variable": variable, "unit": unit, "year": years, "value": values}
        parts.append(pd.DataFrame(columns | {"statistic": statistic}))
    table = pd.concat(parts, ignore_index=True)
    table["model"], table["scenario"] = MODEL, run.id
    table["region"] = run.study.place.id
    if outlook is not None:
        drawn = _drawn(run, outlook)
        drawn["model"], drawn["scenario"], drawn["region"] = MODEL, run.id, run.study.place.id
        table = pd.concat([table, drawn], ignore_index=True)
    whole = table[list(COLUMNS)]
    return pd.concat([whole, *map(long_table, run.members)], ignore_index=True)


def _drawn(run: Run, outlook: Outlook) -> pd.DataFrame:
    """Mean and quantiles by year of every stock and rate that draws tell."""
    parts = []
    for names, unit in ((STOCKS, "persons"), (SHARES, "share")):
        for variable, name in names.items():
            rows = dict(zip(STATISTICS, outlook.quantiles[name], strict=True))
            for statistic, values in {"mean": outlook.mean[name], **rows}.items():
                columns = {"unit": unit, "year": run.years, "value": values}
                parts.append(
                    pd.DataFrame({"variable": variable, "statistic": statistic, **columns})
                )
    return pd.concat(parts, ignore_index=True)


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


def target_table(run: Run, outlook: Outlook | None = None) -> pd.DataFrame:
    """Every target judged, columns `TARGET_COLUMNS`; values in the target's own unit.

    ``probability`` is empty without draws, and where draws cannot judge a target.
    """
    chances = outlook.probability if outlook is not None else (None,) * len(run.targets)
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
            "probability": chance,
            "first_year_met": c.first_year_met,
            "kind": c.kind,
            "scope": c.target.scope,
            "reason": c.reason,
            "document": c.target.document,
            "quote": c.target.quote,
        }
        for c, chance in zip(run.targets, chances, strict=True)
    ]
    table = pd.DataFrame(rows, columns=list(TARGET_COLUMNS))
    return table.astype({"year": "Int64", "first_year_met": "Int64", "probability": "Float64"})
