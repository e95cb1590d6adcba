"""A planner's own figures: template, upload with faults by sheet and cell, and the place file."""

from __future__ import annotations

import streamlit as st

from simulator.errors import ScenarioError
from simulator.i18n import text
from simulator.intake.cells import MAX_ROWS
from simulator.intake.placefile import AGE_FILE, Filled, read_place
from simulator.intake.template import template
from simulator.report.errors import as_markdown
from simulator.report.markup import unmarked
from simulator.ui import controls, session
from simulator.ui.library import MAX_UPLOAD_MB, uploaded_entry

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def draw(lang: str) -> None:
    """The page."""
    st.title(text("app.data.title", lang))
    st.caption(text("app.data.intro", lang))
    st.markdown(f"#### {text('app.data.step1', lang)}")
    st.download_button(
        text("app.data.template", lang),
        data=lambda: template(lang),
        file_name=f"template_{lang}.xlsx",
        mime=_XLSX,
        on_click="ignore",
        icon=":material/download:",
        key="download_template",
    )
    st.markdown(f"#### {text('app.data.step2', lang)}")
    st.markdown(text("app.data.step2_help", lang))
    st.markdown(f"#### {text('app.data.step3', lang)}")
    st.caption(text("app.data.limits", lang, mb=MAX_UPLOAD_MB, rows=MAX_ROWS))
    given = st.file_uploader(
        text("app.data.step3", lang), type=["xlsx"], key="workbook",
        max_upload_size=MAX_UPLOAD_MB, label_visibility="collapsed",
    )  # fmt: skip
    if given is not None and st.session_state.get("workbook_seen") != given.file_id:
        st.session_state["workbook_seen"] = given.file_id
        _read(given.name, given.getvalue())
    _outcome(lang)


def _read(name: str, raw: bytes) -> None:
    """Read a workbook and keep it as a place of this session, or keep what is wrong with it."""
    st.session_state.pop("workbook_faults", None)
    st.session_state.pop("workbook_place", None)
    try:
        filled, _ = read_place(raw, name)
        entry = uploaded_entry(f"{filled.data['id']}.yaml", filled.yaml(), filled.ages)
    except ScenarioError as error:
        st.session_state["workbook_faults"] = error.violations
        return
    controls.keep_entry(entry)
    st.session_state["workbook_place"] = filled


def _outcome(lang: str) -> None:
    faults = st.session_state.get("workbook_faults", ())
    if faults:
        lines = [f"- {as_markdown(v, lang)}" for v in faults]
        st.error("\n".join([text("app.data.faults", lang, n=len(faults)), "", *lines]))
    filled: Filled | None = st.session_state.get("workbook_place")
    if filled is None:
        return
    counts = {key: len(filled.data[key]) for key in ("facts", "targets")}
    name = unmarked(filled.data["name"]["zh"])
    st.success(text("app.data.ready", lang, name=name, **counts))
    if filled.doubts:
        lines = [f"- {as_markdown(v, lang)}" for v in filled.doubts]
        told = text("app.data.doubts", lang)
        st.warning("\n".join([told, "", *lines]), icon=":material/warning:")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            text("app.data.open", lang), type="primary", icon=":material/tune:", key="open_place"
        ):
            st.switch_page(session.place("pages", {})["simulator"])
        st.download_button(
            text("app.data.yaml", lang), data=filled.yaml, file_name=f"{filled.data['id']}.yaml",
            mime="application/yaml", on_click="ignore", key="download_place",
            icon=":material/download:",
        )  # fmt: skip
        if filled.ages is not None:
            st.download_button(
                text("app.data.csv", lang), data=filled.ages, file_name=AGE_FILE, mime="text/csv",
                on_click="ignore", key="download_ages", icon=":material/table:",
            )  # fmt: skip
    if filled.ages is not None:
        st.caption(text("app.data.keep_both", lang))
