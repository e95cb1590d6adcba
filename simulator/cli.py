"""Command line: run, check, resolve, compare, calibrate, backtest, schema.

Exit codes: 0 fine, 1 targets missed with --strict, 2 bad input.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator.errors import ScenarioError
from simulator.i18n import LANGUAGES, default_language, text
from simulator.report.errors import describe_all

MISSED, BAD_INPUT = 1, 2
#: Tables are made for people: where the output is no terminal, it is laid out this wide.
_PAGE = 150

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="县域城镇化情景模拟器 County Urbanization Simulator\n\n"
    "规划目标能否达到、靠什么政策、差多少。\n\n"
    "Will a plan's targets be met, by which policy, and by how much not.",
)

Files = Annotated[
    list[Path],
    typer.Argument(help="情景或地方 YAML 文件 / scenario or place YAML files"),
]
Lang = Annotated[
    str | None,
    typer.Option("--lang", help="zh 或 en；默认看 LANG / zh or en; by LANG if not given"),
]
Horizon = Annotated[int | None, typer.Option("--horizon", help="预测末年 / last projected year")]


def _language(chosen: str | None) -> str:
    if chosen is None:
        return default_language()
    if chosen not in LANGUAGES:
        raise typer.BadParameter(f"{chosen}: {' / '.join(LANGUAGES)}", param_hint="--lang")
    return chosen


def _console() -> Console:
    # What files say is text and never markup, whatever brackets it holds.
    console = Console(highlight=False, markup=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, markup=False, width=_PAGE)


def _refuse(error: ScenarioError, lang: str) -> typer.Exit:
    print(describe_all(error, lang), file=sys.stderr)
    return typer.Exit(BAD_INPUT)


@app.command("run")
def run_command(
    files: Files,
    out: Annotated[
        Path | None, typer.Option("--out", help="结果写入此文件夹 / write results here")
    ] = None,
    horizon: Horizon = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="有目标未达到时退出码为 1 / exit 1 when targets are missed"),
    ] = False,
    lang: Lang = None,
) -> None:
    """运行情景，与规划目标比较。/ Run scenarios and compare them with the plan's targets."""
    from simulator.report.terminal import result_view
    from simulator.run import run
    from simulator.scenario import load_scenarios

    language, console = _language(lang), _console()
    try:
        results = [run(study) for study in load_scenarios(files, horizon=horizon)]
    except ScenarioError as error:
        raise _refuse(error, language) from None
    for result in results:
        for part in result_view(result, language):
            console.print(part)
            console.print()
    if out is not None:
        from simulator.report.files import write_result  # pandas, only when it is needed

        for result in results:
            try:
                folders = write_result(result, out)
            except OSError as error:
                print(
                    text("cli.cannot_write", language, path=out, reason=error.strerror),
                    file=sys.stderr,
                )
                raise typer.Exit(BAD_INPUT) from None
            for folder in folders:
                console.print(text("report.written", language, path=folder))
    if strict and any(result.not_met() for result in results):
        print(text("cli.strict_failed", language), file=sys.stderr)
        raise typer.Exit(MISSED)


@app.command()
def check(files: Files, horizon: Horizon = None, lang: Lang = None) -> None:
    """只检查文件，不运行。/ Validate files without running them."""
    from simulator.launch import check_totals
    from simulator.scenario import load_scenarios

    language, console = _language(lang), _console()
    try:
        studies = load_scenarios(files, horizon=horizon)
        for study in studies:
            check_totals(study)
    except ScenarioError as error:
        raise _refuse(error, language) from None
    for study in studies:
        name = study.place.name.get(language)
        console.print(
            text("report.valid", language, file=study.file, place=name, n=len(study.cases) + 1)
        )


@app.command()
def resolve(
    file: Annotated[
        Path, typer.Argument(help="情景或地方 YAML 文件 / scenario or place YAML file")
    ],
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario", help="情景标识；默认最后一个 / scenario id; the last one if not given"
        ),
    ] = None,
    horizon: Horizon = None,
    lang: Lang = None,
) -> None:
    """输出完整情景：数值、来源、拟合。/ Print the full scenario: values, sources, the fit."""
    from simulator.report.resolved import resolved_yaml
    from simulator.run import run
    from simulator.scenario import load_scenario

    language = _language(lang)
    try:
        result = run(load_scenario(file, horizon=horizon))
    except ScenarioError as error:
        raise _refuse(error, language) from None
    chosen = scenario or list(result.runs)[-1]
    if chosen not in result.runs:
        raise typer.BadParameter(f"{chosen}: {', '.join(result.runs)}", param_hint="--scenario")
    sys.stdout.write(resolved_yaml(result, result.runs[chosen]))


@app.command()
def compare(files: Files, horizon: Horizon = None, lang: Lang = None) -> None:
    """情景并列：政策、目标、主要指标。/ Scenarios side by side: levers, targets, headlines."""
    from simulator.report.comparison import comparison_view
    from simulator.run import run
    from simulator.scenario import load_scenarios

    language, console = _language(lang), _console()
    try:
        results = [run(study, face_value=False) for study in load_scenarios(files, horizon=horizon)]
    except ScenarioError as error:
        raise _refuse(error, language) from None
    for part in comparison_view(results, language):
        console.print(part)
        console.print()


@app.command()
def calibrate(
    files: Annotated[
        list[Path], typer.Argument(help="地方或情景 YAML 文件 / place or scenario YAML files")
    ],
    lang: Lang = None,
) -> None:
    """由本地历史拟合流动水平。/ Fit flow levels to a place's own history."""
    from simulator.launch import launch
    from simulator.report.calibration import calibration_view
    from simulator.scenario import load_scenarios

    language, console = _language(lang), _console()
    try:
        started = [(study, launch(study)) for study in load_scenarios(files)]
    except ScenarioError as error:
        raise _refuse(error, language) from None
    for study, start in started:
        for part in calibration_view(study, start, language):
            console.print(part)
            console.print()


@app.command()
def backtest(
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
    lang: Lang = None,
) -> None:
    """用 2010 年启动、2020 年核对各县预测。/ Launch counties in 2010, hold them against 2020."""
    from simulator.backtest import FEWEST_DRAWS, run_backtest
    from simulator.report.accuracy import accuracy_page, accuracy_view, county_csv, judge

    language, console = _language(lang), _console()
    if draws < FEWEST_DRAWS:
        message = text("cli.too_few_draws", language, least=FEWEST_DRAWS)
        raise typer.BadParameter(message, param_hint="--draws")
    try:
        found = run_backtest(data, draws)
    except ScenarioError as error:
        raise _refuse(error, language) from None
    accuracy = judge(found)
    for part in accuracy_view(accuracy, language):
        console.print(part)
        console.print()
    command = f"python -m simulator backtest --draws {draws}"
    today = f"{datetime.now():%Y-%m-%d}"
    if out is not None:
        _write_text(out, county_csv(found), language, console)
    if page is not None:
        _write_text(page, accuracy_page(accuracy, language, today, command), language, console)


def _write_text(path: Path, words: str, lang: str, console: Console) -> None:
    """Write a file whole or not at all."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_text(words, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        print(text("cli.cannot_write", lang, path=path, reason=error.strerror), file=sys.stderr)
        raise typer.Exit(BAD_INPUT) from None
    console.print(text("accuracy.written", lang, path=path))


@app.command()
def schema() -> None:
    """输出 JSON Schema，供编辑器检查 YAML。/ Print the JSON Schema for editors."""
    from simulator.schema import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def main() -> None:
    """Entry point of ``python -m simulator``."""
    app()
