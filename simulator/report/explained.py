"""Sensitivity, frontier and requirements by year in words: sentences and tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator.frontier import Frontier, Mark
from simulator.i18n import catalogue, text
from simulator.needs import Need, plan_needs, standard_needs
from simulator.parameters import parameters
from simulator.prices import Range
from simulator.report import wording
from simulator.report.planning import goal_name, goal_value, lever_amount, lever_name, yuan
from simulator.report.printed import unit_name
from simulator.report.rows import Table
from simulator.run import Result, Run
from simulator.sensitivity import FITTED, Bar, Sensitivity
from simulator.sobol import Indices
from simulator.units import dimension
from simulator.vocabulary import indicators

#: Rows of a tornado and of a table of single indices.
_MOST = 12


def _table(keys: Iterable[str], rows: Iterable[tuple[str, ...]], numbers: set[int]) -> Table:
    return Table(tuple(keys), tuple(rows), frozenset(numbers))


def factor_name(name: str, kind: str, lang: str) -> str:
    """Label of a factor: a parameter or lever, an error of a figure, or the fitted trend."""
    if kind == "figure":
        return text("plan.figure", lang, indicator=indicators()[name].label(lang))
    if name == FITTED:
        return text("plan.fitted", lang)
    return parameters()[name].label(lang)


def share_words(value: float, error: float, lang: str) -> str:
    """A share of the variance with its error; an estimate beyond 0 or 1 is cut, and told."""
    if not np.isfinite(value):
        return wording.number(None)
    estimate = round(value, 2) + 0.0  # no -0.00
    cut = min(max(estimate, 0.0), 1.0)
    told = f"{cut:.2f} ± {error:.2f}"
    if cut == estimate:
        return told
    return told + text("plan.share_cut", lang, estimate=f"{estimate:.2f}")


def group_table(found: Sensitivity, goal: int, lang: str) -> Table:
    """Share of the variance of a goal by group of factors."""
    one = found.grouped[goal]
    rows = [
        (
            text(f"plan.group.{name}", lang),
            share_words(one.first[i], one.first_error[i], lang),
            share_words(one.total[i], one.total_error[i], lang),
        )
        for i, name in _by_total(one)
    ]
    keys = [text(k, lang) for k in ("plan.group", "plan.first", "plan.total")]
    return _table(keys, rows, {1, 2})


def _by_total(one: Indices) -> list[tuple[int, str]]:
    order = sorted(range(len(one.groups)), key=lambda i: (-np.nan_to_num(one.total[i]), i))
    return [(i, one.groups[i]) for i in order]


def single_table(found: Sensitivity, goal: int, lang: str) -> Table:
    """Share of the variance of a goal by single factor, largest first."""
    one, kinds = found.single[goal], {bar.name: bar.kind for bar in found.bars}
    rows = [
        (
            factor_name(name, kinds.get(name, "lever"), lang),
            share_words(one.first[i], one.first_error[i], lang),
            share_words(one.total[i], one.total_error[i], lang),
        )
        for i, name in _by_total(one)[:_MOST]
    ]
    keys = [text(k, lang) for k in ("plan.factor", "plan.first", "plan.total")]
    return _table(keys, rows, {1, 2})


def tornado_table(found: Sensitivity, goal: int, lang: str) -> Table:
    """A goal's projected value with each factor low and high, widest first."""
    rows = [
        (
            factor_name(bar.name, bar.kind, lang),
            text(f"plan.group.{bar.group}", lang),
            *(
                goal_value(found.goals[goal], float(v), lang)
                for v in (bar.low[goal], bar.high[goal], bar.swing(goal))
            ),
        )
        for bar in found.tornado(goal)[:_MOST]
    ]
    keys = ("plan.factor", "plan.group", "plan.low", "plan.high", "plan.swing")
    return _table([text(k, lang) for k in keys], rows, {2, 3, 4})


def top_finding(found: Sensitivity, goal: int, lang: str) -> str:
    """What a goal hangs on most, in one sentence."""
    one, target = found.grouped[goal], found.goals[goal]
    name = goal_name(target, lang)
    if not np.isfinite(one.total).any():
        return text("plan.nothing_varies", lang, name=name)
    i, group = _by_total(one)[0]
    bar: Bar = found.tornado(goal)[0]
    unit = (
        text("unit.points", lang)
        if dimension(target.target.unit) == "share"
        else unit_name(target.target.unit, lang)
    )

    def shown(value: float) -> str:
        return goal_value(target, float(value), lang)

    about = {
        "name": name, "group": text(f"plan.group.{group}", lang),
        "share": share_words(one.total[i], one.total_error[i], lang),
        "factor": factor_name(bar.name, bar.kind, lang),
        "swing": f"{shown(bar.swing(goal))} {unit}",
        "low": shown(bar.low[goal]), "high": shown(bar.high[goal]),
        "spread": f"{shown(np.sqrt(one.variance))} {unit}",
    }  # fmt: skip
    return text("plan.top_finding", lang, **about)


def frontier_sentences(found: Frontier, lang: str) -> list[str]:
    """Whether there is anything to trade."""
    names = [goal_name(g, lang) for g in found.goals]
    if len(names) == 1:
        return [text("plan.frontier_cost", lang, name=names[0])]
    key = "plan.frontier_conflict" if found.conflict else "plan.frontier_none"
    return [text(key, lang, first=names[0], second=names[1])]


def frontier_table(found: Frontier, lang: str) -> Table:
    """The curve, with the trend and the scenario started from among it."""
    headers = ["", *(goal_name(g, lang) for g in found.goals), text("plan.public", lang)]
    headers += [lever_name(r, lang) for r in found.problem.ranges]
    label = wording.scenario_label
    marks = [(m, "") for m in found.marks]
    marks.append((found.trend, label(found.problem.trend, lang)))
    if found.problem.base.id != found.problem.trend.id:
        marks.append((found.plan, label(found.problem.base, lang)))
    marks.sort(key=lambda mark: float(mark[0].values[0]))
    rows = [_mark(found, m, name, lang) for m, name in marks]
    return _table(headers, rows, set(range(1, len(headers))))


def _mark(found: Frontier, mark: Mark, name: str, lang: str) -> tuple[str, ...]:
    levers = []
    for lever in found.problem.ranges:
        value = mark.setting.get(lever.name)
        levers.append("" if value is None else lever_amount(lever, value, lang))
    values = (goal_value(g, float(v), lang) for g, v in zip(found.goals, mark.values, strict=True))
    cost = yuan(Range(mark.cost, mark.cost, mark.cost), lang, alone=True)
    return (name or text("plan.on_curve", lang), *values, cost, *levers)


def needs_table(result: Result, run: Run, lang: str) -> Table:
    """Stocks needed in the years that matter, trend beside policy, against today's."""
    years, base = wording.shown_years(result), result.study.place.base_year
    headers = [text(k, lang) for k in ("plan.need", "col.scenario")]
    headers += [text("plan.today", lang, year=base), *(str(y) for y in years)]
    headers.append(text("plan.more", lang))
    pairs = zip(_needs(result.trend), _needs(run), strict=True)
    rows = []
    for on_trend, under in pairs:
        both = [(result.trend, on_trend)]
        both += [(run, under)] if run.id != result.trend.id else []
        for one, need in both:
            amounts = [need.amounts[y - base] for y in years]
            cells = [need_amount(need, float(a), lang) for a in amounts]
            today = "" if need.today is None else need_amount(need, need.today, lang)
            more = ""
            if need.today is not None:
                more = need_amount(need, max(0.0, float(need.amounts.max()) - need.today), lang)
            label = wording.scenario_label(one, lang)
            rows.append((need_name(need, lang), label, today, *cells, more))
    return _table(headers, rows, set(range(2, len(headers))))


def _needs(run: Run) -> tuple[Need, ...]:
    return (*plan_needs(run), *standard_needs(run))


def need_name(need: Need, lang: str) -> str:
    """What is needed, and whether the plan or a standard says so."""
    if need.by_plan:
        return indicators()[need.name].label(lang)
    name = text(f"plan.need.{need.name}", lang)
    # The elderly are counted, not needed: no standard stands behind them.
    return name if need.name == "elderly" else text("plan.by_standard", lang, name=name)


def need_amount(need: Need, amount: float, lang: str) -> str:
    """An amount with its unit."""
    if lang == "en" and need.unit == "person":
        return wording.value_of(amount, "persons", lang)
    unit = need.unit if need.by_plan else catalogue(lang)[f"plan.needunit.{need.unit}"]
    return wording.amount(amount, unit, lang)
