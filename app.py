"""Entry point of the Streamlit app: ``streamlit run app.py``."""

from simulator.ui.shell import main

main()
