"""The levers of one session: draft and history, what was loaded, the widgets that follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from simulator.parameters import Parameter
from simulator.report.words import LeverValue
from simulator.ui.draft import EMPTY, Draft, equal, lever_table, resting_value

#: Steps that can be undone.
_STEPS = 50
#: Choices that must outlive a visit to another page.
_KEPT = ("lang", "entry", "start", "horizon", "draft_name")


def keep() -> None:
    """Hold on to the choices whose widgets are not on the page that is drawn; a new run begins."""
    st.session_state.pop("sliding", None)
    for key in _KEPT:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]


def current_draft() -> Draft:
    """The levers as they stand."""
    draft: Draft = st.session_state.get("draft", EMPTY)
    return draft


def loaded_draft() -> Draft:
    """The levers as loaded."""
    draft: Draft = st.session_state.get("loaded", EMPTY)
    return draft


def load(draft: Draft, rules: Mapping[str, float]) -> None:
    """Start from ``draft``: it becomes what was loaded, and nothing is left to undo."""
    st.session_state["loaded"] = draft
    st.session_state["rules"] = dict(rules)
    st.session_state["steps_undo"], st.session_state["steps_redo"] = [], []
    _show(draft)


def take_pending() -> None:
    """Take over a draft that was edited further down the page; before any lever is drawn."""
    pending = st.session_state.pop("pending_draft", None)
    if pending is not None:
        set_draft(pending)


def set_draft(draft: Draft) -> None:
    """Replace the draft and let every widget follow; only before widgets are drawn."""
    _remember(draft)
    _show(draft)


def _show(draft: Draft) -> None:
    st.session_state["draft"] = draft
    st.session_state["basis"] = draft.basis
    for p in lever_table().values():
        _follow(p, draft)


def _remember(after: Draft) -> None:
    """Note the draft as it was, if it is about to change."""
    before = current_draft()
    if equal(before, after) and before.basis == after.basis:
        return
    steps: list[Draft] = st.session_state.setdefault("steps_undo", [])
    steps.append(before)
    del steps[:-_STEPS]
    st.session_state["steps_redo"] = []


def steps(way: str) -> int:
    """How many steps can be taken back (``undo``) or again (``redo``)."""
    return len(st.session_state.get(f"steps_{way}", ()))


def travel(way: str) -> None:
    """One step back or forward again."""
    taken: list[Draft] = st.session_state.get(f"steps_{way}", [])
    if taken:
        other = "redo" if way == "undo" else "undo"
        st.session_state.setdefault(f"steps_{other}", []).append(current_draft())
        _show(taken.pop())


def ensure_widgets() -> None:
    """Give widgets that were not on the last page the value of the draft again."""
    for p in lever_table().values():
        for key, value in _widget_values(p, current_draft()).items():
            st.session_state.setdefault(key, value)
    st.session_state.setdefault("basis", current_draft().basis)


def resting(p: Parameter) -> float | None:
    """Value of a lever on trend; None is no limit."""
    rules: Mapping[str, float] = st.session_state.get("rules", {})
    return resting_value(p, rules)


def _shown(p: Parameter, value: LeverValue | None) -> float:
    """The one number that a slider can stand at: for a path, the first value that it names."""
    if isinstance(value, Mapping):
        value = next((v for _, v in sorted(value.items()) if v is not None), None)
    if value is None:
        value = resting(p)
    return float(p.high if value is None else value)


def _snapped(p: Parameter, value: float) -> int:
    step = p.step or 1.0
    return int(min(p.high, max(p.low, p.low + round((value - p.low) / step) * step)))


def _widget_values(p: Parameter, draft: Draft) -> dict[str, int | bool]:
    """State of every widget that may show a lever, by key."""
    value = _shown(p, draft.values.get(p.name))
    return {
        f"slider_{p.name}": _snapped(p, value),
        f"number_{p.name}": round(value),
        f"switch_{p.name}": bool(value),
        f"choice_{p.name}": int(value),
        f"limit_{p.name}": p.name in draft.values,
    }


def _follow(p: Parameter, draft: Draft, moved: str = "") -> None:
    """Let the widgets of a lever show the draft; the one just ``moved`` may be moving still."""
    for key, value in _widget_values(p, draft).items():
        if key != moved:
            st.session_state[key] = value


def changed(name: str, widget: str) -> None:
    """A lever's widget was moved: its value holds in every year from now on."""
    p = lever_table()[name]
    if widget == "number" and _slides(p):
        _follow(p, current_draft(), moved=f"slider_{name}")
        return
    if widget == "slider":
        st.session_state["sliding"] = name
    value: float | None = st.session_state[f"{widget}_{name}"]
    if widget == "limit":
        value = p.high if value else None
    elif value is not None:
        value = float(value)
    if value == resting(p):
        value = None
    _take(current_draft().set(name, value))
    _follow(p, current_draft(), moved=f"{widget}_{name}")


def _slides(p: Parameter) -> bool:
    """Whether the lever's slider was moved in this very run.

    A slider moved faster than the page answers sends the number box along as it last stood; taken
    for a number typed in, it would throw the slider back.
    """
    stands = _widget_values(p, current_draft())[f"slider_{p.name}"]
    moved = st.session_state.get(f"slider_{p.name}", stands) != stands
    return moved or st.session_state.get("sliding") == p.name


def _take(draft: Draft) -> None:
    _remember(draft)
    st.session_state["draft"] = draft


def basis_changed() -> None:
    """The meaning of the job numbers was chosen."""
    _take(Draft(current_draft().values, st.session_state["basis"]))


def reset(group: str | None, target: Draft) -> None:
    """One group of levers, or all, as ``target`` has them."""
    set_draft(target if group is None else current_draft().with_group(group, target))


def reset_lever(name: str, target: Draft) -> None:
    """One lever as ``target`` has it."""
    set_draft(current_draft().set(name, target.values.get(name)))


def place(key: str, initial: Any) -> Any:
    """What this session keeps under ``key``, begun as ``initial``."""
    return st.session_state.setdefault(key, initial)
