"""Work given to several processes: on this machine by joblib, on a cluster by Dask.

What is done with an item depends on the item alone, so neither the number of processes nor their
order nor whose machine they run on changes a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from simulator.errors import ScenarioError, Violation

_WAIT = "15s"
In = TypeVar("In")
Out = TypeVar("Out")


def each(
    work: Callable[[In], Out],
    items: Sequence[In],
    workers: int,
    scheduler: str | None = None,
    program: Callable[[], str] | None = None,
) -> Iterator[tuple[int, Out]]:
    """Position and result of every item, as they are done, in any order.

    Parameters
    ----------
    work : a function of a module, so that other processes find it
    items : what it is called with
    workers : processes on this machine; 1 works in this one
    scheduler : address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``, whose workers do it
    program : says which program a process runs; a cluster's must say what this one says

    Raises
    ------
    ScenarioError
        If a process was killed from outside, or the cluster cannot be reached, has no workers, or
        runs another program.
    """
    if scheduler is not None:
        yield from _on_cluster(work, items, scheduler, program)
        return
    numbered = (delayed(_numbered)(work, i, item) for i, item in enumerate(items))
    pool = Parallel(n_jobs=min(workers, len(items)) or 1, batch_size=1,
                    return_as="generator_unordered")  # fmt: skip
    try:
        yield from pool(numbered)
    except TerminatedWorkerError:
        raise ScenarioError([Violation("worker_died", "--workers", value=workers)]) from None


def _numbered(work: Callable[[In], Out], i: int, item: In) -> tuple[int, Out]:
    return i, work(item)


def _on_cluster(
    work: Callable[[In], Out],
    items: Sequence[In],
    scheduler: str,
    program: Callable[[], str] | None,
) -> Iterator[tuple[int, Out]]:
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError:
        raise _refused("scheduler_not_installed", scheduler) from None
    try:
        client = Client(scheduler, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _refused("scheduler_unreachable", scheduler, reason=str(error)) from None
    with client:
        if program is not None:
            _same_program(_programs(client, program), program(), scheduler)
        sent = {client.submit(work, item, pure=False): i for i, item in enumerate(items)}
        for future in as_completed(sent, loop=client.loop):
            try:
                yield sent[future], future.result()
            except KilledWorker:
                raise _refused("worker_died", scheduler) from None
            future.release()


def _programs(client: Any, program: Callable[[], str]) -> dict[str, str]:
    """What each worker runs; nothing where it cannot be asked, because it lacks the program."""
    found = client.run(program, on_error="return")
    return {address: told if isinstance(told, str) else "" for address, told in found.items()}


def _same_program(found: dict[str, str], ours: str, scheduler: str) -> None:
    """Refuse a cluster without workers, or with some that would give other numbers."""
    if not found:
        raise _refused("scheduler_no_workers", scheduler)
    others = sorted(address for address, program in found.items() if program != ours)
    if others:
        raise _refused("scheduler_differs", scheduler, workers=", ".join(others))


def _refused(code: str, scheduler: str, **params: str) -> ScenarioError:
    return ScenarioError([Violation(code, "--scheduler", value=scheduler, params=dict(params))])
