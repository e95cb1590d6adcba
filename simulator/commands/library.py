"""Commands about the library of plans: find a place, check a plan's own arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator import options
from simulator.errors import ScenarioError
from simulator.i18n import text


def audit_command(
    files: Annotated[list[str] | None, typer.Argument(help=options.WHAT)] = None,
    every: Annotated[
        bool, typer.Option("--all", help="地方库的全部规划 / every plan of the library")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="写入此 CSV 文件 / write this CSV file")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="有错误或警告时退出码为 1 / exit 1 on errors or warnings"),
    ] = False,
    lang: options.Lang = None,
) -> None:
    """核对规划自身的数字，不运行模型。/ Check a plan's own arithmetic; nothing is run."""
    from simulator.library_cli import audit_files, library_files
    from simulator.places import files_of

    language = options.language(lang)
    if every == bool(files):
        raise typer.BadParameter(text("cli.files_or_all", language), param_hint="FILES")
    try:
        paths = library_files() if every else files_of(files or [])
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    audit_files(paths, out, strict, language)


def places_command(
    word: Annotated[
        str, typer.Argument(help="地名、拼音、英文名、省或市 / name, pinyin, province or city")
    ] = "",
    lang: options.Lang = None,
) -> None:
    """在地方库中找地方。/ Find places of the library."""
    from simulator.library_cli import list_places

    list_places(word, options.language(lang))


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("audit")(audit_command)
    app.command("places")(places_command)
