"""The least that Streamlit can do: one slider, one chart. `benchmarks.app` measures against it."""

import streamlit as st

YEARS = range(2020, 2036)
SPEC = {
    "height": 300,
    "mark": "line",
    "encoding": {
        "x": {"field": "year", "type": "quantitative", "scale": {"zero": False}},
        "y": {"field": "value", "type": "quantitative"},
    },
}

st.set_page_config(layout="wide")
with st.sidebar, st.container(key="lever_basic_jobs"):
    slope = st.slider("slope", 0, 20_000, step=100, key="slider_basic_jobs")
rows = [{"year": year, "value": slope * (year - YEARS[0])} for year in YEARS]
st.vega_lite_chart(rows, SPEC, key="vega_floor")
