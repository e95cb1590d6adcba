"""The run command with a store: a table, a census, a folder or files, run and kept."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress

from simulator import options
from simulator.county_places import census_year, county_studies
from simulator.errors import ScenarioError, Violation
from simulator.i18n import text
from simulator.library_cli import library_files
from simulator.place_table import read_places
from simulator.places import files_of
from simulator.report.errors import describe
from simulator.scenario import Study, load_scenarios
from simulator.store import Stored
from simulator.store_query import missed, refusals
from simulator.stored_batch import Means, Order, places_kept, run_batch

#: Where runs are kept if no store is named, and years projected if none are asked for.
_STORE, _YEARS = Path("runs"), 15
_UNSAFE, _LONGEST = re.compile(r"[^\w-]+"), 40
_SHOWN = 20


@dataclass(frozen=True)
class Asked:
    """What the options of the command ask for; no file at all stands for the whole library."""

    files: tuple[str, ...]
    table: Path | None
    census: Path | None
    year: int | None
    years: int | None
    horizon: int | None
    draws: int
    seed: int | None


def ordered(asked: Asked) -> tuple[Order, tuple[Violation, ...]]:
    """The studies that are asked for, read and checked, and what is suspicious about their rows.

    Raises
    ------
    ScenarioError
        With every violation of every file.
    """
    years, odd = asked.years or _YEARS, tuple[Violation, ...]()
    studies: Sequence[Study]
    if asked.table is not None:
        table = read_places(asked.table, years, date.today().year)
        studies, odd, name = table.studies, table.warnings, asked.table.stem
    elif asked.census is not None:
        year = census_year(asked.census, asked.year)
        studies, name = county_studies(asked.census, year, years), f"census_{year}"
    else:
        files = _every_file(asked.files)
        studies = load_scenarios(files, horizon=asked.horizon)
        name = studies[0].id if len(studies) == 1 else "files" if asked.files else "library"
    return Order(_safe(name), tuple(studies), asked.draws, asked.seed), odd


def _safe(name: str) -> str:
    """A name as part of a folder's: letters of any script, digits, hyphens."""
    return _UNSAFE.sub("_", name)[:_LONGEST].strip("_-") or "table"


def _every_file(words: Sequence[str]) -> list[Path]:
    """Files, names of places, and every YAML file of a folder; the library where none is named."""
    if not words:
        return library_files()
    found: list[Path] = []
    faults: list[Violation] = []
    for word in words:
        try:
            found += _files_of_folder(Path(word)) if Path(word).is_dir() else files_of([word])
        except ScenarioError as error:
            faults += error.violations
    if faults:
        raise ScenarioError(faults)
    return found


def _files_of_folder(folder: Path) -> list[Path]:
    """Its YAML files by name; a run of no places is no run."""
    found = sorted(folder.glob("*.yaml"))
    if not found:
        raise ScenarioError([Violation("folder_without_yaml", str(folder))])
    return found


def run_stored(
    asked: Asked,
    store: Path | None,
    means: tuple[int, str | None, bool],
    strict: bool,
    out: Path | None,
    lang: str,
) -> None:
    """Run what is asked for into the store and say what is there.

    Raises
    ------
    typer.Exit
        2 if an input is refused or the store cannot be written, 130 if it was interrupted, else 1
        with ``strict`` if targets of modelled indicators are missed.
    """
    _refuse_mixed(asked, out, lang)
    home = store or _STORE
    try:
        order, odd = ordered(asked)
    except ScenarioError as error:
        raise options.refuse(error, lang) from None
    _warned(odd, lang)
    there: list[str] = []  # what is said of a run that is there already
    try:
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(text("board.running", lang), total=len(order.studies))
            stored = run_batch(
                order, home, Means(*means), lambda n: progress.advance(task, n),
                lambda: there.append(text("runs.already", lang, places=len(order.studies))),
            )  # fmt: skip
    except ScenarioError as error:
        raise options.refuse(error, lang) from None
    except OSError as error:
        raise options.cannot_write(home, error, lang) from None
    except KeyboardInterrupt:
        raise _stopped(order, home, lang) from None
    for line in there:
        options.page().print(line)
    _told(stored, home, strict, lang)


def _stopped(order: Order, home: Path, lang: str) -> typer.Exit:
    """Say what of a batch that was interrupted is kept; the exit to raise."""
    kept = places_kept(order, home)
    counts = {"kept": kept, "places": len(order.studies), "store": home}
    key = "runs.stopped" if kept else "runs.stopped_early"
    print(text(key, lang, **(counts if kept else {})), file=sys.stderr)
    return typer.Exit(options.INTERRUPTED)


def _warned(odd: Sequence[Violation], lang: str) -> None:
    """Say on stderr what is suspicious about a table that is run all the same."""
    if odd:
        print(text("runs.odd", lang, n=len(odd)), file=sys.stderr)
    for violation in odd[:_SHOWN]:
        print(f"  {describe(violation, lang)}", file=sys.stderr)
    if len(odd) > _SHOWN:
        print(text("runs.more_odd", lang, n=len(odd) - _SHOWN), file=sys.stderr)


def _refuse_mixed(asked: Asked, out: Path | None, lang: str) -> None:
    """Options that do not go together."""
    batch = asked.table is not None or asked.census is not None
    if batch and asked.horizon is not None:
        raise typer.BadParameter(text("cli.years_not_horizon", lang), param_hint="--horizon")
    if not batch and asked.years is not None:
        raise typer.BadParameter(text("cli.horizon_not_years", lang), param_hint="--years")
    if asked.census is None and asked.year is not None:
        raise typer.BadParameter(text("cli.year_census", lang), param_hint="--year")
    if out is not None:
        raise typer.BadParameter(text("cli.store_not_out", lang), param_hint="--out")


def _told(stored: Stored, store: Path, strict: bool, lang: str) -> None:
    """What was run, which places were refused, and how to ask for the numbers."""
    console, source = options.page(), stored.provenance["source"]
    refused = refusals(stored, lang)
    counts = {
        "places": source["places"],
        "refused": len(refused),
        "draws": stored.provenance["draws"],
    }
    console.print(text("runs.made", lang, path=stored.path, **counts))
    console.print(text("runs.ask", lang, store=store, run=stored.id))
    for place, words in refused[:_SHOWN]:
        print(f"{place}: {words}", file=sys.stderr)
    if len(refused) > _SHOWN:
        print(text("runs.more_refused", lang, n=len(refused) - _SHOWN), file=sys.stderr)
    if refused:
        raise typer.Exit(options.BAD_INPUT)
    if strict and missed(stored):
        print(text("cli.strict_failed", lang), file=sys.stderr)
        raise typer.Exit(options.MISSED)
