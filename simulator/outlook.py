"""How sure a run is: quantiles of its series and the probability of each target, from draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.axes import Place, Registration
from simulator.census import is_joined
from simulator.ensemble import run_draws
from simulator.forecast_error import Errors, base_spread, forecast_errors
from simulator.goals import by_stocks
from simulator.indicators import measure
from simulator.run import Run
from simulator.targets import meets
from simulator.units import from_base

#: Quantiles that are kept of every series.
LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
#: Censuses are taken in years that end in 0.
_CENSUS_EVERY = 10
_HALF = 0.5
_RESIDENTS, _SPLIT = "resident_population", {"resident_urbanization_rate", "town_population"}
_LOCAL = slice(Registration.URBAN_HUKOU, Registration.NONLOCAL)
#: Keys of the errors' streams lie beyond any block of parameter draws.
_STREAM = 2**40
_SERIES = (
    "resident_population", "town_population", "village_population", "hukou_population",
    "out_migrants", "nonlocal_residents", "hukou_minus_resident", "resident_urbanization_rate",
    "hukou_urbanization_rate", "county_seat_population", "urbanization_rate_annual_increase",
    "new_town_residents",
)  # fmt: skip


@dataclass(frozen=True)
class Outlook:
    """What draws say of one scenario.

    ``quantiles[name]`` is (len(LEVELS), T + 1) and ``mean[name]`` (T + 1,), persons or shares;
    ``probability`` has one entry a target, None where draws cannot judge it.
    ``years_since_count`` is how far the base year lies from the last census behind it.
    """

    draws: int
    seed: int
    years_since_count: int
    quantiles: Mapping[str, np.ndarray]
    mean: Mapping[str, np.ndarray]
    probability: tuple[float | None, ...]

    def monte_carlo_error(self, probability: float) -> float:
        """Standard error of a probability that comes from the number of draws being finite.

        Half a draw is added to either side (Agresti and Coull 1998), so that none and all are not
        called certain.
        """
        share = (probability * self.draws + _HALF) / (self.draws + 2.0 * _HALF)
        return float(np.sqrt(share * (1.0 - share) / self.draws))


def outlook(run: Run, draws: int, seed: int, workers: int | None = None) -> Outlook:
    """Project ``draws`` draws of a scenario and count in how many each target is met.

    The stream is a function of the seed alone, so the same call gives the same numbers on any
    number of cores and with any number of ``workers``, threads, by default one a core.
    """
    series = _series(drawn_totals(run, draws, seed, workers), run)
    found = {name: np.quantile(values, LEVELS, axis=0) for name, values in series.items()}
    mean = {name: values.mean(axis=0) for name, values in series.items()}
    chances = _probabilities(run, series)
    return Outlook(draws, seed, years_since_count(run), found, mean, chances)


def drawn_totals(run: Run, draws: int, seed: int, workers: int | None = None) -> np.ndarray:
    """Totals by registration and place of every draw with its errors, (K, T + 1, 3, 3) persons."""
    trend, policy = _totals(run, draws, seed, workers)
    normal = _every_normal(seed, draws, len(run.years))
    return _shifted(policy, _errors(trend, normal, run))


def _totals(run: Run, draws: int, seed: int, workers: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Totals of every draw on trend and under the policy; of a sum of places, summed.

    The members of a sum share their draws: what is not known of one is not known of its neighbours.
    """
    if not run.members:
        alone = run_draws(run, draws, seed, workers=workers)
        return alone.trend, alone.policy
    found = [run_draws(one, draws, seed, workers=workers) for one in run.members]
    trend, policy = (np.stack([getattr(e, name) for e in found]) for name in ("trend", "policy"))
    return trend.sum(axis=0), policy.sum(axis=0)


@lru_cache(maxsize=2)
def _every_normal(seed: int, draws: int, size: int) -> np.ndarray:
    """`_normals` of the first draws, (draws, 2, size); the same for all places of a batch."""
    found = np.stack([_normals(seed, k, size) for k in range(draws)])
    found.setflags(write=False)
    return found


def _normals(seed: int, draw: int, size: int) -> np.ndarray:
    """Standard normals (2, size) of one draw, from another stream than its parameters.

    Those of early years do not depend on how many follow.
    """
    stream = np.random.Generator(np.random.Philox(key=[seed, _STREAM + draw]))
    return stream.standard_normal((size, 2)).T


def years_since_count(run: Run) -> int:
    """Years from the newest census among the place's figures to its base year."""
    base = run.study.place.base_year
    counts = [
        f.at
        for f in run.study.place.facts
        if f.use in ("base", "history")
        and f.indicator in ("resident_population", "town_population")
        and f.at is not None
        and f.at % _CENSUS_EVERY == 0
        and f.at <= base
    ]
    return base - max(counts, default=base - base % _CENSUS_EVERY)


def _urban(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residents and logit of the urban share of totals (K, T + 1, 3, 3)."""
    town = totals[..., Place.TOWN].sum(axis=-1)
    village = totals[..., Place.VILLAGE].sum(axis=-1)
    return town + village, np.log(town / village)


def _errors(totals: np.ndarray, normal: np.ndarray, run: Run) -> Errors:
    """Errors to be carried, sized on the trend so that a lever does not change them."""
    residents, logit = _urban(totals)
    values, age = run.start.values, years_since_count(run)
    stated = {f.indicator for f in run.study.place.facts if f.use == "base" and not is_joined(f)}
    spread = (
        base_spread(_RESIDENTS in stated, age, "population", values),
        base_spread(not _SPLIT.isdisjoint(stated), age, "urban", values),
    )
    return forecast_errors(normal, np.log(residents), logit, spread, values)


def _shifted(totals: np.ndarray, errors: Errors) -> np.ndarray:
    """Totals with residents and urban share moved by their errors, eq. (70).

    Registers know their people: a local who is not resident after all is away, and the other way
    round, as far as there are people away.
    """
    _, logit = _urban(totals)
    share = 1.0 / (1.0 + np.exp(-logit))
    moved = 1.0 / (1.0 + np.exp(-(logit + errors.urban)))
    level = np.exp(errors.population)
    shifted = totals.copy()
    shifted[..., Place.TOWN] *= (level * moved / share)[..., None]
    shifted[..., Place.VILLAGE] *= (level * (1.0 - moved) / (1.0 - share))[..., None]
    gained = (shifted - totals)[..., _LOCAL, : Place.AWAY].sum(axis=-1)
    away = totals[..., _LOCAL, Place.AWAY] - gained
    shifted[..., _LOCAL, Place.AWAY] = np.maximum(away, 0.0)
    return np.asarray(shifted)


def _series(totals: np.ndarray, run: Run) -> dict[str, np.ndarray]:
    """Series of every draw by indicator, (K, T + 1), as far as totals tell them."""
    stocks, share = measure(totals[..., None, None]), run.start.seat_share
    every = ((name, by_stocks(name, stocks, run.years, share)) for name in _SERIES)
    return {name: values for name, values in every if values is not None}


def _probabilities(run: Run, series: Mapping[str, np.ndarray]) -> tuple[float | None, ...]:
    """Share of draws in which each target is met in its year."""
    tolerance = run.start.values["target_tolerance"]
    found: list[float | None] = []
    for check in run.targets:
        target = check.target
        values = series.get(target.indicator)
        part = target.scope == "county_territory"  # draws are kept of the whole place only
        if check.projected is None or values is None or part or target.at is None or target.since:
            found.append(None)
            continue
        at = int(target.at - run.years[0])
        shown = values[:, at] * from_base(1.0, target.unit)
        found.append(float(meets(target, shown, tolerance).mean()))
    return tuple(found)
