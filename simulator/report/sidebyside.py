"""Tables of scenarios side by side: levers that differ first, targets, figures and differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

from simulator.i18n import people, percent, text
from simulator.parameters import parameters
from simulator.report import wording, words
from simulator.report.rows import Table, Toned
from simulator.report.terminal import HEADLINES
from simulator.run import Run
from simulator.vocabulary import indicators

_EMPTY = "–"
#: What the last digit shown stands for: 0.01 points of a share, a hundred persons.
_POINT = 1e-4
_PEOPLE = 100.0


#: The one rule of settlement that is an amount, and what it counts unless a file says otherwise.
_QUOTA, _USUAL = "annual_quota", "total"


class Column(NamedTuple):
    """A scenario under the name that heads its column."""

    name: str
    run: Run


def levers(columns: Sequence[Column], lang: str) -> Table:
    """Every lever that any scenario sets; those that differ first and in full ink."""
    chosen = [dict(wording.changed_levers(c.run)) for c in columns]
    names = list(dict.fromkeys(name for values in chosen for name in values))
    rows: list[tuple[bool, tuple[str, ...]]] = []
    for name in names:
        group, lever = name.split(".")
        p = parameters()[lever]
        shown = []
        for column, values in zip(columns, chosen, strict=True):
            cell = words.lever_words(p, cast(words.LeverValue | None, values.get(name)), lang)
            basis = _basis(column.run, group, lever) if name in values else None
            shown.append(cell if basis is None else f"{cell} ({text(f'app.basis.{basis}', lang)})")
        equal = len(set(shown)) == 1
        cells = [p.label(lang), *shown]
        rows.append((equal, tuple(Toned(c, "muted") if equal else c for c in cells)))
    ordered = tuple(row for _, row in sorted(rows, key=lambda item: item[0]))
    return Table((text("col.lever", lang), *(c.name for c in columns)), ordered, frozenset())


def _basis(run: Run, group: str, lever: str) -> str | None:
    """What an amount counts, where it can be one or the other; a quota says so if it is unusual."""
    basis = getattr(getattr(run.case.levers, group), "basis", None)
    if group == "settlement" and (lever != _QUOTA or basis == _USUAL):
        return None
    return basis


def targets(columns: Sequence[Column], lang: str) -> Table:
    """Projected value, gap and status of every target that can be projected."""
    found: dict[tuple[str, str], dict[int, str]] = {}
    for i, column in enumerate(columns):
        for check in column.run.targets:
            if check.status != "not_modelled" and check.projected is not None:
                label = f"{check.indicator.label(lang)} {check.target.at}"
                status = text(f"status.{check.status}", lang)
                gap = words.figure(check.gap, check.target.unit, lang, sign=True)
                value = words.figure(check.projected, check.target.unit, lang)
                key = (label, words.goal(check, lang))
                found.setdefault(key, {})[i] = Toned(f"{value} ({gap}) {status}", check.status)
    rows = tuple(
        (label, goal, *(cells.get(i, _EMPTY) for i in range(len(columns))))
        for (label, goal), cells in found.items()
    )
    headers = (text("col.indicator", lang), text("col.target_any", lang))
    return Table((*headers, *(c.name for c in columns)), rows, frozenset())


def figures(columns: Sequence[Column], year: int, base: int, lang: str) -> Table:
    """Headline figures of one year, and how far each scenario is from column ``base``."""
    rows = []
    for name in HEADLINES:
        share = indicators()[name].unit == "%"
        unit = "%" if share else text("unit.persons", lang)
        values = [_at(c.run, name, year) for c in columns]
        row = [f"{indicators()[name].label(lang)} ({unit})"]
        for i, value in enumerate(values):
            row.append(_shown(value, share, lang))
            if i != base:
                start = values[base]
                row.append(_shown(_gap(value, start, share), share, lang, sign=True))
        rows.append(tuple(row))
    headers = [text("col.indicator", lang)]
    for i, column in enumerate(columns):
        headers.append(column.name)
        if i != base:
            headers.append(f"Δ {column.name}")
    return Table(tuple(headers), tuple(rows), frozenset(range(1, len(headers))))


def _at(run: Run, name: str, year: int) -> float | None:
    at = year - int(run.years[0])
    return float(run.series[name][at]) if 0 <= at < len(run.years) else None


def _gap(value: float | None, start: float | None, share: bool) -> float | None:
    """Difference of two figures as they are shown, so that who subtracts them finds it."""
    if value is None or start is None:
        return None
    step = _POINT if share else _PEOPLE
    return (round(value / step) - round(start / step)) * step


def _shown(value: float | None, share: bool, lang: str, *, sign: bool = False) -> str:
    if value is None:
        return _EMPTY
    return percent(value, sign=sign) if share else people(value, lang, sign=sign)
