"""The members of a prefecture, beside each other."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from simulator.i18n import people, text
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.run import Result
from simulator.vocabulary import indicators

_SHOWN = ("resident_population", "resident_urbanization_rate")


def members_view(result: Result, lang: str) -> Iterator[RenderableType]:
    """Residents and resident rate of each member in the years that matter; nothing for a place
    that has no members.
    """
    if not result.members:
        return
    years, base = wording.shown_years(result), result.study.place.base_year
    headers = [text("col.place", lang), text("col.indicator", lang), *(str(y) for y in years)]
    table = plain_table(*headers, numbers=range(2, len(headers)))
    vocabulary = indicators()
    for member in result.members:
        name = member.study.place.name.get(lang)
        for indicator in _SHOWN:
            unit = "%" if vocabulary[indicator].unit == "%" else text("unit.persons", lang)
            values = [float(member.trend.series[indicator][y - base]) for y in years]
            shown = [f"{v * 100:.2f}" if unit == "%" else people(v, lang) for v in values]
            table.add_row(name, f"{vocabulary[indicator].label(lang)} ({unit})", *shown)
            name = ""
    yield section(text("report.members", lang), table)
