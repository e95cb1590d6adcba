"""Places added up: the people, flows and start of a prefecture are the sums of its members'.

docs/model.md section 11.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.baseline import Totals
from simulator.kernel import Paths
from simulator.launch import Launch
from simulator.totals import Assumed


def summed_paths(parts: Sequence[Paths]) -> Paths:
    """Projections of the same years added up.

    Drivers are ratios of one place and have no sum: they are nan.
    """

    def total(name: str) -> np.ndarray:
        return np.asarray(sum(getattr(part, name) for part in parts))

    return Paths(
        population=total("population"),
        flows=total("flows"),
        births=total("births"),
        newborn_deaths=total("newborn_deaths"),
        drivers=np.full_like(parts[0].drivers, np.nan),
    )


def summed_launch(parts: Sequence[Launch], names: Sequence[str]) -> Launch:
    """Starts added up; how much each member had to assume is told, and the rest is in its own.

    Parameters
    ----------
    parts : starts of the members
    names : their names, in the same order
    """
    totals = Totals(
        residents=sum(part.totals.residents for part in parts),
        town=sum(part.totals.town for part in parts),
        hukou=sum(part.totals.hukou for part in parts),
        urban_hukou=sum(part.totals.urban_hukou for part in parts),
        nonlocal_residents=sum(part.totals.nonlocal_residents for part in parts),
    )
    seats = sum(part.seat_share * part.totals.town for part in parts)
    assumed = (
        Assumed("member", float(len(part.assumed)), "count", "in_member", name)
        for part, name in zip(parts, names, strict=True)
    )
    first = parts[0]
    return Launch(
        population=np.asarray(sum(part.population for part in parts)),
        values=first.values,
        totals=totals,
        seat_share=seats / totals.town,
        fit=None,
        context=first.context,
        assumed=tuple(assumed),
        rung="members",
    )
