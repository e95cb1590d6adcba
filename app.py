"""Entry point of the Streamlit app: ``streamlit run app.py``.

The server imports this file once and runs it at every visit. While it waits for the first one, a
thread reads the program and opens the first place.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from streamlit import cli_util, config
from streamlit.starlette import App
from streamlit.web.server import server_address_is_unix_socket, server_util


def _address() -> str | None:
    """Where a browser finds the server, as Streamlit's own start has it; None on a Unix socket."""
    if config.is_manually_set("browser.serverAddress"):
        return str(config.get_option("browser.serverAddress"))
    if not config.is_manually_set("server.address"):
        return "localhost"
    if server_address_is_unix_socket():
        return None
    return server_util.get_display_address(config.get_option("server.address"))


def _open() -> None:
    """Show the page, where there is a screen to show it on; a browser that is none is no fault."""
    if st.get_option("server.headless"):
        return
    address = _address()
    if address is not None:
        cli_util.open_browser(server_util.get_url(address))


def _warm() -> None:
    try:
        _open()
    finally:
        from simulator.ui.shell import warm

        warm()


@asynccontextmanager
async def _lifespan(_: App) -> AsyncIterator[None]:
    threading.Thread(target=_warm, daemon=True).start()
    yield


if __name__ == "__main__":
    from simulator.ui.shell import main

    main()
else:
    app = App(__file__, lifespan=_lifespan)
