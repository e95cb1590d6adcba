"""Names of areas, units and sources in the reader's language; quotes stay as they are printed."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from simulator import census
from simulator.cli import app
from simulator.i18n import catalogue
from simulator.parameters import parameters
from simulator.places import entries
from simulator.report import words
from simulator.report.printed import area, in_words, province, region, unit_name
from simulator.report.wording import quantity
from simulator.scenario import load_scenario
from simulator.tables import rows
from simulator.vocabulary import indicators

HAN = re.compile("[\u4e00-\u9fff]")
#: What a document says, between quotation marks or after its number.
QUOTED = re.compile("“[^”]*”")


def printed_units() -> set[str]:
    found = {i.unit for i in indicators().values()}
    for entry in entries():
        place = load_scenario(entry.path).place
        found |= {figure.unit for figure in (*place.facts, *place.targets)}
    return found


def test_every_printed_unit_has_an_english_name() -> None:
    units = printed_units()
    assert len(units) > 20
    assert {u for u in units if HAN.search(unit_name(u, "en"))} == set()
    assert all(unit_name(u, "zh") == u for u in units)


@pytest.mark.parametrize(
    ("value", "unit", "english", "chinese"),
    [
        (76.22, "万人", "762.2 thousand", "76.22 万人"),
        (1_263_907.0, "人", "1,263.907 thousand", "1,263,907 人"),
        (0.5, "亿人", "50,000 thousand", "0.5 亿人"),
        (1227.0, "平方公里", "1,227 km²", "1,227 平方公里"),
        (1.5, "亿元", "150,000,000 yuan", "1.5 亿元"),
        (43.6, "%", "43.6 %", "43.6 %"),
        (30.0, "平方米/人", "30 m² per person", "30 平方米/人"),
        (2.0, "斤", "2 斤", "2 斤"),
    ],
)
def test_figures_are_counted_as_the_reader_counts(
    value: float, unit: str, english: str, chinese: str
) -> None:
    assert (quantity(value, unit, "en"), quantity(value, unit, "zh")) == (english, chinese)
    assert in_words(value, unit, "zh") == (value, unit)


def test_every_area_of_the_library_has_an_english_name() -> None:
    assert len([e for e in entries() if e.prefecture]) > 50
    for entry in entries():
        assert not HAN.search(region(f"{entry.province} {entry.prefecture}".strip(), "en"))
    for one in census.areas().values():
        if one.level == "province":
            assert not HAN.search(province(one.name, "en"))
    assert (area("四川省", "en"), area("四川省", "zh")) == ("Sichuan", "四川省")
    assert region("河北省 唐山市", "en") == "Hebei, Tangshan"


def test_every_unit_of_a_parameter_has_a_name_in_both_languages() -> None:
    for lang in ("zh", "en"):
        missing = {p.unit for p in parameters().values() if words.unit(p.unit, lang) == p.unit}
        if lang == "zh":
            assert {u for u in missing if re.search("[a-z]{3}", u)} == set()


def test_sources_are_told_in_chinese_but_for_titles() -> None:
    english = re.compile(
        r"\b(assum\w+|census|Convention|found|table[s]?|computed|Start value|National|plan|range"
        r"|Prior|communique|reports|guideline)\b", re.IGNORECASE
    )  # fmt: skip
    titles = re.compile(r"\([A-Z][^()]*\)|simulator/data/\S+|Table \d")
    for p in parameters().values():
        shown = words.source(p, "zh")
        assert not english.search(titles.sub("", shown)), (p.name, shown)
        assert words.source(p, "en") == p.source
        assert words.grade(p, "zh") != p.grade
    assert "app.grade.assumption" in catalogue("zh")


def test_every_word_for_sources_is_used() -> None:
    told = "\n".join(p.source for p in parameters().values())
    assert [r["en"] for r in rows("source_words.csv") if r["en"] not in told] == []


@pytest.mark.parametrize(
    "command",
    [["run", "qianan"], ["run", "shunyi"], ["places", "qian"], ["compare", "qianan"],
     ["audit", "qianan"], ["needs", "shunyi"], ["calibrate", "qianan"]],
)  # fmt: skip
def test_english_pages_of_the_command_line_have_no_chinese_but_in_quotes(
    command: list[str],
) -> None:
    found = CliRunner().invoke(app, [*command, "--lang", "en"])
    assert found.exit_code == 0, found.stderr
    plain = QUOTED.sub("", found.stdout)
    noted = {"平方米公里"}  # a note on a misprint names it
    assert [w for w in re.findall("[\u4e00-\u9fff]+", plain) if w not in noted] == []
