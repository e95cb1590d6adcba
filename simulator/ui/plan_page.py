"""From answer to plan: choose targets, press one button, see what it would take, and load it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from simulator.budget import costs
from simulator.export import file_name, scenario_yaml
from simulator.frontier import frontier
from simulator.goals import Goal, choose_goals
from simulator.i18n import text
from simulator.parameters import parameters
from simulator.problem import build_problem
from simulator.ranges import DEFAULT, SCALED, SEEKABLE, lever_ranges
from simulator.report import explained, planning, wording
from simulator.report.markup import unmarked
from simulator.seek import Answer, drawable, seek
from simulator.sensitivity import Sensitivity, sensitivity
from simulator.ui import session, tables, takeaway
from simulator.ui.draft import draft_of
from simulator.ui.opening import Opened, opened

#: Draws behind a probability, and samples behind the indices, that a page can be waited for.
_DRAWS, _SAMPLES = 200, 64
_CASE = "sought"
#: Points of a trade-off, and targets that it can have.
_POINTS, _AXES = 7, 2
_LEAST, _MOST, _USUAL = 0.5, 0.95, 0.8
_STEP = 0.05


@dataclass(frozen=True)
class Asked:
    """What was asked for, to know when an answer is out of date."""

    scenario: str
    goals: tuple[str, ...]
    levers: tuple[str, ...]
    probability: float | None


def draw(lang: str) -> None:
    """The page."""
    with st.spinner(text("app.fitting", lang)):
        found = opened()
    name = found.result.study.place.name.get(lang)
    st.title(text("app.plan.title", lang, name=unmarked(name)))
    label = wording.scenario_label(found.current, lang)
    st.caption(text("app.plan.intro", lang, scenario=unmarked(label)))
    trend = found.result.trend
    judged = any(c.status != "not_modelled" for c in trend.targets)
    if not judged or trend.members or found.result.start.rung == "normalised":
        sized = "app.plan.none" if not trend.members else "error.sum_of_places"
        st.info(text("error.size_unknown" if judged and not trend.members else sized, lang))
        return
    _ask(found, choose_goals([], trend), lang)
    _answer(found, lang)
    _more(found, lang)


def _ask(found: Opened, goals: tuple[Goal, ...], lang: str) -> None:
    """Targets, levers and one button."""
    every = {_key(g): g for g in goals}
    picked = st.multiselect(
        text("app.plan.goals", lang),
        list(every),
        default=list(every),
        format_func=lambda k: _named(every[k], lang),
        key=f"plan_goals_{lang}",
    )
    levers = st.multiselect(
        text("app.plan.levers", lang),
        list(SEEKABLE),
        default=list(DEFAULT),
        format_func=lambda n: parameters()[n].label(lang),
        key=f"plan_levers_{lang}",
    )
    chosen = tuple(every[k] for k in picked)
    probability = None
    if all(drawable(g, found.result.trend) for g in chosen) and st.toggle(
        text("app.plan.sure", lang), key="plan_sure"
    ):
        name = text("app.plan.probability", lang)
        probability = st.slider(name, _LEAST, _MOST, _USUAL, _STEP, key="plan_probability")
    asked = Asked(_scenario(found), tuple(picked), tuple(levers), probability)
    st.session_state["plan_asked"] = asked
    if st.button(text("app.plan.seek", lang), type="primary", key="plan_seek"):
        if picked and levers:
            _seek(found, chosen, asked, lang)
        else:
            st.warning(text("app.plan.few", lang))


def _key(goal: Goal) -> str:
    return f"{goal.name}{goal.target.op}{goal.target.value:g}@{goal.at}"


def _named(goal: Goal, lang: str) -> str:
    return f"{planning.goal_name(goal, lang)} {planning.goal_words(goal, lang)}"


def _scenario(found: Opened) -> str:
    """The file, horizon and levers that are open, as a scenario file has them."""
    return scenario_yaml(found.result.study, _CASE, found.current.case, extends=found.entry.key)


def _seek(found: Opened, goals: tuple[Goal, ...], asked: Asked, lang: str) -> None:
    trend = found.result.trend
    ranges = lever_ranges(asked.levers, {}, trend)
    problem = build_problem(found.current, trend, goals, ranges)
    bar = st.progress(0.0, text("plan.seeking", lang))
    draws = 0 if asked.probability is None else _DRAWS
    answer = seek(
        found.result, problem, _CASE, asked.probability, draws=draws,
        progress=lambda share: bar.progress(min(share, 1.0), text("plan.seeking", lang)),
    )  # fmt: skip
    bar.empty()
    st.session_state["plan_answer"] = (asked, answer)


def _answer(found: Opened, lang: str) -> None:
    """What was found, and the ways to take it along."""
    asked, answer = st.session_state.get("plan_answer", (None, None))
    if answer is None:
        return
    if asked != st.session_state["plan_asked"]:
        st.warning(text("app.plan.stale", lang))
    lines = [*planning.answer_sentences(answer, lang), planning.made_by(answer.problem.whole, lang)]
    box = st.success if answer.reached else st.info
    box("\n".join(f"- {line}" for line in lines))
    about = {"start": answer.problem.start, "end": answer.problem.end}
    for title, table in (
        (text("report.targets", lang), planning.goals_table(answer, lang)),
        (text("plan.setting", lang, **about), planning.setting_table(answer, lang)),
        (text("plan.costs", lang, end=about["end"]), planning.cost_table(answer.costs, lang)),
    ):
        st.markdown(f"#### {title}")
        st.html(tables.html(table))
    _take(found, answer, lang)


def _take(found: Opened, answer: Answer, lang: str) -> None:
    study = answer.problem.whole.study
    with st.container(horizontal=True, gap="small"):
        if st.button(text("app.plan.load", lang), key="plan_load", icon=":material/tune:"):
            st.session_state["pending_draft"] = draft_of(answer.run.case)
            st.switch_page(session.place("pages", {})["simulator"])
        name = f"{study.place.id}_{_CASE}"
        st.download_button(
            text("app.plan.download", lang),
            data=scenario_yaml(study, name, answer.run.case,
                               extends=takeaway.extends(found.entry, found.result)),
            file_name=file_name(name),
            mime="application/yaml",
            on_click="ignore",
            icon=":material/download:",
            key="plan_download",
        )  # fmt: skip


def _more(found: Opened, lang: str) -> None:
    """Cost, requirements and sensitivity of the scenario that is open."""
    result, current = found.result, found.current
    with st.expander(text("app.plan.budget", lang), icon=":material/payments:"):
        spent = costs(current, result.trend)
        st.markdown("\n".join(
            f"- {line}" for line in planning.budget_sentences(current, result.trend, spent, lang)
        ))  # fmt: skip
        st.html(tables.html(planning.cost_table(spent, lang)))
        st.html(tables.html(planning.yearly_cost_table(current, spent, lang)))
    with st.expander(text("app.plan.needs", lang), icon=":material/school:"):
        st.caption(text("plan.needs_basis", lang))
        st.html(tables.html(explained.needs_table(result, current, lang)))
    with st.expander(text("app.plan.frontier", lang), icon=":material/show_chart:"):
        _frontier(found, lang)
    with st.expander(text("app.plan.sensitivity", lang), icon=":material/tornado:"):
        _sensitivity(found, lang)


def _frontier(found: Opened, lang: str) -> None:
    """One target against cost, or two against each other."""
    trend = found.result.trend
    every = {_key(g): g for g in choose_goals([], trend)}
    picked = st.multiselect(
        text("app.plan.traded", lang),
        list(every),
        default=list(every)[:1],
        format_func=lambda k: _named(every[k], lang),
        max_selections=_AXES,
        key=f"plan_traded_{lang}",
    )
    asked = (_scenario(found), tuple(picked))
    if st.button(text("app.plan.trace", lang), key="plan_trace") and picked:
        goals, ranges = tuple(every[k] for k in picked), lever_ranges([], {}, trend)
        bar = st.progress(0.0, text("plan.tracing", lang))
        made = frontier(
            build_problem(found.current, trend, goals, ranges), _POINTS, found.result.study.seed,
            lambda share: bar.progress(min(share, 1.0), text("plan.tracing", lang)),
        )  # fmt: skip
        bar.empty()
        st.session_state["plan_frontier"] = (asked, made)
    before, kept = st.session_state.get("plan_frontier", (None, None))
    if kept is not None and before == asked:
        lines = explained.frontier_sentences(kept, lang)
        st.markdown("\n".join(f"- {line}" for line in lines))
        st.html(tables.html(explained.frontier_table(kept, lang)))


def _sensitivity(found: Opened, lang: str) -> None:
    trend = found.result.trend
    if st.button(text("app.plan.analyse", lang), key="plan_analyse"):
        bar = st.progress(0.0, text("plan.analysing", lang))
        goals, ranges = choose_goals([], trend), lever_ranges(SCALED, {}, trend)
        made = sensitivity(
            found.current, goals, ranges, samples=_SAMPLES, seed=found.result.study.seed,
            progress=lambda share: bar.progress(min(share, 1.0), text("plan.analysing", lang)),
        )  # fmt: skip
        bar.empty()
        st.session_state["plan_sensitivity"] = (_scenario(found), made)
    scenario, kept = st.session_state.get("plan_sensitivity", (None, None))
    if kept is not None and scenario == _scenario(found):
        _findings(kept, lang)


def _findings(found: Sensitivity, lang: str) -> None:
    lines = [explained.top_finding(found, i, lang) for i in range(len(found.goals))]
    st.markdown("\n".join(f"- {line}" for line in lines))
    st.caption(text("plan.samples", lang, samples=found.samples, seed=found.seed))
    for i, goal in enumerate(found.goals):
        name = planning.goal_name(goal, lang)
        st.markdown(f"##### {text('plan.by_group', lang, name=name)}")
        st.html(tables.html(explained.group_table(found, i, lang)))
        st.markdown(f"##### {text('plan.tornado', lang, name=name)}")
        st.html(tables.html(explained.tornado_table(found, i, lang)))
