"""SQL over a run store, embedded and without a server; it reads the store's tables and no more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import dataset

from simulator.errors import ScenarioError, Violation
from simulator.report.stored import TABLES, file_name
from simulator.store import Stored

_RUNS = pa.schema(
    [("run", pa.string()), ("created", pa.string()), ("version", pa.string()),
     ("source", pa.string()), ("places", pa.int64()), ("draws", pa.int64()), ("seed", pa.int64()),
     ("last_year", pa.int64()), ("seconds", pa.float64())]
)  # fmt: skip
_SQL = "SQL"
_PROPOSED = re.compile(r' Did you mean "[^"]*"\?')
#: What is wrong with a statement, by what the database raises; other faults are only quoted.
_KINDS: Mapping[type[Exception], str] = {
    duckdb.ParserException: "query_syntax",
    duckdb.CatalogException: "query_no_table",
    duckdb.BinderException: "query_no_column",
    duckdb.PermissionException: "query_closed",
    duckdb.DataError: "query_value",
}
_INTACT: Mapping[str, Violation] = {}
#: A statement reads no file, loads nothing and changes no setting.
_CLOSED = (
    "SET temp_directory = ''",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)


@dataclass(frozen=True)
class Answer:
    """Columns and rows of a query; ``more`` if there were more rows than asked for."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    more: bool


def line_of_run(stored: Stored) -> dict[str, Any]:
    """What table ``runs`` says of a run."""
    told = stored.provenance
    return {
        "run": stored.id, "created": stored.made["created"], "version": told["version"],
        "source": told["source"]["name"], "places": told["source"]["places"],
        "draws": told["draws"], "seed": told["seed"], "last_year": max(told["horizons"]),
        "seconds": stored.made["seconds"],
    }  # fmt: skip


def query(stored: Sequence[Stored], sql: str, most: int) -> Answer:
    """Rows that a statement gives.

    Parameters
    ----------
    stored : runs whose tables it sees, each with a column ``run``: ``places``, ``results``,
        ``targets``; and ``runs`` with a line a run
    sql : one statement in the dialect of DuckDB
    most : rows returned at most

    Raises
    ------
    ScenarioError
        With what the database says, if it refuses the statement; with the runs whose tables
        cannot be read.
    """
    with duckdb.connect(":memory:") as connection:
        for setting in _CLOSED:
            connection.execute(setting)
        lines = pa.Table.from_pylist([line_of_run(s) for s in stored], schema=_RUNS)
        connection.register("runs", lines)
        try:
            for table in TABLES:
                _view(connection, stored, table)
            found = connection.execute(sql)
            if found is None:  # nothing but spaces, comments or semicolons
                raise ScenarioError([Violation("query_empty", _SQL)])
            rows = found.fetchmany(most + 1) if found.description else []
        except (duckdb.Error, RuntimeError, OSError, ValueError) as error:
            raise _refused(stored, error) from None
        columns = tuple(column[0] for column in found.description or ())
    return Answer(columns, rows[:most], len(rows) > most)


def _refused(stored: Sequence[Stored], error: Exception) -> ScenarioError:
    """Damaged files if there are any, else what the database says of the statement."""
    damaged = [(one.path, one.damaged()) for one in stored]
    if any(files for _, files in damaged):
        return ScenarioError(
            Violation("run_files_changed", str(path), params={"files": ", ".join(files)})
            for path, files in damaged
            if files
        )
    code = next((c for kind, c in _KINDS.items() if isinstance(error, kind)), "query_refused")
    # The names that the database proposes are of tables of its own.
    reason = _PROPOSED.sub("", " ".join(str(error).split()))
    return ScenarioError([Violation(code, _SQL, params={"reason": reason})])


def _view(connection: duckdb.DuckDBPyConnection, stored: Sequence[Stored], table: str) -> None:
    """One view over a table of every run, read as far as a statement needs it."""
    parts = []
    for i, one in enumerate(stored):
        files = [str(path) for path in one.files(file_name(table))]
        connection.register(f"_{table}_{i}", dataset.dataset(files, format="parquet"))
        name = one.id.replace("'", "''")
        parts.append(f"SELECT '{name}' AS run, * FROM _{table}_{i}")
    if parts:
        connection.execute(f"CREATE VIEW {table} AS {' UNION ALL BY NAME '.join(parts)}")


def missed(stored: Stored) -> int:
    """Targets of modelled indicators that the last scenario of each place misses."""
    return int(query([stored], "SELECT coalesce(sum(missed), 0) FROM places", 1).rows[0][0])


def refusals(stored: Stored, lang: str) -> list[tuple[str, str]]:
    """Places whose figures were refused, and why, in the order of the run."""
    sql = f"SELECT place, refused_{lang} FROM places WHERE refused_{lang} IS NOT NULL"
    return [
        (str(a), str(b))
        for a, b in query([stored], sql, stored.provenance["source"]["places"]).rows
    ]


def run_named(
    stored: Sequence[Stored],
    word: str,
    store: Path,
    damaged: Mapping[str, Violation] = _INTACT,
) -> Stored:
    """The run whose name is a word or, if there is none, begins with it.

    Raises
    ------
    ScenarioError
        If none or several do, or what is wrong with the one that does.
    """
    whole = {one.id: one for one in stored}
    every = sorted({*whole, *damaged})
    found = [n for n in every if n == word] or [n for n in every if n.startswith(word)]
    if len(found) == 1:
        if found[0] in damaged:
            raise ScenarioError([damaged[found[0]]])
        return whole[found[0]]
    names = found or every
    code = "run_several" if found else "run_unknown"
    raise ScenarioError([Violation(code, str(store), value=word, params={"allowed": names})])
