"""Which files an input may name, and how much of one is read."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from simulator.errors import ScenarioError, Violation

#: ``extends: library:places/quxian.yaml`` finds the files that come with the program.
LIBRARY_PREFIX = "library:"
LIBRARY = Path(__file__).resolve().parent.parent / "scenarios"
#: A scenario is a page or two, the largest of the library 35 kB; reading takes a second per 50 kB.
MAX_BYTES = 500_000
#: A table of ten thousand places or of every county: the largest, ages of the counties of 2010, has
#: 0.8 MB.
MAX_TABLE_BYTES = 5_000_000


def read_input(path: Path, file: str, limit: int = MAX_BYTES) -> bytes:
    """Bytes of a file that somebody named, no more of them than an input can have.

    Parameters
    ----------
    path : what is read
    file : the file as the user named it
    limit : bytes that an input of its kind can have

    Raises
    ------
    ScenarioError
        If there is no such file, it is a folder or device, cannot be read, or is too large.
    """
    try:
        about = path.stat()
        if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
            raise ScenarioError([Violation("no_plain_file", file)])
        with path.open("rb") as handle:
            raw = handle.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        code = "not_found" if isinstance(error, FileNotFoundError) else "unreadable"
        raise ScenarioError([Violation(code, file, params=system_reason(error))]) from None
    if len(raw) > limit:
        limits = {"limit": limit}
        raise ScenarioError([Violation("too_large", file, value=about.st_size, params=limits)])
    return raw


def system_reason(error: Exception) -> dict[str, str]:
    """What the system says of a file, as parameters of a message: its words, and their name."""
    reason = getattr(error, "strerror", None) or str(error)
    return {"reason": reason, "errno": errno.errorcode.get(getattr(error, "errno", None) or 0, "")}


def plain_file(path: Path) -> bool:
    """Whether a plain file is there and its name is one that a file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return False


def there(path: Path) -> bool:
    """Whether a file or folder is there; a name that none can have is of none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def resolved(path: Path) -> Path | None:
    """A path with its links followed, or None where they lead in a circle."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def within_reach(path: Path, home: Path) -> bool:
    """Whether a file named by an input, its links followed, is one that the input may name.

    These are files of the library, and of the folder above ``home`` and all below: plans and places
    often lie in two folders side by side.
    """
    target, folder = resolved(path), resolved(home)
    if target is None or folder is None:
        return False
    above = folder.parent
    tree = folder if above == above.parent else above  # the root of the disk is no folder of plans
    return target.is_relative_to(tree) or target.is_relative_to(LIBRARY.resolve())
