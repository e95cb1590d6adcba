"""YAML text to plain values that remember their line, with every mistake of form named.

YAML 1.2 scalars; no anchors, aliases, tags or duplicate keys; one mapping at the root.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from simulator.errors import ScenarioError, Violation, nearest
from simulator.reach import MAX_BYTES, read_input
from simulator.syntax import (
    FULL_WIDTH_COLON,
    MAX_DEPTH,
    UNPRINTABLE,
    broken_key,
    code_point,
    compose,
    decoded,
)  # fmt: skip

_TAG = "tag:yaml.org,2002:"
_OCTAL, _HEX = 8, 16
#: No figure of a plan has as many digits; beyond, whole numbers are no longer told apart.
_MOST = 10**15

Path_ = tuple[str | int, ...]


def original_path(path: Path_, kept: Mapping[Path_, tuple[int, ...]]) -> Path_:
    """A path among the items kept of each list as the path that it has in the file."""
    found: Path_ = ()
    for part in path:
        items = kept.get(found)
        known = items is not None and isinstance(part, int) and part < len(items)
        found = (*found, items[int(part)] if items is not None and known else part)
    return found


@dataclass
class Document:
    """Values of one file and the line of each path in it.

    ``kept`` tells which items of its lists are looked at, where faulty ones are left out.
    """

    file: str
    path: Path
    data: dict[Any, Any]
    lines: dict[Path_, int] = field(default_factory=dict)
    kept: Mapping[Path_, tuple[int, ...]] = field(default_factory=dict)

    def line(self, path: Path_) -> int | None:
        """Line of ``path``, or of its closest ancestor that is in the file."""
        path = original_path(path, self.kept)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def violation(self, code: str, path: Path_, value: Any = None, **params: Any) -> Violation:
        """A violation at ``path`` of this file; where names are allowed, with the nearest one."""
        dotted = ".".join(str(part) for part in original_path(path, self.kept))
        if params.get("allowed") and "nearest" not in params:
            params["nearest"] = nearest(str(value), params["allowed"])
        return Violation(code, self.file, self.line(path), dotted, value, params)


def _scalar(node: ScalarNode) -> Any:
    kind, text = str(node.tag).removeprefix(_TAG), node.value
    if kind == "null":
        return None
    if kind == "bool":
        if text.lower() not in ("true", "false"):  # `yes` and `no` under %YAML 1.1
            raise ValueError(text)
        return text.lower() == "true"
    if kind == "int":
        digits = text.replace("_", "").lower()
        sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits.lstrip("+"))
        base = _OCTAL if digits.startswith("0o") else _HEX if digits.startswith("0x") else 10
        whole = sign * int(digits, base)
        if abs(whole) > _MOST:
            raise ValueError(text)
        return whole
    if kind == "float":
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Reader:
    """Walks the node tree of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}
        self.violations: list[Violation] = []
        self._seen: set[int] = set()

    def _fault(
        self,
        code: str,
        node: Node,
        path: Path_,
        value: Any = None,
        line: int | None = None,
        **params: Any,
    ) -> None:
        dotted = ".".join(str(part) for part in path)
        line = line or node.start_mark.line + 1
        self.violations.append(Violation(code, self.file, line, dotted, value, params))

    def value(self, node: Node, path: Path_) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if not self._plain(node, path):
            return None
        if len(path) > MAX_DEPTH:
            self._too_deep(node, path)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        return self._scalar(node, path) if isinstance(node, ScalarNode) else None

    def _plain(self, node: Node, path: Path_) -> bool:
        """Whether a node is neither anchored nor tagged nor met before."""
        if id(node) in self._seen:
            # An alias is the node it repeats, with that node's line; its key has its own.
            self._fault("alias", node, path, line=self.lines.get(path))
            return False
        self._seen.add(id(node))
        code = "alias" if node.anchor else "tag" if node.ctag.handle is not None else None
        if code is not None:
            self._fault(code, node, path)
        return code is None

    def _too_deep(self, node: Node, path: Path_) -> None:
        if all(v.code != "too_deep" for v in self.violations):
            self._fault("too_deep", node, path[:3], limit=MAX_DEPTH)

    def _scalar(self, node: ScalarNode, path: Path_) -> Any:
        if odd := UNPRINTABLE.search(node.value):
            self._fault("bad_character", node, path, char=code_point(odd[0]))
            return None
        try:
            return _scalar(node)
        except ValueError:
            self._fault("bad_scalar", node, path, node.value)
            return None

    def _key(self, node: Node, path: Path_) -> str | int | None:
        if not self._plain(node, path):
            return None
        known = len(self.violations)
        key = self._scalar(node, path) if isinstance(node, ScalarNode) else None
        if isinstance(key, str | int) and not isinstance(key, bool):
            return key
        if len(self.violations) == known:
            words = node.value if isinstance(node, ScalarNode) else None
            self._fault("bad_key", node, path, words)
        return None

    def _mapping(self, node: MappingNode, path: Path_) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in result:
                first = self.lines[(*path, key)]
                self._fault("duplicate_key", key_node, (*path, key), key, first=first)
                continue
            if FULL_WIDTH_COLON in str(key) and not value_node.value:
                self._fault("full_width_colon", key_node, path, key)
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.value(value_node, (*path, key))
        return result


def read_document(path: Path, name: str | None = None) -> Document:
    """Read one YAML file.

    Raises
    ------
    ScenarioError
        If the file cannot be opened, is no UTF-8 YAML, is empty, has no mapping at its root,
        repeats a key, or uses anchors; every such fault found is named.
    """
    file = name or str(path)
    return parse_document(read_input(path, file), file, path)


def parse_document(raw: bytes, file: str, path: Path) -> Document:
    """`read_document` for bytes already in hand, such as an upload."""
    if len(raw) > MAX_BYTES:
        found = Violation("too_large", file, value=len(raw), params={"limit": MAX_BYTES})
        raise ScenarioError([found])
    root = compose(file, decoded(file, raw))
    if root is None:
        raise ScenarioError([Violation("empty_file", file)])
    if not isinstance(root, MappingNode):
        words = root.value if isinstance(root, ScalarNode) else ""
        code = broken_key(words) or "root_not_mapping"
        raise ScenarioError([Violation(code, file, root.start_mark.line + 1, value=words or None)])
    reader = _Reader(file)
    data = reader.value(root, ())
    if reader.violations:
        raise ScenarioError(reader.violations)
    return Document(file, path, data, reader.lines)
