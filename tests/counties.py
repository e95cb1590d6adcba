"""A small made-up nation of counties whose 2020 the model itself lived through."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from simulator.county_tables import CORE_2010, CORE_2020, GROUP_NAMES

TEXT = ("code", "province", "prefecture", "name", "level")
AGES = tuple(f"{sex}_{g}" for g in GROUP_NAMES for sex in "mf")
#: Persons by age group of the nation 2010, of a million, alike for both sexes.
SHAPE = np.array([1.0, 4.7, 5.3, 5.6, 7.5, 9.6, 7.6, 7.3, 8.9, 9.4, 7.9, 5.9, 6.1, 4.4, 3.1, 2.5,
                  1.8, 1.0, 0.6])  # fmt: skip


def core_2010(
    code: str, name: str, residents: float, urban: float, hukou: float
) -> dict[str, object]:
    """One row of the 2010 core table."""
    row: dict[str, object] = dict.fromkeys(CORE_2010, 0)
    row |= {
        "code": code, "province": "四川省", "prefecture": "达州市", "name": name, "level": "county",
        "resident": residents, "urban": round(urban * residents), "hukou": hukou,
        "nonagri_hukou_pct": 18.0, "ethnic_minority_pct": 1.0,
        "family_household_pop": 0.95 * residents, "family_household_size": 3.2, "birth_rate": 11.0,
        "death_rate": 6.0, "in_migrants_same_county": 0.04 * residents,
        "in_migrants_other_county_same_prov": 0.02 * residents,
        "in_migrants_other_prov": 0.01 * residents, "children_ever_born_w15_64": 1.5,
        "housing_m2_per_capita": 33.0, "emp_primary_pct": 60.0, "emp_secondary_pct": 18.0,
        "years_schooling": 8.2,
    }  # fmt: skip
    return row


def ages_row(row: Mapping[str, object], persons: np.ndarray) -> dict[str, object]:
    """A row of an age table; ``persons`` (2, 19)."""
    cells = {f"{sex}_{g}": round(float(persons[s, i])) for s, sex in enumerate("mf")
             for i, g in enumerate(GROUP_NAMES)}  # fmt: skip
    return {n: row[n] for n in TEXT} | cells


def shape(residents: float) -> np.ndarray:
    """Residents by sex and group, (2, 19)."""
    return np.tile(SHAPE / SHAPE.sum() * residents / 2, (2, 1))


def write_table(path: Path, columns: tuple[str, ...], rows: list[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write("# made up\n")
        table = csv.DictWriter(handle, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def write_folder(folder: Path, first: list[dict[str, object]], second: list[dict[str, object]],
                 ages_2020: list[np.ndarray]) -> None:  # fmt: skip
    """The four tables; ages of 2010 follow the national shape."""
    write_table(folder / "county_2010_core.csv", (*TEXT, *CORE_2010), first)
    ages = [ages_row(r, shape(float(str(r["resident"])))) for r in first]
    write_table(folder / "county_2010_age_sex.csv", (*TEXT, *AGES), ages)
    write_table(folder / "county_2020_core.csv", (*TEXT, *CORE_2020), second)
    later = [ages_row(r, a) for r, a in zip(second, ages_2020, strict=True)]
    write_table(folder / "county_2020_age_sex.csv", (*TEXT, *AGES), later)


def row_2020(
    first: Mapping[str, object], residents: float, urban: float, **other: object
) -> dict[str, object]:
    """A row of the 2020 core table for a county of 2010."""
    row: dict[str, object] = {n: first[n] for n in TEXT} | dict.fromkeys(CORE_2020, 0)
    return row | {"resident": round(residents), "urban": round(urban * residents)} | other
