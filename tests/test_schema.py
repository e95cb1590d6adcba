"""The JSON Schema that editors use: in step with the program, and of one mind with its checks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cases.update import CASES, INVALID, ROOT
from typer.testing import CliRunner

from simulator.cli import app
from simulator.errors import ScenarioError
from simulator.launch import check_totals
from simulator.parameters import assumptions, levers
from simulator.reach import LIBRARY
from simulator.scenario import load_scenario
from simulator.schema import json_schema
from simulator.source import read_document

SHIPPED = ROOT / "simulator" / "schema" / "scenario.json"
LIBRARY_FILES = sorted(LIBRARY.rglob("*.yaml"))
#: What a schema can see: names, types, choices and ranges of single values.
SHAPE = {
    "unknown_key", "missing_key", "not_allowed", "wrong_type", "no_value", "not_a_number",
    "unquoted_code", "unquoted_text", "yes_or_no", "below_least", "above_most", "bad_id",
    "empty_text", "out_of_range", "unknown_parameter", "path_year",
}  # fmt: skip
#: The program checks these names; the schema leaves them open.
OPEN_NAMES = {"bad_policy_name", "settlement_rules"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


def as_json(path: Path) -> Any:
    """A file's content as an editor sees it, years as text where they are keys."""
    return json.loads(json.dumps(read_document(path).data))


def has_wrong_shape(case: Path) -> bool:
    """Whether the file itself, not one it extends, has a fault that a schema can see."""
    try:
        check_totals(load_scenario(case))
    except ScenarioError as error:
        return any(v.code in SHAPE and Path(v.file) == case for v in error.violations)
    return False


def test_the_shipped_schema_is_what_the_program_prints() -> None:
    printed = CliRunner().invoke(app, ["schema"]).stdout
    assert json.loads(printed) == json_schema()
    assert SHIPPED.read_text(encoding="utf-8") == printed, (
        "python -m simulator schema > simulator/schema/scenario.json"
    )


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_library_files_point_to_the_schema_and_satisfy_it(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named is not None
    assert (path.parent / named[1]).resolve() == SHIPPED
    assert [e.message for e in validator.iter_errors(as_json(path))] == []


def test_the_valid_case_satisfies_the_schema(validator: jsonschema.Draft202012Validator) -> None:
    assert validator.is_valid(as_json(INVALID.parent / "valid" / "place.yaml"))


def test_a_file_of_the_wrong_shape_fails_the_schema(
    validator: jsonschema.Draft202012Validator,
) -> None:
    misshapen = [c for c in CASES if has_wrong_shape(c) and c.stem not in OPEN_NAMES]
    assert len(misshapen) >= 30
    assert [case.stem for case in misshapen if validator.is_valid(as_json(case))] == []


def test_the_schema_knows_every_lever_and_every_parameter() -> None:
    schema = json_schema()
    for group, members in levers().items():
        properties = schema["$defs"][f"Lever_{group}"]["properties"]
        assert set(members) == set(properties) - {"basis", "preset"}
        for name, parameter in members.items():
            number = properties[name]["anyOf"][0]
            assert (number["minimum"], number["maximum"]) == (parameter.low, parameter.high)
            assert parameter.label_zh in properties[name]["description"]
    for branch in schema["anyOf"]:
        assert set(branch["properties"]["parameters"]["properties"]) == set(assumptions())
