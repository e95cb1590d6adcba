"""Scenarios that the user keeps in this session, to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from simulator.i18n import text
from simulator.report import wording
from simulator.report.markup import unmarked
from simulator.run import Result, Run, run_case
from simulator.scenario import TREND
from simulator.schema import Case, Words
from simulator.ui import session
from simulator.ui.library import Entry, open_entry
from simulator.ui.opening import Opened

MOST = 12
_LONGEST = 40


@dataclass(frozen=True)
class Saved:
    """A policy under a name, with the file and horizon that it was run on."""

    name: str
    entry: Entry
    horizon: int
    case: Case

    def run(self) -> tuple[Result, Run]:
        """The place's results and the policy's run; the same numbers as when it was kept."""
        result = open_entry(self.entry, self.horizon)
        if not any(True for _ in wording.levers_of(self.case)):
            return result, result.trend
        return result, run_case("kept", self.case, result.trend)


def saved() -> dict[str, Saved]:
    """What this session keeps, by name."""
    found: dict[str, Saved] = session.place("saved", {})
    return found


def keep_button(found: Opened, lang: str) -> None:
    """Keep the levers as they stand under a name."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="keep"):
        st.text_input(
            text("app.keep_name", lang),
            key="draft_name",
            max_chars=_LONGEST,
            placeholder=text("app.keep_unnamed", lang),
        )
        pressed = st.button(
            text("app.keep", lang), key="keep_scenario", icon=":material/bookmark_add:"
        )
    if pressed:
        _keep(found, lang)


def _keep(found: Opened, lang: str) -> None:
    kept = saved()
    if len(kept) >= MOST:
        st.warning(text("app.keep_full", lang, n=MOST))
        return
    label = str(st.session_state.get("draft_name") or "").strip()
    name = free_name(label or _label(found, lang), kept)
    case = Case() if found.current.id == TREND else found.current.case
    case = case.model_copy(update={"label": Words(zh=name, en=name)})
    kept[name] = Saved(name, found.entry, found.result.study.horizon, case)
    st.success(text("app.kept", lang, name=unmarked(name), n=len(kept)))


def _label(found: Opened, lang: str) -> str:
    place = found.result.study.place.name.get(lang)
    return f"{place} · {wording.scenario_label(found.current, lang)}"


def free_name(name: str, taken: Mapping[str, object]) -> str:
    """``name``, with a number behind it where it is taken."""
    found, n = name, 1
    while found in taken:
        n += 1
        found = f"{name} {n}"
    return found
