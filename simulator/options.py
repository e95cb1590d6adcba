"""What the commands of the command line share: language, page, refusals and their exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES, default_language, text
from simulator.report.errors import describe_all

MISSED, BAD_INPUT = 1, 2
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
Horizon = Annotated[int | None, typer.Option("--horizon", help="预测末年 / last projected year")]

#: Tables are made for people: where the output is no terminal, it is laid out this wide.
_PAGE = 150


def language(chosen: str | None) -> str:
    """Language asked for, else that of the environment."""
    if chosen is None:
        return default_language()
    if chosen not in LANGUAGES:
        raise typer.BadParameter(f"{chosen}: {' / '.join(LANGUAGES)}", param_hint="--lang")
    return chosen


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
    print(text("cli.cannot_write", lang, path=out, reason=error.strerror), file=sys.stderr)
    return typer.Exit(BAD_INPUT)
