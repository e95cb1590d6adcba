"""YAML text to nodes, and every mistake of form as a message that a planner can act on."""

from __future__ import annotations

import codecs
import re
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import Node
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner

from simulator.errors import ScenarioError, Violation

#: Levels of nesting; the deepest valid file has nine.
MAX_DEPTH = 20
#: The reader's own levels count the document and the key that is read beside the values.
_READ_DEPTH = MAX_DEPTH + 2
#: Control characters, those that turn the direction of writing, and line ends of other worlds:
#: in a terminal or a table they would show something else than what is there.
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
FULL_WIDTH_COLON = "："

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
        return Violation("bad_character", file, line, params={"char": code_point(error.character)})
    at = getattr(error, "problem_mark", None)
    if isinstance(error, MaxDepthExceededError):
        where = at.line + 1 if at else None
        return Violation("too_deep", file, where, params={"limit": MAX_DEPTH})
    context, problem = (str(getattr(error, k, None) or "") for k in ("context", "problem"))
    began = getattr(error, "context_mark", None) or at
    if at is not None and began is not None:
        lines = text.splitlines()
        for i in sorted({began.line, at.line - 1, at.line} & set(range(len(lines)))):
            if name := broken_key(lines[i]):
                return Violation(name, file, i + 1, value=lines[i].split(" #")[0].strip())
    for pattern, code, from_start in _SYNTAX:
        if found := re.search(pattern, f"{context}: {problem}", re.DOTALL):
            mark = began if from_start else at
            char = found[1] if found.re.groups else ""
            return Violation(code, file, mark.line + 1 if mark else None, params={"char": char})
    params = {"problem": problem or type(error).__name__}
    return Violation("yaml_syntax", file, at.line + 1 if at else None, params=params)


def broken_key(line: str) -> str | None:
    """Message for a line whose colon is full-width or has no space after it."""
    if ": " in line:
        return None
    if _FULL_WIDTH_KEY.match(line):
        return "full_width_colon"
    return "yaml_tight" if _TIGHT_KEY.match(line) else None


def code_point(character: str | int) -> str:
    """Name of a character that cannot be shown, such as U+202E."""
    return f"U+{character if isinstance(character, int) else ord(character):04X}"


class _ShallowScanner(Scanner):
    """Stops at brackets nested deeper than any file needs, before looking ahead for a key in each.

    The scanner would otherwise take seconds over a few thousand of them.
    """

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:
        """Open a bracket, unless too many are open."""
        if self.flow_level >= MAX_DEPTH:
            mark = self.reader.get_mark()
            raise MaxDepthExceededError(None, None, "too many brackets", mark)
        super().fetch_flow_collection_start(TokenClass, to_push)


def compose(file: str, text: str) -> Node | None:
    """Nodes of a YAML text; None where it holds nothing.

    Raises
    ------
    ScenarioError
        If it is no YAML, or nested too deeply: what to do about it, and where.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _ShallowScanner
    yaml.max_depth = _READ_DEPTH
    yaml.composer.warn_double_anchors = False  # anchors are refused anyway, with their line
    try:
        return yaml.compose(text)
    except (YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise ScenarioError([_syntax_fault(file, text, error)]) from None
