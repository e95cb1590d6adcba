"""Commands about the run store: what is in it, what made it, and SQL over it."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator import options
from simulator.errors import ScenarioError
from simulator.i18n import text

Home = Annotated[Path, typer.Option("--store", help="运行库文件夹 / folder of the run store")]
Name = Annotated[str, typer.Argument(help="运行名或其开头 / name of a run, or how it begins")]
_ROWS = 100
_DIGITS = 7

runs = typer.Typer(
    no_args_is_help=True, help="运行库：列出、查看、查询。/ Run store: list, show, query."
)


@runs.command("list")
def list_command(store: Home = Path("runs"), lang: options.Lang = None) -> None:
    """列出运行库中的运行。/ List the runs of a store."""
    from simulator import store as stores
    from simulator.report.errors import describe
    from simulator.report.layout import plain_table
    from simulator.store_query import line_of_run

    language = options.language(lang)
    try:
        (found, damaged), broken = stores.scan(store), stores.unfinished(store)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    names = ("run", "created", "places", "draws", "last_year", "seconds")
    heads = (text(f"runs.{name}", language) for name in names)
    table = plain_table(*heads, numbers=(2, 3, 4, 5))
    for stored in found:
        line = line_of_run(stored)
        table.add_row(*(str(line[name]) for name in names))
    console = options.page()
    console.print(table)
    console.print(text("runs.count", language, n=len(found)))
    for wrong in damaged.values():
        console.print(describe(wrong, language))
    for name, parts in broken.items():
        console.print(text("runs.unfinished", language, run=name, parts=parts))


@runs.command("show")
def show_command(name: Name, store: Home = Path("runs"), lang: options.Lang = None) -> None:
    """查看一次运行：来源、参数、文件是否完好。/ Show what made a run, and whether it is intact."""
    from simulator import store as stores
    from simulator.store_query import run_named

    language = options.language(lang)
    try:
        found, unread = stores.scan(store)
        stored = run_named(found, name, store, unread)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    record = {"run": stored.id, "provenance": stored.provenance, "made": stored.made}
    print(json.dumps(record, ensure_ascii=False, indent=2))
    damaged = stored.damaged()
    if damaged:
        print(text("runs.damaged", language, files=", ".join(damaged)), file=sys.stderr)
        raise typer.Exit(options.BAD_INPUT)
    options.page().print(text("runs.intact", language, n=len(stored.manifest)))


@runs.command("query")
def query_command(
    sql: Annotated[str, typer.Argument(help="SQL；表：runs, places, results, targets")],
    store: Home = Path("runs"),
    run: Annotated[
        list[str] | None, typer.Option("--run", help="只查这些运行 / only these runs")
    ] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="最多行数 / rows at most")] = _ROWS,
    as_csv: Annotated[bool, typer.Option("--csv", help="输出 CSV / print CSV")] = False,
    lang: options.Lang = None,
) -> None:
    """用 SQL 查询运行库，只读。/ Query the store in SQL (DuckDB), read-only."""
    from simulator import store as stores
    from simulator.report.layout import plain_table
    from simulator.report.plain_cells import plain
    from simulator.store_query import query, run_named

    language = options.language(lang)
    try:
        found, damaged = stores.scan(store) if run else (stores.runs(store), {})
        chosen = [run_named(found, w, store, damaged) for w in run] if run else found
        answer = query(chosen, sql, sys.maxsize - 1 if as_csv else rows)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([plain(value) for value in row] for row in (answer.columns, *answer.rows))
        return
    table = plain_table(*answer.columns)
    for row in answer.rows:
        table.add_row(*(_cell(value) for value in row))
    options.page().print(table)
    if answer.more:
        options.page().print(text("runs.more_rows", language, n=rows))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}" if abs(value) < 1.0 else f"{value:,.2f}"
    if isinstance(value, list):
        return "\n".join(_cell(part) for part in value)
    return "" if value is None else str(value)


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.add_typer(runs, name="runs")
