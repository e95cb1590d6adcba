"""Violations as lines a person can act on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from simulator.errors import ScenarioError, Violation
from simulator.i18n import catalogue, placeholders, text
from simulator.report.markup import verbatim

_MAX_ALLOWED = 12
_MAX_VALUE = 120
_IN_YAML = {"Infinity": ".inf", "-Infinity": "-.inf", "NaN": ".nan"}


def describe(violation: Violation, lang: str) -> str:
    """One violation: ``file:line: path: message; value; allowed; nearest name``."""
    template = catalogue(lang)[f"error.{violation.code}"]
    params: dict[str, Any] = {key: _plain(value) for key, value in violation.params.items()}
    if "expected" in params:
        params["expected"] = text(f"type.{violation.params['expected']}", lang)
    for key in [k for k in params if k.endswith(f"_{lang}")]:
        params[key.removesuffix(f"_{lang}")] = params[key]
    if "errno" in params:
        params["reason"] = system_said(str(params["errno"]), str(params["reason"]), lang)
    params["value"] = _named(violation.value)
    message = template.format(**params)
    place = violation.file if violation.line is None else f"{violation.file}:{violation.line}"
    where = (place, _named(violation.path)) if violation.path else (place,)
    parts = [": ".join((*where, message))]
    if violation.value is not None and "value" not in placeholders(template):
        parts.append(text("error.value", lang, value=_shown(violation.value)))
    if params.get("allowed"):
        parts.append(text("error.allowed", lang, allowed=_listed(params["allowed"])))
    if params.get("nearest"):
        parts.append(text("error.nearest", lang, nearest=params["nearest"]))
    return _printable(("；" if lang == "zh" else "; ").join(parts))


def system_said(name: str, said: str, lang: str) -> str:
    """Why the system refuses a file: our words for it, its own behind them.

    Parameters
    ----------
    name : of the error, such as ``EISDIR``
    said : the system's words
    """
    key = f"system.{name.lower()}"
    own = catalogue(lang).get(key)
    return said if own is None else text("system.quoted", lang, own=own, said=said)


def as_markdown(violation: Violation, lang: str) -> str:
    """`describe` for a page: words of others are never taken for markup."""
    return verbatim(describe(violation, lang))


def describe_all(error: ScenarioError, lang: str) -> str:
    """Every violation of an error, a line each, under a heading."""
    lines = [text("error.heading", lang, n=len(error.violations))]
    lines += [f"  {describe(v, lang)}" for v in error.violations]
    return "\n".join(lines)


def _shown(value: object) -> str:
    """A value as the file has it, in one line: text in quotes, true and false, groups in braces."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    words = json.dumps(value, ensure_ascii=False, default=str)
    words = _IN_YAML.get(words, words)
    return words if len(words) <= _MAX_VALUE else f"{words[:_MAX_VALUE]}…"


def _named(value: object) -> str:
    """A name within a sentence: no quotes, and no line break or control character either."""
    words = str(value)
    return words if words.isprintable() and len(words) <= _MAX_VALUE else _shown(value)


def _printable(line: str) -> str:
    """A line without characters that are not seen, or that turn others about; each is named."""
    return "".join(c if c.isprintable() or c == "\u3000" else f"\\u{ord(c):04x}" for c in line)


def _plain(value: object) -> object:
    """A limit as people write it: 200000, not 200000.0."""
    return f"{value:.10g}" if isinstance(value, float) else value


def _listed(allowed: Sequence[str]) -> str:
    listed = ", ".join(allowed[:_MAX_ALLOWED])
    return f"{listed}, …" if len(allowed) > _MAX_ALLOWED else listed
