"""From pydantic's findings and our own rules to violations with a line, a path and a way out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from simulator.errors import Violation, nearest
from simulator.parameters import Parameter, assumptions, levers
from simulator.schema import Fact, PlaceFile, ScenarioFile, Strict, Target
from simulator.source import Document
from simulator.units import dimension, to_base
from simulator.vocabulary import indicators

_TYPES = {
    "float_type": "number",
    "float_parsing": "number",
    "int_type": "integer",
    "int_from_float": "integer",
    "string_type": "text",
    "bool_type": "yes_no",
    "list_type": "list",
    "dict_type": "mapping",
    "model_type": "mapping",
    "model_attributes_type": "mapping",
}
_TREND = "trend"


def _model_at(model: type[BaseModel], path: Iterable[str | int]) -> type[BaseModel] | None:
    """Model that holds the keys at ``path``, to name the keys it allows."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            if part not in current.model_fields:
                return None
            current = current.model_fields[str(part)].annotation
        candidates = [current, *get_args(current)]
        models = [m for m in candidates if isinstance(m, type) and issubclass(m, Strict)]
        if models:
            current = models[0]
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _choice(expected: str) -> list[str]:
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]


def from_pydantic(
    document: Document, model: type[BaseModel], error: ValidationError
) -> list[Violation]:
    """Violations for everything pydantic found in one file."""
    return [_translate(document, model, detail) for detail in error.errors()]


def _translate(document: Document, model: type[BaseModel], detail: Any) -> Violation:
    kind, path, value, context = (
        detail["type"],
        tuple(detail["loc"]),
        detail["input"],
        detail.get("ctx", {}),
    )
    if path and path[-1] == "[key]":
        path = path[:-1]
    if kind == "extra_forbidden":
        holder = _model_at(model, path[:-1])
        allowed = sorted(holder.model_fields) if holder else []
        name = str(path[-1])
        return document.violation(
            "unknown_key", path, name, allowed=allowed, nearest=nearest(name, allowed)
        )
    if kind == "missing":
        return document.violation("missing_key", path, None, key=str(path[-1]))
    if kind == "literal_error":
        allowed = _choice(context["expected"])
        return document.violation(
            "not_allowed", path, value, allowed=allowed, nearest=nearest(str(value), allowed)
        )
    if kind in _TYPES:
        if path == ("code",) and isinstance(value, int):
            return document.violation("unquoted_code", path, value)
        return document.violation("wrong_type", path, value, expected=_TYPES[kind])
    if kind in ("greater_than_equal", "less_than_equal"):
        low, high = context.get("ge"), context.get("le")
        return document.violation("out_of_range", path, value, low=low, high=high, unit="")
    if kind == "finite_number":
        return document.violation("not_finite", path, value)
    if kind in ("string_pattern_mismatch", "string_too_long"):
        return document.violation("bad_id", path, value)
    if kind == "string_too_short":
        return document.violation("empty_text", path, value)
    return document.violation("invalid", path, value, reason=detail["msg"])


def _named(
    document: Document, code: str, path: tuple[str | int, ...], name: str, allowed: Iterable[str]
) -> Iterator[Violation]:
    names = list(allowed)
    if name not in names:
        close = nearest(name, names)
        yield document.violation(code, path, name, nearest=close, allowed=names)


def _parameters(document: Document, values: Mapping[str, float]) -> Iterator[Violation]:
    known = assumptions()
    for name, value in values.items():
        path = ("parameters", name)
        yield from _named(document, "unknown_parameter", path, name, known)
        if name in known:
            yield from _range(document, path, value, known[name])


def _range(
    document: Document, path: tuple[str | int, ...], value: Any, p: Parameter
) -> Iterator[Violation]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield document.violation("wrong_type", path, value, expected="number")
    elif not math.isfinite(value):
        yield document.violation("not_finite", path, value)
    elif not p.low <= value <= p.high:
        yield document.violation("out_of_range", path, value, low=p.low, high=p.high, unit=p.unit)


def _figure(
    document: Document, path: tuple[str | int, ...], figure: Fact | Target, place: PlaceFile
) -> Iterator[Violation]:
    """Rules that facts and targets share."""
    known = indicators()
    yield from _named(document, "unknown_indicator", (*path, "indicator"), figure.indicator, known)
    yield from _named(
        document, "unknown_document", (*path, "document"), figure.document, place.documents
    )
    if figure.indicator not in known:
        return
    indicator, size = known[figure.indicator], dimension(figure.unit)
    if indicator.kind != "modelled":
        return
    wanted = dimension(indicator.unit)
    if size != wanted:
        yield document.violation("wrong_unit", (*path, "unit"), figure.unit, example=indicator.unit)
        return
    amount = to_base(figure.value, figure.unit)
    if wanted == "share" and not 0.0 <= amount <= 1.0:
        yield document.violation("share_outside", (*path, "value"), figure.value, unit=figure.unit)
    if wanted == "persons" and amount < 0.0 and figure.indicator != "hukou_minus_resident":
        yield document.violation("negative", (*path, "value"), figure.value, unit=figure.unit)


def check_place(document: Document, place: PlaceFile) -> list[Violation]:
    """Rules across the figures of a place file."""
    found = list(_parameters(document, place.parameters))
    for i, fact in enumerate(place.facts):
        path = ("facts", i)
        found += _figure(document, path, fact, place)
        if fact.use == "base" and fact.at != place.base_year:
            found.append(
                document.violation("base_fact_year", (*path, "year"), fact.at, base=place.base_year)
            )
        if fact.use == "history" and (fact.at is None or fact.at > place.base_year):
            found.append(
                document.violation(
                    "history_after_base", (*path, "year"), fact.at, base=place.base_year
                )
            )
        if fact.use == "outcome" and (fact.at is None or fact.at <= place.base_year):
            found.append(
                document.violation(
                    "outcome_before_base", (*path, "year"), fact.at, base=place.base_year
                )
            )
    for i, target in enumerate(place.targets):
        path = ("targets", i)
        found += _figure(document, path, target, place)
        if target.at is None:
            found.append(document.violation("no_year", (*path, "year"), None))
        elif target.at <= place.base_year:
            found.append(
                document.violation(
                    "year_before_base", (*path, "year"), target.at, base=place.base_year
                )
            )
    return [
        *found,
        *_rules(document, place),
        *_repeated(document, place),
        *_totals(document, place),
    ]


def _rules(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """Settlement rules in force on trend are levers of their group, within their ranges."""
    known = levers()["settlement"]
    for name, value in place.settlement_rules.items():
        path = ("settlement_rules", name)
        yield from _named(document, "unknown_lever", path, name, known)
        if name in known:
            yield from _range(document, path, value, known[name])


def _repeated(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """Two usable figures for one indicator and year: which one counts must be said."""
    seen: dict[tuple[str, int | None, str], int] = {}
    for i, fact in enumerate(place.facts):
        if fact.use in ("base", "history"):
            key = (fact.indicator, fact.at, fact.scope)
            if key in seen:
                first = document.line(("facts", seen[key]))
                yield document.violation("repeated_fact", ("facts", i), fact.indicator, first=first)
            seen.setdefault(key, i)


def _totals(document: Document, place: PlaceFile) -> list[Violation]:
    """A place needs residents and a way to split them between town and village."""
    usable = {f.indicator for f in place.facts if f.use in ("base", "history")}
    found = []
    if "resident_population" not in usable:
        found.append(
            document.violation("missing_totals", ("facts",), None, needed="resident_population")
        )
    if not usable & {"resident_urbanization_rate", "town_population"}:
        needed = "resident_urbanization_rate / town_population"
        found.append(document.violation("missing_totals", ("facts",), None, needed=needed))
    return found


def check_scenario(
    document: Document, scenario: ScenarioFile, place: PlaceFile, horizon: int
) -> list[Violation]:
    """Rules of a scenario file, given the place and horizon it resolves to."""
    found = list(_parameters(document, scenario.parameters))
    if horizon <= place.base_year:
        found.append(
            document.violation("horizon_before_base", ("horizon",), horizon, base=place.base_year)
        )
    for name, case in scenario.scenarios.items():
        at: tuple[str | int, ...] = ("scenarios", name)
        if name == _TREND:
            found.append(document.violation("reserved_name", at, name))
        for group, members in levers().items():
            chosen = getattr(case.levers, group) or {}
            for lever, p in members.items():
                value = getattr(chosen, lever, None)
                if value is not None:
                    path = (*at, "levers", group, lever)
                    found += _lever(document, path, value, p, place.base_year, horizon)
        found += _cited(document, at, case, place)
    return found


def _lever(
    document: Document,
    path: tuple[str | int, ...],
    value: Any,
    p: Parameter,
    base: int,
    horizon: int,
) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield from _range(document, path, value, p)
        return
    if not value:
        yield document.violation("empty_path", path, value)
    for year, amount in value.items():
        if isinstance(year, bool) or not isinstance(year, int):
            yield document.violation("path_year", (*path, year), year)
            continue
        if year <= base:
            yield document.violation("year_before_base", (*path, year), year, base=base)
        elif year > horizon:
            yield document.violation("year_after_horizon", (*path, year), year, horizon=horizon)
        if amount is not None:
            yield from _range(document, (*path, year), amount, p)


def _cited(
    document: Document, at: tuple[str | int, ...], case: Any, place: PlaceFile
) -> Iterator[Violation]:
    """Evidence and unquantified measures must name levers and documents that exist."""
    groups = levers()
    names = [*groups, *(f"{g}.{n}" for g, members in groups.items() for n in members)]
    for key in ("evidence", "not_quantified"):
        for i, item in enumerate(getattr(case, key)):
            path = (*at, key, i)
            yield from _named(document, "unknown_lever", (*path, "lever"), item.lever, names)
            if item.document is not None:
                yield from _named(
                    document,
                    "unknown_document",
                    (*path, "document"),
                    item.document,
                    place.documents,
                )
