"""A study written out in full: every value with its unit, and where it came from."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from simulator.calibration import Fit
from simulator.indicators import measure
from simulator.launch import Launch
from simulator.parameters import assumptions, levers
from simulator.presets import preset_values
from simulator.run import Result, Run
from simulator.schema import Fact, PlaceFile, Target

_DIGITS = 6


def resolved(result: Result, run: Run) -> dict[str, Any]:
    """One scenario resolved, as plain values in a stable order."""
    study = result.study
    place = study.place
    return {
        "place": {
            "id": place.id, "name": place.name.model_dump(), "code": place.code,
            "province": place.province, "prefecture": place.prefecture, "level": place.level,
            "base_year": place.base_year,
        },
        "scenario": run.id,
        "horizon": study.horizon,
        "seed": study.seed,
        "documents": {k: v.model_dump(exclude_none=True) for k, v in place.documents.items()},
        "levers": _levers(run),
        "evidence": [e.model_dump(exclude_none=True) for e in run.case.evidence],
        "not_quantified": [n.model_dump() for n in run.case.not_quantified],
        "baseline": _baseline(result.start, place),
        "fit": None if result.start.fit is None else _fit(result.start.fit),
        "fit_at_face_value": _face_value(result),
        "parameters": _parameters(result),
        "facts": [_figure(f) for f in place.facts],
        "targets": [_figure(t) for t in place.targets],
    }  # fmt: skip


def resolved_yaml(result: Result, run: Run) -> str:
    """`resolved` as YAML text."""
    yaml = YAML()
    yaml.width, yaml.allow_unicode, yaml.default_flow_style = 100, True, False
    stream = io.StringIO()
    yaml.dump(resolved(result, run), stream)
    return stream.getvalue()


def _rounded(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")


def _levers(run: Run) -> dict[str, Any]:
    """Every lever: the value set, a preset's, or the trend's; unit and source from the table."""
    found: dict[str, Any] = {}
    preset = getattr(run.case.levers.settlement, "preset", None)
    rules = preset_values(preset) if preset is not None else {}
    for group, members in levers().items():
        chosen = getattr(run.case.levers, group)
        for name, p in members.items():
            value, origin = getattr(chosen, name, None), Path(run.study.file).name
            if value is None and name in rules:
                value, origin = rules[name], f"preset {preset}"
            at_rest = run.study.place.settlement_rules.get(name, p.central)
            found[f"{group}.{name}"] = {
                "value": at_rest if value is None else value,
                "set_by": "trend" if value is None else origin,
                "unit": p.unit,
                "source": p.source,
            }
        if chosen is not None:
            found[f"{group}.basis"] = chosen.basis
    return found


def _baseline(start: Launch, place: PlaceFile) -> dict[str, Any]:
    """Totals of the base year; what neither a fact nor a rule gives follows from the others."""
    year, stocks = place.base_year, measure(start.population)
    rules = {a.quantity: f"assumed: {a.rule}" for a in start.assumed}
    stated = {f.indicator for f in place.facts if f.use in ("base", "history") and f.at == year}
    origin = dict.fromkeys(stated, "facts") | rules
    values = {
        "resident_population": ("persons", float(stocks.resident_population)),
        "town_population": ("persons", float(stocks.town_population)),
        "resident_urbanization_rate": ("share", float(stocks.resident_urbanization_rate)),
        "hukou_population": ("persons", float(stocks.hukou_population)),
        "hukou_urbanization_rate": ("share", float(stocks.hukou_urbanization_rate)),
        "out_migrants": ("persons", float(stocks.out_migrants)),
        "nonlocal_residents": ("persons", float(stocks.nonlocal_residents)),
        "seat_share": ("share of town residents", start.seat_share),
    }
    return {
        name: {
            "year": year, "value": _rounded(value), "unit": unit,
            "from": origin.get(name, "derived"),
        }
        for name, (unit, value) in values.items()
    } | {"age_structure": origin.get("age_structure", "facts")}  # fmt: skip


def _fit(fit: Fit) -> dict[str, Any]:
    """The fit: what was seen, what the model says, and what it could not tell apart."""
    table = assumptions()
    return {
        "method": "maximum a posteriori in log space; sd of logs; docs/model.md",
        "start_year": fit.start_year,
        "levels_shift_after": fit.shift_after,
        "fitted": {
            name: {
                "value": _rounded(fit.values[name]),
                "unit": table[name].unit,
                "prior": table[name].central,
                "prior_log_sd": _rounded(fit.prior_log_sd[name]),
                "log_sd": _rounded(fit.log_sd[name]),
            }
            for name in fit.names
        },
        "observations": [
            {
                "year": o.year, "indicator": o.indicator, "observed": _rounded(o.value),
                "fitted": _rounded(float(f)), "sd": _rounded(o.sd),
                "residual_sd": _rounded((float(f) - o.value) / o.sd),
            }
            for o, f in zip(fit.observations, fit.fitted, strict=True)
        ],
        "not_told_apart": [
            {"pair": [a, b], "correlation": _rounded(c)} for a, b, c in fit.confounded()
        ],
    }  # fmt: skip


def _face_value(result: Result) -> dict[str, Any] | None:
    if result.face_value is None or result.face_value.start.fit is None:
        return None
    return _fit(result.face_value.start.fit)


def _parameters(result: Result) -> dict[str, Any]:
    values, fit = result.start.values, result.start.fit
    found: dict[str, Any] = {}
    for name, p in assumptions().items():
        origin = "parameters.csv"
        if name in result.study.overridden:
            origin = Path(result.study.overridden[name]).name
        elif fit is not None and name in fit.names:
            origin = "fitted"
        found[name] = {
            "value": _rounded(values[name]), "unit": p.unit, "low": p.low, "high": p.high,
            "from": origin, "grade": p.grade, "source": p.source,
        }  # fmt: skip
    return found


def _figure(figure: Fact | Target) -> dict[str, Any]:
    return figure.model_dump(exclude_none=True, exclude_defaults=True)
