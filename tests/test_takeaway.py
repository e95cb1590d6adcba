"""What users take away opens in the programs it is for and holds the numbers of the run."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from functools import cache
from pathlib import Path

import docx
import openpyxl
import pytest
from docx.oxml.ns import qn
from openpyxl.worksheet.worksheet import Worksheet
from quxian import ROOT, result, with_facts
from typer.testing import CliRunner

from simulator.cli import app
from simulator.i18n import LANGUAGES, text
from simulator.parameters import parameters
from simulator.report import planning
from simulator.report.brief import brief
from simulator.report.bundle import KINDS, bundle
from simulator.report.pictures import CHARTS, picture
from simulator.report.workbook import workbook
from simulator.run import run

PNG = b"\x89PNG\r\n\x1a\n"
SHEETS = ("summary", "targets", "yearly", "requirements", "levers", "effects", "costs",
          "ledger", "assumed", "parameters", "sources")  # fmt: skip


@cache
def book(lang: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook(result(), lang)))


def sheet(name: str, lang: str) -> Worksheet:
    found = book(lang)[text(f"sheet.{name}", lang)]
    assert isinstance(found, Worksheet)
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_workbook_has_a_sheet_for_each_question(lang: str) -> None:
    assert book(lang).sheetnames == [text(f"sheet.{name}", lang) for name in SHEETS]
    assert all(one.max_row > 1 for one in book(lang).worksheets)


def test_targets_are_numbers_of_the_run() -> None:
    found, runs = sheet("targets", "en"), list(result().runs.values())
    assert found.max_row == 1 + len(runs[0].targets)
    for i, checks in enumerate(zip(*(r.targets for r in runs), strict=True), start=2):
        values = [c.value for c in found[i]]
        # An English workbook has people in thousands, as it says; a plan in tens of thousands.
        unit = 10.0 if checks[0].target.unit == "万人" else 1.0
        assert values[3] == pytest.approx(unit * checks[0].target.value)
        for k, check in enumerate(checks):
            projected, gap = values[5 + 3 * k : 7 + 3 * k]
            if check.projected is None:
                assert (projected, gap) == (None, None)
            else:
                assert projected == pytest.approx(unit * check.projected)
                assert gap == pytest.approx(unit * check.gap)


def test_yearly_results_are_the_series_and_missing_values_are_empty() -> None:
    found = sheet("yearly", "zh")
    heads = [c.value for c in found[1]]
    assert heads[3:] == [str(y) for y in result().trend.years]
    rows = {(r[0], r[2]): r[3:] for r in found.iter_rows(min_row=2, values_only=True)}
    trend = rows["常住人口城镇化率", text("scenario.trend", "zh")]
    assert list(trend) == pytest.approx(
        result().trend.series["resident_urbanization_rate"].tolist()
    )
    assert rows["出生人口（常住）", text("scenario.trend", "zh")][0] is None


def test_the_ledger_of_the_workbook_closes() -> None:
    found = sheet("ledger", "en").iter_rows(min_row=2, values_only=True)
    sign = {"opening": 1.0, "in": 1.0, "out": -1.0, "closing": -1.0}
    balance: dict[tuple[object, ...], float] = {}
    for row in found:
        cell = row[:5]
        balance[cell] = balance.get(cell, 0.0) + sign[str(row[5])] * float(str(row[7]))
    assert len(balance) > 100
    assert max(abs(v) for v in balance.values()) < 1e-3


def test_words_are_never_formulas() -> None:
    """A quote that begins with an equals sign stays a quote, in every sheet."""
    odd = '=HYPERLINK("http://example.invalid","48")'
    study = with_facts(keep=lambda f: True)
    place = study.place.model_copy(
        update={"targets": [study.place.targets[0].model_copy(update={"quote": odd})]}
    )
    made = run(type(study)(**{**study.__dict__, "place": place}), face_value=False)
    read = openpyxl.load_workbook(io.BytesIO(workbook(made, "zh")))
    cells = [c for one in read.worksheets for row in one.iter_rows() for c in row]
    assert [c.data_type for c in cells if c.value == odd] == ["s"]
    assert not any(c.data_type == "f" for c in cells)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_brief_opens_and_answers(lang: str) -> None:
    plan = result().runs["plan"]
    made = docx.Document(io.BytesIO(brief(result(), plan, lang)))
    words = "\n".join(p.text for p in made.paragraphs)
    assert text("brief.title", lang, name=result().study.place.name.get(lang)) in words
    missed = next(c for c in plan.targets if c.status == "missed")
    assert f"{missed.projected:.2f}" in words
    assert len(made.tables) == 5
    assert text("brief.plan", lang) in words
    assert planning.made_by(plan, lang) in words
    settings = [c.text for row in made.tables[3].rows for c in row.cells]
    assert parameters()["basic_jobs"].label(lang) in settings
    assert len(made.inline_shapes) == 2
    page = made.sections[0]
    assert (page.top_margin.mm, page.left_margin.mm) == pytest.approx((37, 28), abs=0.1)


def test_the_brief_names_chinese_fonts() -> None:
    made = docx.Document(io.BytesIO(brief(result(), result().trend, "zh")))
    named = {
        fonts.get(qn("w:eastAsia"))
        for p in made.paragraphs
        for fonts in p._element.iter(qn("w:rFonts"))
    }
    assert named == {"方正小标宋简体", "黑体", "仿宋"}


@pytest.mark.parametrize("chart", CHARTS)
def test_charts_are_pictures(chart: str) -> None:
    plan = result().runs["plan"]
    assert picture(result(), plan, chart, "zh", "png").startswith(PNG)
    drawn = ET.fromstring(picture(result(), plan, chart, "zh", "svg"))
    assert drawn.tag.endswith("svg")
    words = "".join(drawn.itertext())
    assert "渠县" in words
    fonts = {e.get("font-family") for e in drawn.iter() if e.get("font-family")}
    assert all(str(f).startswith("Noto Sans CJK SC") for f in fonts)


def test_every_kind_has_files_and_an_unknown_one_is_refused() -> None:
    plan = result().runs["plan"]
    names = [name for kind in KINDS for name, _ in bundle(result(), plan, kind, "en")]
    assert len(names) == len(set(names)) == 5 + 2 * len(CHARTS)
    with pytest.raises(KeyError, match="pdf"):
        list(bundle(result(), plan, "pdf", "en"))


def test_export_writes_what_is_asked_for(tmp_path: Path) -> None:
    file, out = str(ROOT / "scenarios" / "quxian.yaml"), tmp_path / "out"
    told = CliRunner().invoke(app, ["export", file, "--to", "xlsx,csv", "--out", str(out)])
    assert told.exit_code == 0, told.output
    assert sorted(p.name for p in out.iterdir()) == [
        "quxian.xlsx", "quxian_plan_results.csv", "quxian_plan_targets.csv",
    ]  # fmt: skip
    assert zipfile.is_zipfile(out / "quxian.xlsx")
    assert (out / "quxian_plan_targets.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--to", "pdf"], "pdf"),
        (["--scenario", "paln"], "paln"),
        (["--out", "/proc/none"], "/proc"),
    ],
)
def test_export_refuses_what_it_cannot_do(extra: list[str], told: str, tmp_path: Path) -> None:
    file = str(ROOT / "scenarios" / "quxian.yaml")
    to = [] if "--to" in extra else ["--to", "yaml"]
    out = [] if "--out" in extra else ["--out", str(tmp_path / "none")]
    found = CliRunner().invoke(app, ["export", file, *to, *out, *extra])
    assert found.exit_code == 2
    assert told in found.output
    assert not (tmp_path / "none").exists()
