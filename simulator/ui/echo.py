"""Which of a browser's widget values the user has set, and which only echo what it was told.

Every message of a browser carries the values of all its widgets. A widget that the program has
set meanwhile is in it with its old value until the browser has heard of the new one: were that
taken for the user's doing, moving two sliders quickly would throw the first one back. So the
program numbers its answers, a hidden widget sends back the number that the browser got last, and
a value counts as the user's only if neither side put it there before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = float | bool | None
#: Answers that a browser may be behind; more than anybody's fingers can cause.
_MOST = 200


@dataclass
class Wire:
    """One widget: its value as last heard, and what it was told since, by number of the answer."""

    heard: Value
    told: list[tuple[int, Value]] = field(default_factory=list)

    def hear(self, now: Value, got: int) -> bool:
        """Whether the user set ``now``; the browser has the answers up to number ``got``."""
        arrived = [value for answer, value in self.told if answer <= got]
        expected = arrived[-1] if arrived else self.heard
        self.told = self.told[len(arrived) :]
        self.heard = now
        if now == expected:
            return False
        # An answer can be cut short between this widget and the one that counts answers.
        ahead = [i for i, (_, value) in enumerate(self.told) if value == now]
        if ahead:
            self.told = self.told[ahead[-1] + 1 :]
        return not ahead

    def tell(self, value: Value, answer: int) -> None:
        """Note that answer number ``answer`` sets the widget."""
        self.told = [*self.told[-_MOST:], (answer, value)]


@dataclass
class Wires:
    """Every widget of a session that the program may set."""

    answer: int = 0
    known: dict[str, Wire] = field(default_factory=dict)

    def begin(self, key: str, value: Value) -> None:
        """A widget is new to the browser and starts from ``value``."""
        self.known[key] = Wire(value)

    def hear(self, now: Mapping[str, Value], got: int) -> set[str]:
        """Widgets that the user has set, of those a message carries; its answer is begun."""
        self.answer += 1
        moved = set()
        for key, value in now.items():
            if key not in self.known:
                self.begin(key, value)
            elif self.known[key].hear(value, got):
                moved.add(key)
        return moved

    def tell(self, key: str, value: Value) -> None:
        """Note that the answer begun sets a widget."""
        self.known.setdefault(key, Wire(None)).tell(value, self.answer)

    def behind(self, key: str) -> bool:
        """Whether an answer that sets a widget may still be on its way."""
        return key in self.known and bool(self.known[key].told)
