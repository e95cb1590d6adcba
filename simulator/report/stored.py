"""Results of some places as columns for the run store: a line a place, series, judged targets.

The bytes are a function of the results alone: no clock, no machine, no order of work.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES
from simulator.outlook import Outlook
from simulator.report.errors import describe
from simulator.report.longtable import SHARES, STATISTICS, STOCKS, TARGET_COLUMNS, target_table
from simulator.report.wording import assumption
from simulator.run import Result, Run
from simulator.scenario import Study

#: The tables of a run, each a file of every part.
TABLES = ("places", "results", "targets")
_NAMES = pa.dictionary(pa.int32(), pa.string())
_DRAWN = ("mean", *STATISTICS)
PLACES = pa.schema(
    [
        *((n, pa.string()) for n in ("place", "code", "name", "name_en", "province", "prefecture")),
        ("level", pa.string()), ("base_year", pa.int16()), ("horizon", pa.int16()),
        ("start", pa.string()), ("residents", pa.float64()),
        ("resident_urbanization_rate", pa.float64()), ("hukou_urbanization_rate", pa.float64()),
        ("missed", pa.int32()),
        *((f"assumed_{lang}", pa.list_(pa.string())) for lang in LANGUAGES),
        *((f"refused_{lang}", pa.string()) for lang in LANGUAGES),
    ]
)  # fmt: skip
RESULTS = pa.schema(
    [
        *((n, _NAMES) for n in ("place", "scenario", "variable", "unit")), ("year", pa.int16()),
        ("value", pa.float64()), *((n, pa.float64()) for n in _DRAWN),
    ]
)  # fmt: skip
TARGETS = pa.schema(
    [
        (n, {"year": pa.int16(), "first_year_met": pa.int16(), "target": pa.float64(),
             "projected": pa.float64(), "gap": pa.float64(), "probability": pa.float64(),
             }.get(n, pa.string()))
        for n in TARGET_COLUMNS
    ]
)  # fmt: skip
_COMPRESSION = "zstd"


@dataclass(frozen=True)
class Evaluated:
    """One place, run; ``result`` is None where its figures were refused."""

    study: Study
    result: Result | None
    outlooks: Mapping[str, Outlook]
    refusal: ScenarioError | None = None


def part_files(places: Sequence[Evaluated]) -> dict[str, bytes]:
    """The tables of some places as Parquet, by file name."""
    rows: dict[str, pa.Table] = {
        "places": pa.Table.from_pylist([_place(p) for p in places], schema=PLACES),
        "results": _stacked(RESULTS, (_series(p, run) for p, run in _runs(places))),
        "targets": _stacked(TARGETS, (_targets(p, run) for p, run in _runs(places))),
    }
    return {file_name(name): _parquet(table) for name, table in rows.items()}


def file_name(table: str) -> str:
    """Name of a table's file in a part."""
    return f"{table}.parquet"


def _runs(places: Iterable[Evaluated]) -> list[tuple[Evaluated, Run]]:
    return [(p, run) for p in places if p.result is not None for run in p.result.runs.values()]


def _stacked(schema: pa.Schema, tables: Iterable[pa.Table]) -> pa.Table:
    """One table in one chunk, so that its file does not tell how it was put together."""
    whole = pa.concat_tables([schema.empty_table(), *tables])
    return whole.unify_dictionaries().combine_chunks()


def _parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, compression=_COMPRESSION, store_schema=False)
    return stream.getvalue()


def _place(one: Evaluated) -> dict[str, Any]:
    """The line of a place; what it lacks is null."""
    place = one.study.place
    row: dict[str, Any] = {
        "place": place.id, "code": place.code, "name": place.name.zh, "name_en": place.name.en,
        "province": place.province, "prefecture": place.prefecture, "level": place.level,
        "base_year": place.base_year, "horizon": one.study.horizon,
    }  # fmt: skip
    if one.result is not None:
        start = one.result.start
        row |= {
            "start": start.rung, "residents": start.totals.residents,
            "resident_urbanization_rate": start.totals.town / start.totals.residents,
            "hukou_urbanization_rate": start.totals.urban_hukou / start.totals.hukou,
            "missed": len(one.result.not_met()),
        }  # fmt: skip
        for lang in LANGUAGES:
            told = [assumption(item, place.base_year, lang) for item in start.assumed]
            row[f"assumed_{lang}"] = told
    if one.refusal is not None:
        for lang in LANGUAGES:
            why = (describe(v, lang) for v in one.refusal.violations)
            row[f"refused_{lang}"] = "\n".join(why)
    return row


def _series(one: Evaluated, run: Run) -> pa.Table:
    """Stocks and rates by year: the central run, and what draws say where there are any."""
    outlook = one.outlooks.get(run.id)
    named = [(v, n, unit) for names, unit in ((STOCKS, "persons"), (SHARES, "share"))
             for v, n in names.items()]  # fmt: skip
    years = run.years
    columns: dict[str, Any] = {
        "place": _same(run.study.place.id, len(named) * len(years)),
        "scenario": _same(run.id, len(named) * len(years)),
        "variable": _repeated([v for v, _, _ in named], len(years)),
        "unit": _repeated([unit for _, _, unit in named], len(years)),
        "year": pa.array(np.tile(years, len(named)), pa.int16()),
        "value": np.concatenate([run.series[n] for _, n, _ in named]),
    }
    for i, statistic in enumerate(_DRAWN):
        if outlook is None:
            columns[statistic] = pa.nulls(len(named) * len(years), pa.float64())
        else:
            parts = [outlook.mean[n] if i == 0 else outlook.quantiles[n][i - 1]
                     for _, n, _ in named]  # fmt: skip
            columns[statistic] = np.concatenate(parts)
    return pa.table(columns, schema=RESULTS)


def _same(word: str, n: int) -> pa.DictionaryArray:
    return _repeated([word], n)


def _repeated(words: Sequence[str], each: int) -> pa.DictionaryArray:
    """Each word as often as asked, in order."""
    distinct = list(dict.fromkeys(words))
    at = np.repeat([distinct.index(word) for word in words], each).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(at), pa.array(distinct, pa.string()))


def _targets(one: Evaluated, run: Run) -> pa.Table:
    if not run.targets:
        return TARGETS.empty_table()
    table = target_table(run, one.outlooks.get(run.id))
    return pa.Table.from_pandas(
        table, schema=TARGETS, preserve_index=False
    ).replace_schema_metadata()
