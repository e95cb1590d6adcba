"""The levers as the user has set them: a plain mapping, and the way to a policy and back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from simulator.lever_path import lever_path, yearly
from simulator.levers.columns import Policy
from simulator.parameters import Parameter, levers
from simulator.presets import preset_values
from simulator.report.words import LeverValue
from simulator.run import Run
from simulator.schema import Case

BASES = ("beyond_trend", "total")
_JOBS = "industry_jobs"


@dataclass(frozen=True)
class Draft:
    """Levers by name; a lever that is absent rests at the trend.

    ``basis`` says what numbers of jobs mean: jobs beyond the trend, or a plan's total.
    """

    values: Mapping[str, LeverValue]
    basis: str = BASES[0]

    def set(self, name: str, value: LeverValue | None) -> Draft:
        """The same draft with one lever changed; None lets it rest."""
        values = {k: v for k, v in self.values.items() if k != name}
        if value is not None:
            values[name] = value
        return Draft(MappingProxyType(values), self.basis)

    def with_group(self, group: str, other: Draft) -> Draft:
        """The same draft with one group of levers as ``other`` has it."""
        draft = Draft(self.values, other.basis if group == _JOBS else self.basis)
        for name in levers()[group]:
            draft = draft.set(name, other.values.get(name))
        return draft


EMPTY = Draft(MappingProxyType({}))


def lever_table() -> Mapping[str, Parameter]:
    """Every lever by name, in table order."""
    return {name: p for members in levers().values() for name, p in members.items()}


def draft_of(case: Case, run: Run | None = None) -> Draft:
    """What a scenario sets, as numbers and steps by year, which is all that the panel can hold.

    Lines between years become a step a year and a preset its rules. What is relative to the trend,
    or a total of a group that the panel shows beyond the trend, is shown as it acts in ``run``,
    and left out where there is none.
    """
    values: dict[str, LeverValue] = {}
    preset = getattr(case.levers.settlement, "preset", None)
    if preset is not None:
        values |= preset_values(preset)
    for group, members in levers().items():
        chosen = getattr(case.levers, group)
        for name in members if chosen is not None else ():
            raw = getattr(chosen, name)
            if raw is None:
                continue
            held = _acting(name, run) if _resolved(group, name, raw, chosen.basis) else _held(raw)
            if held is not None:
                values[name] = held
    chosen = getattr(case.levers, _JOBS)
    return Draft(MappingProxyType(values), chosen.basis if chosen is not None else BASES[0])


def _resolved(group: str, name: str, raw: Any, basis: str) -> bool:
    """Whether a lever is shown as it acts rather than as it is written."""
    if lever_path(raw).relative:
        return True
    quota = name == "annual_quota" and basis == "beyond_trend"
    return quota or (group == "housing" and basis == "total")


def _held(raw: Any) -> LeverValue | None:
    """A lever's value as a number or steps by year."""
    path = lever_path(raw)
    if not path.named:
        return path.always
    if not path.linear:
        return MappingProxyType(dict(path.named))
    years = range(min(path.named), max(path.named) + 1)
    shown = (float(v) for v in yearly(path, years))
    return compress([None if math.isnan(v) else v for v in shown], years)


def _acting(name: str, run: Run | None) -> LeverValue | None:
    """A lever as the projection has it, in whole units."""
    if run is None:
        return None
    column = run.inputs.policy[:, Policy[name.upper()]].tolist()
    years = run.study.years
    return compress([None if math.isinf(v) else float(round(v)) for v in column], years)


def case_of(draft: Draft, loaded: Case, label: Mapping[str, str]) -> Case:
    """The policy of a draft; ``loaded`` lends the evidence of the levers left as it has them."""
    groups: dict[str, Any] = {}
    for group, members in levers().items():
        chosen: dict[str, Any] = {
            name: _plain(draft.values[name]) for name in members if name in draft.values
        }
        if chosen and group == _JOBS:
            chosen["basis"] = draft.basis
        if chosen:
            groups[group] = chosen
    before = draft_of(loaded)
    kept = {n for n, v in draft.values.items() if same(v, before.values.get(n))}
    if draft.basis != before.basis:
        kept -= set(levers()[_JOBS])
    kept |= {
        g for g, members in levers().items() if kept.issuperset(members & before.values.keys())
    }
    evidence = [e for e in loaded.evidence if e.lever.rsplit(".", 1)[-1] in kept]
    return Case.model_validate(
        {
            "label": dict(label),
            "levers": groups,
            "evidence": [e.model_dump() for e in evidence],
            "not_quantified": [n.model_dump() for n in loaded.not_quantified],
        }
    )


def _plain(value: LeverValue) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def same(one: LeverValue | None, other: LeverValue | None) -> bool:
    """Whether two lever values are the same number or the same path."""
    left = dict(one) if isinstance(one, Mapping) else one
    right = dict(other) if isinstance(other, Mapping) else other
    return left == right


def equal(one: Draft, other: Draft) -> bool:
    """Whether two drafts set the same policy."""
    jobs = levers()[_JOBS]
    uses_basis = any(name in one.values for name in jobs)
    if uses_basis and one.basis != other.basis:
        return False
    names = {*one.values, *other.values}
    return all(same(one.values.get(n), other.values.get(n)) for n in names)


def changes(
    draft: Draft, before: Draft
) -> Iterator[tuple[str, LeverValue | None, LeverValue | None]]:
    """Levers that differ: name, value before, value now; None rests at the trend."""
    for name in lever_table():
        old, new = before.values.get(name), draft.values.get(name)
        if not same(old, new):
            yield name, old, new


def resting_value(p: Parameter, rules: Mapping[str, float]) -> float | None:
    """Value of a lever on trend: the place's rule, else the table's; None is no limit."""
    return rules.get(p.name, p.central)


def expand(value: LeverValue | None, years: Sequence[int]) -> list[float | None]:
    """A lever's value in each year; None where it rests at the trend."""
    if not isinstance(value, Mapping):
        return [value for _ in years]
    held: list[float | None] = []
    current: float | None = None
    for year in years:
        current = value.get(year, current)
        held.append(current)
    return held


def compress(values: Sequence[float | None], years: Sequence[int]) -> LeverValue | None:
    """The shortest number or path that holds ``values``; the inverse of `expand`."""
    if all(v is None for v in values):
        return None
    path: dict[int, float | None] = {}
    current: float | None = None
    for year, value in zip(years, values, strict=True):
        if value != current:
            path[year] = value
        current = value
    if len(path) == 1 and years[0] in path:
        return path[years[0]]
    return MappingProxyType(path)


def lowest(value: LeverValue) -> float:
    """The least number that a lever's value names; without end where it names none."""
    named = value.values() if isinstance(value, Mapping) else (value,)
    return min((v for v in named if v is not None), default=math.inf)


def last_year(draft: Draft) -> int | None:
    """Latest year that any path names."""
    named = [year for v in draft.values.values() if isinstance(v, Mapping) for year in v]
    return max(named, default=None)
