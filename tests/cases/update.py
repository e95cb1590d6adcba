"""Write beside each bad file of ``invalid/`` what the program says about it.

    python tests/cases/update.py

Each ``NAME.expected`` holds what ``python -m simulator check NAME.yaml`` prints on stderr, in
English, an empty line, and the same in Chinese; paths are shown from the folder ``invalid``. Read
the difference before you commit it. A file whose name begins with ``_`` belongs to another case.
In the YAML files the comment ``# wrong`` marks each line that a message must name.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

ROOT = Path(__file__).resolve().parents[2]
INVALID = Path(__file__).resolve().parent / "invalid"
CASES = sorted(p for p in INVALID.glob("*.yaml") if not p.name.startswith("_"))


@functools.cache
def checked(case: Path, lang: str) -> Result:
    """What the command line answers to ``check``."""
    from simulator.cli import app

    return CliRunner().invoke(app, ["check", str(case), "--lang", lang])


def relative(words: str) -> str:
    """Text in which files of the cases are named from their own folder."""
    return words.replace(f"{INVALID}/", "").replace(f"{INVALID.parent}/", "../")


def said(case: Path) -> str:
    """What the program says about one bad file: English, an empty line, Chinese."""
    return "\n".join(relative(checked(case, lang).stderr) for lang in ("en", "zh"))


def expected(case: Path) -> Path:
    """The file that holds what should be said."""
    return case.with_suffix(".expected")


def main() -> None:
    """Write what is new or different, remove what belongs to no case."""
    for case in CASES:
        words, path = said(case), expected(case)
        if not path.exists() or path.read_text(encoding="utf-8") != words:
            path.write_text(words, encoding="utf-8")
            print(f"written: {path.name}")
    for path in INVALID.glob("*.expected"):
        if path.with_suffix(".yaml") not in CASES:
            path.unlink()
            print(f"removed: {path.name}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
