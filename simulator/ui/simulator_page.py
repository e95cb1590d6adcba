"""The simulator page, top to bottom: answer, cards, charts, reasons, and what to take away."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from simulator.i18n import text
from simulator.outlook import Outlook
from simulator.report import wording, words
from simulator.run import Result
from simulator.ui import cards, controls, details, graphs, link, panel, saved, session, takeaway
from simulator.ui.draft import EMPTY, changes, equal, lever_table
from simulator.ui.opening import Opened, again, opened

#: Set while the whole page is drawn, not the part that follows the levers alone.
_WHOLE = "whole_page"


@dataclass
class Frame:
    """What stands on the page whatever the levers, with the places for what follows them."""

    found: Opened
    panel: DeltaGenerator
    head: DeltaGenerator
    charts: graphs.Slots
    more: graphs.Tabs
    take: DeltaGenerator
    tabs: details.Tabs


def draw(lang: str) -> None:
    """The page: what a lever cannot change, and around it, in a piece that runs alone, the rest."""
    found = _opened(lang)
    head = st.container()
    charts, more = graphs.frame(found.result, lang), graphs.tabs(found.result, lang)
    take, tabs = st.container(), details.tabs(lang)
    with st.sidebar:
        controls.place_and_horizon(found, lang)
        st.subheader(text("app.levers", lang), help=text("app.levers_help", lang))
        panel_slot = st.container()
        controls.upload(lang)
    st.session_state[_WHOLE] = True
    _live(Frame(found, panel_slot, head, charts, more, take, tabs), lang)


@st.fragment
def _live(frame: Frame, lang: str) -> None:
    """All that follows the levers; the charts first, so that a chart waits for nothing.

    A lever moved runs this alone: the browser is sent nothing of what stands anyway.
    """
    found = frame.found
    if not st.session_state.pop(_WHOLE, False):
        session.listen()
        session.listened()
        found = again(found)
    result = found.result.beside(found.current)
    with frame.head:
        slot = _head(found, result, lang)
    bands = graphs.overview(frame.charts, result, found.current, lang)
    with frame.panel:
        _controls(found, lang)
    graphs.more(frame.more, result, found.current, lang)
    with frame.take:
        takeaway.section(found.entry, result, found.current, lang)
    details.section(frame.tabs, found.entry, result, found.current, lang)
    # Last of all: the lines stand already while the draws are made.
    looked = graphs.look_ahead(found.current)
    if looked is not None:
        graphs.draw_bands(bands, result, found.current, looked, lang)
        _cards(slot, found, result, looked, lang)


def _opened(lang: str) -> Opened:
    """What is open; a spinner only where something may have to be fitted, as it costs a thread."""
    asked = tuple(st.session_state.get(k) for k in ("entry", "horizon", "pending_entry"))
    slot = st.empty()
    if st.session_state.get("fitted") == asked:
        return opened()
    with slot, st.spinner(text("app.fitting", lang), show_time=True):
        found = opened()
    st.session_state["fitted"] = (found.entry.key, found.result.study.horizon, None)
    return found


def _controls(found: Opened, lang: str) -> None:
    if found.result.members:
        st.info(text("error.members_policy", lang))
    else:
        panel.history_buttons(lang)
        panel.reset_buttons(None, lang)
        panel.lever_groups(found.current, lang)
    saved.keep_button(found, lang)


def _cards(
    slot: DeltaGenerator, found: Opened, result: Result, looked: Outlook | None, lang: str
) -> None:
    if any(c.status != "not_modelled" for c in found.current.targets):
        slot.html(cards.cards(result, found.current, looked, lang))


def _head(found: Opened, result: Result, lang: str) -> DeltaGenerator:
    """The answer and its cards; returns where the cards are."""
    current = found.current
    st.html(cards.heading(result, current, lang))
    # What is not always there stands in a box of its own: what follows must keep its place on the
    # page, for what changes its place is built anew.
    with st.container():
        lost = link.told(lang)
        if lost:
            st.warning(
                "\n".join([text("app.link.heading", lang), "", *(f"- {line}" for line in lost)]),
                icon=":material/link_off:",
            )
    with st.container():
        _changed(result, lang)
        if wording.needs_history(result):
            st.warning(text("report.no_history", lang), icon=":material/warning:")
    slot = st.empty()
    _cards(slot, found, result, None, lang)
    with st.container():
        for item in current.notes:
            st.info(wording.sentence(wording.note(item, lang)), icon=":material/info:")
    return slot


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
