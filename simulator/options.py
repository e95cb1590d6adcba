"""What the commands of the command line share: language, page, refusals and their exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator.errors import ScenarioError, nearest
from simulator.i18n import LANGUAGES, default_language, text
from simulator.reach import system_reason
from simulator.report.errors import describe_all, system_said

MISSED, BAD_INPUT = 1, 2
#: What shells say of a program that was ended by Ctrl-C: 128 and the number of the signal.
INTERRUPTED = 130
#: Processes of a batch; two keep a small office machine usable.
WORKERS = 2
WHAT = (
    "情景或地方 YAML 文件，或地方库中的地名、拼音 / "
    "scenario or place YAML files, or places of the library by name or pinyin"
)
Files = Annotated[list[str], typer.Argument(help=WHAT)]
File = Annotated[str, typer.Argument(help=WHAT)]
Lang = Annotated[
    str | None,
    typer.Option("--lang", help="zh 或 en；默认看 LANG / zh or en; by LANG if not given"),
]
Table = Annotated[
    Path | None,
    typer.Option(
        "--table", help="地方表 CSV，一行一地 / table of places, CSV, a row a place: docs/batch.md"
    ),
]
Census = Annotated[
    Path | None,
    typer.Option(
        "--census",
        help="分县普查表所在文件夹，运行其中各县 / folder of county census tables: every county",
    ),
]
CensusYear = Annotated[
    int | None, typer.Option("--year", help="普查年份，即基年 / census to start from: 2010 or 2020")
]
Years = Annotated[
    int | None,
    typer.Option(
        "--years", min=1, help="预测年数，用于 --table、--census / years, with --table and --census"
    ),
]
Store = Annotated[
    Path | None,
    typer.Option("--store", help="运行库文件夹，结果存入其中 / run store to keep the results in"),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="接着运行中断的批次 / go on with a batch that was broken off"),
]
Workers = Annotated[int, typer.Option("--workers", min=1, help="进程数 / processes")]
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler", help="Dask 集群地址，如 tcp://10.0.0.5:8786 / address of a Dask cluster"
    ),
]
Horizon = Annotated[int | None, typer.Option("--horizon", help="预测末年 / last projected year")]

#: Tables are made for people: where the output is no terminal, it is laid out this wide.
_PAGE = 150


def language(chosen: str | None) -> str:
    """Language asked for, else that of the environment."""
    if chosen is None:
        return default_language()
    if chosen not in LANGUAGES:
        raise not_one_of("--lang", chosen, LANGUAGES, default_language())
    return chosen


def not_one_of(option: str, value: str, allowed: Sequence[str], lang: str) -> typer.BadParameter:
    """The refusal of a value that is none of those that an option can have."""
    parts = [text("usage.not_one_of", lang, value=value),
             text("error.allowed", lang, allowed=", ".join(allowed))]  # fmt: skip
    close = nearest(value, allowed)
    if close is not None:
        parts.append(text("error.nearest", lang, nearest=close))
    return typer.BadParameter(("；" if lang == "zh" else "; ").join(parts), param_hint=option)


def page() -> Console:
    """Console whose text is text and never markup, whatever brackets the files hold."""
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, width=_PAGE)


def refuse(error: ScenarioError, lang: str) -> typer.Exit:
    """Tell on stderr what is wrong with the input; the exit to raise."""
    print(describe_all(error, lang), file=sys.stderr)
    return typer.Exit(BAD_INPUT)


def cannot_write(out: Path, error: OSError, lang: str) -> typer.Exit:
    """Tell on stderr that a folder or file cannot be written; the exit to raise."""
    about = system_reason(error)
    reason = system_said(about["errno"], about["reason"], lang)
    print(text("cli.cannot_write", lang, path=out, reason=reason), file=sys.stderr)
    return typer.Exit(BAD_INPUT)
