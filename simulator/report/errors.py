"""Violations as lines a person can act on."""

from __future__ import annotations

from simulator.errors import ScenarioError, Violation
from simulator.i18n import catalogue, text

_MAX_ALLOWED = 12
_MAX_VALUE = 60


def describe(violation: Violation, lang: str) -> str:
    """One violation: ``file:line: path: message; value; allowed; nearest name``."""
    params = dict(violation.params)
    if violation.code == "wrong_type":
        params["expected"] = text(f"type.{params['expected']}", lang)
    params["value"] = violation.value
    message = catalogue(lang)[f"error.{violation.code}"].format(**params)
    place = violation.file if violation.line is None else f"{violation.file}:{violation.line}"
    parts = [f"{place}: {violation.path}: {message}" if violation.path else f"{place}: {message}"]
    shown = _shown(violation.value)
    if shown and shown not in message:
        parts.append(text("error.value", lang, value=shown))
    if params.get("nearest"):
        parts.append(text("error.nearest", lang, nearest=params["nearest"]))
    if params.get("allowed"):
        parts.append(text("error.allowed", lang, allowed=_listed(params["allowed"])))
    return ("；" if lang == "zh" else "; ").join(parts)


def describe_all(error: ScenarioError, lang: str) -> str:
    """Every violation of an error, a line each, under a heading."""
    lines = [text("error.heading", lang, n=len(error.violations))]
    lines += [f"  {describe(v, lang)}" for v in error.violations]
    return "\n".join(lines)


def _shown(value: object) -> str:
    if value is None:
        return ""
    words = str(value)
    return words if len(words) <= _MAX_VALUE else f"{words[:_MAX_VALUE]}…"


def _listed(allowed: list[str]) -> str:
    listed = ", ".join(allowed[:_MAX_ALLOWED])
    return f"{listed}, …" if len(allowed) > _MAX_ALLOWED else listed
