"""The stock of town dwellings by tenure that a projection implies; docs/model.md eq. (59)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.levers.columns import Policy


@dataclass(frozen=True)
class Dwellings:
    """Town dwellings, each (T + 1,): owned and rented stock, and the share that stands empty."""

    owned: np.ndarray
    rented: np.ndarray
    vacancy: np.ndarray


def dwelling_stock(
    town: np.ndarray, trend_town: np.ndarray, policy: np.ndarray, values: Mapping[str, float]
) -> Dwellings:
    """Stock by tenure and vacancy, eq. (59).

    Parameters
    ----------
    town : (T + 1,) town residents of the scenario
    trend_town : (T + 1,) town residents of the trend, with whose highest builders keep pace
    policy : (T, len(Policy))
    values : parameter values
    """
    own, rent = values["persons_per_dwelling"], values["persons_per_rental"]
    share, empty = values["rental_share"], values["vacancy_rate"]
    housed = np.maximum.accumulate(trend_town) / (1.0 - empty)
    bought = policy[:, Policy.COMMERCIAL_UNITS] + policy[:, Policy.RESETTLEMENT_UNITS]
    added = np.concatenate([[0.0], np.cumsum(bought - policy[:, Policy.DEMOLISHED_UNITS])])
    owned = housed * (1.0 - share) / own + added
    let = np.concatenate([[0.0], np.cumsum(policy[:, Policy.RENTAL_UNITS])])
    rented = housed * share / rent + let
    room = owned * own + rented * rent
    with np.errstate(divide="ignore", invalid="ignore"):
        vacancy = np.where(room > 0.0, 1.0 - town / room, np.nan)
    return Dwellings(owned, rented, vacancy)
