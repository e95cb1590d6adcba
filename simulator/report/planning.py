"""Goal seek and budget in words: sentences and tables for terminal, app and Word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import simulator
from simulator import budget
from simulator.goals import Goal, first_year, projected
from simulator.i18n import text
from simulator.parameters import levers
from simulator.prices import Cost, Range
from simulator.ranges import LeverRange
from simulator.report import wording, words
from simulator.report.printed import projected as printed_value
from simulator.report.printed import unit_name
from simulator.report.rows import Table, Toned
from simulator.run import Run
from simulator.seek import Answer
from simulator.vocabulary import indicators

_YI, _MILLION = 1e8, 1e6


def made_by(run: Run, lang: str) -> str:
    """Which scenario, seed and version made a result."""
    about = {
        "scenario": wording.scenario_label(run, lang),
        "file": Path(run.study.file).name,
        "seed": run.study.seed,
        "version": simulator.__version__,
    }
    return text("plan.made_by", lang, **about)


def yuan(found: Range, lang: str, *, alone: bool = False) -> str:
    """A cost in 亿元 or million yuan: central (low to high), or the central value ``alone``."""
    unit = _YI if lang == "zh" else _MILLION
    form = ".2f" if lang == "zh" else ",.0f"
    shown = {n: f"{getattr(found, n) / unit:{form}}" for n in ("low", "central", "high")}
    if alone:
        return text("plan.yuan_alone", lang, central=shown["central"])
    return text("plan.yuan", lang, **shown)


def goal_name(goal: Goal, lang: str) -> str:
    """Indicator, unit and year of a goal."""
    label = indicators()[goal.name].label(lang)
    return f"{label} ({unit_name(goal.target.unit, lang)}, {goal.at})"


def goal_words(goal: Goal, lang: str) -> str:
    """A goal with its operator, in the unit that `goal_name` tells."""
    target = goal.target
    return f"{wording.operator(target.op)} {wording.stated(target.value, target.unit, lang)}"


def goal_value(goal: Goal, value: float, lang: str) -> str:
    """A value of a goal's indicator, in the unit that `goal_name` tells."""
    return printed_value(value, goal.target.unit, lang)


def _gap(goal: Goal, value: float, lang: str) -> str:
    return wording.difference(value - goal.target.value, goal.target.unit, lang)


def lever_amount(lever: LeverRange, value: float, lang: str) -> str:
    """A lever's value with its unit."""
    return words.lever_figure(levers()[lever.group][lever.name], value, lang)


def lever_name(lever: LeverRange, lang: str) -> str:
    """Label of a lever."""
    return levers()[lever.group][lever.name].label(lang)


def answer_sentences(answer: Answer, lang: str) -> list[str]:
    """The answer first; then how sure, what binds and at which limits the levers stand."""
    missed = [
        g for g, v in zip(answer.goals, answer.values, strict=True) if float(g.slack(v)) < 0.0
    ]
    public = budget.by_payer(answer.costs, "government")
    about = {"n": len(answer.goals), "cost": yuan(public, lang), "end": answer.problem.end}
    if answer.reached:
        lines = [text("plan.reached", lang, **about)]
    elif missed:
        comma = text("path.comma", lang)
        names = comma.join(goal_name(g, lang) for g in missed)
        lines = [text("plan.not_reached", lang, names=names, **about)]
    else:
        lines = [text("plan.not_sure_enough", lang, **about)]
    if answer.problem.weights:
        lines.append(text("plan.weighted", lang))
    lines += [_when(g, answer, lang) for g in missed]
    return [*lines, *_chance(answer, lang), *_what_binds(answer, lang)]


def _when(goal: Goal, answer: Answer, lang: str) -> str:
    """When a goal that is missed would be met, the levers back at the trend after its year."""
    year, about = first_year(goal, answer.run), {"name": goal_name(goal, lang)}
    if year is None:
        return text("plan.never", lang, horizon=answer.run.study.horizon, **about)
    return text("plan.later", lang, year=year, **about)


def _chance(answer: Answer, lang: str) -> list[str]:
    chance = answer.chance
    if chance is None:
        return []
    about = {"share": f"{chance.reached:.0%}", "draws": chance.draws, "seed": chance.seed}
    if chance.asked is None:
        return [text("plan.chance", lang, **about)]
    return [text("plan.chance_asked", lang, asked=f"{chance.asked:.0%}", **about)]


def _what_binds(answer: Answer, lang: str) -> list[str]:
    lines, comma = [], text("path.comma", lang)
    spans = []
    for first, last, codes in answer.bound():
        when = str(first) if first == last else f"{first}–{last}"
        spans.append(text("plan.span", lang, years=when, what=wording.binding(codes, lang)))
    lines.append(text("plan.binds", lang, spans=text("plan.then", lang).join(spans)))
    at_limit = answer.at_limit()
    if at_limit:
        names = comma.join(lever_name(lever, lang) for lever in at_limit)
        lines.append(text("plan.at_limit", lang, names=names))
    return lines


def goals_table(answer: Answer, lang: str) -> Table:
    """Each goal: target, trend, the scenario sought from, what was found, and the best of it."""
    start = answer.problem.base
    headers = [text(k, lang) for k in ("col.indicator", "col.target_any")]
    headers += [text("scenario.trend", lang)]
    if start.id != answer.problem.trend.id:
        headers.append(wording.scenario_label(start, lang))
    headers += [text(k, lang) for k in ("plan.found", "col.gap", "col.status", "plan.best_alone")]
    rows = []
    for goal, value, best in zip(answer.goals, answer.values, answer.best, strict=True):
        row = [
            goal_name(goal, lang),
            goal_words(goal, lang),
            goal_value(goal, projected(goal, answer.problem.trend), lang),
        ]
        if start.id != answer.problem.trend.id:
            row.append(goal_value(goal, projected(goal, start), lang))
        met = "met" if float(goal.slack(value)) >= 0.0 else "missed"
        status = Toned(text(f"status.{met}", lang), met)
        shown, most = (goal_value(goal, v, lang) for v in (value, best))
        rows.append([*row, shown, _gap(goal, value, lang), status, most])
    numbers = [i for i in range(1, len(headers)) if i != len(headers) - 2]
    return Table(tuple(headers), tuple(map(tuple, rows)), frozenset(numbers))


def setting_table(answer: Answer, lang: str) -> Table:
    """Each lever: value of every year, and the range within which it was sought."""
    keys = ("col.lever", "plan.each_year", "plan.range", "plan.limit")
    rows = []
    for lever in answer.problem.ranges:
        value = answer.setting[lever.name]
        bounds = " – ".join(lever_amount(lever, v, lang) for v in (lever.low, lever.high))
        shown = lever_amount(lever, value, lang)
        stands = text("plan.yes_at_limit", lang) if lever in answer.at_limit() else ""
        rows.append((lever_name(lever, lang), shown, bounds, stands))
    return Table(tuple(text(k, lang) for k in keys), tuple(rows), frozenset({1, 2}))


def cost_table(found: Sequence[Cost], lang: str, years: int | None = None) -> Table:
    """Each item that costs anything: who pays, how much of it, and yuan with the range.

    The last row of each payer is the sum of its items.
    """
    keys = ("plan.item", "plan.payer", "plan.quantity", "plan.cost")
    rows: list[tuple[str, ...]] = []
    for payer in budget.PAYERS:
        who = text(f"plan.payer.{payer}", lang)
        items = [c for c in found if budget.payer_of(c) == payer and c.units[:years].sum() > 0.0]
        for item in items:
            n = wording.number(round(float(item.units[:years].sum())))
            unit = text(f"plan.unit.{item.item}", lang)
            spent = budget.by_payer([item], payer, years)
            rows.append(
                (text(f"plan.item.{item.item}", lang), who, f"{n} {unit}", yuan(spent, lang))
            )
        if items:
            total = yuan(budget.by_payer(found, payer, years), lang)
            rows.append((text("plan.sum", lang, payer=who), who, "", total))
    return Table(tuple(text(k, lang) for k in keys), tuple(rows), frozenset({2, 3}))


def yearly_cost_table(run: Run, found: Sequence[Cost], lang: str) -> Table:
    """Cost of each year by who pays."""
    headers = [text("col.year", lang)]
    headers += [text(f"plan.payer.{p}", lang) for p in budget.PAYERS]
    rows = []
    for i, year in enumerate(run.years[1:]):
        row = [str(year)]
        for payer in budget.PAYERS:
            paid = [c for c in found if budget.payer_of(c) == payer]
            low, central, high = (
                sum(float(getattr(c, n)[i]) for c in paid) for n in ("low", "central", "high")
            )
            row.append(yuan(Range(low, central, high), lang))
        rows.append(tuple(row))
    return Table(tuple(headers), tuple(rows), frozenset({1, 2, 3}))


def nothing_to_cost(run: Run, known: Sequence[str], lang: str) -> str:
    """Why a scenario costs nothing, and which other ones there are."""
    others = ", ".join(name for name in known if name != run.id)
    words = text("plan.no_cost", lang, scenario=wording.scenario_label(run, lang))
    return words if not others else words + text("plan.no_cost_others", lang, others=others)


def budget_sentences(run: Run, trend: Run, found: Sequence[Cost], lang: str) -> list[str]:
    """Public cost to the horizon, and of each percentage point gained."""
    public = yuan(budget.by_payer(found, "government"), lang)
    about = {"scenario": wording.scenario_label(run, lang), "end": run.study.horizon}
    lines = [text("plan.public_cost", lang, cost=public, **about)]
    for point in budget.extra_points(run, trend, found):
        about = {
            "indicator": indicators()[point.indicator].label(lang), "year": point.year,
            "points": f"{point.points:.2f}", "cost": yuan(point.cost, lang),
        }  # fmt: skip
        lines.append(text("plan.per_point", lang, **about))
    return [*lines, text("plan.cost_basis", lang)]
