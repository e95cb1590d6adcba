"""Work for several processes: every item once, and clusters that cannot be used are refused."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from simulator import workers
from simulator.errors import ScenarioError
from simulator.workers import each


def squared(n: int) -> int:
    return n * n


@pytest.mark.parametrize("n", [1, 2])
def test_each_item_is_done_once(n: int) -> None:
    assert sorted(each(squared, [3, 1, 2], n)) == [(0, 9), (1, 1), (2, 4)]


def killed(n: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return n


def test_a_killed_process_is_told() -> None:
    with pytest.raises(ScenarioError, match="worker_died"):
        list(each(killed, [1, 2], 2))


def test_nothing_to_do() -> None:
    assert list(each(squared, [], 2)) == []


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "nonsense://127.0.0.1:{port}"])
def test_a_cluster_that_is_not_there(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "_WAIT", "1s")
    with pytest.raises(ScenarioError, match="scheduler_unreachable"):
        list(each(squared, [1], 1, address.format(port=free_port())))


@pytest.mark.parametrize(
    ("found", "code"),
    [({}, "scheduler_no_workers"), ({"a": "ours", "b": "theirs"}, "scheduler_differs")],
)
def test_a_cluster_that_would_give_other_numbers(found: dict[str, str], code: str) -> None:
    with pytest.raises(ScenarioError, match=code) as refused:
        workers._same_program(found, "ours", "tcp://x")
    assert refused.value.violations[0].params.get("workers", "b") == "b"


def test_without_the_extra_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ScenarioError, match="scheduler_not_installed"):
        list(each(squared, [1], 1, "tcp://127.0.0.1:1"))
