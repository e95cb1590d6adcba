"""Learn ten-year outcomes of counties from the development part of the 2020 census.

Usage: ``OPENBLAS_NUM_THREADS=1 python -m tools.learn_flows DATA_DIR [--output DIR]``

Growth of residents, change of the urban share and children of each county of 2010 that the 2020
tables hold are regressed on what was known in 2010, once with all counties and once without each
of twenty folds, so that every county has a prediction that its own 2020 row had no part in. For the
priors of places the year loop is inverted: the net rates that meet the outcomes. On one thread
and rounded, the same inputs give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from simulator.county_features import Known, known, standardized
from simulator.county_launch import child_share, met, start_county
from simulator.county_tables import (
    CORE_2010,
    CORE_2020,
    FIRST_YEAR,
    SECOND_YEAR,
    read_census,
)
from simulator.flow_model import (
    BELIEVED,
    DRAWN,
    GROWN,
    RESERVED,
    SIZE_BOUNDS,
    SPREAD,
    TARGETS,
    WHOLE,
    Trees,
    kernel,
    share_of,
    size_class,
    spread_basis,
    stretched_logit,
)
from simulator.flow_priors import RATES, prior_features
from simulator.matching import match
from simulator.parameters import central_values
from tools.boosted_trees import boost, cut_points
from tools.flow_tables import (
    PROVENANCE,
    Named,
    write,
    write_errors,
    write_regressions,
    write_trees,
)
from tools.gaussian_process import Data, learn_scales, noise_of, pivots, robust_weights, solve
from tools.learn_priors import learn_priors

#: As many as leave each fold nearly the counties that the shipped set has learnt from.
FOLDS: Final = 20
#: Groups of folds that share the scales of the covariance.
SCALE_GROUPS: Final = 4
SUPPORT: Final = 800
STEPS: Final = 20
PROBABILITIES: Final = np.concatenate([[0.005], np.linspace(0.02, 0.98, 33), [0.995]])
DEFAULT_OUTPUT: Final = Path(__file__).resolve().parent.parent / "simulator" / "data"

_JITTER: Final = 1e-4
_SMALL: Final = 1e-8


def fold_of(code: str) -> int:
    """Fold of a county: a hash of its 2010 code, so that other counties do not matter."""
    return int(hashlib.sha256(code.encode()).hexdigest(), 16) % FOLDS


@dataclass(frozen=True)
class Learning:
    """All units with their first 2010 codes; of those learnt from: rows and outcomes (n, 3)."""

    figures: Known
    codes: list[str]
    rows: np.ndarray
    outcomes: np.ndarray


def outcomes(folder: Path) -> Learning:
    """What became of each county of 2010 that the 2020 tables hold, as `TARGETS`."""
    first = read_census(folder, FIRST_YEAR, CORE_2010)
    second = read_census(folder, SECOND_YEAR, CORE_2020)
    units, _ = match(first, second)
    figures = known(first, units)
    rows = np.array([i for i, unit in enumerate(units) if unit.row is not None])
    later = [unit.row for unit in units if unit.row is not None]
    before, town = figures.counts["resident"][rows], figures.counts["urban"][rows]
    after = second.values["resident"][later]
    share = second.values["urban"][later] / after
    found = [
        np.log(after / before),
        stretched_logit(share) - stretched_logit(town / before),
        [child_share(second.ages[i]) for i in later],
    ]
    codes = [first.codes[u.parts[0]] for u in units]
    return Learning(figures, codes, rows, np.column_stack(found))


def inverted(found: Learning) -> tuple[np.ndarray, np.ndarray]:
    """Net rates (n, 3) with which the year loop meets the outcomes; what any place knows (n, F)."""
    rates, own = [], []
    counts, values = found.figures.counts, central_values()
    for i, (growth, change, children) in zip(found.rows, found.outcomes, strict=True):
        begin = stretched_logit(counts["urban"][i] / counts["resident"][i])
        residents = np.log(counts["resident"][i]) + growth
        started = start_county(found.figures, i, values)
        wanted = np.array([residents, float(share_of(begin + change)), children])
        rates.append(met(started, wanted, values))
        own.append(prior_features(started.inputs.population, started.context.level))
    return np.array(rates), np.array(own)


def seen(data: Data, columns: np.ndarray) -> Data:
    """The counties with those features only that a target's process sees."""
    return Data(data.z[:, columns], data.province, data.prefecture, data.noise)


def regress(
    data: Data, supports: np.ndarray, y: np.ndarray, h: np.ndarray, columns: np.ndarray
) -> tuple[Named, np.ndarray]:
    """Coefficients of one target from the counties of one fold, and leave-one-out errors.

    Features that the target does not see, which are not of ``columns``, have none.
    """
    everything = data.z.shape[1]
    data, supports = seen(data, columns), supports[:, columns]
    centre = float(np.median(y))
    weight = robust_weights(data, y - centre, h)
    n_features = data.z.shape[1]
    e, s = np.exp(h[:4]), np.exp(h[4 : 4 + n_features])
    provinces, prefectures = np.unique(data.province), np.unique(data.prefecture)
    likeness = kernel(supports, supports, s)
    blocks = [
        np.ones((len(y), 1)),
        data.z,
        kernel(data.z, supports, s),
        (data.province[:, None] == provinces).astype(float),
        (data.prefecture[:, None] == prefectures).astype(float),
    ]
    sizes = [b.shape[1] for b in blocks]
    ends = np.cumsum([0, *sizes])
    prior = np.zeros((ends[-1], ends[-1]))
    for k, value in ((0, 1.0), (1, n_features / e[0]), (3, 1 / e[2]), (4, 1 / e[3])):
        at = np.arange(ends[k], ends[k + 1])
        prior[at, at] = min(value, 1.0 / _SMALL)
    near = slice(int(ends[2]), int(ends[3]))
    prior[near, near] = (likeness + _JITTER * np.eye(len(likeness))) / e[1]
    noise = noise_of(data, h) / weight
    b, error = solve(np.hstack(blocks), prior, y - centre, noise)
    found: dict[tuple[str, str], float] = {("constant", ""): centre + b[0]}
    for part in ("scale", "linear"):
        found |= {(part, str(i)): 0.0 for i in range(everything)}
    labels = [str(i) for i in columns]
    found |= {("scale", n): float(v) for n, v in zip(labels, s, strict=True)}
    found |= {("linear", n): float(v) for n, v in zip(labels, b[ends[1] : ends[2]], strict=True)}
    names = [str(i) for i in range(len(supports))]
    found |= {("support", n): float(v) for n, v in zip(names, b[near], strict=True)}
    found |= {
        ("province", str(n)): float(v) for n, v in zip(provinces, b[ends[3] : ends[4]], strict=True)
    }
    found |= {
        ("prefecture", str(n)): float(v) for n, v in zip(prefectures, b[ends[4] :], strict=True)
    }
    return found, error


@dataclass(frozen=True)
class Groups:
    """How errors are told apart: fold, size class, whether a district, (n,); spread basis."""

    fold: np.ndarray
    size: np.ndarray
    district: np.ndarray
    basis: np.ndarray

    def take(self, rows: np.ndarray) -> Groups:
        """Some of the counties."""
        return Groups(self.fold[rows], self.size[rows], self.district[rows], self.basis[rows])


def improve(
    data: Data, y: np.ndarray, error: np.ndarray, cuts: np.ndarray, fold: np.ndarray
) -> tuple[float, Trees, np.ndarray]:
    """Constant and trees on top of the Gaussian process, and errors of both, county by county.

    A county's error is that of trees learnt without its fold and the process without the county.
    """
    rest = y - BELIEVED * (y - error)
    outer = np.empty(len(y))
    for k in np.unique(fold):
        learn, judge = fold != k, fold == k
        constant, trees = boost(data.z[learn], rest[learn], cuts)
        outer[judge] = rest[judge] - constant - trees.value(data.z[judge], cuts)
    constant, trees = boost(data.z, rest, cuts)
    return constant, trees, outer


def widths(error: np.ndarray, groups: Groups) -> Named:
    """How wide errors are by features and size class, and their quantiles by kind."""
    basis = groups.basis
    target = np.log(np.abs(error) + _tenth(np.abs(error)))
    ridge = np.eye(basis.shape[1]) * 5.0
    ridge[0, 0] = 0.0
    slope = np.linalg.solve(basis.T @ basis + ridge, basis.T @ target)
    standard = error / np.exp(basis @ slope)
    whole = float(np.quantile(np.abs(standard), 0.8))
    factor = np.ones(len(SIZE_BOUNDS) + 1)
    for k in range(len(factor)):
        here = np.abs(standard[groups.size == k])
        own = float(np.quantile(here, 0.8)) / whole if len(here) else 1.0
        # A small class borrows from all.
        factor[k] = np.exp(np.log(own) * len(here) / (len(here) + 30.0))
    standard = standard / factor[groups.size]
    found: Named = {("spread", str(i)): float(v) for i, v in enumerate(slope)}
    found |= {("size_factor", str(i)): float(v) for i, v in enumerate(factor)}
    for part, here in (("quantile", ~groups.district), ("quantile_district", groups.district)):
        values = np.quantile(standard[here], PROBABILITIES)
        found |= {(part, str(i)): float(v) for i, v in enumerate(values)}
    return found


def _tenth(size: np.ndarray) -> float:
    return float(np.quantile(size, 0.1))


Task = tuple[Data, np.ndarray, np.ndarray, np.ndarray, Groups, np.ndarray, np.ndarray, str]
Fitted = tuple[Named, Trees | None, np.ndarray]


def _work(task: Task) -> Fitted:
    data, supports, cuts, y, groups, h, columns, target = task
    found, error = regress(data, supports, y, h, columns)
    trees = None
    if target in GROWN:
        constant, trees, error = improve(data, y, error, cuts, groups.fold)
        # The trees' constant goes where the process's own is, which counts `BELIEVED`.
        found["constant", ""] += constant / BELIEVED
    if target in DRAWN:
        found |= widths(error, groups)
    return found, trees, error


def _scales(task: tuple[Data, np.ndarray]) -> np.ndarray:
    data, y = task
    return learn_scales(data, y - float(np.median(y)), STEPS)


def scale_sets(
    data: Data, y: np.ndarray, fold: np.ndarray, columns: Columns, pool: ProcessPoolExecutor
) -> Scales:
    """Scales for every target and label: of all counties, and of those outside a group of folds.

    Learning scales is slow, so folds of one group share theirs, learnt without any of them.
    """
    groups = {WHOLE: np.ones(len(y), dtype=bool)}
    groups |= {str(g): fold % SCALE_GROUPS != g for g in range(SCALE_GROUPS)}
    keys = [(label, j) for label in groups for j in range(len(TARGETS))]
    tasks = [
        (seen(data.take(np.flatnonzero(groups[g])), columns[j]), y[groups[g], j]) for g, j in keys
    ]
    found = dict(zip(keys, pool.map(_scales, tasks), strict=True))
    return {
        (label, j): found[label if label == WHOLE else str(int(label) % SCALE_GROUPS), j]
        for label in (WHOLE, *(str(k) for k in range(FOLDS)))
        for j in range(len(TARGETS))
    }


#: Of each target, the features that its process sees; scales by label and target.
Columns = list[np.ndarray]
Scales = dict[tuple[str, int], np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, invert, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    found = outcomes(chosen.data)
    write_priors(found, chosen.output)
    learn(found, chosen.output, chosen.processes)


def write_priors(found: Learning, output: Path) -> None:
    """The table of what a place's own stocks let expect."""
    rates, own = inverted(found)
    write(
        output / "flow_priors.csv",
        (
            "Net rates a year that a place's own stocks let expect; features are standardized",
            "error_sd: robust standard deviation of a county's ten-year average rate",
            *PROVENANCE,
        ),
        ("name", "mean", "sd", *RATES),
        learn_priors(own, found.figures.province[found.rows], rates),
    )


def learn(learning: Learning, output: Path, processes: int) -> None:
    """Learn every fold of every target and write the tables."""
    figures, codes, rows, y = (
        learning.figures, learning.codes, learning.rows, learning.outcomes
    )  # fmt: skip
    mean, sd = figures.features.mean(axis=0), np.maximum(figures.features.std(axis=0), _SMALL)
    z_all = standardized(figures.features, mean, sd)
    names = list(figures.names)
    noise = z_all[:, [names.index(n) for n in SPREAD]]
    data = Data(z_all, figures.province, figures.prefecture, noise).take(rows)
    chosen, cuts = pivots(data.z, SUPPORT), cut_points(z_all)
    supports = np.round(data.z[chosen], 3)
    groups = Groups(
        np.array([fold_of(codes[i]) for i in rows]),
        size_class(figures.counts["resident"][rows]),
        figures.features[rows, names.index("district")] > 0.0,
        spread_basis(data.z, names),
    )
    columns = [
        np.array([i for i, n in enumerate(names) if target in RESERVED.get(n, TARGETS)])
        for target in TARGETS
    ]
    labels = [WHOLE, *(str(k) for k in range(FOLDS))]
    with ProcessPoolExecutor(processes) as pool:
        scales = scale_sets(data, y, groups.fold, columns, pool)
        tasks: list[Task] = []
        for label in labels:
            at = np.flatnonzero(groups.fold != (int(label) if label != WHOLE else -1))
            tasks += [
                (data.take(at), supports, cuts, y[at, j], groups.take(at), scales[label, j],
                 columns[j], target)
                for j, target in enumerate(TARGETS)
            ]  # fmt: skip
        worked = list(pool.map(_work, tasks))
    heads = [f"{t}_{label}" for label in labels for t in TARGETS]
    scores = [ndtri((rankdata(e) - 0.5) / len(e)) for _, _, e in worked[: len(DRAWN)]]
    write_errors(output, PROBABILITIES, float(np.corrcoef(*scores)[0, 1]))
    write_trees(output, dict(zip(heads, (trees for _, trees, _ in worked), strict=True)))
    write_regressions(
        output, (names, mean, sd, cuts), supports, [codes[rows[i]] for i in chosen],
        dict(zip(heads, (named for named, _, _ in worked), strict=True)),
        {codes[i]: int(k) for i, k in zip(rows, groups.fold, strict=True)},
    )  # fmt: skip


if __name__ == "__main__":
    main()
