"""Rules on change: pace against the censuses, conversions against the stock, people against the
total. docs/audit.md.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from simulator import census
from simulator.audit.figures import Figure
from simulator.audit.plan import Finding, Plan, Severity, persons, share
from simulator.units import to_base

_TABLE = Path(__file__).resolve().parent.parent / "data" / "county_growth.csv"
_RATE, _PEOPLE = "resident_urbanization_rate", "resident_population"
_WHOLES = (_PEOPLE, "hukou_population", "total_population")
_PARTS = (
    "town_population", "central_city_population", "county_seat_population", "town_seat_population",
)  # fmt: skip
_PERCENT = 100.0


@cache
def pace() -> Mapping[tuple[str, str], Mapping[str, float]]:
    """Percentiles of growth from 2010 to 2020 by kind of county and indicator: points of the urban
    share a year, percent of residents a year.
    """
    with _TABLE.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(line for line in handle if not line.startswith("#")))
    return {
        (row["kind"], row["indicator"]): {k: float(v) for k, v in row.items() if k[1:].isdigit()}
        for row in rows
    }


def kind_of(plan: Plan) -> str:
    """Kind of county whose growth a place is compared with."""
    return plan.place.county_kind or "all"


def pace_beyond_counties(plan: Plan) -> Iterator[Finding]:
    """A target wants more change a year than nearly any county of its kind had from 2010 to 2020.

    (target - baseline) / years for the resident rate in points, the compound rate for residents in
    percent, at the least that the printed digits allow. Above the 99th percentile of counties of
    the same kind: a warning; above the 95th: a notice. Towns and cities are held against all
    counties, with a notice.
    """
    for goal in plan.each((_RATE, _PEOPLE)):
        base = plan.newest(goal.indicator, goal.year)
        if not goal.goal or base is None or base.range.low <= 0.0 or _later(plan, goal):
            continue
        kind, (change, told) = kind_of(plan), _change(goal, base)
        limits = pace()[kind, "urban_share" if goal.indicator == _RATE else "residents"]
        if change <= limits["p95"]:
            continue
        severity: Severity = "warning" if change > limits["p99"] and kind != "all" else "notice"
        yield plan.finding(
            "pace_beyond_counties", severity, (goal.quote, base.quote),
            f"{told}; p95 {limits['p95']:.2f}, p99 {limits['p99']:.2f} ({kind})",
            indicator=goal.indicator, year=goal.year, base=base.year,
        )  # fmt: skip


def _change(goal: Figure, base: Figure) -> tuple[float, str]:
    """Least change a year that the printed digits allow, and the sum of the values as printed."""
    years = goal.year - base.year
    if goal.indicator == _RATE:
        least = (goal.range.low - base.range.high) * _PERCENT / years
        whole = (goal.value - base.value) * _PERCENT / years
        return least, f"({share(goal.value)} − {share(base.value)}) / {years} = {whole:.2f}"
    least = ((goal.range.low / base.range.high) ** (1 / years) - 1) * _PERCENT
    whole = ((goal.value / base.value) ** (1 / years) - 1) * _PERCENT
    ratio = f"({persons(goal.value)} / {persons(base.value)})^(1/{years})"
    return least, f"{ratio} − 1 = {whole:.2f} %"


def _later(plan: Plan, goal: Figure) -> bool:
    """Whether the plan has a later target of the same: only the last is held to the decade's pace,
    since a plan may start fast.
    """
    return any(f.goal and f.indicator == goal.indicator and f.year > goal.year
               for f in plan.each((goal.indicator,)))  # fmt: skip


def conversions_above_stock(plan: Plan) -> Iterator[Finding]:
    """More people are to get a town hukou than could: rural hukou and residents from elsewhere.

    (1 - hukou rate) x hukou population + non-local residents, as the plan states them for its base
    year, else as the census counted them. A finding where the plan's number is above.
    """
    stock = _convertible(plan)
    if stock is None:
        return
    for target in plan.place.targets:
        if target.indicator == "hukou_conversions" and target.scope == "place":
            wanted = to_base(target.value, target.unit)
            if wanted > stock:
                yield plan.finding(
                    "conversions_above_stock", "error", (target.quote,),
                    f"{persons(wanted)} > {persons(stock)}", year=target.at,
                )  # fmt: skip


def _convertible(plan: Plan) -> float | None:
    """People who could still get a town hukou, at the most that the printed digits allow."""
    base = plan.place.base_year
    hukou, rate = plan.of("hukou_population", base), plan.of("hukou_urbanization_rate", base)
    visitors = plan.of("nonlocal_residents", base)
    counted = census.area_of(plan.place)
    years = [y for y in counted.years if y <= base] if counted is not None else []

    def census_value(name: str) -> float | None:
        found = [counted.figures.get((y, name)) for y in years] if counted is not None else []
        known = [value for value in found if value is not None]
        return known[-1] if known else None

    people = hukou.range.high if hukou is not None else census_value("hukou_population")
    if people is None:
        return None
    rural = people * (rate.range.left().high if rate is not None else 1.0)
    others = visitors.range.high if visitors is not None else census_value("nonlocal_residents")
    return rural + (others or 0.0)


def more_people_than_total(plan: Plan) -> Iterator[Finding]:
    """A wanted part of the place has more people than the plan has for the whole.

    The whole is the largest of residents, hukou and total population wanted for the same year, else
    the newest counted, grown at the 99th percentile of all counties. For town residents wanted
    beside a rate, their quotient is the total that they imply.
    """
    growth = 1.0 + pace()["all", "residents"]["p99"] / _PERCENT
    for goal in plan.figures:
        if not goal.goal or goal.indicator not in _PARTS:
            continue
        wanted = [w for n in _WHOLES if (w := plan.of(n, goal.year)) is not None]
        counted = [w for n in _WHOLES if (w := plan.newest(n, goal.year)) is not None]
        # Held to what is wanted for the year, where that is stated; part_above_whole tells it then.
        if wanted or not counted:
            continue
        whole = max(counted, key=lambda w: w.range.high)
        most = whole.range.high * growth ** (goal.year - whole.year)
        implied, rate = goal.range.low, plan.of(_RATE, goal.year)
        if rate is not None and goal.indicator == "town_population":
            implied = goal.range.low / rate.range.high
        if implied > most:
            quotes = (goal.quote, whole.quote, *([rate.quote] if rate is not None else []))
            yield plan.finding(
                "more_people_than_total", "warning", quotes,
                f"{persons(implied)} > {persons(most)} = {persons(whole.value)} × "
                f"{growth:.4f}^{goal.year - whole.year}",
                year=goal.year, part=goal.indicator, whole=whole.indicator,
            )  # fmt: skip


def rise_short_of_target(plan: Plan) -> Iterator[Finding]:
    """A yearly rise that the plan names does not lead from its baseline to its target.

    Baseline + years x yearly rise against the target, both to their printed digits.
    """
    for rise in plan.each(("urbanization_rate_annual_increase",)):
        goal = max((f for f in plan.each((_RATE,)) if f.goal), key=lambda f: f.year, default=None)
        base = plan.newest(_RATE, goal.year) if goal is not None else None
        if goal is None or base is None or not rise.goal:
            continue
        years = goal.year - base.year
        low = base.range.low + rise.range.low * years
        high = base.range.high + rise.range.high * years
        if goal.range.low > high or (goal.op == "~" and goal.range.high < low):
            yield plan.finding(
                "rise_short_of_target", "warning", (rise.quote, goal.quote, base.quote),
                f"{share(base.value)} + {years} × {share(rise.value)} = "
                f"{share(base.value + years * rise.value)}; {share(goal.value)}",
                year=goal.year, base=base.year,
            )  # fmt: skip
