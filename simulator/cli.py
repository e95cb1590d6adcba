"""Command line: run, check, resolve, compare, schema. Exit codes: 0 fine, 1 targets missed with
--strict, 2 bad input.
"""

from __future__ import annotations

import json
import sys
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
    from simulator.report.members import members_view
    from simulator.report.terminal import result_view
    from simulator.run import run
    from simulator.scenario import load_scenarios

    language, console = _language(lang), _console()
    try:
        results = [run(study) for study in load_scenarios(files, horizon=horizon)]
    except ScenarioError as error:
        raise _refuse(error, language) from None
    for result in results:
        for part in (*result_view(result, language), *members_view(result, language)):
            console.print(part, end="\n\n")
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
    from simulator.ladder import check_start
    from simulator.scenario import load_scenarios

    language, console = _language(lang), _console()
    try:
        studies = load_scenarios(files, horizon=horizon)
        for study in studies:
            check_start(study)
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
def schema() -> None:
    """输出 JSON Schema，供编辑器检查 YAML。/ Print the JSON Schema for editors."""
    from simulator.schema import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))


def main() -> None:
    """Entry point of ``python -m simulator``."""
    app()
