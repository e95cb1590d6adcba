"""Every table of a result, once: headers and rows of words for app, Word and spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np

from simulator.i18n import people, text
from simulator.parameters import assumptions, levers, parameters
from simulator.report import plan_base, wording, words
from simulator.report.printed import area, unit_name
from simulator.report.terminal import CAUSES, HEADLINES
from simulator.run import Result, Run
from simulator.schema import Fact, Target
from simulator.state import Driver
from simulator.targets import TargetCheck
from simulator.vocabulary import indicators

#: Parameter groups of the world that stand behind each lever group.
_BEHIND = {"settlement": "settlement", "industry_jobs": "jobs", "housing": "housing"}
_TICK = {"met": "✓", "missed": "✗"}


class Toned(str):
    """A cell that is shown with emphasis: ``met``, ``missed``, ``muted`` or ``assumption``."""

    tone: str

    def __new__(cls, words_: str, tone: str) -> Toned:
        """The words and how they are meant."""
        cell = super().__new__(cls, words_)
        cell.tone = tone
        return cell


@dataclass(frozen=True)
class Table:
    """Words under headers; the columns ``numbers`` hold figures and are aligned to the right."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int]


def _table(
    headers: Iterable[str], rows: Iterable[Iterable[str]], numbers: Iterable[int] = ()
) -> Table:
    return Table(tuple(headers), tuple(tuple(row) for row in rows), frozenset(numbers))


def status(check: TargetCheck, lang: str) -> str:
    """Met or missed, with its tick."""
    if check.reason is not None:
        return Toned(text(f"reason.{check.reason}", lang), "muted")
    if check.status == "not_modelled":
        return Toned(text("status.not_modelled", lang), "muted")
    label = f"{_TICK[check.status]} {text(f'status.{check.status}', lang)}"
    return Toned(label, check.status)


def _by_kind(checks: tuple[TargetCheck, ...]) -> int:
    return ("modelled", "requirement", "context").index(checks[0].kind)


def targets(result: Result, lang: str) -> Table:
    """Every target of the plan: what the model projects, and what it does not."""
    runs = list(result.runs.values())
    headers, numbers = wording.target_headers(result, lang)
    rows = []
    every = sorted(zip(*(run.targets for run in runs), strict=True), key=_by_kind)
    for checks in every:
        first = checks[0]
        row = [
            f"{wording.target_label(first, lang)} ({unit_name(first.target.unit, lang)})",
            plan_base.base_of(first, result.study.place, lang),
            f"{wording.goal(first, lang)} ({first.target.at})",
        ]
        for check in checks:
            row.append(wording.reached(check, lang))
            row.append("" if check.gap is None else wording.gap(check, lang))
            row.append(status(check, lang) if check.kind == "modelled" else "")
        rows.append([*row, text(f"kind.{first.kind}", lang)])
    return _table(headers, rows, numbers)


def requirements(result: Result, lang: str) -> Table:
    """Stocks that per-capita targets imply for the people projected."""
    runs = list(result.runs.values())
    base = text("col.base", lang, year=result.study.place.base_year)
    headers = [text("col.indicator", lang), text("col.target_any", lang), base]
    headers += [text("col.amount", lang, scenario=wording.scenario_label(r, lang)) for r in runs]
    rows = []
    for checks in zip(*(run.targets for run in runs), strict=True):
        first, unit = checks[0], checks[0].indicator.amount_unit
        if first.needed is not None:
            stocks = (first.needed_at_base, *(c.needed for c in checks))
            shown = [wording.amount(s, unit, lang) for s in stocks]
            name = f"{first.indicator.label(lang)} ({first.target.at})"
            rows.append([name, wording.goal(first, lang), *shown])
    return _table(headers, rows, range(1, len(headers)))


def headlines(result: Result, lang: str) -> Table:
    """Headline stocks and rates in the years that matter."""
    years, base = wording.shown_years(result), result.study.place.base_year
    headers = [text("col.indicator", lang), text("col.scenario", lang), *(str(y) for y in years)]
    rows = []
    for name in HEADLINES:
        indicator = indicators()[name]
        share = indicator.unit == "%"
        unit = "%" if share else text("unit.persons", lang)
        for run in result.runs.values():
            values = [float(run.series[name][y - base]) for y in years]
            shown = [f"{v * 100:.2f}" if share else people(v, lang) for v in values]
            label = f"{indicator.label(lang)} ({unit})"
            rows.append([label, wording.scenario_label(run, lang), *shown])
    return _table(headers, rows, range(2, len(headers)))


def causes(result: Result, lang: str) -> Table:
    """What changed the town population, from the base to each year that matters."""
    base, runs = result.study.place.base_year, list(result.runs.values())
    ends = [y for y in wording.shown_years(result) if y > base]
    headers = [text("col.cause", lang)]
    headers += [f"{wording.scenario_label(r, lang)} {base}–{y}" for y in ends for r in runs]
    rows = []
    for cause in (*CAUSES, "total"):
        sums = [float(getattr(r.town_change, cause)[: y - base].sum()) for y in ends for r in runs]
        shown = [people(s, lang, sign=True) for s in sums]
        rows.append([text(f"cause.{cause}", lang), *shown])
    return _table(headers, rows, range(1, len(headers)))


def binding(run: Run, lang: str) -> Table:
    """Which constraint bound in each year, with the drivers that say so."""
    keys = ("col.year", "app.binding", "app.labour_gap", "app.workers_moved", "app.workers_home")
    more = ("app.housing_room", "app.openness")
    headers = [text(k, lang) for k in (*keys, *more)]
    town = run.stocks.town_population
    rows = []
    for i, (codes, row) in enumerate(zip(run.binding(), run.paths.drivers, strict=True)):
        room = row[Driver.HOUSING_CAPACITY]
        housing = "–"
        if np.isfinite(room):
            housing = f"{people(room, lang)} / {people(town[i + 1], lang)}"
        jobs = (Driver.LABOUR_GAP, Driver.WORKERS_MOVED, Driver.WORKERS_AT_HOME)
        # The sum of several places has no drivers of its own.
        shown = [f"{row[k]:,.0f}" if np.isfinite(row[k]) else "–" for k in jobs]
        openness = f"{row[Driver.OPENNESS]:.0%}" if np.isfinite(row[Driver.OPENNESS]) else "–"
        rows.append(
            [str(run.years[i + 1]), wording.binding(codes, lang), *shown, housing, openness]
        )
    return _table(headers, rows, range(2, len(headers)))


def assumed(result: Result, lang: str) -> Table:
    """Baseline numbers that no fact gives."""
    base = result.study.place.base_year
    rows = [
        [
            text(f"quantity.{a.quantity}", lang),
            wording.value_of(a.value, a.unit, lang),
            text(f"assumed.{a.rule}", lang, base=base, where=area(a.where, lang)),
        ]
        for a in result.start.assumed
    ]
    return _table([text(k, lang) for k in ("col.quantity", "col.value", "col.rule")], rows, (1,))


def facts(result: Result, lang: str) -> Table:
    """Population figures that were found, and what each is used for."""
    keys = ("col.indicator", "col.year", "col.value", "col.use", "col.document", "col.quote")
    rows = []
    place = result.study.place
    for fact in place.facts:
        indicator = indicators()[fact.indicator]
        if indicator.kind == "modelled":
            document = place.documents.get(fact.document)
            title = document.title.get(lang) if document is not None else fact.document
            value = wording.quantity(fact.value, fact.unit, lang)
            use = text(f"use.{fact.use}", lang)
            rows.append([indicator.label(lang), str(fact.at), value, use, title, f"“{fact.quote}”"])
    return _table([text(k, lang) for k in keys], rows, (2,))


def outcomes(result: Result, lang: str) -> Table:
    """What happened after the base, beside the trend."""
    keys = ("col.indicator", "col.year", "col.observed", "col.modelled", "col.difference")
    rows = []
    for name, year, observed, projected, unit in result.outcomes():
        rows.append(wording.outcome(name, year, observed, projected, unit, lang))
    return _table([text(k, lang) for k in keys], rows, (2, 3, 4))


def not_quantified(run: Run, lang: str) -> Table:
    """Measures that the document announces without a number."""
    rows = [
        [text(f"lever.{m.lever.split('.')[0]}", lang), f"“{m.quote}”", m.note.get(lang)]
        for m in run.case.not_quantified
    ]
    return _table([text("col.lever", lang), text("col.quote", lang), text("app.why", lang)], rows)


def behind(result: Result, group: str, lang: str) -> Table:
    """Parameters of the world that decide what a lever group does."""
    keys = ("app.parameter", "col.value", "app.help.range", "app.help.grade", "app.help.source")
    rows = []
    for p in parameters().values():
        if p.group == _BEHIND[group]:
            value = f"{result.start.values[p.name]:g} {words.unit(p.unit, lang)}"
            tone = "assumption" if p.grade == "assumption" else "plain"
            grade = Toned(words.grade(p, lang), tone)
            rows.append(
                [p.label(lang), value, f"{p.low:g} – {p.high:g}", grade, words.source(p, lang)]
            )
    return _table([text(k, lang) for k in keys], rows)


def conflicts(result: Result, lang: str) -> Table | None:
    """Values that the document prints twice or under a wrong name; None where there is none."""
    rows = []
    plans = {target.document for target in result.study.place.targets}
    for target in result.study.place.targets:
        label = indicators()[target.indicator].label(lang)
        for other in target.alternatives:
            both = (wording.quantity(v.value, target.unit, lang) for v in (target, other))
            values = " ↔ ".join(both)
            rows.append([label, values, f"“{other.quote}”", other.why_not_used.get(lang)])
    for fact in result.study.place.facts:
        if fact.note is not None and fact.document in plans:
            label = f"{indicators()[fact.indicator].label(lang)} {fact.at}"
            value = wording.quantity(fact.value, fact.unit, lang)
            rows.append([label, value, f"“{fact.quote}”", fact.note.get(lang)])
    keys = ("col.indicator", "col.value", "col.quote", "app.why")
    return _table([text(k, lang) for k in keys], rows) if rows else None


def document_title(result: Result, document: str, lang: str) -> str:
    """Title of a document that the place quotes, or its key where it has none."""
    source = result.study.place.documents.get(document)
    return source.title.get(lang) if source is not None else document


def levers_set(result: Result, lang: str) -> Table:
    """Levers that each scenario sets, with grade, evidence and quotes."""
    keys = ("col.scenario", "col.lever", "col.value", "app.help.grade", "col.evidence", "col.quote")
    found = []
    for run in result.runs.values():
        told = {e.lever: e for e in run.case.evidence}
        for name, value in wording.changed_levers(run):
            group, lever = name.split(".")
            item, p = told.get(name) or told.get(group), levers()[group][lever]
            kind = text(f"evidence.{item.kind if item is not None else 'own'}", lang)
            reason = item.derivation.get(lang) if item is not None and item.derivation else ""
            quotes = "；".join(f"“{q}”" for q in item.quotes) if item is not None else ""
            label, shown = (
                wording.scenario_label(run, lang),
                words.lever_words(p, cast(words.LeverValue, value), lang),
            )
            row = [label, p.label(lang), shown, words.grade(p, lang), f"{kind} {reason}", quotes]
            found.append(row)
    return _table((text(k, lang) for k in keys), found)


def parameter_values(result: Result, lang: str) -> Table:
    """Every assumption of the model with the value it has here, range, grade and source."""
    keys = ("app.parameter", "col.value", "app.help.unit", "app.help.range", "app.help.grade")
    headers = [text(k, lang) for k in (*keys, "app.help.source")]
    found = [
        [
            p.label(lang), f"{result.start.values[p.name]:g}", words.unit(p.unit, lang),
            f"{p.low:g} – {p.high:g}", words.grade(p, lang), words.source(p, lang),
        ]
        for p in assumptions().values()
    ]  # fmt: skip
    return _table(headers, found, (1,))


def figures(result: Result, lang: str) -> Table:
    """Every figure of the place, facts and targets, with its document and quote."""
    place = result.study.place
    keys = ("col.indicator", "col.year", "col.value", "col.unit", "col.use", "col.document")
    found = []
    every: list[Fact | Target] = [*place.facts, *place.targets]
    for figure in every:
        use = text(f"use.{figure.use}" if isinstance(figure, Fact) else "col.target_any", lang)
        title = document_title(result, figure.document, lang)
        label = indicators()[figure.indicator].label(lang)
        value, _, unit = wording.quantity(figure.value, figure.unit, lang).partition(" ")
        found.append([label, str(figure.at), value, unit, use, title, f"“{figure.quote}”"])
    return _table((text(k, lang) for k in (*keys, "col.quote")), found, (2,))
