"""Rules on counts: rates times people, parts and wholes, printed shares. docs/audit.md."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.audit.figures import Figure, Interval
from simulator.audit.plan import Finding, Plan, persons, share

#: rate, people it is a share of, people it counts, people it leaves
_RATES = (
    ("resident_urbanization_rate", "resident_population", "town_population", "village_population"),
    ("hukou_urbanization_rate", "hukou_population", "urban_hukou_population", None),
)
#: Parts that can only be compared with what people of any kind the plan states.
_PARTS = (
    "town_population", "village_population", "nonlocal_residents", "urban_hukou_population",
    "nonagricultural_hukou_population", "agricultural_hukou_population", "central_city_population",
    "county_seat_population", "town_seat_population", "built_up_area_population",
    "ethnic_minority_population", "poor_population", "urban_population_unspecified",
    "rural_population_unspecified",
)  # fmt: skip
_WHOLES = ("resident_population", "hukou_population", "total_population")
_RATE, _OF = "hukou_urbanization_rate", ("hukou_population",)
#: share, its numerator, its denominators (what the share may be of), whether it is what is left
_SHARES = (
    (_RATE, "nonagricultural_hukou_population", _OF, False),
    (_RATE, "urban_hukou_population", _OF, False),
    (_RATE, "agricultural_hukou_population", _OF, True),
    ("ethnic_minority_share", "ethnic_minority_population", _WHOLES, False),
)


def rate_times_population(plan: Plan) -> Iterator[Finding]:
    """Rate x people must give the people that the plan counts in towns.

    With r the rate, P the people and T the count, each known to half its last printed digit: a
    finding where [r P] and [T] have no value in common. The same for those left in the villages.
    """
    for rate_name, whole_name, in_name, out_name in _RATES:
        for year in plan.years():
            rate, whole = plan.of(rate_name, year), plan.of(whole_name, year)
            if rate is None or whole is None:
                continue
            for name, part in ((in_name, rate.range), (out_name, rate.range.left())):
                stated = plan.of(name, year) if name is not None else None
                if stated is None:
                    continue
                found = part.times(whole.range)
                if found.apart(stated.range):
                    yield _product(plan, rate, whole, stated, found)


def _product(plan: Plan, rate: Figure, whole: Figure, stated: Figure, found: Interval) -> Finding:
    computed = (
        f"{share(rate.value)} × {persons(whole.value)}: "
        f"{persons(found.low)}–{persons(found.high)}; {persons(stated.value)}"
    )
    return plan.finding(
        "rate_times_population", "warning", (rate.quote, whole.quote, stated.quote), computed,
        year=rate.year, rate=rate.indicator, whole=whole.indicator, part=stated.indicator,
    )  # fmt: skip


def part_above_whole(plan: Plan) -> Iterator[Finding]:
    """A part has no more people than the largest whole that the plan states for the year.

    The whole is the largest of residents, hukou population and total population: a part may be of
    any of them. A finding where the least that the part may be is above the most of the whole.
    """
    for figure in plan.figures:
        if figure.indicator not in _PARTS:
            continue
        wholes = [w for name in _WHOLES if (w := plan.of(name, figure.year)) is not None]
        whole = max(wholes, key=lambda w: w.range.high, default=None)
        if whole is not None and figure.range.low > whole.range.high:
            yield plan.finding(
                "part_above_whole", "error", (figure.quote, whole.quote),
                f"{persons(figure.value)} > {persons(whole.value)}",
                year=figure.year, part=figure.indicator, whole=whole.indicator,
            )  # fmt: skip


def printed_share(plan: Plan) -> Iterator[Finding]:
    """A printed share is its numerator over one of the denominators that it may be of.

    A finding where the share and the quotient have no value in common for any denominator stated.
    The agricultural hukou population gives what the hukou rate leaves.
    """
    for share_name, part_name, whole_names, left in _SHARES:
        for year in plan.years():
            printed, part = plan.of(share_name, year), plan.of(part_name, year)
            wholes = [w for name in whole_names if (w := plan.of(name, year)) is not None]
            if printed is None or part is None or not wholes:
                continue
            wanted = printed.range.left() if left else printed.range
            if all(part.range.over(whole.range).apart(wanted) for whole in wholes):
                value = 1.0 - printed.value if left else printed.value
                near = min(wholes, key=lambda w: abs(part.value / w.value - value))
                yield plan.finding(
                    "printed_share", "warning", (printed.quote, part.quote, near.quote),
                    f"{persons(part.value)} / {persons(near.value)} = "
                    f"{share(part.value / near.value)}; {share(value)}",
                    year=year, share=share_name, part=part_name, whole=near.indicator,
                )  # fmt: skip
