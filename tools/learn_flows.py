"""Learn the net rates of counties from the development part of the 2020 census.

Usage: ``OPENBLAS_NUM_THREADS=1 python -m tools.learn_flows DATA_DIR [--output DIR]``

Each county of 2010 that the 2020 tables hold is inverted: the three net rates with which the
model's own year loop meets its residents, urban share and children of 2020. The rates are then
regressed on what was known in 2010, once with all counties and once without each of ten folds,
so that every county has a prediction that its own 2020 row had no part in. On one thread and
rounded, the same inputs give the same bytes.
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
from simulator.county_launch import Started, decade, start_county
from simulator.county_tables import (
    CORE_2010,
    CORE_2020,
    FIRST_YEAR,
    SECOND_YEAR,
    read_census,
)
from simulator.flow_model import (
    SIZE_BOUNDS,
    SPREAD,
    TARGETS,
    UNITS,
    WHOLE,
    kernel,
    size_class,
    spread_basis,
)
from simulator.flow_priors import prior_features
from simulator.matching import match
from simulator.parameters import central_values
from tools.gaussian_process import Data, learn_scales, noise_of, pivots, robust_weights, solve
from tools.learn_priors import learn_priors

FOLDS: Final = 10
#: Groups of folds that share the scales of the covariance.
SCALE_GROUPS: Final = 3
SUPPORT: Final = 500
STEPS: Final = 20
CHILDREN: Final = 3
PROBABILITIES: Final = np.concatenate([[0.005], np.linspace(0.02, 0.98, 33), [0.995]])
DIGITS: Final = 6
DEFAULT_OUTPUT: Final = Path(__file__).resolve().parent.parent / "simulator" / "data"
Named = dict[tuple[str, str], float]
"""Coefficients by part and name."""

PROVENANCE: Final = (
    "source: 中国2010年人口普查分县资料; 2020中国人口普查分县资料 (development part)",
    "computed by tools/learn_flows.py; docs/model.md eqs. (71)-(76)",
)
_START: Final = np.array([0.0, 0.012, 0.0])
_STEPS: Final = np.array([1e-4, 1e-4, 1e-3])
_DOWN, _UP = np.array([-0.02, -0.02, -0.5]), np.array([0.03, 0.03, 0.5])
_BOUNDS: Final = np.array([[-0.15, -0.1, -1.5], [0.3, 0.15, 1.5]])
_CLOSE, _TRIALS = 1e-6, 12
_JITTER: Final = 1e-4
_SMALL: Final = 1e-8


def fold_of(code: str) -> int:
    """Fold of a county: a hash of its 2010 code, so that other counties do not matter."""
    return int(hashlib.sha256(code.encode()).hexdigest(), 16) % FOLDS


def invert(started: Started, wanted: np.ndarray) -> np.ndarray:
    """Net rates that meet log residents, urban share and log share of children, Newton's way."""
    values = central_values()

    def answer(rates: np.ndarray) -> np.ndarray:
        found = decade(started, list(rates), values)
        children = found.ages[:, :CHILDREN].sum() / found.ages.sum()
        return np.array([np.log(found.residents), found.urban_share, np.log(children)])

    rates, now = _START.copy(), answer(_START)
    for _ in range(_TRIALS):
        miss = wanted - now
        if np.abs(miss).max() < _CLOSE:
            break
        slope = np.stack(
            [(answer(rates + step) - now) / step.sum() for step in np.diag(_STEPS)], axis=-1
        )
        move = np.linalg.lstsq(slope, miss, rcond=1e-3)[0]
        rates = np.clip(rates + np.clip(move, _DOWN, _UP), *_BOUNDS)
        now = answer(rates)
    return rates


@dataclass(frozen=True)
class Inverted:
    """All units with their first 2010 codes; of those learnt from: rows, rates (n, 3), and what
    any place knows of itself (n, F).
    """

    figures: Known
    codes: list[str]
    rows: np.ndarray
    rates: np.ndarray
    own: np.ndarray


def inverted(folder: Path) -> Inverted:
    """Net rates with which the model meets 2020, county by county."""
    first = read_census(folder, FIRST_YEAR, CORE_2010)
    second = read_census(folder, SECOND_YEAR, CORE_2020)
    units, _ = match(first, second)
    figures = known(first, units)
    rows, rates, own = [], [], []
    for i, unit in enumerate(units):
        if unit.row is None:
            continue
        residents = second.values["resident"][unit.row]
        share = second.values["urban"][unit.row] / residents
        ages = second.ages[unit.row]
        children = np.log(ages[:, :CHILDREN].sum() / ages.sum())
        started = start_county(figures, i, central_values())
        rates.append(invert(started, np.array([np.log(residents), share, children])))
        own.append(prior_features(started.inputs.population, started.context.level))
        rows.append(i)
    codes = [first.codes[u.parts[0]] for u in units]
    return Inverted(figures, codes, np.array(rows), np.array(rates), np.array(own))


def regress(
    data: Data,
    supports: np.ndarray,
    y: np.ndarray,
    size: np.ndarray,
    spread: np.ndarray,
    h: np.ndarray,
) -> tuple[Named, np.ndarray]:
    """Coefficients of one target from the counties of one fold, by part and name, and errors."""
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
    labels = [str(i) for i in range(n_features)]
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
    return found | widths(error, size, spread), error


def widths(error: np.ndarray, size: np.ndarray, basis: np.ndarray) -> dict[tuple[str, str], float]:
    """How wide leave-one-out errors are by features and size class, and their quantiles."""
    target = np.log(np.abs(error) + _tenth(np.abs(error)))
    ridge = np.eye(basis.shape[1]) * 5.0
    ridge[0, 0] = 0.0
    slope = np.linalg.solve(basis.T @ basis + ridge, basis.T @ target)
    standard = error / np.exp(basis @ slope)
    whole = float(np.quantile(np.abs(standard), 0.8))
    factor = np.ones(len(SIZE_BOUNDS) + 1)
    for k in range(len(factor)):
        here = np.abs(standard[size == k])
        own = float(np.quantile(here, 0.8)) / whole if len(here) else 1.0
        # A small class borrows from all.
        factor[k] = np.exp(np.log(own) * len(here) / (len(here) + 30.0))
    standard = standard / factor[size]
    quantile = np.quantile(standard, PROBABILITIES)
    found = {("spread", str(i)): float(v) for i, v in enumerate(slope)}
    found |= {("size_factor", str(i)): float(v) for i, v in enumerate(factor)}
    return found | {("quantile", str(i)): float(v) for i, v in enumerate(quantile)}


def _tenth(size: np.ndarray) -> float:
    return float(np.quantile(size, 0.1))


Task = tuple[Data, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _work(task: Task) -> tuple[dict[tuple[str, str], float], np.ndarray]:
    return regress(*task)


def _scales(task: tuple[Data, np.ndarray]) -> np.ndarray:
    data, y = task
    return learn_scales(data, y - float(np.median(y)), STEPS)


def scale_sets(data: Data, y: np.ndarray, fold: np.ndarray, pool: ProcessPoolExecutor) -> Scales:
    """Scales for every target and label: of all counties, and of those outside a group of folds.

    Learning scales is slow, so folds of one group share theirs, learnt without any of them.
    """
    groups = {WHOLE: np.ones(len(y), dtype=bool)}
    groups |= {str(g): fold % SCALE_GROUPS != g for g in range(SCALE_GROUPS)}
    keys = [(label, j) for label in groups for j in range(len(TARGETS))]
    tasks = [(data.take(np.flatnonzero(groups[g])), y[groups[g], j]) for g, j in keys]
    found = dict(zip(keys, pool.map(_scales, tasks), strict=True))
    return {
        (label, j): found[label if label == WHOLE else str(int(label) % SCALE_GROUPS), j]
        for label in (WHOLE, *(str(k) for k in range(FOLDS)))
        for j in range(len(TARGETS))
    }


Scales = dict[tuple[str, int], np.ndarray]


def write(
    path: Path, header: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """A table with its comment lines."""
    lines = [*(f"# {line}" for line in header), ",".join(columns)]
    lines += [",".join(_cell(c) for c in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, invert, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    found = inverted(chosen.data)
    write_priors(found, chosen.output)
    y = found.rates / np.array(UNITS)
    learn(found.figures, found.codes, found.rows, y, chosen.output, chosen.processes)


def write_priors(found: Inverted, output: Path) -> None:
    """The table of what a place's own stocks let expect."""
    write(
        output / "flow_priors.csv",
        (
            "Net rates a year that a place's own stocks let expect; features are standardized",
            "error_sd: robust standard deviation of a county's ten-year average rate",
            *PROVENANCE,
        ),
        ("name", "mean", "sd", *TARGETS),
        learn_priors(found.own, found.figures.province[found.rows], found.rates),
    )


def learn(figures: Known, codes: Sequence[str], rows: np.ndarray, y: np.ndarray, output: Path,
          processes: int) -> None:  # fmt: skip
    """Learn every fold of every target and write the tables."""
    mean, sd = figures.features.mean(axis=0), np.maximum(figures.features.std(axis=0), _SMALL)
    z_all = standardized(figures.features, mean, sd)
    names = list(figures.names)
    noise = z_all[:, [names.index(n) for n in SPREAD]]
    data = Data(z_all, figures.province, figures.prefecture, noise).take(rows)
    chosen = pivots(data.z, SUPPORT)
    supports = np.round(data.z[chosen], 3)
    size = size_class(figures.counts["resident"][rows])
    spread = spread_basis(data.z, names)
    fold = np.array([fold_of(codes[i]) for i in rows])
    labels = [WHOLE, *(str(k) for k in range(FOLDS))]
    with ProcessPoolExecutor(processes) as pool:
        scales = scale_sets(data, y, fold, pool)
        tasks: list[Task] = []
        for label in labels:
            at = np.arange(len(rows)) if label == WHOLE else np.flatnonzero(fold != int(label))
            tasks += [
                (data.take(at), supports, y[at, j], size[at], spread[at], scales[label, j])
                for j in range(len(TARGETS))
            ]
        worked = list(pool.map(_work, tasks))
    found = [coefficients for coefficients, _ in worked]
    scores = [ndtri((rankdata(error) - 0.5) / len(error)) for _, error in worked[:2]]
    correlation = float(np.corrcoef(*scores)[0, 1])
    write(
        output / "flow_errors.csv",
        ("Errors of the net rates that all counties share", *PROVENANCE),
        ("name", "value"),
        [
            *((f"probability_{i}", float(p)) for i, p in enumerate(PROBABILITIES)),
            ("correlation", correlation),
        ],
    )
    _write_all(output, names, mean, sd, supports, [codes[rows[i]] for i in chosen], labels, found,
               {codes[i]: int(k) for i, k in zip(rows, fold, strict=True)})  # fmt: skip


def _write_all(
    output: Path,
    names: Sequence[str],
    mean: np.ndarray,
    sd: np.ndarray,
    supports: np.ndarray,
    support_codes: Sequence[str],
    labels: Sequence[str],
    found: Sequence[Named],
    folds: dict[str, int],
) -> None:
    write(
        output / "flow_features.csv",
        ("Features of counties in 2010: mean and standard deviation over all units", *PROVENANCE),
        ("feature", "mean", "sd"),
        [(n, float(m), float(s)) for n, m, s in zip(names, mean, sd, strict=True)],
    )
    write(
        output / "flow_support.csv",
        ("Support counties by 2010 code: standardized features", *PROVENANCE),
        ("code", *names),
        [(c, *map(float, row)) for c, row in zip(support_codes, supports, strict=True)],
    )
    write(
        output / "flow_folds.csv",
        ("Counties learnt from, by 2010 code, and the fold that leaves each out", *PROVENANCE),
        ("code", "fold"),
        list(folds.items()),
    )
    columns = [f"{t}_{label}" for label in labels for t in TARGETS]
    keys = list(found[0])
    keys += [k for other in found for k in other if k not in found[0] and k not in keys]
    rows = [(part, name, *(one.get((part, name), 0.0) for one in found)) for part, name in keys]
    write(
        output / "flow_coefficients.csv",
        (
            "Coefficients of the net rates; a column a target and fold (all: every county)",
            "units: outside, town per resident in ten years; fertility log of the ratio",
            *PROVENANCE,
        ),
        ("part", "name", *columns),
        rows,
    )


if __name__ == "__main__":
    main()
