"""Every plan on one page: filter, see how its targets fare and what the audit finds, open one."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from simulator.i18n import text
from simulator.report.markup import unmarked
from simulator.report.printed import province as province_name
from simulator.report.printed import region
from simulator.ui import board, session, tables
from simulator.ui.library import Entry
from simulator.ui.opening import entries

_PAGE = 20
#: Session key of the places that somebody asked to be worked out.
_WANTED = "places_wanted"
_STATUSES = ("met", "missed", "unknown")


def draw(lang: str) -> None:
    """The page."""
    st.title(text("app.places.title", lang))
    found = entries()
    st.caption(text("app.places.intro", lang, n=len(found)))
    chosen = _filtered(found, lang)
    if not chosen:
        st.info(text("app.places.none", lang))
        return
    pages = -(-len(chosen) // _PAGE)
    page = int(st.pagination(pages, key="places_page") or 1) if pages > 1 else 1
    shown = {k: chosen[k] for k in list(chosen)[(page - 1) * _PAGE : page * _PAGE]}
    spot = st.container()
    with spot:
        wanted = _wanted(shown, lang)
    for key, entry in shown.items():
        _row(key, entry, lang)
    # After the rows: a click on one of them draws the page anew, and the work goes on.
    _work_out(wanted, spot, lang)


def _filtered(found: Mapping[str, Entry], lang: str) -> Mapping[str, Entry]:
    """Controls that narrow the list, and what they leave."""
    provinces = sorted({e.region.split(" ")[0] for e in found.values() if e.region})
    levels = sorted({e.level for e in found.values() if e.level})
    named, where, kind, state = st.columns(4, vertical_alignment="bottom")
    with named:
        words = st.text_input(text("app.places.search", lang), key="places_search", max_chars=40)
    with where:
        province = _choice("province", provinces, lang)
    with kind:
        level = _choice("level", levels, lang)
    with state:
        status = _choice("status", list(_STATUSES), lang)
    return {
        key: entry
        for key, entry in found.items()
        if _matches(entry, words or "")
        and (province is None or entry.region.startswith(province))
        and level in (None, entry.level)
        and status in (None, board.status_of(board.known_line(entry)))
    }


def _choice(name: str, options: list[str], lang: str) -> str | None:
    """A filter; nothing chosen lets everything through."""

    def label(option: str) -> str:
        if name == "province":
            return province_name(option, lang)
        return text(f"app.places.{name}.{option}", lang)

    return st.selectbox(
        text(f"app.places.{name}", lang), options, index=None, key=f"places_{name}_{lang}",
        format_func=label, placeholder=text("app.places.any", lang),
    )  # fmt: skip


def _matches(entry: Entry, words: str) -> bool:
    """Whether a place is looked for: by Chinese name, pinyin, English name or region."""
    wanted = words.strip().lower().replace(" ", "")
    known = (
        entry.name.zh,
        entry.name.get("en"),
        entry.pinyin,
        entry.region,
        region(entry.region, "en"),
    )
    return any(wanted in name.lower().replace(" ", "").replace("'", "") for name in known)


def _wanted(shown: Mapping[str, Entry], lang: str) -> list[Entry]:
    """Places of this page that are to be worked out: when asked, until all of them are."""
    missing = [e for e in shown.values() if board.known_line(e) is None and e.raw is None]
    if not missing:
        return []
    label = text("app.places.run", lang, n=len(missing))
    if st.button(label, key="run_places", icon=":material/play_arrow:"):
        st.session_state[_WANTED] = frozenset(entry.key for entry in missing)
    asked = st.session_state.get(_WANTED, frozenset())
    return [entry for entry in missing if entry.key in asked]


def _work_out(wanted: list[Entry], spot: DeltaGenerator, lang: str) -> None:
    """Work them out one by one: each takes about a second, and is kept when it is done."""
    if not wanted:
        return
    bar = spot.progress(0.0, text("app.places.running", lang))
    for i, (entry, _) in enumerate(board.work_out(wanted), 1):
        bar.progress(i / len(wanted), unmarked(entry.name.get(lang)))
    del st.session_state[_WANTED]
    st.rerun()


def _row(key: str, entry: Entry, lang: str) -> None:
    line, found = board.known_line(entry), board.findings_of(entry)
    parts = [
        f"**{unmarked(entry.name.get(lang))}** :gray[{unmarked(region(entry.region, lang))}]",
        board.score(line, lang),
    ]
    parts.append(text("app.places.findings", lang, n=len(found)))
    panel = st.expander(" · ".join(parts), key=f"place_{key}_{lang}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        if st.button(text("app.places.open", lang), key=f"open_{key}", icon=":material/tune:"):
            st.session_state["pending_entry"] = key
            st.switch_page(session.place("pages", {})["simulator"])
        if line is not None and not any(c.gap is not None for c in line.checks):
            st.caption(text("app.answer.none", lang))
        elif line is not None:
            st.html(tables.html(board.targets_table(line, lang)))
        if found:
            st.html(tables.html(board.findings_table(found, lang)))
        else:
            st.caption(text("app.places.clean", lang))
