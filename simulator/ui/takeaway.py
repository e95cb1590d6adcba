"""Leaving with it: the scenario file, the target table, and how to run the same again."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import simulator
from simulator.export import file_name, place_reference, scenario_yaml
from simulator.i18n import text
from simulator.reach import LIBRARY_PREFIX
from simulator.report.markup import unmarked
from simulator.report.target_list import target_list
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.ui import link, session
from simulator.ui.library import Entry
from simulator.ui.opening import Latest


@dataclass
class Slots:
    """Where what is in the panels that stand open goes."""

    share: DeltaGenerator | None
    reproduce: DeltaGenerator | None


def case_id(result: Result) -> str:
    """Identity under which the levers as they stand are written to a file of its own.

    It does not follow the levers, so that what offers the files need not be drawn with each move.
    """
    return f"{result.study.place.id}_scenario"[:60]


def extends(entry: Entry, result: Result) -> str:
    """What the written file extends: the library's place, or the place file that was uploaded."""
    if entry.raw is not None and len(_places(result)) == 1:
        return entry.file
    return place_reference(result.study)


def _places(result: Result) -> tuple[Path, ...]:
    return tuple(p for p in result.study.sources if p.suffix in (".yaml", ".yml"))


def written(entry: Entry, result: Result, current: Run) -> str:
    """The scenario as YAML."""
    name, place = case_id(result), extends(entry, result)
    return scenario_yaml(result.study, name, current.case, extends=place)


def frame(latest: Latest, lang: str) -> Slots:
    """Downloads, made from what stands when they are asked for; a link; how to reproduce it."""
    name, targets = case_id(latest.result), latest.result.trend.targets
    st.markdown(f"#### {text('app.take', lang)}")
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            text("app.take.yaml", lang),
            data=lambda: written(latest.opened.entry, latest.result, latest.opened.current),
            file_name=file_name(name),
            mime="application/yaml",
            on_click="ignore",
            icon=":material/download:",
            type="primary",
            key="download_yaml",
        )
        st.download_button(
            text("app.take.targets", lang),
            data=lambda: targets_now(latest, lang),
            file_name=f"{name}_targets.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/table:",
            key="download_targets",
            disabled=not targets,
            help=None if targets else text("report.no_targets", lang),
        )
        _files(latest, lang)
    return Slots(_panel("share", "link", lang), _panel("reproduce", "terminal", lang))


def targets_now(latest: Latest, lang: str) -> bytes:
    """The targets of what stands, in the words of the session, with the probabilities looked at."""
    return target_list(latest.result, latest.opened.current, latest.looked, lang)


def _panel(key: str, icon: str, lang: str) -> DeltaGenerator | None:
    panel = st.expander(
        text(f"app.{key}", lang), icon=f":material/{icon}:", key=key, on_change="rerun"
    )
    return panel.container() if panel.open else None


def draw(slots: Slots, latest: Latest, lang: str) -> None:
    """What is in the panels that stand open."""
    if slots.share is not None:
        with slots.share:
            _share(latest.opened.entry, latest.result, lang)
    if slots.reproduce is not None:
        with slots.reproduce:
            _reproduce(latest.opened.entry, latest.result, latest.opened.current, lang)


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


def _files(latest: Latest, lang: str) -> None:
    """Workbook, brief and pictures, made only when they are asked for."""
    for kind, (mime, icon) in _FILES.items():
        ending = "zip" if mime.endswith("zip") else kind
        st.download_button(
            text(f"app.take.{kind}", lang),
            data=partial(_file_now, latest, kind, lang),
            file_name=f"{case_id(latest.result)}_{kind}.{ending}",
            mime=mime,
            on_click="ignore",
            icon=f":material/{icon}:",
            key=f"download_{kind}",
        )


def _file_now(latest: Latest, kind: str, lang: str) -> bytes:
    return file_of(latest.result, latest.opened.current, kind, lang)


def file_of(result: Result, current: Run, kind: str, lang: str) -> bytes:
    """One file as it is, several in an archive."""
    # Read when it is needed: what makes Word and Excel files takes longer to read than a page.
    from simulator.report.bundle import bundle

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
    name = file_name(case_id(result))
    st.caption(text("app.reproduce_help", lang, version=simulator.__version__))
    if not extends(entry, result).startswith(LIBRARY_PREFIX):
        st.caption(text("app.reproduce_beside", lang, file=unmarked(entry.file)))
    st.code(f"python -m simulator run {name}", language="bash")
    chosen = TREND if current.id == TREND else case_id(result)
    st.code(
        "from simulator import load_scenario, run\n"
        f'result = run(load_scenario("{name}"))\n'
        f'result.runs["{chosen}"].targets',
        language="python",
    )
    st.code(written(entry, result, current), language="yaml", height=320)
