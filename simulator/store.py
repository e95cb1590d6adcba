"""The run store: a folder of runs, each a folder of Parquet files with its provenance, no server.

A run is named by the hash of its provenance, so the same inputs, program and draws give the same
folder, byte for byte. While it is made its parts gather in a hidden folder; each part is written
aside, synced and moved there whole, and the folder takes its name when every part is there. So
whatever ends the program at whatever moment, what the store shows is whole, and what is hidden is
whole parts that the same run can go on from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.errors import ScenarioError, Violation

PROVENANCE, MANIFEST, MADE = "provenance.json", "manifest.json", "made.json"
_UNFINISHED, _PART, _ASIDE = ".unfinished-", "part-", ".aside-"
_DIGITS, _PART_DIGITS = 12, 5
Provenance = Mapping[str, Any]


def run_id(provenance: Provenance) -> str:
    """Name of a run: what it was made from, and the hash of all that made it."""
    return (
        f"{provenance['source']['name']}-{hashlib.sha256(_json(provenance)).hexdigest()[:_DIGITS]}"
    )


def _json(data: object) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class Stored:
    """A whole run of the store."""

    path: Path
    provenance: Provenance
    made: Mapping[str, Any]
    manifest: Mapping[str, str]

    @property
    def id(self) -> str:
        """Name of the run."""
        return self.path.name

    def files(self, table: str) -> list[Path]:
        """Files of a table, in order of the parts."""
        return [self.path / name for name in sorted(self.manifest) if name.endswith(f"/{table}")]

    def damaged(self) -> list[str]:
        """Files that are missing or no longer what was written."""
        return [n for n, told in sorted(self.manifest.items()) if _hash(self.path / n) != told]


def _hash(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


class Unfinished:
    """A run in the making: which of its parts are there, and where the next one goes."""

    def __init__(self, store: Path, name: str, parts: int) -> None:
        self.store, self.name, self.parts = store, name, parts
        self.path = store / f"{_UNFINISHED}{name}"

    def missing(self) -> list[int]:
        """Parts that are not there yet, in order."""
        return [i for i in range(self.parts) if not (self.path / _part(i)).is_dir()]

    def add(self, i: int, files: Mapping[str, bytes]) -> None:
        """Put part ``i`` in its place, whole.

        Raises
        ------
        OSError
            If it cannot be written; then nothing of it is left.
        """
        aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self.path))
        try:
            for name, data in files.items():
                _write(aside / name, data)
            aside.chmod(0o755)
            _sync(aside)
            os.rename(aside, self.path / _part(i))
            _sync(self.path)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise

    def finish(self, provenance: Provenance, made: Mapping[str, Any]) -> Stored:
        """Give the run its name, now that every part is there.

        Raises
        ------
        OSError
            If that cannot be written; the parts stay.
        """
        found = sorted(self.path.glob(f"{_PART}*/*"))
        manifest = {str(path.relative_to(self.path)): _hash(path) for path in found}
        for name, data in ((MANIFEST, manifest), (PROVENANCE, provenance), (MADE, made)):
            _write(self.path / name, _json(data))
        _sync(self.path)
        os.rename(self.path, self.store / self.name)
        _sync(self.store)
        return read_run(self.store / self.name)


def _part(i: int) -> str:
    return f"{_PART}{i:0{_PART_DIGITS}d}"


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder last; where folders cannot be opened (Windows) they do anyway."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def making(store: Path, name: str, parts: int, *, resume: bool) -> Iterator[Unfinished]:
    """The run of that name in the making, for this program alone.

    Without ``resume`` an earlier attempt's parts are dropped. What a killed attempt left half
    written is cleaned away in either case.

    Raises
    ------
    ScenarioError
        If another program is making the same run just now.
    OSError
        If the store cannot be written.
    """
    store.mkdir(parents=True, exist_ok=True)
    with _alone(store / f".lock-{name}", name):
        run = Unfinished(store, name, parts)
        if not resume:
            shutil.rmtree(run.path, ignore_errors=True)
        run.path.mkdir(exist_ok=True)
        for aside in run.path.glob(f"{_ASIDE}*"):
            shutil.rmtree(aside)
        yield run


@contextmanager
def _alone(path: Path, name: str) -> Iterator[None]:
    """Hold a lock that the system gives back whatever ends the program."""
    with path.open("w") as handle:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ScenarioError([Violation("run_in_progress", "--store", value=name)]) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def read_run(path: Path) -> Stored:
    """A run's folder.

    Raises
    ------
    ScenarioError
        If it is none, or its records cannot be read.
    """
    try:
        provenance, manifest, made = (
            json.loads((path / name).read_text(encoding="utf-8"))
            for name in (PROVENANCE, MANIFEST, MADE)
        )
    except (OSError, ValueError):
        raise ScenarioError([Violation("run_damaged", str(path))]) from None
    return Stored(path, provenance, made, manifest)


def runs(store: Path) -> list[Stored]:
    """Whole runs of a store, by name.

    Raises
    ------
    ScenarioError
        If there is no such folder, or a run in it cannot be read.
    """
    if not store.is_dir():
        raise ScenarioError([Violation("store_missing", str(store))])
    folders = [p for p in sorted(store.iterdir()) if (p / PROVENANCE).is_file()]
    return [read_run(path) for path in folders if not path.name.startswith(".")]


def unfinished(store: Path) -> dict[str, int]:
    """Runs that were broken off, and how many parts each of them has."""
    found = sorted(store.glob(f"{_UNFINISHED}*"))
    return {p.name.removeprefix(_UNFINISHED): len(list(p.glob(f"{_PART}*"))) for p in found}
