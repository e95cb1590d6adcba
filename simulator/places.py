"""The places that come with the program: found by Chinese name, pinyin, English name or area."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from simulator import census
from simulator.county_names import units
from simulator.errors import ScenarioError, Violation, nearest
from simulator.reach import LIBRARY, LIBRARY_PREFIX, there
from simulator.schema import Words
from simulator.source import parse_document
from simulator.tables import rows

FOLDER = LIBRARY / "places"
_SUFFIXES = ("自治县", "自治旗", "市", "县", "区", "镇", "旗")
_FILE = (".yaml", ".yml")
#: What follows the head of a place file, by the order of its keys.
_BODY = re.compile(r"^documents:", re.MULTILINE)
_LAST = "999999"
_LANGUAGES = tuple(Words.model_fields)
#: What other kinds of areas are called, and all of them in letters.
_KINDS = ("省", "自治区", "county", "district", "city", "town",
          "province", "shi", "xian", "qu", "zhen")  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """Head of one place file."""

    id: str
    name: Words
    province: str
    prefecture: str
    within: str
    level: str
    base_year: int
    path: Path

    @property
    def order(self) -> tuple[str, str, str]:
        """Key of the library's order: provinces by their code, the nation first."""
        province = census.province(self.province)
        code = province.code if province is not None else _LAST
        return ("" if self.level == "nation" else code, self.prefecture, self.id)

    @property
    def names(self) -> set[str]:
        """Every name of the place as a reader may write it, squeezed."""
        english = squeezed(self.name.en or "")
        short = {self.name.zh.removesuffix(s) for s in _SUFFIXES if self.name.zh.endswith(s)}
        names = {self.name.zh, *short, squeezed(self.id), english}
        return {name for name in names if len(name) > 1}

    @property
    def full_names(self) -> set[str]:
        """Its name after that of its city, its province, or both."""
        areas = (self.province, self.prefecture, f"{self.province}{self.prefecture}")
        return {f"{area}{self.name.zh}" for area in areas if area}


def squeezed(word: str) -> str:
    """A name without the marks and spaces that people leave out: qian_an, Qian'an, qian an."""
    return re.sub(r"[\s_'’·-]", "", word).lower()


@cache
def entries(folder: Path = FOLDER) -> tuple[Entry, ...]:
    """Heads of every place file of a folder, in the library's order.

    A file without a head that can be read is left to be refused, with its line, when it is run.
    """
    found = (_entry(path) for path in sorted(folder.glob("*.yaml")))
    return tuple(sorted((e for e in found if e is not None), key=lambda entry: entry.order))


def _entry(path: Path) -> Entry | None:
    try:
        text = path.read_text(encoding="utf-8")
        head = parse_document(_BODY.split(text)[0].encode(), path.name, path).data
        return Entry(
            id=str(head["id"]),
            name=Words(zh=head["name"]["zh"], en=head["name"].get("en")),
            province=str(head["province"]),
            prefecture=str(head.get("prefecture") or ""),
            within=str((head.get("within") or {}).get("name", "")),
            level=str(head["level"]),
            base_year=int(head["base_year"]),
            path=path,
        )
    except (OSError, ValueError, KeyError, TypeError, ScenarioError):
        return None


def found(word: str, folder: Path = FOLDER) -> list[Entry]:
    """Places that a word names, else those whose name or area holds it; all for no word."""
    wanted = squeezed(word)
    exact = [e for e in entries(folder) if wanted in e.names | e.full_names]
    if exact or not wanted:
        return exact or list(entries(folder))
    return [e for e in entries(folder) if any(wanted in part for part in _searched(e))]


def _searched(entry: Entry) -> Iterable[str]:
    areas = (entry.province, entry.prefecture, entry.within)
    return (*entry.names, *areas, *(name for area in areas for name in _in_letters(area)))


def _in_letters(area: str) -> tuple[str, ...]:
    """English name and pinyin of a province or prefecture, squeezed, where they are known."""
    return _letters().get(area, ())


@cache
def _letters() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("english_names.csv"):
        if row["kind"] != "unit":
            found[row["zh"]] = (*found.get(row["zh"], ()), squeezed(row["en"]))
    return found


def nearest_names(word: str, folder: Path = FOLDER) -> dict[str, str | None]:
    """`close_name` in both languages, as parameters of a violation."""
    return {f"nearest_{lang}": close_name(word, folder, lang=lang) for lang in _LANGUAGES}


def close_name(word: str, folder: Path = FOLDER, *, lang: str = _LANGUAGES[0]) -> str | None:
    """Name of the library that a word is a slip of, or None.

    A word in letters is compared with pinyin and English names, one in Chinese with Chinese names,
    without the kind of either and without the areas that it may begin with. Nothing is proposed
    for the name of another place, nor where several are as close.
    """
    wanted = _bare(squeezed(word))
    names = {n: entry for entry in entries(folder) for name in entry.names
             for n in (name, _bare(name))}  # fmt: skip
    if wanted in _units_and_areas() and wanted not in names:
        return None
    # What is left when all areas are gone says most; 四川省达州市渠县 is no 达州市.
    for said in _without_areas(squeezed(word), folder):
        bare = _bare(said)
        close = said if said in names else nearest(bare, sorted(names), proper=True)
        if close is not None:
            return _shown(names[close], lang)
    return None


def _without_areas(word: str, folder: Path) -> list[str]:
    """A squeezed name and what is left without the areas that it begins with, shortest first."""
    given = {squeezed(area) for e in entries(folder) for area in (e.province, e.prefecture)}
    areas = {a for area in given for a in (area, _bare(area)) if a}
    found, left = {word}, [word]
    while left:
        one = left.pop()
        rest = {one.removeprefix(a) for a in areas if one.startswith(a)} - found
        found |= rest
        left += rest
    return sorted((one for one in found if len(one) > 1), key=len)


@cache
def _units_and_areas() -> frozenset[str]:
    """Names of units of the censuses, and of areas in letters, without their kinds."""
    letters = (name for names in _letters().values() for name in names)
    return frozenset(_bare(n) for n in (*letters, *_letters(), *(u.name for u in units())))


def _bare(name: str) -> str:
    """A squeezed name without its kind, where enough of it is left to be one."""
    bare = (name.removesuffix(kind) for kind in (*_SUFFIXES, *_KINDS) if name.endswith(kind))
    return next((b for b in bare if len(b) > 1), name)


def _shown(entry: Entry, lang: str) -> str:
    return f"{entry.name.get(lang)} ({entry.id})"


def close_file(name: str) -> str | None:
    """The file of the library whose name comes nearest to one that is not there, or None."""
    files = {entry.path.stem: f"{LIBRARY_PREFIX}places/{entry.path.name}" for entry in entries()}
    if not name.startswith(LIBRARY_PREFIX):
        return None
    return files.get(nearest(Path(name).stem, list(files), proper=True) or "")


def file_of(word: str, folder: Path = FOLDER) -> Path:
    """The file that an argument of the command line means: a path, or the place that it names.

    Raises
    ------
    ScenarioError
        If it is no path and names no place of the library, or more than one.
    """
    path = Path(word)
    if path.suffix.lower() in _FILE or len(path.parts) != 1 or there(path):
        return path
    return place_named(word, folder)


def place_named(word: str, folder: Path = FOLDER) -> Path:
    """The file of the one place that a word names.

    Raises
    ------
    ScenarioError
        If it names no place of the library, or more than one.
    """
    wanted = squeezed(word)
    named = [e for e in entries(folder) if wanted in e.names | e.full_names]
    named = named or [e for e in entries(folder) if any(wanted in name for name in e.names)]
    if len(named) == 1 and wanted:
        return named[0].path
    if named and wanted:
        which = {f"places_{x}": ", ".join(_shown(e, x) for e in named) for x in _LANGUAGES}
        raise ScenarioError([Violation("place_ambiguous", word, params=which)])
    raise ScenarioError([Violation("place_unknown", word, params=nearest_names(word, folder))])


def files_of(words: Sequence[str | Path], folder: Path = FOLDER) -> list[Path]:
    """`file_of` for several arguments; the violations of all of them are raised together."""
    paths: list[Path] = []
    violations: list[Violation] = []
    for word in words:
        try:
            paths.append(file_of(str(word), folder))
        except ScenarioError as error:
            violations += error.violations
    if violations:
        raise ScenarioError(violations)
    return paths
