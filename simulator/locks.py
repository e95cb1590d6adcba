"""One lock of the system for every place where two programs must not do the same at once."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Whether the system has such locks; Windows has not.
AVAILABLE = importlib.util.find_spec("fcntl") is not None


@contextmanager
def held(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold a lock that the system gives back whatever ends the program.

    Its file stays: another program may hold the file that is removed, and a third one, at the same
    time, the file that is made anew. Where the system has no such locks nothing is held, and two
    programs that do the same at once are in each other's way.

    Parameters
    ----------
    path : file of the lock; made if it is not there
    wait : whether to wait for another program that holds it

    Raises
    ------
    BlockingIOError
        If another program holds it and this one does not wait.
    OSError
        If the file cannot be made.
    """
    with path.open("a") as handle:
        if AVAILABLE:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
