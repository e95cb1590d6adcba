"""Everything a user can take away, by kind, as named bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from simulator.export import file_name, scenario_yaml, targets_csv
from simulator.report.brief import brief
from simulator.report.longtable import long_table
from simulator.report.pictures import CHARTS, Kind, picture
from simulator.report.plain_cells import csv_text
from simulator.report.workbook import workbook
from simulator.run import Result, Run

Named = Iterator[tuple[str, bytes]]
_Maker = Callable[[Result, Run, str], Named]


def _stem(result: Result, run: Run) -> str:
    return f"{result.study.place.id}_{run.id}"


def _xlsx(result: Result, run: Run, lang: str) -> Named:
    yield f"{result.study.place.id}.xlsx", workbook(result, lang)


def _docx(result: Result, run: Run, lang: str) -> Named:
    yield f"{_stem(result, run)}.docx", brief(result, run, lang)


def _csv(result: Result, run: Run, lang: str) -> Named:
    if run.targets:
        yield f"{_stem(result, run)}_targets.csv", targets_csv(run)
    table = csv_text(long_table(run))
    yield f"{_stem(result, run)}_results.csv", table.encode("utf-8-sig")


def _yaml(result: Result, run: Run, lang: str) -> Named:
    name = _stem(result, run)
    yield file_name(name), scenario_yaml(result.study, name, run.case).encode()


def _pictures(kind: Kind) -> _Maker:
    def made(result: Result, run: Run, lang: str) -> Named:
        for chart in CHARTS:
            yield f"{_stem(result, run)}_{chart}.{kind}", picture(result, run, chart, lang, kind)

    return made


#: What can be taken away, by the name that the command line uses.
KINDS: Mapping[str, _Maker] = {
    "xlsx": _xlsx,
    "docx": _docx,
    "csv": _csv,
    "yaml": _yaml,
    "png": _pictures("png"),
    "svg": _pictures("svg"),
}


def bundle(result: Result, run: Run, kind: str, lang: str) -> Named:
    """Files of one kind for one scenario of a result: name and bytes.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return KINDS[kind](result, run, lang)
