"""Command line: run, check, resolve, compare, export, schema; more in `simulator.commands`.

Exit codes: 0 fine, 1 targets missed with --strict, 2 bad input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from simulator.commands import analysis, planning
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


def _cannot_write(out: Path, error: OSError, lang: str) -> typer.Exit:
    print(text("cli.cannot_write", lang, path=out, reason=error.strerror), file=sys.stderr)
    return typer.Exit(BAD_INPUT)


def _scenario(chosen: str | None, known: Iterable[str]) -> str:
    """The scenario asked for, else the last of the file."""
    names = list(known)
    if chosen is not None and chosen not in names:
        raise typer.BadParameter(f"{chosen}: {', '.join(names)}", param_hint="--scenario")
    return chosen or names[-1]


Formats = Annotated[
    str,
    typer.Option(
        "--to",
        help="格式，逗号分隔；默认全部 / formats, comma-separated: xlsx,docx,csv,yaml,png,svg",
    ),
]
ScenarioId = Annotated[
    str | None,
    typer.Option(
        "--scenario", help="情景标识；默认最后一个 / scenario id; the last one if not given"
    ),
]


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
                raise _cannot_write(out, error, language) from None
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
    scenario: ScenarioId = None,
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
    chosen = _scenario(scenario, result.runs)
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
def export(
    file: Annotated[
        Path, typer.Argument(help="情景或地方 YAML 文件 / scenario or place YAML file")
    ],
    to: Formats = "",
    out: Annotated[Path, typer.Option("--out", help="写入此文件夹 / folder to write to")] = Path(),
    scenario: ScenarioId = None,
    horizon: Horizon = None,
    lang: Lang = None,
) -> None:
    """导出表格、简报、图和情景文件。/ Export workbook, Word brief, charts and scenario file."""
    from simulator.report.bundle import KINDS, bundle
    from simulator.report.files import write_files
    from simulator.run import run
    from simulator.scenario import load_scenario

    language, console = _language(lang), _console()
    kinds = [k.strip() for k in to.split(",")] if to else list(KINDS)
    for kind in kinds:
        if kind not in KINDS:
            told = text("cli.unknown_kind", language, kind=kind, kinds=", ".join(KINDS))
            raise typer.BadParameter(told, param_hint="--to")
    try:
        result = run(load_scenario(file, horizon=horizon))
    except ScenarioError as error:
        raise _refuse(error, language) from None
    chosen = result.runs[_scenario(scenario, result.runs)]
    made = {name: data for kind in kinds for name, data in bundle(result, chosen, kind, language)}
    try:
        written = write_files(made, out)
    except OSError as error:
        raise _cannot_write(out, error, language) from None
    for path in written:
        console.print(text("cli.exported", language, path=path))


@app.command()
def schema() -> None:
    """输出 JSON Schema，供编辑器检查 YAML。/ Print the JSON Schema for editors."""
    from simulator.schema import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))


planning.register(app)
analysis.register(app)


def main() -> None:
    """Entry point of ``python -m simulator``."""
    app()
