"""Jobs and housing by year, with the years shaded in which a constraint binds; people to serve."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

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
from simulator.i18n import text, year_spans
from simulator.run import Result, Run
from simulator.state import Driver

_COLUMNS = ("year", "value", "until", "series", "scenario", "kind")
_HALF = 0.5
#: Series of each chart in order of their colours, and the constraints that shade it.
SERIES: Mapping[str, tuple[str, ...]] = {
    "jobs": ("labour_gap", "workers_moved", "workers_home"),
    "housing": ("housing_room", "town"),
    "needs": ("residents", "town_elderly", "town_pupils"),
}
BINDS: Mapping[str, tuple[str, ...]] = {
    "jobs": ("labour", "jobs"), "housing": ("housing", "quota"), "needs": (),
}  # fmt: skip
_SHADE = ("#8a63b8", "#b0862a")
_COLUMN = {
    "labour_gap": Driver.LABOUR_GAP,
    "workers_moved": Driver.WORKERS_MOVED,
    "workers_home": Driver.WORKERS_AT_HOME,
    "housing_room": Driver.HOUSING_CAPACITY,
}


def _unit(key: str, lang: str) -> float:
    """Persons in a unit of the axis; jobs are counted one by one."""
    return 1.0 if key == "jobs" else UNIT[lang]


def _values(run: Run, name: str) -> np.ndarray:
    """Persons by projected year, nan where there is no such limit."""
    if name == "town":
        return np.asarray(run.stocks.town_population[1:])
    if name in _COLUMN:
        found = run.paths.drivers[:, _COLUMN[name]]
        return np.where(np.isfinite(found), found, np.nan)
    return np.asarray(run.people[name][1:])


def data_of(result: Result, current: Run, key: str, lang: str) -> Points:
    """Lines of a chart, trend and scenario, and the years in which a constraint binds."""
    rows = [*_lines(result.trend, "trend", key, lang), *_lines(current, "current", key, lang)]
    for codes, year in zip(current.binding(), current.years[1:].tolist(), strict=True):
        for code in BINDS[key]:
            if code in codes:
                name = text(f"binding.{code}", lang)
                rows.append((year - _HALF, 0.0, year + _HALF, name, "", "binds"))
    if BINDS[key] and rows[-1][-1] != "binds":  # a layer with no row would warn: one of no width
        first = float(current.years[1])
        rows.append((first, 0.0, first, text(f"binding.{BINDS[key][0]}", lang), "", "binds"))
    return Points(_COLUMNS, rows)


_Row = tuple[float, float, float, str, str, str]


def _lines(run: Run, scenario: str, key: str, lang: str) -> Iterator[_Row]:
    label = text(f"app.line.{scenario}", lang)
    for name in SERIES[key]:
        series = text(f"app.series.{name}", lang)
        values = _values(run, name) / _unit(key, lang)
        for year, value in zip(run.years[1:].tolist(), values.tolist(), strict=True):
            if np.isfinite(value):
                yield year, value, 0.0, series, label, "line"


@functools.cache
def spec(key: str, lang: str) -> Spec:
    """Spec of one chart."""
    labels = [text(f"app.series.{name}", lang) for name in SERIES[key]]
    color = _scale(labels, PALETTE, lang)
    current, trend = text("app.line.current", lang), text("app.line.trend", lang)
    y = {"field": "value", "type": "quantitative", "scale": {"zero": key == "jobs"},
         "axis": {"title": None, "tickCount": 6}}  # fmt: skip
    lines: Spec = {"x": year_axis(), "y": y}

    def only(name: str) -> list[Spec]:
        return [{"filter": f"datum.kind === 'line' && datum.scenario === '{name}'"}]

    layers = [
        {"transform": only(current), "mark": {"type": "line", "strokeWidth": 3.2, "opacity": 0.85},
         "encoding": {**lines, "color": color}},
        {"transform": only(trend),
         "mark": {"type": "line", "strokeWidth": 1.8, "color": NEUTRAL, "strokeDash": DASHED},
         "encoding": {**lines, "detail": {"field": "series"}}},
        {"transform": [{"filter": "datum.kind === 'line'"}],
         "mark": {"type": "point", "size": 120, "opacity": 0},
         "encoding": {**lines, "tooltip": tooltip(lang, "year", "series", "scenario", "value")}},
    ]  # fmt: skip
    if BINDS[key]:
        shades = [text(f"binding.{code}", lang) for code in BINDS[key]]
        layers.insert(0, {
            "transform": [{"filter": "datum.kind === 'binds'"}],
            "mark": {"type": "rect", "opacity": 0.22},
            "encoding": {"x": year_axis(), "x2": {"field": "until"},
                         "fill": _scale(shades, _SHADE, lang, symbol="square"),
                         "tooltip": tooltip(lang, "series")},
        })  # fmt: skip
    return {
        "height": HEIGHT,
        "layer": layers,
        "resolve": {"scale": {"fill": "independent"}},
        "config": config(),
        "usermeta": page(),
    }


def _scale(labels: Sequence[str], colors: Sequence[str], lang: str, symbol: str = "stroke") -> Spec:
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": list(labels), "range": list(colors[: len(labels)])},
        "legend": {"orient": "top", "title": None, "labelLimit": 260, "symbolType": symbol,
                   "symbolSize": 220, "symbolOpacity": 1,
                   "columns": 1 if lang == "en" else 3},
    }  # fmt: skip


def alt(current: Run, key: str, lang: str) -> str:
    """Last values of a chart's lines and the constrained years, in words."""
    year, comma = int(current.years[-1]), "，" if lang == "zh" else ", "
    parts = []
    for name in SERIES[key]:
        value = float(_values(current, name)[-1])
        if np.isfinite(value):
            parts.append(f"{text(f'app.series.{name}', lang)} {value / _unit(key, lang):,.2f}")
    years = zip(current.binding(), current.years[1:].tolist(), strict=True)
    bound = [y for codes, y in years if set(codes) & set(BINDS[key])]
    told = text("app.alt.limits", lang, year=year) + comma.join(parts)
    if bound:
        told += text("app.alt.bound", lang, years=year_spans(bound, lang))
    return told
