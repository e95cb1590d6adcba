"""Names and positions of every axis in the model; the one place that knows them.

The state is one array ``population[registration, place, sex, age]`` in persons at year end
(docs/model.md eq. (1)); every flow is an array ``flow[kind, registration, sex, age]`` in persons
per year, with age counted at the start of the year (docs/model.md eq. (6)).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class Registration(IntEnum):
    """Household registration (户籍)."""

    URBAN_HUKOU = 0
    RURAL_HUKOU = 1
    NONLOCAL = 2


class Place(IntEnum):
    """Where a person lives."""

    TOWN = 0
    VILLAGE = 1
    AWAY = 2


class Sex(IntEnum):
    """Sex, in the order of every array."""

    MALE = 0
    FEMALE = 1


class Flow(IntEnum):
    """Every way to leave or enter a cell except birth.

    The first ``N_TRANSITIONS`` are exits driven by a hazard on the persons of the origin cell;
    the last two are entries from outside, in persons per year.
    """

    DEATH_TOWN = 0
    DEATH_VILLAGE = 1
    DEATH_AWAY = 2
    RURAL_TO_URBAN = 3
    RECLASSIFICATION = 4
    URBAN_TO_RURAL = 5
    OUT_TOWN = 6
    OUT_VILLAGE = 7
    RETURN_TOWN = 8
    RETURN_VILLAGE = 9
    HUKOU_CONVERSION = 10
    SETTLED_ELSEWHERE = 11
    ARRIVAL_TOWN = 12
    ARRIVAL_VILLAGE = 13


N_REGISTRATIONS: Final = len(Registration)
N_PLACES: Final = len(Place)
N_SEXES: Final = len(Sex)
N_AGES: Final = 101
OPEN_AGE: Final = N_AGES - 1
N_FLOWS: Final = len(Flow)
N_TRANSITIONS: Final = int(Flow.ARRIVAL_TOWN)

#: (origin, destination) place of each flow; ``None`` is the world outside the county's books.
#: A nonlocal person who moves out leaves the books; a local one is ``away`` (外出).
FLOW_PLACES: Final[dict[Flow, tuple[Place | None, Place | None]]] = {
    Flow.DEATH_TOWN: (Place.TOWN, None),
    Flow.DEATH_VILLAGE: (Place.VILLAGE, None),
    Flow.DEATH_AWAY: (Place.AWAY, None),
    Flow.RURAL_TO_URBAN: (Place.VILLAGE, Place.TOWN),
    Flow.RECLASSIFICATION: (Place.VILLAGE, Place.TOWN),
    Flow.URBAN_TO_RURAL: (Place.TOWN, Place.VILLAGE),
    Flow.OUT_TOWN: (Place.TOWN, Place.AWAY),
    Flow.OUT_VILLAGE: (Place.VILLAGE, Place.AWAY),
    Flow.RETURN_TOWN: (Place.AWAY, Place.TOWN),
    Flow.RETURN_VILLAGE: (Place.AWAY, Place.VILLAGE),
    Flow.HUKOU_CONVERSION: (Place.TOWN, Place.TOWN),
    Flow.SETTLED_ELSEWHERE: (Place.AWAY, None),
    Flow.ARRIVAL_TOWN: (None, Place.TOWN),
    Flow.ARRIVAL_VILLAGE: (None, Place.VILLAGE),
}


def destination(flow: Flow, registration: Registration) -> tuple[Registration, Place] | None:
    """Cell that a flow of one registration enters, or ``None`` when it leaves the books."""
    _, place = FLOW_PLACES[flow]
    if flow is Flow.HUKOU_CONVERSION:
        return Registration.URBAN_HUKOU, Place.TOWN
    if place is None or (place is Place.AWAY and registration is Registration.NONLOCAL):
        return None
    return registration, place
