"""How the model works: equations, parameters with evidence, accuracy, and what it does not know."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

import simulator
from simulator.i18n import catalogue, text
from simulator.parameters import LEVER_PREFIX, TABLE, Parameter, parameters, table_hash
from simulator.report import words
from simulator.report.rows import Table, Toned
from simulator.ui import tables

_DOCS = Path(simulator.__file__).resolve().parent.parent / "docs"
_MODEL = _DOCS / "model.md"
_ACCURACY = {"zh": _DOCS / "accuracy.zh.md", "en": _DOCS / "accuracy.md"}
_PARTS = ("parameters", "equations", "accuracy", "unknown")
_HEADING = re.compile(r"^## ", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
_DIGEST = 10


def draw(lang: str) -> None:
    """The page; one part at a time, so that it opens at once."""
    st.title(text("app.method.title", lang))
    st.caption(text("app.method.intro", lang))
    part = st.segmented_control(
        text("app.method.title", lang),
        _PARTS,
        format_func=lambda name: text(f"app.method.{name}", lang),
        key="method_part",
        default=_PARTS[0],
        required=True,
        label_visibility="collapsed",
    )
    if part == "equations":
        _equations(lang)
    elif part == "accuracy":
        _accuracy(lang)
    elif part == "unknown":
        keys = sorted(k for k in catalogue(lang) if k.startswith("app.unknown."))
        st.markdown("\n".join(f"- {text(key, lang)}" for key in keys))
    else:
        _parameters(lang)


@functools.cache
def sections(path: Path) -> Mapping[str, str]:
    """Sections of a document by heading; links within the document become plain words."""
    parts = _HEADING.split(path.read_text(encoding="utf-8"))[1:]
    return {part.split("\n", 1)[0].strip(): _LINK.sub(r"\1", f"### {part}") for part in parts}


def _equations(lang: str) -> None:
    st.caption(text("app.method.english", lang))
    found = sections(_MODEL)
    heading = st.selectbox(text("app.method.equations", lang), list(found), key="method_section")
    st.markdown(found[heading])


def _accuracy(lang: str) -> None:
    if _ACCURACY[lang].is_file():
        st.markdown(_ACCURACY[lang].read_text(encoding="utf-8"))
    else:
        st.info(text("app.method.no_accuracy", lang), icon=":material/hourglass_empty:")


_EVERY = "app.method.all"


def _group(p: Parameter, lang: str) -> str:
    """Key of what the group of a parameter is called."""
    if p.is_lever:
        return f"lever.{p.group.removeprefix(LEVER_PREFIX)}"
    key = f"app.method.group.{p.group}"
    return key if key in catalogue(lang) else "app.method.group.other"


def _parameters(lang: str) -> None:
    every = list(parameters().values())
    counts = Counter(words.grade(p, lang) for p in every)
    listed = (text("app.method.grade_count", lang, grade=g, n=n) for g, n in counts.most_common())
    st.caption(f"{text('app.method.grades', lang)}: {' · '.join(listed)}")
    groups = [_EVERY, *dict.fromkeys(_group(p, lang) for p in every)]
    chosen = st.pills(
        text("app.method.filter", lang), groups, format_func=lambda key: text(key, lang),
        key="method_group", default=_EVERY, required=True,
    )  # fmt: skip
    shown = [p for p in every if chosen in (_EVERY, _group(p, lang))]
    st.html(tables.html(parameter_table(shown, lang)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            text("app.method.csv", lang),
            data=b"\xef\xbb\xbf" + TABLE.read_bytes(),
            file_name="parameters.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/table:",
            key="download_parameters",
        )
        version = {"version": simulator.__version__, "table": table_hash()[:_DIGEST]}
        st.caption(text("app.method.version", lang, **version))


def parameter_table(shown: list[Parameter], lang: str) -> Table:
    """Unit, range, source and evidence grade of parameters, from the one table."""
    rows = []
    for p in shown:
        central = words.lever_figure(p, p.central, lang) if p.is_lever else f"{p.default:g}"
        tone = "assumption" if p.grade == "assumption" else "plain"
        rows.append((
            p.label(lang), central, f"{p.low:g} – {p.high:g}", words.unit(p.unit, lang),
            Toned(words.grade(p, lang), tone), p.help(lang), words.source(p, lang),
        ))  # fmt: skip
    keys = ("app.parameter", "app.method.default", "app.help.range", "app.help.unit",
            "app.help.grade", "app.why", "app.help.source")  # fmt: skip
    return Table(tuple(text(k, lang) for k in keys), tuple(rows), frozenset({1, 2}))
