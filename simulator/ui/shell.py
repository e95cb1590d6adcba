"""The frame around every page: title, language, navigation, and faults told in words."""

from __future__ import annotations

import functools
import gc
import json
from contextlib import suppress
from functools import partial
from pathlib import Path

import streamlit as st

from simulator.errors import ScenarioError
from simulator.i18n import text
from simulator.report.errors import as_markdown
from simulator.ui import controls, session, simulator_page
from simulator.ui.library import library_entries, open_entry

_STYLE = Path(__file__).with_name("style.css")
_SIDEBAR = 380
_ICON = Path(__file__).with_name("icon.png")
_PAGES = {
    "simulator": ":material/tune:",
    "plan": ":material/flag:",
    "compare": ":material/compare_arrows:",
    "places": ":material/travel_explore:",
    "data": ":material/upload_file:",
    "method": ":material/menu_book:",
}
_FIRST = "simulator"
_SCRIPT = Path(__file__).with_name("page.js")
_TAGS = {"zh": "zh-CN", "en": "en"}


@functools.cache
def _script(lang: str, first: bool) -> str:
    """The page's own script with the words of its language, and what opens its side panel.

    On a narrow screen the levers and the other pages are behind that button alone.
    """
    opens = text(f"app.sidebar.{'levers' if first else 'pages'}", lang)
    opens = opens.replace("<", "\\3c ")  # ends no style
    style = f'<style>:root {{ --cus-sidebar: "{opens}"; }}</style>'
    limits = {"low": "LOW", "high": "HIGH"}
    page = {"lang": _TAGS[lang], "refused": text("app.number_refused", lang, **limits)}
    words = json.dumps(page, ensure_ascii=False).replace("</", "<\\/")  # ends no script
    script = _SCRIPT.read_text(encoding="utf-8").replace("PAGE;", f"{words};")
    return f"{style}<script>{script}</script>"


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
            partial(_guarded, name, lang),
            title=text(f"app.page.{name}", lang),
            icon=icon,
            url_path=name,
            default=name == _FIRST,
        )
        for name, icon in _PAGES.items()
    }
    session.place("pages", {}).update(pages)
    chosen = st.navigation(list(pages.values()), position="top")
    st.html(_STYLE)
    st.html(_script(lang, chosen == pages[_FIRST]), unsafe_allow_javascript=True)
    chosen.run()


def _guarded(name: str, lang: str) -> None:
    """A page; a file that cannot be used is told as on the command line."""
    with st.container(key="lang_row", width="content"):
        controls.language_switch()
    try:
        _draw(name, lang)
    except ScenarioError as error:
        st.error("\n".join(f"- {as_markdown(v, lang)}" for v in error.violations))


def _draw(name: str, lang: str) -> None:
    """Draw a page; it is read when it is first asked for, as some need much that others do not."""
    match name:
        case "plan":
            from simulator.ui import plan_page

            plan_page.draw(lang)
        case "compare":
            from simulator.ui import compare_page

            compare_page.draw(lang)
        case "places":
            from simulator.ui import places_page

            places_page.draw(lang)
        case "data":
            from simulator.ui import data_page

            data_page.draw(lang)
        case "method":
            from simulator.ui import method_page

            method_page.draw(lang)
        case _:
            simulator_page.draw(lang)


def warm() -> None:
    """Do beforehand what the first visit would wait for.

    What stands in memory then stands for good, and is not looked through for garbage any more.
    """
    try:
        with suppress(ScenarioError):  # the page will tell it
            open_entry(next(iter(library_entries().values())), None)
    finally:
        gc.freeze()
