"""What leaves the program for a place whose plan has no targets: words, and no empty table."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from typer.testing import CliRunner

from simulator import load_scenario, run
from simulator.cli import app
from simulator.i18n import LANGUAGES, text
from simulator.places import file_of
from simulator.report.bundle import bundle
from simulator.run import Result

PLACE = "malan"


@pytest.fixture(scope="module")
def result() -> Result:
    found = run(load_scenario(file_of(PLACE)))
    assert not found.study.place.targets
    return found


def test_no_target_table_is_written_and_the_command_says_so(tmp_path: Path) -> None:
    command = ["export", PLACE, "--to", "csv", "--out", str(tmp_path), "--lang", "zh"]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 0
    assert text("report.no_targets", "zh") in found.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["malan_trend_results.csv"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_workbook_and_brief_say_so(result: Result, lang: str) -> None:
    [(_, book)] = bundle(result, result.trend, "xlsx", lang)
    sheets = load_workbook(io.BytesIO(book))
    told = text("report.no_targets", lang)
    assert [s.title for s in sheets if s["A1"].value == told] != []
    [(_, page)] = bundle(result, result.trend, "docx", lang)
    assert any(p.text.startswith(told) for p in Document(io.BytesIO(page)).paragraphs)
