"""Arithmetic checks on a plan's own numbers, before any run. docs/audit.md has a worked example of
each rule.
"""
