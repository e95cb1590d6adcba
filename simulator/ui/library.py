"""Files the app can open, and the one fit of each, shared by sessions and never changed.

The cache holds frozen results only, under the content that they came from; what a user uploads
is kept in that user's session alone.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import streamlit as st

from simulator.errors import ScenarioError
from simulator.reach import LIBRARY
from simulator.run import Result, Run, run
from simulator.scenario import Study, load_scenario, parse_scenario
from simulator.schema import Words
from simulator.source import parse_document

#: A scenario is a page or two; the server refuses more before it is read.
MAX_UPLOAD_MB = 1
_SHARED = 24
_LOOK_S = 2.0
_PRIVATE = 6
_STOP = ("facts:", "targets:", "documents:", "scenarios:", "parameters:")


@dataclass(frozen=True)
class Entry:
    """A file to start from: of the library, or ``raw`` as uploaded."""

    file: str
    name: Words
    region: str = ""
    level: str = ""
    raw: bytes | None = None
    pinyin: str = ""
    ages: bytes | None = None

    @property
    def key(self) -> str:
        """Identity within a session."""
        return f"upload:{self.file}" if self.raw is not None else self.file


def _header(path: Path) -> Mapping[str, object]:
    """The first keys of a file, without reading its figures."""
    lines = []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if line.startswith(_STOP):
            break
        lines.append(line)
    return parse_document("\n".join(lines).encode(), path.name, path).data


def _entry(path: Path, place: Mapping[str, object]) -> Entry:
    name = place["name"]
    assert isinstance(name, dict)
    region = " ".join(str(place[k]) for k in ("province", "prefecture") if place.get(k))
    words = Words(zh=name["zh"], en=name.get("en"))
    file = path.relative_to(LIBRARY).as_posix()
    # Places of the library have their pinyin for an id.
    pinyin = str(place["id"]).replace("_", " ")
    return Entry(file, words, region, level=str(place.get("level", "")), pinyin=pinyin)


def library_entries() -> Mapping[str, Entry]:
    """Scenario files of the library, then places that no scenario file extends.

    A file whose header cannot be read is left out; `check` on the command line says why.
    """
    return _entries(_stamp())


@functools.lru_cache(maxsize=1)
def _entries(stamp: int) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    used: set[Path] = set()
    for path in [*sorted(LIBRARY.glob("*.yaml")), *sorted(LIBRARY.glob("places/*.yaml"))]:
        if path in used:
            continue
        try:
            head = _header(path)
            if head.get("kind") == "scenario":
                target = path.parent / str(head["extends"])
                entry = _entry(path, _header(target))
                used.add(target)
            else:
                entry = _entry(path, head)
        except (ScenarioError, OSError, KeyError, TypeError, AssertionError, ValueError):
            continue
        found[entry.key] = entry
    return MappingProxyType(found)


def uploaded_entry(name: str, raw: bytes, ages: bytes | None = None) -> Entry:
    """An upload as an entry; ``ages`` is the age table that a place file came with.

    Raises
    ------
    ScenarioError
        If the file cannot be used, or its totals contradict each other.
    """
    study = parse_scenario(raw, name, age_table=ages)
    file, place = Path(name).name, study.place
    entry = Entry(file, place.name, raw=raw, pinyin=place.id, ages=ages)
    open_entry(entry, None)
    return entry


def source_bytes(entry: Entry) -> bytes:
    """What an entry was read from: its file and every file that this extends."""
    if entry.raw is not None:
        return entry.raw
    return b"".join(p.read_bytes() for p in open_entry(entry, None).study.sources)


def read_study(entry: Entry, horizon: int | None = None) -> Study:
    """An entry validated and resolved, not yet run."""
    if entry.raw is not None:
        return parse_scenario(entry.raw, entry.file, horizon=horizon, age_table=entry.ages)
    return load_scenario(LIBRARY / entry.file, horizon=horizon)


def _frozen(found: Run) -> None:
    """Refuse writing into a projection that sessions share."""
    for array in found.paths:
        array.flags.writeable = False


def _run(entry: Entry, horizon: int | None, face_value: bool) -> Result:
    result = run(read_study(entry, horizon), face_value=face_value)
    for found in result.runs.values():
        _frozen(found)
    return replace(result, runs=MappingProxyType(dict(result.runs)))


@st.cache_resource(max_entries=_SHARED, show_spinner=False)
def _shared(file: str, stamp: int, horizon: int | None, face_value: bool, _entry: Entry) -> Result:
    return _run(_entry, horizon, face_value)


@st.cache_resource(max_entries=_PRIVATE, show_spinner=False, scope="session")
def _private(
    file: str, raw: bytes, ages: bytes | None, horizon: int | None, face_value: bool, _entry: Entry
) -> Result:
    return _run(_entry, horizon, face_value)


def version_of() -> int:
    """Changes when any file of the library does."""
    return _stamp()


def _stamp() -> int:
    """Newest change of any library file, looked for every few seconds: an edit is read again."""
    return _stamp_at(int(time.monotonic() / _LOOK_S))


@functools.lru_cache(maxsize=1)
def _stamp_at(tick: int) -> int:
    return max(p.stat().st_mtime_ns for p in (*LIBRARY.rglob("*.yaml"), *LIBRARY.rglob("*.csv")))


def open_entry(entry: Entry, horizon: int | None, *, face_value: bool = False) -> Result:
    """The trend and the scenarios of a file; fitted once, then taken from the cache.

    Raises
    ------
    ScenarioError
        If the file cannot be used.
    """
    if entry.raw is not None:
        return _private(entry.file, entry.raw, entry.ages, horizon, face_value, entry)
    return _shared(entry.file, _stamp(), horizon, face_value, entry)
