"""The Streamlit app: pages, charts, state and downloads; no arithmetic on populations."""
