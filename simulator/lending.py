"""Another area's shape, scaled to a place: what a town takes from the county that holds it.

docs/model.md section 11.1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator import census
from simulator.baseline import Totals, rake_to
from simulator.census import Area
from simulator.errors import ScenarioError
from simulator.indicators import Stocks, measure
from simulator.launch import Launch, cells_of, history_facts, launch, refuse_contradiction
from simulator.scenario import Study
from simulator.totals import Assumed, Facts, known_residents, known_town, seat_share
from simulator.units import to_base

#: People of a place whose plan states none: a round number, so that rates can still be judged.
NORMALISED = 100_000.0


@dataclass(frozen=True)
class _Structure:
    """An area on trend at the base year of the place that borrows its shape."""

    area: Area
    start: Launch
    stocks: Stocks

    def ratio(self, part: str, whole: str) -> float:
        """One headline stock over another."""
        return float(getattr(self.stocks, part) / getattr(self.stocks, whole))


def holder(study: Study) -> Area | None:
    """The county or district that a town is in, where the tables have it."""
    within = study.place.within
    return census.areas().get(within.code) if within is not None else None


def _lent(study: Study) -> _Structure:
    """Shape of the nearest area of the tables that has one to lend: the county that holds the
    place, its own, its province, the nation.
    """
    own, province = census.area_of(study.place), census.province(study.place.province)
    for area in (holder(study), own, province):
        if area is not None:
            try:
                return _structure(study, area)
            except ScenarioError:  # such as a district without villages
                continue
    return _structure(study, census.areas()[census.NATION])


def _structure(study: Study, area: Area) -> _Structure:
    """An area's own trend from its censuses to the base year of the place, nothing else fitted."""
    base = study.place.base_year
    facts = [f for f in census.census_facts(area, base) if f.use in ("base", "history")]
    tables = {y: t for y, t in census.age_tables(area.code).items() if y <= base}
    if not facts:  # a plan older than the first census of the tables borrows that census as it is
        first = area.years[0]
        later = census.census_facts(area, first)
        facts = [f.model_copy(update={"year": base}) for f in later if f.at == first]
        tables = dict.fromkeys((base,), census.age_tables(area.code)[first])
    level = "county" if area.level == "county" and not area.name.endswith("区") else "district"
    changes = {"facts": facts, "level": level, "settlement_rules": study.place.settlement_rules}
    place = study.place.model_copy(update=changes)
    start = launch(replace(study, place=place, age_tables=tables))
    return _Structure(area, start, measure(start.population))


def scaled_start(study: Study, contradiction: str | None) -> Launch:
    """People and flows of another area's shape, scaled to what the place states.

    Parameters
    ----------
    study : resolved scenario or place file
    contradiction : what stopped the place's own figures from being used, if they are enough

    Raises
    ------
    ScenarioError
        If what the place states cannot be met with what is lent.
    """
    shape = _lent(study)
    facts, base = Facts(history_facts(study)), study.place.base_year
    residents, assumed = _residents(study, facts, shape)
    normalised = any(a.rule == "normalised" for a in assumed)
    totals, filled = _totals(facts, base, residents, shape)
    scale = residents / float(shape.stocks.resident_population)
    cells = _cells(study, shape.start.population * scale, totals)
    share, seat = seat_share(facts, study.parameters)
    context = replace(
        shape.start.context,
        level=study.place.level,
        arrival_base=shape.start.context.arrival_base * scale,
        rules=study.place.settlement_rules,
    )
    rung = _rung(study, shape, contradiction)
    where = shape.area.name
    ages = Assumed("age_structure", np.nan, "", "lent_ages", where)
    flows = Assumed("flows", np.nan, "", "lent_flows", where)
    return Launch(
        population=cells,
        values=shape.start.values,
        totals=totals,
        seat_share=share,
        fit=None,
        context=context,
        assumed=(rung, *assumed, *filled, ages, seat, flows),
        rung="normalised" if normalised else "structure",
    )


def _rung(study: Study, shape: _Structure, contradiction: str | None) -> Assumed:
    """Why the place does not start from its own figures."""
    where = shape.area.name
    if contradiction is not None:
        return Assumed("start", np.nan, "", "rung_contradiction", where)
    if holder(study) is not None:
        return Assumed("start", np.nan, "", "rung_within", where)
    return Assumed("start", np.nan, "", "rung_no_totals", where)


def _newest(facts: Facts, name: str, base: int) -> int | None:
    """Newest year up to the base in which a figure is stated."""
    return max((year for year in facts.years(name) if year <= base), default=None)


def _residents(study: Study, facts: Facts, shape: _Structure) -> tuple[float, list[Assumed]]:
    """Residents as stated, by the hukou population, as people of unsaid kind, or 100,000."""
    base, where = study.place.base_year, shape.area.name
    stated = known_residents(facts, base)
    if stated is not None:
        return stated, []
    year, unsaid = _newest(facts, "resident_population", base), _unsaid(study)
    earlier = facts.get("resident_population", year) if year is not None else None
    year = _newest(facts, "hukou_population", base)
    hukou = facts.get("hukou_population", year) if year is not None else None
    name = "resident_population"
    if earlier:
        return earlier, [Assumed(name, earlier, "persons", "stated_earlier")]
    if hukou:
        people = hukou * shape.ratio("resident_population", "hukou_population")
        return people, [Assumed(name, people, "persons", "residents_by_hukou", where)]
    if unsaid is not None:
        return unsaid, [Assumed(name, unsaid, "persons", "unsaid_population")]
    return NORMALISED, [Assumed(name, NORMALISED, "persons", "normalised")]


def _unsaid(study: Study) -> float | None:
    """People of the whole place of unsaid kind, newest year up to the base."""
    found = [
        (fact.at, to_base(fact.value, fact.unit))
        for fact in study.place.facts
        if fact.indicator == "total_population" and fact.scope == "place" and fact.at is not None
    ]
    known = [pair for pair in found if pair[0] <= study.place.base_year and pair[1] > 0.0]
    return max(known)[1] if known else None


def _totals(
    facts: Facts, base: int, residents: float, shape: _Structure
) -> tuple[Totals, list[Assumed]]:
    """Totals as stated at the base, and the lender's ratios where nothing that fits is stated."""
    where, assumed = shape.area.name, list[Assumed]()

    def lent(name: str, value: float, unit: str = "persons") -> float:
        assumed.append(Assumed(name, value, unit, "lent_ratio", where))
        return value

    town = known_town(facts, base, residents)
    if town is None or not 0.0 < town < residents:
        rate = shape.ratio("town_population", "resident_population")
        town = lent("resident_urbanization_rate", rate, "share") * residents
    stated = facts.get("hukou_population", base)
    hukou = residents * shape.ratio("hukou_population", "resident_population")
    hukou = stated if stated else lent("hukou_population", hukou)
    counted = facts.get("nonlocal_residents", base)
    visitors = residents * shape.ratio("nonlocal_residents", "resident_population")
    if counted is None or not residents - hukou <= counted < residents:
        # Residents beyond the hukou population can only be from elsewhere.
        visitors = lent("nonlocal_residents", max(visitors, residents - hukou))
    else:
        visitors = counted
    urban = facts.get("hukou_urbanization_rate", base)
    if urban is None or not 0.0 < urban < 1.0:
        urban = shape.ratio("urban_hukou", "hukou_population")
        lent("hukou_urbanization_rate", urban, "share")
    return Totals(residents, town, hukou, urban * hukou, visitors), assumed


def _cells(study: Study, shape: np.ndarray, totals: Totals) -> np.ndarray:
    """The lent people moved onto the totals; by national patterns where the shape has no such."""
    base = study.place.base_year
    table = study.age_tables.get(base)
    refuse_contradiction(study, totals, base)
    try:
        return rake_to(shape, totals, table)
    except ValueError:
        return cells_of(study, study.parameters, totals, base, table)
