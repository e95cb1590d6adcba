"""What a policy costs, by item, year and who pays, as ranges; docs/planning.md.

Every figure is the cost of what goes beyond the trend.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.axes import Flow
from simulator.kernel import Paths
from simulator.levers.columns import Policy
from simulator.prices import Cost, Range, known, priced, unit_price
from simulator.run import Run

PAYERS = ("government", "firms", "households")
#: Item -> who pays, and the parameters whose product is the cost of one unit.
ITEMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "settled": ("government", ("settlement_cost_once", "price_rise_2010")),
    "job_support": ("government", ("job_support_cost",)),
    "rental": ("government", ("public_dwelling_area", "dwelling_cost_per_area")),
    "resettlement": ("government", ("public_dwelling_area", "dwelling_cost_per_area")),
    "basic_investment": ("firms", ("basic_job_investment",)),
    "other_investment": ("firms", ("other_job_investment",)),
    "commercial": ("households", ("commercial_dwelling_area", "dwelling_cost_per_area")),
}
_HOUSING_PART = "settlement_housing_share"
_PERCENT = 100.0


@dataclass(frozen=True)
class ExtraPoint:
    """What one more percentage point of a rate costs the government, by the end of a year."""

    indicator: str
    year: int
    points: float
    cost: Range


def unit_prices(values: Mapping[str, float], stated: Collection[str]) -> dict[str, Range]:
    """Yuan for one unit of each item, as `simulator.prices.unit_price` takes ``stated``.

    The housing part of the settling cost is taken off, because public dwellings are an item.
    """
    found = {item: unit_price(names, values, stated) for item, (_, names) in ITEMS.items()}
    whole, part = found["settled"], known(_HOUSING_PART, values, stated)
    found["settled"] = Range(
        whole.low * (1.0 - part.high),
        whole.central * (1.0 - part.central),
        whole.high * (1.0 - part.low),
    )
    return found


def settled_persons(paths: Paths) -> np.ndarray:
    """Persons who obtain urban hukou each year, (T,)."""
    return np.asarray(paths.flows[:, Flow.HUKOU_CONVERSION].sum(axis=(1, 2, 3)))


def quantities(
    policy: np.ndarray, resting: np.ndarray, settled: np.ndarray, on_trend: np.ndarray
) -> dict[str, np.ndarray]:
    """Units of each item that go beyond the trend, each (T,); what is lost or saved is not counted.

    Parameters
    ----------
    policy, resting : (T, len(Policy)) of the scenario and of the trend
    settled, on_trend : (T,) persons who obtain urban hukou
    """

    def beyond(lever: Policy) -> np.ndarray:
        return np.maximum(policy[:, lever] - resting[:, lever], 0.0)

    basic, other = beyond(Policy.BASIC_JOBS), beyond(Policy.OTHER_JOBS)
    return {
        "settled": np.maximum(settled - on_trend, 0.0),
        "job_support": basic + other,
        "rental": beyond(Policy.RENTAL_UNITS),
        "resettlement": beyond(Policy.RESETTLEMENT_UNITS),
        "basic_investment": basic,
        "other_investment": other,
        "commercial": beyond(Policy.COMMERCIAL_UNITS),
    }


def costs(run: Run, trend: Run) -> tuple[Cost, ...]:
    """Every item of a scenario, in the order of `ITEMS`."""
    resting = run.inputs.policy_baseline
    settled, on_trend = settled_persons(run.paths), settled_persons(trend.paths)
    units = quantities(run.inputs.policy, resting, settled, on_trend)
    prices = unit_prices(run.start.values, run.study.overridden)
    return tuple(priced(item, units[item], prices[item]) for item in ITEMS)


def payer_of(cost: Cost) -> str:
    """Who pays an item, one of `PAYERS`."""
    return ITEMS[cost.item][0]


def by_payer(found: Sequence[Cost], payer: str, years: int | None = None) -> Range:
    """Sum of a payer's items over the first ``years`` projected years (all by default), yuan.

    Low and high add up as if all prices were low or high at once: the widest range.
    """
    paid = [c for c in found if payer_of(c) == payer]
    sums = (
        sum(float(getattr(c, n)[:years].sum()) for c in paid) for n in ("low", "central", "high")
    )
    return Range(*sums)


def extra_points(run: Run, trend: Run, found: Sequence[Cost]) -> tuple[ExtraPoint, ...]:
    """Government cost of each percentage point gained over the trend, for every targeted rate."""
    points = []
    for check in run.targets:
        at = check.target.at
        rate = check.indicator.name
        if check.status == "not_modelled" or not rate.endswith("urbanization_rate") or at is None:
            continue
        position = at - int(run.years[0])
        gained = _PERCENT * float(run.series[rate][position] - trend.series[rate][position])
        paid = by_payer(found, "government", position)
        if gained > 0.0:
            each = Range(paid.low / gained, paid.central / gained, paid.high / gained)
            points.append(ExtraPoint(rate, at, gained, each))
    return tuple(points)
