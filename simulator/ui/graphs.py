"""Charts of the simulator page: constant specs, data only; bands drawn when all else stands."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_tab_container import TabContainer

from simulator.charts import fan, limits, lines, pyramid, waterfall
from simulator.i18n import text
from simulator.outlook import Outlook, outlook
from simulator.report import rows, wording
from simulator.run import Result, Run
from simulator.ui import tables

#: Enough for the 10 and 90 % points to move by less than a line's width between two seeds.
DRAWS = 200
_LINES = {"rates": lines.RATES, "town": lines.TOWN, "people": lines.PEOPLE}
Slots = dict[str, DeltaGenerator]
Tabs = list[tuple[TabContainer, Callable[[Result, Run, str], None]]]


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
                if key == "causes":
                    _until(result, lang)
                elif key in _LINES:
                    _heading(key, lines.axis_title(_LINES[key][0], lang), lang)
                slots[key] = st.container()
    slots["spoken"] = st.container()
    return slots


def overview(slots: Slots, result: Result, current: Run, lang: str) -> Slots:
    """The four charts that always stand: rates, people, where change comes from, ages."""
    told = [lines.lines_alt(result, current, (*lines.RATES, *lines.PEOPLE), lang)]
    drawn: Slots = {}
    for key in ("rates", "people"):
        with slots[key]:
            drawn[key] = st.empty() if st.session_state.get("bands") else slots[key]
            _draw_lines(drawn[key], result, current, key, lang, None)
    with slots["causes"]:
        told.append(_waterfall(result, current, lang))
    with slots["ages"]:
        _pyramid(result, current, lang)
    with slots["spoken"]:
        st.html(tables.spoken(told))
    return drawn


def tabs(result: Result, lang: str) -> Tabs:
    """Tabs of the charts of which one is looked at at a time."""
    parts: dict[str, Callable[[Result, Run, str], None]] = {
        "town": _town, "jobs": _limited("jobs"), "housing": _limited("housing"), "needs": _needs,
    }  # fmt: skip
    if result.members:  # a sum of places has no drivers of its own
        parts = {key: part for key, part in parts.items() if key not in ("jobs", "housing")}
    names = [text(f"app.chart.{key}", lang) for key in parts]
    drawn = st.tabs(names, key=f"more_{lang}", on_change="rerun")
    return list(zip(drawn, parts.values(), strict=True))


def more(found: Tabs, result: Result, current: Run, lang: str) -> None:
    """Only the open tab's chart is drawn."""
    for tab, part in found:
        if tab.open:
            with tab:
                part(result, current, lang)


def _heading(key: str, unit: str, lang: str) -> None:
    st.markdown(f"#### {text(f'app.chart.{key}', lang)} :gray[({unit})]")


def _draw_lines(
    slot: DeltaGenerator, result: Result, current: Run, key: str, lang: str,
    bands: lines.Bands | None,
) -> None:  # fmt: skip
    names = _LINES[key]
    slot.vega_lite_chart(
        lines.lines_points(result, current, names, lang, bands).arrow(),
        lines.lines_spec(names, lang),
        key=f"vega_{key}_{lang}",
        alt=text(f"app.chart.{key}", lang),
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
        unit = text("app.axis.persons", lang)
        st.markdown(f"#### {text('app.chart.causes', lang)} :gray[({unit})]", width="stretch")
        st.segmented_control(
            text("app.until", lang),
            ends,
            format_func=lambda y: f"{base}–{y}",
            key="until",
            required=True,
            label_visibility="collapsed",
        )


def _waterfall(result: Result, current: Run, lang: str) -> str:
    until = int(st.session_state.get("until") or _ends(result)[0])
    data = waterfall.data_of(result, current, until, lang)
    st.vega_lite_chart(
        data.arrow(), waterfall.spec(lang), key=f"vega_causes_{lang}",
        alt=text("app.chart.causes", lang),
    )  # fmt: skip
    return waterfall.alt(data, until, lang)


def _pyramid(result: Result, current: Run, lang: str) -> None:
    """Ages of one year."""
    first, last = int(current.years[0]), int(current.years[-1])
    kept = int(st.session_state.get("pyramid_year", last))
    st.session_state["pyramid_year"] = min(max(kept, first), last)
    with st.container(horizontal=True, vertical_alignment="center"):
        unit = text("app.axis.persons", lang)
        st.markdown(f"#### {text('app.chart.ages', lang)} :gray[({unit})]", width="content")
        year = st.slider(
            text("app.pyramid_year", lang), first, last, key="pyramid_year", step=1, format="%d",
            label_visibility="collapsed",
        )  # fmt: skip
    st.vega_lite_chart(
        pyramid.data_of(result, current, year, lang).arrow(),
        pyramid.spec(lang),
        key=f"vega_ages_{lang}",
        alt=text("app.chart.ages", lang),
    )
    st.html(tables.spoken([pyramid.alt(current, year, lang)]))


def _town(result: Result, current: Run, lang: str) -> None:
    found = look_ahead(current)
    bands = fan.bands(found) if found is not None else None
    _draw_lines(st.empty(), result, current, "town", lang, bands)


def _limited(key: str) -> Callable[[Result, Run, str], None]:
    def draw(result: Result, current: Run, lang: str) -> None:
        st.caption(text(f"app.limits.{key}", lang))
        _limits(result, current, key, lang)

    return draw


def _limits(result: Result, current: Run, key: str, lang: str) -> None:
    st.vega_lite_chart(
        limits.data_of(result, current, key, lang).arrow(),
        limits.spec(key, lang),
        key=f"vega_{key}_{lang}",
        alt=text(f"app.chart.{key}", lang),
    )
    st.html(tables.spoken([limits.alt(current, key, lang)]))


def _needs(result: Result, current: Run, lang: str) -> None:
    st.caption(text("app.requirements_help", lang))
    table = rows.requirements(result, lang)
    if table.rows:
        st.html(tables.html(table))
    st.caption(text("app.limits.needs", lang, unit=text("app.axis.persons", lang)))
    _limits(result, current, "needs", lang)
