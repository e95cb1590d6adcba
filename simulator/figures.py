"""Rules for the figures of a place: what each may be, and what they must be together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from simulator import tables
from simulator.errors import Violation, nearest
from simulator.schema import Fact, PlaceFile, Target
from simulator.source import Document
from simulator.units import UNITS, dimension, to_base
from simulator.vocabulary import COMMON, Indicator, indicators

_Path = tuple[str | int, ...]
#: Any one of these splits the residents by town and village.
_SPLIT = ("resident_urbanization_rate", "town_population")
_RATES = ("resident_urbanization_rate", "hukou_urbanization_rate")
_PEOPLED = ("resident_population", "town_population", "hukou_population")
#: The whole that each part must be less than.
WHOLE = {
    "town_population": "resident_population",
    "village_population": "resident_population",
    "nonlocal_residents": "resident_population",
    "out_migrants": "hukou_population",
}


def check_figures(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """Everything wrong with the facts and targets of a place file."""
    for i, fact in enumerate(place.facts):
        yield from _figure(document, ("facts", i), fact, place)
        yield from _use(document, ("facts", i, "year"), fact, place.base_year)
    for i, target in enumerate(place.targets):
        yield from _figure(document, ("targets", i), target, place)
        at: _Path = ("targets", i, "year")
        if target.at is None:
            yield document.violation("no_year", at)
        elif target.at <= place.base_year:
            yield document.violation("year_before_base", at, target.at, base=place.base_year)
    yield from _repeated(document, place)
    yield from _start(document, place)
    yield from _contradictions(document, place)


def _use(document: Document, path: _Path, fact: Fact, base: int) -> Iterator[Violation]:
    """The year of a fact fits its use: the base, the years up to it, or the years after it."""
    if fact.use in ("base", "history", "outcome") and fact.at is None:
        yield document.violation("no_year", path)
    elif fact.at is None:
        return
    elif fact.use == "base" and fact.at != base:
        yield document.violation("base_fact_year", path, fact.at, base=base)
    elif fact.use == "history" and fact.at > base:
        yield document.violation("history_after_base", path, fact.at, base=base)
    elif fact.use == "outcome" and fact.at <= base:
        yield document.violation("outcome_before_base", path, fact.at, base=base)


def named(
    document: Document, code: str, path: _Path, name: str, allowed: Iterable[str]
) -> Iterator[Violation]:
    """A violation where ``name`` is none of the allowed ones."""
    names = list(allowed)
    if name not in names:
        yield document.violation(code, path, name, allowed=names)


def _known(document: Document, path: _Path, name: str) -> Iterator[Violation]:
    """`named` for an indicator, which may also have been called by its label."""
    table = indicators()
    labels = {label: n for n, i in table.items() for label in (i.zh, i.en)}
    if name not in table:
        close = COMMON.get(name) or nearest(name, list(table))
        close = close or labels.get(nearest(name, list(labels)) or "")
        yield document.violation("unknown_indicator", path, name, allowed=[*table], nearest=close)


def _figure(
    document: Document, path: _Path, figure: Fact | Target, place: PlaceFile
) -> Iterator[Violation]:
    """Rules that facts and targets share."""
    known = indicators()
    yield from _known(document, (*path, "indicator"), figure.indicator)
    yield from named(
        document, "unknown_document", (*path, "document"), figure.document, place.documents
    )
    if figure.indicator not in known:
        return
    indicator = known[figure.indicator]
    units = _units_of(indicator)
    if units and figure.unit not in units:
        # Another unit is no slip: its number would be another too.
        about = {"allowed": units, "nearest": None}
        yield document.violation("wrong_unit", (*path, "unit"), figure.unit, **about)
        return
    values: list[tuple[_Path, float]] = [((*path, "value"), figure.value)]
    if isinstance(figure, Target) and figure.baseline is not None:
        values.append(((*path, "baseline", "value"), figure.baseline.value))
    for at, value in values if indicator.kind == "modelled" else ():
        yield from _amount(document, at, value, figure)


def _units_of(indicator: Indicator) -> list[str]:
    """Units that figures of an indicator may have; none named where it is only shown."""
    if indicator.kind == "modelled":
        wanted = dimension(indicator.unit)
        return [unit for unit in UNITS if dimension(unit) == wanted]
    return [indicator.unit] if indicator.kind == "requirement" else []


def _amount(
    document: Document, path: _Path, value: float, figure: Fact | Target
) -> Iterator[Violation]:
    """A rate lies between 0 and 100 %, and there are no fewer than no people."""
    amount, size = to_base(value, figure.unit), dimension(figure.unit)
    if size == "share" and not 0.0 <= amount <= 1.0:
        yield document.violation("share_outside", path, value)
    if size == "persons" and amount < 0.0 and figure.indicator != "hukou_minus_resident":
        yield document.violation("negative", path, value)


def _repeated(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """Two usable figures for one indicator and year: which one counts must be said."""
    seen: dict[tuple[str, int | None, str], int] = {}
    for i, fact in enumerate(place.facts):
        if fact.use in ("base", "history"):
            key = (fact.indicator, fact.at, fact.scope)
            if key in seen:
                first = document.line(("facts", seen[key]))
                yield document.violation("repeated_fact", ("facts", i), fact.indicator, first=first)
            seen.setdefault(key, i)


def _start(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """In the year that the projection starts from there are people of each kind."""
    usable = _usable(place)
    starts = {y for n, y in usable if n in _SPLIT} & {
        y for n, y in usable if n == "resident_population"
    }
    earliest = int(tables.wpp().years[0]) - 1
    for (name, year), i in usable.items():
        if year in starts and year < earliest and name in ("resident_population", *_SPLIT):
            path = ("facts", i, "year")
            yield document.violation("before_series", path, year, earliest=earliest)
    for name in (*_PEOPLED, *_RATES) if starts else ():
        first = usable.get((name, min(starts)))
        if first is None or not _fits(place.facts[first]):
            continue
        fact, path = place.facts[first], ("facts", first, "value")
        amount = to_base(fact.value, fact.unit)
        if name in _RATES and amount in (0.0, 1.0):
            yield document.violation("start_rate", path, fact.value, year=min(starts))
        if name in _PEOPLED and amount == 0.0:
            yield document.violation("start_people", path, fact.value, year=min(starts))


def _fits(fact: Fact) -> bool:
    """Whether the unit of a fact is one its indicator can have."""
    return dimension(fact.unit) == dimension(indicators()[fact.indicator].unit)


def _usable(place: PlaceFile) -> dict[tuple[str, int], int]:
    """Number of the fact for each indicator and year that the model may start from."""
    return {
        (fact.indicator, fact.at): i
        for i, fact in enumerate(place.facts)
        if fact.use in ("base", "history") and fact.scope == "place" and fact.at is not None
    }


def _contradictions(document: Document, place: PlaceFile) -> Iterator[Violation]:
    """In one year a part is less than its whole, and locals at home are no more than all."""
    usable = _usable(place)
    people = {
        key: to_base(place.facts[i].value, place.facts[i].unit)
        for key, i in usable.items()
        if dimension(place.facts[i].unit) == "persons"
    }

    def shown(key: tuple[str, int]) -> str:
        fact = place.facts[usable[key]]
        return f"{fact.value:.10g} {fact.unit}"

    for (part, year), persons in people.items():
        path = ("facts", usable[part, year], "value")
        whole = (WHOLE.get(part, ""), year)
        if whole in people and persons >= people[whole]:
            line = document.line(("facts", usable[whole], "value"))
            about = {"part": part, "whole": whole[0], "total": shown(whole), "other": line}
            yield document.violation("part_above_whole", path, shown((part, year)), **about)
        residents = people.get(("resident_population", year))
        if residents is None:
            continue
        if part == "hukou_minus_resident" and residents + persons <= 0.0:
            names = f"resident_population, {part}"
            yield document.violation(
                "totals_contradict", path, shown((part, year)), year=year, totals=names
            )
        if part == "nonlocal_residents" and persons < residents:
            hukou = _least_hukou(people, year, residents)
            if hukou is not None and residents - persons > hukou:
                about = {"locals": f"{residents - persons:.10g}", "hukou": f"{hukou:.10g}"}
                yield document.violation("locals_above_hukou", path, shown((part, year)), **about)


def _least_hukou(
    people: Mapping[tuple[str, int], float], year: int, residents: float
) -> float | None:
    """Smaller of the stated hukou population and residents plus the stated gap, if positive."""
    hukou, gap = people.get(("hukou_population", year)), people.get(("hukou_minus_resident", year))
    stated = [hukou] if hukou is not None else []
    if gap is not None and residents + gap > 0.0:
        stated.append(residents + gap)
    return min(stated, default=None)
