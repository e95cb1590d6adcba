"""Valid files from which broken ones are made: every key of the format occurs in one of them."""

from __future__ import annotations

import shutil
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "valid"
FILES = ("place.yaml", "full.yaml", "scenario.yaml", "history.yaml")
AGES = "ages.csv"


def text(name: str) -> str:
    """One of the valid files."""
    return (FOLDER / name).read_text(encoding="utf-8")


def laid_out(folder: Path) -> Path:
    """The valid files in a folder where one of them can be replaced by a broken one."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    return folder
