"""Many places at once: each run on its own, in a few processes, in the order they were given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulator.errors import ScenarioError, Violation
from simulator.report.files import write_result
from simulator.run import Result, run
from simulator.scenario import load_scenario
from simulator.schema import Words
from simulator.targets import TargetCheck
from simulator.totals import Assumed
from simulator.workers import each


@dataclass(frozen=True)
class Line:
    """What the scoreboard says of one place. Persons and shares; ``checks`` are the targets of
    modelled indicators under the file's last scenario, the trend where it has no other.
    """

    id: str
    name: Words
    province: str
    prefecture: str
    level: str
    base_year: int
    rung: str
    residents: float
    resident_rate: float
    hukou_rate: float
    checks: tuple[TargetCheck, ...]
    assumed: tuple[Assumed, ...]
    missed: int


@dataclass(frozen=True)
class Outcome:
    """One file's line, or what is wrong with it."""

    file: Path
    line: Line | None
    violations: tuple[Violation, ...] = ()


def line_of(result: Result) -> Line:
    """Scoreboard line of a result."""
    place, start = result.study.place, result.start.totals
    last = list(result.runs.values())[-1]
    return Line(
        id=result.study.id,
        name=place.name,
        province=place.province,
        prefecture=place.prefecture or "",
        level=place.level,
        base_year=place.base_year,
        rung=result.start.rung,
        residents=start.residents,
        resident_rate=start.town / start.residents,
        hukou_rate=start.urban_hukou / start.hukou,
        checks=tuple(check for check in last.targets if check.kind == "modelled"),
        assumed=result.start.assumed,
        missed=len(result.not_met()),
    )


def run_file(file: Path, out: Path | None, horizon: int | None) -> Outcome:
    """Run one file and, if asked, write its results.

    Raises
    ------
    OSError
        If the results cannot be written.
    """
    try:
        result = run(load_scenario(file, horizon=horizon), face_value=out is not None)
    except ScenarioError as error:
        return Outcome(file, None, error.violations)
    if out is not None:
        write_result(result, out)
    return Outcome(file, line_of(result))


def run_files(
    files: Sequence[Path],
    out: Path | None,
    horizon: int | None,
    done: Callable[[], None],
    workers: int,
) -> list[Outcome]:
    """`run_file` for each file, in the order given, whatever the number of workers.

    The first is run here, so that the compiled model is on disk before other processes ask for it.

    Parameters
    ----------
    files : place or scenario files
    out : folder for the results, a folder a study
    horizon : last projected year, in place of the files' own
    done : called after each file
    workers : processes
    """
    one = partial(run_file, out=out, horizon=horizon)
    found: dict[int, Outcome] = {}
    for at, file in enumerate(files[:1]):
        found[at] = one(file)
        done()
    for at, outcome in each(one, files[1:], workers):
        found[at + 1] = outcome
        done()
    return [found[at] for at in range(len(files))]
