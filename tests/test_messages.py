"""Both catalogues hold the same keys and placeholders, and just those that the code asks for.

Keys of errors (``error.*``) are covered by tests/test_invalid_input.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

import pytest
from babel.messages.pofile import read_po
from quxian import ROOT

from simulator.attribution import INTERACTION
from simulator.fiscal import ITEMS
from simulator.i18n import FOLDER, LANGUAGES, catalogue, default_language, placeholders, text
from simulator.parameters import levers
from simulator.presets import PRESETS
from simulator.report.effects import ENDS
from simulator.report.terminal import CAUSES
from simulator.schema import Fact, Scope
from simulator.targets import Reason, Status
from simulator.validation import _TYPES
from simulator.vocabulary import Kind

CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEYS = sorted(k for k in catalogue("en") if not k.startswith("error."))
PREFIXES = {key.split(".")[0] for key in catalogue("en") if "." in key}
#: A key as code writes it: dotted, of a known family.
LIKE_A_FAMILY = re.compile(rf"(?:{'|'.join(sorted(PREFIXES))})\.(?:[a-z0-9_]+\.)*")
LIKE_A_KEY = re.compile(rf"(?:{'|'.join(sorted(PREFIXES))})(?:\.[a-z0-9_]+)+")


class Use(NamedTuple):
    """One call of ``text`` with a key that is written out."""

    file: str
    key: str
    given: set[str]
    more: bool


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in [*sorted((ROOT / "simulator").rglob("*.py")), ROOT / "app.py"]:
        if path.is_file():
            yield path, ast.parse(path.read_text(encoding="utf-8"))


TREES = list(sources())


def is_text_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (
        (isinstance(node.func, ast.Name) and node.func.id == "text")
        or (isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "i18n.text")
    )


def uses(tree: ast.Module, file: str) -> Iterator[Use]:
    for node in ast.walk(tree):
        if is_text_call(node):
            assert isinstance(node, ast.Call)
            first = node.args[0]
            if isinstance(first, ast.Constant):
                names = {k.arg for k in node.keywords if k.arg is not None}
                more = any(k.arg is None for k in node.keywords)
                yield Use(file, first.value, names, more)


def constants(tree: ast.Module) -> set[str]:
    return {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def composed(tree: ast.Module) -> set[str]:
    """Patterns of keys that are put together: ``f"status.{x}"``, ``"app.unit." + x`` and
    ``key.startswith("app.unknown.")``.
    """
    found = {re.escape(word) + ".+" for word in constants(tree) if LIKE_A_FAMILY.fullmatch(word)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(p.value) if isinstance(p, ast.Constant) else ".+" for p in node.values
            ]
            pattern = "".join(parts)
            if re.match(rf"(?:{'|'.join(sorted(PREFIXES))})\\\.", pattern):
                found.add(pattern)
    return found


USES = [use for path, tree in TREES for use in uses(tree, path.name)]
WRITTEN = set().union(*(constants(tree) for _, tree in TREES))
PATTERNS = set().union(*(composed(tree) for _, tree in TREES))


# --- the catalogues


def test_languages_hold_the_same_keys() -> None:
    assert set(catalogue("zh")) == set(catalogue("en"))
    assert len(KEYS) > 100


@pytest.mark.parametrize("lang", LANGUAGES)
def test_catalogue_repeats_nothing_and_leaves_nothing_empty(lang: str) -> None:
    raw = (FOLDER / f"{lang}.po").read_text(encoding="utf-8")
    keys = re.findall(r'^msgid "(.+)"$', raw, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))
    with (FOLDER / f"{lang}.po").open("rb") as handle:
        messages = [m for m in read_po(handle) if m.id]
    assert [m.id for m in messages if not str(m.string).strip() or m.fuzzy] == []
    assert len(messages) == len(keys)


@pytest.mark.parametrize("key", KEYS)
def test_placeholders_are_the_same(key: str) -> None:
    assert placeholders(catalogue("zh")[key]) == placeholders(catalogue("en")[key])


def test_messages_are_in_their_language() -> None:
    """English may show a Chinese character in quotation marks or as a unit's name."""
    english, chinese = catalogue("en"), catalogue("zh")
    plain = {k: re.sub(r"[“\"'][^”\"']*[”\"']|[万亿]", "", english[k]) for k in KEYS}
    assert [k for k in KEYS if CHINESE.search(plain[k])] == []
    words = {k: re.sub(r"\{[^}]*\}", "", chinese[k]) for k in KEYS}
    assert [k for k in KEYS if re.search(r"[A-Za-z]{3,}", words[k]) and words[k] == plain[k]] == []


def test_missing_key_and_missing_placeholder_are_errors() -> None:
    with pytest.raises(KeyError, match=r"report\.nothing"):
        text("report.nothing", "en")
    with pytest.raises(KeyError, match="horizon"):
        text("report.subtitle", "en", base=2022)
    with pytest.raises(FileNotFoundError, match=r"fr\.po"):
        catalogue("fr")


# --- the code


def test_every_key_asked_for_exists() -> None:
    assert {(use.file, use.key) for use in USES if use.key not in catalogue("en")} == set()
    assert len(USES) > 50


def test_everything_written_like_a_key_is_one() -> None:
    """Keys in tuples and tables as well, which `text` gets by a variable."""
    looks = {word for word in WRITTEN if LIKE_A_KEY.fullmatch(word)}
    assert looks - set(catalogue("en")) - {f"error.{word}" for word in looks} == set()
    assert len(looks) > 50


def test_every_composed_key_exists() -> None:
    keys = list(catalogue("en"))
    assert {p for p in PATTERNS if not any(re.fullmatch(p, k) for k in keys)} == set()
    assert any(p.startswith("status") for p in PATTERNS)


def test_every_placeholder_is_given() -> None:
    """A message without one is a KeyError when it is shown."""
    missing = [
        u for u in USES if not u.more and not placeholders(catalogue("en")[u.key]) <= u.given
    ]
    assert missing == []


def test_nothing_is_given_that_no_message_shows() -> None:
    """Such a word would be lost: the year of a base that the reader is not told."""
    lost = [u for u in USES if u.given - placeholders(catalogue("en")[u.key])]
    assert lost == []


def test_every_key_is_asked_for() -> None:
    unused = [k for k in KEYS if k not in WRITTEN and not any(re.fullmatch(p, k) for p in PATTERNS)]
    assert unused == []


def test_an_unknown_key_would_be_unused() -> None:
    """The patterns of composed keys are no licence for everything."""
    for key in ("report.nothing_at_all", "cli.silence", "nowhere"):
        assert key not in WRITTEN
        assert not any(re.fullmatch(p, key) for p in PATTERNS)


# --- families of keys that are composed: each member has a message, each message a member


def made_with(name: str, position: int) -> set[str]:
    """Constants given to a constructor such as ``Note`` or ``Assumed``."""
    found = set()
    for _, tree in TREES:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name:
                given = node.args[position] if len(node.args) > position else None
                if isinstance(given, ast.Constant):
                    found.add(str(given.value))
    return found


def bindings() -> set[str]:
    """Words that `Run.binding` can say."""
    tree = next(tree for path, tree in TREES if path.name == "run.py")
    body = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "binding")
    keys = {
        str(key.value)
        for n in ast.walk(body)
        if isinstance(n, ast.Dict)
        for key in n.keys
        if isinstance(key, ast.Constant)
    }
    return keys | {"trend", "none"}


FAMILIES = {
    "status": set(get_args(Status)),
    "kind": set(get_args(Kind)),
    "reason": set(get_args(Reason)),
    "scope": set(get_args(Scope)) - {"place"},
    "use": set(get_args(Fact.model_fields["use"].annotation)),
    "lever": set(levers()),
    "cause": {*CAUSES, "total"},
    "binding": bindings(),
    "assumed": made_with("Assumed", 3),
    "quantity": made_with("Assumed", 0) | made_with("taken", 0),
    "note": made_with("Note", 0)
    | {f"{g}_{end}" for g in levers() for end in ("at_trend", "no_effect")}
    | {f"{g}_{end}" for g in ("jobs", "housing") for end in ("total", "below_trend")},
    "type": set(_TYPES.values()),
    "cost": set(ITEMS),
    "preset": set(PRESETS),
    "effect": {*ENDS, INTERACTION, "total", "at_end"},
}


@pytest.mark.parametrize("family", FAMILIES)
def test_family_is_whole(family: str) -> None:
    members = {k.removeprefix(f"{family}.") for k in KEYS if k.startswith(f"{family}.")}
    missing = FAMILIES[family] - members
    assert missing == set()
    extra = {m for m in members - FAMILIES[family] if f"{family}.{m}" not in WRITTEN}
    assert extra - ({"lever"} if family == "type" else set()) == set()
    assert FAMILIES[family]


def test_rules_of_assumption_want_no_more_than_base_and_area() -> None:
    for key in (k for k in KEYS if k.startswith("assumed.")):
        assert placeholders(catalogue("en")[key]) <= {"base", "where"}


# --- language of the reader


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "ZH_cn"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_US"}, "zh"),
    ],
)
def test_default_language(
    environment: dict[str, str], lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_language() == lang
