"""Whether the same files give the same numbers under other Pythons, other NumPys and other cores.

    python -m tools.same_answer                       # this Python, one core against all
    python -m tools.same_answer PYTHON [PYTHON ...]   # these interpreters against this one too

Each interpreter must have the packages of requirements.lock, or others that are to be tried. Ends
with 1 where any number differs by more than 1e-9 of itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
#: Greatest relative difference of a number from that of the first interpreter.
TOLERANCE = 1e-9
#: A county with a history, levers and targets; one by its census; a sum of places by its members.
FILES = ("scenarios/quxian.yaml", "scenarios/places/qianan.yaml", "scenarios/places/luan.yaml")
DRAWS = 40
_EMIT = "--emit"


def results() -> Iterator[tuple[str, float]]:
    """Every number of the fixed runs, by name: yearly series, fitted flows, targets, draws."""
    from simulator import load_scenario, run
    from simulator.outlook import outlook
    from simulator.report.longtable import long_table

    for file in FILES:
        result = run(load_scenario(ROOT / file))
        for case in result.runs.values():
            table = long_table(case)
            columns = ("region", "scenario", "variable", "year", "statistic")
            names = table[list(columns)].astype(str).agg("|".join, axis=1)
            yield from zip((f"{file}|{n}" for n in names), table["value"], strict=True)
        last = list(result.runs.values())[-1]
        if file == FILES[0]:
            found = outlook(last, DRAWS, result.study.seed)
            for name, bands in {**found.quantiles, **found.mean}.items():
                for i, value in enumerate(np.ravel(bands)):
                    yield f"{file}|draws|{name}|{i}", float(value)


def _emit() -> None:
    found = {name: float(value) for name, value in results() if np.isfinite(value)}
    about = {"python": platform.python_version(), "numpy": np.__version__}
    json.dump({"about": about, "values": found}, sys.stdout)


def _asked(python: str, cores: int | None) -> tuple[str, Mapping[str, float]]:
    """Name and numbers of one interpreter, on so many cores; all where None."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command: Sequence[str] = (python, "-m", "tools.same_answer", _EMIT)

    def held() -> None:
        if cores is not None:
            os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:cores]))

    answer = subprocess.run(
        command, cwd=ROOT, env=environment, preexec_fn=held, check=True, stdout=subprocess.PIPE
    )
    found = json.loads(answer.stdout)
    where = "all cores" if cores is None else f"{cores} core"
    return f"Python {found['about']['python']}, NumPy {found['about']['numpy']}, {where}", found[
        "values"
    ]


def worst(first: Mapping[str, float], other: Mapping[str, float]) -> tuple[float, str]:
    """Greatest relative difference, and of what; infinite where one has a number more.

    Differences are in terms of the number itself, and of 1 for numbers within 1 of zero.
    """
    if first.keys() != other.keys():
        return float("inf"), str(sorted(first.keys() ^ other.keys())[0])
    off = {n: abs(other[n] - v) / max(abs(v), 1.0) for n, v in first.items()}
    name = max(off, key=lambda n: off[n])
    return off[name], name


def main() -> int:
    """Compare, print one line an interpreter, and say whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pythons", nargs="*", help="further interpreters")
    parser.add_argument(_EMIT, action="store_true", help="print the numbers as JSON, and no more")
    asked = parser.parse_args()
    if asked.emit:
        _emit()
        return 0
    name, first = _asked(sys.executable, None)
    print(f"{name}: {len(first)} numbers, to which the others are held")
    agreed = True
    for python in (sys.executable, *asked.pythons):
        for cores in (1,) if python == sys.executable else (None, 1):
            name, other = _asked(python, cores)
            off, what = worst(first, other)
            agreed = agreed and off <= TOLERANCE
            print(f"{name}: {off:.1e} at most" + (f" ({what})" if off > 0.0 else ""))
    print("the same to 1e-9" if agreed else "NOT the same to 1e-9")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
