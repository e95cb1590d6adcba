"""How sure a run is: quantiles of its series and the probability of each target, from draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.axes import Place, Registration
from simulator.census import is_joined
from simulator.county_lists import error_sizes
from simulator.ensemble import Ensemble, independent_draws, run_draws
from simulator.forecast_error import MEASURES, Errors, forecast_errors, kind_of, size_of
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
_STREAM, _MEMBER = 2**40, 2**44
#: Sets of normals kept for the next place of a batch: those of a sum of about as many members.
_KEPT = 16
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
    ``independent`` is how many independent samples of the fit the draws are worth, and
    ``years_since_count`` is how far the base year lies from the last census behind it.
    """

    draws: int
    seed: int
    years_since_count: int
    quantiles: Mapping[str, np.ndarray]
    mean: Mapping[str, np.ndarray]
    probability: tuple[float | None, ...]
    independent: float

    def monte_carlo_error(self, probability: float) -> float:
        """Standard error of a probability that comes from the number of draws being finite.

        Half a draw is added to either side (Agresti and Coull 1998), so that none and all are not
        called certain.
        """
        share = (probability * self.draws + _HALF) / (self.draws + 2.0 * _HALF)
        return float(np.sqrt(share * (1.0 - share) / self.draws))


def outlook(
    run: Run, draws: int, seed: int, *, bias: float = 0.0, workers: int | None = None
) -> Outlook:
    """Project ``draws`` draws of a scenario and count in how many each target is met.

    The stream is a function of the seed alone, so the same call gives the same numbers on any
    number of cores and with any number of ``workers``, threads, by default one a core. ``bias`` is
    how far the logit of the stated urban share is taken to be too high throughout; 0 where
    estimates of the same kind will judge.
    """
    series = _series(drawn_totals(run, draws, seed, bias, workers), run)
    found = {name: np.quantile(values, LEVELS, axis=0) for name, values in series.items()}
    mean = {name: values.mean(axis=0) for name, values in series.items()}
    chances = _probabilities(run, series)
    worth = independent_draws(run, draws, seed)
    return Outlook(draws, seed, years_since_count(run), found, mean, chances, worth)


def drawn_totals(
    run: Run, draws: int, seed: int, bias: float = 0.0, workers: int | None = None
) -> np.ndarray:
    """Totals by registration and place of every draw with its errors, (K, T + 1, 3, 3) persons.

    The members of a sum share their parameters' draws; their forecast errors go together as far as
    those of neighbours have. ``bias`` and ``workers`` as in `outlook`.
    """
    if not run.members:
        normal = _normals(seed, draws, len(run.years))
        return _with_errors(run, run_draws(run, draws, seed, workers=workers), normal, bias)
    size, total = len(run.years), np.zeros(())
    shared = np.array(error_sizes("correlation"))[:, None]
    common = _normals(seed, draws, size)
    for i, member in enumerate(run.members):
        own = _normals(seed, draws, size, _MEMBER * (i + 1))
        normal = np.sqrt(shared) * common + np.sqrt(1.0 - shared) * own
        found = run_draws(member, draws, seed, workers=workers)
        total = total + _with_errors(member, found, normal, bias)
    return np.asarray(total)


def _with_errors(run: Run, found: Ensemble, normal: np.ndarray, bias: float) -> np.ndarray:
    """Totals of one place's draws, its errors made of the normals (K, 2, T + 1)."""
    errors = _errors(found.trend, normal, run)
    return _shifted(found.policy, Errors(errors.population, errors.urban - bias))


@lru_cache(maxsize=_KEPT)
def _normals(seed: int, draws: int, size: int, stream: int = 0) -> np.ndarray:
    """Standard normals (K, 2, size) of draws, from another stream than their parameters.

    Those of early years do not depend on how many follow, nor a draw's on other draws. The places
    of a batch share them.
    """
    keys = [[seed, _STREAM + stream + draw] for draw in range(draws)]
    found = [np.random.Generator(np.random.Philox(key=k)).standard_normal((size, 2)) for k in keys]
    normal = np.stack(found).transpose(0, 2, 1)
    normal.setflags(write=False)
    return normal


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
    values, age, place = run.start.values, years_since_count(run), run.study.place
    stated = {f.indicator for f in place.facts if f.use == "base" and not is_joined(f)}
    known = (_RESIDENTS in stated, not _SPLIT.isdisjoint(stated))
    residents_size, urban_size = (
        size_of(kind_of(place, float(residents[0, 0])), measure, told, age, values)
        for measure, told in zip(MEASURES, known, strict=True)
    )
    sizes, rho = (residents_size, urban_size), values["forecast_persistence"]
    return forecast_errors(normal, np.log(residents), logit, sizes, rho)


def _shifted(totals: np.ndarray, errors: Errors) -> np.ndarray:
    """Totals with residents and urban share moved by their errors, eq. (70).

    Registers know their people, and they stay as drawn to the last one: a local who is not resident
    after all is away, and who is resident after all was thought away. Where more residents come to
    light than locals are away, they are not local.
    """
    _, logit = _urban(totals)
    share = 1.0 / (1.0 + np.exp(-logit))
    moved = 1.0 / (1.0 + np.exp(-(logit + errors.urban)))
    level = np.exp(errors.population)
    shifted = totals.copy()
    shifted[..., Place.TOWN] *= (level * moved / share)[..., None]
    shifted[..., Place.VILLAGE] *= (level * (1.0 - moved) / (1.0 - share))[..., None]
    registered = totals[..., _LOCAL, :].sum(axis=-1)
    locals_here = shifted[..., _LOCAL, : Place.AWAY]
    wanted = locals_here.sum(axis=-1)
    kept = np.minimum(
        1.0, np.divide(registered, wanted, out=np.ones_like(wanted), where=wanted > 0.0)
    )
    beyond = (locals_here * (1.0 - kept[..., None])).sum(axis=-2)
    shifted[..., _LOCAL, : Place.AWAY] *= kept[..., None]
    shifted[..., Registration.NONLOCAL, : Place.AWAY] += beyond
    shifted[..., _LOCAL, Place.AWAY] = np.maximum(registered - kept * wanted, 0.0)
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
