"""Sessions at once see their own numbers and no faults; `benchmarks.load` is the long one."""

from __future__ import annotations

import sys

import pytest
from reading import ROOT

sys.path.insert(0, str(ROOT))

from benchmarks.load import load

pytestmark = pytest.mark.slow


def test_sessions_that_move_levers_at_once_see_their_own_numbers() -> None:
    found = load(5, 15)
    assert found.faults == []
    assert len(found.answers) >= 5
    assert found.moves_least >= 1
