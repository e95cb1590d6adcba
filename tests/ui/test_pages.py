"""Compare, places, own figures, method: every control of them, without a browser."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from html import escape
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from openpyxl import Workbook, load_workbook
from reading import ROOT, Open, cards, pages, turn_to
from streamlit.testing.v1 import AppTest

from simulator import load_scenario, run
from simulator.audit.rules import audit
from simulator.i18n import catalogue, text
from simulator.intake.layout import PLACE as LAYOUT_PLACE
from simulator.intake.layout import sheet_name
from simulator.intake.template import template
from simulator.parameters import parameters
from simulator.report.findings import message
from simulator.report.markup import unmarked, verbatim
from simulator.scenario import TREND, parse_scenario
from simulator.ui import takeaway
from simulator.ui.draft import lever_table
from simulator.ui.library import library_entries

sys.path.insert(0, str(ROOT / "tests"))
from test_intake import workbook

PLACE = ROOT / "tests" / "cases" / "valid" / "place.yaml"
NAMES = ("simulator", "plan", "compare", "places", "data", "method")


def _everything(session: AppTest) -> str:
    parts = (*session.markdown, *session.caption, *session.info, *session.success)
    return pages(session) + "".join(str(p.value) for p in parts)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_every_page_opens_in_both_languages(app: Open, name: str, lang: str) -> None:
    session = turn_to(app(lang), name)
    shown = _everything(session)
    assert "nan" not in re.findall(r"[a-z]+", shown)
    other = "en" if lang == "zh" else "zh"
    session.button_group(key="lang").set_value(other).run()
    assert not session.exception
    assert _everything(session) != shown


@pytest.mark.parametrize("key", list(library_entries()))
def test_every_place_opens_on_the_simulator_page(app: Open, key: str) -> None:
    session = app("zh")
    session.selectbox(key="entry").set_value(key).run()
    assert not session.exception
    assert library_entries()[key].name.zh in pages(session)


# --- undo, redo, one lever back


def test_undo_and_redo_walk_through_the_changes(app: Open) -> None:
    session = app("zh", TREND)
    assert session.button(key="undo").disabled
    session.slider(key="slider_basic_jobs").set_value(2000).run()
    session.slider(key="slider_rental_units").set_value(400).run()
    session.button(key="undo").click().run()
    assert dict(session.session_state["draft"].values) == {"basic_jobs": 2000.0}
    assert session.slider(key="slider_rental_units").value == 0
    session.button(key="undo").click().run()
    assert dict(session.session_state["draft"].values) == {}
    session.button(key="redo").click().run()
    session.button(key="redo").click().run()
    assert session.slider(key="slider_rental_units").value == 400
    assert session.button(key="redo").disabled
    session.button(key="undo").click().run()
    session.slider(key="slider_basic_jobs").set_value(3000).run()
    assert session.button(key="redo").disabled


def test_one_lever_goes_back_alone(app: Open) -> None:
    session = app("zh")
    loaded = session.session_state["loaded"].values["other_jobs"]
    session.slider(key="slider_other_jobs").set_value(20000).run()
    session.slider(key="slider_basic_jobs").set_value(2000).run()
    session.button(key="reset_loaded_other_jobs").click().run()
    assert session.session_state["draft"].values["other_jobs"] == loaded
    assert session.session_state["draft"].values["basic_jobs"] == 2000.0
    session.button(key="reset_trend_basic_jobs").click().run()
    assert "basic_jobs" not in session.session_state["draft"].values


def test_a_place_is_found_by_pinyin() -> None:
    entry = library_entries()["quxian.yaml"]
    assert entry.pinyin == "quxian"


def test_every_way_out_is_offered_and_made(app: Open) -> None:
    session = app("zh")
    offered = {b.key for b in session.get("download_button")}
    kinds = ("yaml", "targets", "xlsx", "docx", "png", "svg")
    assert offered >= {f"download_{kind}" for kind in kinds}
    result = run(load_scenario(ROOT / "scenarios" / "quxian.yaml"), face_value=False)
    raw = takeaway.file_of(result, result.runs["plan"], "xlsx", "zh")
    assert load_workbook(io.BytesIO(raw)).sheetnames
    raw = takeaway.file_of(result, result.runs["plan"], "svg", "zh")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        assert all(archive.read(name).lstrip().startswith(b"<svg") for name in archive.namelist())
        assert archive.namelist()


# --- ranges


def test_ranges_come_when_asked_and_are_called_what_they_are(app: Open) -> None:
    session = app("zh")
    told = text("app.bands_note", "zh")
    assert told not in [c.value for c in session.caption]
    session.toggle(key="bands").set_value(True).run()
    assert not session.exception
    assert told in [c.value for c in session.caption]


def test_cards_tell_a_probability_once_there_are_draws(app: Open) -> None:
    session = app("en")
    waiting = text("app.card.probability_none", "en")
    assert any(waiting in h.proto.body for h in session.get("html"))
    session.toggle(key="bands").set_value(True).run()
    assert not session.exception
    shown = "".join(h.proto.body for h in session.get("html"))
    assert waiting not in shown
    assert "%</dd>" in shown or "(±" in shown


# --- compare


def test_a_kept_scenario_is_compared(app: Open) -> None:
    session = app("zh")
    session.slider(key="slider_basic_jobs").set_value(5000).run()
    shown = cards(session)["resident_urbanization_rate"]
    session.text_input(key="draft_name").set_value("多给岗位").run()
    session.button(key="keep_scenario").click().run()
    assert not session.exception
    turn_to(session, "compare")
    chosen = session.multiselect(key="compared_zh")
    assert ("kept", "多给岗位") in chosen.value
    chosen.set_value([("quxian.yaml", TREND), ("quxian.yaml", "plan"), ("kept", "多给岗位")]).run()
    assert not session.exception
    assert session.selectbox[-2].value == "趋势"  # what differences are from, unless chosen
    table = pages(session)
    assert "多给岗位" in table
    assert f"{shown[0]} % ({shown[1]})" in table
    assert "5,000 个/年" in table
    # Back on the first page the levers are as they were left.
    turn_to(session, "simulator")
    assert session.session_state["draft"].values["basic_jobs"] == 5000.0
    assert cards(session)["resident_urbanization_rate"] == shown


def test_only_amounts_say_what_they_count(app: Open) -> None:
    session = app("zh")
    session.slider(key="slider_residence_years").set_value(2).run()
    session.toggle(key="limit_annual_quota").set_value(True).run()
    session.number_input(key="number_annual_quota").set_value(3000).run()
    session.text_input(key="draft_name").set_value("门槛").run()
    session.button(key="keep_scenario").click().run()
    table = pages(turn_to(session, "compare"))
    assert "<td>2 年</td>" in table
    assert "<td>3,000 人/年</td>" in table
    assert f"({text('app.basis.total', 'zh')})" in table


def test_comparing_needs_two_and_says_so(app: Open) -> None:
    session = turn_to(app("en"), "compare")
    session.multiselect(key="compared_en").set_value([("quxian.yaml", TREND)]).run()
    assert text("app.compare.few", "en") in [i.value for i in session.info]


def test_differences_are_from_the_scenario_chosen(app: Open) -> None:
    session = turn_to(app("en"), "compare")
    result = run(load_scenario(ROOT / "scenarios" / "quxian.yaml"), face_value=False)
    at = 2025 - result.study.place.base_year
    runs = (result.runs["plan"], result.trend)
    plan, trend = (round(float(one.stocks.town_population[at]) / 1e3, 1) for one in runs)
    gap = plan - trend  # of the figures as they are shown
    assert f">{gap:+,.1f}<" in pages(session)


# --- places


def test_places_are_found_by_name_and_pinyin_and_open(app: Open) -> None:
    session = turn_to(app("zh"), "places")
    for words in ("渠", "quxian", "达州"):
        session.text_input(key="places_search").set_value(words).run()
        assert any("渠县" in e.label for e in session.expander)
    session.text_input(key="places_search").set_value("没有这个地方").run()
    assert text("app.places.none", "zh") in [i.value for i in session.info]


def test_a_place_is_run_and_audited_where_it_stands(app: Open) -> None:
    session = turn_to(app("zh"), "places")
    session.text_input(key="places_search").set_value("渠县").run()
    if any(b.key == "run_places" for b in session.button):
        session.button(key="run_places").click().run()
    session.session_state["place_quxian.yaml_zh"] = True
    session.run()
    assert not session.exception
    result = run(load_scenario(ROOT / "scenarios" / "quxian.yaml"), face_value=False)
    judged = [c for c in result.runs["plan"].targets if c.gap is not None]
    met = sum(c.status == "met" for c in judged)
    label = next(e.label for e in session.expander if "渠县" in e.label)
    assert f"{len(judged)} 项目标达到 {met} 项" in label
    shown = pages(session)
    for finding in audit(result.study.place):
        assert escape(message(finding, "zh")) in shown
    session.selectbox(key="places_status_zh").set_value("met").run()
    assert text("app.places.none", "zh") in [i.value for i in session.info]
    session.selectbox(key="places_status_zh").set_value("missed").run()
    assert any("渠县" in e.label for e in session.expander)


# --- own figures


def test_a_click_while_places_are_worked_out_does_not_stop_the_work(app: Open) -> None:
    """A click draws the page anew: what was asked for before it is asked for still."""
    session = turn_to(app("zh"), "places")
    session.text_input(key="places_search").set_value("石家").run()
    session.text_input(key="places_search").set_value("malan").run()
    session.session_state["places_wanted"] = frozenset({"places/malan.yaml"})
    session.run()
    assert "run_places" not in [b.key for b in session.button]
    assert "places_wanted" not in session.session_state
    assert not session.exception


def test_an_uploaded_workbook_is_a_place_at_once(app: Open) -> None:
    session = turn_to(app("zh"), "data")
    session.file_uploader(key="workbook").upload("本县.xlsx", workbook()).run()
    assert not session.exception
    assert session.success[0].value.startswith("已读入“小县”")
    turn_to(session, "simulator")
    assert session.session_state["entry"] == "upload:xiaoxian.yaml"
    assert "小县" in pages(session)
    other = app("zh")
    assert "upload:xiaoxian.yaml" not in other.session_state["uploads"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_name_that_contradicts_its_code_is_told(app: Open, lang: str) -> None:
    def wrong(book: Workbook) -> None:
        sheet = book[sheet_name(LAYOUT_PLACE, "zh")]
        sheet["B1"], sheet["B4"] = "大竹县", "511725"

    session = turn_to(app(lang), "data")
    session.file_uploader(key="workbook").upload("本县.xlsx", workbook()).run()
    assert not session.warning
    session.file_uploader(key="workbook").upload("本县.xlsx", workbook(wrong)).run()
    assert not session.exception
    [told] = session.warning
    assert told.value.startswith(text("app.data.doubts", lang))
    assert "地方!B1" in told.value
    assert catalogue(lang)["error.table_code_name"] in told.value
    assert "511724" in told.value.replace("\\", "")
    session.button_group(key="lang").set_value("en" if lang == "zh" else "zh").run()
    assert len(session.warning) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_faulty_workbook_is_told_and_changes_nothing(app: Open, lang: str) -> None:
    session = turn_to(app(lang), "data")
    before = session.session_state["entry"]
    raw = template(lang)
    session.file_uploader(key="workbook").upload("empty.xlsx", raw).run()
    assert not session.exception
    assert len(session.error) == 1
    assert "empty.xlsx" in session.error[0].value
    assert session.session_state["entry"] == before
    assert load_workbook(io.BytesIO(raw)).sheetnames


# --- method


def test_method_lists_every_parameter_and_every_section(app: Open) -> None:
    session = turn_to(app("en"), "method")
    table = pages(session)
    for p in parameters().values():
        assert p.label_en.replace("'", "&#x27;") in table
    session.button_group(key="method_part").set_value("equations").run()
    for heading in session.selectbox(key="method_section").options:
        session.selectbox(key="method_section").set_value(heading).run()
        assert not session.exception
        assert any(heading in m.value for m in session.markdown)
    for part in ("accuracy", "unknown"):
        session.button_group(key="method_part").set_value(part).run()
        assert not session.exception
    assert catalogue("en")["app.unknown.1"] in "".join(m.value for m in session.markdown)


# --- links


def _link(session: AppTest) -> dict[str, str]:
    session.session_state["share"] = True
    session.run()
    address = next(str(c.value) for c in session.code if "?v=" in str(c.value))
    return dict(parse_qsl(address.split("?", 1)[1], keep_blank_values=True))


def _from_link(query: dict[str, str]) -> AppTest:
    session = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    for key, value in query.items():
        session.query_params[key] = value
    session.run()
    assert not session.exception
    return session


def test_a_link_restores_every_lever(app: Open) -> None:
    session = app("en")
    for name, p in lever_table().items():
        high = p.high if p.unit != "yes/no" else 1.0 - float(p.central or 0.0)
        draft = session.session_state["draft"].set(name, float(high))
        session.session_state["draft"] = draft
    draft = session.session_state["draft"].set("rental_units", {2024: 123.456, 2027: None})
    session.session_state["pending_draft"] = draft
    session.slider(key="horizon").set_value(2041).run()
    query = _link(session)
    again = _from_link(query)
    assert not again.warning
    assert again.session_state["lang"] == "en"
    assert again.session_state["horizon"] == 2041
    left, right = session.session_state["draft"], again.session_state["draft"]
    assert {k: dict(v) if hasattr(v, "items") else v for k, v in left.values.items()} == {
        k: dict(v) if hasattr(v, "items") else v for k, v in right.values.items()
    }
    assert left.basis == right.basis
    assert cards(session) == cards(again)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("v", "0.0.1-older", "version"),
        ("d", "0123456789", "data"),
        ("f", "places/nowhere.yaml", "file"),
        ("s", "nothing", "scenario"),
        ("h", "1999", "horizon"),
        ("b", "sum", "basis"),
        ("x.basic_jobs", "9e9", "lever"),
        ("x.basic_jobs", "nan", "lever"),
        ("x.basic_jobs", "2024:5,2024:6", "lever"),
        ("x.free_beer", "1.0", "lever"),
    ],
)
def test_what_a_link_cannot_restore_is_told(app: Open, key: str, value: str, code: str) -> None:
    query = _link(app("en"))
    session = _from_link({**query, key: value})
    assert len(session.warning) == 1
    told = catalogue("en")[f"app.link.{code}"].split("{")[0]
    assert told in session.warning[0].value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_name_of_an_upload_is_no_markup(app: Open, lang: str) -> None:
    """A picture in a name would be fetched from where its maker says."""
    picture = "![x](http://tracker.example/x.png)"
    raw = PLACE.read_text(encoding="utf-8").replace("小县, en: Small County", f'"{picture}"')
    assert picture in raw
    session = app(lang)
    session.file_uploader(key="upload").upload("place.yaml", raw.encode()).run()
    shown = _marked(session)
    for name in ("plan", "places", "simulator", "compare"):
        turn_to(session, name)
        if name == "places":
            session.text_input(key="places_search").set_value("tracker").run()
        shown += _marked(session)
    assert "tracker.example" in "".join(shown).replace("\\", "")
    assert [words for words in shown if picture in words] == []


def _marked(session: AppTest) -> list[str]:
    """All that a page shows as Markdown: text, titles, messages and the heads of panels."""
    assert not session.exception
    parts = (*session.title, *session.markdown, *session.caption, *session.info, *session.success)
    labels = [block.label for block in session.expander] + [b.label for b in session.button]
    return [*(str(part.value) for part in parts), *labels]


def test_words_of_others_lose_their_marks_and_nothing_else() -> None:
    assert unmarked("![x](http://a.b/x.png)") == r"\!\[x\](http\://a.b/x.png)"
    assert unmarked("<b>*甲*_县_\n$1$") == r"\<b\>\*甲\*\_县\_ \$1\$"
    assert unmarked("渠县（四川）1,234.5%") == "渠县（四川）1,234.5%"
    assert verbatim("a`b\nc") == "`a'b c`"


def test_an_upload_is_no_path_into_the_machine() -> None:
    raw = PLACE.read_bytes() + b"age_sex: ../../../etc/passwd\n"
    with pytest.raises(Exception, match="upload_path"):
        parse_scenario(raw, "mine.yaml")


def test_the_model_document_is_where_the_page_reads_it() -> None:
    assert (Path(ROOT) / "docs" / "model.md").is_file()
