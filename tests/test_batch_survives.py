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

from simulator.store import runs, unfinished

COUNTIES, DRAWS, KILLS = 120, 200, 20
SEED = 20
_PATIENCE = 240
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


def _killed(words: Sequence[str], store: Path, chance: random.Random) -> bool:
    """Start a batch and kill it and its workers: at once while a part is written, or at random.

    Returns whether it was still running.
    """
    job = subprocess.Popen(
        words, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    writing, deadline = chance.random() < 0.5, time.monotonic() + chance.uniform(0.5, 12.0)
    while job.poll() is None and time.monotonic() < deadline:
        if writing and any(store.glob(".unfinished-*/.aside-*")):
            break
        time.sleep(0.001 if writing else 0.05)
    alive = job.poll() is None
    if alive:
        os.killpg(job.pid, signal.SIGKILL)
    job.wait()
    return alive


@pytest.mark.slow
def test_twenty_kills_leave_whole_runs_only_and_the_same_bytes(
    folder: Path, unbroken: Path, tmp_path: Path
) -> None:
    chance, kills, attempt, begun = random.Random(SEED), 0, 0, set[int]()
    while kills < KILLS:
        attempt += 1
        store = tmp_path / f"store{attempt}"
        whole, before = False, 0
        while not whole and kills < KILLS:
            words = command(folder, store, "--resume", "--workers", "2")
            kills += _killed(words, store, chance)
            there = runs(store) if store.is_dir() else []
            whole = bool(there)
            for stored in there:
                assert stored.damaged() == []
            now = sum(unfinished(store).values()) if store.is_dir() else 0
            assert whole or now >= before
            before = now
            begun.add(now)
        found = finished(command(folder, store, "--resume", "--workers", "2"))
        assert found.returncode == 0, found.stderr
        [stored] = runs(store)
        assert contents(stored.path) == contents(unbroken)
        assert unfinished(store) == {}
        assert not list(store.glob(".lock*"))
    assert len(begun) > 2  # batches were broken off at several stages


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
                       "--host", "127.0.0.1", "--no-dashboard", "--no-nanny")  # fmt: skip
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
