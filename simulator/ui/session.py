"""The levers of one session: draft and history, what was loaded, the widgets that follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from simulator.i18n import LANGUAGES, text
from simulator.lever_path import least
from simulator.parameters import Parameter
from simulator.report import words
from simulator.report.words import LeverValue
from simulator.ui.draft import EMPTY, Draft, equal, lever_table, lowest, resting_value
from simulator.ui.echo import Wires

#: Steps that can be undone.
_STEPS = 50
#: Kinds of widgets that show a lever.
_WIDGETS = ("limit", "slider", "number", "switch", "choice")
#: Widget, hidden from sight, that sends back the number of the answer that the browser got last.
GOT = "answer_got"
#: Choices that must outlive a visit to another page.
_KEPT = ("lang", "entry", "start", "horizon", "draft_name")
_HELD = "choices_held"


def keep() -> None:
    """Hold on to the choices whose widgets are not on the page that is drawn; a new run begins."""
    listen()
    listened()
    held: dict[str, Any] = st.session_state.get(_HELD, {})
    for key in _KEPT:
        if key in st.session_state:
            st.session_state[key] = st.session_state[key]
        elif key in held:
            st.session_state[key] = held[key]


def hold() -> None:
    """Note the choices where no widget's end takes them along.

    After a fragment ran, the page that comes next finds widgets of the whole page gone with their
    values, whatever was assigned to them before.
    """
    st.session_state[_HELD] = {k: st.session_state[k] for k in _KEPT if k in st.session_state}


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
    _follow(draft)


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
    listen()
    taken: list[Draft] = st.session_state.get(f"steps_{way}", [])
    if taken:
        other = "redo" if way == "undo" else "undo"
        st.session_state.setdefault(f"steps_{other}", []).append(current_draft())
        _show(taken.pop())


def ensure_widgets() -> None:
    """Give widgets that were not on the last page the value of the draft again."""
    for p in lever_table().values():
        for key, value in _widget_values(p, current_draft()).items():
            if key not in st.session_state:
                st.session_state[key] = value
                wires().begin(key, value)
    st.session_state[GOT] = wires().answer


def worded(name: str) -> str:
    """Key of a choice told in words: another one in each language.

    A browser sends back the words of what is chosen, not its value; those of the language before
    would be no value of any choice.
    """
    return f"{name}_{_lang()}"


def _lang() -> str:
    return str(st.session_state.get("lang", LANGUAGES[0]))


def basis_key() -> str:
    """Key of the meaning of the job numbers, which shows what the draft has."""
    key, basis = worded("basis"), current_draft().basis
    if st.session_state.get(key) != basis:
        st.session_state[key] = basis
    return key


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


def _widget_values(p: Parameter, draft: Draft) -> dict[str, float | bool]:
    """State of every widget that shows a lever, by key."""
    value = _shown(p, draft.values.get(p.name))
    if words.is_switch(p):
        return {f"switch_{p.name}": bool(value)}
    if words.is_choice(p):
        return {worded(f"choice_{p.name}"): int(value)}
    limit = {f"limit_{p.name}": p.name in draft.values} if p.central is None else {}
    amount = {f"slider_{p.name}": _snapped(p, value), f"number_{p.name}": float(round(value))}
    return {**limit, **amount}


def _follow(draft: Draft, moved: Collection[str] = ()) -> None:
    """Let the widgets show the draft; those just ``moved`` may be moving still.

    Unless an older answer may be on its way to one of them, which would put it back.
    """
    # A field with other bounds is a new one to the browser, and begins at its least.
    bounded = st.session_state.get("bounded", draft.basis)
    st.session_state["bounded"] = draft.basis
    for p in lever_table().values():
        anew = least(p, bounded) != least(p, draft.basis)
        for key, value in _widget_values(p, draft).items():
            differs = key not in moved and st.session_state.get(key) != value
            if anew or differs or wires().behind(key):
                st.session_state[key] = value
                wires().tell(key, value)


def wires() -> Wires:
    """What the browser's widgets were told, and what was heard of them."""
    found: Wires = place("wires", Wires())
    return found


def listen() -> None:
    """Take over what the user has moved; each message is listened to once, before any answer."""
    if st.session_state.get("listened"):
        return
    st.session_state["listened"] = True
    shown = [key for p in lever_table().values() for key in _widget_values(p, EMPTY)]
    now = {key: st.session_state[key] for key in shown if key in st.session_state}
    moved = wires().hear(now, int(st.session_state.get(GOT, 0)))
    draft, followed = current_draft(), set()
    remarks().clear()
    for p in lever_table().values():
        # The last one counts: who moves a slider and types a number means the number.
        last = [(w, k) for w in _WIDGETS for k in moved if k in _keys(w, p)][-1:]
        for widget, key in last:
            if not _usable(now[key]):  # no whole number, and none is made of it
                remarks()[p.name] = text("app.number_kept", _lang())
                continue
            draft = draft.set(p.name, _meant(p, widget, now[key]))
            followed.add(key)
    _take(draft)
    _follow(draft, followed)


def _usable(now: float | None) -> bool:
    """Whether a widget stands at a whole number; one that is emptied stands at none."""
    return now is not None and float(now).is_integer()


def remarks() -> dict[str, str]:
    """What is told under a lever's number in this answer: why it is not what was asked for."""
    found: dict[str, str] = place("remarks", {})
    return found


def _keys(widget: str, p: Parameter) -> tuple[str, str]:
    """Keys that a widget of a lever can have: one for all languages, or one for each."""
    return f"{widget}_{p.name}", worded(f"{widget}_{p.name}")


def listened() -> None:
    """The answer begins: the next message is a new one."""
    st.session_state.pop("listened", None)


def _meant(p: Parameter, widget: str, now: float | None) -> float | None:
    """Value of a lever whose widget stands at ``now``; None rests at the trend."""
    value = (p.high if now else None) if widget == "limit" else now
    return None if value is None or value == resting(p) else float(value)


def _take(draft: Draft) -> None:
    _remember(draft)
    st.session_state["draft"] = draft


def basis_changed(key: str) -> None:
    """The meaning of the job numbers was chosen."""
    listen()
    values, basis = dict(current_draft().values), st.session_state[key]
    for name, p in lever_table().items():
        told = values.get(name)
        if told is not None and lowest(told) < least(p, basis):
            del values[name]
            remarks()[name] = text(
                "app.total_negative", _lang(), value=words.lever_words(p, told, _lang())
            )
    draft = Draft(MappingProxyType(values), basis)
    _take(draft)
    _follow(draft)


def reset(group: str | None, target: Draft) -> None:
    """One group of levers, or all, as ``target`` has them."""
    listen()
    set_draft(target if group is None else current_draft().with_group(group, target))


def reset_lever(name: str, target: Draft) -> None:
    """One lever as ``target`` has it."""
    listen()
    set_draft(current_draft().set(name, target.values.get(name)))


def place(key: str, initial: Any) -> Any:
    """What this session keeps under ``key``, begun as ``initial``."""
    return st.session_state.setdefault(key, initial)
