"""Many places run into the store, a part of them at a time, in several processes.

A part is a fixed number of places in their order, whatever the number of workers, so that a batch
that was broken off and goes on has the same parts as one that was not.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import simulator
from simulator.errors import ScenarioError, Violation
from simulator.outlook import Outlook, outlook
from simulator.report.provenance import file_hash, input_name
from simulator.report.stored import Evaluated, part_files
from simulator.run import run
from simulator.scenario import Study
from simulator.store import Stored, Unfinished, making, read_run
from simulator.store_records import run_id
from simulator.workers import each

#: Places of a part: some seconds of work for a county with 1,000 draws.
PART = 20
_LIBRARIES = (
    "duckdb", "joblib", "llvmlite", "numba", "numpy", "pandas", "pyarrow", "pydantic",
    "ruamel.yaml", "scipy",
)  # fmt: skip
_PACKAGE = Path(simulator.__file__).parent
#: Messages too: the reasons of refusals are kept in the tables.
_PROGRAM_FILES = ("*.py", "*.csv", "*.po")


@dataclass(frozen=True)
class Order:
    """What is to be run: studies, where they come from, and how often each is drawn.

    ``source`` names the kind of input and is the first part of the run's name; ``seed`` None takes
    each study's own.
    """

    source: str
    studies: tuple[Study, ...]
    draws: int
    seed: int | None

    @property
    def parts(self) -> list[tuple[Study, ...]]:
        """The studies, `PART` by `PART`."""
        return [self.studies[i : i + PART] for i in range(0, len(self.studies), PART)]


@dataclass(frozen=True)
class Means:
    """How the work is done; no number hangs on it."""

    workers: int
    scheduler: str | None = None
    resume: bool = False


def evaluate(study: Study, draws: int, seed: int | None) -> Evaluated:
    """Run a study in this thread alone; figures that are refused are told, not raised."""
    drawn: Mapping[str, Outlook] = {}
    try:
        result = run(study, face_value=False)
        if draws:
            chosen = study.seed if seed is None else seed
            drawn = {n: outlook(r, draws, chosen, workers=1) for n, r in result.runs.items()}
    except ScenarioError as error:
        return Evaluated(study, None, {}, error)
    except (ArithmeticError, ValueError) as error:
        # One place that cannot be computed must not end the others; what stopped it is told.
        reason = {"reason": f"{type(error).__name__}: {error}"}
        fault = Violation("place_failed", study.place_file, study.figures_line, params=reason)
        return Evaluated(study, None, {}, ScenarioError([fault]))
    return Evaluated(study, result, drawn)


def make_part(studies: Sequence[Study], draws: int, seed: int | None) -> dict[str, bytes]:
    """The tables of some studies as files by name."""
    return part_files([evaluate(study, draws, seed) for study in studies])


@cache
def program_hash() -> str:
    """SHA-256 of the program's code, tables and messages, of Python and the libraries it uses."""
    found = hashlib.sha256(f"python {platform.python_version()}".encode())
    for pattern in _PROGRAM_FILES:
        for path in sorted(_PACKAGE.rglob(pattern)):
            found.update(path.relative_to(_PACKAGE).as_posix().encode())
            found.update(path.read_bytes())
    for name in _LIBRARIES:
        found.update(f"{name} {version(name)}".encode())
    return found.hexdigest()


def provenance_of(order: Order) -> dict[str, Any]:
    """What makes the numbers of a batch; nothing of when, where or by how many it is run."""
    sources = dict.fromkeys(_file(path) for study in order.studies for path in study.sources)
    horizons = [study.horizon for study in order.studies]
    return {
        "program": "county-urbanization-simulator",
        "version": simulator.__version__,
        "program_sha256": program_hash(),
        "source": {"name": order.source, "places": len(order.studies), "part": PART},
        "inputs": [[input_name(path), file_hash(path)] for path in sources],
        "studies": _studies(order, list(sources)),
        "base_years": sorted({study.place.base_year for study in order.studies}),
        "horizons": sorted(set(horizons)),
        "draws": order.draws,
        "seed": order.seed,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def _file(path: Path) -> Path:
    """A file by its whole path, its own name kept where it is a link."""
    return path.parent.resolve() / path.name


def _studies(order: Order, sources: Sequence[Path]) -> list[dict[str, Any]]:
    """Studies in their order, those told together that follow each other and differ in id alone.

    ``inputs`` are places in the list of input files: files of the same name and folder name may
    lie in several folders, and which study reads which of them makes its numbers.
    """
    at = {path: i for i, path in enumerate(sources)}

    def shared(study: Study) -> dict[str, Any]:
        return {
            "horizon": study.horizon,
            "seed": study.seed if order.seed is None else order.seed,
            "inputs": [at[_file(path)] for path in study.sources],
        }

    return [
        {"ids": [s.id for s in found], **told} for told, found in groupby(order.studies, shared)
    ]


def run_batch(
    order: Order,
    store: Path,
    means: Means,
    done: Callable[[int], None] = lambda n: None,
    already: Callable[[], None] = lambda: None,
) -> Stored:
    """Run every study into the store and return the whole run; one that is there is not run again.

    Parameters
    ----------
    order : what to run
    store : folder of runs; made if it is not there
    means : processes, cluster, whether to go on from an earlier attempt
    done : told the number of places done, part by part
    already : called if the whole run is there, so that nothing is run

    Raises
    ------
    ScenarioError
        If another program makes the same run, the cluster cannot be used, or the run is there but
        files of it are missing or were changed.
    OSError
        If the store cannot be written; what was whole stays.
    """
    provenance = provenance_of(order)
    name = run_id(provenance)
    if (store / name).is_dir():
        return _kept(store / name, order, done, already)
    begun = time.perf_counter()
    with making(store, name, len(order.parts), resume=means.resume) as unfinished:
        if unfinished.finished:
            return _kept(store / name, order, done, already)
        kept = _fill(unfinished, order, means, done)
        made = {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - begun, 1),
            "workers": means.workers if means.scheduler is None else means.scheduler,
            "parts_kept": kept,
        }
        return unfinished.finish(provenance, made)


def places_kept(order: Order, store: Path) -> int:
    """Places of an order that was broken off whose results are whole and in the store."""
    at = Unfinished(store, run_id(provenance_of(order)), len(order.parts))
    missing = set(at.missing())
    return sum(len(part) for i, part in enumerate(order.parts) if i not in missing)


def _kept(
    path: Path, order: Order, done: Callable[[int], None], already: Callable[[], None]
) -> Stored:
    """The run that is there, if every file of it is what was written."""
    stored = read_run(path)
    damaged = stored.damaged()
    if damaged:
        told = {"files": ", ".join(damaged)}
        raise ScenarioError([Violation("run_files_changed", str(path), params=told)])
    done(len(order.studies))
    already()
    return stored


def _fill(unfinished: Unfinished, order: Order, means: Means, done: Callable[[int], None]) -> int:
    """Make the parts that are missing; how many were there before."""
    parts, missing = order.parts, unfinished.missing()
    there = set(range(len(parts))) - set(missing)
    done(sum(len(parts[i]) for i in there))
    work = partial(make_part, draws=order.draws, seed=order.seed)
    wanted = [parts[i] for i in missing]
    for at, files in each(work, wanted, means.workers, means.scheduler, program_hash):
        unfinished.add(missing[at], files)
        done(len(wanted[at]))
    return len(there)
