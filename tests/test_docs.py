"""docs/model.md and the code agree on equation numbers and parameter names."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.parameters import parameters

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "docs" / "model.md"
#: Equations that only explain and that no code computes.
EXPLANATORY: frozenset[int] = frozenset()

_DISPLAY = re.compile(r"^\$\$\n(.*?)^\$\$$", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r"\\tag\{([^}]*)\}")
_NUMBER = r"\(\d+\)"
#: "eq. (1)", "eqs. (2)-(8)", "eqs. (12) and (18)", "eqs. (1), (3)"; may break over a line.
_CITATION = re.compile(rf"\beqs?\.\s*({_NUMBER}(?:\s*(?:-|,|and)\s*{_NUMBER})*)")
_MENTION = re.compile(r"\beqs?\.")
_RANGE = re.compile(r"\((\d+)\)(?:\s*-\s*\((\d+)\))?")
_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _document() -> str:
    return MODEL.read_text(encoding="utf-8")


def _tags() -> list[int]:
    return [int(number) for number in _TAG.findall(_document())]


def _numbers(text: str) -> list[int]:
    """Every equation number that a text cites, ranges written out."""
    found = []
    for citation in _CITATION.findall(text):
        for first, last in _RANGE.findall(citation):
            found += range(int(first), int(last or first) + 1)
    return found


def _cited() -> dict[int, set[str]]:
    """Files of the code by the equation number they cite."""
    found: dict[int, set[str]] = {}
    for path in sorted((ROOT / "simulator").rglob("*.py")):
        for number in _numbers(path.read_text(encoding="utf-8")):
            found.setdefault(number, set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_citations_are_read_as_written() -> None:
    text = "eq. (1); eqs. (3)-(5); eqs. (7) and (9); docs/model.md eqs.\n(11)-(12), eq. (20)."
    assert _numbers(text) == [1, 3, 4, 5, 7, 9, 11, 12, 20]


def test_tags_run_from_one_without_gaps_in_the_order_of_the_text() -> None:
    tags = _tags()
    assert tags == list(range(1, len(tags) + 1))
    assert tags


def test_every_displayed_equation_has_one_tag() -> None:
    blocks = _DISPLAY.findall(_document())
    assert [block for block in blocks if len(_TAG.findall(block)) != 1] == []
    assert len(blocks) == len(_tags())


def test_every_mention_of_an_equation_in_the_code_can_be_read() -> None:
    unread = {}
    for path in sorted((ROOT / "simulator").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if len(_MENTION.findall(text)) != len(_CITATION.findall(text)):
            unread[path.name] = [m.group() for m in re.finditer(r"\beqs?\..{0,20}", text)]
    assert unread == {}


def test_every_equation_the_code_cites_exists() -> None:
    tags = set(_tags())
    assert {number: files for number, files in _cited().items() if number not in tags} == {}


def test_every_equation_is_cited_in_the_code_or_only_explains() -> None:
    cited = set(_cited())
    assert set(_tags()) - cited - EXPLANATORY == set()
    assert EXPLANATORY - set(_tags()) == set()
    assert EXPLANATORY & cited == set()


def test_equations_the_document_refers_to_exist() -> None:
    assert set(_numbers(_document())) - set(_tags()) == set()


def test_every_parameter_the_document_names_exists() -> None:
    """A plain name in backticks is a parameter; anything else there has a dot, slash or colon."""
    names = {span for span in _CODE_SPAN.findall(_document()) if _PLAIN_NAME.fullmatch(span)}
    assert names - set(parameters()) == set()
    assert names


def test_files_the_document_names_exist() -> None:
    files = {span for span in _CODE_SPAN.findall(_document()) if "/" in span}
    assert {name for name in files if not (ROOT / name).exists()} == set()


def test_links_inside_the_document_lead_to_its_headings() -> None:
    text = _document()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) - anchors == set()
