"""What each lever changed, and what it asks of the public purse: tables, and the whole page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from simulator.attribution import INTERACTION
from simulator.i18n import people, text
from simulator.outlook import Outlook
from simulator.parameters import levers
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.report.rows import Table
from simulator.report.terminal import CAUSES, result_view
from simulator.run import Result, Run

#: Stocks of the effects table, shown at the end of the span.
ENDS = ("town_population", "resident_population", "urban_hukou")
_YI = 1e8


def whole_view(
    result: Result, lang: str, outlooks: Mapping[str, Outlook] | None = None
) -> Iterator[RenderableType]:
    """The whole page of one study: what happens, what each lever changed, what it costs."""
    yield from result_view(result, lang, outlooks)
    runs = list(result.runs.values())
    for run in runs:
        if has_effects(run):
            yield _section("effects", run, effects_table(run, lang), lang)
    if len(runs) > 1:
        yield _section("costs", runs[0], costs_table(runs, lang), lang)


def has_effects(run: Run) -> bool:
    """Whether any lever of a scenario differs from the trend."""
    return run.attribution is not None and len(run.attribution.parts) > 1


def title(name: str, run: Run, lang: str) -> str:
    """Heading of either table, with its span of years."""
    years = {"start": int(run.years[1]), "end": int(run.years[-1])}
    if name == "effects":
        return text("report.effects", lang, **years, unit=text("unit.persons", lang))
    return text("report.costs", lang, **years)


_NOTES = {"effects": "report.effects_note", "costs": "report.costs_note"}


def _section(name: str, run: Run, table: Table, lang: str) -> RenderableType:
    shown = plain_table(*table.headers, numbers=sorted(table.numbers))
    for row in table.rows:
        shown.add_row(*row)
    return section(title(name, run, lang), shown, Text(text(_NOTES[name], lang), style="dim"))


def effects_table(run: Run, lang: str) -> Table:
    """Causes of town change and stocks against the trend, a column a lever; columns add up."""
    assert run.attribution is not None
    parts, total = run.attribution.parts, run.attribution.total
    labels = [text(f"lever.{p}", lang) for p in parts if p != INTERACTION]
    labels += [text("effect.interaction", lang), text("effect.total", lang)]
    columns = [*parts.values(), total]
    found = []
    for cause in CAUSES:
        sums = (people(float(c[cause].sum()), lang, sign=True) for c in columns)
        found.append((text(f"cause.{cause}", lang), *sums))
    for stock in ENDS:
        name = text(f"effect.{stock}", lang)
        label = text("effect.at_end", lang, name=name, year=int(run.years[-1]))
        found.append((label, *(people(float(c[stock][-1]), lang, sign=True) for c in columns)))
    heads = (wording.scenario_label(run, lang), *labels)
    return Table(heads, tuple(found), frozenset(range(1, len(heads))))


def all_effects(result: Result, lang: str) -> Table:
    """`effects_table` of every scenario below one another; a lever not set is left empty."""
    parts = (*levers(), INTERACTION)
    heads = [text("col.scenario", lang), text("col.cause", lang)]
    heads += [text(f"lever.{group}", lang) for group in levers()]
    heads += [text("effect.interaction", lang), text("effect.total", lang)]
    found = []
    for run in result.runs.values():
        if run.attribution is None:
            continue
        at = [list(run.attribution.parts).index(p) if p in run.attribution.parts else None
              for p in parts]  # fmt: skip
        for name, *values in effects_table(run, lang).rows:
            shown = ("" if i is None else values[i] for i in at)
            found.append((wording.scenario_label(run, lang), name, *shown, values[-1]))
    return Table(tuple(heads), tuple(found), frozenset(range(2, len(heads))))


def costs_table(runs: Sequence[Run], lang: str) -> Table:
    """Public cost a year by concept, low - central - high in 亿 yuan; rows are never added."""
    heads = ("", *(wording.scenario_label(run, lang) for run in runs))
    found = []
    for i, item in enumerate(cost.item for cost in runs[0].costs):
        ranges = []
        for run in runs:
            cost = run.costs[i]
            means = (float(x.mean()) / _YI for x in (cost.low, cost.central, cost.high))
            ranges.append(" – ".join(f"{x:,.2f}" for x in means))
        found.append((text(f"cost.{item}", lang), *ranges))
    return Table(heads, tuple(found), frozenset(range(1, len(heads))))
