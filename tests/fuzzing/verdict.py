"""What may happen to an input: it runs, or it is refused with words that name file and line."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import numpy as np

from simulator.errors import ScenarioError, Violation
from simulator.i18n import LANGUAGES
from simulator.ladder import check_start
from simulator.report.errors import describe, describe_all
from simulator.run import run
from simulator.scenario import Study

#: Seconds after which an input is said to hang; the slowest of ten thousand takes about two.
PATIENCE = 60
#: A message is a line that a person reads.
LONGEST_MESSAGE = 1500
#: What is wrong with a file as a whole or with an option, where no line can be named.
WHOLE_FILE = {
    "too_large", "not_found", "unreadable", "not_text", "empty_file", "age_table_empty",
    "no_plain_file",
}  # fmt: skip


@contextmanager
def alarm(what: object) -> Iterator[None]:
    """Raise TimeoutError in an input that takes longer than `PATIENCE`."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"hangs: {what}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def verdict(load: Callable[[], Study], what: object, *, lined: bool = True) -> str:
    """``runs``, or the first code of the refusal; anything else is raised.

    Parameters
    ----------
    load : reads the input
    what : shown where the input hangs
    lined : whether the input has lines that each violation must name
    """
    with alarm(what):
        try:
            study = load()
            check_start(study)
            found = run(study, face_value=False)
        except ScenarioError as error:
            return refused(error, lined=lined)
        for one in found.runs.values():
            assert np.isfinite(one.paths.population).all()
            assert (one.paths.population >= 0.0).all()
        return "runs"


def refused(error: ScenarioError, *, lined: bool = True) -> str:
    """First code of a refusal whose every violation is fit to be read."""
    assert error.violations, "no violations"
    for violation in error.violations:
        check_words(violation, lined=lined)
    for lang in LANGUAGES:
        assert len(describe_all(error, lang).splitlines()) == len(error.violations) + 1
    return error.violations[0].code


def check_words(violation: Violation, *, lined: bool) -> None:
    """A violation names its file, its line where there is one, and says one line of words."""
    assert violation.file
    option = violation.file.startswith("--")  # a fault between the file and the command line
    if lined and not option and violation.code not in WHOLE_FILE:
        assert violation.line is not None, violation
        assert violation.line >= 1, violation
    for lang in LANGUAGES:
        words = describe(violation, lang)
        assert words.replace("\u3000", "").isprintable(), repr(words)
        assert len(words) <= LONGEST_MESSAGE, words


def varied(seen: Counter[str], least: int) -> None:
    """Inputs were refused for many reasons and some ran: else the mangling tests nothing."""
    assert seen["runs"] > 0, seen
    assert len(seen) >= least, seen
