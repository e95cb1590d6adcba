"""The files of a study: from the one asked for along ``extends`` to its place."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from simulator.errors import ScenarioError, Violation
from simulator.partial import valid_part
from simulator.places import close_file, place_named
from simulator.reach import LIBRARY, LIBRARY_PREFIX, plain_file, resolved, within_reach
from simulator.schema import PlaceFile, ScenarioFile
from simulator.source import Document, read_document
from simulator.validation import from_pydantic

#: Any of these makes a path of what is extended; any other word is the name of a place.
_OF_A_PATH = set("./\\")
#: What a file can be, and a key that it then must have and the other cannot.
_KINDS = {"place": "facts", "scenario": "extends"}


@dataclass
class Chain:
    """Scenario files with the place that they end at last, and what is wrong with them so far.

    Where something is, ``links`` holds what could still be checked; ``place`` is None where the
    place was not reached.
    """

    links: list[tuple[Document, PlaceFile | ScenarioFile]]
    faults: list[Violation]

    @property
    def scenarios(self) -> list[tuple[Document, ScenarioFile]]:
        """Scenario files, the one nearest to the place first."""
        return [(d, s) for d, s in reversed(self.links) if isinstance(s, ScenarioFile)]

    @property
    def place(self) -> tuple[Document, PlaceFile] | None:
        """The place at the end, if it was reached."""
        document, last = self.links[-1] if self.links else (None, None)
        reached = document is not None and isinstance(last, PlaceFile)
        return (document, last) if reached else None  # type: ignore[return-value]


def follow(first: Document, *, upload: bool = False) -> Chain:
    """Read every file from ``first`` on; an upload may lead to files of the library only."""
    chain, seen, home = Chain([], []), [first.path], first.path.parent
    document = first
    try:
        while True:
            parsed = _link(chain, document)
            if not isinstance(parsed, ScenarioFile):
                return chain
            target = _target(document, parsed, home, upload=upload)
            if resolved(target) in [resolved(path) for path in seen]:
                files = " -> ".join(p.name for p in [*seen, target])
                about = {"chain": files}
                raise ScenarioError(
                    [document.violation("cyclic_extends", ("extends",), parsed.extends, **about)]
                )
            seen.append(target)
            document = read_document(target, _name(document, parsed, target))
    except ScenarioError as error:
        chain.faults += error.violations
        return chain


def _link(chain: Chain, document: Document) -> PlaceFile | ScenarioFile | None:
    """What a file says, added to the chain; its valid part where it has faults, if that helps."""
    kind = document.data.get("kind")
    if kind not in list(_KINDS):  # a list or group cannot be looked up
        code = "missing_key" if kind is None else "not_allowed"
        params: dict[str, Any] = {"key": "kind", "allowed": list(_KINDS)}
        chain.faults.append(document.violation(code, ("kind",), kind, **params))
        kind = _kind_by_keys(document)
        if kind is None:
            return None
        document = replace(document, data=document.data | {"kind": kind})
    model: type[PlaceFile] | type[ScenarioFile] = PlaceFile if kind == "place" else ScenarioFile
    try:
        parsed = model.model_validate(document.data)
    except ValidationError as error:
        chain.faults += from_pydantic(document, model, error)
        part = valid_part(document.data, model)
        if part is None:
            return None
        document, parsed = replace(document, kept=part.kept), part.parsed
    chain.links.append((document, parsed))
    return parsed


def _kind_by_keys(document: Document) -> str | None:
    """What a file that does not say it seems to be, by a key that only one of the two has."""
    found = [kind for kind, key in _KINDS.items() if key in document.data]
    return found[0] if len(found) == 1 else None


def _target(document: Document, scenario: ScenarioFile, home: Path, *, upload: bool) -> Path:
    """The file that ``extends`` means.

    Raises
    ------
    ScenarioError
        If there is none, or it lies where an input may not reach.
    """
    name, at = scenario.extends, ("extends",)
    target = _named(document, name)
    if upload and not _in_library(target):
        raise ScenarioError([document.violation("upload_path", at, name)])
    if not _in_library(target) and not within_reach(target, home):
        raise ScenarioError([document.violation("out_of_reach", at, name, folder=home.name)])
    if not plain_file(target):
        close = {"nearest": close_file(name)}
        raise ScenarioError([document.violation("extends_not_found", at, name, **close)])
    return target


def _in_library(target: Path) -> bool:
    found = resolved(target)
    return found is not None and found.is_relative_to(LIBRARY.resolve())


def _named(document: Document, name: str) -> Path:
    if name.startswith(LIBRARY_PREFIX):
        return LIBRARY / name.removeprefix(LIBRARY_PREFIX)
    beside = document.path.parent / name
    if _OF_A_PATH & set(name) or plain_file(beside):
        return beside
    try:
        return place_named(name)
    except ScenarioError as error:
        found = [document.violation(v.code, ("extends",), name, **v.params)
                 for v in error.violations]  # fmt: skip
        raise ScenarioError(found) from None


def _name(document: Document, scenario: ScenarioFile, target: Path) -> str:
    """Name of the extended file as the user would write it."""
    if target == document.path.parent / scenario.extends:
        return str(Path(document.file).parent / scenario.extends)
    return LIBRARY_PREFIX + Path(os.path.relpath(target, LIBRARY)).as_posix()
