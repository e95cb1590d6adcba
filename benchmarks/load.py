"""Many sessions at once: ``python -m benchmarks.load [SESSIONS] [SECONDS]``.

Every session is a websocket client that speaks the browser's own messages. It opens a place of
its own, moves a lever, waits for the answer, looks at it a while and moves again; the cards of
each answer must be, letter for letter, those of a projection worked out beside the server.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlencode

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.app import server
from simulator.i18n import text
from simulator.run import Result, run, run_case
from simulator.scenario import TREND
from simulator.ui.cards import cards
from simulator.ui.draft import Draft, case_of
from simulator.ui.library import library_entries, read_study
from simulator.ui.link import model_version, place_version

SESSIONS, SECONDS = 30, 180
LEVER, VALUES = "basic_jobs", (500, 1500, 4000)
LANG = "zh"
_PAUSE = (1.0, 3.0)
_FIRST_S = 300.0
_LOOK_S = 5.0
#: A run that ends early for another one has not answered yet.
_ENDS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
_CARDS = re.compile(r'<section class="cus-cards".*?</section>', re.DOTALL)


@dataclass(frozen=True)
class Place:
    """A place of the library, its link, and its cards at each value of the lever."""

    query: str
    expected: Mapping[float, str]


@dataclass
class Session:
    """One visitor."""

    place: Place
    answers: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    first: float = float("nan")
    slider: str = ""
    fragment: str = ""
    shown: str = ""

    def take(self, message: ForwardMsg) -> None:
        """Remember the slider, and the cards that the page shows."""
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "slider" and element.slider.id.endswith(f"slider_{LEVER}"):
            self.slider, self.fragment = element.slider.id, message.delta.fragment_id
        elif kind == "html":
            for found in _CARDS.findall(element.html.body):
                self.shown = found
        elif kind == "exception":
            self.faults.append(element.exception.message)

    async def ask(self, line: websockets.ClientConnection, value: float | None) -> float:
        """Send a value of the lever, or ask for the page; seconds until it has all arrived."""
        message = BackMsg()
        client = message.rerun_script
        client.query_string = self.place.query
        client.fragment_id = self.fragment
        if value is not None:
            state = client.widget_states.widgets.add()
            state.id = self.slider
            state.double_array_value.data.append(value)
        start = time.perf_counter()
        await line.send(message.SerializeToString())
        async for raw in line:
            found = ForwardMsg.FromString(raw)
            self.take(found)
            if found.WhichOneof("type") == "script_finished" and found.script_finished in _ENDS:
                return time.perf_counter() - start
        raise ConnectionError("the server hung up")

    async def visit(self, address: str, until: float, chance: random.Random) -> None:
        """Open the page and move the lever until the time is up."""
        async with websockets.connect(
            f"{address.replace('http', 'ws')}/_stcore/stream",
            subprotocols=[websockets.Subprotocol("streamlit")],
            max_size=None,
            ping_interval=None,
        ) as line:
            self.first = await asyncio.wait_for(self.ask(line, None), _FIRST_S)
            if not self.slider:
                self.faults.append("no slider")
                return
            values = itertools.cycle(chance.sample(list(self.place.expected), len(VALUES)))
            while time.monotonic() < until:
                await asyncio.sleep(chance.uniform(*_PAUSE))
                value = next(values)
                self.answers.append(await asyncio.wait_for(self.ask(line, value), _FIRST_S))
                if self.shown != self.place.expected[value]:
                    self.faults.append(f"cards of another at {value}")


@dataclass
class Report:
    """What was measured: seconds of answers, faults, and megabytes of the server by second."""

    first: list[float]
    answers: list[float]
    moves_least: int
    faults: list[str]
    memory: list[tuple[float, float]]


def places(n: int) -> list[Place]:
    """Places with targets that a projection answers, as many as there are sessions."""
    found = []
    for entry in library_entries().values():
        if len(found) == n:
            break
        result = run(read_study(entry), face_value=False)
        if result.members or not any(c.status != "not_modelled" for c in result.trend.targets):
            continue
        parts = {"v": model_version(), "d": place_version(entry), "f": entry.key, "s": TREND,
                 "lang": LANG}  # fmt: skip
        expected = {float(v): _expected(result, v) for v in VALUES}
        found.append(Place(urlencode(parts), MappingProxyType(expected)))
    return found


def _expected(result: Result, value: float) -> str:
    label = {lang: text("app.mine", lang) for lang in ("zh", "en")}
    draft = Draft(MappingProxyType({LEVER: float(value)}))
    current = run_case("custom", case_of(draft, result.trend.case, label), result.trend)
    (section,) = _CARDS.findall(cards(result, current, None, LANG))
    return str(section)


def _megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _watch(pid: int, kept: list[tuple[float, float]]) -> None:
    start = time.monotonic()
    while True:
        kept.append((time.monotonic() - start, _megabytes(pid)))
        await asyncio.sleep(_LOOK_S)


async def _all(address: str, pid: int, sessions: list[Session], seconds: float) -> Report:
    memory: list[tuple[float, float]] = []
    watch = asyncio.create_task(_watch(pid, memory))
    until = time.monotonic() + seconds
    visits = (s.visit(address, until, random.Random(i)) for i, s in enumerate(sessions))
    ended = await asyncio.gather(*visits, return_exceptions=True)
    watch.cancel()
    memory.append((memory[-1][0] + _LOOK_S, _megabytes(pid)))
    return Report(
        [s.first for s in sessions],
        [t for s in sessions for t in s.answers],
        min(len(s.answers) for s in sessions),
        [*(f for s in sessions for f in s.faults), *(repr(e) for e in ended if e is not None)],
        memory,
    )


def load(n: int, seconds: float) -> Report:
    """Let ``n`` sessions move their levers for ``seconds``."""
    sessions = [Session(place) for place in places(n)]
    assert len(sessions) == n, "the library has fewer places that can be judged"
    with server() as (address, pid):
        return asyncio.run(_all(address, pid, sessions, seconds))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))]


def main(n: int = SESSIONS, seconds: int = SECONDS) -> None:
    """Measure and print; exit code 1 if any session saw a fault or another's numbers."""
    before = os.getloadavg()[0]
    found = load(n, seconds)
    print(f"sessions, moves, faults      {n} {len(found.answers)} {len(found.faults)}")
    print(f"moves of the least busy      {found.moves_least}")
    for name, values in (("first page", found.first), ("answer to a move", found.answers)):
        figures = 1e3 * statistics.median(values), 1e3 * _p95(values)
        print(f"{name:28} median {figures[0]:.0f} ms, p95 {figures[1]:.0f} ms")
    shown = found.memory[:: max(1, len(found.memory) // 12)]
    print("server's memory, MB by s    ", ", ".join(f"{t:.0f}: {mb:.0f}" for t, mb in shown))
    print(f"load before and after        {before:.1f} {os.getloadavg()[0]:.1f}")
    for fault in found.faults[:10]:
        print(f"fault: {fault}")
    if found.faults:
        raise SystemExit(1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
