"""What the page starts from: language, place, scenario, horizon, a file of the user's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES, text
from simulator.report import wording
from simulator.report.errors import as_markdown
from simulator.report.printed import region
from simulator.ui import session
from simulator.ui.library import MAX_UPLOAD_MB, Entry, uploaded_entry
from simulator.ui.opening import Opened, entries, horizon_range

_MAX_UPLOADS = 5


def language() -> str:
    """Language of the session: chosen, else of the link, else the browser's."""
    if "lang" not in st.session_state:
        asked = str(st.query_params.get("lang", st.context.locale or LANGUAGES[0])).lower()
        st.session_state["lang"] = "zh" if asked.startswith("zh") else "en"
    return str(st.session_state["lang"])


def language_switch() -> None:
    """中文 / English."""
    names = {"zh": "中文", "en": "English"}
    st.segmented_control(
        "语言 / Language",
        LANGUAGES,
        format_func=names.__getitem__,
        key="lang",
        label_visibility="collapsed",
        required=True,
    )


def entry_labels(found: Mapping[str, Entry], lang: str) -> Mapping[str, str]:
    """Files as they stand in a list, by key: name, pinyin and region, so that each finds it.

    Those of one name are told apart by their files.
    """
    names = Counter(entry.name.get(lang) for entry in found.values())
    told = {}
    for key, entry in found.items():
        mark = text("app.uploaded", lang) if entry.raw is not None else region(entry.region, lang)
        name = entry.name.get(lang)
        pinyin = entry.pinyin if lang == "zh" else ""
        parts = (name, pinyin, mark, entry.file if names[name] > 1 else "")
        told[key] = " · ".join(x for x in parts if x)
    return told


def place_and_horizon(opened: Opened, lang: str) -> None:
    """The file, the scenario to start from and the last year."""
    found = entries()
    st.selectbox(
        text("app.place", lang),
        list(found),
        format_func=entry_labels(found, lang).__getitem__,
        key="entry",
        help=text("app.place_help", lang),
    )
    runs = opened.first.runs
    st.selectbox(
        text("app.start", lang),
        list(runs),
        format_func=lambda i: wording.scenario_label(runs[i], lang),
        key="start",
        help=text("app.start_help", lang),
    )
    low, high = horizon_range(opened.first)
    st.slider(text("app.horizon", lang), low, high, key="horizon", step=1, format="%d")


def upload(lang: str) -> None:
    """Open a scenario file of the user's own; faults are told as on the command line."""
    panel = st.expander(
        text("app.open_file", lang), icon=":material/upload_file:", key="open_file",
        on_change="rerun",
    )  # fmt: skip
    if not panel.open:
        return
    with panel:
        st.caption(text("app.open_help", lang, mb=MAX_UPLOAD_MB))
        given = st.file_uploader(
            text("app.open_file", lang), type=["yaml", "yml"], key="upload",
            max_upload_size=MAX_UPLOAD_MB, label_visibility="collapsed",
        )  # fmt: skip
        if given is not None and st.session_state.get("upload_seen") != given.file_id:
            st.session_state["upload_seen"] = given.file_id
            st.session_state.pop("upload_faults", None)
            try:
                keep_entry(uploaded_entry(given.name, given.getvalue()))
            except ScenarioError as error:
                st.session_state["upload_faults"] = error.violations
            else:
                st.rerun()
        faults = st.session_state.get("upload_faults", ()) if given is not None else ()
        if faults:
            lines = [f"- {as_markdown(v, lang)}" for v in faults]
            st.error("\n".join([text("error.heading", lang, n=len(faults)), "", *lines]))


def keep_entry(entry: Entry) -> None:
    """Keep a file of the user's own for this session, and open it."""
    uploads: dict[str, Entry] = session.place("uploads", {})
    uploads[entry.key] = entry
    while len(uploads) > _MAX_UPLOADS:
        uploads.pop(next(iter(uploads)))
    st.session_state["pending_entry"] = entry.key
