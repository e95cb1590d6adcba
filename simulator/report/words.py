"""Levers, parameters and figures in words; sentences about results are in `report.wording`."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from simulator.i18n import catalogue, people, text
from simulator.lever_path import lever_path
from simulator.parameters import Parameter
from simulator.report import wording
from simulator.report.printed import in_words, unit_name
from simulator.tables import rows
from simulator.targets import TargetCheck
from simulator.units import dimension, to_base

#: One number for every year, or a path by year; None in a path hands back to the trend.
LeverValue = float | Mapping[int, float | None]
#: Grades that a reader must see at a glance: no source supports the number.
_MARKED = ("assumption",)


def unit(name: str, lang: str) -> str:
    """A parameter's unit in the reader's language, or as the table has it."""
    key = "app.unit." + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return catalogue(lang).get(key, name)


def grade(p: Parameter, lang: str) -> str:
    """Evidence grade in words."""
    return catalogue(lang).get(f"app.grade.{p.grade}", p.grade)


def mark(p: Parameter, lang: str) -> str:
    """A grade that must stay in view; empty for the others."""
    return grade(p, lang) if p.grade in _MARKED else ""


def source(p: Parameter, lang: str) -> str:
    """Where a parameter is from; in Chinese all but titles, authors and numbers."""
    words = p.source
    if lang == "zh":
        for english, chinese in _source_words():
            words = words.replace(english, chinese)
        words = words.replace("; ", "；")
    return words


@functools.cache
def _source_words() -> tuple[tuple[str, str], ...]:
    """Longer phrases first, so that none is broken by a part of it."""
    table = ((r["en"], r["zh"]) for r in rows("source_words.csv"))
    return tuple(sorted(table, key=lambda pair: -len(pair[0])))


def lever_title(p: Parameter, lang: str) -> str:
    """A lever's name with its unit and a grade that must stay in view, without any markup.

    It is also what screen readers call the lever, and they would read markup out.
    """
    sized = not (is_switch(p) or is_choice(p))
    about = [part for part in (unit(p.unit, lang) if sized else "", mark(p, lang)) if part]
    if not about:
        return p.label(lang)
    joined = text("path.comma", lang).join(about)
    return f"{p.label(lang)}（{joined}）" if lang == "zh" else f"{p.label(lang)} ({joined})"


def lever_figure(p: Parameter, value: float | None, lang: str) -> str:
    """One value of a lever in words: a number with its unit, yes or no, or the choice's name."""
    if value is None:
        return text("app.no_limit", lang) if p.central is None else text("app.at_trend", lang)
    if is_choice(p):
        return text(f"app.choice.{p.name}.{int(value)}", lang)
    if is_switch(p):
        return text("app.yes" if value else "app.no", lang)
    return f"{wording.number(float(value))} {unit(p.unit, lang)}"


def lever_words(p: Parameter, value: LeverValue | None, lang: str) -> str:
    """A lever's value, or its path by year with equal years joined."""
    if not isinstance(value, Mapping):
        return lever_figure(p, value, lang)
    path = lever_path(value)
    if path.relative:
        return wording.lever_value(value, lang)
    if path.linear or path.always is not None:
        return f"{wording.lever_value(value, lang)} {unit(p.unit, lang)}"
    spans = []
    years = sorted(path.named)
    merged = [y for i, y in enumerate(years) if i == 0 or value[y] != value[years[i - 1]]]
    for first, after in zip(merged, [*merged[1:], None], strict=True):
        last = after - 1 if after is not None else None
        when = text("app.from_year", lang, year=first)
        if last is not None:
            span = f"{first}" if last == first else f"{first}–{last}"
            when = text("app.in_years", lang, span=span)
        amount = value[first]
        held = text("app.at_trend", lang) if amount is None else lever_figure(p, amount, lang)
        spans.append(f"{when}{held}" if amount is None and lang == "zh" else f"{when} {held}")
    return ("；" if lang == "zh" else "; ").join(spans)


def is_switch(p: Parameter) -> bool:
    """Whether a lever is either on or off."""
    return p.unit == "yes/no"


def is_choice(p: Parameter) -> bool:
    """Whether a lever's numbers are names of rules rather than amounts."""
    return f"app.choice.{p.name}.0" in catalogue("en")


def lever_help(p: Parameter, resting: float | None, lang: str) -> str:
    """Everything the parameter table says about a lever."""
    bounds = (lever_figure(p, p.low, lang), lever_figure(p, p.high, lang))
    told = (
        ("app.help.unit", unit(p.unit, lang)),
        ("app.help.range", " – ".join(bounds)),
        ("app.help.trend", lever_figure(p, resting, lang)),
        ("app.help.source", source(p, lang)),
        ("app.help.grade", grade(p, lang)),
    )
    lines = [f"- **{text(key, lang)}** {words}" for key, words in told]
    return "\n".join([p.help(lang), "", *lines])


def figure_and_unit(
    value: float | None, printed_unit: str, lang: str, *, sign: bool = False
) -> tuple[str, str]:
    """A value in a target's own unit for the reader: per cent, points, 万人 or persons."""
    if value is None:
        return wording.number(None), ""
    mark = "+" if sign else ""
    kind = dimension(printed_unit)
    if kind == "share":
        return f"{value:{mark}.2f}", text("unit.points", lang) if sign else unit_name(
            printed_unit, lang
        )
    if kind == "persons":
        persons = to_base(value, printed_unit)
        return people(persons, lang, sign=sign), text("unit.persons", lang)
    amount, shown = in_words(value, printed_unit, lang)
    return wording.number(amount, sign=sign), shown


def figure(value: float | None, printed_unit: str, lang: str, *, sign: bool = False) -> str:
    """`figure_and_unit` as one string."""
    return " ".join(figure_and_unit(value, printed_unit, lang, sign=sign)).strip()


def goal(check: TargetCheck, lang: str) -> str:
    """Target with its operator and unit."""
    mark = wording.goal(check, lang).split(" ")[0]
    target = check.target
    if dimension(target.unit) == "persons":
        return f"{mark} {figure(target.value, target.unit, lang)}"
    return f"{mark} {wording.quantity(target.value, target.unit, lang)}"
