"""What a place's history says of its flows: the fit, its residuals, what it cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from simulator.calibration import Fit, Observation
from simulator.i18n import percent, text
from simulator.launch import Launch
from simulator.parameters import assumptions
from simulator.report import wording
from simulator.report.layout import plain_table, section
from simulator.scenario import Study
from simulator.totals import RATES
from simulator.vocabulary import indicators

#: A width that has shrunk to less than this part of the prior's shows that the place has spoken.
SPOKEN = 0.8
_NAMES = (
    "out_migration_level", "arrival_share", "rural_to_urban_level", "reclassification_level",
    "return_level", "settled_elsewhere_level", "hukou_conversion_level", "fertility_ratio",
)  # fmt: skip


def calibration_view(study: Study, start: Launch, lang: str) -> Iterator[RenderableType]:
    """Levels with prior and posterior, figures with residuals, pairs that stay confounded."""
    place = study.place.name.get(lang)
    if start.fit is None:
        yield Text(text("calibrate.no_history", lang, place=place, year=study.place.base_year))
        yield section(text("calibrate.levels", lang), _levels_without_fit(start, lang))
        return
    fit = start.fit
    yield Text(
        text("calibrate.opening", lang, place=place, first=fit.start_year,
             last=study.place.base_year, figures=len(fit.observations))
    )  # fmt: skip
    yield section(text("calibrate.levels", lang), _levels(fit, start, lang))
    yield section(text("calibrate.figures", lang), _figures(fit, lang))
    yield section(text("calibrate.confounded", lang), _confounded(fit, lang))


def _label(name: str, lang: str) -> str:
    p = assumptions()[name]
    return f"{p.label_zh if lang == 'zh' else p.label_en} ({name})"


def _levels_without_fit(start: Launch, lang: str) -> RenderableType:
    table = plain_table(*(text(f"calibrate.col.{c}", lang) for c in ("level", "value", "from")))
    for name in _NAMES:
        origin = "learnt" if name in start.learnt else "table"
        table.add_row(
            _label(name, lang), f"{start.values[name]:.4f}", text(f"calibrate.from.{origin}", lang)
        )
    return table


def _levels(fit: Fit, start: Launch, lang: str) -> RenderableType:
    columns = ("level", "prior", "from", "value", "prior_width", "width", "spoken")
    table = plain_table(*(text(f"calibrate.col.{c}", lang) for c in columns))
    for name in fit.names:
        spoken = fit.log_sd[name] < SPOKEN * fit.prior_log_sd[name]
        origin = "learnt" if name in start.learnt else "table"
        table.add_row(
            _label(name, lang),
            f"{fit.prior[name]:.4f}",
            text(f"calibrate.from.{origin}", lang),
            f"{fit.values[name]:.4f}",
            percent(fit.prior_log_sd[name]),
            percent(fit.log_sd[name]),
            text("calibrate.yes" if spoken else "calibrate.no", lang),
        )
    return table


def _figures(fit: Fit, lang: str) -> RenderableType:
    columns = ("year", "indicator", "stated", "fitted", "residual")
    table = plain_table(*(text(f"calibrate.col.{c}", lang) for c in columns))
    for o, fitted in zip(fit.observations, fit.fitted, strict=True):
        table.add_row(
            str(o.year),
            indicators()[o.indicator].label(lang),
            _shown(o, o.value, lang),
            _shown(o, float(fitted), lang),
            f"{(float(fitted) - o.value) / o.sd:+.1f}",
        )
    return table


def _shown(o: Observation, value: float, lang: str) -> str:
    return (
        f"{percent(value)} %" if o.indicator in RATES else wording.value_of(value, "persons", lang)
    )


def _confounded(fit: Fit, lang: str) -> RenderableType:
    lines = [
        text("calibrate.pair", lang, first=_label(a, lang), second=_label(b, lang),
             correlation=f"{c:+.2f}")
        for a, b, c in fit.confounded()
    ]  # fmt: skip
    return Group(*(Text(line) for line in lines or [text("calibrate.none", lang)]))
