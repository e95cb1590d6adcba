"""Scripts that make the tables of simulator/data/."""
