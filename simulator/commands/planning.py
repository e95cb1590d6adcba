"""Commands from answer to plan: seek and budget."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn as Bar
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from simulator import options
from simulator.errors import ScenarioError, Violation
from simulator.i18n import text

if TYPE_CHECKING:
    from simulator.report.rows import Table
    from simulator.run import Result, Run
    from simulator.seek import Answer

File = Annotated[
    str,
    typer.Argument(
        help="情景或地方 YAML 文件，或地方库中的地名 / scenario or place file, or place by name"
    ),
]
Lang = Annotated[str | None, typer.Option("--lang", help="zh / en")]
Horizon = Annotated[int | None, typer.Option("--horizon", help="预测末年 / last projected year")]
ScenarioId = Annotated[
    str | None,
    typer.Option("--scenario", help="从此情景出发，默认最后一个 / scenario; the last by default"),
]
Targets = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        help="指标、指标@年 或 指标>=值@年，可重复；默认全部可预测的目标 / "
        "INDICATOR, INDICATOR@YEAR or INDICATOR>=VALUE@YEAR; repeatable; all by default",
    ),
]
Levers = Annotated[
    str, typer.Option("--levers", help="可调政策，逗号分隔 / levers to set, comma-separated")
]
Ranges = Annotated[
    list[str] | None,
    typer.Option("--range", help="自定范围 / a range of your own: basic_jobs=0:5000"),
]
From = Annotated[
    int | None, typer.Option("--from", help="政策起始年 / first year in which levers act")
]


def load(file: str, horizon: int | None, scenario: str | None, lang: str) -> tuple[Result, Run]:
    """The study run, and the scenario chosen; the exit to raise on bad input is raised."""
    from simulator.places import file_of
    from simulator.run import run
    from simulator.scenario import load_scenario

    try:
        result = run(load_scenario(file_of(file), horizon=horizon), face_value=False)
        _refuse_unknown_people(result)
    except ScenarioError as error:
        raise options.refuse(error, lang) from None
    names = list(result.runs)
    if scenario is not None and scenario not in names:
        raise options.not_one_of("--scenario", scenario, names, lang)
    return result, result.runs[scenario or names[-1]]


def _refuse_unknown_people(result: Result) -> None:
    """No lever is set for a sum of places, and none is priced where nobody is counted.

    Raises
    ------
    ScenarioError
        If the place is the sum of others, or only its rates are known.
    """
    file = result.study.file
    if result.trend.members:
        raise ScenarioError([Violation("sum_of_places", file, path="members")])
    if result.start.rung == "normalised":
        raise ScenarioError([Violation("size_unknown", file, path="facts")])


def printed(table: Table) -> RenderableType:
    """A table of words for the terminal."""
    from simulator.report.layout import plain_table

    made = plain_table(*table.headers, numbers=sorted(table.numbers))
    for row in table.rows:
        made.add_row(*(str(cell) for cell in row))
    return made


def show(console: Console, title: str, parts: Sequence[RenderableType]) -> None:
    """A titled section."""
    from simulator.report.layout import section

    console.print(section(title, *parts))
    console.print()


@contextmanager
def progress_bar(lang: str, key: str) -> Iterator[Callable[[float], None]]:
    """A bar on the error stream, so that what is printed can be kept; none where none is seen."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), Bar(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(text(key, lang), total=1.0)
        yield lambda share: bar.update(task, completed=share)


def seek_command(
    file: File,
    target: Targets = None,
    levers: Levers = "",
    probability: Annotated[
        float | None,
        typer.Option("--probability", min=0.01, max=0.99, help="达到的概率 / chance to be met"),
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", min=1, max=100_000, help="抽样次数 / draws")
    ] = 200,
    weight: Annotated[
        str, typer.Option("--weights", help="自定权重，代替财政成本 / weights: basic_jobs=3,…")
    ] = "",
    limit: Ranges = None,
    first: From = None,
    scenario: ScenarioId = None,
    out: Annotated[Path, typer.Option("--out", help="写入此文件夹 / folder to write to")] = Path(),
    horizon: Horizon = None,
    lang: Lang = None,
) -> None:
    """反推：达到目标至少要多大力度。/ Goal seek: what it would take to meet targets, at least cost.

    退出码 1：合理范围内达不到。/ Exit 1: not within reach.
    """
    from simulator.commands.asking import asked_problem, seek_id
    from simulator.seek import seek

    language = options.language(lang)
    result, base = load(file, horizon, scenario, language)
    try:
        problem = asked_problem(
            result, base, target or [], levers, limit or [], weight, first, probability
        )
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    name, count = seek_id(result.study.id), 0 if probability is None else draws
    with progress_bar(language, "plan.seeking") as told:
        answer = seek(result, problem, name, probability, draws=count, progress=told)
    written = _write_answer(result, answer, out, language)
    _show_answer(result, answer, language)
    options.page().print(text("plan.written", language, path=written))
    if not answer.reached:
        print(text("plan.exit_missed", language), file=sys.stderr)
        raise typer.Exit(options.MISSED)


def _write_answer(result: Result, answer: Answer, out: Path, language: str) -> Path:
    """The scenario that was found, as a file that ``run`` confirms."""
    from simulator.export import place_reference, scenario_yaml
    from simulator.report.files import write_files

    case_id, place_file = answer.run.id, place_reference(result.study, out)
    data = scenario_yaml(result.study, case_id, answer.run.case, extends=place_file)
    try:
        return write_files({f"{case_id}.yaml": data.encode()}, out)[0]
    except OSError as error:
        raise options.cannot_write(out, error, language) from None


def _show_answer(result: Result, answer: Answer, language: str) -> None:
    from simulator.report import planning

    console, problem = options.page(), answer.problem
    place = result.study.place.name.get(language)
    head = planning.answer_sentences(answer, language)
    head.append(planning.made_by(problem.whole, language))
    show(console, text("plan.seek_title", language, name=place), head)
    table = printed(planning.goals_table(answer, language))
    show(console, text("report.targets", language), [table])
    about = {"start": problem.start, "end": problem.end}
    table = printed(planning.setting_table(answer, language))
    show(console, text("plan.setting", language, **about), [table])
    table = printed(planning.cost_table(answer.costs, language))
    show(console, text("plan.costs", language, end=problem.end), [table])


def budget_command(
    file: File, scenario: ScenarioId = None, horizon: Horizon = None, lang: Lang = None
) -> None:
    """成本：分年份、分承担者，附区间。/ Budget: cost by year and who pays, with ranges."""
    from simulator.budget import costs
    from simulator.report import planning

    language, console = options.language(lang), options.page()
    result, chosen = load(file, horizon, scenario, language)
    found = costs(chosen, result.trend)
    place = result.study.place.name.get(language)
    if not any(cost.units.any() for cost in found):
        title = text("plan.budget_title", language, name=place)
        show(console, title, [planning.nothing_to_cost(chosen, list(result.runs), language)])
        return
    head = planning.budget_sentences(chosen, result.trend, found, language)
    head.append(planning.made_by(chosen, language))
    show(console, text("plan.budget_title", language, name=place), head)
    table = printed(planning.cost_table(found, language))
    show(console, text("plan.costs", language, end=chosen.study.horizon), [table])
    table = printed(planning.yearly_cost_table(chosen, found, language))
    show(console, text("plan.yearly", language), [table])


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("seek")(seek_command)
    app.command("budget")(budget_command)
