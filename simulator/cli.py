"""Command line: run, check, resolve, compare, export, audit, places, schema.

Planning commands are in `simulator.commands`.

Exit codes: 0 fine, 1 targets missed with --strict, 2 bad input.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator import options
from simulator.commands import analysis, census, history, library, planning, runs
from simulator.compiled import tell_of_compiling
from simulator.errors import ScenarioError
from simulator.i18n import text
from simulator.usage import Program, asked_language

if TYPE_CHECKING:
    from simulator.outlook import Outlook
    from simulator.run import Result


app = typer.Typer(
    cls=Program,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="县域城镇化情景模拟器 County Urbanization Simulator\n\n"
    "规划目标能否达到、靠什么政策、差多少。\n\n"
    "Will a plan's targets be met, by which policy, and by how much not.",
)


def _scenario(chosen: str | None, known: Iterable[str], lang: str) -> str:
    """The scenario asked for, else the last of the file."""
    names = list(known)
    if chosen is not None and chosen not in names:
        raise options.not_one_of("--scenario", chosen, names, lang)
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


Every = Annotated[
    bool, typer.Option("--all", help="运行地方库的全部地方 / run every place of the library")
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="有目标未达到时退出码为 1 / exit 1 when targets are missed"),
]
Draws = Annotated[
    int, typer.Option("--draws", min=0, help="抽样次数；给出概率 / draws; gives probabilities")
]
#: What a column of the run store holds.
_LARGEST_SEED = 2**63 - 1
Seed = Annotated[
    int | None,
    typer.Option("--seed", min=0, max=_LARGEST_SEED, help="随机种子 / seed of the draws"),
]


def _outlooks(result: Result, draws: int, seed: int | None) -> dict[str, Outlook]:
    """Draws of every scenario of a result; none asked for, none made."""
    if not draws:
        return {}
    from simulator.outlook import outlook

    chosen = seed if seed is not None else result.study.seed
    return {name: outlook(run, draws, chosen) for name, run in result.runs.items()}


def _written(result: Result, out: Path, outlooks: dict[str, Outlook], lang: str) -> list[Path]:
    from simulator.report.files import write_result  # pandas, only when it is needed

    try:
        return write_result(result, out, outlooks)
    except OSError as error:
        raise options.cannot_write(out, error, lang) from None


@app.command("run")
def run_command(
    files: Annotated[list[str] | None, typer.Argument(help=options.WHAT)] = None,
    every: Every = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="结果写入此文件夹 / write results here")
    ] = None,
    horizon: options.Horizon = None,
    strict: Strict = False,
    draws: Draws = 0,
    seed: Seed = None,
    table: options.Table = None,
    census: options.Census = None,
    year: options.CensusYear = None,
    years: options.Years = None,
    store: options.Store = None,
    resume: options.Resume = False,
    workers: options.Workers = options.WORKERS,
    scheduler: options.Scheduler = None,
    lang: options.Lang = None,
) -> None:
    """运行情景，与规划目标比较；也可整批运行。/ Run scenarios against their targets, or a batch."""
    language = options.language(lang)
    if sum((every, bool(files), table is not None, census is not None)) != 1:
        raise typer.BadParameter(text("cli.files_or_all", language), param_hint="FILES")
    if store is not None or table is not None or census is not None:
        from simulator.stored_cli import Asked, run_stored

        asked = Asked(tuple(files or ()), table, census, year, years, horizon, draws, seed)
        run_stored(asked, store, (workers, scheduler, resume), strict, out, language)
        return
    if resume or scheduler is not None:
        raise typer.BadParameter(text("cli.needs_store", language), param_hint="--store")
    if every and (draws or seed is not None):
        raise typer.BadParameter(text("cli.draws_all", language), param_hint="--draws")
    if every:
        from simulator.library_cli import run_library

        run_library(out, horizon, strict, language, workers)
    elif files:
        _run_files(files, out, horizon, strict, language, (draws, seed))


def _run_files(
    files: list[str],
    out: Path | None,
    horizon: int | None,
    strict: bool,
    language: str,
    sampling: tuple[int, int | None],
) -> None:
    """Run files one by one and show each in full."""
    from simulator.places import files_of
    from simulator.report.effects import whole_view
    from simulator.report.members import members_view
    from simulator.run import run
    from simulator.scenario import load_scenarios

    console = options.page()
    try:
        results = [run(study) for study in load_scenarios(files_of(files), horizon=horizon)]
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    looks = [_outlooks(result, *sampling) for result in results]
    for result, found in zip(results, looks, strict=True):
        for part in (*whole_view(result, language, found), *members_view(result, language)):
            console.print(part, end="\n\n")
    if out is not None:
        for result, found in zip(results, looks, strict=True):
            for folder in _written(result, out, found, language):
                console.print(text("report.written", language, path=folder))
    if strict and any(result.not_met() for result in results):
        print(text("cli.strict_failed", language), file=sys.stderr)
        raise typer.Exit(options.MISSED)


@app.command()
def check(files: options.Files, horizon: options.Horizon = None, lang: options.Lang = None) -> None:
    """只检查文件，不运行。/ Validate files without running them."""
    from simulator.ladder import check_start
    from simulator.places import files_of
    from simulator.scenario import load_scenarios

    language, console = options.language(lang), options.page()
    try:
        studies = load_scenarios(files_of(files), horizon=horizon)
        for study in studies:
            check_start(study)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    for study in studies:
        name = study.place.name.get(language)
        console.print(
            text("report.valid", language, file=study.file, place=name, n=len(study.cases) + 1)
        )


@app.command()
def resolve(
    file: options.File,
    scenario: ScenarioId = None,
    horizon: options.Horizon = None,
    lang: options.Lang = None,
) -> None:
    """输出完整情景：数值、来源、拟合。/ Print the full scenario: values, sources, the fit."""
    from simulator.places import file_of
    from simulator.report.resolved import resolved_yaml
    from simulator.run import run
    from simulator.scenario import load_scenario

    language = options.language(lang)
    try:
        result = run(load_scenario(file_of(file), horizon=horizon))
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    chosen = _scenario(scenario, result.runs, language)
    sys.stdout.write(resolved_yaml(result, result.runs[chosen]))


@app.command()
def compare(
    files: options.Files, horizon: options.Horizon = None, lang: options.Lang = None
) -> None:
    """情景并列：政策、目标、主要指标。/ Scenarios side by side: levers, targets, headlines."""
    from simulator.places import files_of
    from simulator.report.comparison import comparison_view
    from simulator.run import run
    from simulator.scenario import load_scenarios

    language, console = options.language(lang), options.page()
    try:
        results = [
            run(study, face_value=False)
            for study in load_scenarios(files_of(files), horizon=horizon)
        ]
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    for part in comparison_view(results, language):
        console.print(part)
        console.print()


@app.command()
def export(
    file: options.File,
    to: Formats = "",
    out: Annotated[Path, typer.Option("--out", help="写入此文件夹 / folder to write to")] = Path(),
    scenario: ScenarioId = None,
    horizon: options.Horizon = None,
    lang: options.Lang = None,
) -> None:
    """导出表格、简报、图和情景文件。/ Export workbook, Word brief, charts and scenario file."""
    from simulator.places import file_of
    from simulator.report.bundle import KINDS, bundle
    from simulator.report.files import write_files
    from simulator.run import run
    from simulator.scenario import load_scenario

    language, console = options.language(lang), options.page()
    kinds = [k.strip() for k in to.split(",")] if to else list(KINDS)
    for kind in kinds:
        if kind not in KINDS:
            raise options.not_one_of("--to", kind, list(KINDS), language)
    try:
        result = run(load_scenario(file_of(file), horizon=horizon))
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    chosen = result.runs[_scenario(scenario, result.runs, language)]
    made = {name: data for kind in kinds for name, data in bundle(result, chosen, kind, language)}
    try:
        written = write_files(made, out)
    except OSError as error:
        raise options.cannot_write(out, error, language) from None
    for path in written:
        console.print(text("cli.exported", language, path=path))
    if "csv" in kinds and not chosen.targets:
        console.print(text("report.no_targets", language))


@app.command()
def schema() -> None:
    """输出 JSON Schema，供编辑器检查 YAML。/ Print the JSON Schema for editors."""
    from simulator.schema import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=2))


planning.register(app)
analysis.register(app)
history.register(app)
library.register(app)
runs.register(app)
census.register(app)


def main() -> None:
    """Entry point of ``python -m simulator``."""
    lang = asked_language(sys.argv[1:])
    tell_of_compiling(lambda: print(text("cli.compiling", lang), file=sys.stderr))
    app()
