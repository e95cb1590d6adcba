"""What of a file with faults can still be checked, so that all its faults are told together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from simulator.source import Path_, original_path

_Model = TypeVar("_Model", bound=BaseModel)
#: Each round removes what the last one found; a fault inside a fault takes another round.
_ROUNDS = 12
#: What other rules rest on: where one of these is faulty, their findings would be guesses.
_GROUND = ("documents", "horizon", "age_sex", "members", "extends")


@dataclass(frozen=True)
class Part(Generic[_Model]):
    """The valid part of a file, and which items of its lists are left (see `original_path`)."""

    parsed: _Model
    kept: Mapping[Path_, tuple[int, ...]]


def valid_part(data: Mapping[Any, Any], model: type[_Model]) -> Part[_Model] | None:
    """A file without its faulty values, or None where the rest rests on what is faulty.

    It serves to find further faults; no run is ever made of it.
    """
    gone: set[Path_] = set()
    for _ in range(_ROUNDS):
        kept: dict[Path_, tuple[int, ...]] = {}
        try:
            return Part(model.model_validate(_without(data, (), gone, kept)), kept)
        except ValidationError as error:
            found = {_removable(detail, kept) for detail in error.errors()}
        if () in found or found <= gone or any(path[0] in _GROUND for path in found):
            return None
        gone |= found
    return None


def _removable(detail: Any, kept: Mapping[Path_, tuple[int, ...]]) -> Path_:
    """What must go for a fault to go: the value, or what lacks a key."""
    path = original_path(tuple(p for p in detail["loc"] if p != "[key]"), kept)
    return path[:-1] if detail["type"] == "missing" else path


def _without(value: Any, path: Path_, gone: set[Path_], kept: dict[Path_, tuple[int, ...]]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: _without(item, (*path, name), gone, kept)
            for name, item in value.items()
            if (*path, name) not in gone
        }
    if isinstance(value, list):
        kept[path] = tuple(i for i in range(len(value)) if (*path, i) not in gone)
        return [_without(value[i], (*path, i), gone, kept) for i in kept[path]]
    return value
