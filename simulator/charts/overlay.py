"""One indicator of several scenarios over the years, a line each, and the trend dashed."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from simulator.charts.lines import (
    DASHED,
    HEIGHT,
    NEUTRAL,
    PALETTE,
    UNIT,
    Spec,
    config,
    page,
    tooltip,
    year_axis,
)  # fmt: skip
from simulator.charts.points import Points
from simulator.i18n import text
from simulator.report.sidebyside import Column
from simulator.run import Run
from simulator.vocabulary import indicators

#: Six colours told apart by any colour vision, after Okabe and Ito; and six dashes besides.
COLORS = (*PALETTE, "#b0508f", "#8a7a00", "#4f8fd0")
_DASHES = ([1, 0], [8, 3], [2, 2], [10, 3, 2, 3], [5, 5], [1, 3])
_COLUMNS = ("year", "value", "series", "rank", "kind")


def _values(run: Run, name: str, lang: str) -> list[float]:
    factor = 100.0 if indicators()[name].unit == "%" else 1.0 / UNIT[lang]
    return [float(v) * factor for v in run.series[name]]


def data_of(columns: Sequence[Column], trends: Sequence[Column], name: str, lang: str) -> Points:
    """A row a year of every scenario and of the trend of each place."""
    rows = []
    for kind, group in (("trend", trends), ("scenario", columns)):
        for rank, column in enumerate(group):
            values = _values(column.run, name, lang)
            for year, value in zip(column.run.years.tolist(), values, strict=True):
                rows.append((year, value, column.name, str(rank), kind))
    return Points(_COLUMNS, rows)


@functools.lru_cache(maxsize=64)  # names are the user's own
def spec(names: tuple[str, ...], lang: str) -> Spec:
    """Spec for scenarios of these names, in their order."""
    scale = {"domain": list(names), "range": list(COLORS[: len(names)])}
    legend = {"orient": "top", "title": None, "labelLimit": 320, "symbolType": "stroke",
              "symbolSize": 300, "columns": 2}  # fmt: skip
    color = {"field": "series", "type": "nominal", "scale": scale, "legend": legend}
    dash = {"field": "series", "type": "nominal", "legend": legend,
            "scale": {"domain": list(names), "range": list(_DASHES[: len(names)])}}  # fmt: skip
    y = {"field": "value", "type": "quantitative", "scale": {"zero": False, "nice": True},
         "axis": {"title": None, "tickCount": 6}}  # fmt: skip
    tips = tooltip(lang, "year", "series", "value")
    return {
        "height": HEIGHT,
        "encoding": {"x": year_axis(), "y": y},
        "layer": [
            {"transform": [{"filter": "datum.kind === 'trend'"}],
             "mark": {"type": "line", "strokeWidth": 1.8, "color": NEUTRAL, "strokeDash": DASHED},
             "encoding": {"detail": {"field": "rank"}}},
            {"transform": [{"filter": "datum.kind === 'scenario'"}],
             "mark": {"type": "line", "strokeWidth": 3},
             "encoding": {"color": color, "strokeDash": dash}},
            {"mark": {"type": "point", "size": 120, "opacity": 0}, "encoding": {"tooltip": tips}},
        ],
        "config": config(),
        "usermeta": page(),
    }  # fmt: skip


def alt(columns: Sequence[Column], name: str, lang: str) -> str:
    """First and last value of every scenario, in words."""
    parts = [indicators()[name].label(lang)]
    for column in columns:
        values, years = _values(column.run, name, lang), column.run.years
        parts.append(
            text("app.alt.compare", lang, name=column.name, first=int(years[0]),
                 last=int(years[-1]), start=f"{values[0]:,.2f}", end=f"{values[-1]:,.2f}")
        )  # fmt: skip
    return " ".join(parts)
