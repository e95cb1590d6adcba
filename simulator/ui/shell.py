"""The frame around every page: title, language, navigation, and faults told in words."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from simulator.errors import ScenarioError
from simulator.i18n import text
from simulator.report.errors import as_markdown
from simulator.ui import (
    compare_page,
    controls,
    data_page,
    method_page,
    places_page,
    plan_page,
    session,
    simulator_page,
)

_STYLE = Path(__file__).with_name("style.css")
_SIDEBAR = 380
_ICON = Path(__file__).with_name("icon.png")
_PAGES: dict[str, tuple[Callable[[str], None], str]] = {
    "simulator": (simulator_page.draw, ":material/tune:"),
    "plan": (plan_page.draw, ":material/flag:"),
    "compare": (compare_page.draw, ":material/compare_arrows:"),
    "places": (places_page.draw, ":material/travel_explore:"),
    "data": (data_page.draw, ":material/upload_file:"),
    "method": (method_page.draw, ":material/menu_book:"),
}
_SCRIPT = Path(__file__).with_name("page.js")
_TAGS = {"zh": "zh-CN", "en": "en"}


@functools.cache
def _script(lang: str) -> str:
    """The page's own script with the words of its language."""
    limits = {"low": "LOW", "high": "HIGH"}
    page = {"lang": _TAGS[lang], "refused": text("app.number_refused", lang, **limits)}
    words = json.dumps(page, ensure_ascii=False)
    return f"<script>{_SCRIPT.read_text(encoding='utf-8').replace('PAGE;', f'{words};')}</script>"


def main() -> None:
    """Draw the page asked for; every control moved draws it again."""
    session.keep()
    lang = controls.language()
    st.set_page_config(
        page_title=text("app.title", lang),
        page_icon=str(_ICON),
        layout="wide",
        initial_sidebar_state=_SIDEBAR,
    )
    pages = {
        name: st.Page(
            partial(_guarded, draw, lang),
            title=text(f"app.page.{name}", lang),
            icon=icon,
            url_path=name,
            default=name == "simulator",
        )
        for name, (draw, icon) in _PAGES.items()
    }
    session.place("pages", {}).update(pages)
    chosen = st.navigation(list(pages.values()), position="top")
    st.html(_STYLE)
    st.html(_script(lang), unsafe_allow_javascript=True)
    chosen.run()


def _guarded(draw: Callable[[str], None], lang: str) -> None:
    """A page; a file that cannot be used is told as on the command line."""
    with st.container(key="lang_row", width="content"):
        controls.language_switch()
    try:
        draw(lang)
    except ScenarioError as error:
        st.error("\n".join(f"- {as_markdown(v, lang)}" for v in error.violations))
