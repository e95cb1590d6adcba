"""`njit` whose compiled code is kept under a key of all the source that it is made from.

numba renews a file's compiled code when that file changes, but not when a function that it calls
in another file does. A program updated in place would then run old code, or crash where a shared
array has changed its shape. So the folder of the cache is named by the whole of the year loop,
the compiler and the processor.

Nor does numba run the same machine code in the process that compiles and in those that load what
it kept: a sum may be rounded in another order. So a process of its own compiles, and all others
load.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core.registry import cpu_target

from simulator.locks import AVAILABLE, held

_PACKAGE = Path(__file__).parent
#: Where compiled code is kept if the program's own folder cannot be written to.
_OF_THE_USER = Path("~/.cache/county-urbanization-simulator")
#: What compiled code is made from: itself, and the enumerations that it indexes by.
_SOURCES = (
    "axes", "births", "bracket", "compiled", "hiring", "kernel", "levers/columns", "levers/housing",
    "levers/jobs", "levers/settlement", "moves", "sheet", "state", "step", "trial",
    "waiting", "year",
)  # fmt: skip
_DIGITS = 12
#: Where the program itself keeps compiled code, how it calls the folders, and how long [seconds] it
#: keeps one that nobody uses: 30 days.
_OWN = (_PACKAGE / "__pycache__", _OF_THE_USER)
_NAME = re.compile(rf"numba-[0-9a-f]{{{_DIGITS}}}")
_UNUSED = 30 * 24 * 3600.0
#: A compiler that has not ended by then [seconds] will not.
_PATIENCE = 900


def _key() -> str:
    """Hash of the sources, in their order, and of what else decides on the machine code."""
    settings = sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith("NUMBA_"))
    processor = cpu_target.target_context.codegen().magic_tuple()
    made_by = [numba.__version__, sys.version, str(processor), *settings]
    found = hashlib.sha256("\n".join(made_by).encode())
    for name in _SOURCES:
        found.update((_PACKAGE / f"{name}.py").read_bytes())
    return found.hexdigest()[:_DIGITS]


#: The decorator that the year loop takes from here, so that the folder is set before it is used.
njit = numba.njit

_config: Any = numba.config  # its settings are made at import and unknown to type checkers


def _folder(*parents: Path) -> str:
    """Where compiled code is kept: in the first of ``parents`` that can be written to, else in
    the last, which numba then finds out.
    """
    for parent in parents:
        folder = parent.expanduser() / f"numba-{_key()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            break
    return str(folder)


_config.CACHE_DIR = _folder(
    *([Path(_config.CACHE_DIR)] if _config.CACHE_DIR else []),
    *_OWN,
)


def _kept(done: Path) -> bool:
    """Whether the mark is there, and compiled code beside it."""
    return done.exists() and any(done.parent.glob("*/*.nbi"))


def _remove_unused(done: Path) -> None:
    """Remove what other versions compiled and nobody has used for a month before ``done``.

    Only folders of the program's own cache that bear its names; not those that another process
    has locked, and none where the system has no locks that would tell. What cannot be removed
    stays.
    """
    folder, now = done.parent, done.stat().st_mtime
    if not AVAILABLE or folder.parent not in [p.expanduser() for p in _OWN]:
        return
    for other in folder.parent.glob("numba-*"):
        if other == folder or other.is_symlink() or not _NAME.fullmatch(other.name):
            continue
        with suppress(OSError), ExitStack() as locks:
            if now - _last_used(other) > _UNUSED:
                for lock in other.glob("*.lock"):
                    locks.enter_context(held(lock, wait=False))
                shutil.rmtree(other, ignore_errors=True)


def _last_used(folder: Path) -> float:
    """When a file of a folder was last read or written, seconds; an empty folder, when made."""
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return max([folder.stat().st_mtime, *(t for f in files for t in (f.st_mtime, f.st_atime))])


_listeners: list[Callable[[], None]] = []


def tell_of_compiling(listener: Callable[[], None]) -> None:
    """Have ``listener`` called before the program is compiled, which takes a minute, once."""
    _listeners.append(listener)


@cache
def compiled_before(module: str, function: str) -> None:
    """Have another process call ``function`` of ``module``, once for all, to compile and keep it.

    Where that fails, or nothing can be kept, this process compiles for itself: its results then
    agree with others' to rounding, not to the last bit.
    """
    folder = Path(_config.CACHE_DIR)
    done = folder / f"{module}.kept"
    if _config.DISABLE_JIT or not sys.executable:
        return
    if _kept(done):
        with suppress(OSError):  # a folder that only others can write to
            done.touch()  # the code was used now, for who removes what is not
        return
    try:
        with held(folder / f"{module}.lock", wait=True):
            if not _kept(done):
                for listener in _listeners:
                    listener()
                code = f"from {module} import {function}; {function}()"
                path = os.pathsep.join([str(_PACKAGE.parent), *filter(None, sys.path)])
                subprocess.run(
                    [sys.executable, "-P", "-c", code], check=True, capture_output=True,
                    env={**os.environ, "PYTHONPATH": path}, timeout=_PATIENCE,
                )  # fmt: skip
                done.touch()
                _remove_unused(done)
    except (OSError, subprocess.SubprocessError):
        return
