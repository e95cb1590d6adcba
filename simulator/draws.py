"""Many draws of one place through the year loop; only cell totals are kept, and ages if asked.

Each draw of a policy is projected twice, on trend and under the policy, because a lever acts
against the trend of its own draw; where there is no policy the trend alone will do, and a history
is run on trend only. A draw's result depends on nothing but the draw: chunks, threads and order do
not matter to the last bit.
"""

from __future__ import annotations

import numpy as np

from simulator.kernel import DrawInputs, Task, kernel, unlimited
from simulator.state import Inputs


def rests(inputs: Inputs) -> bool:
    """Whether no lever of ``inputs`` acts and nothing limits the trend, so that every driver is 0.

    A quota among the rules in force at the place limits the trend itself.
    """
    return np.array_equal(inputs.policy, inputs.policy_baseline) and bool(unlimited(inputs))


def simulate_trend(inputs: Inputs, draws: DrawInputs, trend: np.ndarray) -> None:
    """Project K draws on trend.

    Parameters
    ----------
    inputs : common to all draws; its level, schedule, arrivals and behaviour are not read
    draws : what differs
    trend : (K, T + 1, 3, 3) [persons], overwritten
    """
    kernel(Task.TREND, inputs, draws, trend=trend)


def simulate_draws(
    inputs: Inputs, draws: DrawInputs, trend: np.ndarray, policy: np.ndarray
) -> None:
    """Project K draws, each on trend and under the policy.

    Parameters
    ----------
    inputs : common to all draws; its level, schedule, arrivals and behaviour are not read
    draws : what differs
    trend, policy : (K, T + 1, 3, 3) [persons], overwritten
    """
    kernel(Task.POLICY, inputs, draws, trend=trend, policy=policy)


def simulate_history(
    inputs: Inputs, draws: DrawInputs, at: np.ndarray, totals: np.ndarray, ages: np.ndarray
) -> None:
    """Project K draws on trend, keeping what a fit compares with the figures of a place.

    Parameters
    ----------
    inputs, draws : as for `simulate_draws`
    at : (Y,) projected years, 0 the first, after which residents are counted by age
    totals : (K, T + 1, 3, 3) [persons], overwritten
    ages : (K, Y, 2, A) [persons], overwritten
    """
    kernel(Task.HISTORY, inputs, draws, trend=totals, at=at, ages=ages)
