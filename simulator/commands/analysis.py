"""Commands that explain a plan: sensitivity, frontier and requirements by year."""

from __future__ import annotations

from typing import Annotated

import typer

from simulator import options
from simulator.commands.planning import (
    File,
    From,
    Horizon,
    Lang,
    Levers,
    Ranges,
    ScenarioId,
    Targets,
    load,
    printed,
    progress_bar,
    show,
)
from simulator.errors import ScenarioError, Violation
from simulator.i18n import text


def sensitivity_command(
    file: File,
    target: Targets = None,
    samples: Annotated[
        int, typer.Option("--samples", min=2, max=65536, help="抽样组数，2 的幂 / a power of two")
    ] = 128,
    scenario: ScenarioId = None,
    horizon: Horizon = None,
    lang: Lang = None,
) -> None:
    """敏感性：目标差距取决于什么。/ Sensitivity: what the gaps of the targets hang on."""
    from simulator.goals import choose_goals
    from simulator.ranges import SCALED, lever_ranges
    from simulator.report import explained, planning
    from simulator.sensitivity import sensitivity

    language, console = options.language(lang), options.page()
    result, chosen = load(file, horizon, scenario, language)
    try:
        if samples & (samples - 1):
            raise ScenarioError([Violation("not_a_power", "--samples", value=samples)])
        goals = choose_goals(target or [], result.trend)
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    ranges = lever_ranges(SCALED, {}, result.trend)
    with progress_bar(language, "plan.analysing") as told:
        found = sensitivity(
            chosen, goals, ranges, samples=samples, seed=result.study.seed, progress=told
        )
    head = [explained.top_finding(found, i, language) for i in range(len(goals))]
    head.append(text("plan.samples", language, samples=samples, seed=found.seed))
    head.append(planning.made_by(chosen, language))
    place = result.study.place.name.get(language)
    show(console, text("plan.sensitivity_title", language, name=place), head)
    for i, goal in enumerate(goals):
        name = planning.goal_name(goal, language)
        for key, table in (
            ("plan.by_group", explained.group_table(found, i, language)),
            ("plan.tornado", explained.tornado_table(found, i, language)),
            ("plan.by_factor", explained.single_table(found, i, language)),
        ):
            show(console, text(key, language, name=name), [printed(table)])


def frontier_command(
    file: File,
    target: Targets = None,
    levers: Levers = "",
    points: Annotated[int, typer.Option("--points", min=2, max=101, help="点数 / points")] = 9,
    limit: Ranges = None,
    first: From = None,
    scenario: ScenarioId = None,
    horizon: Horizon = None,
    lang: Lang = None,
) -> None:
    """得失曲线：一项目标与成本，或两项目标。/ Trade-off: a target against cost, or two targets."""
    from simulator.commands.asking import asked_problem
    from simulator.frontier import frontier
    from simulator.report import explained, planning

    language, console = options.language(lang), options.page()
    result, base = load(file, horizon, scenario, language)
    try:
        problem = asked_problem(result, base, target or [], levers, limit or [], "", first, None)
        n = len(problem.goals)
        if n > 2:
            raise ScenarioError([Violation("too_many_goals", "--target", value=n)])
    except ScenarioError as error:
        raise options.refuse(error, language) from None
    with progress_bar(language, "plan.tracing") as told:
        found = frontier(problem, points, result.study.seed, told)
    place = result.study.place.name.get(language)
    head = [*explained.frontier_sentences(found, language), planning.made_by(base, language)]
    table = printed(explained.frontier_table(found, language))
    show(console, text("plan.frontier_title", language, name=place), [*head, table])


def needs_command(
    file: File, scenario: ScenarioId = None, horizon: Horizon = None, lang: Lang = None
) -> None:
    """各年配套需求。/ What the projected people need, by year, against today's stock."""
    from simulator.report import explained, planning

    language, console = options.language(lang), options.page()
    result, chosen = load(file, horizon, scenario, language)
    place = result.study.place.name.get(language)
    basis = [text("plan.needs_basis", language), planning.made_by(chosen, language)]
    table = printed(explained.needs_table(result, chosen, language))
    show(console, text("plan.needs_title", language, name=place), [*basis, table])


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    app.command("sensitivity")(sensitivity_command)
    app.command("frontier")(frontier_command)
    app.command("needs")(needs_command)
