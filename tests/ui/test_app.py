"""Every control of the page, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from reading import ROOT, Open, cards, pages, written
from streamlit.testing.v1 import AppTest

from simulator import load_scenario, run
from simulator.charts import limits, lines
from simulator.i18n import catalogue, people, text
from simulator.parameters import levers, parameters
from simulator.report import words
from simulator.report.errors import describe
from simulator.report.wording import sentence
from simulator.run import Result, run_case
from simulator.scenario import TREND, parse_scenario
from simulator.ui import cards as board
from simulator.ui.draft import case_of, lever_table
from simulator.ui.library import library_entries, open_entry
from simulator.units import dimension, to_base

SCENARIO = ROOT / "scenarios" / "quxian.yaml"
PLACE = ROOT / "tests" / "cases" / "valid" / "place.yaml"


@pytest.fixture(scope="module")
def result() -> Result:
    return run(load_scenario(SCENARIO), face_value=False)


def _shown(found: Result, run_id: str, lang: str) -> dict[str, tuple[str, str, str]]:
    """What gap cards must say, worked out from `run` alone."""
    expected = {}
    for check in found.runs[run_id].targets:
        if check.projected is None or check.gap is None:
            continue
        if dimension(check.target.unit) == "persons":
            values = [to_base(v, check.target.unit) for v in (check.projected, check.gap)]
            value = people(values[0], lang)
            gap = f"{people(values[1], lang, sign=True)} {text('unit.persons', lang)}"
        else:
            value = f"{check.projected:.2f}"
            gap = f"{check.gap:+.2f} {text('unit.points', lang)}"
        expected[check.target.indicator] = (value, gap, check.status)
    return expected


def _set(session: AppTest, name: str) -> None:
    """Move one lever well away from its trend."""
    p = lever_table()[name]
    if words.is_switch(p):
        toggle = session.toggle(key=f"switch_{name}")
        toggle.set_value(not toggle.value).run()
    elif words.is_choice(p):
        lang = session.session_state["lang"]
        session.selectbox(key=f"choice_{name}_{lang}").set_value(int(p.high)).run()
    elif p.central is None:
        session.toggle(key=f"limit_{name}").set_value(True).run()
        session.number_input(key=f"number_{name}").set_value(500).run()
    else:
        session.slider(key=f"slider_{name}").set_value(int(p.high)).run()
    assert not session.exception


def _draft(session: AppTest) -> dict[str, object]:
    return dict(session.session_state["draft"].values)


def _vega(session: AppTest) -> list[object]:
    charts = session.get("vega_lite_chart")
    assert len(charts) == 5
    return [chart.proto for chart in charts]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_runs_and_cards_say_what_run_says(app: Open, result: Result, lang: str) -> None:
    session = app(lang)
    assert cards(session) == _shown(result, "plan", lang)
    session.selectbox(key="start").set_value("trend").run()
    assert cards(session) == _shown(result, "trend", lang)
    page = pages(session)
    assert text("app.title", lang) in page
    assert "nan" not in page
    other = "en" if lang == "zh" else "zh"
    session.button_group(key="lang").set_value(other).run()
    assert text("app.title", other) in pages(session)


TABS = ("targets", "binding", "evidence", "tests", "assumed", "unknown", "paths")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("scenario", ["trend", "plan"])
def test_every_tab_opens(app: Open, lang: str, scenario: str) -> None:
    session = app(lang, scenario)
    seen = set()
    for name in TABS:
        session.session_state["tab"] = name
        session.run()
        assert not session.exception
        page = pages(session) + "".join(m.value for m in (*session.markdown, *session.caption))
        assert "nan" not in re.findall(r"[a-z]+", page)
        seen.add(page)
    assert len(seen) == len(TABS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_each_lever_changed_is_told_once_one_is_set(app: Open, lang: str) -> None:
    session = app(lang, TREND)
    session.session_state["tab"] = "binding"
    session.run()
    told = text("report.effects_note", lang)
    assert told not in [c.value for c in session.caption]
    session.slider(key="slider_basic_jobs").set_value(2000).run()
    assert told in [c.value for c in session.caption]
    assert f">{sentence(text('effect.total', lang))}</th>" in pages(session)


def test_superseded_estimates_are_worked_out_when_asked(app: Open) -> None:
    session = app("en")
    session.session_state["tab"] = "tests"
    session.run()
    told = text("report.face_value_text", "en").split("{")[0]
    assert not any(told in m.value.replace("\\", "") for m in session.markdown)
    session.toggle(key="face_value").set_value(True).run()
    assert any(told in m.value.replace("\\", "") for m in session.markdown)


def test_without_a_choice_the_app_speaks_chinese() -> None:
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert session.session_state["lang"] == "zh"


@pytest.mark.parametrize("name", list(lever_table()))
def test_each_lever_moves_something_or_says_why_not(app: Open, name: str) -> None:
    session = app("en", "trend")
    before = pages(session)
    _set(session, name)
    assert name in _draft(session)
    moved = _numbers(pages(session)) != _numbers(before)
    assert moved or session.info, f"{name} changed nothing, and nothing was said"
    (told,) = re.findall(r'<div class="cus-changed">.*?</div>', pages(session))
    assert lever_table()[name].label_en in told


def _numbers(page: str) -> set[str]:
    """Figures of the headline table: rows of two scenarios that differ leave more of them."""
    return set(re.findall(r"cus-num>([\d,.]+)<", page))


def test_slider_and_number_stay_together(app: Open) -> None:
    session = app()
    session.slider(key="slider_basic_jobs").set_value(2000).run()
    assert session.number_input(key="number_basic_jobs").value == 2000
    session.number_input(key="number_basic_jobs").set_value(2345).run()
    assert session.slider(key="slider_basic_jobs").value == 2300
    assert _draft(session)["basic_jobs"] == 2345.0
    session.number_input(key="number_basic_jobs").set_value(0).run()
    assert "basic_jobs" not in _draft(session)


def test_a_path_is_kept_until_its_lever_is_touched(app: Open, result: Result) -> None:
    session = app()
    path = result.study.cases["plan"].levers.industry_jobs.other_jobs
    told = text("app.path_held", "zh", path="").split("：")[0]
    assert dict(_draft(session)["other_jobs"]) == path
    assert session.number_input(key="number_other_jobs").value == 15485
    assert any(told in c.value for c in session.caption)
    session.slider(key="slider_commercial_units").set_value(500).run()
    assert dict(_draft(session)["other_jobs"]) == path
    session.slider(key="slider_other_jobs").set_value(9000).run()
    assert _draft(session)["other_jobs"] == 9000.0
    assert not any(told in c.value for c in session.caption)


def test_reset_to_trend_to_loaded_and_by_group(app: Open, result: Result) -> None:
    session = app()
    loaded = _draft(session)
    session.slider(key="slider_basic_jobs").set_value(5000).run()
    session.slider(key="slider_rental_units").set_value(400).run()
    assert session.session_state["loaded"].values == loaded
    session.button(key="reset_loaded_industry_jobs").click().run()
    assert _draft(session) == {**loaded, "rental_units": 400.0}
    assert session.slider(key="slider_basic_jobs").value == 0
    session.button(key="reset_trend_all").click().run()
    assert _draft(session) == {}
    assert cards(session) == _shown(result, "trend", "zh")
    session.button(key="reset_loaded_all").click().run()
    assert _draft(session) == loaded
    assert session.radio(key="basis_zh").value == "total"
    assert cards(session) == _shown(result, "plan", "zh")


def test_edited_years_become_a_path(app: Open, result: Result) -> None:
    session = app("zh", "trend")
    draft = session.session_state["draft"].set("basic_jobs", {2024: 800.0, 2026: None})
    session.session_state["pending_draft"] = draft
    session.run()
    assert not session.exception
    case = case_of(draft, result.trend.case, {"zh": "", "en": ""})
    expected = run_case("custom", case, result.trend)
    shown = cards(session)["resident_urbanization_rate"][0]
    assert shown == f"{expected.targets[1].projected:.2f}"


def test_what_is_downloaded_runs_to_the_very_same_numbers(
    app: Open, result: Result, tmp_path: Path
) -> None:
    session = app()
    session.number_input(key="number_basic_jobs").set_value(2345).run()
    session.toggle(key="limit_annual_quota").set_value(True).run()
    session.number_input(key="number_annual_quota").set_value(3210).run()
    session.slider(key="horizon").set_value(2040).run()
    path = tmp_path / "quxian_scenario.yaml"
    path.write_text(written(session), encoding="utf-8")
    again = run(load_scenario(path), face_value=False)
    assert again.study.horizon == 2040
    shown = open_entry(library_entries()["quxian.yaml"], 2040)
    draft = session.session_state["draft"]
    mine = run_case("custom", case_of(draft, result.study.cases["plan"], {"zh": "", "en": ""}),
                    shown.trend)  # fmt: skip
    for left, right in zip(mine.paths, again.runs["quxian_scenario"].paths, strict=True):
        assert np.array_equal(left, right)
    assert cards(session) == _shown(again, "quxian_scenario", "zh")
    assert f"python -m simulator run {path.name}" in [c.value for c in session.code]


def test_horizon_never_cuts_off_a_target_or_a_path(app: Open) -> None:
    session = app()
    slider = session.slider(key="horizon")
    assert (slider.min, slider.value) == (2026, 2035)
    slider.set_value(slider.min).run()
    assert not session.exception
    assert len(cards(session)) == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_faulty_upload_is_told_as_on_the_command_line(app: Open, lang: str) -> None:
    session = app(lang)
    raw = b"kind: scenario\nid: x\nextends: library:places/quxian.yaml\nhorizont: 2030\n"
    session.file_uploader(key="upload").upload("mine.yaml", raw).run()
    assert not session.exception
    with pytest.raises(Exception, match="unknown_key") as caught:
        parse_scenario(raw, "mine.yaml")
    for violation in caught.value.violations:
        assert describe(violation, lang) in session.error[0].value
    assert "upload:mine.yaml" not in session.session_state["uploads"]


def test_an_upload_opens_and_another_session_does_not_see_it(app: Open) -> None:
    session = app()
    session.file_uploader(key="upload").upload("place.yaml", PLACE.read_bytes()).run()
    assert not session.exception
    assert session.session_state["entry"] == "upload:place.yaml"
    assert "小县" in pages(session)
    session.slider(key="slider_basic_jobs").set_value(3000).run()
    assert "extends: place.yaml" in written(session)
    other = app()
    assert other.session_state["uploads"] == {}
    assert dict(_draft(other)).keys() == {"other_jobs"}


def test_shared_results_cannot_be_written() -> None:
    shared = open_entry(library_entries()["quxian.yaml"], None)
    for found in shared.runs.values():
        with pytest.raises(ValueError, match="read-only"):
            found.paths.population[0] = 0.0
    with pytest.raises(TypeError):
        shared.runs["x"] = shared.trend  # type: ignore[index]


def test_charts_send_data_and_keep_their_spec(app: Open) -> None:
    session = app()
    before = _vega(session)
    specs, data = zip(*((c.spec, c.datasets or c.data) for c in before), strict=True)
    data = [str(d) for d in data]
    session.slider(key="slider_other_jobs").set_value(20000).run()
    after = _vega(session)
    assert list(specs) == [c.spec for c in after]
    assert data != [str(c.datasets or c.data) for c in after]
    for chart in after:
        assert chart.alt
        spec = json.loads(chart.spec)
        x = spec.get("encoding", spec["layer"][0]["encoding"])["x"]
        assert x["field"] != "year" or x["axis"]["format"] == "d"


@pytest.mark.parametrize("key", ["quxian.yaml", "places/qianan.yaml"])
def test_no_layer_of_a_chart_is_left_without_a_row(key: str) -> None:
    """The browser would write a warning for each with every move, at the price of a chart."""
    found = open_entry(library_entries()[key], None)
    for names in (lines.RATES, lines.PEOPLE, lines.TOWN):
        kinds = set(lines.lines_points(found, found.trend, names, "zh").column("kind"))
        assert kinds - {"line"}
    for chart in ("jobs", "housing"):
        kinds = set(limits.data_of(found, found.trend, chart, "zh").column("kind"))
        assert kinds == {"line", "binds"}


def test_every_word_that_the_app_can_need_is_there() -> None:
    for lang in ("zh", "en"):
        known = catalogue(lang)
        for p in parameters().values():
            assert words.unit(p.unit, lang) in known.values(), p.unit
            assert f"app.grade.{p.grade}" in known
        for group in levers():
            assert f"app.group.{group}" in known
        for p in lever_table().values():
            if words.is_choice(p):
                numbers = range(int(p.low), int(p.high) + 1)
                assert all(f"app.choice.{p.name}.{i}" in known for i in numbers)
            assert words.source(p, lang) in words.lever_help(p, p.central, lang)
    app_keys = [{k for k in catalogue(lang) if k.startswith("app.")} for lang in ("zh", "en")]
    assert app_keys[0] == app_keys[1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_unsupported_numbers_stay_marked_in_plain_words(app: Open, lang: str) -> None:
    """A label is also what screen readers call the lever: they would read markup out."""
    session = app(lang)
    moved = (*session.slider, *session.toggle, *session.selectbox, *session.number_input)
    labels = {str(part.key): part.label for part in moved}
    assert not [label for label in labels.values() if re.search(r"[\[\]*_`<>]|:\w", label)]
    for p in levers()["industry_jobs"].values():
        assert p.grade == "assumption"
        label = labels[f"slider_{p.name}"]
        assert label.startswith(p.label(lang))
        assert text("app.grade.assumption", lang) in label
        assert words.unit(p.unit, lang) in label


@pytest.mark.parametrize(("typed", "kept"), [(2.5, 1200), (1e3, 1000)])
def test_a_number_that_is_not_whole_is_refused_rather_than_cut(
    app: Open, typed: float, kept: int
) -> None:
    session = app("zh", "trend")
    session.number_input(key="number_basic_jobs").set_value(1200).run()
    session.number_input(key="number_basic_jobs").set_value(typed).run()
    assert _draft(session) == {"basic_jobs": float(kept)}
    assert session.number_input(key="number_basic_jobs").value == kept
    told = any(text("app.number_kept", "zh") in c.value for c in session.caption)
    assert told == (typed != kept)


def test_a_card_names_the_year_of_the_plan_s_base(result: Result) -> None:
    page = board.cards(result, result.trend, None, "zh")
    assert '<dd class="">24.48 万人（2020 年；规划中列为 2022 年数）</dd>' in page
    assert '<dd class="">43.6 % (2022)</dd>' in page
    assert page.count(f"<dt>{text('col.plan_base', 'zh')}</dt>") == 2
    assert "244.8 thousand (2020, printed as 2022)" in board.cards(result, result.trend, None, "en")


def test_a_card_says_what_happened_and_what_it_is_of() -> None:
    """The census of 2020 stands beside a target of 2020; a part of a city is named on its card."""
    found = run(load_scenario(ROOT / "scenarios" / "places" / "qianan.yaml"), face_value=False)
    (counted,) = (
        value for name, year, value, _, unit in found.outcomes()
        if (name, year, unit) == ("resident_urbanization_rate", 2020, "%")
    )  # fmt: skip
    page = board.cards(found, found.trend, None, "zh")
    assert page.count(text("app.card.happened", "zh")) == 1
    assert f"{counted:.2f} %" in page
    city = run(load_scenario(ROOT / "scenarios" / "places" / "luan.yaml"), face_value=False)
    assert text("scope.county_territory", "zh") in board.cards(city, city.trend, None, "zh")


def test_an_emptied_number_keeps_its_lever_and_is_told(app: Open) -> None:
    session = app("zh", "trend")
    session.number_input(key="number_basic_jobs").set_value(1200).run()
    session.number_input(key="number_basic_jobs").set_value(None).run()
    assert _draft(session) == {"basic_jobs": 1200.0}
    assert session.number_input(key="number_basic_jobs").value == 1200
    told = text("app.number_kept", "zh")
    assert [told in c.value for c in session.caption].count(True) == 1
    session.slider(key="slider_basic_jobs").set_value(1300).run()
    assert not any(told in c.value for c in session.caption)


def test_a_total_is_never_negative(app: Open) -> None:
    session = app("zh", "trend")
    session.number_input(key="number_basic_jobs").set_value(-300).run()
    session.number_input(key="number_other_jobs").set_value(400).run()
    session.radio(key="basis_zh").set_value("total").run()
    assert not session.exception
    assert session.session_state["draft"].basis == "total"
    assert _draft(session) == {"other_jobs": 400.0}
    for kind, name in ((session.slider, "slider"), (session.number_input, "number")):
        shown = [kind(key=f"{name}_{n}_jobs") for n in ("basic", "other")]
        assert [part.min for part in shown] == [0, 0]
        assert [part.value for part in shown] == [0, 400]
    assert any("总增量不能为负" in c.value and "300" in c.value for c in session.caption)
    session.button(key="undo").click().run()
    assert _draft(session) == {"basic_jobs": -300.0, "other_jobs": 400.0}
    assert session.number_input(key="number_basic_jobs").value == -300
    assert session.slider(key="slider_basic_jobs").value == -300
    assert session.radio(key="basis_zh").value == "beyond_trend"


@pytest.mark.parametrize(("lang", "other"), [("zh", "en"), ("en", "zh")])
def test_words_of_the_language_before_are_no_choice_of_any_widget(
    app: Open, lang: str, other: str
) -> None:
    session = app(lang, "plan")
    session.selectbox(key=f"choice_stable_housing_{lang}").set_value(1).run()
    before = _draft(session)
    session.button_group(key="lang").set_value(other).run()
    assert session.radio(key=f"basis_{other}").value == "total"
    assert session.selectbox(key=f"choice_stable_housing_{other}").value == 1
    assert not [w.key for w in (*session.radio, *session.selectbox) if str(w.key).endswith(lang)]
    session.number_input(key="number_basic_jobs").set_value(100).run()
    assert not session.exception
    assert _draft(session) == {**before, "basic_jobs": 100.0}
    session.radio(key=f"basis_{other}").set_value("beyond_trend").run()
    assert session.session_state["draft"].basis == "beyond_trend"
