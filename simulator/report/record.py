"""The record of plans as tables for the terminal and as docs/plans.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from rich.console import RenderableType
from rich.text import Text

from simulator.i18n import text
from simulator.plan_record import Judged, brier, constant_guess
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.report.printed import projected, unit_name
from simulator.report.rows import Table
from simulator.vocabulary import indicators

_EVEN = 0.5


def record_table(judged: Sequence[Judged], lang: str) -> Table:
    """One row a target."""
    keys = (
        "col.place", "col.indicator", "col.target_any", "record.projected",
        "report.probability", "col.counted", "col.status", "col.base_error",
    )  # fmt: skip
    rows = []
    for one in judged:
        error = "–" if one.base_error is None else f"{one.base_error:+.1f}"
        amount = wording.stated(one.target.value, one.target.unit, lang)
        goal = f"{wording.operator(one.target.op)} {amount}"
        status = text("status.met" if one.met else "status.missed", lang)
        rows.append(
            (
                one.place.get(lang),
                indicators()[one.target.indicator].label(lang),
                f"{goal} {unit_name(one.target.unit, lang)} ({one.target.at})",
                projected(one.projected, one.target.unit, lang),
                f"{one.probability:.0%}",
                projected(one.happened, one.target.unit, lang),
                status,
                error,
            )
        )
    return Table(tuple(text(k, lang) for k in keys), tuple(rows), frozenset((3, 4, 5, 7)))


def record_sentences(judged: Sequence[Judged], draws: int, lang: str) -> list[str]:
    """How often targets were met, how good the probabilities were, how wrong the bases."""
    met, chances = [one.met for one in judged], [one.probability for one in judged]
    told = [
        text("record.met", lang, n=len(met), met=sum(met), expected=f"{sum(chances):.1f}"),
        text(
            "record.brier", lang, ours=f"{brier(chances, met):.3f}",
            constant=f"{brier(constant_guess(met), met):.3f}",
            even=f"{brier([_EVEN] * len(met), met):.3f}", draws=draws,
        ),
    ]  # fmt: skip
    told += _against_guess(judged, lang)
    errors = list({one.place.zh: one.base_error for one in judged if one.base_error is not None}
                  .values())  # fmt: skip
    if len(errors) > 1:
        told.append(
            text("record.base", lang, n=len(errors), mean=f"{np.mean(errors):+.1f}",
                 sd=f"{np.std(errors, ddof=1):.1f}")
        )  # fmt: skip
    return [*told, text("record.caveat", lang)]


def _against_guess(judged: Sequence[Judged], lang: str) -> list[str]:
    """How sure the difference from guessing is, and what it is without the place it hangs on."""
    if len(judged) <= 2:
        return []
    met = np.array([one.met for one in judged], dtype=float)
    ours = (np.array([one.probability for one in judged]) - met) ** 2
    guess = (np.array(constant_guess([one.met for one in judged])) - met) ** 2
    apart = ours - guess
    error = float(np.std(apart, ddof=1)) / len(judged) ** 0.5
    k = int(np.argmax(np.abs(apart - apart.mean())))
    rest = [one for i, one in enumerate(judged) if i != k]
    kept = [one.met for one in rest]
    return [
        text(
            "record.sure", lang, apart=f"{apart.mean():+.3f}", error=f"{error:.3f}",
            place=judged[k].place.get(lang),
            ours=f"{brier([one.probability for one in rest], kept):.3f}",
            constant=f"{brier(constant_guess(kept), kept):.3f}",
        )
    ]  # fmt: skip


def record_view(judged: Sequence[Judged], draws: int, lang: str) -> Iterator[RenderableType]:
    """The terminal page."""
    table = record_table(judged, lang)
    shown = plain_table(*table.headers, numbers=sorted(table.numbers))
    for row in table.rows:
        shown.add_row(*row)
    lines = [Text(line) for line in record_sentences(judged, draws, lang)]
    yield section(text("record.title", lang), shown, *lines)


def record_page(judged: Sequence[Judged], draws: int, lang: str, date: str, command: str) -> str:
    """The page as Markdown."""
    table = record_table(judged, lang)
    lines = [f"# {text('record.title', lang)}", ""]
    lines += [text("accuracy.made", lang, command=f"`{command}`", date=date), ""]
    for line in record_sentences(judged, draws, lang):
        lines += [line, ""]
    lines += ["| " + " | ".join(table.headers) + " |", "|" + "---|" * len(table.headers)]
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join(lines) + "\n"
