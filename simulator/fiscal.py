"""What a scenario asks of the public purse, by concept, as ranges; docs/model.md eqs. (64)-(67).

Costs of different concepts (once and every year, per settled person and per place built) overlap
and are never added.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from simulator.axes import Flow
from simulator.indicators import denominator
from simulator.kernel import Paths
from simulator.levers.columns import Policy
from simulator.prices import Cost, priced, unit_price

ITEMS = ("settled_once", "settled_yearly", "dwellings", "school_places")


def public_costs(
    paths: Paths, policy: np.ndarray, values: Mapping[str, float], stated: Collection[str] = ()
) -> tuple[Cost, ...]:
    """Costs of settled persons, public dwellings and school places, eqs. (64)-(67).

    Parameters
    ----------
    paths, policy : of the scenario, or of the trend
    values, stated : parameter values, and names of those that the user set
    """
    settled = paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3))
    pupils = denominator(paths.population, "town_pupils", 1.0, values["elderly_age"])
    units = {
        "settled_once": settled,
        "settled_yearly": np.cumsum(settled),
        "dwellings": policy[:, [Policy.RENTAL_UNITS, Policy.RESETTLEMENT_UNITS]].sum(axis=1),
        "school_places": np.diff(np.maximum.accumulate(pupils)),
    }
    return tuple(
        priced(item, units[item], unit_price(_PRICES[item], values, stated)) for item in ITEMS
    )


#: Parameters whose product is the cost of one unit, in prices of about 2022.
_PRICES = {
    "settled_once": ("settlement_cost_once", "price_rise_2010"),
    "settled_yearly": ("settlement_cost_yearly", "price_rise_2012"),
    "dwellings": ("public_dwelling_area", "dwelling_cost_per_area"),
    "school_places": ("school_place_cost",),
}
