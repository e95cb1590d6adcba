"""Where a study starts: what its plan lacks is filled by a documented ladder, and listed.

The place's own figures and censuses come first, then the structure of the area that holds it
scaled to its people, then the same for 100,000 people. docs/model.md section 11.1.
"""

from __future__ import annotations

from dataclasses import replace

from simulator import census
from simulator.errors import ScenarioError
from simulator.launch import Launch, check_totals, history_facts, launch
from simulator.lending import holder, scaled_start
from simulator.scenario import Study
from simulator.totals import Assumed, Facts, known_residents
from simulator.units import to_base

#: Flows across the border of the nation, which the model leaves out: as good as none.
_CLOSED = 1e-9
_CROSSING = (
    "nonlocal_share",
    "arrival_share",
    "out_migration_level",
    "return_level",
    "settled_elsewhere_level",
)


def start_of(study: Study) -> Launch:
    """People and flows at the base year, by the highest rung that the plan's figures reach.

    Parameters
    ----------
    study : resolved scenario or place file

    Returns
    -------
    Launch, with everything filled listed in ``assumed`` and the step in ``rung``

    Raises
    ------
    ScenarioError
        If figures of the plan's own contradict each other.
    """
    study = _closed(study) if study.place.level == "nation" else study
    if not own_figures_suffice(study):
        return scaled_start(study, None)
    held, assumed = _held(study)
    try:
        start = launch(held)
        return _seated(study, replace(start, assumed=(*assumed, *start.assumed)))
    except ScenarioError as error:
        if not any(census.is_joined(fact) for fact in study.place.facts):
            raise
        return scaled_start(study, error.violations[0].code)


def own_figures_suffice(study: Study) -> bool:
    """Whether residents and their split are known in one year up to the base.

    Towns and zones always borrow the ages and registrations of the county that holds them.
    """
    facts = Facts(history_facts(study))
    borrowed = study.place.within is not None and holder(study) is not None
    return not borrowed and any(facts.has_split(y) for y in facts.years("resident_population"))


def check_start(study: Study) -> None:
    """Raise ScenarioError if what the plan itself states contradicts itself at the start."""
    for member in study.members:
        check_start(member)
    joined = any(census.is_joined(fact) for fact in study.place.facts)
    if not joined and not study.members and own_figures_suffice(study):
        check_totals(study)


def _closed(study: Study) -> Study:
    """A nation's study: next to nobody crosses its border or lives beyond it."""
    names = [name for name in _CROSSING if name not in study.overridden]
    place, base = study.place, study.place.base_year
    people = known_residents(Facts(history_facts(study)), base)
    if people is not None:
        away = next(f for f in place.facts if f.indicator == "resident_population").model_copy(
            update={"indicator": "out_migrants", "year": base, "use": "base", "unit": "人",
                    "value": people * _CLOSED}
        )  # fmt: skip
        place = place.model_copy(update={"facts": [*place.facts, away]})
    return replace(
        study,
        place=place,
        parameters={**study.parameters, **dict.fromkeys(names, _CLOSED)},
        overridden={**study.overridden, **dict.fromkeys(names, study.place_file)},
    )


def _held(study: Study) -> tuple[Study, list[Assumed]]:
    """The study with the census's residents held to the base year, where the plan states none.

    Without them a rate alone would be met by villagers leaving as well as by moves to town.
    """
    base, facts = study.place.base_year, history_facts(study)
    counts = [f for f in facts if f.indicator in ("resident_population", "hukou_minus_resident")]
    counted = [f for f in counts if census.is_joined(f)]
    if known_residents(Facts(facts), base) is not None or not counted or counts != counted:
        return study, []
    last = max(counted, key=lambda fact: fact.at or 0)
    kept = last.model_copy(update={"year": base, "use": "base"})
    place = study.place.model_copy(update={"facts": [*study.place.facts, kept]})
    persons = to_base(last.value, last.unit)
    item = Assumed("resident_population", persons, "persons", "census_held", str(last.at))
    return replace(study, place=place), [item]


def _seated(study: Study, start: Launch) -> Launch:
    """The start with the county seat's share of the town people that the plan states, if it does
    and no figure of use base or history says otherwise.
    """
    default = [item for item in start.assumed if item.rule == "seat_share_default"]
    seats = [
        to_base(fact.value, fact.unit)
        for fact in study.place.facts
        if fact.indicator == "county_seat_population" and fact.at == study.place.base_year
    ]
    if not default or not seats or not 0.0 < seats[-1] <= start.totals.town:
        return start
    share = seats[-1] / start.totals.town
    told = Assumed("seat_share", share, "share", "seat_share_stated")
    items = (told if item in default else item for item in start.assumed)
    return replace(start, seat_share=share, assumed=tuple(items))
