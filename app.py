"""Entry point of the Streamlit app: ``streamlit run app.py``."""

from simulator.ui.page import main

main()
