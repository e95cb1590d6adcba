"""How wrong ten-year forecasts were, by kind of place: the table ``forecast_errors.csv``.

Usage: ``OPENBLAS_NUM_THREADS=1 python -m tools.learn_errors DATA_DIR [--output DIR]``

Sizes are of the backtest's predictions, each by coefficients learnt without the county's fold.
How far errors of neighbours go together is taken from a plain regression that has seen no county
of the same province, because nobody knows the neighbours' future either. docs/model.md 14.5.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from simulator.county_features import standardized
from simulator.flow_model import DRAWN, predict
from tools.flow_tables import write
from tools.learn_flows import DEFAULT_OUTPUT, FOLDS, Learning, fold_of, outcomes

#: Beyond this share nearly all are urban, and logits tell little: not counted for the share.
MOSTLY_URBAN: Final = 0.9
SMALL: Final = 100_000.0
#: A tenth and nine tenths of a normal are this far apart, in standard deviations.
_EIGHTY: Final = 2 * 1.2815515655446004
_TAILS: Final = (0.1, 0.9)
#: A correlation takes no error for more than this many standard deviations.
_FARTHEST: Final = 3.0
_RIDGE, _ROUNDS, _DEGREES, _MEDIAN_OF_NORMAL, _MIN_MEMBERS = 30.0, 12, 4.0, 0.6745, 3
_CITY: Final = "8"


def sizes(error: np.ndarray) -> float:
    """Standard deviation of the normal with the same middle 80 % as the errors (n,)."""
    low, high = np.quantile(error, _TAILS)
    return float((high - low) / _EIGHTY)


def kinds_of(codes: Sequence[str], district: np.ndarray) -> np.ndarray:
    """District, county-level city (codes from 81) or county, (n,)."""
    city = np.array([code[4] == _CITY for code in codes])
    return np.where(district, "district", np.where(city, "county_city", "county"))


def together(error: np.ndarray, kind: np.ndarray, group: np.ndarray) -> float:
    """Mean correlation of the errors (n,) of two places of one group."""
    z = np.empty(len(error))
    for name in np.unique(kind):
        here = kind == name
        z[here] = (error[here] - np.median(error[here])) / sizes(error[here])
    z = np.clip(z, -_FARTHEST, _FARTHEST)
    z -= z.mean()
    shared = pairs = 0.0
    for name in np.unique(group):
        own = z[group == name]
        shared += own.sum() ** 2 - (own**2).sum()
        pairs += len(own) * (len(own) - 1)
    return float(shared / pairs / z.var())


def unseen(x: np.ndarray, y: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Errors (n,) of a robust ridge regression that has seen nobody of the same group's fold."""
    fold, basis = np.array([fold_of(g) for g in group]), np.column_stack([np.ones(len(x)), x])
    penalty, error = _RIDGE * np.eye(basis.shape[1]), np.empty(len(y))
    penalty[0, 0] = 0.0
    for k in range(FOLDS):
        learn = fold != k
        weight = np.ones(int(learn.sum()))
        for _ in range(_ROUNDS):
            weighted = basis[learn] * weight[:, None]
            b = np.linalg.solve(weighted.T @ basis[learn] + penalty, weighted.T @ y[learn])
            off = y[learn] - basis[learn] @ b
            scale = float(np.median(np.abs(off))) / _MEDIAN_OF_NORMAL
            weight = (_DEGREES + 1.0) / (_DEGREES + (off / scale) ** 2)
        error[~learn] = y[~learn] - basis[~learn] @ b
    return error


def of_sums(
    found: Learning, kind: np.ndarray, size: dict[str, float], correlation: float
) -> tuple[int, float]:
    """How many prefectures, and the median over them of the error of the sum of their members."""
    residents, prefecture = found.figures.counts["resident"], found.figures.prefecture
    of_member, errors = np.array([size[name] for name in kind]), []
    for name in np.unique(prefecture):
        here = prefecture == name
        if here.sum() < _MIN_MEMBERS:
            continue
        part = residents[here] / residents[here].sum() * of_member[here]
        errors.append(correlation * part.sum() ** 2 + (1.0 - correlation) * (part**2).sum())
    return len(errors), float(np.sqrt(np.median(errors)))


def table(found: Learning) -> list[tuple[object, ...]]:
    """Rows ``kind, units, population, urban``."""
    figures, rows = found.figures, found.rows
    names = list(figures.names)
    district = figures.features[:, names.index("district")] > 0.0
    kind = kinds_of(found.codes, district)
    learnt = found.outcomes[:, : len(DRAWN)]
    error = learnt - predict(figures, tuple(found.codes)).centre[rows, : len(DRAWN)]
    residents = figures.counts["resident"][rows]
    open_end = figures.counts["urban"][rows] / residents < MOSTLY_URBAN
    told: list[tuple[object, ...]] = []
    groups = {name: kind[rows] == name for name in ("county", "county_city", "district")}
    for name, here in {**groups, "small": residents < SMALL}.items():
        told.append(
            (name, int(here.sum()), sizes(error[here, 0]), sizes(error[here & open_end, 1]))
        )
    mean, sd = figures.features.mean(axis=0), figures.features.std(axis=0)
    z = standardized(figures.features, mean, np.maximum(sd, 1e-8))[rows]
    apart = [unseen(z, learnt[:, j], figures.province[rows]) for j in range(len(DRAWN))]
    shared = [together(e, kind[rows], figures.prefecture[rows]) for e in apart]
    sums = [
        of_sums(found, kind, {str(r[0]): float(str(r[2 + j])) for r in told}, shared[j])
        for j in range(len(DRAWN))
    ]
    told.append(("prefecture", sums[0][0], *(s for _, s in sums)))
    told.append(("correlation", len(rows), *shared))
    return told


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT)
    chosen = parser.parse_args(arguments)
    write(
        chosen.output / "forecast_errors.csv",
        (
            "Errors of forecasts from the census of 2010 to that of 2020, by kind of place",
            "population: of log residents; urban: of the logit of the urban share, units less",
            "than 90 % urban; normal standard deviations with the same middle 80 %",
            "small: under 100,000 residents, any kind; prefecture: sum of its members, derived;",
            "correlation: of the errors of two members of a prefecture, unseen province",
            "source: 中国2010年人口普查分县资料; 2020中国人口普查分县资料 (development part)",
            "computed by tools/learn_errors.py; docs/model.md section 14.5",
        ),
        ("kind", "units", "population", "urban"),
        table(outcomes(chosen.data)),
    )


if __name__ == "__main__":
    main()
