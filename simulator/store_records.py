"""The records of a stored run: what they must say, and the name that they give it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel

PART = "part-"
_DIGITS, _PART_DIGITS = 12, 5
#: What a column of 64 bits holds; SHA-256 in digits; a table of a part.
_MOST, _SHA256 = 2**63 - 1, r"^[0-9a-f]{64}$"
_FILE = re.compile(r"(part-[0-9]{5})/([a-z_]+)\.parquet")
Provenance = Mapping[str, Any]
_Whole = Annotated[int, Field(ge=0, le=_MOST)]


class _Record(BaseModel):
    """What is asked of a record; it may say more."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Source(_Record):
    name: str
    places: _Whole
    part: Annotated[int, Field(ge=1, le=_MOST)]


class _Provenance(_Record):
    version: str
    source: _Source
    draws: _Whole
    seed: _Whole | None
    horizons: Annotated[list[_Whole], Field(min_length=1)]


class _Made(_Record):
    created: str
    seconds: float


class _Manifest(RootModel[dict[str, Annotated[str, Field(pattern=_SHA256)]]]):
    model_config = ConfigDict(strict=True)


def run_id(provenance: Provenance) -> str:
    """Name of a run: what it was made from, and the hash of all that made it."""
    found = hashlib.sha256(record_bytes(provenance)).hexdigest()
    return f"{provenance['source']['name']}-{found[:_DIGITS]}"


def record_bytes(data: object) -> bytes:
    """A record as it is written: the same data, the same bytes."""
    return (json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def part_name(i: int) -> str:
    """Folder of a part."""
    return f"{PART}{i:0{_PART_DIGITS}d}"


def whole_records(provenance: Any, manifest: Any, made: Any) -> bool:
    """Whether the records of a run, as read, say all that is asked of them.

    Raises
    ------
    ValueError
        If one lacks something or says it in another form.
    """
    _Manifest.model_validate(manifest)
    _Made.model_validate(made)
    return _every_part(manifest, _Provenance.model_validate(provenance).source)


def _every_part(manifest: Mapping[str, str], source: _Source) -> bool:
    """Whether a manifest names the same tables of every part, and nothing else."""
    names = [_FILE.fullmatch(name) for name in manifest]
    parts = -(-source.places // source.part)
    tables = {name[2] for name in names if name}
    return (
        bool(tables)
        and None not in names
        and len(manifest) == parts * len(tables)
        and {name[1] for name in names if name} == {part_name(i) for i in range(parts)}
    )
