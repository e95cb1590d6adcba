"""Words in tables that spreadsheets open: never taken for formulas.

Quotes, names and titles come from files of others.
"""

from __future__ import annotations

import pandas as pd

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Enough digits to read a float64 back exactly.
EXACT = "%.17g"


def plain(value: object) -> object:
    """Words that would be read as a formula are led by an apostrophe; all else is as it was."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULA else value


def csv_text(table: pd.DataFrame) -> str:
    """A table as CSV with exact numbers, its words in plain cells."""
    safe = table.copy()
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            odd = {v: plain(v) for v in safe[name].unique() if plain(v) is not v}
            safe[name] = safe[name].replace(odd) if odd else safe[name]
    return safe.to_csv(index=False, float_format=EXACT, lineterminator="\n")
