"""What many sets of parameter values mean for the year loop; docs/model.md section 13."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simulator.kernel import DrawInputs
from simulator.levers.columns import Behaviour
from simulator.rates import arrival_shares, flow_levels, schedules

#: Odds of dying move by about this factor for a year of life expectancy; only the sign and size
#: of a small difference matter here, the fit itself uses whole life tables.
_HAZARD_PER_YEAR = 1.09
_BEHAVIOUR = tuple(item.name.lower() for item in Behaviour)


def patterns(values: Mapping[str, np.ndarray], central: Mapping[str, float]) -> DrawInputs:
    """The part of the rates of K draws that no level of a flow enters; the rest is empty.

    Parameters
    ----------
    values : parameters, each (K,)
    central : values that the common rates of the projection were made with
    """
    difference = values["mortality_e0_difference"] - central["mortality_e0_difference"]
    return DrawInputs(
        level=np.empty(0),
        schedule=schedules(values),
        arrivals=arrival_shares(values),
        behaviour=np.stack([values[name] for name in _BEHAVIOUR], axis=-1),
        mortality_scale=_HAZARD_PER_YEAR**-difference,
        fertility_scale=np.empty(0),
    )


def drawn_rates(
    values: Mapping[str, np.ndarray],
    central: Mapping[str, float],
    years: range,
    arrival_base: float,
    shift_after: int,
    shared: DrawInputs | None = None,
) -> DrawInputs:
    """Rates of K draws.

    Parameters
    ----------
    values, central : every parameter, as for `patterns`
    years : calendar years projected
    arrival_base : residents that arrivals are a share of
    shift_after : last year before the recent shift of levels
    shared : `patterns` of the same draws, where they are known already
    """
    found = patterns(values, central) if shared is None else shared
    return found._replace(
        level=flow_levels(values, years, arrival_base, shift_after),
        fertility_scale=values["fertility_ratio"] / central["fertility_ratio"],
    )
