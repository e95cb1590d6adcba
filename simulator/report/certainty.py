"""How sure a result is: probabilities of its targets and ranges of its rates, from draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.text import Text

from simulator.i18n import people, percent, text
from simulator.outlook import LEVELS, Outlook
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.report.printed import unit_name
from simulator.run import Result
from simulator.stated_base import likely_error
from simulator.units import from_base
from simulator.vocabulary import indicators

#: Series whose ranges are shown, and the quantiles between which 80 % of draws lie.
_SHOWN = (
    "resident_population", "town_population", "hukou_population", "resident_urbanization_rate",
    "hukou_urbanization_rate",
)  # fmt: skip
_BAND = (0.10, 0.50, 0.90)


def outlook_sections(
    result: Result, outlooks: Mapping[str, Outlook], lang: str
) -> Iterator[RenderableType]:
    """Probabilities of the targets, then ranges, then what the draws do and do not hold."""
    if any(p is not None for o in outlooks.values() for p in o.probability):
        yield _probabilities(result, outlooks, lang)
    yield _ranges(result, outlooks, lang)


def _probabilities(result: Result, outlooks: Mapping[str, Outlook], lang: str) -> RenderableType:
    labels = [wording.scenario_label(result.runs[name], lang) for name in outlooks]
    headers = [text("col.indicator", lang), text("col.target_any", lang), *labels]
    table = plain_table(*headers, numbers=range(1, len(headers)))
    chances = zip(*(o.probability for o in outlooks.values()), strict=True)
    for check, row in zip(result.trend.targets, chances, strict=True):
        if any(p is not None for p in row):
            label = f"{check.indicator.label(lang)} ({check.target.at})"
            shown = (chance(p, o, lang) for p, o in zip(row, outlooks.values(), strict=True))
            table.add_row(
                label, f"{wording.goal(check, lang)} {unit_name(check.target.unit, lang)}", *shown
            )
    return section(text("report.probability", lang), table, _basis(result, outlooks, lang))


def chance(probability: float | None, outlook: Outlook, lang: str) -> str:
    """A probability with the error that the number of draws leaves."""
    if probability is None:
        return "–"
    error = outlook.monte_carlo_error(probability)
    return text("report.chance", lang, p=f"{probability:.0%}", error=f"{error:.1%}")


def _ranges(result: Result, outlooks: Mapping[str, Outlook], lang: str) -> RenderableType:
    years = wording.shown_years(result)
    headers = [text("col.indicator", lang), text("col.scenario", lang), *(str(y) for y in years)]
    table = plain_table(*headers, numbers=range(2, len(headers)))
    rows = [LEVELS.index(level) for level in _BAND]
    for name in _SHOWN:
        share = indicators()[name].unit == "%"
        unit = "%" if share else text("unit.persons", lang)
        for scenario, found in outlooks.items():
            cells = []
            for year in years:
                at = year - result.study.place.base_year
                low, middle, high = (
                    percent(v) if share else people(v, lang)
                    for v in (float(found.quantiles[name][r, at]) for r in rows)
                )
                cells.append(f"{low} – {middle} – {high}")
            label = f"{indicators()[name].label(lang)} ({unit})"
            table.add_row(label, wording.scenario_label(result.runs[scenario], lang), *cells)
    return section(text("report.ranges", lang), table)


def _basis(result: Result, outlooks: Mapping[str, Outlook], lang: str) -> Text:
    first = next(iter(outlooks.values()))
    lines = [text("report.draws", lang, n=first.draws, seed=first.seed)]
    if first.years_since_count:
        lines.append(text("report.base_error", lang, years=first.years_since_count))
    told = (stated_too_high(result, lang), thin_fit(first, lang))
    return Text("\n".join([*lines, *(line for line in told if line)]), style="dim")


def stated_too_high(result: Result, lang: str) -> str | None:
    """By how much the plan's base share is likely off, by how far it rose above the census."""
    found = likely_error(result.study.place, result.trend.start.values)
    if found is None:
        return None
    key = "report.base_rise.high" if found.error > 0.0 else "report.base_rise.low"
    ends = (found.low, found.high) if found.error > 0.0 else (-found.high, -found.low)
    error, low, high = (f"{from_base(v, '%'):.1f}" for v in (abs(found.error), *ends))
    return text(
        key, lang, year=found.year, counted=percent(found.counted), stated=percent(found.stated),
        error=error, low=low, high=high,
    )  # fmt: skip


def thin_fit(outlook: Outlook, lang: str) -> str | None:
    """On how few independent samples the fit's range rests, where they are fewer than the draws."""
    if outlook.independent >= outlook.draws:
        return None
    counts = {"n": round(outlook.independent), "draws": outlook.draws}
    return text("report.thin_fit", lang, **counts)
