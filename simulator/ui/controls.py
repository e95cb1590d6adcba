"""What the page starts from: language, place, scenario, horizon, a file of the user's own."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES, text
from simulator.report import wording
from simulator.report.errors import describe
from simulator.run import Result
from simulator.ui.draft import draft_of, last_year
from simulator.ui.library import MAX_UPLOAD_MB, Entry, library_entries, uploaded_entry
from simulator.ui.session import current_draft, set_draft, take_pending

#: Projections beyond this year say more about assumptions than about a county.
_LAST_HORIZON = 2050
_MAX_UPLOADS = 5


def language() -> str:
    """Language of the session: chosen, else the browser's."""
    if "lang" not in st.session_state:
        locale = st.context.locale or "zh"
        st.session_state["lang"] = "zh" if locale.lower().startswith("zh") else "en"
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


def entries() -> dict[str, Entry]:
    """Library files and this session's uploads."""
    uploads: dict[str, Entry] = st.session_state.setdefault("uploads", {})
    return {**library_entries(), **uploads}


def entry_choice(found: Mapping[str, Entry], lang: str) -> Entry:
    """The file to start from."""

    def label(key: str) -> str:
        entry = found[key]
        mark = text("app.uploaded", lang) if entry.raw is not None else entry.region
        twins = sum(e.name == entry.name for e in found.values()) > 1
        return " · ".join(x for x in (entry.name.get(lang), mark, entry.file if twins else "") if x)

    pending = st.session_state.pop("pending_entry", None)
    if pending in found:
        st.session_state["entry"] = pending
    if st.session_state.get("entry") not in found:
        st.session_state["entry"] = next(iter(found))
    key = st.selectbox(text("app.place", lang), list(found), format_func=label, key="entry")
    return found[key]


def start_choice(result: Result, entry: Entry, lang: str) -> str:
    """The scenario whose levers are loaded; loading happens when the choice changes."""
    ids = list(result.runs)
    if st.session_state.get("start") not in ids:
        st.session_state["start"] = ids[-1]
    start = st.selectbox(
        text("app.start", lang),
        ids,
        format_func=lambda i: wording.scenario_label(result.runs[i], lang),
        key="start",
        help=text("app.start_help", lang),
    )
    if st.session_state.get("loaded_from") != (entry.key, start):
        st.session_state["loaded_from"] = (entry.key, start)
        st.session_state["loaded"] = draft_of(result.runs[start].case, result.runs[start])
        st.session_state["rules"] = dict(result.study.place.settlement_rules)
        set_draft(st.session_state["loaded"])
    take_pending()
    return str(start)


def horizon_choice(result: Result, entry: Entry, lang: str) -> int:
    """Last projected year; never before a target's year or a year that a path names."""
    place, default = result.study.place, result.study.horizon
    years = [t.at for t in place.targets if t.at is not None]
    years += [y for r in result.runs.values() if (y := last_year(draft_of(r.case))) is not None]
    years += [y for d in (current_draft(),) if (y := last_year(d)) is not None]
    low = max([place.base_year + 1, *years])
    high = max(_LAST_HORIZON, default, low + 1)
    if st.session_state.get("horizon_of") != entry.key:
        st.session_state["horizon_of"] = entry.key
        st.session_state["horizon"] = default
    st.session_state["horizon"] = min(max(st.session_state["horizon"], low), high)
    label = text("app.horizon", lang)
    return int(st.slider(label, low, high, key="horizon", step=1, format="%d"))


def upload(lang: str) -> None:
    """Open a scenario file of the user's own; faults are told as on the command line."""
    with st.expander(text("app.open_file", lang), icon=":material/upload_file:"):
        st.caption(text("app.open_help", lang, mb=MAX_UPLOAD_MB))
        given = st.file_uploader(
            text("app.open_file", lang), type=["yaml", "yml"], key="upload",
            max_upload_size=MAX_UPLOAD_MB, label_visibility="collapsed",
        )  # fmt: skip
        if given is not None and st.session_state.get("upload_seen") != given.file_id:
            st.session_state["upload_seen"] = given.file_id
            st.session_state.pop("upload_faults", None)
            try:
                _keep(uploaded_entry(given.name, given.getvalue()))
            except ScenarioError as error:
                st.session_state["upload_faults"] = error.violations
            else:
                st.rerun()
        faults = st.session_state.get("upload_faults", ()) if given is not None else ()
        if faults:
            lines = [f"- `{describe(v, lang)}`" for v in faults]
            st.error("\n".join([text("error.heading", lang, n=len(faults)), "", *lines]))


def _keep(entry: Entry) -> None:
    uploads: dict[str, Entry] = st.session_state.setdefault("uploads", {})
    uploads[entry.key] = entry
    while len(uploads) > _MAX_UPLOADS:
        uploads.pop(next(iter(uploads)))
    st.session_state["pending_entry"] = entry.key
