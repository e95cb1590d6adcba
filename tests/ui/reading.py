"""How tests read a page of the app."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

ROOT = Path(__file__).resolve().parent.parent.parent
_CARD = re.compile(
    r'data-target="(?P<name>\w+)".*?cus-badge-(?P<status>\w+)".*?'
    r'cus-value">(?P<value>[^<]+)<.*?cus-(?:met|missed)">(?P<gap>[^<]+)<',
    re.DOTALL,
)

Open = Callable[..., AppTest]


def pages(session: AppTest) -> str:
    """All HTML of a page."""
    return "\n".join(str(part.proto.body) for part in session.get("html"))


def cards(session: AppTest) -> dict[str, tuple[str, str, str]]:
    """Value, gap and status of each gap card, by indicator."""
    found = {}
    for match in _CARD.finditer(pages(session)):
        shown = (match["value"].strip(), unescape(match["gap"]), match["status"])
        found[match["name"]] = shown
    return found


def written(session: AppTest) -> str:
    """The scenario file that the page offers, as shown under "reproduce this"."""
    session.session_state["reproduce"] = True
    session.run()
    return next(str(c.value) for c in session.code if str(c.value).startswith("# County"))


def turn_to(session: AppTest, page: str) -> AppTest:
    """Go to another page of the app by its address, as the navigation does."""
    session._page_hash = calc_hash(page)
    session.run()
    session._page_hash = ""
    assert not session.exception
    return session
