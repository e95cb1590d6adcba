"""From the town population of the base to that of a later year, cause by cause: a waterfall."""

from __future__ import annotations

import functools

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
)
from simulator.charts.points import Points
from simulator.i18n import PEOPLE_DIGITS, catalogue, text
from simulator.report.terminal import CAUSES
from simulator.report.wording import sentence
from simulator.run import Result, Run

_START, _END = "start", "end"
_COLUMNS = ("cause", "low", "high", "at", "value", "scenario", "sign", "label")


def _name(step: str, lang: str) -> str:
    if step in (_START, _END):
        return text(f"app.waterfall.{step}", lang)
    return sentence(catalogue(lang).get(f"app.cause.{step}", text(f"cause.{step}", lang)))


def _steps(run: Run, span: int, lang: str) -> list[tuple[str, float, float]]:
    """Each step with the stock before and after it, in units of the axis."""
    at = float(run.stocks.town_population[0]) / UNIT[lang]
    found = [(_START, at, at)]
    for cause in CAUSES:
        after = at + float(getattr(run.town_change, cause)[:span].sum()) / UNIT[lang]
        found.append((cause, at, after))
        at = after
    return [*found, (_END, at, at)]


def data_of(result: Result, current: Run, until: int, lang: str) -> Points:
    """Steps from the base to ``until``, of the trend and of the scenario, a row each."""
    span = until - result.study.place.base_year
    steps = [_steps(run, span, lang) for run in (result.trend, current)]
    # Labels stand right of everything in their row, so that no bar runs through them.
    at = [max(a[1:] + b[1:]) for a, b in zip(*steps, strict=True)]
    rows = []
    for scenario, found in zip(("trend", "current"), steps, strict=True):
        for (step, before, after), right in zip(found, at, strict=True):
            whole = step in (_START, _END)
            value = after if whole else after - before
            sign = "total" if whole else "gain" if value >= 0 else "loss"
            label = f"{value:{'' if whole else '+'},.{PEOPLE_DIGITS[lang]}f}"
            name = text(f"app.line.{scenario}", lang)
            rows.append((_name(step, lang), min(before, after), max(before, after), right,
                         value, name, sign, label))  # fmt: skip
    return Points(_COLUMNS, rows)


def _axes(lang: str) -> Spec:
    order = [_name(step, lang) for step in (_START, *CAUSES, _END)]
    return {
        "x": {"field": "low", "type": "quantitative", "axis": {"title": None, "tickCount": 5},
              "scale": {"zero": False, "nice": False, "padding": 40}},
        "y": {"field": "cause", "type": "nominal", "sort": order,
              "axis": {"title": None, "ticks": False, "labelLimit": 170, "labelPadding": 8}},
    }  # fmt: skip


def _only(name: str, *signs: str) -> list[Spec]:
    listed = ", ".join(f"'{s}'" for s in signs)
    return [{"filter": f"datum.scenario === '{name}' && indexof([{listed}], datum.sign) >= 0"}]


@functools.cache
def spec(lang: str) -> Spec:
    """Spec of the waterfall: filled for the scenario, a dashed outline for the trend."""
    current, trend = text("app.line.current", lang), text("app.line.trend", lang)
    colors = {"domain": ["gain", "loss", "total"], "range": [*PALETTE[:2], NEUTRAL]}
    fill = {"field": "sign", "type": "nominal", "scale": colors, "legend": None}
    tips = tooltip(lang, "cause", "scenario", "value")
    end = {"x2": {"field": "high"}}
    outline = {"filled": False, "stroke": NEUTRAL, "strokeWidth": 1.5, "strokeDash": DASHED}
    bold = {"fontSize": 12, "fontWeight": "bold", "align": "left", "dx": 8}
    return {
        "height": HEIGHT,
        "encoding": _axes(lang),
        "layer": [
            {"transform": _only(current, "gain", "loss"),
             "mark": {"type": "bar", "height": {"band": 0.56}, "opacity": 0.85},
             "encoding": {**end, "color": fill, "tooltip": tips}},
            {"transform": _only(trend, "gain", "loss"),
             "mark": {"type": "bar", "height": {"band": 0.8}, **outline},
             "encoding": {**end, "tooltip": tips}},
            {"transform": _only(current, "total"),
             "mark": {"type": "tick", "thickness": 4, "height": {"band": 0.7}},
             "encoding": {"color": fill, "tooltip": tips}},
            {"transform": _only(current, "gain", "loss", "total"),
             "mark": {"type": "text", **bold},
             "encoding": {"x": {"field": "at", "type": "quantitative"},
                          "text": {"field": "label"}, "color": fill}},
        ],
        "config": config(),
        "usermeta": page(),
    }  # fmt: skip


def alt(data: Points, until: int, lang: str) -> str:
    """The waterfall in words."""
    current = text("app.line.current", lang)
    columns = (data.column(name) for name in ("scenario", "cause", "label"))
    parts = [f"{cause} {v}" for run, cause, v in zip(*columns, strict=True) if run == current]
    return text("app.alt.causes", lang, until=until) + ("，" if lang == "zh" else ", ").join(parts)
