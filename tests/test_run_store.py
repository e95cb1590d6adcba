"""The run store: whole runs or none, the same bytes again, and SQL that reads and nothing more."""

from __future__ import annotations

import re
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from counties import core_2010, write_folder
from quxian import ROOT
from typer.testing import CliRunner

from simulator import stored_batch
from simulator.cli import app
from simulator.county_places import county_studies
from simulator.errors import ScenarioError
from simulator.report.errors import describe
from simulator.store import MADE, Stored, making, read_run, runs, unfinished
from simulator.store_query import query, run_named
from simulator.store_records import run_id
from simulator.stored_batch import Means, Order, run_batch

ALONE = Means(workers=1)


def census(folder: Path, n: int = 5) -> Path:
    """A census of so many counties of different sizes, none of them contradictory."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        core_2010(f"5117{i:02d}", f"{i}号县", 4e5 + 1e4 * i, 0.3, 5e5 + 1e4 * i) for i in range(n)
    ]
    write_folder(folder, rows, [], [])
    for later in folder.glob("county_2020_*.csv"):
        later.unlink()
    return folder


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    monkeypatch.setattr(stored_batch, "PART", 2)
    studies = county_studies(census(tmp_path / "census"), 2010, 3)
    return Order("census_2010", tuple(studies), 70, 1)


@pytest.fixture
def stored(order: Order, tmp_path: Path) -> Stored:
    return run_batch(order, tmp_path / "runs", ALONE)


def contents(run: Path) -> dict[str, bytes]:
    """Every byte of a run but those that tell when and how it was made."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.name != MADE
    }


def test_a_run_is_whole_and_told_by_its_records(stored: Stored, order: Order) -> None:
    assert len(stored.files("results.parquet")) == 3
    assert stored.damaged() == []
    assert stored.provenance["draws"] == 70
    assert stored.provenance["source"] == {"name": "census_2010", "places": 5, "part": 2}
    assert {name for name, _ in stored.provenance["inputs"]} == {
        "census/county_2010_core.csv", "census/county_2010_age_sex.csv",
    }  # fmt: skip
    [told] = stored.provenance["studies"]
    assert told == {
        "ids": [s.id for s in order.studies], "horizon": 2013, "seed": 1, "inputs": [0, 1],
    }  # fmt: skip
    assert read_run(stored.path) == stored


def test_the_same_order_gives_the_same_bytes_elsewhere(
    stored: Stored, order: Order, tmp_path: Path
) -> None:
    again = run_batch(order, tmp_path / "elsewhere", Means(workers=2))
    assert again.id == stored.id
    assert contents(again.path) == contents(stored.path)


def test_another_seed_or_number_of_draws_is_another_run(stored: Stored, order: Order) -> None:
    for other in (Order("census_2010", order.studies, 70, 2),
                  Order("census_2010", order.studies, 71, 1),
                  Order("census_2010", order.studies[:4], 70, 1)):  # fmt: skip
        assert run_id(stored_batch.provenance_of(other)) != stored.id


def test_a_run_that_is_there_is_not_run_again(
    stored: Stored, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_batch, "make_part", None)
    told: list[int] = []
    assert run_batch(order, tmp_path / "runs", ALONE, told.append) == stored
    assert told == [5]


def _broken_off(order: Order, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of which the second part fails."""
    whole, made = stored_batch.make_part, list[int]()

    def fails(*args: object, **named: object) -> dict[str, bytes]:
        made.append(1)
        if len(made) == 2:
            raise KeyboardInterrupt
        return whole(*args, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(stored_batch, "make_part", fails)
        with pytest.raises(KeyboardInterrupt):
            run_batch(order, store, ALONE)


def test_a_batch_that_was_broken_off_is_no_run_and_goes_on(
    stored: Stored, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "broken"
    _broken_off(order, store, monkeypatch)
    assert runs(store) == []
    assert unfinished(store) == {stored.id: 1}
    left = store / f".unfinished-{stored.id}" / ".aside-killed"
    left.mkdir()
    told: list[int] = []
    again = run_batch(order, store, Means(workers=1, resume=True), told.append)
    assert told == [2, 2, 1]
    assert again.made["parts_kept"] == 1
    assert contents(again.path) == contents(stored.path)
    assert unfinished(store) == {}


def test_without_resume_it_begins_anew(
    order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "broken"
    _broken_off(order, store, monkeypatch)
    assert run_batch(order, store, ALONE).made["parts_kept"] == 0


def test_two_programs_do_not_make_the_same_run(tmp_path: Path) -> None:
    with (
        making(tmp_path, "one", 1, resume=True),
        pytest.raises(ScenarioError, match="run_in_progress"),
        making(tmp_path, "one", 1, resume=False),
    ):
        pass


def test_a_part_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A real fault of the system: no file may grow beyond so many bytes."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with making(tmp_path, "one", 2, resume=False) as run:
        run.add(0, {"a": b"1", "b": b"2"})
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                run.add(1, {"a": b"1", "b": b"2" * 5000})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert run.missing() == [1]
        assert sorted(p.name for p in run.path.iterdir()) == ["part-00000"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told_and_what_was_whole_goes_on_later(
    small_disk: Path, tmp_path: Path
) -> None:
    folder = census(tmp_path / "census", 60)
    command = [
        "run", "--census", str(folder), "--years", "15", "--workers", "1", "--draws", "64",
        "--store", str(small_disk / "runs"), "--lang", "en",
    ]  # fmt: skip
    found = CliRunner().invoke(app, command)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "No space left on device" in found.stderr
    assert runs(small_disk / "runs") == []
    [name] = unfinished(small_disk / "runs")
    parts = unfinished(small_disk / "runs")[name]
    assert parts >= 1
    subprocess.run(["mount", "-o", "remount,size=4m", str(small_disk)], check=True)
    again = CliRunner().invoke(app, [*command, "--resume"])
    assert again.exit_code == 0
    [stored] = runs(small_disk / "runs")
    assert (stored.made["parts_kept"], stored.damaged()) == (parts, [])


def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    folder = census(tmp_path / "census", 1)
    # /proc refuses new files to everybody, root included.
    command = ["run", "--census", str(folder), "--store", "/proc/runs", "--lang", "zh"]
    found = CliRunner().invoke(app, command)
    assert (found.exit_code, found.stdout) == (2, "")
    assert "/proc/runs" in found.stderr


def test_a_changed_file_is_noticed(stored: Stored, tmp_path: Path) -> None:
    path = stored.files("places.parquet")[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert stored.damaged() == ["part-00000/places.parquet"]
    command = ["runs", "show", stored.id, "--store", str(tmp_path / "runs"), "--lang", "en"]
    found = CliRunner().invoke(app, command)
    assert found.exit_code == 2
    assert "part-00000/places.parquet" in found.stderr


def test_every_table_can_be_asked(stored: Stored) -> None:
    counts = {t: query([stored], f"SELECT count(*) FROM {t}", 1).rows[0][0]
              for t in ("runs", "places", "results", "targets")}  # fmt: skip
    assert counts == {"runs": 1, "places": 5, "results": 5 * 10 * 4, "targets": 0}
    sql = (
        "SELECT place, p10 <= p50 AND p50 <= p90 FROM results "
        "WHERE variable = 'Population|Resident' AND year = 2013 ORDER BY place"
    )
    answer = query([stored], sql, 3)
    assert answer.rows == [(f"c51170{i}", True) for i in range(3)]
    assert answer.more


FILES_CLOSED = "file system operations are disabled by configuration"
LOCKED = "the configuration has been locked"


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", FILES_CLOSED),
        ("SELECT * FROM read_text('/etc/passwd')", FILES_CLOSED),
        ("SELECT * FROM read_parquet('https://example.org/a.parquet')", FILES_CLOSED),
        ("SELECT * FROM glob('/*')", FILES_CLOSED),
        ("SELECT * FROM '/etc/passwd'", "Table with name /etc/passwd does not exist"),
        ("COPY places TO '/tmp/places.csv'", FILES_CLOSED),
        ("EXPORT DATABASE '/tmp/all'", FILES_CLOSED),
        ("ATTACH '/tmp/other.db'", FILES_CLOSED),
        ("INSTALL httpfs", FILES_CLOSED),
        ("LOAD httpfs", "Loading external extensions is disabled"),
        ("SET enable_external_access = true", LOCKED),
        ("RESET lock_configuration", LOCKED),
        # a variable of the program that holds a table
        ("SELECT * FROM lines", "Table with name lines does not exist"),
        ("SELECT nothing FROM places", 'column "nothing" not found'),
        ("selec 1", "syntax error"),
        ("", ""),
        (" ; -- nothing", ""),
    ],
)
def test_a_statement_reads_the_store_and_nothing_else(
    stored: Stored, sql: str, reason: str
) -> None:
    with pytest.raises(ScenarioError, match="query_") as refused:
        query([stored], sql, 5)
    [told] = refused.value.violations
    assert reason in str(told.params.get("reason", ""))


@pytest.mark.parametrize(
    ("sql", "zh", "en", "quoted"),
    [
        ("selec 1", "语句写法有误", "no valid SQL", 'syntax error at or near "selec"'),
        ("SELECT * FROM place", "可查的表：runs, places", "the tables are runs", "Table with name"),
        ("SELECT nothing FROM places", "没有这一列", "no such column", '"nothing" not found'),
        ("COPY runs TO 'x.csv'", "只读运行库", "reads the run store", "file system operations"),
        ("SELECT CAST('甲' AS INT)", "无法这样转换", "cannot be converted", "Could not convert"),
        ("SET threads = 1", "数据库不接受", "refuses the statement", "Cannot change"),
        ("", "没有写查询语句", "there is no statement", ""),
    ],
)
def test_what_is_wrong_with_a_statement_is_said_before_the_database_is_quoted(
    stored: Stored, sql: str, zh: str, en: str, quoted: str
) -> None:
    with pytest.raises(ScenarioError, match="query_") as refused:
        query([stored], sql, 5)
    [fault] = refused.value.violations
    for lang, own in (("zh", zh), ("en", en)):
        words = describe(fault, lang)
        assert own in words
        assert words.index(own) < words.index(quoted) or not quoted
        assert "Did you mean" not in words


EXAMPLE = re.compile(r'runs query .*?\\?"(SELECT .*?[^\\])\\?"')


@pytest.mark.parametrize(
    "page", ["README.md", "README.zh.md", "docs/batch.md", "simulator/messages/zh.po",
             "simulator/messages/en.po"],
)  # fmt: skip
def test_examples_of_queries_answer_with_names_and_no_codes(stored: Stored, page: str) -> None:
    sql = EXAMPLE.findall((ROOT / page).read_text(encoding="utf-8"))
    assert sql
    for statement in sql:
        found = query([stored], statement.replace("year = 2025", "year = 2013"), 500)
        assert found.rows
        assert "1号县" in {row[found.columns.index("name")] for row in found.rows}
        assert not re.search(r"c\d{6}", str(found.rows))


def test_assumptions_are_told_in_words_of_both_languages(stored: Stored, tmp_path: Path) -> None:
    sql = "SELECT assumed_zh, assumed_en FROM places LIMIT 1"
    [(chinese, english)] = query([stored], sql, 1).rows
    assert len(chinese) == len(english) > 0
    assert all(re.search("[\u4e00-\u9fff]", line) for line in chinese)
    assert not any("_" in line for line in (*chinese, *english))
    home = ["--store", str(tmp_path / "runs"), "--lang", "zh"]
    shown = CliRunner().invoke(app, ["runs", "query", sql, *home]).stdout
    assert "['" not in shown


def test_runs_are_listed_and_queried_by_command(stored: Stored, tmp_path: Path) -> None:
    home = ["--store", str(tmp_path / "runs"), "--lang", "zh"]
    listed = CliRunner().invoke(app, ["runs", "list", *home])
    assert stored.id in listed.stdout
    assert "共 1 次完整的运行" in listed.stdout
    shown = CliRunner().invoke(app, ["runs", "show", "census", *home])
    assert "均完好" in shown.stdout
    sql = "SELECT run, count(*) AS n FROM places GROUP BY run"
    asked = CliRunner().invoke(app, ["runs", "query", sql, "--csv", *home])
    assert asked.stdout == f"run,n\n{stored.id},5\n"
    refused = CliRunner().invoke(app, ["runs", "query", "selec", *home])
    assert (refused.exit_code, refused.stdout) == (2, "")


def test_runs_are_named_by_how_they_begin(stored: Stored, order: Order, tmp_path: Path) -> None:
    store = tmp_path / "runs"
    other = run_batch(Order("census_2010", order.studies, 70, 2), store, ALONE)
    both = runs(store)
    assert run_named(both, other.id, store) == other
    for word, code in (("census", "run_several"), ("x", "run_unknown")):
        with pytest.raises(ScenarioError, match=code):
            run_named(both, word, store)


def test_a_store_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="store_missing"):
        runs(tmp_path / "nowhere")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "provenance.json").write_text("{")
    with pytest.raises(ScenarioError, match="run_damaged"):
        runs(tmp_path)


@pytest.mark.parametrize(("lang", "words"), [("zh", "已停止"), ("en", "stopped")])
@pytest.mark.parametrize(("before", "left"), [(2, 1), (1, 0)])
def test_a_batch_that_is_interrupted_says_what_is_kept_and_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, words: str, before: int, left: int
) -> None:
    monkeypatch.setattr(stored_batch, "PART", 2)
    whole, made = stored_batch.make_part, list[int]()

    def fails(*args: object, **named: object) -> dict[str, bytes]:
        made.append(1)
        if len(made) == before:
            raise KeyboardInterrupt
        return whole(*args, **named)  # type: ignore[arg-type]

    folder, store = census(tmp_path / "census"), tmp_path / "runs"
    command = ["run", "--census", str(folder), "--years", "2", "--store", str(store)]
    command += ["--workers", "1", "--lang", lang]
    with monkeypatch.context() as patch:
        patch.setattr(stored_batch, "make_part", fails)
        found = CliRunner().invoke(app, command)
    assert found.exit_code == 130
    assert words in found.stderr
    assert ("--resume" in found.stderr) == bool(left)
    assert sum(unfinished(store).values()) == left
    if left:
        assert f"{2 * left} " in found.stderr
        assert str(store) in found.stderr
    again = CliRunner().invoke(app, [*command, "--resume"])
    assert again.exit_code == 0
    assert runs(store)[0].made["parts_kept"] == left
    already = {"zh": "此前均已算完", "en": "Already done"}[lang]
    assert already not in again.stdout
    written = runs(store)[0].made
    once_more = CliRunner().invoke(app, [*command, "--resume"])
    assert once_more.exit_code == 0
    [line] = [line for line in once_more.stdout.splitlines() if already in line]
    assert set(re.findall(r"\d+", line)) == {"5"}
    assert runs(store)[0].made == written


def test_a_place_whose_figures_are_refused_is_kept_with_the_reason(tmp_path: Path) -> None:
    place = tmp_path / "places.csv"
    place.write_text(
        "name,province,year,code,resident_population,town_population,nonlocal_residents\n"
        "甲县,四川省,2022,519901,500000,225000,\n古县,四川省,2022,519902,30001,1,30000\n",
        encoding="utf-8",
    )
    store = tmp_path / "runs"
    command = ["run", "--table", str(place), "--years", "3", "--store", str(store), "--lang", "zh"]
    found = CliRunner().invoke(app, [*command, "--workers", "1"])
    assert found.exit_code == 2
    assert "1 个因数据有误未运行" in found.stdout
    assert "c519902" in found.stderr
    sql = "SELECT place FROM places WHERE refused_zh IS NOT NULL"
    assert query(runs(store), sql, 5).rows == [("c519902",)]


def test_files_folders_and_places_are_kept_with_their_targets(tmp_path: Path) -> None:
    store = tmp_path / "runs"
    command = ["run", str(ROOT / "scenarios" / "quxian.yaml"), "--store", str(store)]
    found = CliRunner().invoke(app, [*command, "--workers", "1", "--horizon", "2026", "--strict"])
    assert found.exit_code == 1
    [stored] = runs(store)
    assert stored.id.startswith("quxian")
    sql = "SELECT DISTINCT scenario FROM results ORDER BY 1"
    assert query([stored], sql, 9).rows == [("plan",), ("trend",)]
    assert query([stored], "SELECT count(*) FROM targets WHERE status = 'missed'", 1).rows[0][0] > 0


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (["--all", "--table", "t.csv"], "FILES"),
        (["--census", "x", "--horizon", "2030"], "--horizon"),
        (["quxian", "--resume"], "--store"), (["quxian", "--scheduler", "tcp://x"], "--store"),
        (["quxian", "--store", "s", "--years", "3"], "--years"),
        (["--table", "t.csv", "--year", "2010"], "--year"),
        (["--table", "t.csv", "--out", "o"], "--out"),
        (["quxian", "--store", "s", "--seed", str(2**63)], "--seed"),
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(options: list[str], hint: str) -> None:
    found = CliRunner().invoke(app, ["run", *options, "--lang", "en"])
    assert found.exit_code == 2
    assert hint in found.stderr


def test_census_folders(tmp_path: Path) -> None:
    def refused(*options: str) -> str:
        command = ["run", "--census", str(tmp_path), *options, "--lang", "en"]
        found = CliRunner().invoke(app, command)
        assert found.exit_code == 2
        return found.stderr

    assert "no county census tables" in refused()
    census(tmp_path, 1)
    assert "not an allowed value" in refused("--year", "2000")
    assert "--years: must be between 1 and 90" in refused("--year", "2010", "--years", "99")
    write_folder(tmp_path, [core_2010("511700", "县", 4e5, 0.3, 5e5)], [], [])
    assert "several censuses" in refused()
