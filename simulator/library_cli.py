"""Commands on many places: run every one, find them, audit their plans."""

from __future__ import annotations

import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from simulator import options
from simulator.audit.rules import audit
from simulator.batch import run_files
from simulator.errors import ScenarioError, Violation
from simulator.i18n import text
from simulator.places import entries, found, nearest_names
from simulator.report.files import write_files
from simulator.report.findings import findings_csv, findings_view
from simulator.report.layout import plain_table
from simulator.report.printed import region
from simulator.report.scoreboard import scoreboard_csv, scoreboard_view
from simulator.scenario import load_scenario

SCOREBOARD = "scoreboard.csv"


def run_library(
    out: Path | None, horizon: int | None, strict: bool, lang: str, workers: int
) -> None:
    """Run every place of the library and print the scoreboard.

    Raises
    ------
    typer.Exit
        2 if a file is refused or ``out`` cannot be written, else 1 with ``strict`` if targets of
        modelled indicators are missed.
    """
    files = library_files()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(text("board.running", lang), total=len(files))
        try:
            outcomes = run_files(files, out, horizon, lambda: progress.advance(task), workers)
            lines = [outcome.line for outcome in outcomes if outcome.line is not None]
            if out is not None:
                table = scoreboard_csv(lines, lang).encode("utf-8-sig")
                write_files({SCOREBOARD: table}, out)
        except OSError as error:
            raise options.cannot_write(out or Path(), error, lang) from None
    failed = [outcome for outcome in outcomes if outcome.line is None]
    console = options.page()
    for part in scoreboard_view(lines, len(failed), lang):
        console.print(part, end="\n\n")
    if out is not None:
        console.print(text("report.written", lang, path=out))
    if failed:
        raise options.refuse(ScenarioError(v for o in failed for v in o.violations), lang)
    if strict and any(line.missed for line in lines):
        print(text("cli.strict_failed", lang), file=sys.stderr)
        raise typer.Exit(options.MISSED)


def audit_files(files: list[Path], out: Path | None, strict: bool, lang: str) -> None:
    """Audit the plans of files and print the findings; a file that cannot be read is told after.

    Raises
    ------
    typer.Exit
        2 if a file is refused or ``out`` cannot be written, else 1 with ``strict`` if there are
        findings graver than a notice.
    """
    audited, violations = [], list[Violation]()
    for file in files:
        try:
            place = load_scenario(file).place
        except ScenarioError as error:
            violations += error.violations
            continue
        audited.append((place, audit(place)))
    if violations and not audited:
        raise options.refuse(ScenarioError(violations), lang)
    console = options.page()
    for part in findings_view(audited, lang):
        console.print(part, end="\n\n")
    if out is not None:
        try:
            write_files({out.name: findings_csv(audited, lang).encode("utf-8-sig")}, out.parent)
        except OSError as error:
            raise options.cannot_write(out, error, lang) from None
        console.print(text("report.written", lang, path=out))
    if violations:
        raise options.refuse(ScenarioError(violations), lang)
    if strict and any(f.severity != "notice" for _, findings in audited for f in findings):
        print(text("audit.strict_failed", lang), file=sys.stderr)
        raise typer.Exit(options.MISSED)


def library_files() -> list[Path]:
    """Every file of the library, in its order; those whose head cannot be read come last."""
    files = [entry.path for entry in entries()]
    folder = files[0].parent if files else Path()
    known = set(files)
    return files + [path for path in sorted(folder.glob("*.yaml")) if path not in known]


def list_places(word: str, lang: str) -> None:
    """Print the places that a word names, or whose name or area holds it.

    Raises
    ------
    typer.Exit
        2 if there is none.
    """
    places = found(word)
    if not places:
        violation = Violation("place_unknown", word, params=nearest_names(word))
        raise options.refuse(ScenarioError([violation]), lang)
    keys = ("col.place", "board.id", "board.area", "board.level", "board.base_year")
    table = plain_table(*(text(key, lang) for key in keys), numbers=(4,))
    for entry in places:
        level = text(f"level.{entry.level}", lang)
        area = region(f"{entry.province} {entry.prefecture}".strip(), lang)
        table.add_row(entry.name.get(lang), entry.id, area, level, str(entry.base_year))
    options.page().print(table)
    options.page().print(text("board.found", lang, n=len(places)))
