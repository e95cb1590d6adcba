"""What the trend would be if estimates that a census corrected were taken as counts."""

from __future__ import annotations

from simulator.i18n import percent, text
from simulator.report import wording
from simulator.run import Result
from simulator.schema import Fact


def sentence(result: Result, lang: str) -> str | None:
    """What the trend would be if superseded estimates were taken as counts."""
    naive = result.face_value
    if naive is None:
        return None
    place, year = result.study.place, min(result.study.horizon, _last_target_year(result))
    at = year - place.base_year
    facts = place.facts
    before = [f for f in facts if f.use == "superseded" and f.indicator == "resident_population"]
    after = [f for f in facts if f.use == "history" and f.indicator == "resident_population"]
    gaps = [
        f
        for f in facts
        if f.indicator == "hukou_minus_resident" and f.use in ("superseded", "history")
    ]
    if not before or not after or len(gaps) < 2:
        return None
    gaps.sort(key=lambda f: f.at or 0)

    def counted(figure: Fact) -> str:
        return f"{wording.quantity(figure.value, figure.unit, lang)} ({figure.at})"

    shown = {"before": ", ".join(map(counted, before)), "after": counted(after[-1]),
             "gap_before": counted(gaps[0]), "gap_after": counted(gaps[-1])}  # fmt: skip
    for name, run in (("naive", naive), ("trend", result.trend)):
        people, rate = run.stocks.resident_population[at], run.stocks.resident_urbanization_rate[at]
        shown[name] = wording.value_of(float(people), "persons", lang)
        shown[f"{name}_rate"] = percent(float(rate))
    return text("report.face_value_text", lang, year=year, **shown)


def _last_target_year(result: Result) -> int:
    years = [t.at for t in result.study.place.targets if t.at is not None]
    return max(years, default=result.study.horizon)
