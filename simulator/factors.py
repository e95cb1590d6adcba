"""What a result may be sensitive to, each factor as a standard normal; docs/planning.md.

Factors are parameters in their documented ranges, the fitted trend by its posterior, errors of
the base year's figures, and how much of each lever is delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.axes import Place
from simulator.ensemble import draw_inputs
from simulator.kernel import Paths
from simulator.levers.columns import Policy
from simulator.parameters import Parameter, assumptions, levers
from simulator.projection import project
from simulator.rates import participation
from simulator.run import Run
from simulator.spread import spread
from simulator.state import Inputs

#: Group of each group of parameters that acts in the projected years; the others only matter
#: where a place gives no figures, weigh facts, or price and judge results.
_OF = {
    "demography": "demography", "migration": "migration", "schedule": "migration",
    "settlement": "levers", "jobs": "levers", "housing": "levers",
}  # fmt: skip
#: Parameters that turn a plan's totals into what goes beyond the trend, before any projection.
_EARLIER = ("nonfarm_share_growth", "nonfarm_share_base")
_WORKING = ("participation_male_16_64", "participation_female_16_64", "participation_65_plus")
RESIDENTS, RATE = "resident_population", "resident_urbanization_rate"
_DATA = {RESIDENTS: "sd_population", RATE: "sd_share"}


@dataclass(frozen=True)
class Factor:
    """One factor: its group, and whether a parameter, part of the fit, a figure or a lever."""

    name: str
    group: str
    kind: str


@dataclass(frozen=True)
class Setting:
    """What a scenario is run with in one row: inputs of its trend and its own policy."""

    trend: Inputs
    policy: np.ndarray


@dataclass(frozen=True)
class Factors:
    """Every factor of a scenario, and the settings that values of them mean."""

    run: Run

    @cached_property
    def all(self) -> tuple[Factor, ...]:
        """Factors in a stable order: parameters, the fit, figures, levers."""
        fit = self.run.start.fit
        fitted = () if fit is None else fit.names
        found = [Factor(n, _OF[p.group], "parameter") for n, p in self._parameters.items()]
        # The history speaks about all fitted parameters at once: they vary together.
        found += [Factor(n, "migration", "fitted") for n in fitted]
        found += [Factor(n, "data", "figure") for n in _DATA]
        return (*found, *(Factor(n, "levers", "lever") for n in self._levers))

    @cached_property
    def _parameters(self) -> Mapping[str, Parameter]:
        fit = self.run.start.fit
        fixed = {*self.run.study.overridden, *_EARLIER, *(() if fit is None else fit.names)}
        return {
            n: p
            for n, p in assumptions().items()
            if p.group in _OF and p.distribution != "fixed" and n not in fixed
        }

    @cached_property
    def _levers(self) -> tuple[str, ...]:
        """Levers that the scenario sets to other than the trend's value."""
        policy, resting = self.run.inputs.policy, self.run.inputs.policy_baseline
        names = [n for members in levers().values() for n in members]
        columns = {n: Policy[n.upper()] for n in names}
        return tuple(n for n in names if (policy[:, columns[n]] != resting[:, columns[n]]).any())

    def columns(self, kind: str) -> list[int]:
        """Positions of the factors of a kind."""
        return [i for i, f in enumerate(self.all) if f.kind == kind]

    def values(self, z: np.ndarray, *, beside_run: bool = False) -> dict[str, np.ndarray]:
        """Parameter values of rows of standard normals (N, D), each (N,); as in `settings`."""
        start, table = self.run.start, assumptions()
        found = {n: np.full(len(z), start.values[n]) for n in table}
        rows = list(self._parameters.values())
        central = np.array([start.values[p.name] for p in rows])
        drawn = spread(rows, central, z[:, self.columns("parameter")].T)
        found |= dict(zip(self._parameters, drawn, strict=True))
        if start.posterior is not None:
            noise, posterior = z[:, self.columns("fitted")], start.posterior
            drawn = (
                posterior.beside_fit(noise)
                if beside_run
                else posterior.values(posterior.samples(noise).points)
            )
            found |= dict(zip(posterior.fit.names, drawn, strict=True))
        return found

    @cached_property
    def root(self) -> np.ndarray:
        """How the fitted parameters move with their normals near the optimum, (fitted, fitted).

        Its product with its transpose is their covariance, in standard deviations of the priors.
        """
        posterior = self.run.start.posterior
        return np.zeros((0, 0)) if posterior is None else posterior.optimum.root

    def settings(
        self, z: np.ndarray, delivered: np.ndarray, *, beside_run: bool = False
    ) -> list[Setting]:
        """Settings of rows of standard normals.

        Parameters
        ----------
        z : (N, D) standard normals; columns of levers are not read
        delivered : (N, levers) share of each lever that is delivered
        beside_run : fitted parameters are moved from the run's own, so that zeros are the run
            itself, and not from where the posterior of their normals is highest
        """
        values = self.values(z, beside_run=beside_run)
        draws = draw_inputs(self.run, values)
        given, found = self.run.inputs, []
        for k in range(len(z)):
            inputs = given._replace(
                population=self._people(z[k]), mortality=given.mortality * draws.mortality_scale[k],
                asfr=given.asfr * draws.fertility_scale[k], schedule=draws.schedule[k],
                level=draws.level[k], arrivals=draws.arrivals[k], behaviour=draws.behaviour[k],
                participation=participation({n: float(values[n][k]) for n in _WORKING}),
                policy=given.policy_baseline, trend_town=np.full(len(self.run.years), np.inf),
            )  # fmt: skip
            found.append(Setting(inputs, self._policy(delivered[k])))
        return found

    def _people(self, z: np.ndarray) -> np.ndarray:
        """People at the base, their residents and their split by residence off by an error."""
        start = self.run.start.values
        at = {self.all[i].name: float(z[i]) for i in self.columns("figure")}
        people = self.run.inputs.population.copy()
        town, village = people[:, Place.TOWN].sum(), people[:, Place.VILLAGE].sum()
        rate = town / (town + village)
        more = np.exp(at[RESIDENTS] * start[_DATA[RESIDENTS]])
        moved = np.clip(rate + at[RATE] * start[_DATA[RATE]], 0.0, 1.0)
        if town > 0.0:
            people[:, Place.TOWN] *= more * moved / rate
        if village > 0.0:
            people[:, Place.VILLAGE] *= more * (1.0 - moved) / (1.0 - rate)
        return people

    def _policy(self, delivered: np.ndarray) -> np.ndarray:
        policy, resting = self.run.inputs.policy.copy(), self.run.inputs.policy_baseline
        for name, share in zip(self._levers, delivered, strict=True):
            column = Policy[name.upper()]
            # A quota has no part: what is not delivered in full is its resting value, no quota.
            rest = np.where(np.isfinite(resting[:, column]), resting[:, column], policy[:, column])
            policy[:, column] = rest + share * (policy[:, column] - rest)
        return policy


def run_setting(setting: Setting, scenario: Run) -> Run:
    """The scenario with a setting, against the trend of the same setting."""
    paths: Paths = project(setting.trend)
    inputs = setting.trend
    if not np.array_equal(setting.policy, inputs.policy):
        town = paths.population[:, :, Place.TOWN].sum(axis=(1, 2, 3))
        inputs = inputs._replace(policy=setting.policy, trend_town=town)
        paths = project(inputs)
    return Run(
        scenario.id, scenario.case, scenario.study, scenario.start, inputs, paths, ()
    )  # fmt: skip
