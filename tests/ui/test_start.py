"""What the server does before its first visitor comes."""

from __future__ import annotations

import gc
import importlib.util
from types import ModuleType

import pytest
from reading import ROOT

from simulator.ui import shell


@pytest.fixture
def entry() -> ModuleType:
    """``app.py`` as the server imports it."""
    found = importlib.util.spec_from_file_location("app_entry", ROOT / "app.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({}, "localhost"),
        ({"server.address": "192.0.2.7"}, "192.0.2.7"),
        ({"server.address": "unix:///run/app.sock"}, None),
        ({"server.address": "192.0.2.7", "browser.serverAddress": "plan.example"}, "plan.example"),
    ],
)
def test_the_browser_is_sent_where_the_server_listens(
    entry: ModuleType, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], address: str | None
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(entry.config, "is_manually_set", given.__contains__)
    monkeypatch.setattr(entry.config, "get_option", {**given, "server.headless": False}.get)
    monkeypatch.setattr(entry.st, "get_option", {"server.headless": False}.get)
    monkeypatch.setattr(entry.server_util, "get_url", lambda host: f"http://{host}")
    monkeypatch.setattr(entry.cli_util, "open_browser", opened.append)
    entry._open()
    assert opened == ([] if address is None else [f"http://{address}"])


def test_without_a_screen_no_browser_opens(
    entry: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(entry.st, "get_option", {"server.headless": True}.get)
    monkeypatch.setattr(entry.cli_util, "open_browser", opened.append)
    entry._open()
    assert opened == []


def test_the_first_place_is_opened_though_no_browser_can_be(
    entry: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> None:
        raise OSError("no browser")

    warmed: list[bool] = []
    monkeypatch.setattr(entry.st, "get_option", {"server.headless": False}.get)
    monkeypatch.setattr(entry.server_util, "get_url", lambda host: f"http://{host}")
    monkeypatch.setattr(entry.cli_util, "open_browser", broken)
    monkeypatch.setattr(shell, "warm", lambda: warmed.append(True))
    with pytest.raises(OSError, match="no browser"):
        entry._warm()
    assert warmed == [True]


def test_memory_is_set_aside_whatever_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError("of the first place")

    frozen: list[bool] = []
    monkeypatch.setattr(shell, "open_entry", broken)
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    with pytest.raises(MemoryError, match="first place"):
        shell.warm()
    assert frozen == [True]


def test_no_word_ends_the_script_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "text", lambda *_, **__: "</script><b>")
    script = shell._script.__wrapped__("zh", True)
    assert script.count("</script>") == 1
    assert script.endswith("</script>")
    assert "<\\/script><b>" in script
    assert script.count("</style>") == 1
    assert '--cus-sidebar: "\\3c /script>\\3c b>"' in script
