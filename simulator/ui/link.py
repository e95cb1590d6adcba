"""The page as a link: every lever in the address, and what of it could not be restored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

import streamlit as st

import simulator
from simulator.i18n import text
from simulator.lever_path import least
from simulator.parameters import Parameter, table_hash
from simulator.report.markup import verbatim
from simulator.report.words import LeverValue
from simulator.run import Result
from simulator.ui import session
from simulator.ui.draft import BASES, Draft, equal, lever_table, lowest
from simulator.ui.library import Entry, source_bytes

_YEARS = range(1949, 2101)
_DIGEST = 10
_LONGEST = 2000


def model_version() -> str:
    """Version of program and parameter table: numbers of two versions may differ."""
    return f"{simulator.__version__}-{table_hash()[:_DIGEST]}"


def place_version(entry: Entry) -> str:
    """Digest of a file: its figures may have changed since a link was made."""
    return hashlib.sha256(source_bytes(entry)).hexdigest()[:_DIGEST]


def query(entry: Entry, start: str, horizon: int, draft: Draft, lang: str) -> str:
    """The query of a link that restores file, scenario, horizon, language and every lever."""
    parts = {
        "v": model_version(), "d": place_version(entry), "f": entry.key, "s": start,
        "h": str(horizon), "b": draft.basis, "lang": lang,
    }  # fmt: skip
    levers = {f"x.{name}": _written(value) for name, value in draft.values.items()}
    return urlencode({**parts, **levers}, safe=":,")


def _written(value: LeverValue) -> str:
    if not isinstance(value, Mapping):
        return repr(float(value))
    spans = (f"{y}:{'' if v is None else repr(float(v))}" for y, v in sorted(value.items()))
    return ",".join(spans)


def _number(p: Parameter, words: str) -> float:
    value = float(words)
    if not p.low <= value <= p.high:
        raise ValueError(words)
    if p.unit == "yes/no" and value not in (0.0, 1.0):
        raise ValueError(words)
    return value


def read(p: Parameter, words: str) -> LeverValue:
    """A lever as a link has it.

    Raises
    ------
    ValueError
        If it is no number or path within the lever's range.
    """
    if ":" not in words:
        return _number(p, words)
    path: dict[int, float | None] = {}
    for span in words[:_LONGEST].split(","):
        year, _, amount = span.partition(":")
        if int(year) not in _YEARS or int(year) in path:
            raise ValueError(words)
        path[int(year)] = _number(p, amount) if amount else None
    return MappingProxyType(path)


def take(found: Mapping[str, Entry]) -> None:
    """Read the address once a session: which file and language; the rest waits for the file."""
    if "link" in st.session_state:
        return
    given = {k: str(v)[:_LONGEST] for k, v in st.query_params.to_dict().items()}
    st.session_state["link"] = given
    st.session_state["link_told"] = []
    if "f" not in given:
        return
    if given["f"] in found:
        st.session_state["entry"] = given["f"]
        st.session_state["start"] = given.get("s")
    else:
        _tell("file", value=given["f"])
        st.session_state["link"] = {}


def take_levers(first: Result) -> None:
    """Set the levers that the address names, and remember what could not be taken over."""
    given: dict[str, str] = st.session_state["link"]
    if "f" not in given or st.session_state.get("link_taken"):
        return
    st.session_state["link_taken"] = True
    if given.get("s") not in first.runs:
        _tell("scenario", value=given.get("s", ""))
    if given.get("v") != model_version():
        _tell("version", value=given.get("v", "?"), now=model_version())
    values: dict[str, LeverValue] = {}
    for key, words in given.items():
        if key.startswith("x."):
            name = key.removeprefix("x.")
            try:
                values[name] = read(lever_table()[name], words)
            except (KeyError, ValueError):
                _tell("lever", name=name, value=words)
    basis = given.get("b", BASES[0])
    if basis not in BASES:
        _tell("basis", value=basis)
        basis = BASES[0]
    for name in [n for n, v in values.items() if lowest(v) < least(lever_table()[n], basis)]:
        _tell("lever", name=name, value=given[f"x.{name}"])
        del values[name]
    draft = Draft(MappingProxyType(values), basis)
    if not equal(draft, session.current_draft()):
        session.set_draft(draft)


def take_horizon(default: int, low: int, high: int) -> int:
    """Horizon of the address, or the file's own."""
    given: dict[str, str] = st.session_state["link"]
    words = given.pop("h", None) if "f" in given else None
    if words is None:
        return default
    if words.isdecimal() and low <= int(words) <= high:
        return int(words)
    _tell("horizon", value=words, now=default)
    return default


def compare_source(entry: Entry) -> None:
    """Say so if the file's figures are not those that the link was made from."""
    given: dict[str, str] = st.session_state["link"]
    digest = given.pop("d", None) if "f" in given else None
    if digest is not None and digest != place_version(entry):
        _tell("data", value=digest, now=place_version(entry))


def _tell(code: str, **params: object) -> None:
    told: list[tuple[str, dict[str, object]]] = session.place("link_told", [])
    told.append((code, params))


def told(lang: str) -> list[str]:
    """What of the link was not restored, as sentences."""
    found: list[tuple[str, dict[str, object]]] = st.session_state.get("link_told", [])
    return [
        text(f"app.link.{code}", lang, **{k: verbatim(v) for k, v in params.items()})
        for code, params in found
    ]
