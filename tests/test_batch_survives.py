"""Batches as users run them: killed at random moments, resumed, on one machine or a cluster.

Whatever is done to them, the store holds whole runs only, of the same bytes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from quxian import ROOT
from test_run_store import census, contents

from simulator import stored_batch
from simulator.county_places import county_studies
from simulator.store import runs, unfinished
from simulator.stored_batch import Means, Order, run_batch

COUNTIES, DRAWS, KILLS = 100, 64, 20
SEED = 20
#: A first start compiles the model, which takes minutes where other programs want the processors.
_PATIENCE = 900
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def command(folder: Path, store: Path, *more: str) -> list[str]:
    return [
        sys.executable, "-m", "simulator", "run", "--census", str(folder), "--years", "10",
        "--draws", str(DRAWS), "--store", str(store), "--lang", "en", *more,
    ]  # fmt: skip


def finished(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=_PATIENCE
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return census(tmp_path_factory.mktemp("census"), COUNTIES)


@pytest.fixture(scope="module")
def unbroken(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nothing disturbed."""
    store = tmp_path_factory.mktemp("unbroken")
    found = finished(command(folder, store, "--workers", "1"))
    assert found.returncode == 0, found.stderr
    [stored] = runs(store)
    return stored.path


def _killed(order: Order, store: Path, seconds: float | None) -> bool:
    """Fork a process that makes a batch, and kill it after so many seconds, or while it writes.

    Returns whether it was still running.
    """
    child = os.fork()
    if child == 0:  # never returns to the tests
        try:
            run_batch(order, store, Means(workers=1, resume=True))
        finally:
            os._exit(0)
    deadline = time.monotonic() + (_PATIENCE if seconds is None else seconds)
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return False
        if seconds is None and any(store.glob(".unfinished-*/.aside-*")):
            break
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


@pytest.mark.slow
def test_twenty_kills_leave_whole_runs_only_and_the_same_bytes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_batch, "PART", 3)
    studies = tuple(county_studies(folder, 2010, 10)[:60])
    order = Order("census_2010", studies, DRAWS, 1)
    stored_batch.evaluate(studies[0], DRAWS, 1)  # compiled before it is timed
    begun = time.monotonic()
    expected = contents(run_batch(order, tmp_path / "unbroken", Means(workers=1)).path)
    whole, chance = time.monotonic() - begun, random.Random(SEED)
    kills, stages, store = 0, set[int](), tmp_path / "store0"
    while kills < KILLS:
        seconds = None if chance.random() < 0.5 else chance.uniform(0.0, whole / 3.0)
        before = sum(unfinished(store).values()) if store.is_dir() else 0
        killed = _killed(order, store, seconds)
        kills += killed
        there = runs(store) if store.is_dir() else []
        now = sum(unfinished(store).values()) if store.is_dir() else 0
        assert there or now >= before  # whole parts are not lost
        stages.add(now)
        if not there:
            continue
        assert there[0].damaged() == []
        assert contents(there[0].path) == expected
        store = tmp_path / f"store{kills}"
    last = run_batch(order, store, Means(workers=1, resume=True))
    assert contents(last.path) == expected
    assert unfinished(store) == {}
    assert sorted(path.name for path in store.iterdir()) == [f".lock-{last.id}", last.id]
    assert len(stages) > 3  # batches were broken off at several stages, however slow the machine


@pytest.mark.slow
def test_a_command_and_its_processes_are_killed_and_resumed(
    folder: Path, unbroken: Path, tmp_path: Path
) -> None:
    words = command(folder, tmp_path, "--resume", "--workers", "2")
    job = subprocess.Popen(
        words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    while job.poll() is None and not any(tmp_path.glob(".unfinished-*/part-*")):
        time.sleep(0.01)
    os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    assert sum(unfinished(tmp_path).values()) >= 1
    assert runs(tmp_path) == []
    assert finished(words).returncode == 0
    [stored] = runs(tmp_path)
    assert stored.made["parts_kept"] >= 1
    assert contents(stored.path) == contents(unbroken)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler with two workers, all on this machine."""
    pytest.importorskip("distributed")
    home = tmp_path_factory.mktemp("cluster")
    told = home / "scheduler.json"
    scheduler = _process(home, "dask_scheduler", "--host", "127.0.0.1", "--port", "0",
                         "--no-dashboard", "--scheduler-file", str(told))  # fmt: skip
    address = _address(told)
    workers = _process(home, "dask_worker", address, "--nworkers", "2", "--nthreads", "1",
                       "--host", "127.0.0.1", "--no-dashboard")  # fmt: skip
    try:
        yield address
    finally:
        for process in (workers, scheduler):
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=_PATIENCE)


def _process(home: Path, module: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *words], cwd=home, env=ENVIRONMENT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _address(told: Path) -> str:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if told.is_file() and told.read_text():
            return str(json.loads(told.read_text())["address"])
        time.sleep(0.1)
    raise TimeoutError("the scheduler did not start")


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes(
    cluster: str, folder: Path, unbroken: Path, tmp_path: Path
) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:  # its workers may still be on their way
        found = finished(command(folder, tmp_path, "--scheduler", cluster))
        if "no workers" not in found.stderr or time.monotonic() > deadline:
            break
        time.sleep(1.0)
    assert found.returncode == 0, found.stderr
    [stored] = runs(tmp_path)
    assert stored.made["workers"] == cluster
    assert contents(stored.path) == contents(unbroken)


@pytest.mark.slow
def test_two_processes_give_the_same_bytes_as_one(
    folder: Path, unbroken: Path, tmp_path: Path
) -> None:
    assert finished(command(folder, tmp_path, "--workers", "2")).returncode == 0
    [stored] = runs(tmp_path)
    assert contents(stored.path) == contents(unbroken)
