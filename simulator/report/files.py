"""Results on disk, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from simulator.outlook import Outlook
from simulator.report.longtable import ledger_table, long_table, target_table
from simulator.report.plain_cells import csv_text
from simulator.report.provenance import provenance
from simulator.report.resolved import resolved_yaml
from simulator.run import Result, Run


def _csv(table: pd.DataFrame, path: Path) -> None:
    path.write_text(csv_text(table), encoding="utf-8", newline="")


def _write_run(result: Result, run: Run, outlook: Outlook | None, folder: Path) -> None:
    _csv(long_table(run, outlook), folder / "results.csv")
    _csv(target_table(run, outlook), folder / "targets.csv")
    _csv(ledger_table(run), folder / "ledger.csv")
    (folder / "resolved.yaml").write_text(resolved_yaml(result, run), encoding="utf-8")
    record = json.dumps(provenance(run, outlook), ensure_ascii=False, indent=2, sort_keys=True)
    (folder / "provenance.json").write_text(record + "\n", encoding="utf-8")


def write_result(
    result: Result, out: Path, outlooks: Mapping[str, Outlook] | None = None
) -> list[Path]:
    """Write each scenario into ``out/<study>/<scenario>/``; returns the folders.

    A scenario's files are written beside their place and moved there when all are done, so a
    reader sees the old set or the new, never a part.

    Raises
    ------
    OSError
        If the folder cannot be written; what was there before is left as it was.
    """
    home = out / result.study.id
    home.mkdir(parents=True, exist_ok=True)
    written = []
    for run in result.runs.values():
        target = home / run.id
        fresh = Path(tempfile.mkdtemp(prefix=f".{run.id}-", dir=home))
        try:
            _write_run(result, run, (outlooks or {}).get(run.id), fresh)
            fresh.chmod(0o755)
            _replace(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        written.append(target)
    return written


def write_files(files: Mapping[str, bytes], out: Path) -> list[Path]:
    """Write named bytes into ``out``; each file is whole or the old one stays.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory(prefix=".export-", dir=out) as aside:
        for name, data in files.items():
            (Path(aside) / name).write_bytes(data)
        for name in files:
            os.replace(Path(aside) / name, out / name)
            written.append(out / name)
    return written


def _replace(fresh: Path, target: Path) -> None:
    """Put ``fresh`` where ``target`` is, keeping the old folder until the new one stands."""
    if not target.exists():
        os.rename(fresh, target)
        return
    aside = Path(tempfile.mkdtemp(prefix=".old-", dir=target.parent))
    old = aside / target.name
    try:
        os.rename(target, old)
        os.rename(fresh, target)
    except BaseException:  # an interrupt between the two moves must not cost the old set
        if old.exists() and not target.exists():
            os.rename(old, target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
