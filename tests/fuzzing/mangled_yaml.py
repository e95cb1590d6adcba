"""Valid files broken in the ways that hands, editors, other programs and ill will break them.

Every function takes a random generator and text, and gives other text; which one, the seed says.
"""

from __future__ import annotations

import codecs
import copy
import math
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Mangler = Callable[[random.Random, str], str | bytes]

#: Scalars as a file may have them; each is some reader's trouble.
SCALARS = (
    "", "~", "null", "true", "no", "是", "yes", "0", "-0.0", "-1", "1", "48", "0.48", "2022",
    "1e308", "1e400", "-1e308", "1e-320", ".nan", ".inf", "-.inf", "NaN", "Infinity", "0x1F",
    "0o17", "0b1", "1_000", "1,000", "４８", "四成", "48%", "'48'", '"2022"', "9" * 400,
    "9" * 5000, "1e99999", "-" + "9" * 30, "12:30:45", "2022-01-01", "2022年", "!!binary aGk=",
    "!!python/object/apply:os.system [id]", "!!float 3", "!x y", "&a 3", "*a", "<<", "=1+1",
    "@x", "`x`", "%x", "{", "}", "[", "]", "[]", "{}", "[1, 2]", "{2023: 1}", "{zh: 县}", "|", ">",
    "|2", ">=", "- 1", "? x", "'", '"', '"\\q"', '"\\u0000"', '"\\uD800"', '"\\x1b[31m"', "\u202e",
    "a: b: c", "# x", "../../etc/passwd", "/etc/passwd", "library:../app.py", "library:", ".", "..",
    "/dev/zero", "/dev/stdin", "/proc/self/environ", "\\\\host\\x", "x" * 300, "长" * 5000,
    "place.yaml", "scenario.yaml", "C:\\x.yaml", "file:///etc/passwd", "a\x00b", "\ufeff", "\u2028",
    "\x85", "\x7f", "\U0001f600", "\ud83d",
    "trend", "place", "scenario", "town", "nation", "prefecture", "zone", "district", "人", "万人",
    "亿元", "%", "‰", "base", "history", "outcome", "context", "superseded", "county_seat",
    "resident_population", "town_population", "village_population", "hukou_population",
    "hukou_urbanization_rate", "hukou_minus_resident", "nonlocal_residents", "out_migrants",
    "county_seat_population", "linear", "step", "total", "beyond_trend", "below_3m", "above_5m",
    "1949", "1950", "2100", "2101", "2099", "1990", "2010", "2020",
)  # fmt: skip

#: The same as values of a tree.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 48, 2022, 2023, 2100, 10**30, -(10**30), 10**400, 0.0, -0.0,
    0.48, 1e308, -1e308, 5e-324, 1e15, 1e-9, math.nan, math.inf, -math.inf, "", " ", "x", "48",
    "0.48", "渠县", "长" * 5000, "{x}", "%s", "=1+1", "a\nb", "a\tb", "\u202eabc", [], {}, [[]],
    [None], {"": 1}, {"zh": None}, {"zh": "县"}, {2023: 1}, {2023: None}, {2023: 1, 2030: 5},
    [1, 2],
    {"value": 3}, {"value": 20, "relative_to": "trend"}, {2023: 5, "between": "linear"},
    {"between": "linear"}, {"value": 1, 2024: 2}, {"between": 3}, {"value": {"value": 1}}, {1.5: 2},
    {"2023": 5}, {True: 1}, {None: 2}, 1950, 1949, 2101, 100, 100.0, 99.999999,
    1e-12, 0.9999999,
)  # fmt: skip
_KEY = re.compile(r"^(\s*(?:- )?)([^\s:#]+):(.*)$")


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _line(rng: random.Random, text: str) -> tuple[list[str], int]:
    lines = _lines(text)
    return lines, rng.randrange(len(lines))


def scalar(rng: random.Random, text: str) -> str:
    """Another value after a key."""
    lines = _lines(text)
    keyed = [i for i, line in enumerate(lines) if _KEY.match(line)]
    at = rng.choice(keyed)
    lines[at] = _KEY.sub(lambda m: f"{m[1]}{m[2]}: {rng.choice(SCALARS)}", lines[at])
    return "\n".join(lines)


def key(rng: random.Random, text: str) -> str:
    """Another key before a value: misspelt, of elsewhere, or no key at all."""
    lines = _lines(text)
    keyed = [i for i, line in enumerate(lines) if _KEY.match(line)]
    at, other = rng.choice(keyed), rng.choice(keyed)
    found, borrowed = _KEY.match(lines[at]), _KEY.match(lines[other])
    assert found is not None
    assert borrowed is not None
    old = found[2]
    cut = rng.randrange(len(old) + 1)
    new = rng.choice((
        old[:cut] + old[cut + 1 :], old[:cut] + "x" + old[cut:], borrowed[2], old.upper(),
        rng.choice(SCALARS), f"{old}：", f'"{old}"', f"? {old}",
    ))  # fmt: skip
    lines[at] = f"{found[1]}{new}:{found[3]}"
    return "\n".join(lines)


def indent(rng: random.Random, text: str) -> str:
    """A line too far in or out, or set in by a tab."""
    lines, at = _line(rng, text)
    lines[at] = rng.choice((" ", "  ", "\t", "    ", "\u3000")) + lines[at]
    if rng.random() < 0.5:
        lines[at] = lines[at].lstrip()
    return "\n".join(lines)


def moved(rng: random.Random, text: str) -> str:
    """A line twice, gone, or elsewhere."""
    lines, at = _line(rng, text)
    line, how = lines[at], rng.randrange(3)
    if how != 0:
        del lines[at]
    if how != 1:
        lines.insert(rng.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def cut(rng: random.Random, text: str) -> bytes:
    """A file whose end is missing, in the midst of a character perhaps."""
    raw = text.encode("utf-8", "surrogatepass")
    return raw[: rng.randrange(len(raw))]


def bytes_changed(rng: random.Random, text: str) -> bytes:
    """A few bytes other than they were."""
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(rng.randint(1, 4)):
        at, how = rng.randrange(len(raw)), rng.randrange(3)
        byte = rng.choice((0, 9, 10, 13, 27, 0x7F, 0x80, 0xC0, 0xFF, rng.randrange(256)))
        if how == 0:
            raw[at] = byte
        elif how == 1:
            raw.insert(at, byte)
        else:
            del raw[at]
    return bytes(raw)


def encoded(rng: random.Random, text: str) -> bytes:
    """Another encoding or other line ends."""
    plain = text.encode("utf-8", "replace")
    return rng.choice((
        codecs.BOM_UTF8 + plain, codecs.BOM_UTF8 * 2 + plain, text.encode("utf-16"),
        text.encode("gb18030", "replace"), text.encode("utf-16-le", "replace"),
        text.encode("utf-32"),
        plain.replace(b"\n", b"\r\n"), plain.replace(b"\n", b"\r"), plain.replace(b"  ", b"\t"),
        plain.replace(b"\n", "\u2028".encode()), plain.replace(b": ", "：".encode()),
        plain.replace(b"\n", b"\n\n\x0c"),
    ))  # fmt: skip


def _laughs(levels: int) -> str:
    lines = ["l0: &l0 [ha, ha, ha]"]
    for i in range(1, levels):
        lines.append(f"l{i}: &l{i} [" + ", ".join([f"*l{i - 1}"] * 9) + "]")
    return "\n".join(lines)


#: Lines that a reader of YAML must not follow.
BOMBS = (
    _laughs(12), "a: &a [*a]", "<<: *x", "<<: {kind: place}", "base: &b {x: 1}\nother: {<<: *b}",
    "x: " + "[" * 3000, "x: " + "[" * 500 + "]" * 500, "x: " + "{a: " * 300 + "1" + "}" * 300,
    "- " * 400 + "x", "? " * 300, "%YAML 1.1", "---\nkind: place", "...\nkind: place", "%TAG ! x:",
    "x: !!python/name:os.system", "!<tag:yaml.org,2002:python/module:os> x: 1",
    "x: !include a.yaml",
    "? {a: b}\n: 1", "? [a]\n: 1", "? |\n  long\n: 1", "\t", "  - x", "x: 'a\n\n\nb'",
    "kind: place",
    "x:\n" + "\n".join(f"{' ' * i}a:" for i in range(1, 60)), "1: 2", "1.5: 2",
    "null: 3", "true: 4",
    "\n".join(f"k{i}: {i}" for i in range(2000)), "*a : 1", "&a : 1", "'': 1", "\"a\\nb\": 1",
)  # fmt: skip


def bomb(rng: random.Random, text: str) -> str:
    """Lines of `BOMBS` at the head, the end or between."""
    lines, at = _line(rng, text)
    lines.insert(rng.choice((0, at, len(lines))), rng.choice(BOMBS))
    return "\n".join(lines)


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs: Any = tree.items() if isinstance(tree, dict) else ()
    for name, item in enumerate(tree) if isinstance(tree, list) else pairs:
        found += _paths(item, (*path, name))
    return found


def _holder(tree: Any, path: tuple[Any, ...]) -> Any:
    for part in path[:-1]:
        tree = tree[part]
    return tree


def tree(rng: random.Random, text: str) -> str:
    """One to three values of the tree replaced, removed, exchanged or set in deeper."""
    data: Any = YAML(typ="safe", pure=True).load(text)
    for _ in range(rng.randint(1, 3)):
        paths = _paths(data)
        path, other = rng.choice(paths), rng.choice(paths)
        holder, how = _holder(data, path), rng.randrange(6)
        if how < 3:
            holder[path[-1]] = copy.deepcopy(rng.choice(VALUES))
        elif how == 3:
            del holder[path[-1]]
        elif how == 4 and path[: len(other)] != other and other[: len(path)] != path:
            there = _holder(data, other)
            holder[path[-1]], there[other[-1]] = there[other[-1]], holder[path[-1]]
        else:
            holder[path[-1]] = rng.choice(([holder[path[-1]]], {"value": holder[path[-1]]}))
        if not isinstance(data, dict) or not data:
            break
    return written(data)


def figures(rng: random.Random, text: str) -> str:
    """Every few numbers of the file by other numbers: the form is right, the figures are not."""

    def other(match: re.Match[str]) -> str:
        value = float(match[0])
        return rng.choice((
            match[0], match[0], match[0], repr(value * 10.0), repr(value / 1000.0), repr(-value),
            repr(value + 1.0), "0", "100", "1e12", str(rng.randint(1949, 2100)),
        ))  # fmt: skip

    return re.sub(r"(?<=: )-?\d+(\.\d+)?(?=[,}\s])", other, text)


def written(value: Any) -> str:
    """A tree as YAML of one item a line, with floats and keys that JSON does not have."""
    if isinstance(value, dict):
        inside = ",\n".join(f"{written(k)}: {written(v)}" for k, v in value.items())
        return "{" + inside + "\n}"
    if isinstance(value, list):
        return "[" + ",\n".join(map(written, value)) + "\n]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
    return repr(value)


MANGLERS: tuple[Mangler, ...] = (
    scalar, scalar, key, indent, moved, cut, bytes_changed, encoded, bomb, tree, tree, figures,
    figures,
)  # fmt: skip


def mangled(seed: int, text: str) -> bytes:
    """``text`` broken once or twice, as the seed says."""
    rng = random.Random(seed)
    made = rng.choice(MANGLERS)(rng, text)
    if isinstance(made, str) and rng.random() < 0.25:
        # Trees are read from valid text only; lines can be broken twice.
        made = rng.choice((scalar, key, indent, moved, bytes_changed))(rng, made)
    return made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")


def mangled_rows(seed: int, text: str) -> bytes:
    """An age table broken as the seed says: cells, rows, or its text as any other."""
    rng = random.Random(seed)
    if rng.random() < 0.4:
        made = rng.choice((moved, cut, bytes_changed, encoded, indent))(rng, text)
        return made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
    rows = [line.split(",") for line in text.split("\n")]
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(rows)
        at = rng.randrange(len(row))
        row[at] = rng.choice((*SCALARS, "male", "female", "", "0", "4", "100", "5", "1e3", "8万"))
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")


#: Commands that end quickly whatever the file says, and what may be asked of them.
COMMANDS = ("check", "run", "resolve", "audit", "compare", "export", "budget", "needs", "calibrate")
_OPTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("--horizon", ("2027", "2030", "0", "-1", "2200", "x", "", "1e3", "9" * 40, "２０３０")),
    ("--lang", ("zh", "en", "fr", "", "ZH")),
    ("--scenario", ("plan", "trend", "none", "", "../x", "\u202e")),
    ("--to", ("csv", "yaml", "exe", ",", "csv,csv", "")),
    ("--seed", ("1", "-1", "x", "9" * 40)),
    ("--draws", ("0", "-3", "x", "3")),
    ("--target", ("resident_population", "x@y", ">=", "resident_population>=-1@2025")),
)


def options(rng: random.Random, path: str, out: str) -> list[str]:
    """A command line over a file, with options that fit or do not."""
    command = rng.choice(COMMANDS)
    files = [path] * rng.choice((1, 1, 1, 2, 0))
    if rng.random() < 0.2:
        files = [rng.choice(("", ".", "..", "/", "渠先", "\u202e", "x" * 5000, "a\nb",
        "nowhere.yaml",
                             "-", "--", "/dev/null", "鼓楼", "*"))]  # fmt: skip
    asked = [command, *files]
    for name, values in rng.sample(_OPTIONS, rng.randint(0, 2)):
        asked += [name, rng.choice(values)]
    if command in ("run", "export"):
        asked += ["--out", out]
    return asked


def emptied(folder: Path) -> None:
    """Remove what a command wrote."""
    shutil.rmtree(folder, ignore_errors=True)
