"""Scenario files to frozen, fully resolved studies: a place, a horizon and its policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator import census
from simulator.age_table import AgeTable, parse_age_table, read_age_table
from simulator.chain import Chain, follow
from simulator.errors import ScenarioError, Violation
from simulator.parameters import central_values
from simulator.reach import LIBRARY, plain_file, within_reach
from simulator.schema import Case, PlaceFile, ScenarioFile
from simulator.source import Document, parse_document, read_document
from simulator.validation import check_place, check_scenario, check_seeds

TREND = "trend"
#: Years projected beyond the base where a file sets no horizon.
DEFAULT_YEARS = 13
DEFAULT_SEED = 1
#: Last year of the national series; the horizon of a file is held to it by the schema.
LAST_YEAR = 2100


@dataclass(frozen=True)
class Study:
    """One scenario file, resolved: everything a run needs, and where each part came from.

    ``place`` has the census figures of its code beside those of its file; ``members`` are the
    places whose sum it is, if any; ``figures_line`` is where the place file states its figures.
    """

    file: str
    place_file: str
    id: str
    place: PlaceFile
    horizon: int
    seed: int
    parameters: Mapping[str, float]
    overridden: Mapping[str, str]
    cases: Mapping[str, Case]
    age_tables: Mapping[int, AgeTable]
    sources: tuple[Path, ...]
    members: tuple[Study, ...] = ()
    figures_line: int | None = None

    @property
    def years(self) -> range:
        """Projected years, base year excluded."""
        return range(self.place.base_year + 1, self.horizon + 1)


def _resolve(chain: Chain, horizon: int | None, age_table: bytes | None = None) -> Study:
    """A chain as a study, once every rule of every file and between them has been asked."""
    violations = list(chain.faults)
    if chain.place is None:
        raise ScenarioError(violations)
    (place_document, place), scenarios = chain.place, chain.scenarios
    violations += check_place(place_document, place)
    end = _horizon(scenarios, place, horizon)
    values = central_values()
    overridden: dict[str, str] = {}
    cases: dict[str, Case] = {}
    for document, layer in reversed(chain.links):
        values |= layer.parameters
        overridden |= dict.fromkeys(layer.parameters, document.file)
    for document, scenario in scenarios:
        violations += check_scenario(document, scenario, place, end)
        cases |= scenario.scenarios
        if place.members and scenario.scenarios:
            violations.append(document.violation("members_policy", ("scenarios",), place.id))
    violations += _asked_horizon(horizon, place.base_year) + check_seeds(values, place_document)
    tables, faults = _ages(place_document, place, age_table)
    members, missing = _members(place_document, place, end)
    violations += faults + missing
    if violations:
        raise ScenarioError(_first_told(violations, len(chain.faults)))
    seeds = [s.seed for _, s in scenarios if s.seed is not None]
    return Study(
        file=chain.links[0][0].file,
        place_file=place_document.file,
        id=chain.links[0][1].id,
        place=census.joined(place),
        horizon=end,
        seed=seeds[-1] if seeds else DEFAULT_SEED,
        parameters=values,
        overridden=overridden,
        cases=cases,
        age_tables=tables,
        sources=_sources(chain.links, members),
        members=members,
        figures_line=place_document.line(("facts",)),
    )


def _first_told(violations: Sequence[Violation], known: int) -> list[Violation]:
    """Violations without what rules say of a value whose form is a fault already.

    The first ``known`` are those of form.
    """
    told = {(v.file, v.path) for v in violations[:known] if v.path}
    later = [v for v in violations[known:] if (v.file, v.path) not in told]
    return [*violations[:known], *later]


def _horizon(
    scenarios: Sequence[tuple[Document, ScenarioFile]], place: PlaceFile, asked: int | None
) -> int:
    """Last projected year: as asked, else as the last file says, else some years on and no less
    than the last target.
    """
    stated = [s.horizon for _, s in scenarios if s.horizon is not None]
    if asked is not None or stated:
        return stated[-1] if asked is None else asked
    goals = [target.at for target in place.targets if target.at is not None]
    return min(max(place.base_year + DEFAULT_YEARS, *goals, 0), LAST_YEAR)


def _ages(
    document: Document, place: PlaceFile, given: bytes | None
) -> tuple[Mapping[int, AgeTable], list[Violation]]:
    """The place's own age tables, as given or from the file it names, else the censuses'."""
    if place.age_sex is not None and given is not None:
        return parse_age_table(given, place.age_sex)
    if place.age_sex is not None:
        return _named_ages(document, place.age_sex)
    area = census.area_of(place)
    found = census.age_tables(area.code) if area is not None else {}
    return {year: table for year, table in found.items() if year <= place.base_year}, []


def _named_ages(document: Document, name: str) -> tuple[Mapping[int, AgeTable], list[Violation]]:
    """The age tables of the file that a place names, which must be within its reach."""
    path, home = document.path.parent / name, document.path.parent
    if not within_reach(path, home):
        found = document.violation("out_of_reach", ("age_sex",), name, folder=home.name)
        return {}, [found]
    if not plain_file(path):
        return {}, [document.violation("age_table_missing", ("age_sex",), name)]
    return read_age_table(path)


def _sources(
    chain: Sequence[tuple[Document, PlaceFile | ScenarioFile]], members: Sequence[Study]
) -> tuple[Path, ...]:
    """Every file that a study was read from; its place's is the last or, with ages, last but one
    of those that are not its members'.
    """
    document, place = chain[-1]
    own = [d.path for d, _ in chain]
    if isinstance(place, PlaceFile) and place.age_sex is not None:
        own.append(document.path.parent / place.age_sex)
    return (*(path for member in members for path in member.sources), *own)


def _members(
    document: Document, place: PlaceFile, end: int
) -> tuple[tuple[Study, ...], list[Violation]]:
    """The members' own files, beside the file that names them, and what is wrong with them."""
    found: list[Study] = []
    violations: list[Violation] = []
    beside = document.path.parent
    for i, name in enumerate(place.members):
        path = beside / f"{name}.yaml"
        reached = plain_file(path) and within_reach(path, beside)
        if not reached or name == place.id:
            about: dict[str, Any] = {"folder": beside.name}
            violations.append(document.violation("no_member", ("members", i), name, **about))
            continue
        try:
            member = _resolve(follow(read_document(path, _beside(document, path))), end)
        except ScenarioError as error:
            violations += error.violations
            continue
        if member.place.members or member.place.base_year != place.base_year:
            about = {"base": place.base_year, "own": member.place.base_year}
            violations.append(document.violation("member_unlike", ("members", i), name, **about))
        found.append(member)
    return tuple(found), violations


def _beside(document: Document, path: Path) -> str:
    """Name of a file in the folder of another, as the user would write it."""
    return str(Path(document.file).parent / path.name)


def _asked_horizon(horizon: int | None, base: int) -> list[Violation]:
    """The horizon of the command line lies after the base and within the national series."""
    if horizon is None:
        return []
    if horizon <= base:
        return [Violation("horizon_before_base", "--horizon", value=horizon, params={"base": base})]
    if horizon > LAST_YEAR:
        limits = {"low": base + 1, "high": LAST_YEAR}
        return [Violation("outside", "--horizon", value=horizon, params=limits)]
    return []


def load_scenario(path: str | Path, *, horizon: int | None = None) -> Study:
    """Read, validate and resolve a scenario or place file.

    Parameters
    ----------
    path : path
        YAML file; its chain of ``extends`` must end at a place.
    horizon : int, optional
        Last projected year, in place of the file's own.

    Raises
    ------
    ScenarioError
        With every violation found in the files of the chain.
    """
    return _resolve(follow(read_document(Path(path), str(path))), horizon)


def parse_scenario(
    raw: bytes, name: str, *, horizon: int | None = None, age_table: bytes | None = None
) -> Study:
    """`load_scenario` for bytes in hand, such as an upload, which is trusted with no path.

    ``extends`` must lead to a file of the library, and an uploaded place may name no age table
    but the one that came with it, ``age_table``.

    Raises
    ------
    ScenarioError
        With every violation found, a path out of the library among them.
    """
    document = parse_document(raw, Path(name).name, LIBRARY / Path(name).name)
    chain = follow(document, upload=True)
    if chain.place is not None and chain.place[0].path == document.path and age_table is None:
        own = chain.place[1].age_sex
        if own is not None:
            found = document.violation("upload_path", ("age_sex",), own)
            raise ScenarioError([*chain.faults, found])
    return _resolve(chain, horizon, age_table)


def load_scenarios(paths: Sequence[str | Path], *, horizon: int | None = None) -> list[Study]:
    """`load_scenario` for several files; the violations of all of them are raised together."""
    studies: list[Study] = []
    violations: list[Violation] = []
    for path in paths:
        try:
            studies.append(load_scenario(path, horizon=horizon))
        except ScenarioError as error:
            violations += error.violations
    for i, study in enumerate(studies):
        # Results are kept by id, so a second study of the same id would replace the first.
        if study.id in {other.id for other in studies[:i]}:
            violations.append(Violation("repeated_id", study.file, path="id", value=study.id))
    if violations:
        raise ScenarioError(violations)
    return studies
