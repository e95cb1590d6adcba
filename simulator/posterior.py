"""What a history leaves open: samples of the fitted parameters; docs/model.md section 13.

The fit's optimum is one point; its usual normal approximation leaves the curved ridge on which
levels that offset each other lie. Here each sample meets the history as well as its figures
demand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.calibration import Fit, counted_ages, misfits, trend_inputs
from simulator.drawn_rates import drawn_rates
from simulator.draws import simulate_history
from simulator.indicators import measure
from simulator.parameters import Parameter, parameters
from simulator.randomize import Optimum, Samples, optimum, resampled, samples, worth
from simulator.spread import normals, spread
from simulator.state import Inputs

#: Rounds of as many samples as are wanted: at least, and at most where weights are uneven.
_FEWEST, _MOST = 2, 12
#: Blocks that are kept for later.
_KEPT = 256
#: The search for the optimum does not begin in the last thousandth of a range.
_FARTHEST = 3.0
#: Keys of the streams lie beyond those of other draws.
_STREAM = 2**41
#: Values of the fitted parameters, (n, size), and the log weights of the samples tried for them.
_Block = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Posterior:
    """Samples of a fit, worked out when they are asked for.

    Parameters of the fit are told by standard normals of their priors, `spread`, so that no sample
    leaves the documented range and the prior is a residual like any other.
    """

    fit: Fit
    _made: dict[tuple[int, int, int], _Block] = field(default_factory=dict, repr=False)

    def drawn(self, seed: int, block: int, size: int) -> np.ndarray:
        """Values of the fitted parameters in one block of draws, (n, size), in the fit's order.

        A function of the three numbers alone: more samples than wanted are tried, and kept as
        often as their weights say.
        """
        return self._block(seed, block, size)[0]

    def _block(self, seed: int, block: int, size: int) -> _Block:
        """A block of draws with the log weights of the samples tried for it."""
        key = (seed, block, size)
        found = self._made.get(key)
        if found is None:
            found = self._drawn(seed, block, size)
            if len(self._made) >= _KEPT:
                self._made.clear()
            self._made[key] = found
        return found

    def independent(self, seed: int, blocks: int, size: int) -> float:
        """How many independent samples the draws of so many blocks are worth, at most their number:
        Kish's effective number of all samples tried for them.
        """
        weights = [self._block(seed, block, size)[1] for block in range(blocks)]
        return min(worth(np.concatenate(weights)), float(blocks * size))

    def _drawn(self, seed: int, block: int, size: int) -> _Block:
        """The values of a block, and the log weights of the samples tried for it."""
        stream = np.random.Generator(np.random.Philox(key=[seed, _STREAM + block]))
        even, order = stream.random(), stream.permutation(size)
        points, weights = np.empty((0, len(self.fit.names))), np.empty(0)
        for tried in range(1, _MOST + 1):
            more = self.samples(stream.standard_normal((size, len(self.fit.names))))
            points = np.concatenate([points, more.points])
            weights = np.concatenate([weights, more.log_weight])
            if tried >= _FEWEST and worth(weights) >= size:
                break
        return self.values(points[resampled(weights, size, even)[order]]), weights

    def samples(self, noise: np.ndarray) -> Samples:
        """Samples (K, n) in standard normals of the priors, each a function of its noise (K, n)."""
        return samples(self.residuals, self.optimum, noise)

    def values(self, points: np.ndarray) -> np.ndarray:
        """Parameter values (n, K) at standard normals of the priors (K, n)."""
        return spread(self._rows, self._central, points.T)

    def beside_fit(self, noise: np.ndarray) -> np.ndarray:
        """Values (n, K) as far from the fit's own as `samples` of the noise (K, n) are from that of
        no noise, in standard normals of the priors; without noise they are the fit's own.

        The fit is the most likely point of the parameters themselves, the optimum that of their
        normals: where ranges are skewed these are two points.
        """
        still = self.samples(np.zeros((1, noise.shape[1]))).points
        found = self.values(self._fitted + self.samples(noise).points - still)
        own = np.array([self.fit.values[n] for n in self.fit.names])
        return np.where((noise == 0.0).all(axis=1), own[:, None], found)

    @cached_property
    def optimum(self) -> Optimum:
        """Where the search for samples starts."""
        return optimum(self.residuals, self._fitted)

    @cached_property
    def _fitted(self) -> np.ndarray:
        """The fit in standard normals of the priors, (n,)."""
        fitted = np.array([self.fit.values[n] for n in self.fit.names])
        begin = normals(self._rows, fitted, self._central)
        return np.clip(begin, -_FARTHEST, _FARTHEST)

    def residuals(self, points: np.ndarray) -> np.ndarray:
        """Misfits of figures, age groups and priors (K, m) at standard normals (K, n)."""
        history, fit = self.fit.history, self.fit
        values = {name: np.full(len(points), value) for name, value in fit.values.items()}
        values |= dict(zip(fit.names, self.values(points), strict=True))
        context = history.context
        rates = drawn_rates(
            values, fit.values, self._years, context.arrival_base, context.shift_after
        )
        shape = self._inputs.population.shape
        totals = np.empty((len(points), len(self._years) + 1, *shape[:2]))
        ages = np.empty((len(points), len(self._counted), *shape[2:]))
        simulate_history(self._inputs, rates, self._at, totals, ages)
        counted = {year: ages[:, i] for i, year in enumerate(self._counted)}
        stocks = measure(totals[..., None, None])
        found = misfits(stocks, counted, history, fit.values["sd_age_group"])
        return np.concatenate([found, points], axis=1)

    @cached_property
    def _rows(self) -> list[Parameter]:
        return [parameters()[name] for name in self.fit.names]

    @cached_property
    def _central(self) -> np.ndarray:
        return np.array([self.fit.prior[name] for name in self.fit.names])

    @cached_property
    def _years(self) -> range:
        return range(self.fit.history.start_year + 1, self.fit.history.base_year + 1)

    @cached_property
    def _counted(self) -> tuple[int, ...]:
        return counted_ages(self.fit.history)

    @cached_property
    def _at(self) -> np.ndarray:
        return np.array([y - self._years.start for y in self._counted], dtype=np.int64)

    @cached_property
    def _inputs(self) -> Inputs:
        history = self.fit.history
        return trend_inputs(self.fit.values, history.cells, self._years, history.context)
