"""What a county's own ages would make of it in ten years: who leaves and comes goes on doing so.

docs/model.md, backtest. One census shows at which ages a county is thin or full beside the nation;
carried on, that says how many will be there when today's schoolchildren are grown.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from simulator import tables
from simulator.county_tables import FIRST_YEAR
from simulator.demography.lifetable import life_table

#: How much of what one census shows is taken to go on: half of it, all of it.
_GOES_ON = {"half": 0.5, "whole": 1.0}
#: Census groups 0 and 1-4 are one of five years here, so that all are alike but the open one.
_WIDTH = 5
_GROUPS = 18
#: Groups that ten years are.
_DECADE = 2
#: Mothers are 20 to 39, children under ten, the young 15 to 34.
_MOTHERS, _CHILDREN, _YOUNG = slice(4, 8), slice(0, 2), slice(3, 7)
#: Log ratios beyond this are of colleges, barracks and mines, which do not age with their people.
_EXTREME = 1.0
#: Names of the features.
AGEING = tuple(f"{what}_{part}" for part in _GOES_ON for what in ("carried", "carried_young"))


def carried(ages: np.ndarray) -> dict[str, np.ndarray]:
    """Logs of all people and of the young ten years on, against all people now, `AGEING`, (U,).

    Children are those per woman now, times the mean of women now and then.

    Parameters
    ----------
    ages : persons of 2010 by sex and census age group, shape (U, 2, 19)
    """
    groups = np.concatenate([ages[:, :, :1] + ages[:, :, 1:2], ages[:, :, 2:]], axis=2)
    both = groups.sum(axis=1)
    now = np.maximum(both.sum(axis=1), 1.0)
    women = groups[:, 1, _MOTHERS].sum(axis=1)
    children = both[:, _CHILDREN].sum(axis=1) / np.maximum(women, 1.0)
    moved = _movement(both)
    found = {}
    for part, share in _GOES_ON.items():
        then = _ten_years_on(groups, np.exp(share * moved))
        born = children * (women + then[:, 1, _MOTHERS].sum(axis=1)) / 2.0
        people = then.sum(axis=(1, 2)) + born
        young = then[:, :, _YOUNG].sum(axis=(1, 2))
        found[f"carried_{part}"] = np.log(np.maximum(people, 1.0) / now)
        found[f"carried_young_{part}"] = np.log(np.maximum(young, 1.0) / now)
    return found


def _movement(both: np.ndarray) -> np.ndarray:
    """Log of each group over the one ten years younger, against the nation's, (U, 16)."""
    nation = _nation()
    here = np.maximum(both, 1.0)
    ratio = np.log(here[:, _DECADE:] / here[:, :-_DECADE])
    return np.clip(ratio - np.log(nation[_DECADE:] / nation[:-_DECADE]), -_EXTREME, _EXTREME)


def _ten_years_on(groups: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Survivors by sex and group (U, 2, 18), times who comes or leaves; those of the open group
    and of what enters it do not move.
    """
    alive = groups * _survival()
    last = _GROUPS - 1
    then = np.zeros_like(alive)
    inner = last - _DECADE
    then[:, :, _DECADE:last] = alive[:, :, :inner] * factor[:, None, :inner]
    then[:, :, last] = alive[:, :, inner:].sum(axis=2)
    return then


@cache
def _nation() -> np.ndarray:
    """People of the nation of 2010 by group (18,): the same whatever counties a folder holds."""
    ages = tables.population(FIRST_YEAR, "total").sum(axis=0)
    return np.asarray(np.add.reduceat(ages, _WIDTH * np.arange(_GROUPS)))


@cache
def _survival() -> np.ndarray:
    """Ten-year survival of the nation's groups, (2, 18), at the one table of rates that the
    program has, of 2020-2025: the same for all counties, it tells none of them apart.
    """
    lived = life_table(tables.mortality_standard("total")).Lx
    starts = _WIDTH * np.arange(_GROUPS)
    now = np.add.reduceat(lived, starts, axis=-1)
    # Ten years on; whoever leaves the open group has died.
    later = np.zeros_like(lived)
    later[:, : -_DECADE * _WIDTH] = lived[:, _DECADE * _WIDTH :]
    return np.asarray(np.add.reduceat(later, starts, axis=-1) / now)
