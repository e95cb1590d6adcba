"""A projection year after year, keeping every flow. docs/model.md eqs. (2)-(25).

Arrays in, arrays out; opens nothing, prints nothing.
"""

from __future__ import annotations

from simulator.kernel import Paths, Task, empty_paths, kernel
from simulator.state import Inputs


def simulate(inputs: Inputs, paths: Paths) -> None:
    """Project T years; every array of ``paths`` is overwritten.

    With ``policy`` equal to ``policy_baseline`` (no jobs beyond the trend, no quota that binds)
    every driver is exactly 0 and the result is the calibrated trend, bit for bit.
    """
    kernel(Task.EVERY_FLOW, inputs, paths=paths)


def project(inputs: Inputs) -> Paths:
    """Project ``inputs`` over their years; see `Inputs` and `Paths` for shapes."""
    years, ages = inputs.srb.shape[0], inputs.population.shape[-1]
    paths = empty_paths(years, ages)
    simulate(inputs, paths)
    return paths
