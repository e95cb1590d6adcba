"""Write ``requirements.lock`` and ``requirements-dev.lock``: every package, with the digest of each
of its files, for every platform and every Python that the program runs on.

    make lock

``requirements.txt`` and ``requirements-dev.txt`` say what is wanted; the locks say what is
installed. They name no package index, so that any mirror serves as long as its files are the same.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {"requirements.txt": "requirements.lock", "requirements-dev.txt": "requirements-dev.lock"}
#: Oldest Python of pyproject.toml; entries that differ for later ones carry a marker.
OLDEST = "3.11"
_OPTIONS = (
    "--universal", "--python-version", OLDEST, "--generate-hashes", "--no-annotate", "--no-header",
    "--no-emit-index-url", "--no-emit-find-links", "--quiet",
)  # fmt: skip


def main() -> None:
    """Resolve both lists; what is already locked stays where the pins allow it."""
    for wanted, lock in LOCKS.items():
        command = (sys.executable, "-m", "uv", "pip", "compile", *_OPTIONS, wanted, "-o", lock)
        # The dev lock repeats the other's versions: both are installed into one environment.
        held = () if lock == "requirements.lock" else ("-c", "requirements.lock")
        subprocess.run([*command, *held], cwd=ROOT, check=True)
        path = ROOT / lock
        head = f"# Made by `make lock` from {wanted}; do not edit.\n"
        path.write_text(head + path.read_text(encoding="utf-8"), encoding="utf-8")


if __name__ == "__main__":
    main()
