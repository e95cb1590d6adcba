"""The model's answers lie where the evidence is, or are said to miss it; docs/evidence.md."""

from __future__ import annotations

import re

import evidence
import pytest
from quxian import ROOT

DOCUMENT = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


def row(name: str) -> list[str]:
    """Cells of a check's row in the document."""
    line = next(li for li in DOCUMENT.splitlines() if li.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("check", evidence.CHECKS, ids=lambda c: c.name)
def test_measure_is_within_its_range_or_said_to_miss_it(check: evidence.Check) -> None:
    measured = check.measure()
    assert (check.low <= measured <= check.high) != check.missed
    cells = row(check.name)
    assert float(cells[3]) == pytest.approx(measured, rel=0.02)
    assert ("missed" in cells[4]) == check.missed


def test_the_document_has_a_row_for_each_check_and_no_other() -> None:
    rows = re.findall(r"^\| (?!figure|---)([^|]+?) \|", DOCUMENT, re.MULTILINE)
    assert rows == [check.name for check in evidence.CHECKS]
