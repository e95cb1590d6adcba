"""A backtest as a table of counties (CSV), as tables on the terminal and as docs/accuracy.md."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from simulator import baselines
from simulator.backtest import Backtest
from simulator.county_features import SURROUNDINGS
from simulator.i18n import percent, text
from simulator.report.layout import plain_table, section
from simulator.scores import Point, Score, ages_wape, groups, point, score

COLUMNS = (
    "code", "name", "resident_2010", "resident_2020", "projected_mean", "p10", "p25", "p50",
    "p75", "p90", "urban_rate_2020", "urban_rate_p10", "urban_rate_p25", "urban_rate_p50",
    "urban_rate_p75", "urban_rate_p90", "note",
)  # fmt: skip
#: Fewest counties of a group that is given a line.
_FEWEST = 10
_SHOWN = 12
#: More counties than this missing from the folder, and the output says so at its head.
_HANDFUL = 5


@dataclass(frozen=True)
class Accuracy:
    """A backtest with its scores; ``rivals`` gives the errors of each baseline by group."""

    found: Backtest
    rows: np.ndarray
    scores: tuple[Score, ...]
    rivals: Mapping[str, Mapping[str, tuple[Point, float]]]


def judge(found: Backtest) -> Accuracy:
    """Scores of every group, and of the baselines on the same counties."""
    rows = found.scored
    parts = {n: r for n, r in groups(found, rows).items() if len(r) >= min(_FEWEST, len(rows))}
    guesses = {
        "constant": baselines.constant(found, rows),
        "province": baselines.province(found, rows),
        "trees": baselines.trees(found, rows),
    }
    rivals: dict[str, dict[str, tuple[Point, float]]] = {}
    for name, guess in guesses.items():
        if guess is None:
            continue
        rivals[name] = {}
        for group, part in parts.items():
            at = np.isin(rows, part)
            errors = point(
                guess[0][at], guess[1][at], found.resident_2020[part], found.urban_2020[part]
            )
            rivals[name][group] = (errors, ages_wape(guess[2][at], found.ages_2020[part]))
    return Accuracy(found, rows, tuple(score(found, r, n) for n, r in parts.items()), rivals)


def county_csv(found: Backtest) -> str:
    """Every launched county, one a line, in `COLUMNS`; persons, rates in per cent."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    suspicious = found.suspicious()
    for i, unit in enumerate(found.units):
        notes = [unit.change] if unit.change else []
        notes += ["beyond_migration"] if suspicious[i] else []
        notes += ["no_2020"] if unit.row is None else []
        notes += ["learnt_without"] if found.learnt[i] else []
        notes += [f"filled:{name}" for name in found.figures.filled[i]]
        residents = [found.resident_mean[i], *found.resident_quantiles[i]]
        table.writerow(
            [
                unit.code,
                unit.name,
                f"{found.figures.counts['resident'][i]:.0f}",
                _known(found.resident_2020[i], ".0f"),
                *(f"{value:.0f}" for value in residents),
                _known(found.urban_2020[i] * 100.0, ".2f"),
                *(f"{value * 100.0:.2f}" for value in found.urban_quantiles[i]),
                " ".join(notes),
            ]
        )
    return stream.getvalue()


def _known(value: float, form: str) -> str:
    return "" if np.isnan(value) else f"{value:{form}}"


Table = tuple[str, list[str], list[list[str]]]


def _tables(one: Accuracy, lang: str) -> Iterator[Table]:
    """Heading, column heads and rows of each table."""
    head = [text(f"accuracy.col.{n}", lang) for n in _ERRORS]
    first = text("accuracy.col.group", lang)
    rows = [
        [_group(s.group, lang), str(s.counties), *_errors(s.point, s.ages_wape)] for s in one.scores
    ]
    yield text("accuracy.errors", lang), [first, text("accuracy.col.counties", lang), *head], rows
    cover = [text(f"accuracy.col.{n}", lang) for n in _COVER]
    spans = [
        [_group(s.group, lang)]
        + [percent(v) for part in (s.residents, s.urban) for v in vars(part).values()]
        for s in one.scores
    ]
    yield text("accuracy.intervals", lang), [first, *cover], spans
    whole = one.scores[0]
    rivals = [[text("accuracy.method.model", lang), *_errors(whole.point, whole.ages_wape)]]
    rivals += [
        [text(f"accuracy.method.{name}", lang), *_errors(*by_group[whole.group])]
        for name, by_group in one.rivals.items()
    ]
    yield text("accuracy.rivals", lang), [text("accuracy.col.method", lang), *head], rivals


_ERRORS = ("mape", "median", "wape", "within", "urban_mae", "urban_median", "ages")
_COVER = (
    "cover_50", "cover_80", "width_50", "width_80",
    "urban_cover_50", "urban_cover_80", "urban_width_50", "urban_width_80",
)  # fmt: skip


def _errors(errors: Point, ages: float) -> list[str]:
    return [percent(v) for v in (*vars(errors).values(), ages)]


def _group(name: str, lang: str) -> str:
    return text(f"accuracy.group.{name}", lang)


def losses(one: Accuracy, lang: str) -> list[str]:
    """Sentences that say where a baseline does better."""
    found = []
    for name, by_group in one.rivals.items():
        for own in one.scores:
            rival, ages = by_group[own.group]
            mine = {**vars(own.point), "ages": own.ages_wape}
            theirs = {**vars(rival), "ages": ages}
            for measure, value in mine.items():
                better = theirs[measure] < value
                if (theirs[measure] > value) if measure == "within" else better:
                    found.append(
                        text(
                            "accuracy.loses",
                            lang,
                            group=_group(own.group, lang),
                            measure=text(f"accuracy.col.{measure}", lang),
                            method=text(f"accuracy.method.{name}", lang),
                            theirs=percent(theirs[measure]),
                            ours=percent(value),
                        )
                    )
    return found


def boundary_lines(found: Backtest, lang: str) -> list[str]:
    """Units changed by list, 2020 rows without a start, and suspects."""
    changed = [u for u in found.units if u.change and u.change != "renamed" and u.row is not None]
    suspects = np.flatnonzero(found.suspicious())
    lines = [
        text("accuracy.changed", lang, n=len(changed),
             names=_names([f"{u.code} {u.name} ({text(f'accuracy.change.{u.change}', lang)})"
                           for u in changed])),
        text("accuracy.unmatched", lang, n=len(found.unmatched), names=_names(found.unmatched)),
        text("accuracy.suspects", lang, n=len(suspects),
             names=_names([f"{found.units[i].code} {found.units[i].name}" for i in suspects])),
    ]  # fmt: skip
    return lines


def part_lines(found: Backtest, lang: str) -> list[str]:
    """What to know of a folder that holds a part of the nation; nothing where it holds it all."""
    missing = len(found.figures.missing)
    if missing <= _HANDFUL:
        return []
    touched = sum(SURROUNDINGS in filled for filled in found.figures.filled)
    return [text("accuracy.part", lang, n=missing, units=touched)]


def _names(names: list[str] | tuple[str, ...]) -> str:
    return "; ".join(names) or "–"


def accuracy_view(one: Accuracy, lang: str) -> Iterator[RenderableType]:
    """Tables for the terminal."""
    yield Text(_opening(one, lang))
    for line in part_lines(one.found, lang):
        yield Text(line, style="bold yellow")
    for heading, head, rows in _tables(one, lang):
        table = plain_table(*head)
        for row in rows:
            table.add_row(*row)
        yield section(heading, table)
    lost = losses(one, lang)
    shown = [*lost[:_SHOWN], *(["…"] if len(lost) > _SHOWN else [])]
    yield section(text("accuracy.losing", lang), Group(*(Text(line) for line in shown or ["–"])))
    lines = [Text(line) for line in boundary_lines(one.found, lang)]
    yield section(text("accuracy.boundaries", lang), Group(*lines))


def accuracy_page(one: Accuracy, lang: str, today: str, command: str) -> str:
    """The same as a Markdown page."""
    lines = [f"# {text('accuracy.title', lang)}", ""]
    lines += [text("accuracy.made", lang, date=today, command=command), "", _opening(one, lang), ""]
    for line in part_lines(one.found, lang):
        lines += [f"**{line}**", ""]
    for heading, head, rows in _tables(one, lang):
        lines += [f"## {heading}", "", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        lines.append("")
    lines += [f"## {text('accuracy.losing', lang)}", ""]
    lines += [f"- {line}" for line in losses(one, lang)] or ["–"]
    lines += ["", f"## {text('accuracy.boundaries', lang)}", ""]
    lines += [f"- {line}" for line in boundary_lines(one.found, lang)]
    return "\n".join(lines) + "\n"


def _opening(one: Accuracy, lang: str) -> str:
    learnt = int(one.found.learnt[one.rows].sum())
    return text(
        "accuracy.opening",
        lang,
        launched=len(one.found.units),
        scored=len(one.rows),
        learnt=learnt,
        fresh=len(one.rows) - learnt,
    )
