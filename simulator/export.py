"""What a user takes away: a scenario file that runs to the same numbers, and the target table."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.representer import RoundTripRepresenter

import simulator
from simulator.reach import LIBRARY, LIBRARY_PREFIX
from simulator.report.longtable import target_table
from simulator.report.plain_cells import csv_text
from simulator.run import Run
from simulator.scenario import Study
from simulator.schema import Case

_WIDTH = 100


class _Representer(RoundTripRepresenter):
    """Writes ``null`` in full: an empty value in a path of years would look forgotten."""


_Representer.add_representer(
    type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null")
)


def place_reference(study: Study, folder: Path | None = None) -> str:
    """What ``extends:`` must say to find the place of a study.

    A place of the library is found from any folder; any other by its way from ``folder``, where
    that is given, or must lie beside the new file.
    """
    at = -2 if study.place.age_sex is not None else -1
    path = study.sources[at].resolve()
    if path.is_file() and path.is_relative_to(LIBRARY.resolve()):
        return LIBRARY_PREFIX + path.relative_to(LIBRARY.resolve()).as_posix()
    if folder is not None:
        return Path(os.path.relpath(path, folder.resolve())).as_posix()
    return path.name


def scenario_yaml(study: Study, case_id: str, case: Case, *, extends: str | None = None) -> str:
    """One policy of a study as a scenario file of its own, extending ``extends`` or its place.

    Every parameter that the study's files set is repeated and the horizon is stated, so that
    ``python -m simulator run FILE`` gives the numbers of ``run`` to the last bit.
    """
    data: dict[str, Any] = {
        "kind": "scenario",
        "id": case_id,
        "extends": extends or place_reference(study),
        "horizon": study.horizon,
        "seed": study.seed,
    }
    if study.overridden:
        data["parameters"] = {name: study.parameters[name] for name in study.overridden}
    data["scenarios"] = {case_id: case_data(case)}
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.width, yaml.allow_unicode, yaml.default_flow_style = _WIDTH, True, False
    stream = io.StringIO()
    stream.write(f"# County Urbanization Simulator {simulator.__version__}\n")
    stream.write(f"# python -m simulator run {file_name(case_id)}\n")
    yaml.dump(data, stream)
    return stream.getvalue()


def case_data(case: Case) -> dict[str, Any]:
    """A policy as plain values: what is set and nothing else."""
    return case.model_dump(exclude_none=False, exclude_defaults=True) | {
        "levers": _levers(case),
    }


def _levers(case: Case) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    for group in type(case.levers).model_fields:
        chosen = getattr(case.levers, group)
        if chosen is not None:
            dumped = chosen.model_dump()
            groups[group] = {k: v for k, v in dumped.items() if v is not None}
    return groups


def file_name(case_id: str) -> str:
    """Name of a scenario's file."""
    return f"{Path(case_id).name}.yaml"


def targets_csv(run: Run) -> bytes:
    """``targets.csv`` of one scenario, with the byte-order mark that spreadsheets need."""
    return csv_text(target_table(run)).encode("utf-8-sig")
