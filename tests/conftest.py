"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of the published figures too large for this repository; skip where it is missing."""
    named = os.environ.get("SIMULATOR_REFERENCE")
    folder = Path(named) if named else REPOSITORY.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"no reference data in {folder}; set SIMULATOR_REFERENCE to its folder")
    return folder
