"""Speed of the app in headless Chromium: ``python -m benchmarks.app``.

A slider is moved with the mouse; the clock runs from its release to the last change inside any
chart, so that a chart counts when it is drawn, not when its data have arrived. Two idle cores are
meant; the load is printed beside the figures.
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
from collections.abc import Iterator
from contextlib import contextmanager
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
_RUNNING = "() => !!document.querySelector('[data-testid=stApp][data-test-script-state=running]')"


@contextmanager
def server() -> Iterator[str]:
    """The app on a free port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
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
            yield f"http://localhost:{port}"
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
    slider = f".st-key-slider_{LEVER} [role=group]"
    thumb = page.locator(f"{slider} div:has(> div > input)").bounding_box()
    track = page.locator(slider).bounding_box()
    assert thumb is not None
    assert track is not None
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


def measure(page: Page, address: str) -> dict[str, Any]:
    """First page and every move."""
    cold = first_page(page, address)
    warm = first_page(page, address)
    for i in range(WARM_UP):
        move(page, i)
    clock = page.context.new_cdp_session(page)
    clock.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = busy(clock)
    moves = [move(page, i) for i in range(WARM_UP, WARM_UP + MOVES)]
    times = sorted(t for t, _ in moves)
    return {
        "first page, cold server": cold,
        "first page": warm,
        "median": statistics.median(times),
        "p95": times[int(0.95 * len(times))],
        "least": times[0],
        "page's own work a move": (busy(clock) - before) / MOVES,
        "charts": statistics.median(n for _, n in moves),
    }


def main() -> None:
    """Measure and print."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    before = os.getloadavg()[0]
    with server() as address, sync_playwright() as play, tempfile.TemporaryDirectory() as profile:
        context = play.chromium.launch_persistent_context(
            profile, executable_path=chromium, viewport=VIEW, locale="zh-CN",
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"],
        )  # fmt: skip
        page = context.pages[0]
        page.add_init_script(_WATCH)
        found = measure(page, address)
        context.close()
    for name, value in found.items():
        print(f"{name:28} {value:8.0f}{'' if name == 'charts' else ' ms'}")
    print(f"load before and after        {before:.1f} {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
