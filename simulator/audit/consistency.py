"""Rules on rates and values beside each other. docs/audit.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from simulator.audit.figures import Figure, printed_range
from simulator.audit.plan import Finding, Plan, share
from simulator.units import dimension
from simulator.vocabulary import indicators

_RESIDENT, _HUKOU = "resident_urbanization_rate", "hukou_urbanization_rate"
#: Shown indicators of which a place has one in a year; modelled stocks and rates are another such.
_SINGLE = (
    "total_population", "urban_hukou_population", "nonagricultural_hukou_population",
    "agricultural_hukou_population", "land_area", "gdp",
)  # fmt: skip
#: Amounts of a year or several, of which a plan may name parts.
_AMOUNTS = ("hukou_conversions", "new_town_residents", "births", "deaths")
_PARTS = ("part", "central_city")
#: Figures from which another follows.
_FOLLOWS = {"town_population": ((_RESIDENT, "resident_population"),)}


def hukou_above_resident(plan: Plan) -> Iterator[Finding]:
    """The hukou rate is above the resident rate of the same year, beyond what rounding can do.

    The two have different denominators, so this can be true: where people leave their town hukou
    behind, or where whole townships were registered as urban. It is worth a second look anyway.
    """
    for year in plan.years():
        hukou, resident = plan.of(_HUKOU, year), plan.of(_RESIDENT, year)
        if hukou is not None and resident is not None and hukou.range.low > resident.range.high:
            yield plan.finding(
                "hukou_above_resident", "notice", (hukou.quote, resident.quote),
                f"{share(hukou.value)} > {share(resident.value)}", year=year,
            )  # fmt: skip


def two_values(plan: Plan) -> Iterator[Finding]:
    """One document prints two values for one thing, and no value rounds to both.

    Figures of the same indicator, year, scope and document; targets with another value that the
    document prints; the baseline of a target against the fact.
    """
    told: set[tuple[str, int, str]] = set()
    for one, again in combinations(plan.figures, 2):
        same = one.key == again.key and one.document == again.document and one.goal == again.goal
        if same and _single(one) and one.key not in told and _differ(one, again):
            told.add(one.key)
            yield _double(plan, one, one.value, again.value, (one.quote, again.quote))
    for target in plan.place.targets:
        for other in target.alternatives:
            printed = printed_range(target.value, target.unit, target.quote, goal=True)
            elsewhere = printed_range(other.value, target.unit, other.quote, goal=True)
            if printed.apart(elsewhere):
                yield plan.finding(
                    "two_values", "warning", (target.quote, other.quote),
                    f"{target.value:.10g} {target.unit}; {other.value:.10g} {target.unit}",
                    year=target.at, indicator=target.indicator,
                )  # fmt: skip


def _single(figure: Figure) -> bool:
    """Whether a place has just one such figure in a year."""
    if figure.scope in _PARTS or figure.indicator in _AMOUNTS:
        return False
    return figure.indicator in _SINGLE or indicators()[figure.indicator].kind == "modelled"


def _differ(one: Figure, other: Figure) -> bool:
    """Whether two figures cannot stand for one value; ``>= 60`` and ``<= 70`` can."""
    return one.unit == other.unit and one.op == other.op and one.range.apart(other.range)


def _double(
    plan: Plan, figure: Figure, one: float, other: float, quotes: tuple[str, str]
) -> Finding:
    computed = f"{one:,.10g}; {other:,.10g} {figure.unit}"
    size = dimension(figure.unit)
    if size == "share":
        computed = f"{share(one)}; {share(other)}"
    elif size == "persons":
        computed = f"{one:,.0f}; {other:,.0f}"
    return plan.finding(
        "two_values", "warning", quotes, computed, year=figure.year, indicator=figure.indicator
    )


def target_below_baseline(plan: Plan) -> Iterator[Finding]:
    """A target of reaching at least some value lies below what the plan says is there already.

    The baseline is the target's own, else the newest counted figure of the plan before its year.
    Indicators of which more is better only.
    """
    for goal in plan.figures:
        if not goal.goal or goal.op != ">=" or indicators()[goal.indicator].better != "higher":
            continue
        if not _single(goal):
            continue
        base = plan.newest(goal.indicator, goal.year, goal.scope)
        if base is not None and base.unit == goal.unit and goal.range.high < base.range.low:
            yield plan.finding(
                "target_below_baseline", "warning", (goal.quote, base.quote),
                _pair(goal, base), indicator=goal.indicator, year=goal.year, base=base.year,
            )  # fmt: skip


def _pair(goal: Figure, base: Figure) -> str:
    if dimension(goal.unit) == "share":
        return f"{share(goal.value)} < {share(base.value)}"
    return f"{goal.value:,.10g} < {base.value:,.10g}"


def no_baseline(plan: Plan) -> Iterator[Finding]:
    """A target of people or a rate for which the plan states no value before it, of any year.

    Without one nobody can tell how far there is to go; the model starts from a census or from the
    county that holds the place. Town residents also follow from residents and their rate.
    """
    told: set[tuple[str, str]] = set()
    for goal in plan.figures:
        kind = indicators()[goal.indicator].kind
        of = (goal.indicator, goal.scope)
        if not goal.goal or kind != "modelled" or not _single(goal) or of in told:
            continue
        if goal.indicator == "urbanization_rate_annual_increase":
            continue
        if not any(
            all(plan.newest(name, goal.year, goal.scope) for name in names)
            for names in ((goal.indicator,), *_FOLLOWS.get(goal.indicator, ()))
        ):
            told.add(of)
            yield plan.finding(
                "no_baseline", "notice", (goal.quote,), "",
                indicator=goal.indicator, year=goal.year,
            )  # fmt: skip
