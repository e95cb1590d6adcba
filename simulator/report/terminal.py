"""A study's result as sections of the terminal page, in reading order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from simulator.i18n import people, text
from simulator.outlook import Outlook
from simulator.report import face_value, plan_base, wording
from simulator.report.certainty import outlook_sections
from simulator.report.layout import plain_table, section
from simulator.report.printed import area, unit_name
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.schema import PlaceFile
from simulator.targets import TargetCheck
from simulator.vocabulary import indicators

_COLOUR = {"met": "green", "missed": "red", "not_modelled": "dim"}
CAUSES = (
    "natural_increase",
    "in_county_moves",
    "return_migration",
    "outside_migration",
    "reclassification",
)
HEADLINES = (
    "resident_population",
    "town_population",
    "county_seat_population",
    "hukou_population",
    "out_migrants",
    "resident_urbanization_rate",
    "hukou_urbanization_rate",
)
_INDENT, _DEEPER = (0, 0, 0, 2), (0, 0, 0, 4)


def result_view(
    result: Result, lang: str, outlooks: Mapping[str, Outlook] | None = None
) -> Iterator[RenderableType]:
    """Everything the user is told about one study; with draws, how sure it is as well."""
    place = result.study.place
    heading = text("report.title", lang, name=place.name.get(lang))
    about = wording.span(result, lang)
    basis = Text(text("report.subtitle", lang, **about), style="dim")
    lines = [Text(line) for line in summary_lines(result, lang)]
    if wording.needs_history(result):
        lines.append(Text(text("report.no_history", lang), style="yellow"))
    yield section(heading, basis, *lines)
    if place.targets:
        yield targets_section(result, lang)
        if any(check.needed is not None for check in result.trend.targets):
            yield requirements_section(result, lang)
    if outlooks:
        yield from outlook_sections(result, outlooks, lang)
    yield headline_section(result, lang)
    yield drivers_section(result, lang)
    yield binding_section(result, lang)
    yield assumed_section(result, lang)
    yield facts_section(result, lang)
    if result.outcomes():
        yield outcomes_section(result, lang)
    for run in result.runs.values():
        if run.id != TREND:
            yield levers_section(run, lang)
    yield from conflicts_section(result, lang)
    sentence = face_value.sentence(result, lang)
    if sentence is not None:
        yield section(text("report.face_value", lang), Padding(Text(sentence), _INDENT))


def summary_lines(result: Result, lang: str) -> list[str]:
    """How many modelled targets each scenario meets."""
    lines = []
    for run in result.runs.values():
        judged = [c for c in run.targets if c.status != "not_modelled"]
        met = sum(c.status == "met" for c in judged)
        label = wording.scenario_label(run, lang)
        key = "report.summary" if judged else "report.summary_none"
        lines.append(text(key, lang, scenario=label, modelled=len(judged), met=met))
    return lines


def targets_section(result: Result, lang: str) -> RenderableType:
    """One row a target: base, target, and for each scenario projected, gap and status."""
    runs = list(result.runs.values())
    headers, figures = wording.target_headers(result, lang)
    table = plain_table(*headers, numbers=figures)
    for row in zip(*(run.targets for run in runs), strict=True):
        table.add_row(*_target_row(row, result.study.place, lang))
    legend = Text(text("report.legend", lang), style="dim")
    return section(text("report.targets", lang), table, legend)


def _target_row(
    checks: tuple[TargetCheck, ...], place: PlaceFile, lang: str
) -> list[RenderableType]:
    first = checks[0]
    target = first.target
    row: list[RenderableType] = [
        f"{wording.target_label(first, lang)} ({unit_name(target.unit, lang)})",
        plan_base.base_of(first, place, lang),
        f"{wording.goal(first, lang)} ({target.at})",
    ]
    for check in checks:
        row.append(wording.reached(check, lang))
        row.append("" if check.gap is None else wording.gap(check, lang))
        row.append(Text(wording.status(check, lang), style=_COLOUR[check.status]))
    row.append(text(f"kind.{first.kind}", lang))
    return row


def requirements_section(result: Result, lang: str) -> RenderableType:
    """Stocks that per-capita targets imply for the people projected."""
    runs = list(result.runs.values())
    base = text("col.base", lang, year=result.study.place.base_year)
    headers = [text("col.indicator", lang), text("col.target_any", lang), base]
    headers += [text("col.amount", lang, scenario=wording.scenario_label(r, lang)) for r in runs]
    table = plain_table(*headers, numbers=range(1, len(headers)))
    for row in zip(*(run.targets for run in runs), strict=True):
        first = row[0]
        if first.needed is not None:
            unit = first.indicator.amount_unit
            table.add_row(
                f"{first.indicator.label(lang)} ({first.target.at})",
                wording.goal(first, lang),
                wording.amount(first.needed_at_base, unit, lang),
                *(wording.amount(check.needed, unit, lang) for check in row),
            )
    return section(text("report.requirements", lang), table)


def headline_section(result: Result, lang: str) -> RenderableType:
    """Headline stocks and rates of each scenario in the years that matter."""
    years = wording.shown_years(result)
    headers = [text("col.indicator", lang), text("col.scenario", lang), *(str(y) for y in years)]
    table = plain_table(*headers, numbers=range(2, len(headers)))
    vocabulary = indicators()
    for name in HEADLINES:
        unit = "%" if vocabulary[name].unit == "%" else text("unit.persons", lang)
        for run in result.runs.values():
            series = run.series[name]
            values = [float(series[y - result.study.place.base_year]) for y in years]
            shown = [f"{v * 100:.2f}" if unit == "%" else people(v, lang) for v in values]
            label = f"{vocabulary[name].label(lang)} ({unit})" if run.id == TREND else ""
            table.add_row(label, wording.scenario_label(run, lang), *shown)
    return section(text("report.population", lang), table)


def drivers_section(result: Result, lang: str) -> RenderableType:
    """What changed the town population from the base to the first target year."""
    base = result.study.place.base_year
    end = next(year for year in wording.shown_years(result) if year > base)
    title = text("report.drivers", lang, start=base, end=end, unit=text("unit.persons", lang))
    runs = list(result.runs.values())
    headers = [text("col.cause", lang), *(wording.scenario_label(r, lang) for r in runs)]
    table = plain_table(*headers, numbers=range(1, len(headers)))
    for cause in CAUSES:
        sums = [float(getattr(r.town_change, cause)[: end - base].sum()) for r in runs]
        table.add_row(text(f"cause.{cause}", lang), *(people(s, lang, sign=True) for s in sums))
    totals = [float(r.town_change.total[: end - base].sum()) for r in runs]
    signed = (people(t, lang, sign=True) for t in totals)
    table.add_row(text("cause.total", lang), *signed, style="bold")
    return section(title, table)


def binding_section(result: Result, lang: str) -> RenderableType:
    """Which constraint bound, scenario by year; runs of equal years are joined."""
    table = plain_table(text("col.scenario", lang), text("col.year", lang), "")
    for run in result.runs.values():
        label, years = wording.scenario_label(run, lang), iter(run.years[1:].tolist())
        for codes, equal in itertools.groupby(run.binding()):
            span = [next(years) for _ in equal]
            shown = f"{span[0]}" if len(span) == 1 else f"{span[0]}–{span[-1]}"
            table.add_row(label, shown, wording.binding(codes, lang))
    return section(text("report.binding", lang), table)


def assumed_section(result: Result, lang: str) -> RenderableType:
    """Baseline numbers that no fact gives."""
    headers = (text("col.quantity", lang), text("col.value", lang), text("col.rule", lang))
    table = plain_table(*headers, numbers=(1,))
    base = result.study.place.base_year
    for item in result.start.assumed:
        rule = text(f"assumed.{item.rule}", lang, base=base, where=area(item.where, lang))
        value = wording.value_of(item.value, item.unit, lang)
        table.add_row(text(f"quantity.{item.quantity}", lang), value, rule)
    return section(text("report.assumed", lang), table)


def facts_section(result: Result, lang: str) -> RenderableType:
    """The population figures that were found, and what each is used for."""
    keys = ("col.indicator", "col.year", "col.value", "col.use", "col.document")
    table = plain_table(*(text(k, lang) for k in keys), numbers=(2,))
    vocabulary = indicators()
    for fact in result.study.place.facts:
        indicator = vocabulary[fact.indicator]
        if indicator.kind == "modelled" and fact.use != "outcome":
            year = str(fact.at) if fact.year is not None else f"({fact.at})"
            value = wording.quantity(fact.value, fact.unit, lang)
            use = text(f"use.{fact.use}", lang)
            table.add_row(indicator.label(lang), year, value, use, fact.document)
    return section(text("report.facts", lang), table)


def outcomes_section(result: Result, lang: str) -> RenderableType:
    """What happened after the base, beside the trend."""
    keys = ("col.indicator", "col.year", "col.observed", "col.modelled", "col.difference")
    table = plain_table(*(text(k, lang) for k in keys), numbers=(2, 3, 4))
    for name, year, observed, projected, unit in result.outcomes():
        table.add_row(*wording.outcome(name, year, observed, projected, unit, lang))
    return section(text("report.outcomes", lang), table)


def levers_section(run: Run, lang: str) -> RenderableType:
    """Levers that a scenario sets, their evidence, notes, and measures without a number."""
    parts: list[RenderableType] = []
    chosen = dict(wording.changed_levers(run))
    if not chosen:
        parts.append(Padding(Text(text("report.no_levers", lang)), _INDENT))
    for name, value in chosen.items():
        line = f"{wording.lever_label(name, lang)} ({name}): {wording.lever_value(value, lang)}"
        parts.append(Padding(Text(line), _INDENT))
    for item in run.case.evidence:
        if item.derivation is not None:
            parts.append(Padding(Text(item.derivation.get(lang)), _DEEPER))
        quotes = (Text(f"[{item.document}] “{quote}”", style="dim") for quote in item.quotes)
        parts += [Padding(quote, _DEEPER) for quote in quotes]
    parts += [Padding(Text(wording.note(n, lang), style="yellow"), _INDENT) for n in run.notes]
    if run.case.not_quantified:
        parts.append(Text(text("report.not_quantified", lang), style="bold"))
        parts.append(_not_quantified(run, lang))
    label = wording.scenario_label(run, lang)
    return section(text("report.levers", lang, scenario=label), *parts)


def _not_quantified(run: Run, lang: str) -> Table:
    table = plain_table(text("col.lever", lang), text("col.quote", lang), "")
    for measure in run.case.not_quantified:
        group = text(f"lever.{measure.lever.split('.')[0]}", lang)
        table.add_row(group, f"“{measure.quote}”", measure.note.get(lang))
    return table


def conflicts_section(result: Result, lang: str) -> Iterator[RenderableType]:
    """Values that the document prints twice, which one is used and why."""
    parts: list[RenderableType] = []
    for target in result.study.place.targets:
        label = indicators()[target.indicator].label(lang)
        for other in target.alternatives:
            both = (wording.quantity(v.value, target.unit, lang) for v in (target, other))
            values = " ↔ ".join(both)
            parts.append(Padding(Text(f"{label}: {values} “{other.quote}”"), _INDENT))
            parts.append(Padding(Text(other.why_not_used.get(lang), style="dim"), _DEEPER))
    plans = {target.document for target in result.study.place.targets}
    for fact in result.study.place.facts:
        if fact.note is not None and fact.document in plans:
            label = indicators()[fact.indicator].label(lang)
            value = wording.quantity(fact.value, fact.unit, lang)
            head = f"{label} {fact.at}: {value} “{fact.quote}”"
            parts.append(Padding(Text(head), _INDENT))
            parts.append(Padding(Text(fact.note.get(lang), style="dim"), _DEEPER))
    if parts:
        yield section(text("report.conflicts", lang), *parts)
