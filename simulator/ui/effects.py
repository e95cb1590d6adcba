"""What each lever changed and what it costs, as two tables below the charts."""

from __future__ import annotations

import streamlit as st

from simulator.i18n import text
from simulator.report.effects import costs_table, effects_table, has_effects, title
from simulator.run import Result, Run
from simulator.ui import tables


def section(result: Result, current: Run, lang: str) -> None:
    """Effects of the levers as they stand, and costs beside the trend's."""
    if has_effects(current):
        with st.expander(title("effects", current, lang), key="effects"):
            st.html(tables.html(effects_table(current, lang)))
            st.caption(text("report.effects_note", lang))
    runs = list({run.id: run for run in (result.trend, current)}.values())
    with st.expander(title("costs", current, lang), key="costs"):
        st.html(tables.html(costs_table(runs, lang)))
        st.caption(text("report.costs_note", lang))
