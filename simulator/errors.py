"""What the program says when an input cannot be used: every violation, with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

#: Letters, and Chinese characters, for each slip that a name is still known with; and how many
#: letters of its beginning say which name it is, of characters one less.
_LETTERS, _CHARACTERS, _BEGINNING = 5, 3, 3
_MARKS, _DIGITS, _NUMBER = re.compile(r"[\s_'’·-]"), re.compile(r"\d+"), re.compile(r"[\d.,%+]*")


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


def nearest(name: str, allowed: Sequence[str], *, proper: bool = False) -> str | None:
    """The one allowed name that a word is a slip of, or ``None`` where none is near or several are.

    Near is a slip in five letters, or in three Chinese characters; else the first half or more of
    a single name, or a name with no more than as much behind it. A number is no slip of another.

    Parameters
    ----------
    name : as written
    allowed : names; of a dotted one the last part does too
    proper : whether they are names of places, of whose two characters one may be wrong
    """
    word = _plain(name)
    near: dict[str, int] = {}
    begun = []
    for other in allowed:
        for key in {_plain(other), _plain(other.rpartition(".")[2])}:
            if _DIGITS.findall(word) == _DIGITS.findall(key):
                slips, most = _slips(word, key), _most_slips(max(word, key, key=len), proper=proper)
                if slips <= most:
                    near[other] = min(slips, near.get(other, slips))
            if _begins(word, key):
                begun.append(other)
    found = [n for n, slips in near.items() if slips == min(near.values())] or begun
    one = len({_plain(n) for n in found}) == 1  # a name and its label may differ in blanks alone
    return found[0] if one and not _NUMBER.fullmatch(word) else None


def _plain(name: str) -> str:
    """A name without what is no part of it: width and case of letters, blanks, hyphens."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _begins(word: str, key: str) -> bool:
    """Whether the shorter of a word and a name begins the longer, and is half of it or more."""
    short, long = sorted((word, key), key=len)
    least = _BEGINNING if word.isascii() else _BEGINNING - 1
    return long.startswith(short) and len(short) >= least and 2 * len(short) >= len(long)


def _most_slips(name: str, *, proper: bool) -> int:
    """Slips that a name of this length is still known with."""
    if name.isascii():
        return 0 if len(name) < _BEGINNING else max(1, len(name) // _LETTERS)
    return 1 if proper and len(name) == _CHARACTERS - 1 else len(name) // _CHARACTERS


def _slips(one: str, other: str) -> int:
    """Characters put in, left out, mistaken or exchanged with their neighbour between two words.

    The distance of optimal string alignment.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one):
        before, above, row = row, before, [i + 1]
        for j, b in enumerate(other):
            cost = min(before[j] + (a != b), before[j + 1] + 1, row[j] + 1)
            if i and j and (a, one[i - 1]) == (other[j - 1], b):
                cost = min(cost, above[j - 1] + 1)
            row.append(cost)
    return row[-1]
