"""The plan page: choose targets, press one button, see the answer and load it."""

from __future__ import annotations

import pytest
from reading import Open, pages, turn_to
from streamlit.testing.v1 import AppTest

from simulator.i18n import LANGUAGES, text
from simulator.parameters import parameters


def _opened(app: Open, lang: str) -> AppTest:
    session = app(lang)
    session.selectbox(key="entry").set_value("quxian.yaml").run()
    return turn_to(session, "plan")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_button_gives_the_answer(app: Open, lang: str) -> None:
    session = _opened(app, lang)
    session.button(key="plan_seek").click().run()
    assert not session.exception
    told = "".join(str(p.value) for p in session.info)
    assert text("plan.binds", lang, spans="").split("：")[0].split(":")[0] in told
    assert parameters()["basic_jobs"].label(lang) in pages(session)


def test_the_answer_is_loaded_into_the_simulator(app: Open) -> None:
    session = _opened(app, "zh")
    session.button(key="plan_seek").click().run()
    session.button(key="plan_load").click().run()
    assert not session.exception
    draft = session.session_state["draft"]
    assert draft.values["basic_jobs"] == {2023: 4800.0, 2026: None}
    assert draft.basis == "beyond_trend"


def test_no_target_chosen_is_told(app: Open) -> None:
    session = _opened(app, "zh")
    session.multiselect(key="plan_goals_zh").set_value([]).run()
    session.button(key="plan_seek").click().run()
    assert text("app.plan.few", "zh") in [w.value for w in session.warning]


def test_a_trade_off_is_traced(app: Open) -> None:
    session = _opened(app, "en")
    session.button(key="plan_trace").click().run()
    assert not session.exception
    assert text("plan.on_curve", "en") in pages(session)
