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
#: What stands for a faulty value while the rest of its file is checked. Most break no rule; what
#: a rule says of the others is said of a path that has a fault already, and is left out.
_ITEM: Mapping[str, Any] = {
    "indicator": "", "year": None, "value": 50.0, "unit": "", "document": "", "quote": "--"
}  # fmt: skip
_STAND_INS: Mapping[Path_, Any] = {
    ("id",): "unnamed",
    ("name",): {"zh": ""},
    ("province",): "",
    ("level",): "county",
    **{("facts", "*", key): value for key, value in {**_ITEM, "use": "context"}.items()},
    **{("targets", "*", key): value for key, value in {**_ITEM, "op": ">="}.items()},
}
#: Rules on several figures together must not take such a value for a figure.
_APART: Mapping[Path_, Mapping[str, Any]] = {("facts", "*"): {"use": "context"}}


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
    stand_ins = {p: v for p, v in _stand_ins(data).items() if p[0] in model.model_fields}
    for _ in range(_ROUNDS):
        kept: dict[Path_, tuple[int, ...]] = {}
        try:
            left = _Left(gone, stand_ins, kept).of(data, ())
            return Part(model.model_validate(left), kept)
        except ValidationError as error:
            found = {_removable(detail, kept, stand_ins) for detail in error.errors()}
        if () in found or found <= gone or any(path[0] in _GROUND for path in found):
            return None
        gone |= found
    return None


def _stand_ins(data: Mapping[Any, Any]) -> dict[Path_, Any]:
    """What may stand in for a faulty value; for the base year, that of the facts of the base.

    Where these name several years, or none, rules about the base would be guesses.
    """
    facts = data.get("facts")
    items = [f for f in facts if isinstance(f, Mapping)] if isinstance(facts, list) else []
    years = [f.get("year") for f in items if f.get("use") == "base"]
    agreed = len({str(year) for year in years}) == 1 and isinstance(years[0], int)
    return {**_STAND_INS, **({("base_year",): years[0]} if agreed else {})}


def _kind(path: Path_) -> Path_:
    """A path whatever the number of the item."""
    return tuple("*" if isinstance(part, int) else part for part in path)


def _removable(
    detail: Any, kept: Mapping[Path_, tuple[int, ...]], stand_ins: Mapping[Path_, Any]
) -> Path_:
    """What must go for a fault to go: the value, or what lacks a key that nothing stands in for."""
    path = original_path(tuple(p for p in detail["loc"] if p != "[key]"), kept)
    replaced = _kind(path) in stand_ins
    return path[:-1] if detail["type"] == "missing" and not replaced else path


@dataclass(frozen=True)
class _Left:
    """What is left of a file without the values at the paths of ``gone``; fills in ``kept``."""

    gone: set[Path_]
    stand_ins: Mapping[Path_, Any]
    kept: dict[Path_, tuple[int, ...]]

    def of(self, value: Any, path: Path_) -> Any:
        """The value at a path, its stand-ins within it."""
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if isinstance(value, list):
            self.kept[path] = tuple(i for i in range(len(value)) if (*path, i) not in self.gone)
            return [self.of(value[i], (*path, i)) for i in self.kept[path]]
        return value

    def _mapping(self, value: Mapping[Any, Any], path: Path_) -> dict[Any, Any]:
        gone = [at[-1] for at in self.gone if at[:-1] == path]
        left = {n: self.of(item, (*path, n)) for n, item in value.items() if n not in gone}
        known = {n: _kind((*path, n)) for n in gone}
        filled = {n: self.stand_ins[at] for n, at in known.items() if at in self.stand_ins}
        return left | filled | (dict(_APART.get(_kind(path), {})) if filled else {})
