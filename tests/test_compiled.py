"""Compiled code is kept under a key of everything that it is made from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numba
import pytest

from simulator import compiled

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
        if "from numba import" in path.read_text(encoding="utf-8")
    ]
    assert loose == []
    assert numba.config.CACHE_DIR
