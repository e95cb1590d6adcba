"""The levers of the side panel: slider, exact number and reset, all bound to the draft."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from simulator.i18n import text
from simulator.parameters import Parameter, levers
from simulator.report import wording, words
from simulator.run import Run
from simulator.ui.draft import BASES, EMPTY, equal
from simulator.ui.session import (
    basis_changed,
    changed,
    current_draft,
    ensure_widgets,
    loaded_draft,
    reset,
    resting,
)

#: What the codes of a group's notes begin with.
_NOTES: Mapping[str, tuple[str, ...]] = {
    "settlement": ("settlement",),
    "industry_jobs": ("industry_jobs", "jobs"),
    "housing": ("housing",),
}


def reset_buttons(group: str | None, lang: str) -> None:
    """Back to the trend, or to what was loaded; one group of levers or all."""
    draft, loaded = current_draft(), loaded_draft()
    with st.container(horizontal=True, gap="small"):
        for key, target in (("trend", EMPTY), ("loaded", loaded)):
            if key == "loaded" and equal(loaded, EMPTY):
                continue
            after = target if group is None else draft.with_group(group, target)
            st.button(
                text(f"app.reset.{key}", lang),
                key=f"reset_{key}_{group or 'all'}",
                on_click=reset,
                args=(group, target),
                disabled=equal(after, draft),
                type="tertiary" if group else "secondary",
                icon=":material/undo:" if key == "loaded" else ":material/restart_alt:",
            )


def lever_groups(current: Run, lang: str) -> None:
    """Every lever, by group, with what must be said of the group's effect."""
    ensure_widgets()
    for group, members in levers().items():
        touched = sum(name in current_draft().values for name in members)
        title = wording.sentence(text(f"lever.{group}", lang))
        label = f"**{title}**" + (
            f" :blue-badge[{text('app.set', lang, n=touched)}]" if touched else ""
        )
        with st.expander(label, expanded=group == "industry_jobs", key=f"group_{group}"):
            st.caption(text(f"app.group.{group}", lang))
            if group == "industry_jobs":
                _basis(lang)
            for p in members.values():
                with st.container(key=f"lever_{p.name}"):
                    _lever(p, lang)
            for item in current.notes:
                if item.code.startswith(_NOTES[group]):
                    st.caption(f":material/info: {wording.sentence(wording.note(item, lang))}")
            reset_buttons(group, lang)


def _basis(lang: str) -> None:
    st.radio(
        text("app.basis_label", lang),
        BASES,
        format_func=lambda b: text(f"app.basis.{b}", lang),
        key="basis",
        on_change=basis_changed,
        help=text("app.basis_help", lang),
    )


def _lever(p: Parameter, lang: str) -> None:
    label = f"{p.label(lang)}{words.badge(p, lang)}"
    told = words.lever_help(p, resting(p), lang)
    if words.is_switch(p):
        st.toggle(
            label, key=f"switch_{p.name}", help=told, on_change=changed, args=(p.name, "switch")
        )
    elif words.is_choice(p):
        st.selectbox(
            label,
            range(int(p.low), int(p.high) + 1),
            format_func=lambda i: text(f"app.choice.{p.name}.{i}", lang),
            key=f"choice_{p.name}",
            help=told,
            on_change=changed,
            args=(p.name, "choice"),
        )
    else:
        _amount(p, label, told, lang)
    value = current_draft().values.get(p.name)
    if isinstance(value, Mapping):
        path = words.lever_words(p, value, lang)
        st.caption(text("app.path_held", lang, path=path))


def _amount(p: Parameter, label: str, told: str, lang: str) -> None:
    """Slider and exact number of one lever; a limit that is off has neither."""
    name = p.name
    if p.central is None:
        st.toggle(label, key=f"limit_{name}", help=told, on_change=changed, args=(name, "limit"))
        if name not in current_draft().values:
            return
        label, told = p.label(lang), ""
    low, high, step = int(p.low), int(p.high), int(p.step or 1)
    heading = f"{label} :gray[{words.unit(p.unit, lang)}]" if told else words.unit(p.unit, lang)
    st.markdown(heading, help=told or None)
    slider, number = st.columns([3, 2], vertical_alignment="center", gap="small", wrap=False)
    with slider:
        st.slider(
            p.label(lang), low, high, step=step, key=f"slider_{name}",
            label_visibility="collapsed", on_change=changed, args=(name, "slider"),
        )  # fmt: skip
    with number:
        st.number_input(
            f"{p.label(lang)}: {text('app.exact', lang)}", low, high, step=step,
            key=f"number_{name}", label_visibility="collapsed",
            on_change=changed, args=(name, "number"),
        )  # fmt: skip
