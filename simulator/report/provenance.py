"""What made a result: program, inputs, parameters, seed, environment."""

from __future__ import annotations

import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import simulator
from simulator.outlook import Outlook
from simulator.parameters import table_hash
from simulator.run import Run

_LIBRARIES = ("numba", "numpy", "pandas", "pydantic", "ruamel.yaml", "scipy")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def input_name(path: Path) -> str:
    """An input by its folder's name and its own, which several files of one study may share."""
    return f"{path.parent.resolve().name}/{path.name}"


def parameter_hash(values: dict[str, float]) -> str:
    """SHA-256 of parameter values, whatever their order."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def provenance(run: Run, outlook: Outlook | None = None) -> dict[str, Any]:
    """Provenance of one scenario; the same inputs on the same machine give the same record."""
    study = run.study
    return {
        "program": "county-urbanization-simulator",
        "version": simulator.__version__,
        "scenario": run.id,
        "place": study.place.id,
        "file": Path(study.file).name,
        "horizon": study.horizon,
        "inputs": [[input_name(path), file_hash(path)] for path in study.sources],
        "parameter_table": table_hash(),
        "parameters": parameter_hash(dict(run.start.values)),
        "seed": study.seed,
        "draws": None if outlook is None else {"draws": outlook.draws, "seed": outlook.seed},
        "environment": {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "libraries": {name: version(name) for name in _LIBRARIES},
        },
    }
