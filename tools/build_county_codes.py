"""Build simulator/data/county_codes.csv: codes of counties by the names that censuses print.

Usage: ``python -m tools.build_county_codes SOURCE_DIR [--output DIR]``

The census volumes print names without codes. A row is a county unit, prefecture or province of the
2010 or the 2020 census; ``years`` says of which. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.build_national_tables import DEFAULT_OUTPUT, read_rows, write_table

YEARS = ("2010", "2020")
LEVELS = ("province", "prefecture", "county")
COLUMNS = ("code", "province", "prefecture", "name", "level", "years")
HEADER = [
    "Codes (GB/T 2260) of the area units of the county censuses, by the names printed there",
    "source 2010: 中国2010年人口普查分县资料; every unit",
    "source 2020: 2020中国人口普查分县资料; not the counties held back for the final score",
    "prefecture of counties directly under a province: that of the row above, as digitized",
]


def build(source: Path, output: Path) -> None:
    """Write the table."""
    found: dict[tuple[str, ...], list[str]] = {}
    for year in YEARS:
        for row in read_rows(source / f"county_{year}_core.csv"):
            if row["level"] in LEVELS and row["code"]:
                name = row["name"].replace("巿", "市")
                key = (row["code"], row["province"], row["prefecture"], name, row["level"])
                found.setdefault(key, []).append(year)
    rows = [(*key, " ".join(years)) for key, years in sorted(found.items())]
    write_table(output / "county_codes.csv", HEADER, COLUMNS, rows)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    asked = parser.parse_args()
    build(asked.source, asked.output)


if __name__ == "__main__":
    main()
