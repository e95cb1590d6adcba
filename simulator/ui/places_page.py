"""Every place of the library on one page: filter, and open one in the simulator."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from simulator.i18n import text
from simulator.ui import session
from simulator.ui.library import Entry
from simulator.ui.opening import entries

_PAGE = 30


def draw(lang: str) -> None:
    """The page."""
    st.title(text("app.places.title", lang))
    found = entries()
    st.caption(text("app.places.intro", lang, n=len(found)))
    provinces = sorted({e.region.split(" ")[0] for e in found.values() if e.region})
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left:
        words = st.text_input(text("app.places.search", lang), key="places_search", max_chars=40)
    with right:
        province = st.selectbox(
            text("app.places.province", lang), provinces, index=None, key="places_province",
            placeholder=text("app.places.any", lang),
        )  # fmt: skip
    chosen = {k: e for k, e in found.items() if _matches(e, words or "", province)}
    if not chosen:
        st.info(text("app.places.none", lang))
        return
    _listed(chosen, lang)


def _matches(entry: Entry, words: str, province: str | None) -> bool:
    """Whether a place is looked for: by Chinese name, pinyin, English name or region."""
    if province is not None and not entry.region.startswith(province):
        return False
    known = (entry.name.zh, entry.name.get("en"), entry.pinyin, entry.region)
    wanted = words.strip().lower()
    return any(wanted in name.lower().replace(" ", "") or wanted in name.lower() for name in known)


def _listed(chosen: Mapping[str, Entry], lang: str) -> None:
    pages = -(-len(chosen) // _PAGE)
    page = int(st.pagination(pages, key="places_page") or 1) if pages > 1 else 1
    for key in list(chosen)[(page - 1) * _PAGE : page * _PAGE]:
        entry = chosen[key]
        with st.container(horizontal=True, vertical_alignment="center", key=f"place_{key}"):
            st.markdown(f"**{entry.name.get(lang)}** :gray[{entry.region}]", width="stretch")
            if st.button(text("app.places.open", lang), key=f"open_{key}", type="tertiary"):
                st.session_state["pending_entry"] = key
                st.switch_page(session.place("pages", {})["simulator"])
