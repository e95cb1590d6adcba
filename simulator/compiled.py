"""`njit` whose compiled code is kept under a key of all the source that it is made from.

numba renews a file's compiled code when that file changes, but not when a function that it calls
in another file does. A program updated in place would then run old code, or crash where a shared
array has changed its shape. So the folder of the cache is named by the whole of the year loop.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numba

_PACKAGE = Path(__file__).parent
#: What compiled code is made from: itself, and the enumerations that it indexes by.
_SOURCES = (
    "axes", "bracket", "draws", "levers/columns", "levers/housing", "levers/jobs",
    "levers/settlement", "moves", "projection", "sheet", "state", "step", "waiting", "year",
)  # fmt: skip
_DIGITS = 12


def _key() -> str:
    """Hash of the sources, in their order."""
    found = hashlib.sha256(numba.__version__.encode())
    for name in _SOURCES:
        found.update((_PACKAGE / f"{name}.py").read_bytes())
    return found.hexdigest()[:_DIGITS]


#: The decorator that the year loop takes from here, so that the folder is set before it is used.
njit = numba.njit

_config: Any = numba.config  # its settings are made at import and unknown to type checkers
if not _config.CACHE_DIR:  # a user's NUMBA_CACHE_DIR is left as it is
    _config.CACHE_DIR = str(_PACKAGE / "__pycache__" / f"numba-{_key()}")
