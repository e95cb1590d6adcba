"""Every rule, in the order in which findings are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from simulator.audit import consistency, counts, growth
from simulator.audit.plan import Finding, Plan
from simulator.schema import PlaceFile

Rule = Callable[[Plan], Iterator[Finding]]

_RULES: tuple[Rule, ...] = (
    counts.part_above_whole,
    growth.conversions_above_stock,
    counts.rate_times_population,
    counts.printed_share,
    consistency.two_values,
    consistency.target_below_baseline,
    growth.more_people_than_total,
    growth.rise_short_of_target,
    growth.pace_beyond_counties,
    consistency.hukou_above_resident,
    consistency.no_baseline,
)
#: Rules by name; the name of a rule is that of its function.
RULES: Mapping[str, Rule] = {rule.__name__: rule for rule in _RULES}
_GRAVEST = ("error", "warning", "notice")


def audit(place: PlaceFile, rules: Iterable[str] = tuple(RULES)) -> list[Finding]:
    """What the rules say of one plan, the gravest first.

    Parameters
    ----------
    place : a place file, with or without the census figures joined
    rules : names of rules, every one by default
    """
    plan = Plan(place)
    findings = [finding for name in rules for finding in RULES[name](plan)]
    return sorted(findings, key=lambda finding: _GRAVEST.index(finding.severity))
