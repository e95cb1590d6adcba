"""The levers of the side panel: slider, exact number and reset, all bound to the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from simulator.i18n import text
from simulator.lever_path import least
from simulator.parameters import Parameter, levers
from simulator.report import wording, words
from simulator.run import Result, Run
from simulator.ui import session
from simulator.ui.draft import BASES, EMPTY, equal, same

#: The group that is open at first: what moves residents most.
_FIRST = "industry_jobs"
#: What the codes of a group's notes begin with, where that is not the group's name alone.
_NOTES: Mapping[str, tuple[str, ...]] = {
    "industry_jobs": ("industry_jobs", "jobs"),
    "settlement": ("settlement", "quota"),
}
_NUMBER_PX = 112
_WAYS = (("undo", ":material/undo:"), ("redo", ":material/redo:"))
_RESETS = (("trend", ":material/restart_alt:"), ("loaded", ":material/settings_backup_restore:"))


@dataclass
class Slots:
    """Where the buttons, the levers of each group that stands open, and the rest go."""

    buttons: DeltaGenerator
    groups: dict[str, DeltaGenerator]
    rest: DeltaGenerator


def frame(result: Result, lang: str) -> Slots:
    """What of the panel no lever changes."""
    buttons, groups = st.container(horizontal=True, gap="small"), {}
    if result.members:
        st.info(text("error.members_policy", lang))
    else:
        for group in levers():
            title = wording.sentence(text(f"lever.{group}", lang))
            # A label that changes would build the panel anew, under the hand that moves a slider.
            panel = st.expander(
                f"**{title}**", expanded=group == _FIRST, key=f"group_{group}", on_change="rerun"
            )
            if panel.open:
                panel.caption(text(f"app.group.{group}", lang))
                groups[group] = panel.container()
    return Slots(buttons, groups, st.container())


def draw(slots: Slots, current: Run, lang: str) -> None:
    """Every lever of the groups that stand open, and the buttons that take levers back."""
    if current.members:
        return
    with slots.buttons:
        _history_buttons(lang)
        _reset_buttons(None, lang)
    session.ensure_widgets()
    for group, slot in slots.groups.items():
        with slot:
            _group(group, levers()[group], current, lang)
    with slots.rest:
        st.html(_marks(lang))
        st.number_input("answer", 0, key=session.GOT, label_visibility="collapsed")


def _history_buttons(lang: str) -> None:
    """One step back, and forward again."""
    for way, icon in _WAYS:
        st.button(
            text(f"app.{way}", lang),
            key=way,
            on_click=session.travel,
            args=(way,),
            disabled=not session.steps(way),
            icon=icon,
        )


def _reset_buttons(group: str | None, lang: str) -> None:
    """Back to the trend, or to what was loaded; one group of levers or all."""
    draft, loaded = session.current_draft(), session.loaded_draft()
    for (key, icon), target in zip(_RESETS, (EMPTY, loaded), strict=True):
        if key == "loaded" and equal(loaded, EMPTY):
            continue
        after = target if group is None else draft.with_group(group, target)
        st.button(
            text(f"app.reset.{key}", lang),
            key=f"reset_{key}_{group or 'all'}",
            on_click=session.reset,
            args=(group, target),
            disabled=equal(after, draft),
            type="tertiary" if group else "secondary",
            icon=icon,
        )


def _marks(lang: str) -> str:
    """Style that marks each group's title with the number of levers set in it."""
    draft = session.current_draft()
    rules = [f".st-key-{session.GOT} {{ display: none; }}"]
    for group, members in levers().items():
        touched = sum(name in draft.values for name in members)
        if touched:
            told = text("app.set", lang, n=touched)
            rules.append(f'.st-key-group_{group} summary p::after {{ content: "{told}"; }}')
    return f"<style>{' '.join(rules)}</style>"


def _group(group: str, members: Mapping[str, Parameter], current: Run, lang: str) -> None:
    if group == _FIRST:
        key = session.basis_key()
        st.radio(
            text("app.basis_label", lang),
            BASES,
            format_func=lambda b: text(f"app.basis.{b}", lang),
            key=key,
            on_change=session.basis_changed,
            args=(key,),
            help=text("app.basis_help", lang),
        )
    for p in members.values():
        with st.container(
            key=f"lever_{p.name}", horizontal=True, vertical_alignment="bottom", gap="small"
        ):
            _lever(p, lang)
    for item in current.notes:
        if item.code.startswith(_NOTES.get(group, (group,))):
            st.caption(f":material/info: {wording.sentence(wording.note(item, lang))}")
    with st.container(horizontal=True, gap="small"):
        _reset_buttons(group, lang)


def _lever(p: Parameter, lang: str) -> None:
    name = p.name
    label = words.lever_title(p, lang)
    told = words.lever_help(p, session.resting(p), lang)
    if words.is_switch(p):
        st.toggle(
            label, key=f"switch_{name}", help=told, on_change=session.listen, width="stretch",
        )  # fmt: skip
    elif words.is_choice(p):
        st.selectbox(
            label,
            range(int(p.low), int(p.high) + 1),
            format_func=lambda i: text(f"app.choice.{name}.{i}", lang),
            key=session.worded(f"choice_{name}"),
            help=told,
            on_change=session.listen,
        )
    else:
        _amount(p, label, told, lang)
    _restore(p, lang)
    value = session.current_draft().values.get(name)
    if isinstance(value, Mapping):
        path = words.lever_words(p, value, lang)
        st.caption(text("app.path_held", lang, path=path))


def _amount(p: Parameter, label: str, told: str, lang: str) -> None:
    """Slider and exact number of one lever; a limit that is off has neither."""
    name = p.name
    if p.central is None:
        st.toggle(
            label, key=f"limit_{name}", help=told, on_change=session.listen, width="stretch",
        )  # fmt: skip
        if name not in session.current_draft().values:
            return
        told = ""
    low, high = int(least(p, session.current_draft().basis)), int(p.high)
    step = int(p.step or 1)
    st.slider(
        label, low, high, step=step, key=f"slider_{name}", help=told or None,
        on_change=session.listen,
    )  # fmt: skip
    # Of a field of whole numbers the browser reads 1e3 as 1 and 2.5 as 2; of this one as meant.
    st.number_input(
        text("app.exact", lang, lever=p.label(lang)), float(low), float(high), value=None,
        step=float(step), format="%.0f", key=f"number_{name}", label_visibility="collapsed",
        width=_NUMBER_PX, on_change=session.listen,
    )  # fmt: skip
    if name in session.remarks():
        st.caption(f":red[{session.remarks()[name]}]")


def _restore(p: Parameter, lang: str) -> None:
    """Buttons that take one lever back, while there is something to take back."""
    now, loaded = session.current_draft().values.get(p.name), session.loaded_draft()
    kept = loaded.values.get(p.name)
    offered = [("trend", EMPTY)] if now is not None else []
    offered += [("loaded", loaded)] if kept is not None and not same(kept, now) else []
    for key, target in offered:
        st.button(
            text(f"app.reset_one.{key}", lang),
            key=f"reset_{key}_{p.name}",
            on_click=session.reset_lever,
            args=(p.name, target),
            type="tertiary",
            help=p.label(lang),
            icon=dict(_RESETS)[key],
        )
