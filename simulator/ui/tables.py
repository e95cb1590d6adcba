"""Tables as plain HTML, so that screen readers read them and Chinese text wraps."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from simulator.report.rows import Table, Toned
from simulator.report.wording import sentence

#: Letters of a cell with emphasis, such as a status, that is not broken over two lines.
_WORD = 12


def html(table: Table) -> str:
    """A table of words as HTML; every cell is escaped, heads begin with a capital."""

    def cell(tag: str, i: int, value: str) -> str:
        shown = escape(value)
        if isinstance(value, Toned):
            whole = " cus-word" if len(value) <= _WORD else ""
            shown = f'<span class="cus-{value.tone}{whole}">{shown}</span>'
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{' class=cus-num' if i in table.numbers else ''}>{shown}</{tag}>"

    head = "".join(cell("th", i, sentence(h)) for i, h in enumerate(table.headers))
    body = "".join(
        "<tr>" + "".join(cell("td", i, v) for i, v in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    return (
        '<div class="cus-scroll" tabindex="0"><table class="cus-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def caption(told: str) -> str:
    """A remark in small letters."""
    return f'<p class="cus-caption">{escape(told)}</p>'


def title(told: str) -> str:
    """Heading of a table."""
    return f"<h5>{escape(told)}</h5>"


def spoken(told: Iterable[str]) -> str:
    """Charts in words for those who do not see them.

    Beside the chart, for an `alt` that changes would build the whole chart anew.
    """
    return f'<div class="cus-spoken">{"".join(f"<p>{escape(t)}</p>" for t in told)}</div>'
