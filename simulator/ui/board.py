"""What the places page says of each file: its plan's audit, and how its targets fare."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from simulator.audit.plan import Finding
from simulator.audit.rules import audit
from simulator.batch import Line, line_of
from simulator.errors import ScenarioError
from simulator.i18n import percent, text
from simulator.report import findings as told
from simulator.report import wording, words
from simulator.report.rows import Table, Toned
from simulator.ui.library import Entry, open_entry, read_study, version_of

_MOST = 400


@st.cache_data(max_entries=_MOST, show_spinner=False)
def _findings(file: str, version: int, _entry: Entry) -> list[Finding]:
    return audit(read_study(_entry).place)


def findings_of(entry: Entry) -> list[Finding]:
    """Audit of a library plan; a file of the user's own is not kept beyond its session."""
    if entry.raw is not None:
        return audit(read_study(entry).place)
    return _findings(entry.file, version_of(), entry)


@st.cache_resource(max_entries=_MOST, show_spinner=False)
def _lines() -> dict[tuple[str, int], Line]:
    """Lines of library files that somebody has asked for; nothing of a user's own."""
    return {}


def known_line(entry: Entry) -> Line | None:
    """Line of a library file, if it has been worked out."""
    return None if entry.raw is not None else _lines().get((entry.file, version_of()))


def work_out(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Line | None]]:
    """Run files one by one; None for one that cannot be used."""
    for entry in entries:
        try:
            line = known_line(entry) or line_of(open_entry(entry, None))
        except ScenarioError:
            yield entry, None
            continue
        if entry.raw is None:
            _lines()[entry.file, version_of()] = line
        yield entry, line


def status_of(line: Line | None) -> str:
    """``met`` where every judged target is, ``missed`` where one is not, else ``unknown``."""
    judged = [c for c in line.checks if c.gap is not None] if line is not None else []
    if not judged:
        return "unknown"
    return "met" if all(c.status == "met" for c in judged) else "missed"


def score(line: Line | None, lang: str) -> str:
    """How many of the judged targets are met."""
    if line is None:
        return text("app.places.not_run", lang)
    judged = [c for c in line.checks if c.gap is not None]
    met = sum(c.status == "met" for c in judged)
    if not judged:
        return text("app.answer.none", lang)
    rate = percent(line.resident_rate)
    return text("app.places.score", lang, met=met, n=len(judged), year=line.base_year, rate=rate)


def targets_table(line: Line, lang: str) -> Table:
    """Judged targets of a place."""
    rows = []
    for check in line.checks:
        if check.gap is not None:
            label = f"{wording.target_label(check, lang)} ({check.target.at})"
            value = words.figure(check.projected, check.target.unit, lang)
            gap = words.figure(check.gap, check.target.unit, lang, sign=True)
            status = Toned(text(f"status.{check.status}", lang), check.status)
            rows.append((label, words.goal(check, lang), value, gap, status))
    keys = ("col.indicator", "col.target_any", "app.places.projected", "col.gap", "col.status")
    return Table(tuple(text(k, lang) for k in keys), tuple(rows), frozenset({2, 3}))


def findings_table(found: Sequence[Finding], lang: str) -> Table:
    """Findings beside the words of the plan that they are about."""
    rows = []
    for finding in found:
        grave = text(f"severity.{finding.severity}", lang)
        quotes = " ".join(f"“{quote}”" for quote in finding.quotes)
        tone = "missed" if finding.severity == "error" else "muted"
        rows.append((Toned(grave, tone), told.message(finding, lang), quotes, finding.computed))
    keys = ("app.places.severity", "app.places.finding", "col.quote", "app.places.computed")
    return Table(tuple(text(k, lang) for k in keys), tuple(rows), frozenset())
