"""Findings of the plan audit in the words of the reader, as a page and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from simulator.audit.plan import Finding
from simulator.i18n import text
from simulator.report.layout import section
from simulator.report.plain_cells import plain
from simulator.schema import PlaceFile
from simulator.vocabulary import indicators

COLUMNS = ("place", "rule", "severity", "message", "quote", "computed")
_COLOUR = {"error": "red", "warning": "yellow", "notice": "dim"}
_INDENT, _DEEPER = (0, 0, 0, 2), (0, 0, 0, 4)

Audited = tuple[PlaceFile, Sequence[Finding]]


def message(finding: Finding, lang: str) -> str:
    """A finding as a sentence."""
    table = indicators()
    about = {
        name: table[value].label(lang) if isinstance(value, str) and value in table else value
        for name, value in finding.about
    }
    return text(f"audit.{finding.rule}", lang, **about)


def findings_view(audited: Sequence[Audited], lang: str) -> Iterator[RenderableType]:
    """Findings place by place with their quotes, and how many there are."""
    for place, findings in audited:
        if findings:
            parts = [part for finding in findings for part in _shown(finding, lang)]
            yield section(place.name.get(lang), *parts)
    everything = [finding for _, findings in audited for finding in findings]
    graves = ("error", "warning", "notice")
    counts = {grave: sum(f.severity == grave for f in everything) for grave in graves}
    clean = sum(not findings for _, findings in audited)
    yield Text(text("audit.counts", lang, places=len(audited), clean=clean, **counts))


def _shown(finding: Finding, lang: str) -> Iterator[RenderableType]:
    head = Text(text(f"severity.{finding.severity}", lang), style=_COLOUR[finding.severity])
    head.append(f" {message(finding, lang)} [{finding.rule}]", style="default")
    yield Padding(head, _INDENT)
    if finding.computed:
        yield Padding(Text(finding.computed), _DEEPER)
    for quote in finding.quotes:
        yield Padding(Text(f"“{quote}”", style="dim"), _DEEPER)


def findings_csv(audited: Iterable[Audited], lang: str) -> str:
    """Findings as CSV, columns `COLUMNS`; several quotes are joined by `` | ``."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for _, findings in audited:
        for f in findings:
            told = (message(f, lang), plain(" | ".join(f.quotes)), plain(f.computed))
            writer.writerow((f.place, f.rule, f.severity, *told))
    return stream.getvalue()
