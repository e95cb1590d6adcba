"""Everything behind the charts, in tabs: targets, constraints, evidence, tests, assumptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from simulator.i18n import catalogue, text
from simulator.lever_path import least
from simulator.parameters import levers
from simulator.report import face_value, rows, wording, words
from simulator.report.effects import effects_table, has_effects
from simulator.report.effects import title as effects_title
from simulator.report.markup import unmarked
from simulator.report.words import LeverValue
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.ui import session, tables
from simulator.ui.draft import compress, expand, resting_value
from simulator.ui.library import Entry, open_entry

Part = Callable[[Entry, Result, Run, str], None]


def frame(lang: str) -> DeltaGenerator:
    """Choice of what is looked at; returns where it goes."""
    st.markdown(f"#### {text('app.details', lang)}")
    if st.session_state.get("tab") not in _PARTS:
        st.session_state["tab"] = next(iter(_PARTS))
    st.segmented_control(
        text("app.details", lang), list(_PARTS),
        format_func=lambda key: text(f"app.tab.{key}", lang),
        key="tab", required=True, label_visibility="collapsed",
    )  # fmt: skip
    return st.container()


def draw(slot: DeltaGenerator, entry: Entry, result: Result, current: Run, lang: str) -> None:
    """Only what is looked at is drawn: a lever moved must not wait for tables that nobody sees."""
    with slot:
        _PARTS[str(st.session_state["tab"])](entry, result, current, lang)


def _title(key: str, lang: str, **params: object) -> None:
    st.markdown(f"##### {text(key, lang, **params)}")


def _targets(entry: Entry, result: Result, current: Run, lang: str) -> None:
    if not current.targets:
        st.caption(text("app.answer.none", lang))
        return
    table, context = rows.targets(result, lang), text("kind.context", lang)
    own, other = (
        replace(table, rows=tuple(r for r in table.rows if (r[-1] == context) is listed))
        for listed in (False, True)
    )
    parts = (
        tables.html(own),
        tables.caption(text("report.legend", lang)),
        tables.title(text("report.requirements", lang)),
        tables.caption(text("app.requirements_help", lang)),
        tables.html(rows.requirements(result, lang)),
        tables.title(text("report.population", lang)),
        tables.html(rows.headlines(result, lang)),
    )
    st.html("".join(parts))
    if other.rows:
        title = text("app.context_targets", lang, n=len(other.rows))
        panel = st.expander(title, key=f"context_{lang}", on_change="rerun")
        if panel.open:
            with panel:
                st.html(tables.html(other))


def _binding(entry: Entry, result: Result, current: Run, lang: str) -> None:
    _title("app.chart.causes", lang)
    st.caption(text("app.causes_help", lang, unit=text("unit.persons", lang)))
    st.html(tables.html(rows.causes(result, lang)))
    if has_effects(current):
        st.markdown(f"##### {effects_title('effects', current, lang)}")
        st.html(tables.html(effects_table(current, lang)))
        st.caption(text("report.effects_note", lang))
    _title("report.binding", lang)
    if current.id == TREND:
        st.caption(text("app.binding_trend", lang))
        return
    st.caption(text("app.binding_help", lang))
    st.html(tables.html(rows.binding(current, lang)))


def _evidence(entry: Entry, result: Result, current: Run, lang: str) -> None:
    chosen = dict(wording.changed_levers(current))
    if not chosen:
        st.caption(text("report.no_levers", lang))
    told = {e.lever: e for e in current.case.evidence}
    for name, value in chosen.items():
        p = levers()[name.split(".")[0]][name.split(".")[1]]
        st.markdown(f"**{p.label(lang)}**: {words.lever_words(p, cast(LeverValue, value), lang)}")
        item = told.get(name) or told.get(name.split(".")[0])
        if item is None:
            st.caption(f":orange-badge[{text('app.own_value', lang)}] {text('app.own_help', lang)}")
            continue
        if item.derivation is not None:
            st.caption(unmarked(item.derivation.get(lang)))
        for quote in item.quotes:
            st.caption(unmarked(f"“{quote}” {_title_of(result, item.document, lang)}"))
    if current.case.not_quantified:
        _title("report.not_quantified", lang)
        st.html(tables.html(rows.not_quantified(current, lang)))


def _title_of(result: Result, document: str | None, lang: str) -> str:
    source = result.study.place.documents.get(document or "")
    return f"—— {source.title.get(lang)}" if source is not None else ""


def _tests(entry: Entry, result: Result, current: Run, lang: str) -> None:
    if result.outcomes():
        _title("report.outcomes", lang)
        st.html(tables.html(rows.outcomes(result, lang)))
        st.caption(text("app.outcomes_help", lang))
    else:
        st.caption(text("app.no_outcomes", lang))
    if any(f.use == "superseded" for f in result.study.place.facts):
        _title("report.face_value", lang)
        if st.toggle(text("app.face_value", lang), key="face_value"):
            naive = open_entry(entry, result.study.horizon, face_value=True)
            sentence = face_value.sentence(naive, lang)
            if sentence is not None:
                st.markdown(unmarked(sentence))


def _assumed(entry: Entry, result: Result, current: Run, lang: str) -> None:
    _title("report.assumed", lang)
    st.html(tables.html(rows.assumed(result, lang)))
    for group in levers():
        name = text(f"lever.{group}", lang)
        with st.expander(text("app.behind", lang, group=name)):
            st.html(tables.html(rows.behind(result, group, lang)))
    with st.expander(text("report.facts", lang)):
        st.html(tables.html(rows.facts(result, lang)))
    conflicts = rows.conflicts(result, lang)
    if conflicts is not None:
        with st.expander(text("report.conflicts", lang)):
            st.html(tables.html(conflicts))


def _unknown(entry: Entry, result: Result, current: Run, lang: str) -> None:
    names = sorted(k for k in catalogue(lang) if k.startswith("app.unknown."))
    st.markdown("\n".join(f"- {text(name, lang)}" for name in names))
    context = [t.indicator.label(lang) for t in result.trend.targets if t.kind == "context"]
    if context:
        listed = ("、" if lang == "zh" else ", ").join(dict.fromkeys(context))
        st.markdown(unmarked(text("app.not_projected", lang, names=listed)))


def _paths(entry: Entry, result: Result, current: Run, lang: str) -> None:
    """Levers of one group by year, for experts; empty rests at the trend."""
    st.caption(text("app.paths_help", lang))
    group = st.segmented_control(
        text("app.levers", lang),
        list(levers()),
        format_func=lambda g: text(f"lever.{g}", lang),
        key="path_group",
        default="industry_jobs",
        required=True,
        label_visibility="collapsed",
    )
    group, years = str(group), list(result.study.years)
    members, draft = levers()[group], session.current_draft()
    columns = {n: expand(draft.values.get(n), years) for n in members}
    data = pd.DataFrame(columns, index=pd.Index(years, name="year"), dtype="float64")
    rules = result.study.place.settlement_rules
    config: dict[str, Any] = {
        "year": st.column_config.NumberColumn(text("col.year", lang), format="%d", disabled=True)
    }
    for name, p in members.items():
        config[name] = st.column_config.NumberColumn(
            f"{p.label(lang)} ({words.unit(p.unit, lang)})",
            help=words.lever_help(p, resting_value(p, rules), lang),
            min_value=least(p, draft.basis), max_value=p.high, format="%g",
        )  # fmt: skip
    token = hash((group, lang, years[-1], tuple(map(tuple, columns.values()))))
    edited = st.data_editor(
        data,
        column_config=config,
        key=f"paths_{token}",
        alt=text("app.tab.paths", lang),
        placeholder="",
    )
    _take_paths(edited, data, years)


def _take_paths(edited: pd.DataFrame, before: pd.DataFrame, years: list[int]) -> None:
    """Put edited columns into the draft and draw the page again."""
    draft = session.current_draft()
    for name in edited.columns:
        values = [None if pd.isna(v) else float(v) for v in edited[name]]
        held = [None if pd.isna(v) else float(v) for v in before[name]]
        if values != held:
            draft = draft.set(str(name), compress(values, years))
    if draft is not session.current_draft():
        st.session_state["pending_draft"] = draft
        st.rerun()


_PARTS: Mapping[str, Part] = {
    "targets": _targets,
    "binding": _binding,
    "evidence": _evidence,
    "tests": _tests,
    "assumed": _assumed,
    "unknown": _unknown,
    "paths": _paths,
}
