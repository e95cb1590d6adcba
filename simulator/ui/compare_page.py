"""Two to six scenarios side by side: levers that differ, targets, lines, differences."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import streamlit as st

from simulator.charts import lines, overlay
from simulator.i18n import text
from simulator.report import sidebyside, wording
from simulator.report.markup import unmarked
from simulator.report.plain_cells import plain
from simulator.report.rows import Table
from simulator.report.sidebyside import Column
from simulator.run import Result, Run
from simulator.scenario import TREND
from simulator.ui import controls, saved, session, tables
from simulator.ui.library import open_entry
from simulator.ui.opening import entries
from simulator.vocabulary import indicators

_LEAST, _MOST = 2, 6
_CHARTS = ("resident_urbanization_rate", "town_population", "resident_population",
           "hukou_urbanization_rate")  # fmt: skip
_KEPT = "kept"


def draw(lang: str) -> None:
    """The page."""
    st.title(text("app.compare.title", lang))
    st.caption(text("app.compare.intro", lang))
    with st.spinner(text("app.fitting", lang)):
        _more_places(lang)
        options = _options()
    chosen = _chosen()
    picked = st.multiselect(
        text("app.compare.choose", lang),
        options,
        default=[item for item in chosen if item in options],
        format_func=lambda item: _name(item, lang),
        max_selections=_MOST,
        placeholder=text("app.compare.pick", lang),
        key=f"compared_{lang}",
    )
    st.session_state["compared"] = list(picked)
    controls.upload(lang)
    _forget(lang)
    if len(picked) < _LEAST:
        st.info(text("app.compare.few", lang))
        return
    _compared(picked, lang)


_Item = tuple[str, str]


def _options() -> list[_Item]:
    """Kept scenarios first; then those of the open file, of uploads and of places asked for."""
    kept = [(_KEPT, name) for name in saved.saved()]
    found, asked = entries(), session.place("compared_places", [])
    keys = [_here(), *(k for k, e in found.items() if e.raw is not None), *asked]
    files = dict.fromkeys(k for k in keys if k in found)
    return [*kept, *((key, run) for key in files for run in _scenarios(key))]


def _here() -> str:
    """The file that is open on the simulator page."""
    return str(st.session_state.get("entry") or next(iter(entries())))


def _scenarios(key: str) -> Sequence[str]:
    return list(open_entry(entries()[key], None).runs)


def _more_places(lang: str) -> None:
    """Offer the scenarios of another place."""
    found = entries()
    key = st.selectbox(
        text("app.compare.place", lang),
        list(found),
        index=None,
        format_func=controls.entry_labels(found, lang).__getitem__,
        placeholder=text("app.compare.pick", lang),
        key=session.worded("compare_place"),
    )
    asked: list[str] = session.place("compared_places", [])
    if key is not None and key not in asked:
        asked.append(key)


def _first() -> list[_Item]:
    return [(_here(), run) for run in _scenarios(_here())][:_MOST]


def _chosen() -> list[_Item]:
    """What was compared last, and every scenario that was kept since, as far as there is room."""
    kept = list(saved.saved())
    before: list[_Item] = session.place("compared", _first())
    seen: list[str] = session.place("compared_seen", [])
    fresh = [(_KEPT, name) for name in kept if name not in seen]
    st.session_state["compared_seen"] = kept
    return list(dict.fromkeys([*fresh, *before]))[:_MOST]


def _name(item: _Item, lang: str) -> str:
    key, run = item
    if key == _KEPT:
        return f"{run} ({text('app.compare.session', lang)})"
    label = wording.scenario_label(open_entry(entries()[key], None).runs[run], lang)
    return f"{entries()[key].name.get(lang)} · {label}"


def _opened(item: _Item) -> tuple[Result, Run]:
    key, run = item
    if key == _KEPT:
        return saved.saved()[run].run()
    result = open_entry(entries()[key], None)
    return result, result.runs[run]


def _forget(lang: str) -> None:
    kept = list(saved.saved())
    if kept:
        st.menu_button(
            text("app.compare.forget", lang), kept, key="forget", on_click=_drop, type="tertiary",
            icon=":material/delete:",
        )  # fmt: skip


def _drop() -> None:
    name = st.session_state.get("forget")
    saved.saved().pop(str(name), None)


def _compared(picked: Sequence[_Item], lang: str) -> None:
    with st.spinner(text("app.fitting", lang)):
        opened = [_opened(item) for item in picked]
    many = len({result.study.place.id for result, _ in opened}) > 1
    columns: list[Column] = []
    taken: dict[str, Run] = {}
    for item, (result, run) in zip(picked, opened, strict=True):
        label = item[1] if item[0] == _KEPT else wording.scenario_label(run, lang)
        if many and item[0] != _KEPT:
            label = f"{result.study.place.name.get(lang)} · {label}"
        name = saved.free_name(label, taken)
        taken[name] = run
        columns.append(Column(name, run))
    if many:
        st.caption(text("app.compare.places", lang))
    trends = {result.study.place_file: Column("", result.trend) for result, _ in opened}
    _tables(columns, lang)
    _lines(columns, list(trends.values()), lang)
    _differences(columns, [key == _KEPT for key, _ in picked], lang)


def _tables(columns: Sequence[Column], lang: str) -> None:
    st.markdown(f"#### {text('app.compare.levers', lang)}")
    table = sidebyside.levers(columns, lang)
    if table.rows:
        st.html(tables.html(table))
    else:
        st.caption(text("app.compare.nothing", lang))
    goals = sidebyside.targets(columns, lang)
    if goals.rows:
        st.markdown(f"#### {text('app.compare.targets', lang)}")
        st.html(tables.html(goals))


def _lines(columns: Sequence[Column], trends: Sequence[Column], lang: str) -> None:
    st.markdown(f"#### {text('app.compare.charts', lang)}")
    names = tuple(c.name for c in columns)
    told = []
    for row in (_CHARTS[:2], _CHARTS[2:]):
        for column, name in zip(st.columns(2, gap="medium"), row, strict=True):
            with column:
                label = indicators()[name].label(lang)
                st.markdown(f"##### {label} :gray[({lines.axis_title(name, lang)})]")
                st.vega_lite_chart(
                    overlay.data_of(columns, trends, name, lang).arrow(),
                    overlay.spec(names, lang),
                    key=f"overlay_{name}_{lang}",
                    alt=label,
                )
                told.append(overlay.alt(columns, name, lang))
    st.html(tables.spoken(told))


def _differences(columns: Sequence[Column], kept: Sequence[bool], lang: str) -> None:
    names = [c.name for c in columns]
    years = sorted({int(y) for c in columns for y in c.run.years})
    plans = [t.at for c in columns for t in c.run.study.place.targets if t.at in years]
    left, right = st.columns(2)
    with left:
        # A kept scenario without levers is the trend too, but not what is called so.
        found = (i for i, c in enumerate(columns) if c.run.id == TREND)
        trends = sorted(found, key=lambda i: kept[i])
        base = st.selectbox(text("app.compare.base", lang), names, index=next(iter(trends), 0))
    with right:
        at = years.index(plans[0]) if plans else len(years) - 1
        year = st.selectbox(text("app.compare.year", lang), years, index=at)
    st.markdown(f"#### {text('app.compare.differences', lang, base=unmarked(base))}")
    st.html(tables.html(sidebyside.figures(columns, int(year), names.index(base), lang)))
    st.download_button(
        text("app.compare.csv", lang),
        data=lambda: _csv(columns, years, names.index(base), lang),
        file_name="comparison.csv",
        mime="text/csv",
        on_click="ignore",
        icon=":material/table:",
        key="download_comparison",
    )


def _csv(columns: Sequence[Column], years: Sequence[int], base: int, lang: str) -> bytes:
    """Every headline figure of every year, with the mark that spreadsheets need."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for i, year in enumerate(years):
        table: Table = sidebyside.figures(columns, year, base, lang)
        if i == 0:
            writer.writerow([text("col.year", lang), *map(plain, table.headers)])
        writer.writerows([str(year), *row] for row in table.rows)
    return stream.getvalue().encode("utf-8-sig")
