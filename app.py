"""Entry point of the Streamlit app: ``streamlit run app.py``.

The server imports this file once and runs it at every visit. While it waits for the first one, a
thread reads the program and opens the first place.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit.starlette import App


def _warm() -> None:
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
