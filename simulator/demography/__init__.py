"""Pure demographic functions: life tables, fertility, migration age schedules."""
