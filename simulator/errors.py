"""What the program says when an input cannot be used: every violation, with its place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

_NEAREST_CUTOFF = 0.55


@dataclass(frozen=True)
class Violation:
    """One thing wrong with one input.

    Parameters
    ----------
    code : str
        Message key, ``error.<code>`` in the message catalogues.
    file : str
        File as the user named it.
    line : int or None
        1-based line, where one is known.
    path : str
        Dotted path inside the file, such as ``scenarios.plan.levers``.
    value : object
        The offending value, as read.
    params : dict
        What the message needs besides: allowed values, nearest name, limits.
    """

    code: str
    file: str
    line: int | None = None
    path: str = ""
    value: Any = None
    params: dict[str, Any] = field(default_factory=dict)


class ScenarioError(Exception):
    """An input file cannot be used; carries every violation found, file by file, in line order."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        found = list(violations)
        met = {file: i for i, file in reversed(list(enumerate(v.file for v in found)))}
        found.sort(key=lambda v: (met[v.file], v.line or 0, v.path))
        self.violations: tuple[Violation, ...] = tuple(found)
        super().__init__(self._plain())

    def _plain(self) -> str:
        return "; ".join(
            f"{v.file}:{v.line or '-'}: {v.path}: {v.code} {v.value!r} {v.params}"
            for v in self.violations
        )


def nearest(name: str, allowed: Sequence[str]) -> str | None:
    """Allowed name closest to ``name``, or ``None`` when none is close."""
    found = difflib.get_close_matches(name, allowed, n=1, cutoff=_NEAREST_CUTOFF)
    return found[0] if found else None
