"""What changed the town population: bars by cause, the trend as a dashed outline."""

from __future__ import annotations

import functools

import pandas as pd

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
from simulator.i18n import PEOPLE_DIGITS, catalogue, text
from simulator.report.terminal import CAUSES
from simulator.report.wording import sentence
from simulator.run import Result, Run


def data_of(result: Result, current: Run, until: int, lang: str) -> pd.DataFrame:
    """Change of town residents from the base to ``until`` by cause, trend and scenario.

    ``at`` is where the label stands: beyond the longer of the two bars.
    """
    span = until - result.study.place.base_year
    rows = []
    for cause in (*CAUSES, "total"):
        trend, now = (
            float(getattr(r.town_change, cause)[:span].sum()) / UNIT[lang]
            for r in (result.trend, current)
        )
        sign = "total" if cause == "total" else "gain" if now >= 0 else "loss"
        at = max(now, trend) if now >= 0 else min(now, trend)
        for scenario, value in (("trend", trend), ("current", now)):
            label = text(f"app.line.{scenario}", lang)
            rows.append(
                (_cause(cause, lang), value, label, sign, f"{value:+,.{PEOPLE_DIGITS[lang]}f}", at)
            )
    return pd.DataFrame(rows, columns=["cause", "value", "scenario", "sign", "label", "at"])


def _cause(name: str, lang: str) -> str:
    return sentence(catalogue(lang).get(f"app.cause.{name}", text(f"cause.{name}", lang)))


@functools.cache
def spec(lang: str) -> Spec:
    """Spec of the bars by cause: filled for the scenario, a dashed outline for the trend."""
    current, trend = text("app.line.current", lang), text("app.line.trend", lang)
    order = [_cause(c, lang) for c in (*CAUSES, "total")]
    x = {"field": "value", "type": "quantitative", "scale": {"nice": False, "padding": 46},
         "axis": {"title": None, "tickCount": 5}}  # fmt: skip
    y = {"field": "cause", "type": "nominal", "sort": order,
         "axis": {"title": None, "ticks": False, "labelLimit": 150, "labelPadding": 8}}  # fmt: skip
    fill = {
        "field": "sign",
        "type": "nominal",
        "scale": {"domain": ["gain", "loss", "total"], "range": [*PALETTE, NEUTRAL]},
        "legend": None,
    }
    tips = tooltip(lang, "cause", "scenario", "value")

    def only(name: str) -> list[Spec]:
        return [{"filter": f"datum.scenario === '{name}'"}]

    label = {"type": "text", "fontSize": 12, "fontWeight": "bold"}
    place = {"x": {"field": "at", "type": "quantitative"}}
    return {
        "height": HEIGHT,
        "encoding": {"x": x, "y": y},
        "layer": [
            {"transform": only(current),
             "mark": {"type": "bar", "height": {"band": 0.52}, "opacity": 0.85},
             "encoding": {"color": fill, "tooltip": tips}},
            {"transform": only(trend),
             "mark": {"type": "bar", "height": {"band": 0.78}, "filled": False, "stroke": NEUTRAL,
                      "strokeWidth": 1.5, "strokeDash": DASHED},
             "encoding": {"tooltip": tips}},
            {"transform": [*only(current), {"filter": "datum.value >= 0"}],
             "mark": {**label, "align": "left", "dx": 8},
             "encoding": {**place, "text": {"field": "label"}, "color": fill}},
            {"transform": [*only(current), {"filter": "datum.value < 0"}],
             "mark": {**label, "align": "right", "dx": -8},
             "encoding": {**place, "text": {"field": "label"}, "color": fill}},
        ],
        "config": config(),
        "usermeta": page(),
    }  # fmt: skip


def alt(data: pd.DataFrame, until: int, lang: str) -> str:
    """The bars by cause in words."""
    shown = data[data["scenario"] == text("app.line.current", lang)]
    parts = [f"{c} {v}" for c, v in zip(shown["cause"], shown["label"], strict=True)]
    return text("app.alt.causes", lang, until=until) + ("，" if lang == "zh" else ", ").join(parts)
