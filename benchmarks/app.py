"""Speed of the app in headless Chromium: ``python -m benchmarks.app``.

A slider is moved with the mouse; the clock runs from its release to the last change inside any
chart, so that a chart counts when it is drawn, not when its data have arrived. Two idle cores are
meant; the load is printed beside the figures, and so is the floor: a page of one slider and one
chart, moved in turn with the app, so that both meet the same machine. Times of work are processor
time, which other processes do not lengthen much.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page, sync_playwright

ROOT = Path(os.environ.get("APP_ROOT", Path(__file__).resolve().parent.parent))
MOVES, WARM_UP = 30, 3
QUIET_MS = 600
LEVER = "basic_jobs"
VIEW = {"width": 1400, "height": 900}

#: Remembers when each chart was last drawn, and when the mouse was last released.
_WATCH = """
window.drawn = new Map(); window.released = 0;
const CHART = '[data-testid=stVegaLiteChart]';
new MutationObserver((changes) => {
  for (const { target } of changes) {
    const chart = (target.nodeType === 1 ? target : target.parentElement)?.closest(CHART);
    if (chart) window.drawn.set(chart, performance.now());
  }
}).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
for (const name of ['clearRect', 'fillRect', 'stroke', 'fill', 'fillText']) {
  const plain = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    const chart = this.canvas.closest?.(CHART);
    if (chart) window.drawn.set(chart, performance.now());
    return plain.apply(this, given);
  };
}
addEventListener('pointerup', () => { window.released = performance.now(); }, true);
"""
_LAST = "() => Math.max(0, ...window.drawn.values()) - window.released"
_SINCE = "() => performance.now() - Math.max(window.released, ...window.drawn.values())"
_COUNT = "() => [...window.drawn].filter(([c, t]) => c.isConnected && t > window.released).length"
_ANSWERED = "() => [...window.drawn.values()].some((t) => t > window.released)"
#: Where a slider and its thumb are; by plain means, for a search by locators costs the page more.
_PLACE = """(slider) => {
  const track = document.querySelector(slider);
  const thumb = track.querySelector('input').parentElement.parentElement;
  return [thumb.getBoundingClientRect().toJSON(), track.getBoundingClientRect().toJSON()];
}"""
_RUNNING = "() => !!document.querySelector('[data-testid=stApp][data-test-script-state=running]')"


@contextmanager
def server(script: str = "app.py") -> Iterator[tuple[str, int]]:
    """A Streamlit script on a free port: its address, and the process that serves it."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.headless=true"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [*command, f"--server.port={port}"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=quiet, stderr=quiet,
    ) as process:  # fmt: skip
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("localhost", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://localhost:{port}", process.pid
        finally:
            process.terminate()


def settled(page: Page) -> None:
    """Wait until nothing has been drawn for a while and no script runs."""
    while page.evaluate(_RUNNING) or page.evaluate(_SINCE) < QUIET_MS:
        page.wait_for_timeout(50)


def first_page(page: Page, address: str) -> float:
    """Milliseconds from asking for the page to its first charts, drawn whole."""
    start = time.perf_counter()
    page.goto(address)
    page.locator("[data-testid=stVegaLiteChart]  :is(svg,canvas)").first.wait_for(timeout=120_000)
    began = page.evaluate("() => performance.timeOrigin")
    settled(page)
    last = page.evaluate("() => performance.timeOrigin + Math.max(...window.drawn.values())")
    return min((time.perf_counter() - start) * 1e3, last - began)


def move(page: Page, step: int) -> tuple[float, int]:
    """Drag the slider and let go: milliseconds to the last chart, and how many were drawn."""
    thumb, track = page.evaluate(_PLACE, f".st-key-slider_{LEVER} [role=group]")
    y = thumb["y"] + thumb["height"] / 2
    aim = track["x"] + track["width"] * (0.25 + 0.5 * ((step * 7) % MOVES) / MOVES)
    page.mouse.move(thumb["x"] + thumb["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(aim, y, steps=3)
    page.mouse.up()
    page.wait_for_function(_ANSWERED, timeout=30_000)
    settled(page)
    return page.evaluate(_LAST), page.evaluate(_COUNT)


def busy(clock: CDPSession) -> float:
    """Milliseconds of processor time that the page has used, whatever else the machine does."""
    found = {m["name"]: m["value"] for m in clock.send("Performance.getMetrics")["metrics"]}
    return 1e3 * found["TaskDuration"]


def worked(pid: int) -> float:
    """Milliseconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return 1e3 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Subject:
    """A page under the clock, and what was measured of it."""

    name: str
    page: Page
    address: str
    pid: int
    found: dict[str, float] = field(default_factory=dict)
    moves: list[tuple[float, int]] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)

    def open(self) -> None:
        """Open it twice, move it a little, and set the clocks to nought."""
        self.found["first page, cold server"] = first_page(self.page, self.address)
        self.found["first page"] = first_page(self.page, self.address)
        for i in range(WARM_UP):
            move(self.page, i)
        self.clock = self.page.context.new_cdp_session(self.page)
        self.clock.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.clock.send("Network.enable")
        self.clock.on("Network.webSocketFrameReceived", self._frame)
        self.began = busy(self.clock), worked(self.pid)

    def _frame(self, event: dict[str, Any]) -> None:
        self.frames.append(len(event["response"]["payloadData"]) * 3 // 4)  # sent as base64

    def close(self) -> dict[str, float]:
        """All figures."""
        times, n = sorted(t for t, _ in self.moves), len(self.moves)
        return {
            **self.found,
            "median": statistics.median(times),
            "p95": times[int(0.95 * n)],
            "least": times[0],
            "page's work a move": (busy(self.clock) - self.began[0]) / n,
            "server's work a move": (worked(self.pid) - self.began[1]) / n,
            "messages a move": len(self.frames) / n,
            "kB a move": sum(self.frames) / n / 1e3,
            "charts": statistics.median(c for _, c in self.moves),
        }


def measure(subjects: Sequence[Subject], moves: int) -> list[dict[str, float]]:
    """First page and every move, of all pages in turn."""
    for subject in subjects:
        subject.open()
    for i in range(WARM_UP, WARM_UP + moves):
        for subject in subjects:
            subject.page.bring_to_front()
            subject.moves.append(move(subject.page, i))
    return [subject.close() for subject in subjects]


_NO_TIME = ("messages a move", "kB a move", "charts")


def main(moves: int = MOVES) -> None:
    """Measure and print."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    before = os.getloadavg()[0]
    with ExitStack() as stack:
        play = stack.enter_context(sync_playwright())
        context = play.chromium.launch_persistent_context(
            stack.enter_context(tempfile.TemporaryDirectory()),
            executable_path=chromium, viewport=VIEW, locale="zh-CN",
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"],
        )  # fmt: skip
        context.add_init_script(_WATCH)
        subjects = []
        for name, script in (("app", "app.py"), ("floor", "benchmarks/floor.py")):
            address, pid = stack.enter_context(server(script))
            subjects.append(Subject(name, context.new_page(), address, pid))
        app, floor = measure(subjects, moves)
        context.close()
    print(f"{'':28} {'app':>8} {'floor':>8}")
    for name, value in app.items():
        print(f"{name:28} {value:8.0f} {floor[name]:8.0f}{'' if name in _NO_TIME else ' ms'}")
    print(f"load before and after        {before:.1f} {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
