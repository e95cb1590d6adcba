"""Entry point of the Streamlit app: ``streamlit run app.py``.

The server imports this file once and runs it at every visit. While it waits for the first one, a
thread reads the program and opens the first place.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from streamlit import cli_util
from streamlit.starlette import App
from streamlit.web.server import server_util


def _warm() -> None:
    if not st.get_option("server.headless"):
        cli_util.open_browser(server_util.get_url("localhost"))
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
