"""Headline series of 渠县 as one small table; ``python tests/golden/update.py`` writes it anew.

Golden files come last in trust: they say that results changed, not that they are right. Change
them only together with a line **Results change** in CHANGELOG.md.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TABLE = FOLDER / "quxian.csv"
SCENARIO = FOLDER.parent.parent / "scenarios" / "quxian.yaml"
#: Significant digits written: far beyond the 1e-6 to which the test compares.
DIGITS = 9
SERIES = (
    "resident_population",
    "town_population",
    "hukou_population",
    "out_migrants",
    "nonlocal_residents",
    "resident_urbanization_rate",
    "hukou_urbanization_rate",
    "births",
    "deaths",
)
#: First and last years in full and every third in between.
YEARS = (2022, 2023, 2025, 2028, 2031, 2035)

Key = tuple[str, str, int]


def computed() -> dict[Key, float]:
    """Scenario, series and year to value, from a run of the scenario file."""
    from simulator import load_scenario, run

    found = {}
    for name, case in run(load_scenario(SCENARIO), face_value=False).runs.items():
        for series in SERIES:
            for year in YEARS:
                value = float(case.series[series][year - YEARS[0]])
                if value == value:
                    found[name, series, year] = value
    return found


def stored() -> dict[Key, float]:
    """What the golden file holds."""
    with TABLE.open(encoding="utf-8", newline="") as handle:
        rows = csv.DictReader(handle)
        return {(r["scenario"], r["series"], int(r["year"])): float(r["value"]) for r in rows}


def written(values: Mapping[Key, float]) -> str:
    """The table as text."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["scenario", "series", "year", "value"])
    table.writerows([*key, f"{value:.{DIGITS}g}"] for key, value in values.items())
    return stream.getvalue()


def main() -> None:
    """Write the golden file and say what moved most."""
    old = stored() if TABLE.is_file() else {}
    new = computed()
    moved = {key: abs(new[key] / old[key] - 1.0) for key in new.keys() & old.keys()}
    TABLE.write_text(written(new), encoding="utf-8")
    if moved:
        worst = max(moved, key=lambda key: moved[key])
        print(f"largest change: {moved[worst]:.2e} in {worst}")
    print(f"{len(new)} values in {TABLE}", file=sys.stderr)


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent.parent))
    main()
