"""The tables that tools/learn_flows.py writes: comment lines, columns, numbers in six digits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from simulator.flow_model import LEAF_UNIT, Trees
from tools.boosted_trees import DEPTH

DIGITS: Final = 6
Named = dict[tuple[str, str], float]
"""Coefficients by part and name."""
PROVENANCE: Final = (
    "source: 中国2010年人口普查分县资料; 2020中国人口普查分县资料 (development part)",
    "computed by tools/learn_flows.py; docs/model.md eqs. (71)-(76)",
)


def write(
    path: Path, header: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """A table with its comment lines."""
    lines = [*(f"# {line}" for line in header), ",".join(columns)]
    lines += [",".join(_cell(c) for c in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cell(value: object) -> str:
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def write_errors(output: Path, probabilities: np.ndarray, correlation: float) -> None:
    """What the errors of all counties share."""
    write(
        output / "flow_errors.csv",
        ("Errors of the outcomes that all counties share", *PROVENANCE),
        ("name", "value"),
        [
            *((f"probability_{i}", float(p)) for i, p in enumerate(probabilities)),
            ("correlation", correlation),
        ],
    )


def write_trees(output: Path, found: dict[str, Trees | None]) -> None:
    """Trees of every target and fold that has them."""
    asked = [f"{part}_{i}" for i in range(DEPTH) for part in ("feature", "cut")]
    rows = []
    for column, trees in found.items():
        if trees is None:
            continue
        questions = np.stack([trees.feature, trees.cut], axis=-1).reshape(len(trees.leaf), -1)
        leaves = np.round(trees.leaf / LEAF_UNIT).astype(int)
        rows += [
            (column, *map(int, q), *map(int, v)) for q, v in zip(questions, leaves, strict=True)
        ]
    write(
        output / "flow_trees.csv",
        (
            "Trees of the outcomes, a line each: positions of features and cuts",
            "(flow_features.csv) level by level, and leaves in 1/100,000; the last question",
            "counts one",
            *PROVENANCE,
        ),
        ("set", *asked, *(f"leaf_{i}" for i in range(2**DEPTH))),
        rows,
    )


def write_regressions(
    output: Path,
    features: tuple[Sequence[str], np.ndarray, np.ndarray, np.ndarray],
    supports: np.ndarray,
    support_codes: Sequence[str],
    found: dict[str, Named],
    folds: dict[str, int],
) -> None:
    """Features, support counties, folds and coefficients of every target and fold."""
    names, mean, sd, cuts = features
    write(
        output / "flow_features.csv",
        (
            "Features of counties in 2010: mean and standard deviation over all units, and where",
            "trees cut the standardized feature",
            *PROVENANCE,
        ),
        ("feature", "mean", "sd", *(f"cut_{i}" for i in range(len(cuts)))),
        [
            (n, float(m), float(s), *map(float, c))
            for n, m, s, c in zip(names, mean, sd, cuts.T, strict=True)
        ],
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
    sets = list(found.values())
    keys = list(sets[0])
    keys += [k for other in sets for k in other if k not in sets[0] and k not in keys]
    rows = [(part, name, *(one.get((part, name), 0.0) for one in sets)) for part, name in keys]
    write(
        output / "flow_coefficients.csv",
        (
            "Coefficients of the outcomes; a column a target and fold (all: every county)",
            "residents: log growth in ten years; urban: change of the stretched logit of the",
            "share; children: log of the share under ten at the end",
            *PROVENANCE,
        ),
        ("part", "name", *found),
        rows,
    )
