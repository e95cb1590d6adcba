"""A browser that is behind its answers, and a server that must not take echoes for the user."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Open

from simulator.ui.echo import Wire, Wires
from simulator.ui.session import GOT


def test_an_echo_of_an_older_answer_is_nobodys_move() -> None:
    wire = Wire(0)
    wire.tell(100, 1)
    wire.tell(200, 2)
    assert not wire.hear(0, 0)  # has heard of neither
    assert not wire.hear(100, 1)  # of the first
    assert wire.hear(0, 2)  # of both, and the user moved it back to where it was
    assert not wire.hear(0, 2)


def test_an_answer_cut_short_before_it_was_counted_is_known_all_the_same() -> None:
    wire = Wire(0)
    wire.tell(100, 1)
    assert not wire.hear(100, 0)
    assert wire.hear(0, 0)


@dataclass
class _Server:
    """Two levers, each shown by a slider and a number, as `session` ties them."""

    wires: Wires = field(default_factory=Wires)
    levers: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})

    def answer(self, message: dict[str, int]) -> list[tuple[str, int]]:
        now = {k: v for k, v in message.items() if k != GOT}
        moved = self.wires.hear(now, message[GOT])
        for key in moved:
            self.levers[key[-1]] = message[key]
        sent = []
        for key, value in now.items():
            wanted = self.levers[key[-1]]
            if self.wires.behind(key) or (key not in moved and value != wanted):
                self.wires.tell(key, wanted)
                sent.append((key, self.levers[key[-1]]))
        return [*sent, (GOT, self.wires.answer)]


_KEYS = ("slider_a", "number_a", "slider_b", "number_b")
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(_KEYS), st.integers(1, 10_000)),
        st.tuples(st.just("send"), st.just(0)),
        st.tuples(st.just("serve"), st.integers(0, 5)),
        st.tuples(st.just("arrive"), st.integers(1, 6)),
    ),
    max_size=60,
)


@settings(max_examples=500, deadline=None)
@given(_STEPS)
def test_what_the_user_did_last_holds_however_late_the_answers(
    steps: list[tuple[str, int]],
) -> None:
    browser = {**dict.fromkeys(_KEYS, 0), GOT: 0}
    server, wanted = _Server(), {"a": 0, "b": 0}
    server.wires.hear(dict.fromkeys(_KEYS, 0), 0)
    asked: list[dict[str, int]] = []
    answers: list[tuple[str, int]] = []
    moving: set[str] = set()
    fresh = 10_000
    for step, amount in [*steps, ("send", 0), ("serve", 5), ("arrive", 999)]:
        if step in _KEYS:
            # Slider and number of one lever in one message: which came last cannot be known.
            if {key for key in moving if key[-1] == step[-1]} - {step}:
                continue
            moving.add(step)
            fresh += 1  # no two moves to one value: an answer on its way is told apart from a move
            browser[step] = wanted[step[-1]] = fresh
            asked.append(dict(browser))
        elif step == "send":
            asked.append(dict(browser))
        elif step == "serve" and asked:
            # Messages that wait become one. The part of a page that levers run is never cut short.
            told = server.answer(asked[-1])
            asked.clear()
            answers += told
        elif step == "arrive":
            for key, value in answers[:amount]:
                browser[key] = value
            del answers[:amount]
        if not asked and not answers and all(browser[k] == wanted[k[-1]] for k in _KEYS):
            moving.clear()
    assert server.levers == wanted
    assert {k: browser[k] for k in _KEYS} == {k: wanted[k[-1]] for k in _KEYS}


def test_a_number_that_is_behind_does_not_throw_its_slider_back(app: Open) -> None:
    session = app()
    session.slider(key="slider_basic_jobs").set_value(2000).run()
    # The browser has not heard of the answer yet when another lever is moved.
    session.number_input(key="number_basic_jobs").set_value(0)
    session.number_input(key=GOT).set_value(session.number_input(key=GOT).value - 1)
    session.slider(key="slider_rental_units").set_value(500).run()
    assert session.number_input(key="number_basic_jobs").value == 2000
    assert session.slider(key="slider_basic_jobs").value == 2000
    assert session.session_state["draft"].values["basic_jobs"] == 2000.0
    assert session.session_state["draft"].values["rental_units"] == 500.0


def test_a_slider_that_is_behind_does_not_throw_its_number_back(app: Open) -> None:
    session = app()
    session.number_input(key="number_basic_jobs").set_value(100).run()
    session.slider(key="slider_basic_jobs").set_value(0)
    session.number_input(key=GOT).set_value(session.number_input(key=GOT).value - 1)
    session.number_input(key="number_basic_jobs").set_value(200).run()
    assert session.session_state["draft"].values["basic_jobs"] == 200.0
    assert session.slider(key="slider_basic_jobs").value == 200


def test_a_slider_moved_back_to_where_it_was_is_the_users_doing(app: Open) -> None:
    session = app()
    session.number_input(key="number_basic_jobs").set_value(2000).run()
    session.slider(key="slider_basic_jobs").set_value(0).run()
    assert "basic_jobs" not in session.session_state["draft"].values
    assert session.number_input(key="number_basic_jobs").value == 0
