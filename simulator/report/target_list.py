"""The targets of one scenario as a planner takes them along: a spreadsheet in words.

What programs read is `simulator.export.targets_csv`, which keeps names, units and every digit.
"""

from __future__ import annotations

import csv
import io

from simulator.i18n import text
from simulator.outlook import Outlook
from simulator.report import plan_base, rows, wording
from simulator.report.plain_cells import plain
from simulator.report.printed import projected, unit_name
from simulator.run import Result, Run
from simulator.targets import TargetCheck
from simulator.units import dimension

_HEADS = (
    "col.place", "col.scenario", "col.indicator", "col.kind", "col.plan_base", "col.year",
    "col.operator", "col.target_any", "col.unit", "col.projected", "col.gap", "col.gap_unit",
    "col.status", "report.probability", "col.first", "col.document", "col.quote",
)  # fmt: skip


def target_list(result: Result, run: Run, outlook: Outlook | None, lang: str) -> bytes:
    """Every target of a scenario as CSV: heads, names and units of ``lang``, figures as shown.

    With the byte-order mark that spreadsheets need, and without separators of thousands, so that
    they read figures as numbers. ``outlook`` fills in probabilities.

    Raises
    ------
    ValueError
        If the outlook is of another number of targets.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(text(key, lang) for key in _HEADS)
    chances = outlook.probability if outlook is not None else (None,) * len(run.targets)
    for check, chance in zip(run.targets, chances, strict=True):
        figures = [*_figures(check, lang), rows.status(check, lang)]
        figures += ["" if chance is None else f"{chance:.1%}", _first(check, lang)]
        document = rows.document_title(result, check.target.document, lang)
        words = [*_named(check, run, lang), document, check.target.quote]
        safe = [str(plain(cell)) for cell in words]
        writer.writerow([*safe[:-2], *figures, *safe[-2:]])
    return stream.getvalue().encode("utf-8-sig")


def _named(check: TargetCheck, run: Run, lang: str) -> list[str]:
    """What is wanted, and where the plan starts from."""
    place = run.study.place
    return [
        place.name.get(lang),
        wording.scenario_label(run, lang),
        wording.target_label(check, lang),
        text(f"kind.{check.kind}", lang),
        plan_base.base_of(check, place, lang) if check.target.baseline is not None else "",
    ]


def _figures(check: TargetCheck, lang: str) -> list[str]:
    """Year, target, projected and gap with their units."""
    target, unit = check.target, unit_name(check.target.unit, lang)
    points = text("unit.points", lang) if dimension(target.unit) == "share" else unit
    gap = "" if check.gap is None else projected(check.gap, target.unit, lang)
    return [
        str(target.at or ""), wording.operator(target.op),
        _bare(wording.stated(target.value, target.unit, lang)), unit,
        _bare(wording.reached(check, lang)), _bare(gap), points if gap else "",
    ]  # fmt: skip


def _bare(figure: str) -> str:
    """A figure without separators of thousands."""
    return figure.replace(",", "")


def _first(check: TargetCheck, lang: str) -> str:
    """First year in which a target that can be judged is met."""
    if check.gap is None:
        return ""
    return text("never", lang) if check.first_year_met is None else str(check.first_year_met)
