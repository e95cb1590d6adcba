"""The simulator page, top to bottom: answer, cards, charts, reasons, and what to take away."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from simulator.i18n import text
from simulator.outlook import Outlook
from simulator.report import wording, words
from simulator.run import Result, Run
from simulator.ui import (
    cards,
    controls,
    details,
    graphs,
    link,
    panel,
    saved,
    session,
    tables,
    takeaway,
)
from simulator.ui.draft import EMPTY, changes, equal, lever_table
from simulator.ui.opening import Latest, Opened, again, opened

#: Set while the whole page is drawn, not the part that follows the levers alone.
_WHOLE = "whole_page"


@dataclass
class Frame:
    """What stands on the page whatever the levers, with the places for what follows them."""

    latest: Latest
    panel: panel.Slots
    head: DeltaGenerator
    charts: graphs.Slots
    take: takeaway.Slots
    details: DeltaGenerator


def draw(lang: str) -> None:
    """The page: what a lever cannot change, and around it, in a piece that runs alone, the rest."""
    found = _opened(lang)
    latest = Latest(found)
    _lost(lang)
    head = st.container()
    charts = graphs.frame(found.result, lang)
    take, below = takeaway.frame(latest, lang), details.frame(lang)
    with st.sidebar:
        controls.place_and_horizon(found, lang)
        st.subheader(text("app.levers", lang), help=text("app.levers_help", lang))
        slots = panel.frame(found.result, lang)
        saved.keep_button(found, lang)
        controls.upload(lang)
    st.session_state[_WHOLE] = True
    _live(Frame(latest, slots, head, charts, take, below), lang)


@st.fragment
def _live(frame: Frame, lang: str) -> None:
    """All that follows the levers; the charts first, so that a chart waits for nothing.

    A lever moved runs this alone: the browser is sent nothing of what stands anyway.
    """
    if not st.session_state.pop(_WHOLE, False):
        session.listen()
        session.listened()
        frame.latest.opened = again(frame.latest.opened)
    frame.latest.looked = None
    found, result = frame.latest.opened, frame.latest.result
    current = found.current
    with frame.head:
        head = st.html(_head(found, result, None, lang))
        _remarks(result, current, lang)
    ranged = graphs.overview(frame.charts, result, current, lang)
    ranged |= graphs.more(frame.charts["more"], result, current, lang)
    panel.draw(frame.panel, current, lang)
    takeaway.draw(frame.take, frame.latest, lang)
    details.draw(frame.details, found.entry, result, current, lang)
    # Last of all: the lines stand already while the draws are made.
    frame.latest.looked = looked = graphs.look_ahead(current)
    if looked is not None:
        graphs.draw_bands(ranged, result, current, looked, lang)
        head.html(_head(found, result, looked, lang))


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


def _lost(lang: str) -> None:
    """What of a link could not be restored."""
    lost = link.told(lang)
    if lost:
        st.warning(
            "\n".join([text("app.link.heading", lang), "", *(f"- {line}" for line in lost)]),
            icon=":material/link_off:",
        )


def _head(found: Opened, result: Result, looked: Outlook | None, lang: str) -> str:
    """The answer, what was changed for it, and the cards, as one piece of HTML.

    One piece, for the browser builds each apart, and takes longer over each than over its words.
    """
    current = found.current
    parts = [cards.heading(result, current, lang), _changed(result, lang)]
    if any(c.status != "not_modelled" for c in current.targets):
        parts.append(cards.cards(result, current, looked, lang))
    return f'<div class="cus-stack">{"".join(parts)}</div>'


def _remarks(result: Result, current: Run, lang: str) -> None:
    """What is to be known before the cards are believed."""
    if wording.needs_history(result):
        st.warning(text("report.no_history", lang), icon=":material/warning:")
    for item in current.notes:
        st.info(wording.sentence(wording.note(item, lang)), icon=":material/info:")


def _changed(result: Result, lang: str) -> str:
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
        told.append(cards.Change(p.label(lang), words.mark(p, lang), before, now))
    if draft.basis != loaded.basis and not equal(draft, EMPTY):
        before, now = (text(f"app.basis.{b}", lang) for b in (loaded.basis, draft.basis))
        told.append(cards.Change(text("app.basis_label", lang), "", before, now))
    if told:
        return cards.changed(told, lang)
    return tables.caption(
        text("app.at_trend_hint" if equal(draft, EMPTY) else "app.unchanged", lang)
    )
