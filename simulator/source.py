"""YAML text to plain values that remember their line, with every mistake of form named.

YAML 1.2 scalars; no anchors, aliases, tags or duplicate keys; one mapping at the root.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from simulator.errors import ScenarioError, Violation, nearest

#: A scenario is a page or two; anything larger is no scenario.
MAX_BYTES = 2_000_000
MAX_DEPTH = 20
_FULL_WIDTH_COLON = "："
_TAG = "tag:yaml.org,2002:"
_OCTAL, _HEX = 8, 16
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

#: A key written with a full-width colon, or with no space after its colon.
_FULL_WIDTH_KEY = re.compile(r"""\s*(?:- +)*[^\s:#"'：]+：""")
_TIGHT_KEY = re.compile(r"""\s*(?:- +)*[A-Za-z_]\w*:[^ \t]""")
#: What the YAML reader says, and the message that tells a planner what to do about it. ``{char}``
#: of the message is the group of the pattern; ``context`` puts the message where the trouble began.
_SYNTAX: tuple[tuple[str, str, bool], ...] = (
    (r"character '\\t' that cannot start", "yaml_tab", False),
    (r"character '(.)' that cannot start", "yaml_quote_needed", False),
    (r"block scalar: expected chomping or indentation.*'(=)'", "yaml_operator", False),
    (r"quoted scalar: found unexpected (?:end|document)", "yaml_unclosed_quote", True),
    (r"found unknown escape character", "yaml_escape", False),
    (r"undefined alias|scanning an (?:anchor|alias)", "alias", False),
    (r"undefined tag handle|scanning a tag", "tag", False),
    (r"another document", "yaml_documents", False),
    (r"expected <block end>, but found '<scalar>'", "yaml_inner_quote", False),
    (r"expected <block end>", "yaml_indent", False),
    (r"flow (?:mapping|sequence|node)", "yaml_bracket", True),
    (r"could not find expected ':'", "yaml_no_colon", True),
    (r"mapping values are not allowed", "yaml_colon", False),
)

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
        """A violation at ``path`` of this file; where names are allowed, with the nearest one."""
        dotted = ".".join(str(part) for part in path)
        if params.get("allowed") and params.get("nearest") is None:
            params["nearest"] = nearest(str(value), params["allowed"])
        return Violation(code, self.file, self.line(path), dotted, value, params)


def decoded(file: str, raw: bytes) -> str:
    """Text of a UTF-8 file, with or without a byte order mark.

    Raises
    ------
    ScenarioError
        If it is in another encoding (named, where one can tell), or no text at all.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ScenarioError([Violation("not_utf8", file, 1, params={"encoding": "UTF-16"})])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        try:
            raw.decode("gb18030")
        except UnicodeDecodeError:
            raise ScenarioError([Violation("not_text", file)]) from None
        if b"\0" in raw:
            raise ScenarioError([Violation("not_text", file)]) from None
        found = Violation("not_utf8", file, line, params={"encoding": "GBK/GB18030"})
        raise ScenarioError([found]) from None


def _syntax_fault(file: str, text: str, error: Exception) -> Violation:
    """What a planner can do about an error of the YAML reader, and the line to do it on."""
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Violation("bad_character", file, line, params={"char": _code_point(error.character)})
    if isinstance(error, RecursionError):
        return Violation("too_deep", file, params={"limit": MAX_DEPTH})
    context, problem = (str(getattr(error, k, None) or "") for k in ("context", "problem"))
    at = getattr(error, "problem_mark", None)
    began = getattr(error, "context_mark", None) or at
    if at is not None and began is not None:
        lines = text.splitlines()
        for i in sorted({began.line, at.line - 1, at.line} & set(range(len(lines)))):
            if name := _broken_key(lines[i]):
                return Violation(name, file, i + 1, value=lines[i].split(" #")[0].strip())
    for pattern, code, from_start in _SYNTAX:
        if found := re.search(pattern, f"{context}: {problem}", re.DOTALL):
            mark = began if from_start else at
            char = found[1] if found.re.groups else ""
            return Violation(code, file, mark.line + 1 if mark else None, params={"char": char})
    params = {"problem": problem or type(error).__name__}
    return Violation("yaml_syntax", file, at.line + 1 if at else None, params=params)


def _broken_key(line: str) -> str | None:
    """Message for a line whose colon is full-width or has no space after it."""
    if ": " in line:
        return None
    if _FULL_WIDTH_KEY.match(line):
        return "full_width_colon"
    return "yaml_tight" if _TIGHT_KEY.match(line) else None


def _code_point(character: str | int) -> str:
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


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
        return sign * int(digits, base)
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
        if odd := _UNPRINTABLE.search(node.value):
            self._fault("bad_character", node, path, char=_code_point(odd[0]))
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
            if _FULL_WIDTH_COLON in str(key) and not value_node.value:
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
    try:
        raw = path.read_bytes()
    except OSError as error:
        code = "not_found" if isinstance(error, FileNotFoundError) else "unreadable"
        raise ScenarioError([Violation(code, file, params={"reason": error.strerror})]) from None
    return parse_document(raw, file, path)


def parse_document(raw: bytes, file: str, path: Path) -> Document:
    """`read_document` for bytes already in hand, such as an upload."""
    if len(raw) > MAX_BYTES:
        found = Violation("too_large", file, value=len(raw), params={"limit": MAX_BYTES})
        raise ScenarioError([found])
    text = decoded(file, raw)
    try:
        root = _compose(text)
    except (YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ScenarioError([_syntax_fault(file, text, error)]) from None
    if root is None:
        raise ScenarioError([Violation("empty_file", file)])
    if not isinstance(root, MappingNode):
        words = root.value if isinstance(root, ScalarNode) else ""
        code = _broken_key(words) or "root_not_mapping"
        raise ScenarioError([Violation(code, file, root.start_mark.line + 1, value=words or None)])
    reader = _Reader(file)
    data = reader.value(root, ())
    if reader.violations:
        raise ScenarioError(reader.violations)
    return Document(file, path, data, reader.lines)


def _compose(text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # anchors are refused anyway, with their line
    return yaml.compose(text)
