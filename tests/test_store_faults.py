"""A store with faults in it: told, listed, never run over, and no way into the database."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_run_store import ALONE, census
from typer.testing import CliRunner

from simulator import store as stores
from simulator.cli import app
from simulator.county_places import county_studies
from simulator.errors import ScenarioError
from simulator.store import (
    MADE,
    MANIFEST,
    PROVENANCE,
    Stored,
    Unfinished,
    making,
    read_run,
    runs,
    scan,
)  # fmt: skip
from simulator.store_query import query
from simulator.store_records import run_id
from simulator.stored_batch import Order, run_batch


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> Order:
    folder = census(tmp_path_factory.mktemp("census"), 1)
    return Order("census_2010", tuple(county_studies(folder, 2010, 2)), 0, 1)


@pytest.fixture(scope="module")
def made(order: Order, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    return run_batch(order, tmp_path_factory.mktemp("runs"), ALONE)


@pytest.fixture
def stored(made: Stored, tmp_path: Path) -> Stored:
    """A run of one place that a test may damage."""
    path = tmp_path / "runs" / made.id
    shutil.copytree(made.path, path)
    return read_run(path)


def command(*words: str, store: Path) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, [*words, "--store", str(store), "--lang", "en"])
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.stdout, found.stderr


def rewritten(stored: Stored, name: str, change: Callable[[dict[str, object]], object]) -> None:
    data = json.loads((stored.path / name).read_text(encoding="utf-8"))
    change(data)
    (stored.path / name).write_text(json.dumps(data), encoding="utf-8")


@pytest.mark.parametrize("name", [PROVENANCE, MANIFEST, MADE])
@pytest.mark.parametrize("junk", [None, b"", b"{}", b"[]", b"null", b"{", b"\xff", b"[" * 99999])
def test_records_that_cannot_be_read(stored: Stored, name: str, junk: bytes | None) -> None:
    (stored.path / name).unlink()
    if junk is not None:
        (stored.path / name).write_bytes(junk)
    with pytest.raises(ScenarioError, match="run_damaged"):
        read_run(stored.path)
    code, out, _ = command("runs", "list", store=stored.path.parent)
    assert (code, stored.id in out) == (0, True)
    assert "no whole run" in out
    for words in (("runs", "show", stored.id), ("runs", "query", "SELECT 1"),
                  ("runs", "query", "SELECT 1", "--run", "census")):  # fmt: skip
        code, out, err = command(*words, store=stored.path.parent)
        assert (code, out) == (2, "")
        assert stored.id in err


def test_a_damaged_run_hides_no_other(stored: Stored) -> None:
    other = stored.path.parent / "other-000000000000"
    shutil.copytree(stored.path, other)  # a run under a name that is not its own
    found, damaged = scan(stored.path.parent)
    assert [one.id for one in found] == [stored.id]
    assert [violation.code for violation in damaged.values()] == ["run_damaged"]
    assert list(damaged) == [other.name]
    with pytest.raises(ScenarioError, match="run_damaged"):
        runs(stored.path.parent)
    words = ("runs", "query", "SELECT count(*) AS n FROM places", "--csv", "--run", stored.id)
    assert command(*words, store=stored.path.parent) == (0, "n\n1\n", "")


@pytest.mark.parametrize(
    "name",
    [
        "../part-00000/places.parquet", "part-00000/../places.parquet", "/etc/passwd",
        "part-00000/places.csv", "part-0/places.parquet", "part-00000\\places.parquet",
        "part-00001/places.parquet", "part-00000/places.parquet\n",
    ],
)  # fmt: skip
def test_a_manifest_names_files_of_the_parts_and_no_others(stored: Stored, name: str) -> None:
    key = "part-00000/places.parquet"
    rewritten(stored, MANIFEST, lambda told: told.update({name: told.pop(key)}))
    with pytest.raises(ScenarioError, match="run_damaged"):
        read_run(stored.path)


def test_a_manifest_names_every_part_and_its_hash(stored: Stored) -> None:
    whole = dict(stored.manifest)
    wrong: tuple[dict[str, str | None], ...] = (
        dict.fromkeys(whole, None), dict.fromkeys(whole, "intact"),
        {n.replace("part-00000", "part-00001"): told for n, told in whole.items()},
    )  # fmt: skip
    for manifest in wrong:
        (stored.path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(ScenarioError, match="run_damaged"):
            read_run(stored.path)


@pytest.mark.parametrize("junk", [None, b"", b"junk", b"PAR1" + b"\0" * 64 + b"PAR1"])
@pytest.mark.parametrize("table", ["places", "results", "targets"])
def test_tables_that_cannot_be_read(stored: Stored, table: str, junk: bytes | None) -> None:
    [path] = stored.files(f"{table}.parquet")
    path.unlink()
    if junk is not None:
        path.write_bytes(junk)
    with pytest.raises(ScenarioError, match="run_files_changed") as told:
        query([stored], f"SELECT * FROM {table}", 5)
    [violation] = told.value.violations
    assert violation.params["files"] == f"part-00000/{table}.parquet"
    code, out, err = command(
        "runs", "query", f"SELECT * FROM {table}", store=stored.path.parent
    )  # fmt: skip
    assert (code, out) == (2, "")
    assert f"part-00000/{table}.parquet" in err


def test_a_finished_run_that_was_changed_is_not_returned_as_done(
    stored: Stored, order: Order
) -> None:
    store = stored.path.parent
    assert run_batch(order, store, ALONE) == stored
    path = stored.files("places.parquet")[0]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    told: list[int] = []
    with pytest.raises(ScenarioError, match="run_files_changed"):
        run_batch(order, store, ALONE, told.append)
    assert told == []
    shutil.rmtree(stored.path)
    assert run_batch(order, store, ALONE).damaged() == []


def test_a_name_of_a_folder_is_no_sql(stored: Stored) -> None:
    """The folder that a hash of forged records makes, asked before the database is closed."""
    source = {**stored.provenance["source"], "name": "x' AS run, * FROM read_csv('a') --"}
    provenance = {**stored.provenance, "source": source}
    path = stored.path.parent / run_id(provenance)
    stored.path.rename(path)
    (path / PROVENANCE).write_text(json.dumps(provenance), encoding="utf-8")
    forged = read_run(path)
    assert query([forged], "SELECT run FROM places", 5).rows == [(path.name,)]


def test_a_lock_file_stays_and_its_lock_does_not(tmp_path: Path) -> None:
    for _ in range(2):
        with making(tmp_path, "one", 1, resume=True):
            pass
        assert (tmp_path / ".lock-one").is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="no locks there")
def test_a_lock_that_is_waited_for_is_not_held_twice(tmp_path: Path) -> None:
    """A program that opened the lock's file before another gave it back, and a third."""
    import fcntl

    with making(tmp_path, "one", 1, resume=True):
        waiting = (tmp_path / ".lock-one").open("w")
    with waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (
            pytest.raises(ScenarioError, match="run_in_progress"),
            making(tmp_path, "one", 1, resume=True),
        ):
            pass


def test_a_run_that_another_program_finished_meanwhile_is_not_made_again(
    made: Stored, order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes its name between the first look and the lock."""
    whole, store = stores.held, tmp_path / "runs"

    def late(path: Path, *, wait: bool) -> object:
        shutil.copytree(made.path, store / made.id)
        return whole(path, wait=wait)

    monkeypatch.setattr(stores, "held", late)
    before = (made.path / MADE).read_bytes()
    assert run_batch(order, store, ALONE).id == made.id
    assert (store / made.id / MADE).read_bytes() == before
    assert not list(store.glob(".unfinished-*"))


def test_a_part_that_cannot_be_read_is_no_finished_run(made: Stored, tmp_path: Path) -> None:
    with making(tmp_path, made.id, 1, resume=False) as run:
        (run.path / "part-00000" / "places.parquet").mkdir(parents=True)
        with pytest.raises(OSError, match=r"places\.parquet"):
            run.finish(made.provenance, made.made)
    assert not Unfinished(tmp_path, made.id, 1).finished


def test_folders_without_yaml_are_refused_all_together(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    words = ("run", str(tmp_path / "one"), str(tmp_path / "two"), "no_such_place_at_all")
    code, out, err = command(*words, store=tmp_path / "runs")
    assert (code, out) == (2, "")
    assert err.count("no *.yaml file") == 2
    assert "no_such_place_at_all" in err
    assert not (tmp_path / "runs").exists()


def test_words_of_a_csv_are_no_formulas(stored: Stored) -> None:
    sql = """SELECT '=1+1' AS a, '@x' AS "-b", -1.5 AS c, 'plain' AS d"""
    code, out, _ = command("runs", "query", sql, "--csv", store=stored.path.parent)
    assert (code, out) == (0, "a,'-b,c,d\n'=1+1,'@x,-1.5,plain\n")
