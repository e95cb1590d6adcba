"""Scenarios side by side: changed levers first, then targets and headline variables by year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from simulator.i18n import people, percent, text
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.report.printed import unit_name
from simulator.report.terminal import HEADLINES
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.vocabulary import indicators

_EMPTY = "–"


def _columns(results: Sequence[Result]) -> list[tuple[str, Run]]:
    """Every scenario but repeated trends of one place, with a heading that tells them apart."""
    found: list[tuple[str, Run]] = []
    seen: set[tuple[str, str, str]] = set()
    for result in results:
        for run in result.runs.values():
            key = (result.study.place.id, run.id, "" if run.id == TREND else result.study.file)
            if key not in seen:
                seen.add(key)
                found.append((f"{result.study.place.id}/{run.id}", run))
    return found


def comparison_view(results: Sequence[Result], lang: str) -> Iterator[RenderableType]:
    """Tables of levers, targets and headline variables, a column a scenario."""
    columns = _columns(results)
    heads = [head for head, _ in columns]
    yield _levers(columns, heads, lang)
    yield _targets(columns, heads, lang)
    yield _headlines(columns, heads, lang)


def _levers(columns: list[tuple[str, Run]], heads: list[str], lang: str) -> RenderableType:
    chosen = [dict(wording.changed_levers(run)) for _, run in columns]
    names = list(dict.fromkeys(name for levers in chosen for name in levers))
    table = plain_table(text("col.lever", lang), *heads)
    names.sort(key=lambda n: len({str(levers.get(n)) for levers in chosen}) == 1)
    for name in names:
        values = [
            wording.lever_value(levers[name], lang) if name in levers else _EMPTY
            for levers in chosen
        ]
        table.add_row(f"{wording.lever_label(name, lang)} ({name})", *values)
    if not names:
        table.add_row(text("report.no_levers", lang), *[_EMPTY] * len(heads))
    return section(text("report.levers_compared", lang), table)


def _targets(columns: list[tuple[str, Run]], heads: list[str], lang: str) -> RenderableType:
    table = plain_table(
        text("col.indicator", lang),
        text("col.target_any", lang),
        *heads,
    )
    rows: dict[tuple[str, int | None, str], dict[int, str]] = {}
    for i, (_, run) in enumerate(columns):
        for check in run.targets:
            if check.projected is not None:
                key = (
                    wording.target_label(check, lang),
                    check.target.at,
                    f"{wording.goal(check, lang)} {unit_name(check.target.unit, lang)}",
                )
                status = text(f"status.{check.status}", lang)
                rows.setdefault(key, {})[i] = (
                    f"{wording.reached(check, lang)} ({wording.gap(check, lang)}) {status}"
                )
    for (name, year, goal), cells in rows.items():
        table.add_row(f"{name} {year}", goal, *(cells.get(i, _EMPTY) for i in range(len(columns))))
    return section(text("report.targets", lang), table)


def _headlines(columns: list[tuple[str, Run]], heads: list[str], lang: str) -> RenderableType:
    headers = (text("col.indicator", lang), text("col.year", lang), *heads)
    table = plain_table(*headers, numbers=range(2, len(headers)))
    years = sorted({int(y) for _, run in columns for y in run.years})
    vocabulary = indicators()
    for name in HEADLINES:
        share = vocabulary[name].unit == "%"
        unit = "%" if share else text("unit.persons", lang)
        for year in years:
            cells = [_headline(run, name, year, share, lang) for _, run in columns]
            label = f"{vocabulary[name].label(lang)} ({unit})" if year == years[0] else ""
            table.add_row(label, str(year), *cells)
    return section(text("report.population", lang), table)


def _headline(run: Run, name: str, year: int, share: bool, lang: str) -> str:
    at = year - int(run.years[0])
    if not 0 <= at < len(run.years):
        return _EMPTY
    value = float(run.series[name][at])
    return percent(value) if share else people(value, lang)
