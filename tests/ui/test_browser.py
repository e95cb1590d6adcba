"""The app in a real browser: it loads, answers to its controls, and talks to nobody else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from reading import ROOT

sync_api = pytest.importorskip("playwright.sync_api")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt install chromium)"),
]
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
FIRST_PAGE, ANSWER = 120_000, 20_000


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true",
               f"--server.port={port}"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=quiet, stderr=quiet) as server:
        try:
            _wait_for(port)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("localhost", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"no server on port {port}")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[object]:
    with sync_api.sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=CHROMIUM,
            args=list(FLAGS),
            locale="zh-CN",
            viewport={"width": 1400, "height": 900},
        )
        yield context
        context.close()


def test_a_planner_can_use_it(address: str, browser: object, tmp_path: Path) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(address)
    card = page.locator('[data-target="resident_urbanization_rate"] .cus-value')
    card.wait_for(timeout=FIRST_PAGE)
    page.wait_for_function(
        "document.querySelectorAll('[data-testid=stVegaLiteChart] [role*=graphics]').length >= 4",
        timeout=ANSWER,
    )
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert "县域城镇化情景模拟器" in page.locator(".cus-head").inner_text()

    before = card.inner_text()
    thumb = page.locator(".st-key-lever_basic_jobs [type=range]")
    thumb.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    sync_api.expect(card).not_to_have_text(before, timeout=ANSWER)
    number = page.locator(".st-key-lever_basic_jobs input[type=number]")
    sync_api.expect(number).to_have_value("3000", timeout=ANSWER)
    page.screenshot(path=tmp_path / "zh.png")

    page.get_by_text("English", exact=True).click()
    head = page.locator(".cus-head")
    sync_api.expect(head).to_contain_text("County Urbanization Simulator", timeout=ANSWER)
    sync_api.expect(number).to_have_value("3000", timeout=ANSWER)
    page.screenshot(path=tmp_path / "en.png")

    with page.expect_download() as download:
        page.locator(".st-key-download_yaml button").click()
    saved = Path(download.value.path()).read_text(encoding="utf-8")
    assert "basic_jobs: 3000" in saved
    assert not errors
    outside = [u for u in asked if not u.startswith((address, "data:", "blob:"))]
    assert not outside
