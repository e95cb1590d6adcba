"""The head of the page as HTML: the answer, and a card for each target the model can project."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from simulator.i18n import text
from simulator.outlook import Outlook
from simulator.report import certainty, plan_base, wording, words
from simulator.report.printed import region
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.targets import TargetCheck
from simulator.units import from_base, to_base


class Change(NamedTuple):
    """A lever that was changed, in words: its name, a mark of weak evidence, before, now."""

    name: str
    mark: str
    before: str
    now: str


_MARK = {"met": "✓", "missed": "✗"}
_FULL = 100.0


def heading(result: Result, current: Run, lang: str) -> str:
    """Title of the page and the answer in a sentence."""
    place = result.study.place
    title = text("report.title", lang, name=place.name.get(lang))
    where = region(f"{place.province} {place.prefecture or ''}".strip(), lang)
    basis = text("app.basis", lang, **wording.span(result, lang))
    return (
        f'<header class="cus-head"><p class="cus-over">{escape(text("app.title", lang))}</p>'
        f"<h1>{escape(title)}</h1>"
        f'<p class="cus-answer">{escape(answer(result, current, lang))}</p>'
        f'<p class="cus-muted">{escape(where)} · {escape(basis)}</p></header>'
    )


def changed(told: Sequence[Change], lang: str) -> str:
    """What I changed, against the scenario that was loaded."""
    rows = "".join(
        f"<li>{escape(c.name)}{_mark(c.mark)}: {escape(c.before)} → <b>{escape(c.now)}</b></li>"
        for c in told
    )
    return (
        f'<div class="cus-changed"><b>{escape(text("app.changed", lang))}</b><ul>{rows}</ul></div>'
    )


def _mark(words_: str) -> str:
    return f' <span class="cus-assumption">{escape(words_)}</span>' if words_ else ""


def answer(result: Result, current: Run, lang: str) -> str:
    """How many targets the scenario meets, and how many the trend does."""
    judged = _judged(current)
    if not judged:
        return text("app.answer.none", lang)
    met, on_trend = (sum(c.status == "met" for c in _judged(r)) for r in (current, result.trend))
    label = wording.scenario_label(current, lang)
    if current.id == TREND:
        return text("app.answer.trend", lang, n=len(judged), met=met)
    return text("app.answer.policy", lang, scenario=label, n=len(judged), met=met, trend=on_trend)


def _judged(run: Run) -> list[TargetCheck]:
    return [c for c in run.targets if c.status != "not_modelled"]


def cards(result: Result, current: Run, outlook: Outlook | None, lang: str) -> str:
    """A card for each modelled target; its probability once there are draws."""
    label, trend = wording.scenario_label(current, lang), result.trend
    counted = _counted(result)
    chances = outlook.probability if outlook is not None else (None,) * len(current.targets)
    body = ""
    for now, base, chance in zip(current.targets, trend.targets, chances, strict=True):
        if now.status != "not_modelled":
            about = [
                (text("app.card.probability", lang), *_chance(chance, outlook, lang)),
                *_happened(counted, now, lang),
            ]
            start = plan_base.base_of(now, result.study.place, lang, unit=True)
            body += _card(now, base, start, about, label, lang)
    told = escape(text("app.cards", lang))
    thin = certainty.thin_fit(outlook, lang) if outlook is not None else None
    lines = (thin, certainty.stated_too_high(result, lang))
    notes = "".join(f'<p class="cus-muted">{escape(line)}</p>' for line in lines if line)
    return f'<section class="cus-cards" aria-label="{told}">{body}</section>{notes}'


def _chance(probability: float | None, outlook: Outlook | None, lang: str) -> tuple[str, str]:
    """Probability of a target in words, and the style of the words."""
    if outlook is None:
        return text("app.card.probability_none", lang), "cus-muted"
    return certainty.chance(probability, outlook, lang), ""


def _counted(result: Result) -> dict[tuple[str, int | None], float]:
    """What was counted of the whole place since the base, by indicator and year, in base units."""
    found: dict[tuple[str, int | None], float] = {}
    for name, year, value, _, unit in result.outcomes():
        found.setdefault((name, year), to_base(value, unit))
    return found


def _happened(
    counted: dict[tuple[str, int | None], float], now: TargetCheck, lang: str
) -> list[tuple[str, str, str]]:
    """What was counted in the target's year, where that is known: a line of the card, or none."""
    target = now.target
    value = counted.get((target.indicator, target.at))
    if value is None or target.scope != "place":
        return []
    shown = words.figure(from_base(value, target.unit), target.unit, lang)
    return [(text("app.card.happened", lang), shown, "cus-strong")]


def _card(
    now: TargetCheck,
    base: TargetCheck,
    start: str,
    about: list[tuple[str, str, str]],
    label: str,
    lang: str,
) -> str:
    """``start``: where the plan starts from, in words."""
    target = now.target
    status = f"{_MARK[now.status]} {text(f'status.{now.status}', lang)}"
    gap = words.figure(now.gap, target.unit, lang, sign=True)
    reached = str(now.first_year_met) if now.first_year_met is not None else text("never", lang)
    lines = [
        *([(text("col.plan_base", lang), start, "")] if target.baseline is not None else []),
        (text("app.card.target", lang, year=target.at), words.goal(now, lang), ""),
        (text("app.gap", lang), gap, f"cus-{now.status}"),
        (text("app.card.trend", lang), words.figure(base.projected, target.unit, lang), ""),
        (text("col.first", lang), reached, ""),
        *about,
    ]
    rows = "".join(
        f'<div><dt>{escape(name)}</dt><dd class="{style}">{escape(value)}</dd></div>'
        for name, value, style in lines
    )
    shown, unit = words.figure_and_unit(now.projected, target.unit, lang)
    name = wording.target_label(now, lang)
    return (
        f'<article class="cus-card cus-edge-{now.status}" data-target="{now.indicator.name}">'
        f'<div class="cus-top"><h2>{escape(name)}</h2>'
        f'<span class="cus-badge cus-badge-{now.status}">{escape(status)}</span>'
        f'</div><p class="cus-value">{escape(shown)} <small>{escape(unit)}</small></p>'
        f'<p class="cus-muted">{escape(label)} · {target.at}</p>'
        f"{_track(now, base, start, lang)}<dl>{rows}</dl></article>"
    )


def _track(now: TargetCheck, base: TargetCheck, begins: str, lang: str) -> str:
    """How far from the plan's base to its target: a bar, with a dashed tick at the trend."""
    target, start = now.target, now.target.baseline
    if start is None or now.projected is None or base.projected is None:
        return '<div class="cus-track-gap"></div>'
    low, high = (
        min(start.value, now.projected, base.projected),
        max(target.value, now.projected, base.projected),
    )
    if high <= low or target.op == "<=":
        return '<div class="cus-track-gap"></div>'

    def at(value: float) -> float:
        return _FULL * (value - low) / (high - low)

    first, last = sorted((at(start.value), at(now.projected)))
    told = text("app.card.track", lang, base=begins)
    return (
        f'<div class="cus-track" role="img" aria-label="{escape(told)}" title="{escape(told)}">'
        f'<i class="cus-fill-{now.status}" style="left:{first:.1f}%;width:{last - first:.1f}%"></i>'
        f'<b class="cus-tick-trend" style="left:{at(base.projected):.1f}%"></b>'
        f'<b class="cus-tick-target" style="left:{at(target.value):.1f}%"></b></div>'
    )
