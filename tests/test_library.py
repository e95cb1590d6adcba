"""The library of places: found by name, run all at once, every file against what it quotes."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from balance import imbalance
from quxian import ROOT
from test_ladder import TARGET, place, stated
from test_plan_files import cited, loaded, squeezed
from typer.testing import CliRunner, Result

from simulator import library_cli, load_scenario, places, run
from simulator.batch import line_of, run_files
from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES
from simulator.ladder import start_of
from simulator.places import entries, file_of, found
from simulator.report.errors import describe_all
from simulator.report.scoreboard import COLUMNS, scoreboard_csv
from simulator.vocabulary import indicators

FOLDER = ROOT / "scenarios" / "places"
FILES = sorted(FOLDER.glob("*.yaml"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
#: Every tenth file stands for all where all would take a minute.
some_files = pytest.mark.parametrize("path", FILES[::10], ids=lambda path: path.stem)
HEAD = """\
kind: place
id: {id}
name: {{zh: {zh}, en: {en}}}
province: {province}
prefecture: {prefecture}
level: county
base_year: 2015
documents:
  plan: {{title: {{zh: 规划}}}}
facts:
  - {{indicator: resident_population, year: 2015, value: {people}, unit: 万人, use: base,
     document: plan, quote: 原文}}
targets: []
"""


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of four places in three provinces."""
    folder = tmp_path / "places"
    folder.mkdir()
    for name, zh, en, province, prefecture in (
        ("qianan", "迁安市", "Qian'an", "河北省", "唐山市"),
        ("nanhe", "南和县", "Nanhe County", "河北省", "邢台市"),
        ("heshan", "河山县", "Heshan County", "广东省", "河源市"),
        ("xihe", "西河县", "Xihe County", "四川省", "达州市"),
    ):
        text = HEAD.format(id=name, zh=zh, en=en, province=province, prefecture=prefecture,
                           people=50)  # fmt: skip
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    # Every function names the folder as its default, so that is what has to change.
    for function in (
        entries.__wrapped__,
        found,
        file_of,
        places.files_of,
        places.close_name,
        places.nearest_names,
    ):
        monkeypatch.setattr(function, "__defaults__", (folder,))
    entries.cache_clear()
    yield folder
    entries.cache_clear()


# --- names


@pytest.mark.parametrize(
    "word", ["迁安", "迁安市", "qianan", "qian an", "Qian'an", "QIAN_AN", "唐山市迁安市"]
)
def test_a_place_is_found_by_any_of_its_names(small: Path, word: str) -> None:
    assert [entry.id for entry in found(word)] == ["qianan"]
    assert file_of(word) == small / "qianan.yaml"


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("", ["qianan", "nanhe", "heshan", "xihe"]),
        ("河北", ["qianan", "nanhe"]),
        ("邢台", ["nanhe"]),
        ("hebei", ["qianan", "nanhe"]),
        ("Xing tai", ["nanhe"]),
        ("county", ["nanhe", "heshan", "xihe"]),
        ("河", ["qianan", "nanhe", "heshan", "xihe"]),
        ("nowhere", []),
    ],
)
def test_places_are_found_by_part_of_a_name_or_by_area(
    small: Path, word: str, ids: list[str]
) -> None:
    assert sorted(entry.id for entry in found(word)) == sorted(ids)


def test_an_area_is_no_place_to_run(small: Path) -> None:
    with pytest.raises(ScenarioError, match="place_unknown"):
        file_of("河北")


def test_what_names_several_places_is_told(small: Path) -> None:
    with pytest.raises(ScenarioError, match=r"place_ambiguous.*河山县 \(heshan\), 西河县 \(xihe\)"):
        file_of("河")
    with pytest.raises(ScenarioError, match=r"place_unknown.*qianan"):
        places.files_of(["nanhe", "qianam"])


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("凯理", "凯里市 (kaili)"),
        ("凯理市", "凯里市 (kaili)"),
        ("渠线", "渠县 (quxian)"),
        ("迁按", "迁安市 (qianan)"),
        ("梅河囗", "梅河口市 (meihekou)"),
        ("kalli", "凯里市 (kaili)"),
        ("Kai-ly", "凯里市 (kaili)"),
        ("qiananshi", "迁安市 (qianan)"),
        ("贵州凯理", "凯里市 (kaili)"),
        ("lu'an county", "六安市 (luan)"),
        ("quxain", "渠县 (quxian)"),
        # With the areas above it, as it is mostly written; what they leave is the place.
        ("四川省达州市渠县", "渠县 (quxian)"),
        ("河北省唐山市迁安市", "迁安市 (qianan)"),
        ("福建省宁德市古田县", "古田县 (gutian)"),
        ("吉林省通化市梅河口", "梅河口市 (meihekou)"),
        ("四川省达州市", "达州市 (dazhou)"),
        ("鼠标", None),
        ("zzzz", None),
        # Names of other places are no slips, and neither is what is as near to several.
        ("上海", None),
        ("大足区", None),
        ("长安", None),
        ("正定县", None),
        ("Hebei", None),
        ("guangzhou", None),
        ("chengdu", None),
        ("赤城", None),
        ("2025", None),
    ],
)
def test_an_unknown_place_is_told_with_the_nearest_by_characters_or_pinyin(
    word: str, told: str | None
) -> None:
    assert places.close_name(word) == told


def test_an_unknown_place_is_told_in_the_reader_s_language(small: Path) -> None:
    for word in ("qianam", "he"):
        with pytest.raises(ScenarioError, match="place_") as refused:
            file_of(word)
        said = {lang: describe_all(refused.value, lang) for lang in LANGUAGES}
        assert not re.search("[\u4e00-\u9fff]", said["en"])
        assert re.search("迁安市|河山县", said["zh"])


def test_a_scenario_that_extends_an_unknown_place_is_told_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    for word, close in (("凯理", "凯里市 (kaili)"), ("kalli", "凯里市 (kaili)"),
                        ("library:places/kalli.yaml", "library:places/kaili.yaml")):  # fmt: skip
        path.write_text(f"kind: scenario\nid: a\nextends: {word}\n", encoding="utf-8")
        with pytest.raises(ScenarioError) as refused:
            load_scenario(path)
        [fault] = refused.value.violations
        assert close in fault.params.values()


def test_a_path_stays_a_path(small: Path) -> None:
    for word in ("nowhere.yaml", "folder/qianan", "../x"):
        assert file_of(word) == Path(word)


@pytest.mark.parametrize(("lang", "told"), [("zh", "共 1 个地方"), ("en", "1 places")])
def test_command_places(small: Path, lang: str, told: str) -> None:
    result = invoke("places", "唐山", "--lang", lang)
    assert result.exit_code == 0
    assert "qianan" in result.stdout
    assert told in result.stdout


def test_command_places_names_the_nearest(small: Path) -> None:
    result = invoke("places", "nanhee", "--lang", "zh")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "南和县 (nanhe)" in result.stderr


@pytest.mark.parametrize("command", ["run", "check", "resolve", "compare"])
def test_commands_take_names(small: Path, command: str) -> None:
    assert invoke(command, "南和", "--lang", "zh").exit_code == 0
    wrong = invoke(command, "南禾县城", "--lang", "en")
    assert wrong.exit_code == 2
    assert "no such place" in wrong.stderr


# --- all at once


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_run_all_prints_and_writes_the_scoreboard(small: Path, tmp_path: Path, lang: str) -> None:
    out = tmp_path / "out"
    result = invoke("run", "--all", "--workers", "1", "--out", str(out), "--lang", lang)
    assert result.exit_code == 0
    names = {"zh": ("迁安市", "河山县", "西河县"), "en": ("Qian'an", "Heshan", "Xihe")}
    order = [result.stdout.index(name) for name in names[lang]]
    assert order == sorted(order)
    table = (out / "scoreboard.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["place"] for row in rows] == ["qianan", "nanhe", "heshan", "xihe"]
    assert {path.name for path in (out / "xihe" / "trend").iterdir()} == {
        "results.csv", "targets.csv", "ledger.csv", "resolved.yaml", "provenance.json",
    }  # fmt: skip


def test_one_bad_file_is_told_and_stops_nothing(small: Path) -> None:
    (small / "bad.yaml").write_text("kind: place\nid: bad\n", encoding="utf-8")
    text = (small / "xihe.yaml").read_text(encoding="utf-8")
    (small / "xihe.yaml").write_text(text.replace("50", "-50"), encoding="utf-8")
    entries.cache_clear()
    result = invoke("run", "--all", "--workers", "1", "--lang", "en")
    assert result.exit_code == 2
    assert "Nanhe County" in result.stdout
    assert "Xihe County" not in result.stdout
    assert "bad.yaml" in result.stderr
    assert re.search(r"xihe\.yaml:\d+: facts\.0\.value", result.stderr)


def test_run_all_cannot_write(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = invoke(
        "run", "--all", "--workers", "1", "--out", str(tmp_path / "file"), "--lang", "zh"
    )
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("words", [("run",), ("run", "--all", "--workers", "1", "nanhe")])
def test_run_wants_files_or_all(words: tuple[str, ...]) -> None:
    result = invoke(*words, "--lang", "en")
    assert result.exit_code == 2
    assert "--all" in result.stderr


def test_strict_fails_where_a_target_is_missed(small: Path) -> None:
    assert invoke("run", "--all", "--workers", "1", "--strict").exit_code == 0
    text = (small / "xihe.yaml").read_text(encoding="utf-8")
    target = TARGET.format(name="resident_urbanization_rate", value=99, unit="%", scope="place")
    text = text.replace("targets: []", f"targets: [{target}]")
    (small / "xihe.yaml").write_text(text, encoding="utf-8")
    assert invoke("run", "--all", "--workers", "1", "--strict").exit_code == 1


def test_two_workers_give_what_one_gives(small: Path) -> None:
    files = [entry.path for entry in entries()][:3]
    one = run_files(files, None, None, lambda: None, workers=1)
    two = run_files(files, None, None, lambda: None, workers=2)
    table = scoreboard_csv([o.line for o in one if o.line is not None], "en")
    assert table == scoreboard_csv([o.line for o in two if o.line is not None], "en")


def test_progress_is_told_once_a_file(small: Path) -> None:
    told: list[int] = []
    files = [entry.path for entry in entries()][:2]
    run_files(files, None, None, lambda: told.append(1), workers=1)
    assert len(told) == 2


def test_the_scoreboard_says_what_is_assumed(tmp_path: Path) -> None:
    target = TARGET.format(name="resident_population", value=5, unit="万人", scope="place")
    line = line_of(run(place(tmp_path, targets=target)))
    [row] = csv.DictReader(io.StringIO(scoreboard_csv([line], "zh")))
    assert (row["start"], row["reason"], row["status"]) == ("normalised", "size", "not_modelled")
    assert "10 万人" in row["assumed"]
    assert int(row["n_assumed"]) == len(line.assumed)
    assert library_cli.SCOREBOARD == "scoreboard.csv"
    assert stated("x", 1, "人").startswith("{")


# --- the files


@every_file
def test_every_figure_has_a_quote_that_its_document_prints(path: Path, reference: Path) -> None:
    """Documents of the seeds only; published figures of 渠县 have a test of their own."""
    missing = []
    texts: dict[str, str] = {}
    for document, quote in cited(loaded(path)):
        source = reference / "seeds" / f"{document}.txt"
        if not source.is_file():
            continue
        if document not in texts:
            texts[document] = squeezed(source.read_text(encoding="utf-8"))
        if squeezed(quote) not in texts[document]:
            missing.append(quote)
    assert missing == []
    data = loaded(path)
    assert all(figure["quote"] for key in ("facts", "targets") for figure in data.get(key) or [])


@every_file
def test_every_file_loads(path: Path) -> None:
    assert load_scenario(path).place.id == path.stem


def test_ids_are_the_names_of_the_files() -> None:
    listed = [entry.id for entry in entries()]
    assert sorted(listed) == sorted(path.stem for path in FILES)
    assert len(set(listed)) == len(listed)


@some_files
def test_some_files_run_and_close_their_ledger(path: Path) -> None:
    _runs(path)


@pytest.mark.slow
@every_file
def test_every_file_runs_and_closes_its_ledger(path: Path) -> None:
    _runs(path)


def _runs(path: Path) -> None:
    study = load_scenario(path)
    result = run(study, face_value=False)
    assert imbalance(result.trend.paths) < 1e-9
    rate = result.trend.stocks.resident_urbanization_rate
    assert ((rate > 0) & (rate < 1)).all()
    for check in result.trend.targets:
        if indicators()[check.target.indicator].kind == "modelled" and check.reason is None:
            assert check.gap is not None or check.target.since is not None
    if not study.members:
        stated_here = {
            f.indicator: f.value
            for f in study.place.facts
            if f.use == "base" and f.scope == "place" and f.unit == "万人"
        }
        if "resident_population" in stated_here:
            people = start_of(study).totals.residents
            assert people == pytest.approx(stated_here["resident_population"] * 1e4)


def test_all_refuses_draws_rather_than_leaving_them_out() -> None:
    told = CliRunner().invoke(
        app, ["run", "--all", "--workers", "1", "--draws", "50", "--lang", "en"]
    )
    assert told.exit_code == 2
    assert "--all takes no" in " ".join(told.output.split())
