"""The app as a test drives it, without a browser."""

from __future__ import annotations

import pytest
from reading import ROOT, Open
from streamlit.testing.v1 import AppTest

from simulator.parameters import levers


@pytest.fixture
def app() -> Open:
    """Open a session of the app, in a language and from a scenario."""

    def start(lang: str = "zh", scenario: str | None = None) -> AppTest:
        session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        session.session_state["lang"] = lang
        # Only open panels are drawn; a test that moves what is within wants them all open.
        for panel in ("open_file", *(f"group_{group}" for group in levers())):
            session.session_state[panel] = True
        session.run()
        if scenario is not None:
            session.selectbox(key="start").set_value(scenario).run()
        assert not session.exception
        return session

    return start
