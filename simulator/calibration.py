"""Flow levels fitted to a place's own history: maximum a posteriori in log space.

docs/model.md eqs. (48)-(51). The fit is finished before any lever acts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from simulator.age_table import AgeTable
from simulator.indicators import Stocks, measure, residents_by_age
from simulator.levers.columns import baseline_policy, behaviour_vector
from simulator.parameters import parameters
from simulator.projection import project
from simulator.rates import age_patterns, flow_levels, participation, vital_rates
from simulator.state import Inputs

#: Parameters that a history can speak about; the others stay at their central values.
FITTED = (
    "rural_to_urban_level",
    "reclassification_level",
    "out_migration_level",
    "return_level",
    "settled_elsewhere_level",
    "hukou_conversion_level",
    "arrival_share",
    "fertility_ratio",
    "recent_shift_town",
    "recent_shift_out",
    "rc_a1",
    "rc_alpha2",
    "rc_mu2",
    "rc_c",
)
_INDEPENDENT_YEARS = 5.0
#: Ordinary histories take ten to twenty steps; facts that no level can meet would go on for ever.
_MAX_STEPS = 100
_STRONG = 0.8
_GROUP_FLOOR = 50.0


@dataclass(frozen=True)
class Observation:
    """One figure of the history: persons or share, with its standard deviation."""

    year: int
    indicator: str
    value: float
    sd: float


@dataclass(frozen=True)
class Context:
    """What a projection of a place needs besides parameters and people.

    ``arrival_base`` is the resident population that arrivals are a share of, the same in the fit
    and in the projection; ``shift_after`` the last year before the recent shift of levels;
    ``rules`` the settlement rules in force on trend.
    """

    level: str
    shift_after: int
    arrival_base: float
    rules: Mapping[str, float]


@dataclass(frozen=True)
class History:
    """Where a fit starts and what it must meet."""

    start_year: int
    base_year: int
    cells: np.ndarray
    observations: tuple[Observation, ...]
    age_tables: Mapping[int, AgeTable]
    context: Context


@dataclass(frozen=True)
class Fit:
    """What the history says: values, how surely, and what it could not tell apart.

    ``prior`` is the centre of each fitted name; ``log_sd`` and ``prior_log_sd`` are standard
    deviations of the log value; ``covariance`` is of the log values in the order of ``names``;
    ``fitted`` follows ``observations``. ``history`` is what was fitted.
    """

    names: tuple[str, ...]
    values: Mapping[str, float]
    log_sd: Mapping[str, float]
    prior: Mapping[str, float]
    prior_log_sd: Mapping[str, float]
    covariance: np.ndarray
    observations: tuple[Observation, ...]
    fitted: np.ndarray
    start_year: int
    shift_after: int
    population: np.ndarray
    cost: float
    history: History

    def confounded(self) -> list[tuple[str, str, float]]:
        """Pairs whose posterior correlation is so strong that only their sum or ratio is known."""
        sd = np.sqrt(np.diag(self.covariance))
        correlation = self.covariance / np.outer(sd, sd)
        pairs = []
        for i, first in enumerate(self.names):
            for j in range(i):
                if abs(correlation[i, j]) > _STRONG:
                    pairs.append((self.names[j], first, float(correlation[i, j])))
        return pairs


def trend_inputs(
    values: Mapping[str, float], cells: np.ndarray, years: range, context: Context
) -> Inputs:
    """Inputs of a projection in which every lever rests, shapes as in `Inputs`."""
    vital = vital_rates(context.level, years, values["mortality_e0_difference"])
    policy = baseline_policy(len(years), context.rules)
    inputs = Inputs(
        population=cells,
        mortality=vital.mortality,
        newborn_survival=vital.newborn_survival,
        asfr=vital.asfr,
        srb=vital.srb,
        schedule=np.empty(0),
        level=np.empty(0),
        arrivals=np.empty(0),
        participation=participation(values),
        policy=policy,
        policy_baseline=policy,
        behaviour=behaviour_vector(values),
        trend_town=np.full(len(years) + 1, np.inf),
    )
    return with_flows(inputs, values, years, context)


def with_flows(
    inputs: Inputs, values: Mapping[str, float], years: range, context: Context
) -> Inputs:
    """The same inputs with the fertility and flows that ``values`` say: what a fit varies."""
    vital = vital_rates(context.level, years, values["mortality_e0_difference"])
    schedule, arrivals = age_patterns(values)
    return inputs._replace(
        asfr=vital.asfr * values["fertility_ratio"],
        schedule=schedule,
        level=flow_levels(values, years, context.arrival_base, context.shift_after),
        arrivals=arrivals,
    )


def misfits(
    stocks: Stocks, ages: Mapping[int, np.ndarray], history: History, relative_sd: float
) -> np.ndarray:
    """Figures and age groups of a history as a projection misses them, in standard deviations.

    Parameters
    ----------
    stocks : each (..., T + 1), from the start of the history
    ages : residents by sex and age, (..., 2, A) persons, of the years that `counted_ages` names
    history : what there is to meet
    relative_sd : of an age group of five years or more, eq. (49)

    Returns
    -------
    misfits : (..., figures + age groups)
    """
    observed = np.array([o.value for o in history.observations])
    sd = np.array([o.sd for o in history.observations])
    found = [(_predict(stocks, history) - observed) / sd] if len(sd) else []
    found += [_age_misfit(ages[y], history.age_tables[y], relative_sd) for y in ages]
    if not found:
        return np.empty((*stocks.resident_population.shape[:-1], 0))
    return np.concatenate(found, axis=-1)


def counted_ages(history: History) -> tuple[int, ...]:
    """Years after the start whose ages a fit must meet; the start is built from its own."""
    return tuple(year for year in history.age_tables if year > history.start_year)


def _predict(stocks: Stocks, history: History) -> np.ndarray:
    """Model values of the observations, (..., observations)."""
    at = [o.year - history.start_year for o in history.observations]
    pairs = zip(history.observations, at, strict=True)
    values = [np.asarray(getattr(stocks, o.indicator))[..., i] for o, i in pairs]
    return np.stack(values, axis=-1) if values else np.empty(0)


def _age_misfit(ages: np.ndarray, table: AgeTable, relative_sd: float) -> np.ndarray:
    """Age groups of residents as shares of their total, so that totals are not counted twice."""
    size = np.bincount(table.group)
    groups = np.stack([ages[..., table.group == g].sum(axis=-1) for g in range(len(size))], axis=-1)
    share = groups.sum(axis=(-1, -2), keepdims=True) / table.persons.sum()
    error = np.log((groups + _GROUP_FLOOR) / (table.persons * share + _GROUP_FLOOR)) / relative_sd
    # Neighbouring single years err together: five of them are worth one independent look.
    worth = np.sqrt(np.maximum(1.0, _INDEPENDENT_YEARS / size))
    return np.asarray((error / worth).reshape(*ages.shape[:-2], -1))


def fit(
    history: History,
    values: Mapping[str, float],
    fixed: Sequence[str] = (),
    near: Mapping[str, float] | None = None,
    *,
    polish: bool = True,
) -> Fit:
    """Fit `FITTED` (less ``fixed``) to a history, eqs. (48)-(51).

    Parameters
    ----------
    history : start cells, observations after the start, age tables
    values : every parameter; the fitted ones are the prior's centre
    fixed : names that the user set and the fit must leave alone
    near : values to start the search from; by default the prior's centre
    polish : go on to the last digits; without, the answer is good to about four

    Returns
    -------
    Fit
    """
    names = tuple(n for n in FITTED if n not in fixed)
    table = parameters()
    centre = np.log([values[n] for n in names])
    prior_sd = np.array([table[n].log_sd for n in names])
    years = range(history.start_year + 1, history.base_year + 1)
    resting = trend_inputs(values, history.cells, years, history.context)
    counted = counted_ages(history)

    def run(theta: np.ndarray) -> np.ndarray:
        trial = {**values, **dict(zip(names, np.exp(theta), strict=True))}
        return project(with_flows(resting, trial, years, history.context)).population

    def residuals(theta: np.ndarray) -> np.ndarray:
        population = run(theta)
        ages = {y: residents_by_age(population[y - history.start_year]) for y in counted}
        misfit = misfits(measure(population), ages, history, values["sd_age_group"])
        return np.concatenate([misfit, (theta - centre) / prior_sd])

    # The documented range is also what a scenario may set, so a fit can always be entered again.
    bounds = (np.log([table[n].low for n in names]), np.log([table[n].high for n in names]))
    begin = centre if near is None else np.clip(np.log([near[n] for n in names]), *bounds)
    best = _solve(residuals, begin, bounds, prior_sd, polish)
    prior = dict(zip(names, prior_sd.tolist(), strict=True))
    return _told(history, values, prior, best, run(best.x))


def _told(
    history: History,
    values: Mapping[str, float],
    prior_log_sd: Mapping[str, float],
    best: OptimizeResult,
    population: np.ndarray,
) -> Fit:
    """What the optimum says, by name."""
    names = tuple(prior_log_sd)
    covariance = np.linalg.inv(best.jac.T @ best.jac)
    return Fit(
        names=names,
        values={**values, **dict(zip(names, np.exp(best.x).tolist(), strict=True))},
        log_sd=dict(zip(names, np.sqrt(np.diag(covariance)).tolist(), strict=True)),
        prior={n: values[n] for n in names},
        prior_log_sd=prior_log_sd,
        covariance=covariance,
        observations=history.observations,
        fitted=_predict(measure(population), history),
        history=history,
        start_year=history.start_year,
        shift_after=history.context.shift_after,
        population=population,
        cost=float(best.cost),
    )


def _solve(
    residuals: Callable[[np.ndarray], np.ndarray],
    begin: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    scale: np.ndarray,
    polish: bool,
) -> OptimizeResult:
    """Least squares, quickly to the neighbourhood and then to the last digits."""
    common: dict[str, Any] = {"bounds": bounds, "x_scale": scale, "max_nfev": _MAX_STEPS}
    if not polish:
        return least_squares(residuals, begin, **common, **_ROUGH)
    rough = least_squares(residuals, begin, **common)
    return least_squares(residuals, rough.x, **common, **_SOLVER)


#: Good to about four digits: enough for a figure that is only shown beside another.
_ROUGH: Mapping[str, Any] = {"xtol": 1e-5, "ftol": 1e-5}
#: Central differences and tight stops, so that rounding in the last digit stays there.
_SOLVER: Mapping[str, Any] = {"jac": "3-point", "xtol": 1e-13, "ftol": 1e-13, "gtol": 1e-13}
