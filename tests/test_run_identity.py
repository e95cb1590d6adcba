"""A run's name follows whatever makes its numbers: files, their order, seeds, the program."""

from __future__ import annotations

import dataclasses
import platform
import shutil
from pathlib import Path

import pytest
from quxian import ROOT

from simulator import stored_batch
from simulator.scenario import Study, load_scenarios
from simulator.store_records import run_id
from simulator.stored_batch import Order, program_hash, provenance_of

HOME = ROOT / "scenarios" / "places"
YEAR = 2026


def place(folder: Path, more: str = "") -> Path:
    """A place file ``folder/p/x.yaml``; all of them share the names of folder and file."""
    path = folder / "p" / "x.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = (HOME / "quxian.yaml").read_text(encoding="utf-8")
    told = text.replace("id: quxian\n", f"id: {folder.name}\n", 1)
    path.write_text(told + more, encoding="utf-8")
    shutil.copy(HOME / "quxian_age_sex.csv", path.parent)
    return path


def studies(*files: Path) -> tuple[Study, ...]:
    return tuple(load_scenarios(list(files), horizon=YEAR))


def named(*files: Path, seed: int | None = None) -> str:
    return run_id(provenance_of(Order("files", studies(*files), 0, seed)))


def test_files_of_the_same_name_in_folders_of_the_same_name_are_both_told(tmp_path: Path) -> None:
    first, second = place(tmp_path / "a"), place(tmp_path / "b", "# b\n")
    before = named(first, second)
    inputs = provenance_of(Order("files", studies(first, second), 0, None))["inputs"]
    assert [name for name, _ in inputs][:1] == ["p/x.yaml"]
    assert len({digest for name, digest in inputs if name == "p/x.yaml"}) == 2
    for folder in ("a", "b"):
        place(tmp_path / folder, "# changed\n")
        assert named(first, second) != before
        place(tmp_path / folder, "# b\n" if folder == "b" else "")
        assert named(first, second) == before


def test_another_order_of_the_inputs_is_another_run(tmp_path: Path) -> None:
    first, second = place(tmp_path / "a"), place(tmp_path / "b", "# b\n")
    assert named(first, second) != named(second, first)


def test_which_study_reads_which_file_is_told(tmp_path: Path) -> None:
    """The same files, known before, read by another study."""
    one, two, three = studies(
        place(tmp_path / "a"), place(tmp_path / "b", "# b\n"), place(tmp_path / "c")
    )
    names = {
        run_id(provenance_of(Order("files", (one, two, again), 0, None)))
        for again in (dataclasses.replace(three, sources=one.sources),
                      dataclasses.replace(three, sources=two.sources))
    }  # fmt: skip
    assert len(names) == 2


@pytest.mark.parametrize("changes", [{"id": "other"}, {"horizon": 2030}, {"seed": 977}])
def test_id_horizon_and_seed_of_each_study_are_told(
    tmp_path: Path, changes: dict[str, int]
) -> None:
    one, two = studies(place(tmp_path / "a"), place(tmp_path / "b"))
    names = {
        run_id(provenance_of(Order("files", pair, 0, None)))
        for pair in ((one, two), (dataclasses.replace(one, **changes), two),
                     (one, dataclasses.replace(two, **changes)))
    }  # fmt: skip
    assert len(names) == 3


def test_studies_are_told_with_the_seed_they_are_drawn_by(tmp_path: Path) -> None:
    pair = studies(place(tmp_path / "a"), place(tmp_path / "b"))
    own = provenance_of(Order("files", pair, 0, None))["studies"]
    assert [(told["ids"], told["seed"], told["horizon"]) for told in own] == [
        ([study.id], study.seed, YEAR) for study in pair
    ]
    [first, second] = provenance_of(Order("files", pair, 0, 5))["studies"]
    assert (first["seed"], second["seed"]) == (5, 5)


@pytest.mark.parametrize("name", ["messages/zh.po", "parameters.csv", "run.py"])
def test_the_program_is_its_code_its_tables_and_its_messages(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_batch, "_PACKAGE", tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("a")
    before = program_hash.__wrapped__()
    path.write_text("b")
    assert program_hash.__wrapped__() != before


def test_the_program_is_its_python_and_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    before = program_hash.__wrapped__()
    with monkeypatch.context() as patch:
        patch.setattr(platform, "python_version", lambda: "3.99.0")
        assert program_hash.__wrapped__() != before
    whole = stored_batch.version
    monkeypatch.setattr(
        stored_batch, "version", lambda name: "0" if name == "llvmlite" else whole(name)
    )
    assert program_hash.__wrapped__() != before
