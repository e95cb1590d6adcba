"""The app in a real browser: it loads, answers to its controls, and talks to nobody else."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from reading import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from test_intake import workbook

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
#: Limits of patience, not of speed: a machine that has other work to do must pass too.
FIRST_PAGE, ANSWER = 240_000, 120_000
#: A chart that is the same after this many milliseconds is drawn.
QUIET = 1_000
#: Charts that stand on the page as it opens: rates, people, causes, ages, town.
CHARTS = 5
_DRAWN = "[...document.querySelectorAll('[data-testid=stVegaLiteChart] canvas')]"
_PICTURES = f"{_DRAWN}.map((canvas) => canvas.toDataURL())"


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
    card = page.locator(_RATE)
    _go(page, address, _RATE)
    _settle(page)
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

    # What offers the file was drawn before the lever was moved; the file has it as it stands.
    assert "basic_jobs: 3000" in _download(page)
    page.get_by_text("English", exact=True).click()
    head = page.locator(".cus-head")
    sync_api.expect(head).to_contain_text("County Urbanization Simulator", timeout=ANSWER)
    sync_api.expect(number).to_have_value("3000", timeout=ANSWER)
    page.screenshot(path=tmp_path / "en.png")

    assert "basic_jobs: 3000" in _download(page)
    assert not errors
    outside = [u for u in asked if not u.startswith((address, "data:", "blob:"))]
    assert not outside


def _download(page: object) -> str:
    """The scenario file that the page offers."""
    with page.expect_download() as download:  # type: ignore[attr-defined]
        page.locator(".st-key-download_yaml button").click()  # type: ignore[attr-defined]
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_the_targets_taken_along_say_what_the_page_does(address: str, browser: object) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    _settle(page)
    page.locator(".st-key-bands label").first.click()
    chance = page.locator('[data-target="resident_urbanization_rate"] dl')
    sync_api.expect(chance).to_contain_text("±", timeout=ANSWER)
    with page.expect_download() as download:
        page.locator(".st-key-download_targets button").click()
    raw = Path(download.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    row = next(r for r in rows if r["指标"] == "常住人口城镇化率")
    assert row["预测值"] == page.locator(_RATE).inner_text().split()[0]
    assert row["达到目标的概率"].endswith("%")


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", "须在 0 与 20000 之间"), ("en", "must be between 0 and 20000")],
)
def test_a_refused_number_is_told_in_the_language_of_the_page(
    address: str, browser: object, lang: str, words: str
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, f"{address}/?lang={lang}", _RATE)
    _settle(page)
    box = page.locator(".st-key-number_basic_jobs [data-testid=stNumberInput]")
    field = box.locator("input")
    field.fill("99999999")
    field.press("Enter")
    sync_api.expect(box.get_by_role("alert")).to_contain_text(words, timeout=ANSWER)
    assert words in box.evaluate("e => getComputedStyle(e, '::after').content")
    assert words in str(field.get_attribute("title"))
    field.fill("500")
    field.press("Enter")
    sync_api.expect(field).to_have_value("500", timeout=ANSWER)
    assert box.evaluate("e => getComputedStyle(e, '::after').content") == "none"


_RATE = '[data-target="resident_urbanization_rate"] .cus-value'


def _go(page: object, address: str, until: str) -> None:
    page.goto(address, timeout=FIRST_PAGE)  # type: ignore[attr-defined]
    page.locator(until).first.wait_for(timeout=FIRST_PAGE)  # type: ignore[attr-defined]


def _settle(page: object) -> None:
    """Wait until the page is whole: no script runs, and every chart stays as it is drawn."""
    page.wait_for_function(  # type: ignore[attr-defined]
        "(n) => document.querySelector('[data-test-script-state=notRunning]') && "
        f"{_DRAWN}.length === n && {_PICTURES}.every((p, i, all) => all.indexOf(p) === i)",
        arg=CHARTS,
        timeout=FIRST_PAGE,
    )
    before: list[str] = []
    while (now := page.evaluate(f"() => {_PICTURES}")) != before:  # type: ignore[attr-defined]
        before = now
        page.wait_for_timeout(QUIET)  # type: ignore[attr-defined]


def test_a_slider_moves_the_charts_without_building_them_anew(
    address: str, browser: object
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    _settle(page)
    slider = page.locator(".st-key-lever_basic_jobs [type=range]")
    before = page.evaluate(
        "() => { document.querySelector('.st-key-lever_basic_jobs [type=range]').kept = true; "
        f"{_DRAWN}.forEach((chart) => {{ chart.kept = true; }}); return {_PICTURES}; }}"
    )
    page.locator(".st-key-lever_basic_jobs input[type=number]").fill("9000")
    page.keyboard.press("Enter")
    sync_api.expect(slider).to_have_value("9000", timeout=ANSWER)
    page.wait_for_function(
        f"(before) => {_PICTURES}.every((picture, i) => picture !== before[i])",
        arg=before,
        timeout=ANSWER,
    )
    _settle(page)
    assert slider.evaluate("(e) => e.kept === true"), "built anew under the user's hand"
    assert page.evaluate(f"() => {_DRAWN}.map((chart) => chart.kept === true)") == [True] * CHARTS


def test_sliders_moved_faster_than_the_page_answers_keep_what_they_were_set_to(
    address: str, browser: object
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    _settle(page)
    for _ in range(3):
        for lever, key in (("basic_jobs", "ArrowRight"), ("other_jobs", "ArrowLeft")) * 2:
            page.locator(f".st-key-lever_{lever} [type=range]").press(key, timeout=ANSWER)
    for lever, value in (("basic_jobs", "600"), ("other_jobs", "14900")):
        number = page.locator(f".st-key-lever_{lever} input[type=number]")
        sync_api.expect(number).to_have_value(value, timeout=ANSWER)
        slider = page.locator(f".st-key-lever_{lever} [type=range]")
        sync_api.expect(slider).to_have_value(value, timeout=ANSWER)


def test_a_link_brings_another_visitor_to_the_same_numbers(address: str, browser: object) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    before = page.locator(_RATE).inner_text()
    page.locator(".st-key-lever_basic_jobs input[type=number]").fill("4321")
    page.keyboard.press("Enter")
    card = page.locator(_RATE)
    sync_api.expect(card).not_to_have_text(before, timeout=ANSWER)
    shown = card.inner_text()
    page.get_by_text("分享链接", exact=True).click()
    link = page.locator("[data-testid=stCode]").filter(has_text="x.basic_jobs")
    link.wait_for(timeout=ANSWER)
    told = link.inner_text().strip()
    assert told.startswith(address)
    other = browser.new_page()  # type: ignore[attr-defined]
    _go(other, told, _RATE)
    sync_api.expect(other.locator(_RATE)).to_have_text(shown, timeout=ANSWER)
    number = other.locator(".st-key-lever_basic_jobs input[type=number]")
    sync_api.expect(number).to_have_value("4321", timeout=ANSWER)
    assert other.locator("[data-testid=stAlertContentWarning]").count() == 0


def test_a_workbook_with_a_mistake_is_told_and_a_sound_one_opens(
    address: str, browser: object, tmp_path: Path
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, f"{address}/data", "[data-testid=stFileUploader]")
    with page.expect_download() as download:
        page.locator(".st-key-download_template button").click()
    empty = tmp_path / "empty.xlsx"
    empty.write_bytes(Path(download.value.path()).read_bytes())
    assert load_workbook(empty).sheetnames[0] == "地方"
    page.locator("input[type=file]").set_input_files(empty)
    fault = page.locator("[data-testid=stAlertContentError]")
    fault.wait_for(timeout=ANSWER)
    assert "地方!B8" in fault.inner_text()
    sound = tmp_path / "sound.xlsx"
    sound.write_bytes(workbook())
    page.locator("input[type=file]").set_input_files(sound)
    page.locator("[data-testid=stAlertContentSuccess]").wait_for(timeout=FIRST_PAGE)
    page.locator(".st-key-open_place button").click()
    head = page.locator(".cus-head")
    sync_api.expect(head).to_contain_text("小县", timeout=FIRST_PAGE)


def test_an_emptied_number_keeps_the_value_and_is_told(address: str, browser: object) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    _settle(page)
    lever = page.locator(".st-key-lever_basic_jobs")
    field = page.locator(".st-key-number_basic_jobs [data-testid=stNumberInput] input")
    field.fill("500")
    field.press("Enter")
    slider = lever.locator("[type=range]")
    sync_api.expect(slider).to_have_value("500", timeout=ANSWER)
    field.press("Control+a")
    field.press("Delete")
    field.press("Tab")
    sync_api.expect(lever).to_contain_text(_KEPT, timeout=ANSWER)
    sync_api.expect(field).to_have_value("500", timeout=ANSWER)
    field.press("Control+a")
    page.keyboard.type("700")
    field.press("Enter")
    sync_api.expect(slider).to_have_value("700", timeout=ANSWER)


def test_a_lever_that_moved_is_there_after_a_visit_to_another_page(
    address: str, browser: object
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    _settle(page)
    field = page.locator(".st-key-number_basic_jobs [data-testid=stNumberInput] input")
    field.fill("500")
    field.press("Enter")
    slider = page.locator(".st-key-lever_basic_jobs [type=range]")
    sync_api.expect(slider).to_have_value("500", timeout=ANSWER)
    links = page.get_by_test_id("stTopNavLink")
    for other in ("方案比较", "规划总览"):
        page.wait_for_timeout(QUIET)
        links.filter(has_text=other).first.click()
        sync_api.expect(slider).to_have_count(0, timeout=ANSWER)
        page.wait_for_timeout(QUIET)
        links.filter(has_text="模拟").first.click()
        back = page.locator(".st-key-lever_basic_jobs [type=range], [data-testid=stException]")
        sync_api.expect(back).to_have_value("500", timeout=ANSWER)


def test_a_number_is_taken_as_it_is_written_or_not_at_all(address: str, browser: object) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    _settle(page)
    lever = page.locator(".st-key-lever_basic_jobs")
    field = lever.locator("input[type=number]")
    field.fill("1e3")
    field.press("Enter")
    slider = lever.locator("[type=range]")
    sync_api.expect(slider).to_have_value("1000", timeout=ANSWER)
    sync_api.expect(field).to_have_value("1000", timeout=ANSWER)
    field.fill("2.5")
    field.press("Enter")
    sync_api.expect(lever).to_contain_text(_KEPT, timeout=ANSWER)
    sync_api.expect(field).to_have_value("1000", timeout=ANSWER)


@pytest.mark.parametrize(("lang", "levers"), [("zh", "调整参数"), ("en", "Levers")])
def test_a_narrow_screen_names_its_panel_and_cuts_no_word(
    address: str, browser: object, lang: str, levers: str
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    page.set_viewport_size({"width": 420, "height": 900})
    _go(page, f"{address}/?lang={lang}", _RATE)
    _settle(page)
    opens = page.get_by_test_id("stExpandSidebarButton")
    assert levers in opens.evaluate("e => getComputedStyle(e, '::after').content")
    assert opens.evaluate("e => e.getBoundingClientRect().width") > 80
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 420, "the page itself scrolls sideways"
    # Beside a first column of words there is room for figures, which a finger moves.
    for table in page.locator(".cus-scroll").all():
        room, first = table.evaluate(
            "e => [e.clientWidth, e.querySelector('tbody td').getBoundingClientRect().width]"
        )
        assert room / 4 < first < room / 2
        cut = table.evaluate(
            "e => [...e.querySelectorAll('td')].filter(c => c.scrollWidth > c.clientWidth + 1)"
            ".map(c => c.innerText)"
        )
        assert cut == []
    opens.click()
    page.locator(".st-key-lever_basic_jobs [type=range]").wait_for(timeout=ANSWER)


def test_nothing_is_called_by_markup(address: str, browser: object) -> None:
    """Names that screen readers say are words."""
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, address, _RATE)
    for group in ("settlement", "housing"):
        page.locator(f".st-key-group_{group} summary").click()
        page.locator(f".st-key-group_{group} [type=range]").first.wait_for(timeout=ANSWER)
    named = page.locator("[aria-label]").evaluate_all("all => all.map((e) => e.ariaLabel)")
    assert any("新增基础产业岗位" in name for name in named)
    assert not [name for name in named if "[" in name or "**" in name]


def test_levers_move_after_the_language_was_changed_there_and_back(
    address: str, browser: object
) -> None:
    page = browser.pages[0]  # type: ignore[attr-defined]
    _go(page, f"{address}/?lang=zh", _RATE)
    _settle(page)
    number = page.locator(".st-key-lever_basic_jobs input[type=number]")
    words = (("English", "Housing", 600), ("中文", "住房供给", 700))
    for language, group, value in words:
        page.get_by_text(language, exact=True).click()
        page.locator("summary").get_by_text(group, exact=True).wait_for(timeout=ANSWER)
        number.fill(str(value))
        number.press("Enter")
        slider = page.locator(".st-key-lever_basic_jobs [type=range]")
        sync_api.expect(slider).to_have_value(str(value), timeout=ANSWER)
        for title in page.locator("summary").filter(has_text=group).all()[:1]:
            title.click()
        _settle(page)
        assert page.locator("[data-testid=stException]").count() == 0
        assert f"basic_jobs: {value}" in _download(page)


_KEPT = "空着或不是整数；未采用，仍用原值"
