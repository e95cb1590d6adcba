"""Charts of the simulator page: constant specs, data only; bands drawn when all else stands."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from simulator.charts import fan, limits, lines, pyramid, waterfall
from simulator.charts.points import Points
from simulator.i18n import text
from simulator.outlook import Outlook, outlook
from simulator.report import rows, wording
from simulator.run import Result, Run
from simulator.ui import tables

#: Enough for the 10 and 90 % points to move by less than a line's width between two seeds.
DRAWS = 200
_LINES = {"rates": lines.RATES, "town": lines.TOWN, "people": lines.PEOPLE}
#: Charts of which one is looked at at a time.
_MORE = ("town", "jobs", "housing", "needs")
Slots = dict[str, DeltaGenerator]


def frame(result: Result, lang: str) -> Slots:
    """What stands around the charts whatever the levers; returns where the charts go."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(lines.legend(lang))
        st.toggle(text("app.bands", lang), key="bands", help=text("app.bands_help", lang))
    if st.session_state.get("bands"):
        st.caption(text("app.bands_note", lang))
    slots: Slots = {}
    for row in (("rates", "people"), ("causes", "ages")):
        for column, key in zip(st.columns(2, gap="medium"), row, strict=True):
            with column, st.container(key=f"chart_{key}"):
                slots |= _place(key, result, lang)
    slots["more"] = _more_place(result, lang)
    return slots


def _place(key: str, result: Result, lang: str) -> Slots:
    """Heading of a chart; where the chart goes, and the slider of the ages."""
    if key in _LINES:
        _heading(key, lines.axis_title(_LINES[key][0], lang), lang)
        return {key: st.container()}
    if key == "causes":
        _until(result, lang)
        return {key: st.container()}
    row = st.container(horizontal=True, vertical_alignment="center")
    with row:
        _heading(key, text("app.axis.persons", lang), lang, "content")
    return {"year": row, key: st.container(), "spoken": st.container(key="spoken")}


def _more_place(result: Result, lang: str) -> DeltaGenerator:
    """Choice of the chart that is looked at of those of which one is at a time, and its place."""
    offered = [key for key in _MORE if not (result.members and key in ("jobs", "housing"))]
    if st.session_state.get("more") not in offered:
        st.session_state["more"] = offered[0]
    # Not tabs: around a chart that changes they cost as much as the chart.
    st.segmented_control(
        text("app.more", lang), offered, format_func=lambda key: text(f"app.chart.{key}", lang),
        key="more", required=True, label_visibility="collapsed",
    )  # fmt: skip
    return st.container()


def overview(slots: Slots, result: Result, current: Run, lang: str) -> Slots:
    """The four charts that always stand: rates, people, where change comes from, ages."""
    drawn: Slots = {}
    for key in ("rates", "people"):
        drawn[key] = _draw_lines(slots[key], result, current, key, lang, None)
    told = [lines.lines_alt(result, current, (*lines.RATES, *lines.PEOPLE), lang)]
    told.append(_waterfall(slots["causes"], result, current, lang))
    told.append(_pyramid(slots, result, current, lang))
    slots["spoken"].html(tables.spoken(told))
    return drawn


def more(slot: DeltaGenerator, result: Result, current: Run, lang: str) -> Slots:
    """The chart looked at of those of which one is at a time; what can have a range of it."""
    key = str(st.session_state["more"])
    if key in _LINES:
        return {key: _draw_lines(slot, result, current, key, lang, None)}
    _limited(slot, result, current, key, lang)
    return {}


def _heading(
    key: str, unit: str, lang: str, width: Literal["stretch", "content"] = "stretch"
) -> None:
    st.markdown(f"#### {text(f'app.chart.{key}', lang)} :gray[({unit})]", width=width)


def _draw_lines(
    slot: DeltaGenerator, result: Result, current: Run, key: str, lang: str,
    bands: lines.Bands | None,
) -> DeltaGenerator:  # fmt: skip
    """A line chart; what it returns can be drawn again in its place."""
    names = _LINES[key]
    data = lines.lines_points(result, current, names, lang, bands)
    return _draw(slot, key, data, _spec(names, lang), lang)


def _spec(names: tuple[str, ...], lang: str) -> lines.Spec:
    return lines.lines_spec(names, lang, ranged=bool(st.session_state.get("bands")))


def _draw(
    slot: DeltaGenerator, key: str, data: Points, spec: lines.Spec, lang: str
) -> DeltaGenerator:
    return slot.vega_lite_chart(
        data.arrow(), spec, key=f"vega_{key}_{lang}", alt=text(f"app.chart.{key}", lang)
    )


def look_ahead(current: Run) -> Outlook | None:
    """Draws of the scenario, if they are wanted."""
    if not st.session_state.get("bands"):
        return None
    return outlook(current, DRAWS, current.study.seed)


def draw_bands(slots: Slots, result: Result, current: Run, found: Outlook, lang: str) -> None:
    """Send the line charts again with their ranges."""
    for key, slot in slots.items():
        _draw_lines(slot, result, current, key, lang, fan.bands(found))


def _ends(result: Result) -> list[int]:
    """Years at which the waterfall may end."""
    return [y for y in wording.shown_years(result) if y > result.study.place.base_year]


def _until(result: Result, lang: str) -> None:
    """Heading of the waterfall, and the choice of its last year."""
    base, ends = result.study.place.base_year, _ends(result)
    if st.session_state.get("until") not in ends:
        st.session_state["until"] = ends[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        _heading("causes", text("app.axis.persons", lang), lang)
        st.segmented_control(
            text("app.until", lang),
            ends,
            format_func=lambda y: f"{base}–{y}",
            key="until",
            required=True,
            label_visibility="collapsed",
        )


def _waterfall(slot: DeltaGenerator, result: Result, current: Run, lang: str) -> str:
    """Where change comes from; returned in words."""
    until = int(st.session_state.get("until") or _ends(result)[0])
    data = waterfall.data_of(result, current, until, lang)
    _draw(slot, "causes", data, waterfall.spec(lang), lang)
    return waterfall.alt(data, until, lang)


def _pyramid(slots: Slots, result: Result, current: Run, lang: str) -> str:
    """Ages of one year; returned in words."""
    first, last = int(current.years[0]), int(current.years[-1])
    kept = int(st.session_state.get("pyramid_year", last))
    st.session_state["pyramid_year"] = min(max(kept, first), last)
    year = slots["year"].slider(
        text("app.pyramid_year", lang), first, last, key="pyramid_year", step=1, format="%d",
        label_visibility="collapsed",
    )  # fmt: skip
    data = pyramid.data_of(result, current, year, lang)
    _draw(slots["ages"], "ages", data, pyramid.spec(lang), lang)
    return pyramid.alt(current, year, lang)


def _limited(slot: DeltaGenerator, result: Result, current: Run, key: str, lang: str) -> None:
    """A chart of what limits the scenario or is to be served, under what is to be known of it."""
    about = [tables.caption(text(f"app.limits.{key}", lang, unit=text("app.axis.persons", lang)))]
    if key == "needs":
        listed = rows.requirements(result, lang)
        table = [tables.html(listed)] if listed.rows else []
        about = [tables.caption(text("app.requirements_help", lang)), *table, *about]
    slot.html("".join([*about, tables.spoken([limits.alt(current, key, lang)])]))
    _draw(slot, key, limits.data_of(result, current, key, lang), limits.spec(key, lang), lang)
