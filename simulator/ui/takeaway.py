"""Leaving with it: the scenario file, the target table, and how to run the same again."""

from __future__ import annotations

import io
import zipfile
from functools import partial
from pathlib import Path

import streamlit as st

import simulator
from simulator.export import file_name, place_reference, scenario_yaml, targets_csv
from simulator.i18n import text
from simulator.reach import LIBRARY_PREFIX
from simulator.report.bundle import bundle
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.ui import link, session
from simulator.ui.library import Entry


def case_id(result: Result, current: Run) -> str:
    """Identity under which a scenario is written to a file of its own."""
    return f"{result.study.place.id}_{current.id}"[:60]


def extends(entry: Entry, result: Result) -> str:
    """What the written file extends: the library's place, or the place file that was uploaded."""
    if entry.raw is not None and len(_places(result)) == 1:
        return entry.file
    return place_reference(result.study)


def _places(result: Result) -> tuple[Path, ...]:
    return tuple(p for p in result.study.sources if p.suffix in (".yaml", ".yml"))


def written(entry: Entry, result: Result, current: Run) -> str:
    """The scenario as YAML."""
    name, place = case_id(result, current), extends(entry, result)
    return scenario_yaml(result.study, name, current.case, extends=place)


def section(entry: Entry, result: Result, current: Run, lang: str) -> None:
    """Downloads, a link, and the lines that reproduce the page."""
    name = file_name(case_id(result, current))
    st.markdown(f"#### {text('app.take', lang)}")
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            text("app.take.yaml", lang),
            data=lambda: written(entry, result, current),
            file_name=name,
            mime="application/yaml",
            on_click="ignore",
            icon=":material/download:",
            type="primary",
            key="download_yaml",
        )
        st.download_button(
            text("app.take.targets", lang),
            data=lambda: targets_csv(current),
            file_name=f"{case_id(result, current)}_targets.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/table:",
            key="download_targets",
            disabled=not current.targets,
            help=None if current.targets else text("report.no_targets", lang),
        )
        _files(result, current, lang)
    shared = st.expander(
        text("app.share", lang), icon=":material/link:", key="share", on_change="rerun"
    )
    if shared.open:
        with shared:
            _share(entry, result, lang)
    panel = st.expander(
        text("app.reproduce", lang), icon=":material/terminal:", key="reproduce", on_change="rerun"
    )
    if panel.open:
        with panel:
            _reproduce(entry, result, current, lang)


#: Ways out made by `report.bundle`, with media type and icon; pictures leave as an archive.
_FILES = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "table_view"),
    "docx": (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "description",
    ),
    "png": ("application/zip", "image"),
    "svg": ("application/zip", "polyline"),
}


def _files(result: Result, current: Run, lang: str) -> None:
    """Workbook, brief and pictures, made only when they are asked for."""
    for kind, (mime, icon) in _FILES.items():
        ending = "zip" if mime.endswith("zip") else kind
        st.download_button(
            text(f"app.take.{kind}", lang),
            data=partial(file_of, result, current, kind, lang),
            file_name=f"{case_id(result, current)}_{kind}.{ending}",
            mime=mime,
            on_click="ignore",
            icon=f":material/{icon}:",
            key=f"download_{kind}",
        )


def file_of(result: Result, current: Run, kind: str, lang: str) -> bytes:
    """One file as it is, several in an archive."""
    files = list(bundle(result, current, kind, lang))
    if len(files) == 1:
        return files[0][1]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files:
            archive.writestr(name, raw)
    return stream.getvalue()


def _share(entry: Entry, result: Result, lang: str) -> None:
    st.caption(text("app.share_help", lang))
    if entry.raw is not None:
        st.caption(text("app.share_upload", lang))
    start, horizon = str(st.session_state["start"]), result.study.horizon
    asked = link.query(entry, start, horizon, session.current_draft(), lang)
    address = (st.context.url or "").split("?")[0]
    st.code(f"{address}?{asked}", language=None, wrap_lines=True)


def _reproduce(entry: Entry, result: Result, current: Run, lang: str) -> None:
    name = file_name(case_id(result, current))
    st.caption(text("app.reproduce_help", lang, version=simulator.__version__))
    if not extends(entry, result).startswith(LIBRARY_PREFIX):
        st.caption(text("app.reproduce_beside", lang, file=entry.file))
    st.code(f"python -m simulator run {name}", language="bash")
    chosen = TREND if current.id == TREND else case_id(result, current)
    st.code(
        "from simulator import load_scenario, run\n"
        f'result = run(load_scenario("{name}"))\n'
        f'result.runs["{chosen}"].targets',
        language="python",
    )
    st.code(written(entry, result, current), language="yaml", height=320)
