"""The simulator page, top to bottom: answer, cards, charts, reasons, and what to take away."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from simulator.charts import causes, lines
from simulator.errors import ScenarioError
from simulator.i18n import text
from simulator.report import wording, words
from simulator.report.errors import describe
from simulator.run import Result, Run, run_case
from simulator.ui import cards, controls, details, effects, panel, session, takeaway
from simulator.ui.draft import EMPTY, case_of, changes, equal, lever_table
from simulator.ui.library import Entry, open_entry

_STYLE = Path(__file__).with_name("style.css")
_SIDEBAR = 380
_ICON = Path(__file__).with_name("icon.png")


def main() -> None:
    """Draw the page once; every lever moved draws it again."""
    lang = controls.language()
    st.set_page_config(
        page_title=text("app.title", lang),
        page_icon=str(_ICON),
        layout="wide",
        initial_sidebar_state=_SIDEBAR,
    )
    st.html(_STYLE)
    st.html(_PAGE_LANGUAGE[lang], unsafe_allow_javascript=True)
    with st.container(key="lang_row", width="content"):
        controls.language_switch()
    lang = controls.language()
    try:
        with st.spinner(text("app.fitting", lang), show_time=True):
            entry, result, current = _prepare(lang)
    except ScenarioError as error:
        st.error("\n".join(f"- {describe(v, lang)}" for v in error.violations))
        return
    _main(entry, result.beside(current), current, lang)


_PAGE_LANGUAGE = {
    lang: f"<script>document.documentElement.lang = '{tag}'</script>"
    for lang, tag in (("zh", "zh-CN"), ("en", "en"))
}


def _prepare(lang: str) -> tuple[Entry, Result, Run]:
    """Draw the side panel and run what it asks for."""
    with st.sidebar:
        entry = controls.entry_choice(controls.entries(), lang)
        first = open_entry(entry, None)
        start = controls.start_choice(first, entry, lang)
        horizon = controls.horizon_choice(first, entry, lang)
        result = first if horizon == first.study.horizon else open_entry(entry, horizon)
        current = _current(result, start)
        st.subheader(text("app.levers", lang), help=text("app.levers_help", lang))
        if result.members:
            st.info(text("error.members_policy", lang))
        else:
            panel.reset_buttons(None, lang)
            panel.lever_groups(current, lang)
        controls.upload(lang)
    return entry, result, current


def _current(result: Result, start: str) -> Run:
    """The run of the levers as they stand: the loaded scenario itself while nothing is changed."""
    draft, loaded = session.current_draft(), session.loaded_draft()
    if equal(draft, EMPTY) or result.members:
        return result.trend
    if equal(draft, loaded):
        return result.runs[start]
    label = {lang: text("app.mine", lang) for lang in ("zh", "en")}
    case = case_of(draft, result.runs[start].case, label)
    return run_case(takeaway.CUSTOM, case, result.trend)


def _main(entry: Entry, result: Result, current: Run, lang: str) -> None:
    st.html(cards.heading(result, current, lang))
    _changed(result, lang)
    if any(c.status != "not_modelled" for c in current.targets):
        st.html(cards.cards(current, result.trend, lang))
    for item in current.notes:
        st.info(wording.sentence(wording.note(item, lang)), icon=":material/info:")
    _charts(result, current, lang)
    effects.section(result, current, lang)
    takeaway.section(entry, result, current, lang)
    details.section(entry, result, current, lang)


def _changed(result: Result, lang: str) -> None:
    """What I changed, against the scenario that was loaded."""
    draft, loaded = session.current_draft(), session.loaded_draft()
    table, rules = lever_table(), result.study.place.settlement_rules
    told = []
    for name, old, new in changes(draft, loaded):
        p = table[name]
        before, now = (
            words.lever_words(p, rules.get(name, p.central) if v is None else v, lang)
            for v in (old, new)
        )
        told.append(f"- {p.label(lang)}{words.badge(p, lang)}: {before} → **{now}**")
    if draft.basis != loaded.basis and not equal(draft, EMPTY):
        basis = (text(f"app.basis.{b}", lang) for b in (loaded.basis, draft.basis))
        told.append(f"- {text('app.basis_label', lang)}: {' → '.join(basis)}")
    if told:
        st.markdown("\n".join([f"**{text('app.changed', lang)}**", "", *told]))
    elif equal(draft, EMPTY):
        st.caption(text("app.at_trend_hint", lang))
    else:
        st.caption(text("app.unchanged", lang))


def _charts(result: Result, current: Run, lang: str) -> None:
    st.html(lines.legend(lang))
    for row in (("rates", "town"), ("people", "causes")):
        for column, key in zip(st.columns(2, gap="medium"), row, strict=True):
            with column, st.container(key=f"chart_{key}"):
                if key == "causes":
                    _causes(result, current, lang)
                else:
                    _lines(result, current, key, lang)


_LINES = {"rates": lines.RATES, "town": lines.TOWN, "people": lines.REGISTERED}


def _lines(result: Result, current: Run, key: str, lang: str) -> None:
    names = _LINES[key]
    unit = lines.axis_title(names[0], lang)
    st.markdown(f"#### {text(f'app.chart.{key}', lang)} :gray[({unit})]")
    st.vega_lite_chart(
        lines.lines_data(result, current, names, lang),
        lines.lines_spec(names, lang),
        key=f"vega_{key}_{lang}",
        alt=lines.lines_alt(result, current, names, lang),
    )


def _causes(result: Result, current: Run, lang: str) -> None:
    base = result.study.place.base_year
    ends = [y for y in wording.shown_years(result) if y > base]
    if st.session_state.get("until") not in ends:
        st.session_state["until"] = ends[0]
    with st.container(horizontal=True, vertical_alignment="center"):
        unit = text("app.axis.persons", lang)
        st.markdown(f"#### {text('app.chart.causes', lang)} :gray[({unit})]", width="stretch")
        until = st.segmented_control(
            text("app.until", lang),
            ends,
            format_func=lambda y: f"{base}–{y}",
            key="until",
            required=True,
            label_visibility="collapsed",
        )
    data = causes.data_of(result, current, int(until or ends[0]), lang)
    alt = causes.alt(data, int(until or ends[0]), lang)
    st.vega_lite_chart(data, causes.spec(lang), key=f"vega_causes_{lang}", alt=alt)
