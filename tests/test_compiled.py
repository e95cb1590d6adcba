"""Compiled code is kept under a key of everything that it is made from."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import quxian

from simulator import compiled
from simulator.kernel import _kernel
from simulator.locks import held
from simulator.projection import project
from simulator.state import Inputs

PACKAGE = Path(compiled.__file__).parent


def test_every_compiled_file_is_in_the_key() -> None:
    using = {
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in PACKAGE.rglob("*.py")
        if "import njit" in path.read_text(encoding="utf-8")
    }
    assert using <= set(compiled._SOURCES)
    assert all((PACKAGE / f"{name}.py").is_file() for name in compiled._SOURCES)


def test_the_key_follows_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in compiled._SOURCES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(PACKAGE / f"{name}.py", tmp_path / f"{name}.py")
    monkeypatch.setattr(compiled, "_PACKAGE", tmp_path)
    before = compiled._key()
    assert before == compiled._key()
    with (tmp_path / "levers" / "columns.py").open("a", encoding="utf-8") as handle:
        handle.write("# one more lever\n")
    assert compiled._key() != before


def test_nothing_compiles_without_it() -> None:
    """numba's own decorator would put its code where updates do not clear it."""
    loose = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if re.search(r"(from|import) numba", path.read_text(encoding="utf-8"))
    ]
    assert loose == ["compiled.py"]


def test_the_key_is_in_a_folder_that_the_user_chose_too(tmp_path: Path) -> None:
    """Old code would be run there as well, if it were only named by the user."""
    code = "import numba, simulator.compiled as c; print(numba.config.CACHE_DIR, c._key())"
    chosen = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)}
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, **chosen},
    )  # fmt: skip
    folder, key = found.stdout.split()
    assert Path(folder) == tmp_path / f"numba-{key}"
    assert key != compiled._key()  # settings of the compiler count


def test_a_folder_that_cannot_be_made_gives_way_to_the_next(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = compiled._folder(tmp_path / "file", tmp_path / "next")
    assert found == str(tmp_path / "next" / f"numba-{compiled._key()}")


LEVERS = {"industry_jobs": {"basic_jobs": 500}, "housing": {"demolished_units": 100}}


def digest(inputs: Inputs) -> str:
    """What a projection of every flow leaves, to the last bit."""
    paths = project(inputs)
    return hashlib.sha256(b"".join(array.tobytes() for array in paths)).hexdigest()


def test_every_process_runs_the_same_machine_code() -> None:
    """What was compiled elsewhere is loaded, here and there, so that even the last bit is one."""
    here = digest(quxian.policy(LEVERS).inputs)
    code = "from test_compiled import *; print(digest(quxian.policy(LEVERS).inputs))"
    path = os.pathsep.join([str(PACKAGE.parent), str(Path(__file__).parent)])
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert found.stdout.strip() == here
    assert sum(_kernel.stats.cache_misses.values()) == 0


def test_read_only_arrays_need_no_code_of_their_own() -> None:
    inputs = quxian.policy(LEVERS).inputs
    frozen = Inputs(*(np.array(array) for array in inputs))
    for array in frozen:
        array.flags.writeable = False
    assert digest(frozen) == digest(inputs)
    assert len(_kernel.signatures) == 1


def test_without_a_place_to_keep_code_it_is_compiled_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure of the other process is no failure of the program."""
    monkeypatch.setattr(compiled._config, "CACHE_DIR", str(tmp_path))
    compiled.compiled_before.__wrapped__("simulator.nothing_there", "compile_kernel")
    assert [p.name for p in tmp_path.iterdir()] == ["simulator.nothing_there.lock"]


def test_compiling_once_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second call starts no process, unless what was kept is gone."""
    told: list[str] = []
    monkeypatch.setattr(compiled._config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(compiled, "_listeners", [])
    compiled.tell_of_compiling(lambda: told.append("compiling"))
    ask = compiled.compiled_before.__wrapped__
    ask("builtins", "print")
    assert (tmp_path / "builtins.kept").exists()
    ask("builtins", "print")  # print compiles nothing, so that nothing was kept
    assert told == ["compiling"] * 2
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "code.nbi").touch()
    ask("builtins", "print")
    assert told == ["compiling"] * 2


def old(parent: Path, digit: str, days: float) -> Path:
    """A folder of another key whose files were last used some days ago."""
    folder = parent / f"numba-{digit * 12}"
    (folder / "there").mkdir(parents=True)
    then = time.time() - days * 24 * 3600
    for name in ("there/code.nbi", "simulator.kernel.kept", "simulator.kernel.lock"):
        (folder / name).touch()
        os.utime(folder / name, (then, then))
    os.utime(folder, (then, then))
    return folder


def compile_in(parent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = parent / f"numba-{'f' * 12}"
    here.mkdir(parents=True)
    monkeypatch.setattr(compiled._config, "CACHE_DIR", str(here))
    compiled.compiled_before.__wrapped__("builtins", "print")
    assert (here / "builtins.kept").exists()


def test_code_of_other_versions_that_nobody_used_for_a_month_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_OWN", (tmp_path,))
    gone, young = old(tmp_path, "a", 31), old(tmp_path, "b", 29)
    read, locked = old(tmp_path, "c", 31), old(tmp_path, "d", 31)
    code = read / "there" / "code.nbi"
    os.utime(code, (time.time(), code.stat().st_mtime))
    elsewhere = old(tmp_path / "elsewhere", "e", 31)
    (tmp_path / f"numba-{'0' * 12}").symlink_to(elsewhere)
    foreign = tmp_path / "numba-of-mine"
    foreign.mkdir()
    os.utime(foreign, (0, 0))
    with held(locked / "simulator.kernel.lock", wait=False):
        compile_in(tmp_path, monkeypatch)
    assert not gone.exists()
    assert all((f / "there" / "code.nbi").exists() for f in (young, read, locked, elsewhere))
    assert foreign.exists()


@pytest.mark.parametrize("reason", ["a folder of the user", "no locks"])
def test_nothing_is_removed_elsewhere_nor_where_nothing_tells_what_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    own = tmp_path / ("other" if reason == "a folder of the user" else "")
    monkeypatch.setattr(compiled, "_OWN", (own,))
    monkeypatch.setattr(compiled, "AVAILABLE", reason != "no locks")
    stays = old(tmp_path, "a", 365)
    compile_in(tmp_path, monkeypatch)
    assert (stays / "there" / "code.nbi").exists()


def test_code_that_is_loaded_is_marked_as_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = old(tmp_path, "a", 365)
    monkeypatch.setattr(compiled._config, "CACHE_DIR", str(folder))
    compiled.compiled_before.__wrapped__("simulator.kernel", "compile_kernel")
    assert time.time() - compiled._last_used(folder) < 3600


def test_a_lock_is_refused_or_waited_for_and_given_back(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    with held(path, wait=True), pytest.raises(BlockingIOError), held(path, wait=False):
        pass
    with held(path, wait=False):
        assert path.exists()
