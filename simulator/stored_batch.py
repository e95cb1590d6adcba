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
from pathlib import Path
from typing import Any

import simulator
from simulator.errors import ScenarioError, Violation
from simulator.outlook import Outlook, outlook
from simulator.report.provenance import file_hash
from simulator.report.stored import Evaluated, part_files
from simulator.run import run
from simulator.scenario import Study
from simulator.store import Stored, Unfinished, making, read_run, run_id
from simulator.workers import each

#: Places of a part: some seconds of work for a county with 1,000 draws.
PART = 20
_LIBRARIES = ("duckdb", "joblib", "numba", "numpy", "pyarrow", "pydantic", "scipy")
_PACKAGE = Path(simulator.__file__).parent
_PROGRAM_FILES = ("*.py", "*.csv")


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
    """SHA-256 of the program's code and tables and of the libraries that make its numbers."""
    found = hashlib.sha256()
    for pattern in _PROGRAM_FILES:
        for path in sorted(_PACKAGE.rglob(pattern)):
            found.update(str(path.relative_to(_PACKAGE)).encode())
            found.update(path.read_bytes())
    for name in _LIBRARIES:
        found.update(f"{name} {version(name)}".encode())
    return found.hexdigest()


def provenance_of(order: Order) -> dict[str, Any]:
    """What makes the numbers of a batch; nothing of when, where or by how many it is run."""
    sources = dict.fromkeys(path for study in order.studies for path in study.sources)
    horizons = [study.horizon for study in order.studies]
    return {
        "program": "county-urbanization-simulator",
        "version": simulator.__version__,
        "program_sha256": program_hash(),
        "source": {"name": order.source, "places": len(order.studies), "part": PART},
        "inputs": {f"{p.resolve().parent.name}/{p.name}": file_hash(p) for p in sources},
        "base_years": sorted({study.place.base_year for study in order.studies}),
        "horizons": sorted(set(horizons)),
        "draws": order.draws,
        "seed": order.seed,
        "machine": platform.machine(),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }


def run_batch(
    order: Order, store: Path, means: Means, done: Callable[[int], None] = lambda n: None
) -> Stored:
    """Run every study into the store and return the whole run; one that is there is not run again.

    Parameters
    ----------
    order : what to run
    store : folder of runs; made if it is not there
    means : processes, cluster, whether to go on from an earlier attempt
    done : told the number of places done, part by part

    Raises
    ------
    ScenarioError
        If another program makes the same run, or the cluster cannot be used.
    OSError
        If the store cannot be written; what was whole stays.
    """
    provenance = provenance_of(order)
    name = run_id(provenance)
    if (store / name).is_dir():
        done(len(order.studies))
        return read_run(store / name)
    begun = time.perf_counter()
    with making(store, name, len(order.parts), resume=means.resume) as unfinished:
        kept = _fill(unfinished, order, means, done)
        made = {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.perf_counter() - begun, 1),
            "workers": means.workers if means.scheduler is None else means.scheduler,
            "parts_kept": kept,
        }
        return unfinished.finish(provenance, made)


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
