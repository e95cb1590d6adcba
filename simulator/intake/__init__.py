"""A planner's own figures from a workbook: the template, its reading, and the place file."""
