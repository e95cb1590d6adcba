"""Commands that bring a census into the program."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator import options
from simulator.errors import ScenarioError
from simulator.i18n import text


def import_census_command(
    file: Annotated[Path, typer.Argument(help="分县资料工作簿 / county census workbook, .xlsx")],
    out: Annotated[Path, typer.Option("--out", help="写入此文件夹 / folder to write to")],
    year: Annotated[
        int | None, typer.Option("--year", help="普查年份 / census, if titles do not say it")
    ] = None,
    lang: options.Lang = None,
) -> None:
    """读入人口普查分县资料，供 run --census 使用。/ Import a county census for run --census."""
    from simulator.intake.census_tables import import_census
    from simulator.report.files import write_files

    language = options.language(lang)
    try:
        census, files = import_census(file, year)
        written = write_files(files, out)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    except OSError as error:
        raise options.cannot_write(out, error, language) from None
    console = options.page()
    counties = files[f"county_{census}_core.csv"].count(b"\n") - 2
    console.print(text("census.imported", language, n=counties, year=census))
    for path in written:
        console.print(text("cli.exported", language, path=path))


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("import-census")(import_census_command)
