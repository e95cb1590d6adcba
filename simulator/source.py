"""YAML text to plain values that remember their line, with every mistake of form named.

YAML 1.2 scalars; no anchors, aliases, tags or duplicate keys; one mapping at the root.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from simulator.errors import ScenarioError, Violation

#: A scenario is a page or two; anything larger is no scenario.
MAX_BYTES = 2_000_000
MAX_DEPTH = 20
_FULL_WIDTH_COLON = "："
_TAG = "tag:yaml.org,2002:"
_OCTAL, _HEX = 8, 16

Path_ = tuple[str | int, ...]


@dataclass
class Document:
    """Values of one file and the line of each path in it."""

    file: str
    path: Path
    data: dict[Any, Any]
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int | None:
        """Line of ``path``, or of its closest ancestor that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def violation(self, code: str, path: Path_, value: Any = None, **params: Any) -> Violation:
        """A violation at ``path`` of this file."""
        dotted = ".".join(str(part) for part in path)
        return Violation(code, self.file, self.line(path), dotted, value, params)


def _decode(file: str, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise ScenarioError(
            [Violation("too_large", file, value=len(raw), params={"limit": MAX_BYTES})]
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            raise ScenarioError([Violation("not_text", file, line)]) from None
        raise ScenarioError([Violation("not_utf8", file, line)]) from None


def _scalar(node: ScalarNode) -> Any:
    kind, text = str(node.tag).removeprefix(_TAG), node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        digits = text.replace("_", "").lower()
        sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits.lstrip("+"))
        base = _OCTAL if digits.startswith("0o") else _HEX if digits.startswith("0x") else 10
        return sign * int(digits, base)
    if kind == "float":
        return float(
            text.replace("_", "")
            .replace(".inf", "inf")
            .replace(".nan", "nan")
            .replace(".NaN", "nan")
        )
    return text


class _Reader:
    """Walks the node tree of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {}
        self.violations: list[Violation] = []
        self._seen: set[int] = set()

    def _fault(self, code: str, node: Node, path: Path_, value: Any = None, **params: Any) -> None:
        dotted = ".".join(str(part) for part in path)
        line = node.start_mark.line + 1
        self.violations.append(Violation(code, self.file, line, dotted, value, params))

    def value(self, node: Node, path: Path_) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen or node.anchor:
            self._fault("alias", node, path)
            return None
        self._seen.add(id(node))
        if len(path) > MAX_DEPTH:
            self._fault("too_deep", node, path[:3], limit=MAX_DEPTH)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*path, i)) for i, item in enumerate(node.value)]
        try:
            return _scalar(node) if isinstance(node, ScalarNode) else None
        except ValueError:
            self._fault("bad_scalar", node, path, node.value)
            return None

    def _mapping(self, node: MappingNode, path: Path_) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str | int) or isinstance(key, bool):
                self._fault("bad_key", key_node, path, str(key_node.value)[:40])
                continue
            if key in result:
                first = self.lines[(*path, key)]
                self._fault("duplicate_key", key_node, (*path, key), key, first=first)
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
    try:
        raw = path.read_bytes()
    except OSError as error:
        code = "not_found" if isinstance(error, FileNotFoundError) else "unreadable"
        raise ScenarioError([Violation(code, file, params={"reason": error.strerror})]) from None
    return parse_document(raw, file, path)


def parse_document(raw: bytes, file: str, path: Path) -> Document:
    """`read_document` for bytes already in hand, such as an upload."""
    text = _decode(file, raw)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except (MarkedYAMLError, YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        problem = str(getattr(error, "problem", None) or type(error).__name__)
        raise ScenarioError(
            [Violation("yaml_syntax", file, line, params={"problem": problem})]
        ) from None
    if root is None:
        raise ScenarioError([Violation("empty_file", file)])
    if not isinstance(root, MappingNode):
        code = "root_not_mapping"
        if isinstance(root, ScalarNode) and _FULL_WIDTH_COLON in root.value:
            code = "full_width_colon"
        raise ScenarioError([Violation(code, file, root.start_mark.line + 1)])
    reader = _Reader(file)
    data = reader.value(root, ())
    if reader.violations:
        raise ScenarioError(reader.violations)
    return Document(file, path, data, reader.lines)
