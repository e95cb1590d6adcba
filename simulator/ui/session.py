"""The levers of one session: the draft, what was loaded, and the widgets that follow them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from simulator.parameters import Parameter
from simulator.report.words import LeverValue
from simulator.ui.draft import EMPTY, Draft, lever_table, resting_value


def current_draft() -> Draft:
    """The levers as they stand."""
    draft: Draft = st.session_state.get("draft", EMPTY)
    return draft


def loaded_draft() -> Draft:
    """The levers as loaded."""
    draft: Draft = st.session_state.get("loaded", EMPTY)
    return draft


def take_pending() -> None:
    """Take over a draft that was edited further down the page; before any lever is drawn."""
    pending = st.session_state.pop("pending_draft", None)
    if pending is not None:
        set_draft(pending)


def set_draft(draft: Draft) -> None:
    """Replace the draft and let every widget follow; only before widgets are drawn."""
    st.session_state["draft"] = draft
    st.session_state["basis"] = draft.basis
    for p in lever_table().values():
        _follow(p, draft)


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
    value: float | None = st.session_state[f"{widget}_{name}"]
    if widget == "limit":
        value = p.high if value else None
    elif value is not None:
        value = float(value)
    if value == resting(p):
        value = None
    st.session_state["draft"] = current_draft().set(name, value)
    _follow(p, current_draft(), moved=f"{widget}_{name}")


def basis_changed() -> None:
    """The meaning of the job numbers was chosen."""
    st.session_state["draft"] = Draft(current_draft().values, st.session_state["basis"])


def reset(group: str | None, target: Draft) -> None:
    """One group of levers, or all, as ``target`` has them."""
    set_draft(target if group is None else current_draft().with_group(group, target))
