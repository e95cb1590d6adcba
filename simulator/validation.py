"""From pydantic's findings and our own rules to violations with a line, a path and a way out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from simulator.errors import Violation
from simulator.figures import check_figures, named
from simulator.lever_path import (
    BETWEEN,
    RELATIVE,
    RELATIVE_HIGH,
    RELATIVE_LOW,
    WORDS,
    least,
)
from simulator.parameters import Parameter, assumptions, levers, parameters
from simulator.schema import PlaceFile, ScenarioFile
from simulator.source import Document

_TYPES = {
    "float_type": "number",
    "float_parsing": "number",
    "int_type": "integer",
    "int_from_float": "integer",
    "string_type": "text",
    "list_type": "list",
    "dict_type": "mapping",
    "model_type": "mapping",
    "model_attributes_type": "mapping",
}
_TREND = "trend"
_ANSWERS = ("yes", "no", "Yes", "No", "是", "否")
_Path = tuple[str | int, ...]
#: A lever whose range is no wider names rules, and there is nothing between two rules.
_LAST_CHOICE = 2.0


def _bare(annotation: Any) -> Any:
    """``X`` of ``X | None``, anything else as it is."""
    parts = [a for a in get_args(annotation) if a is not type(None)]
    optional = len(parts) == 1 and len(get_args(annotation)) == 2
    return parts[0] if optional else annotation


def _model_at(model: type[BaseModel], path: Iterable[str | int]) -> type[BaseModel] | None:
    """Model that holds the keys at ``path``, to name the keys it allows."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            if part not in current.model_fields:
                return None
            current = _bare(current.model_fields[str(part)].annotation)
        else:  # an item of a list, or a value of a mapping
            items = get_args(current)
            current = items[-1] if items else None
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
        return _unknown_key(document, model, path)
    if kind == "missing":
        return document.violation("missing_key", path, None, key=str(path[-1]))
    if kind == "literal_error":
        return document.violation("not_allowed", path, value, allowed=_choice(context["expected"]))
    if kind in _TYPES:
        return _wrong_type(document, path, value, _TYPES[kind])
    if kind == "greater_than_equal":
        return document.violation("below_least", path, value, least=context["ge"])
    if kind == "less_than_equal":
        return document.violation("above_most", path, value, most=context["le"])
    if kind == "finite_number":
        return document.violation("not_finite", path, value)
    if kind in ("string_pattern_mismatch", "string_too_long"):
        return document.violation("bad_id", path, value)
    if kind == "string_too_short":
        return document.violation("empty_text", path, value)
    return document.violation("invalid", path, value, reason=detail["msg"])


def _unknown_key(document: Document, model: type[BaseModel], path: _Path) -> Violation:
    """A key that is not known, with the keys that are; a lever in the wrong group is shown it."""
    holder, name = _model_at(model, path[:-1]), str(path[-1])
    allowed = sorted(holder.model_fields) if holder else []
    homes = [f"{group}.{name}" for group, members in levers().items() if name in members]
    if "levers" in path and homes:
        return document.violation("unknown_key", path, name, allowed=allowed, nearest=homes[0])
    return document.violation("unknown_key", path, name, allowed=allowed)


def _wrong_type(document: Document, path: _Path, value: Any, expected: str) -> Violation:
    """A value of the wrong type, said by what is there: nothing, text for a number, a number."""
    if value is None:
        return document.violation("no_value", path, None, expected=expected)
    answer = isinstance(value, bool) or value in _ANSWERS
    if answer and expected == "number" and {"levers", "settlement_rules"} & set(path):
        return document.violation("yes_or_no", path, value)
    if isinstance(value, str) and expected in ("number", "integer"):
        return document.violation("not_a_number", path, value, expected=expected)
    if isinstance(value, int | float) and expected == "text":
        number = not isinstance(value, bool) and path == ("code",)
        return document.violation("unquoted_code" if number else "unquoted_text", path, value)
    return document.violation("wrong_type", path, value, expected=expected)


def _parameters(document: Document, values: Mapping[str, float]) -> Iterator[Violation]:
    known = assumptions()
    for name, value in values.items():
        path = ("parameters", name)
        yield from named(document, "unknown_parameter", path, name, known)
        if name in known:
            yield from _range(document, path, value, known[name])


def _range(document: Document, path: _Path, value: Any, p: Parameter) -> Iterator[Violation]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _wrong_type(document, path, value, "number")
    elif not math.isfinite(value):
        yield document.violation("not_finite", path, value)
    elif not p.low <= value <= p.high:
        labels = {"label_en": f"{p.label_en} ({p.unit})", "label_zh": p.label_zh}
        whole = p.is_lever and p.low > parameters()[p.name].low
        code = "total_out_of_range" if whole else "out_of_range"
        yield document.violation(code, path, value, low=p.low, high=p.high, **labels)


def check_place(document: Document, place: PlaceFile) -> list[Violation]:
    """Rules across the keys of a place file."""
    return [
        *_parameters(document, place.parameters),
        *_rules(document, place),
        *check_figures(document, place),
    ]


def _rules(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """Settlement rules in force on trend are levers of their group, within their ranges."""
    known = levers()["settlement"]
    for name, value in place.settlement_rules.items():
        path = ("settlement_rules", name)
        yield from named(document, "unknown_lever", path, name, known)
        if name in known:
            yield from _range(document, path, value, known[name])


def check_scenario(
    document: Document, scenario: ScenarioFile, place: PlaceFile, horizon: int
) -> list[Violation]:
    """Rules of a scenario file, given the place and horizon it resolves to."""
    found = list(_parameters(document, scenario.parameters))
    own = scenario.horizon
    if own is not None and own <= place.base_year:
        found.append(
            document.violation("horizon_before_base", ("horizon",), own, base=place.base_year)
        )
    # A run cut short from outside the file leaves the file's own later years valid.
    last = max(horizon, own or horizon)
    for name, case in scenario.scenarios.items():
        at: _Path = ("scenarios", name)
        if name == _TREND:
            found.append(document.violation("reserved_name", at, name))
        for group, members in levers().items():
            chosen = getattr(case.levers, group) or {}
            basis = getattr(chosen, "basis", "")
            for lever, p in members.items():
                value = getattr(chosen, lever, None)
                if value is not None:
                    path = (*at, "levers", group, lever)
                    within = replace(p, low=least(p, basis))
                    found += _lever(document, path, value, within, place.base_year, last)
        found += _cited(document, at, case, place)
    return found


def _lever(
    document: Document, path: _Path, value: Any, p: Parameter, base: int, horizon: int
) -> Iterator[Violation]:
    if isinstance(value, list):
        yield _wrong_type(document, path, value, "lever")
    elif not isinstance(value, dict):
        yield from _range(document, path, value, p)
    else:
        yield from _path(document, path, value, p, base, horizon)


def _path(
    document: Document, path: _Path, value: Any, p: Parameter, base: int, horizon: int
) -> Iterator[Violation]:
    """A path by year: words that are known and fit the lever, years within the run, amounts."""
    years = {k: v for k, v in value.items() if k not in WORDS}
    relative = "relative_to" in value
    yield from _path_words(document, path, value, p)
    if not years and "value" not in value:
        yield document.violation("empty_path", path, value)
    elif years and "value" in value:
        yield document.violation("value_and_years", (*path, "value"), value["value"])
    if "value" in value:
        yield from _amount(document, (*path, "value"), value["value"], p, relative)
    for year, amount in years.items():
        if isinstance(year, str) and not year[:1].isdigit():
            yield document.violation("unknown_key", (*path, year), year, allowed=list(WORDS))
            continue
        if isinstance(year, bool) or not isinstance(year, int):
            yield document.violation("path_year", (*path, year), year)
            continue
        if year <= base:
            yield document.violation("year_before_base", (*path, year), year, base=base)
        elif year > horizon:
            yield document.violation("year_after_horizon", (*path, year), year, horizon=horizon)
        if amount is not None:
            yield from _amount(document, (*path, year), amount, p, relative)


def _path_words(document: Document, path: _Path, value: Any, p: Parameter) -> Iterator[Violation]:
    """``between`` and ``relative_to`` say something known that makes sense of this lever."""
    known = {"between": list(BETWEEN), "relative_to": ["trend"]}
    for word, allowed in known.items():
        if word in value and value[word] not in allowed:
            yield document.violation("not_allowed", (*path, word), value[word], allowed=allowed)
    labels = {"label_en": p.label_en, "label_zh": p.label_zh}
    if "relative_to" in value and p.name not in RELATIVE:
        at = (*path, "relative_to")
        found = document.violation("not_relative", at, None, **labels)
        found.params["allowed"] = list(RELATIVE)
        yield found
    if value.get("between") == "linear" and p.high - p.low <= _LAST_CHOICE:
        yield document.violation("not_linear", (*path, "between"), None, **labels)


def _amount(
    document: Document, path: _Path, value: Any, p: Parameter, relative: bool
) -> Iterator[Violation]:
    """One amount of a path: within the lever's range, or that of a relative change."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if relative and number and math.isfinite(value):
        if not RELATIVE_LOW <= value <= RELATIVE_HIGH:
            limits = {"low": RELATIVE_LOW, "high": RELATIVE_HIGH}
            yield document.violation("outside", path, value, **limits)
    else:
        yield from _range(document, path, value, p)


def _cited(document: Document, at: _Path, case: Any, place: PlaceFile) -> Iterator[Violation]:
    """Evidence and unquantified measures must name levers and documents that exist."""
    groups = levers()
    names = [*groups, *(f"{g}.{n}" for g, members in groups.items() for n in members)]
    for key in ("evidence", "not_quantified"):
        for i, item in enumerate(getattr(case, key)):
            path = (*at, key, i)
            yield from named(document, "unknown_lever", (*path, "lever"), item.lever, names)
            if item.document is not None:
                yield from named(
                    document,
                    "unknown_document",
                    (*path, "document"),
                    item.document,
                    place.documents,
                )


def check_seeds(values: Mapping[str, float], place: Document) -> list[Violation]:
    """The shares of a registration in town and away leave somebody in the villages."""
    found = []
    for kind in ("urban", "rural"):
        names = (f"seed_{kind}_town", f"seed_{kind}_away")
        total = sum(values[name] for name in names)
        if total >= 1.0:
            about = {"names": " + ".join(names)}
            found.append(place.violation("seeds_above_one", ("parameters",), total, **about))
    return found
