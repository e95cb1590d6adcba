"""Charts as Vega-Lite: specs that never change and the small tables that do."""
