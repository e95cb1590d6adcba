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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.errors import ScenarioError, Violation
from simulator.locks import held
from simulator.store_records import PART, Provenance, part_name, record_bytes, run_id, whole_records

PROVENANCE, MANIFEST, MADE = "provenance.json", "manifest.json", "made.json"
_UNFINISHED, _ASIDE = ".unfinished-", ".aside-"


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
        return [n for n, told in sorted(self.manifest.items()) if not _is(self.path / n, told)]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is(path: Path, told: str) -> bool:
    try:
        return _hash(path) == told
    except OSError:
        return False


class Unfinished:
    """A run in the making: which of its parts are there, and where the next one goes."""

    def __init__(self, store: Path, name: str, parts: int) -> None:
        self.store, self.name, self.parts = store, name, parts
        self.path = store / f"{_UNFINISHED}{name}"

    @property
    def finished(self) -> bool:
        """Whether another program finished it before this one had it for itself."""
        return (self.store / self.name).is_dir()

    def missing(self) -> list[int]:
        """Parts that are not there yet, in order."""
        return [i for i in range(self.parts) if not (self.path / part_name(i)).is_dir()]

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
            os.rename(aside, self.path / part_name(i))
            _sync(self.path)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise

    def finish(self, provenance: Provenance, made: Mapping[str, Any]) -> Stored:
        """Give the run its name, now that every part is there.

        Raises
        ------
        OSError
            If that cannot be written, or a part cannot be read; the parts stay.
        """
        found = sorted(self.path.glob(f"{PART}*/*"))
        manifest = {path.relative_to(self.path).as_posix(): _hash(path) for path in found}
        for name, data in ((MANIFEST, manifest), (PROVENANCE, provenance), (MADE, made)):
            _write(self.path / name, record_bytes(data))
        _sync(self.path)
        os.rename(self.path, self.store / self.name)
        _sync(self.store)
        return read_run(self.store / self.name)


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
    written is cleaned away in either case. A run that is ``finished`` has nothing to be made.

    Raises
    ------
    ScenarioError
        If another program is making the same run just now.
    OSError
        If the store cannot be written.
    """
    store.mkdir(parents=True, exist_ok=True)
    with ExitStack() as locks:
        try:
            locks.enter_context(held(store / f".lock-{name}", wait=False))
        except BlockingIOError:
            raise ScenarioError([Violation("run_in_progress", "--store", value=name)]) from None
        run = Unfinished(store, name, parts)
        if not run.finished:
            if not resume:
                shutil.rmtree(run.path, ignore_errors=True)
            run.path.mkdir(exist_ok=True)
            for aside in run.path.glob(f"{_ASIDE}*"):
                shutil.rmtree(aside)
        yield run


def read_run(path: Path) -> Stored:
    """A run's folder.

    Raises
    ------
    ScenarioError
        If it is none, its records cannot be read, or they are those of another run.
    """
    try:
        provenance, manifest, made = (
            json.loads((path / name).read_text(encoding="utf-8"))
            for name in (PROVENANCE, MANIFEST, MADE)
        )
        whole = whole_records(provenance, manifest, made) and run_id(provenance) == path.name
    except (OSError, ValueError, RecursionError):
        whole = False
    if not whole:
        raise ScenarioError([Violation("run_damaged", str(path))])
    return Stored(path, provenance, made, manifest)


def scan(store: Path) -> tuple[list[Stored], dict[str, Violation]]:
    """Whole runs of a store by name, and what is wrong with those that cannot be read.

    Raises
    ------
    ScenarioError
        If there is no such folder.
    """
    if not store.is_dir():
        raise ScenarioError([Violation("store_missing", str(store))])
    found: list[Stored] = []
    damaged: dict[str, Violation] = {}
    for path in sorted(store.iterdir()):
        if not path.name.startswith(".") and _looks_like_a_run(path):
            try:
                found.append(read_run(path))
            except ScenarioError as error:
                [damaged[path.name]] = error.violations
    return found, damaged


def _looks_like_a_run(path: Path) -> bool:
    """Whether a folder holds anything of a run, whatever it lacks."""
    return any((path / n).exists() for n in (PROVENANCE, MANIFEST, MADE, part_name(0)))


def runs(store: Path) -> list[Stored]:
    """Whole runs of a store, by name.

    Raises
    ------
    ScenarioError
        If there is no such folder, or with every run in it that cannot be read.
    """
    found, damaged = scan(store)
    if damaged:
        raise ScenarioError(damaged.values())
    return found


def unfinished(store: Path) -> dict[str, int]:
    """Runs that were broken off, and how many parts each of them has."""
    found = sorted(store.glob(f"{_UNFINISHED}*"))
    return {p.name.removeprefix(_UNFINISHED): len(list(p.glob(f"{PART}*"))) for p in found}
