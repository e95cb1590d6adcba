"""Charts as pictures for documents: the app's own specs, drawn with Chinese glyphs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import pandas as pd
import vl_convert

from simulator.charts import causes, lines
from simulator.i18n import text
from simulator.report import wording
from simulator.run import Result, Run

Kind = Literal["svg", "png"]

#: Charts that can be drawn, and the series of those made of lines.
CHARTS: Mapping[str, tuple[str, ...]] = {
    "rates": lines.RATES,
    "town": lines.TOWN,
    "people": lines.REGISTERED,
    "causes": (),
}
#: The font by name: without it Chinese characters take Japanese forms.
_FONT = "Noto Sans CJK SC"
_WIDTH, _SCALE, _MARGIN = 560, 2.0, 12
_VEGA_LITE = "5.20"


def picture(result: Result, run: Run, chart: str, lang: str, kind: Kind) -> bytes:
    """One chart of one scenario beside the trend, titled, as SVG or PNG bytes.

    Raises
    ------
    KeyError
        If there is no such chart.
    """
    spec = json.dumps(_spec(result, run, chart, lang), ensure_ascii=False)
    if kind == "svg":
        return vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE).encode()
    return bytes(vl_convert.vegalite_to_png(spec, vl_version=_VEGA_LITE, scale=_SCALE))


def _spec(result: Result, run: Run, chart: str, lang: str) -> dict[str, Any]:
    """The app's spec with its data, a title, a width and a white page."""
    names = CHARTS[chart]
    if names:
        data: pd.DataFrame = lines.lines_data(result, run, names, lang)
        spec, unit = lines.lines_spec(names, lang), lines.axis_title(names[0], lang)
    else:
        until = next(y for y in wording.shown_years(result) if y > result.study.place.base_year)
        data, spec = causes.data_of(result, run, until, lang), causes.spec(lang)
        unit = f"{text('app.axis.persons', lang)}, {result.study.place.base_year}–{until}"
    config = {**spec["config"], "font": _FONT}
    title = f"{result.study.place.name.get(lang)} · {text(f'app.chart.{chart}', lang)} ({unit})"
    key = text("picture.key", lang, scenario=wording.scenario_label(run, lang))
    return {
        **spec,
        "data": {"values": data.to_dict("records")},
        "config": config,
        "title": {"text": title, "subtitle": key, "anchor": "start", "offset": _MARGIN},
        "width": _WIDTH,
        "padding": _MARGIN,
        "background": "white",
    }
