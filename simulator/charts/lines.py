"""Charts as Vega-Lite specs that never change, and the small tables of data that do."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from simulator.charts.points import Points
from simulator.i18n import PEOPLE_UNIT, text
from simulator.run import Result, Run
from simulator.units import to_base
from simulator.vocabulary import indicators

Spec = dict[str, Any]

#: First to third series of a chart, after Okabe and Ito; told apart by any colour vision and at
#: least 3:1 against a white and against a dark page.
PALETTE = ("#2b7bba", "#d4700f", "#0f8a6d")
NEUTRAL = "#808890"
FONT = (
    "Noto Sans CJK SC, Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
)
HEIGHT = 300
DASHED = [5, 4]
_COLUMNS = ("year", "value", "high", "series", "scenario", "kind", "label")
BAND = "band"
#: A mark that is not seen, where there is none to see.
NOTHING = "nothing"
#: Persons in one unit of a population axis.
UNIT = PEOPLE_UNIT
_PERCENT = 100.0

RATES = ("resident_urbanization_rate", "hukou_urbanization_rate")
REGISTERED = ("resident_population", "hukou_population")
PEOPLE = (*REGISTERED, "out_migrants")
TOWN = ("town_population", "county_seat_population")


def _axis_value(name: str, value: float, lang: str) -> float:
    return value * _PERCENT if indicators()[name].unit == "%" else value / UNIT[lang]


def axis_title(name: str, lang: str) -> str:
    """Unit of a chart's axis."""
    return "%" if indicators()[name].unit == "%" else text("app.axis.persons", lang)


#: Lower and upper bound of an indicator by year, persons or shares.
Bands = Mapping[str, tuple[np.ndarray, np.ndarray]]


def lines_data(result: Result, current: Run, names: Sequence[str], lang: str) -> pd.DataFrame:
    """`lines_points` as a data frame, without ranges."""
    return lines_points(result, current, names, lang).frame()


def lines_points(
    result: Result, current: Run, names: Sequence[str], lang: str, bands: Bands | None = None
) -> Points:
    """Trend, current scenario, target marks and observed outcomes of a chart, one row a point.

    ``bands`` adds the range of the current scenario, where an indicator has one.
    """
    marks = [*_targets(result, names, lang), *_outcomes(result, names, lang)]
    drawn = [*_lines(current, "current", names, lang)]
    if not marks:
        marks.append((*drawn[0][:-2], NOTHING, ""))
    rows = [
        *_bands(current, names, lang, bands or {}),
        *_lines(result.trend, "trend", names, lang),
        *drawn,
        *marks,
    ]
    return Points(_COLUMNS, rows)


_Row = tuple[int, float, float | None, str, str, str, str]
_NO_BAND = None


def _bands(current: Run, names: Sequence[str], lang: str, bands: Bands) -> Iterator[_Row]:
    for name in names:
        if name in bands:
            series, (low, high) = indicators()[name].label(lang), bands[name]
            for year, *ends in zip(current.years.tolist(), low, high, strict=True):
                start, end = (_axis_value(name, float(v), lang) for v in ends)
                yield year, start, end, series, "", BAND, ""


def _lines(run: Run, scenario: str, names: Sequence[str], lang: str) -> Iterator[_Row]:
    label = text(f"app.line.{scenario}", lang)
    for name in names:
        series = indicators()[name].label(lang)
        for year, value in zip(run.years.tolist(), run.series[name].tolist(), strict=True):
            yield year, _axis_value(name, value, lang), _NO_BAND, series, label, "line", ""


def _targets(result: Result, names: Sequence[str], lang: str) -> Iterator[_Row]:
    for check in result.trend.targets:
        target = check.target
        if target.indicator in names and check.projected is not None and target.at is not None:
            value = _axis_value(target.indicator, to_base(target.value, target.unit), lang)
            mark = text("app.mark.target", lang)
            # A part's target is no mark for the line of the whole to reach, and says what it is of.
            part = "" if target.scope == "place" else text(f"scope.{target.scope}", lang) + " "
            series = indicators()[target.indicator].label(lang)
            yield target.at, value, _NO_BAND, series, "", mark, f"{mark} {part}{value:,.4g}"


def _outcomes(result: Result, names: Sequence[str], lang: str) -> Iterator[_Row]:
    for name, year, observed, _, unit in result.outcomes():
        if name in names:
            value = _axis_value(name, to_base(observed, unit), lang)
            mark = text("app.mark.observed", lang)
            yield year, value, _NO_BAND, indicators()[name].label(lang), "", mark, ""


def year_axis() -> Spec:
    """Years along the bottom, as 2020 and never 2,020."""
    return {
        "field": "year",
        "type": "quantitative",
        "scale": {"nice": False, "zero": False},
        "axis": {"format": "d", "title": None, "tickMinStep": 1, "grid": False, "tickCount": 7},
    }


def _legend(lang: str) -> Spec:
    """Names of the series; in two rows where they are long, so that a narrow page shows them."""
    return {
        "columns": 1 if lang == "en" else 3,
        "orient": "top", "title": None, "direction": "horizontal", "labelLimit": 260,
        "symbolType": "stroke", "symbolSize": 260, "symbolOpacity": 1,
    }  # fmt: skip


def tooltip(lang: str, *fields: str) -> list[Spec]:
    """Fields shown when a mark is pointed at."""
    formats = {"year": "d", "value": ",.2f"}
    found = []
    for field in fields:
        kind = "quantitative" if field in formats else "nominal"
        title = text(f"app.tip.{field}", lang)
        found.append({"field": field, "type": kind, "title": title})
        if field in formats:
            found[-1]["format"] = formats[field]
    return found


def config() -> Spec:
    """Fonts and lines that every chart shares."""
    labels = {"labelFontSize": 12, "titleFontSize": 12}
    return {
        "font": FONT,
        "axis": {**labels, "domain": False, "gridColor": NEUTRAL, "gridOpacity": 0.22},
        "legend": {"labelFontSize": 12, "symbolStrokeWidth": 2.5, "padding": 0, "offset": 4},
        "view": {"stroke": None},
        # A label on every mark is slow to draw and no help: the page says each chart in words.
        "aria": False,
        # No row lacks a value that it is drawn by; looking takes longer than drawing.
        "mark": {"invalid": None},
    }


def page() -> Spec:
    """How the page draws every chart: without a menu, and as one picture, twice as quick."""
    return {"embedOptions": {"actions": False, "renderer": "canvas"}}


@functools.cache
def lines_spec(names: tuple[str, ...], lang: str, ranged: bool = False) -> Spec:
    """Spec of a line chart, with or without ranges; do not change what it returns."""
    labels = [indicators()[n].label(lang) for n in names]
    color = {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": labels, "range": list(PALETTE[: len(labels)])},
        "legend": _legend(lang),
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": True},
        "axis": {"title": None, "tickCount": 6},
    }
    return {
        "height": HEIGHT,
        "encoding": {"x": year_axis(), "y": y},
        "layer": [
            *([_range_layer(color)] if ranged else []),
            *_line_layers(color, lang),
            *_mark_layers(color, lang),
        ],
        "config": config(),
        "usermeta": page(),
    }


def _range_layer(color: Spec) -> Spec:
    return {
        "transform": [{"filter": f"datum.kind === '{BAND}'"}],
        "mark": {"type": "area", "opacity": 0.2},
        "encoding": {"color": color, "y2": {"field": "high"}},
    }


def _line_layers(color: Spec, lang: str) -> list[Spec]:
    current, trend = text("app.line.current", lang), text("app.line.trend", lang)

    def only(name: str) -> list[Spec]:
        return [{"filter": f"datum.kind === 'line' && datum.scenario === '{name}'"}]

    tips = tooltip(lang, "year", "series", "scenario", "value")
    return [
        {
            "transform": only(current),
            "mark": {"type": "line", "strokeWidth": 3.5, "opacity": 0.85},
            "encoding": {"color": color},
        },
        {
            "transform": only(trend),
            "mark": {"type": "line", "strokeWidth": 1.8, "color": NEUTRAL, "strokeDash": DASHED},
            "encoding": {"detail": {"field": "series"}},
        },
        {
            "transform": [{"filter": "datum.kind === 'line'"}],
            "mark": {"type": "point", "size": 120, "opacity": 0},
            "encoding": {"tooltip": tips},
        },
    ]


def _mark_layers(color: Spec, lang: str) -> list[Spec]:
    """Targets filled and labelled, observed outcomes hollow; a layer with no row would warn."""
    target, observed = text("app.mark.target", lang), text("app.mark.observed", lang)
    marked = [{"filter": f"indexof(['line', '{BAND}'], datum.kind) < 0"}]

    def by_kind(*values: object) -> Spec:
        scale = {"domain": [target, observed, NOTHING], "range": [*values]}
        return {"field": "kind", "type": "nominal", "scale": scale, "legend": None}

    filled = {**color, "legend": None, "test": f"datum.kind === '{target}'"}
    return [
        {
            "transform": marked,
            "mark": {"type": "point", "filled": False, "strokeWidth": 2, "opacity": 1},
            "encoding": {
                "color": color,
                "fill": {"condition": filled, "value": "transparent"},
                "shape": by_kind("diamond", "circle", "circle"),
                "size": by_kind(130, 55, 0),
                "opacity": by_kind(1, 1, 0),
                "tooltip": tooltip(lang, "year", "series", "kind", "value"),
            },
        },
        {
            "transform": marked,
            "mark": {"type": "text", "dy": -14, "fontWeight": "bold", "fontSize": 12},
            "encoding": {"text": {"field": "label"}, "color": color},
        },
    ]


def lines_alt(result: Result, current: Run, names: Sequence[str], lang: str) -> str:
    """A line chart in words, for those who do not see it."""
    first, last = int(current.years[0]), int(current.years[-1])
    parts = []
    for name in names:
        unit = axis_title(name, lang)
        start, end, trend = (
            f"{_axis_value(name, float(v), lang):,.2f} {unit}"
            for v in (
                current.series[name][0],
                current.series[name][-1],
                result.trend.series[name][-1],
            )
        )
        parts.append(
            text("app.alt.line", lang, series=indicators()[name].label(lang), first=first,
                 last=last, start=start, end=end, trend=trend)
        )  # fmt: skip
    return " ".join(parts)


def legend(lang: str) -> str:
    """What solid, dashed, diamond and circle mean in every chart, as HTML."""
    marks = (
        ("cus-key-current", "app.line.current"),
        ("cus-key-trend", "app.line.trend"),
        ("cus-key-target", "app.mark.target"),
        ("cus-key-observed", "app.mark.observed_long"),
    )
    items = "".join(f'<span><i class="{c}"></i>{escape(text(k, lang))}</span>' for c, k in marks)
    return f'<p class="cus-legend">{items}</p>'
