"""Every place of a batch on one page: what its plan wants, what the model says, what is assumed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from simulator.batch import Line
from simulator.i18n import people, percent, text
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.report.plain_cells import EXACT, plain
from simulator.report.printed import area
from simulator.report.printed import province as province_name
from simulator.targets import TargetCheck

COLUMNS = (
    "place", "name", "province", "prefecture", "level", "base_year", "start", "residents",
    "resident_urbanization_rate", "hukou_urbanization_rate", "indicator", "scope", "year", "op",
    "target", "unit", "projected", "gap", "status", "reason", "n_assumed", "assumed",
)  # fmt: skip
_RATES = ("resident_urbanization_rate", "hukou_urbanization_rate")
_MARK = {"met": "✓", "missed": "✗"}
#: After the number of assumptions: where the place starts from; the legend says so in words.
_RUNG = {"own": "", "structure": "*", "normalised": "**", "members": "Σ"}
_COLOUR = {"met": "green", "missed": "red"}


def scoreboard_view(lines: Sequence[Line], failed: int, lang: str) -> Iterator[RenderableType]:
    """The scoreboard, its footer and how to read it."""
    keys = ("base_year", "residents", "resident_rate", "hukou_rate", "others", "assumed")
    headers = [text("col.place", lang), *(text(f"board.{key}", lang) for key in keys)]
    table = plain_table(*headers, numbers=(1, 2, 5, 6))
    province = None
    for line in lines:
        if line.province != province:
            province = line.province
            table.add_row(Text(province_name(province, lang), style="bold"))
        _add(table, line, lang)
    yield section(text("board.title", lang), table)
    yield Text("\n".join(footer(lines, failed, lang)))
    yield Text(text("board.legend", lang), style="dim")


def _add(table: Table, line: Line, lang: str) -> None:
    """One row: the place, its people and rates, and how its targets fare."""
    others = [c for c in line.checks if c.target.indicator not in _RATES or not _whole(c)]
    judged = [c for c in others if c.gap is not None]
    met = sum(check.status == "met" for check in judged)
    sized = line.rung != "normalised"
    table.add_row(
        f"  {line.name.get(lang)}",
        str(line.base_year),
        people(line.residents, lang) if sized else "–",
        _rate(line.resident_rate, _last(line, _RATES[0]), lang),
        _rate(line.hukou_rate, _last(line, _RATES[1]), lang),
        f"{met}/{len(judged)}" if judged else "",
        f"{len(line.assumed)}{_RUNG[line.rung]}",
    )


def _whole(check: TargetCheck) -> bool:
    return check.target.scope == "place"


def _last(line: Line, indicator: str) -> TargetCheck | None:
    """The last judged target of an indicator for the whole place."""
    found = [
        c
        for c in line.checks
        if c.target.indicator == indicator and _whole(c) and c.gap is not None
    ]
    return max(found, key=lambda c: c.target.at or 0, default=None)


def _rate(base: float, check: TargetCheck | None, lang: str) -> Text:
    """Base, projected in the target's year, target, gap and status."""
    if check is None or check.gap is None or check.projected is None:
        return Text(percent(base))
    words = (
        f"{percent(base)} → {check.projected:.2f} ({check.target.at}) "
        f"{wording.goal(check, lang)} {check.gap:+.2f} "
    )
    return Text(words).append(_MARK[check.status], style=_COLOUR[check.status])


def footer(lines: Sequence[Line], failed: int, lang: str) -> list[str]:
    """Counts: places, targets met of those judged, starts by rung, files refused."""
    checks = [check for line in lines for check in line.checks]
    judged = [check for check in checks if check.gap is not None]
    met = sum(check.status == "met" for check in judged)
    by_rung = dict.fromkeys(("own", "structure", "normalised", "members"), 0)
    for line in lines:
        by_rung[line.rung] += 1
    told = {"places": len(lines), "judged": len(judged), "met": met, "all": len(checks)}
    counts = [text("board.counts", lang, **told), text("board.starts", lang, **by_rung)]
    return [*counts, text("board.failed", lang, n=failed)] if failed else counts


def scoreboard_csv(lines: Iterable[Line], lang: str) -> str:
    """The scoreboard as CSV, a row for each target of a modelled indicator, one for a place that
    has none; columns `COLUMNS`. Persons and shares; target, projected and gap as printed.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in lines:
        names = (
            line.name.get(lang),
            province_name(line.province, lang),
            area(line.prefecture, lang),
        )
        head = [line.id, *map(plain, names), line.level, line.base_year, line.rung]
        stocks = [EXACT % v for v in (line.residents, line.resident_rate, line.hukou_rate)]
        assumed = "; ".join(_words(line, lang))
        for check in line.checks or (None,):
            row = [*head, *stocks, *_judgement(check), len(line.assumed), assumed]
            writer.writerow(row)
    return stream.getvalue()


def _judgement(check: TargetCheck | None) -> list[object]:
    if check is None:
        return [""] * 10
    target = check.target
    numbers = ["" if v is None else EXACT % v for v in (check.projected, check.gap)]
    return [target.indicator, target.scope, target.at, target.op, target.value, target.unit,
            *numbers, check.status, check.reason or ""]  # fmt: skip


def _words(line: Line, lang: str) -> Iterator[str]:
    """What is assumed of a place, each with its value and rule."""
    return (wording.assumption(item, line.base_year, lang) for item in line.assumed)
