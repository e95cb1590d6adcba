"""What a session has open, settled before anything is drawn: file, scenario, horizon, run.

The charts can so be drawn first and the controls after them, from the same state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from simulator.i18n import text
from simulator.outlook import Outlook
from simulator.run import Result, Run, run_case
from simulator.ui import link, session
from simulator.ui.draft import EMPTY, case_of, draft_of, equal, last_year
from simulator.ui.library import Entry, library_entries, open_entry

#: Identity of a scenario whose levers the user has changed.
CUSTOM = "custom"
#: Projections beyond this year say more about assumptions than about a county.
LAST_HORIZON = 2050


@dataclass(frozen=True)
class Opened:
    """A file, its results to its own horizon and to the one asked for, and the levers' run."""

    entry: Entry
    first: Result
    result: Result
    start: str
    current: Run


@dataclass
class Latest:
    """What a session shows now, for what is drawn once and read later, as downloads are.

    ``looked``: the draws on the page, if there are any.
    """

    opened: Opened
    looked: Outlook | None = None

    @property
    def result(self) -> Result:
        """The file's results with the levers as they stand among them."""
        return self.opened.result.beside(self.opened.current)


def entries() -> Mapping[str, Entry]:
    """Library files and this session's own."""
    return {**library_entries(), **session.place("uploads", {})}


def opened() -> Opened:
    """What the session has open.

    Raises
    ------
    ScenarioError
        If the file cannot be used.
    """
    link.take(entries())
    entry = _entry()
    first = open_entry(entry, None)
    start = _start(first, entry)
    link.take_levers(first)
    link.compare_source(entry)
    session.take_pending()
    low, high = horizon_range(first)
    if st.session_state.get("horizon_of") != entry.key:
        st.session_state["horizon_of"] = entry.key
        st.session_state["horizon"] = link.take_horizon(first.study.horizon, low, high)
    horizon = min(max(int(st.session_state["horizon"]), low), high)
    st.session_state["horizon"] = horizon
    session.hold()
    result = first if horizon == first.study.horizon else open_entry(entry, horizon)
    return Opened(entry, first, result, start, _current(result, start))


def again(before: Opened) -> Opened:
    """The same file and horizon with the levers as they stand now."""
    return replace(before, current=_current(before.result, before.start))


def _entry() -> Entry:
    found = entries()
    pending = st.session_state.pop("pending_entry", None)
    if pending in found:
        st.session_state["entry"] = pending
    if st.session_state.get("entry") not in found:
        st.session_state["entry"] = next(iter(found))
    return found[st.session_state["entry"]]


def _start(first: Result, entry: Entry) -> str:
    """The scenario whose levers are loaded; loading happens when the choice changes."""
    ids = list(first.runs)
    if st.session_state.get("start") not in ids:
        st.session_state["start"] = ids[-1]
    start = str(st.session_state["start"])
    if st.session_state.get("loaded_from") != (entry.key, start):
        st.session_state["loaded_from"] = (entry.key, start)
        rules = first.study.place.settlement_rules
        session.load(draft_of(first.runs[start].case, first.runs[start]), rules)
    return start


def horizon_range(first: Result) -> tuple[int, int]:
    """Horizons on offer; never before a target's year or a year that a path names."""
    place = first.study.place
    years = [t.at for t in place.targets if t.at is not None]
    drafts = [*(draft_of(r.case) for r in first.runs.values()), session.current_draft()]
    years += [y for y in map(last_year, drafts) if y is not None]
    low = max([place.base_year + 1, *years])
    return low, max(LAST_HORIZON, first.study.horizon, low + 1)


def _current(result: Result, start: str) -> Run:
    """The run of the levers as they stand: the loaded scenario itself while nothing is changed."""
    draft, loaded = session.current_draft(), session.loaded_draft()
    if equal(draft, EMPTY) or result.members:
        return result.trend
    if equal(draft, loaded):
        return result.runs[start]
    label = {lang: text("app.mine", lang) for lang in ("zh", "en")}
    case = case_of(draft, result.runs[start].case, label)
    return run_case(CUSTOM, case, result.trend)
