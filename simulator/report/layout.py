"""The two shapes that every section of the terminal page is made of."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def plain_table(*headers: str, numbers: Sequence[int] = ()) -> Table:
    """Table without rules; the columns ``numbers`` are right-aligned."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, header in enumerate(headers):
        table.add_column(header, justify="right" if i in numbers else "left", overflow="fold")
    return table


def section(title: str, *parts: RenderableType) -> Group:
    """Parts under a title."""
    return Group(Text(title, style="bold"), *parts)
