"""Cost of a batch against counties and draws: ``python -m benchmarks.scale --census FOLDER``.

Each row runs the program's own command into a fresh store, as a user would, and watches the
processes it starts: wall time, processor time of all of them, and the most memory they held
together at one moment (proportional set size: shared pages are counted once). ``work`` is the
processor time that the same counties take in one process that is already warm, without start,
scheduling or store; what the batch took beyond it is overhead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from simulator.county_places import county_studies
from simulator.stored_batch import PART, make_part

YEARS, YEAR, SEED = 15, 2010, 1
ROOT = Path(__file__).resolve().parent.parent
_LOOK_EVERY = 0.25


@dataclass
class Cost:
    """Seconds of the clock, of processors, and bytes at the peak."""

    wall: float
    processor: float
    memory: int


def watched(command: Sequence[str]) -> Cost:
    """Run a command and watch it and every process that it starts."""
    begun = time.perf_counter()
    job = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    root, seen, most = psutil.Process(job.pid), dict[int, float](), 0
    while job.poll() is None:
        now = 0
        for process in _family(root):
            try:
                times = process.cpu_times()
                seen[process.pid] = times.user + times.system
                now += process.memory_full_info().pss
            except psutil.Error:
                continue
        most = max(most, now)
        time.sleep(_LOOK_EVERY)
    if job.returncode != 0:
        raise SystemExit(f"exit code {job.returncode}: {' '.join(command)}")
    return Cost(time.perf_counter() - begun, sum(seen.values()), most)


def _family(root: psutil.Process) -> list[psutil.Process]:
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def batch(census: Path, counties: int, draws: int, workers: int) -> Cost:
    """Cost of a batch of so many counties, spread evenly over the country."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        for kind in ("core", "age_sex"):
            name = f"county_{YEAR}_{kind}.csv"
            _thin(census / name, folder / name, counties)
        command = [
            sys.executable, "-m", "simulator", "run", "--census", home, "--draws", str(draws),
            "--years", str(YEARS), "--seed", str(SEED), "--workers", str(workers),
            "--store", str(folder / "runs"),
        ]  # fmt: skip
        return watched(command)


def _thin(source: Path, target: Path, counties: int) -> None:
    """Head and some county rows of a table."""
    lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    rows = [line for line in lines[at + 1 :] if ",county," in line]
    step = len(rows) / min(counties, len(rows))
    kept = [rows[int(i * step)] for i in range(min(counties, len(rows)))]
    target.write_text("".join([*lines[: at + 1], *kept]), encoding="utf-8")


def work(census: Path, draws: int) -> float:
    """Processor seconds of one county in a warm process, mean of one part."""
    studies = county_studies(census, YEAR, YEARS)
    part = studies[:: len(studies) // PART][:PART]
    make_part(part[:1], draws, SEED)
    begun = time.process_time()
    make_part(part, draws, SEED)
    return (time.process_time() - begun) / len(part)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--census", type=Path, required=True)
    parser.add_argument("--counties", type=int, nargs="+", default=[100, 400, 1600])
    parser.add_argument("--draws", type=int, nargs="+", default=[250, 1000, 4000])
    parser.add_argument("--fixed", type=int, nargs=2, default=[100, 1000])
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    rows = [(n, asked.fixed[1]) for n in asked.counties]
    rows += [(asked.fixed[0], k) for k in asked.draws if (asked.fixed[0], k) not in rows]
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, {asked.workers} workers, {YEARS} years, load before {load:.1f}")
    print(f"{'counties':>8s}{'draws':>7s}{'wall s':>8s}{'cpu s':>8s}{'work s':>8s}{'overhead':>9s}"
          f"{'peak MB':>9s}{'county-years/s':>16s}")  # fmt: skip
    alone = {k: work(asked.census, k) for k in {k for _, k in rows}}
    for counties, draws in rows:
        cost = batch(asked.census, counties, draws, asked.workers)
        needed = alone[draws] * counties
        over = max(0.0, 1.0 - needed / cost.processor)
        rate = counties * draws * YEARS / cost.wall
        print(f"{counties:8d}{draws:7d}{cost.wall:8.1f}{cost.processor:8.1f}{needed:8.1f}{over:9.0%}"
              f"{cost.memory / 1e6:9.0f}{rate:16,.0f}", flush=True)  # fmt: skip
    print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
