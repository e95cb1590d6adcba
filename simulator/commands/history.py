"""Commands about how good forecasts are: a place's own fit, and the counties' last decade."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator import options
from simulator.errors import ScenarioError
from simulator.i18n import text


def calibrate_command(
    files: Annotated[
        list[str],
        typer.Argument(help="地方或情景文件，或地名 / place or scenario files, or names of places"),
    ],
    lang: options.Lang = None,
) -> None:
    """由本地历史拟合流动水平。/ Fit flow levels to a place's own history."""
    from simulator.ladder import start_of
    from simulator.places import files_of
    from simulator.report.calibration import calibration_view
    from simulator.scenario import load_scenarios

    language, console = options.language(lang), options.page()
    try:
        studies = load_scenarios(files_of(files))
        started = [(study, start_of(study)) for study in studies]
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    for study, start in started:
        for part in calibration_view(study, start, language):
            console.print(part, end="\n\n")


def backtest_command(
    data: Annotated[
        Path, typer.Option("--data", help="分县普查表所在文件夹 / folder of county census tables")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="逐县结果 CSV / county table, CSV")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--page", help="评分页 Markdown / page of scores, Markdown")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", help="每县抽样次数 / draws a county")] = 200,
    lang: options.Lang = None,
) -> None:
    """用 2010 年启动、2020 年核对各县预测。/ Launch counties in 2010, hold them against 2020."""
    from simulator.backtest import FEWEST_DRAWS, run_backtest
    from simulator.report.accuracy import accuracy_page, accuracy_view, county_csv, judge

    language, console = options.language(lang), options.page()
    if draws < FEWEST_DRAWS:
        message = text("cli.too_few_draws", language, least=FEWEST_DRAWS)
        raise typer.BadParameter(message, param_hint="--draws")
    try:
        found = run_backtest(data, draws)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    accuracy = judge(found)
    for part in accuracy_view(accuracy, language):
        console.print(part, end="\n\n")
    command = f"python -m simulator backtest --draws {draws}"
    today = f"{datetime.now():%Y-%m-%d}"
    if out is not None:
        _write_text(out, county_csv(found), language, console)
    if page is not None:
        _write_text(page, accuracy_page(accuracy, language, today, command), language, console)


def record_command(
    draws: Annotated[
        int, typer.Option("--draws", min=50, help="每地抽样次数 / draws a place")
    ] = 400,
    page: Annotated[
        Path | None, typer.Option("--page", help="评分页 Markdown / page of scores, Markdown")
    ] = None,
    lang: options.Lang = None,
) -> None:
    """规划的 2020 年目标，普查是否达到。/ Plans' targets for 2020, and whether they came true."""
    from rich.progress import track

    from simulator.library_cli import library_files
    from simulator.plan_record import due, judge
    from simulator.report.record import record_page, record_view
    from simulator.run import run
    from simulator.scenario import load_scenario

    language, console = options.language(lang), options.page()
    found = []
    bar = Console(stderr=True)
    for file in track(library_files(), text("record.title", language), console=bar):
        found += due(run(load_scenario(file), face_value=False))
    judged = judge(found, draws)
    for part in record_view(judged, draws, language):
        console.print(part)
    if page is not None:
        command = f"python -m simulator record --draws {draws}"
        words = record_page(judged, draws, language, f"{datetime.now():%Y-%m-%d}", command)
        _write_text(page, words, language, console)


def _write_text(path: Path, words: str, lang: str, console: Console) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_text(words, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise options.cannot_write(path, error, lang) from None
    console.print(text("accuracy.written", lang, path=path))


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("calibrate")(calibrate_command)
    app.command("backtest")(backtest_command)
    app.command("record")(record_command)
