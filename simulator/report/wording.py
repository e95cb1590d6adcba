"""Numbers and rows in the words of the reader's language; shared by terminal, app and files."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.i18n import people, percent, text, year_spans
from simulator.lever_path import lever_path
from simulator.parameters import levers, parameters
from simulator.policy import Note
from simulator.presets import preset_rules, preset_values
from simulator.report.printed import area, counted, in_words, projected, unit_name
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.schema import Case
from simulator.targets import TargetCheck
from simulator.totals import Assumed
from simulator.units import dimension, to_base
from simulator.vocabulary import indicators

_MARK = {">=": "≥", "<=": "≤", "~": "≈"}
_EMPTY = "–"
_BIG, _LARGE, _WAN, _YI = 1e8, 1e4, 1e4, 1e8


def binding(codes: tuple[str, ...], lang: str) -> str:
    """Constraints that bound in one year, named together."""
    return " + ".join(text(f"binding.{code}", lang) for code in codes)


def number(value: float | None, *, sign: bool = False) -> str:
    """A printed figure: at most two decimals, none that are not needed."""
    if value is None or not math.isfinite(value):
        return _EMPTY
    words = f"{value:+,.2f}" if sign else f"{value:,.2f}"
    return words.rstrip("0").rstrip(".")


def stated(value: float, unit: str, lang: str) -> str:
    """A printed figure in the unit that `unit_name` tells, to the last person."""
    if lang == "en" and dimension(unit) == "persons":
        return f"{counted(value, unit, lang):,.3f}".rstrip("0").rstrip(".")
    return number(value)


def quantity(value: float, unit: str, lang: str) -> str:
    """A printed figure with its unit, in the reader's language."""
    shown, name = in_words(value, unit, lang)
    return f"{number(shown) if dimension(unit) != 'persons' else stated(value, unit, lang)} {name}"


def operator(op: str) -> str:
    """At least, at most, about: as a sign."""
    return _MARK[op]


def goal(check: TargetCheck, lang: str) -> str:
    """Target with its operator, such as ``≥ 48``, in the unit that `unit_name` tells."""
    target = check.target
    return f"{_MARK[target.op]} {stated(target.value, target.unit, lang)}"


def reached(check: TargetCheck, lang: str) -> str:
    """What is projected of a target, in the unit that `unit_name` tells; empty where nothing is."""
    if check.projected is None:
        return ""
    return projected(check.projected, check.target.unit, lang)


def gap(check: TargetCheck, lang: str) -> str:
    """Gap with its unit: points for rates, the target's unit otherwise."""
    if check.gap is None:
        return _EMPTY
    return difference(check.gap, check.target.unit, lang)


def difference(amount: float, unit: str, lang: str) -> str:
    """A difference of two figures with its unit: points for rates, else that of the figures."""
    shown, name = in_words(amount, unit, lang)
    if dimension(unit) is not None:
        name = text("unit.points", lang) if dimension(unit) == "share" else name
        return f"{projected(amount, unit, lang, sign=True)} {name}"
    return f"{shown:+,.0f} {name}" if shown != amount else f"{shown:+.2f} {name}"


def outcome(
    name: str, year: int, observed: float, projected: float, unit: str, lang: str
) -> list[str]:
    """What happened after the base beside the trend: label, year, both figures, difference."""
    label = indicators()[name].label(lang)
    if dimension(unit) == "persons":
        one, two = (to_base(v, unit) for v in (observed, projected))
        label = f"{label} ({text('unit.persons', lang)})"
        more = people(two - one, lang, sign=True)
        return [label, str(year), people(one, lang), people(two, lang), more]
    more = number(projected - observed, sign=True)
    if dimension(unit) == "share":
        more = f"{projected - observed:+.2f} {text('unit.points', lang)}"
    label = f"{label} ({unit_name(unit, lang)})"
    return [label, str(year), number(observed), number(projected), more]


def target_label(check: TargetCheck, lang: str) -> str:
    """Indicator of a target, with what it is of where that is not the whole place."""
    label, scope = check.indicator.label(lang), check.target.scope
    if scope == "place":
        return label
    part = text(f"scope.{scope}", lang)
    return f"{label}（{part}）" if lang == "zh" else f"{label}, {part}"


def status(check: TargetCheck, lang: str) -> str:
    """Met or missed; why not judged where the indicator alone would let it be; else nothing."""
    if check.reason is not None:
        return text(f"reason.{check.reason}", lang)
    return "" if check.gap is None else text(f"status.{check.status}", lang)


def value_of(quantity: float, unit: str, lang: str) -> str:
    """A stored value (persons or share) with its unit, for show."""
    if not math.isfinite(quantity):
        return _EMPTY
    if unit in ("year", "count"):
        return f"{quantity:.0f}"
    if unit == "share":
        return f"{percent(quantity)} %"
    return f"{people(quantity, lang)} {text('unit.persons', lang)}"


def assumption(item: Assumed, base: int, lang: str) -> str:
    """What is assumed of a place in one line: quantity, value, and the rule that gave it."""
    rule = text(f"assumed.{item.rule}", lang, base=base, where=area(item.where, lang))
    named = text(f"quantity.{item.quantity}", lang)
    named = f"{named} {value_of(item.value, item.unit, lang)}"
    return f"{named}：{rule}" if lang == "zh" else f"{named}: {rule}"


def amount(value: float | None, unit: str, lang: str) -> str:
    """A required stock with its unit, in 万 or 亿 for Chinese readers."""
    if value is None:
        return _EMPTY
    if lang == "zh" and value >= _BIG:
        return f"{value / _YI:,.2f} 亿{unit}"
    if lang == "zh" and value >= _LARGE:
        return f"{value / _WAN:,.2f} 万{unit}"
    return f"{value:,.0f} {unit_name(unit, lang)}"


def scenario_label(run: Run, lang: str) -> str:
    """Name of a scenario for the reader."""
    if run.id == TREND:
        return text("scenario.trend", lang)
    return run.case.label.get(lang) if run.case.label is not None else run.id


def target_headers(result: Result, lang: str) -> tuple[list[str], list[int]]:
    """Headers of a table of targets, and the positions of its columns of figures."""
    headers = [
        text("col.indicator", lang),
        text("col.plan_base", lang),
        text("col.target_any", lang),
    ]
    figures = [2]
    for run in result.runs.values():
        figures += [len(headers), len(headers) + 1]
        headers += [scenario_label(run, lang), text("col.gap", lang), text("col.status", lang)]
    return [*headers, text("col.kind", lang)], figures


def lever_label(name: str, lang: str) -> str:
    """Label of a lever given as ``group.name`` or ``name``."""
    table = parameters()
    key = name.rsplit(".", 1)[-1]
    return table[key].label(lang) if key in table else name


def changed_levers(run: Run) -> Iterator[tuple[str, object]]:
    """Levers that a scenario sets, as ``group.name`` and value; a preset by its rules."""
    yield from levers_of(run.case)


def levers_of(case: Case) -> Iterator[tuple[str, object]]:
    """Levers that a policy sets, as ``group.name`` and value; a preset by its rules."""
    preset = getattr(case.levers.settlement, "preset", None)
    rules = preset_values(preset) if preset is not None else {}
    for group, members in levers().items():
        chosen = getattr(case.levers, group)
        for name in members if chosen is not None else ():
            value = getattr(chosen, name)
            if value is None and group == "settlement":
                value = rules.get(name)
            if value is not None:
                yield f"{group}.{name}", value


def lever_value(value: object, lang: str) -> str:
    """A lever's value: a number, its path, each value from the year it starts to hold, or the
    change of the trend that it asks for.
    """
    path = lever_path(value)
    shown = number(path.always)
    if path.named:
        parts, before = [], object()
        for year, amount in sorted(path.named.items()):
            held = text("path.trend", lang) if amount is None else number(amount)
            # Of a line every point counts: what is level from one to the next bends it.
            if path.linear or amount != before:
                parts.append(text("path.from", lang, year=year, value=held))
            before = amount
        shown = text("path.comma", lang).join(parts)
    if path.linear:
        shown = text("path.linear", lang, path=shown)
    return text("path.relative", lang, path=shown) if path.relative else shown


def note(item: Note, lang: str) -> str:
    """One note as a sentence."""
    params = dict(item.params)
    if item.code in ("jobs_total", "housing_total"):
        for key in ("trend", "excess"):
            values = params[key]
            assert isinstance(values, list)
            params[key] = f"{sum(values) / len(values):,.0f}"
    if "years" in params:
        years = params["years"]
        assert isinstance(years, list)
        params["years"] = year_spans(years, lang)
    for key in ("quota", "settled", "low", "high"):
        if key in params:
            params[key] = f"{float(str(params[key])):,.0f}"
    if item.code == "preset":
        rules = [rule for rule in preset_rules() if rule.preset == params["preset"]]
        params = {
            "name": text(f"preset.{params['preset']}", lang),
            "quote": "；".join(dict.fromkeys(rule.quote for rule in rules)),
        }
    if "vacancy" in params:
        params = {k: f"{float(str(v)):.0%}" for k, v in params.items()}
    return text(f"note.{item.code}", lang, **params)


def sentence(words: str) -> str:
    """Words that begin with a capital, where the script has any."""
    return words[:1].upper() + words[1:]


def shown_years(result: Result) -> list[int]:
    """Base year, the plan's target years, and the horizon."""
    years = {result.study.place.base_year, result.study.horizon}
    for target in result.study.place.targets:
        if target.at is not None and target.at <= result.study.horizon:
            years.add(target.at)
    return sorted(years)


def span(result: Result, lang: str) -> dict[str, object]:
    """Years of a result and where its trend comes from, for its subtitle."""
    study = result.study
    where = {"base": study.place.base_year, "horizon": study.horizon}
    return {**where, "start": start_words(result, lang)}


def start_words(result: Result, lang: str) -> str:
    """Where the trend comes from: own history, learnt levels, another area, or members."""
    start = result.start
    if start.fit is not None:
        return text("report.start.fitted", lang)
    kind = "learnt" if start.rung == "own" else start.rung
    return text(f"report.start.{kind}", lang)


def needs_history(result: Result) -> bool:
    """Whether the trend rests on no history of the place: targets cannot be judged by it."""
    return result.start.fit is None and result.start.rung != "members"
