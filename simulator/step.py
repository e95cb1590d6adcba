"""One year of population accounting: competing hazards, two rounds of moves, births, ageing.

docs/model.md eqs. (2)-(10). Compiled; the plain twin of this file is ``tests/twin.py``.

The primitive is the person-year: every flow is a hazard times the person-years at risk, eq. (6),
so a year is worked out as person-years by cell, and flows are written down only when asked for.
One loop runs over sex and age; a turn of it takes the nine cells of a sex and age through the year
and touches no other position, so that the compiler takes eight positions at a time.
"""

from __future__ import annotations

import numpy as np

from simulator.axes import (
    N_PLACES,
    N_REGISTRATIONS,
    N_SEXES,
    Flow,
    Place,
    Registration,
)
from simulator.compiled import njit
from simulator.sheet import (
    ARRIVALS,
    CLOSING,
    OPENING,
    SCHEDULE,
    USED,
    WIDTH,
    YEARS,
    new_sheet,
    read_closing,
    write_mortality,
    write_opening,
)
from simulator.waiting import EXACT, FAST, SERIES_LIMIT, waiting

_TOWN, _VILLAGE, _AWAY = int(Place.TOWN), int(Place.VILLAGE), int(Place.AWAY)
_URBAN, _NONLOCAL = int(Registration.URBAN_HUKOU), int(Registration.NONLOCAL)
_RURAL = int(Registration.RURAL_HUKOU)
_R2U, _RECL, _U2R = int(Flow.RURAL_TO_URBAN), int(Flow.RECLASSIFICATION), int(Flow.URBAN_TO_RURAL)
_OUT_T, _OUT_V = int(Flow.OUT_TOWN), int(Flow.OUT_VILLAGE)
_RET_T, _RET_V = int(Flow.RETURN_TOWN), int(Flow.RETURN_VILLAGE)
_CONV, _SET = int(Flow.HUKOU_CONVERSION), int(Flow.SETTLED_ELSEWHERE)
_ARR_T, _ARR_V = int(Flow.ARRIVAL_TOWN), int(Flow.ARRIVAL_VILLAGE)
#: Place from which each transition takes people, in `axes.Flow` order.
ORIGIN = (0, 1, 2, 1, 1, 0, 0, 1, 2, 2, 0, 2)
_FIRST_MOVE = int(Flow.RURAL_TO_URBAN)


@njit(fastmath=EXACT, forceinline=True)
def _levels(factor, r):
    """Levels of one registration, in the order that `_hazards` and `_live` take them."""
    return (
        factor[_R2U, r], factor[_RECL, r], factor[_U2R, r], factor[_OUT_T, r], factor[_OUT_V, r],
        factor[_RET_T, r], factor[_RET_V, r], factor[_CONV, r], factor[_SET, r],
        factor[_ARR_T, r], factor[_ARR_V, r],
    )  # fmt: skip


@njit(fastmath=EXACT, forceinline=True)
def _at(block, index, i):
    """Position ``i`` of a block's row in the flattened sheet."""
    return (block + index) * WIDTH + i


@njit(fastmath=EXACT, forceinline=True)
def _hazards(rows, r, levels, i):
    """Hazard of each move at a position, and of leaving town, village and away, eq. (2).

    What a registration takes no part in is 0 as a constant, which costs no work: urban hukou
    cannot be obtained twice, and who is not local is never away.
    """
    r2u, recl, u2r, out_t, out_v, ret_t, ret_v, conv, settled, _, _ = levels
    to_town = r2u * rows[_at(SCHEDULE, _R2U, i)] + recl * rows[_at(SCHEDULE, _RECL, i)]
    to_village = u2r * rows[_at(SCHEDULE, _U2R, i)]
    town_out, village_out = (
        out_t * rows[_at(SCHEDULE, _OUT_T, i)], out_v * rows[_at(SCHEDULE, _OUT_V, i)],
    )  # fmt: skip
    leave_town = rows[_at(SCHEDULE, _TOWN, i)] + to_village + town_out
    leave_village = rows[_at(SCHEDULE, _VILLAGE, i)] + to_town + village_out
    convert, back_t, back_v, leave_away = 0.0, 0.0, 0.0, 0.0
    if r != _URBAN:
        convert = conv * rows[_at(SCHEDULE, _CONV, i)]
        leave_town += convert
    if r != _NONLOCAL:
        back_t, back_v = (
            ret_t * rows[_at(SCHEDULE, _RET_T, i)], ret_v * rows[_at(SCHEDULE, _RET_V, i)],
        )  # fmt: skip
        leave_away = rows[_at(SCHEDULE, _AWAY, i)] + back_t + back_v
        leave_away += settled * rows[_at(SCHEDULE, _SET, i)]
    moves = (to_town, to_village, town_out, village_out, back_t, back_v, convert)
    return moves, (leave_town, leave_village, leave_away)


@njit(fastmath=EXACT, forceinline=True)
def _send(moves, r, town, village, away):
    """People whom person-years in the three places send to each of them, and to urban hukou.

    Who is not local and moves out leaves the books.
    """
    to_town, to_village, town_out, village_out, back_t, back_v, convert = moves
    in_town, in_village, in_away, leaving = village * to_town, town * to_village, 0.0, 0.0
    if r != _NONLOCAL:
        in_town += away * back_t
        in_village += away * back_v
        in_away = town * town_out + village * village_out
    if r != _URBAN:
        leaving = town * convert
    return in_town, in_village, in_away, leaving


@njit(fastmath=EXACT, forceinline=True)
def _live(rows, r, levels, converts, late_converts, i, exactly):
    """One sex and age of registration ``r`` through the year, eqs. (2)-(7).

    ``converts`` are those of other registrations who obtain this one, early and late. Returns
    those who leave this one for urban hukou, early and late, and whether a hazard is large.
    """
    moves, (leave_t, leave_v, leave_w) = _hazards(rows, r, levels, i)
    psi_t, stay_t = waiting(leave_t, exactly)
    psi_v, stay_v = waiting(leave_v, exactly)
    n = N_PLACES * r
    town, village = rows[_at(OPENING, n + _TOWN, i)], rows[_at(OPENING, n + _VILLAGE, i)]
    # First round, eq. (4): person-years of the opening population, N phi (1 + stay) / 2.
    years_t, years_v, years_w = town * psi_t * (1.0 + stay_t), village * psi_v * (1.0 + stay_v), 0.0
    if r != _NONLOCAL:
        psi_w, stay_w = waiting(leave_w, exactly)
        away = rows[_at(OPENING, n + _AWAY, i)]
        years_w = away * psi_w * (1.0 + stay_w)
    in_t, in_v, in_w, leaving = _send(moves, r, years_t, years_v, years_w)
    if r == _URBAN:
        in_t += converts
    if r == _NONLOCAL:  # nobody else arrives
        share = rows[_at(ARRIVALS, 0, i)]
        in_t += levels[9] * share
        in_v += levels[10] * share
    # Second round, eq. (5): those who came in, half a year each.
    extra_t, extra_v, extra_w = in_t * psi_t, in_v * psi_v, 0.0
    if r != _NONLOCAL:
        extra_w = in_w * psi_w
    late_t, late_v, late_w, leaving_late = _send(moves, r, extra_t, extra_v, extra_w)
    if r == _URBAN:
        late_t += late_converts
    # Person-years, and who is in the cell at the end, a year older, eq. (7).
    rows[_at(YEARS, n + _TOWN, i)] = years_t + extra_t
    rows[_at(YEARS, n + _VILLAGE, i)] = years_v + extra_v
    rows[_at(CLOSING, n + _TOWN, i + 1)] = (town * stay_t + in_t) * stay_t + late_t
    rows[_at(CLOSING, n + _VILLAGE, i + 1)] = (village * stay_v + in_v) * stay_v + late_v
    large = (leave_t > SERIES_LIMIT) | (leave_v > SERIES_LIMIT)
    if r != _NONLOCAL:
        rows[_at(YEARS, n + _AWAY, i)] = years_w + extra_w
        rows[_at(CLOSING, n + _AWAY, i + 1)] = (away * stay_w + in_w) * stay_w + late_w
        large = large | (leave_w > SERIES_LIMIT)
    return leaving, leaving_late, large


def _year_of_all(exactly: bool):
    """The loop over sex and age, with waiting times by polynomial or by the library."""

    @njit(cache=True, fastmath=EXACT)
    def live(rows, urban, rural, nonlocals):
        large = 0
        for i in range(USED):
            # Converts are met first as rural or nonlocal, so the urban registration comes last.
            c, d, n = _live(rows, _NONLOCAL, nonlocals, 0.0, 0.0, i, exactly)
            e, f, r = _live(rows, _RURAL, rural, 0.0, 0.0, i, exactly)
            _, _, u = _live(rows, _URBAN, urban, c + e, d + f, i, exactly)
            large += n | r | u
        return large

    return live


_by_polynomial, _by_library = _year_of_all(False), _year_of_all(True)


@njit(cache=True)
def expose(sheet, ages, factor) -> None:
    """Move, bury and age everyone alive at the start of the year, eqs. (2)-(7).

    Parameters
    ----------
    sheet : as `simulator.sheet.new_sheet` makes it, with opening population, schedules, mortality;
        person-years and closing population (without births; the last age is open) are overwritten
    ages : single years of age, A
    factor : (14, 3) [per person-year]
        Level of each flow by registration, drivers included; the rows of arrivals hold persons.
    """
    rows = sheet.reshape(sheet.size)
    levels = _levels(factor, _URBAN), _levels(factor, _RURAL), _levels(factor, _NONLOCAL)
    if _by_polynomial(rows, *levels) > 0:
        _by_library(rows, *levels)
    for cell in range(N_REGISTRATIONS * N_PLACES):
        for s in range(N_SEXES):
            # Who ages past the last age of one sex has landed on the first place after it.
            beyond = _at(CLOSING, cell, (s + 1) * ages)
            rows[beyond - 1] += rows[beyond]
            rows[beyond] = 0.0
        rows[_at(CLOSING, cell, 0)] = 0.0


@njit(cache=True)
def write_flows(sheet, factor, flows) -> None:
    """Persons of every flow from person-years at risk, eq. (6).

    Parameters
    ----------
    sheet, factor : as `expose` left and took them
    flows : (14, 3, 2, A) [persons]
        Overwritten: persons by flow, registration of origin, sex, age at the start.
    """
    ages = flows.shape[3]
    for r in range(N_REGISTRATIONS):
        for k in range(_ARR_T):
            origin, f = YEARS + N_PLACES * r + ORIGIN[k], factor[k, r]
            if k < _FIRST_MOVE:  # mortality has no level
                f = 1.0
            if k == _CONV and r == _URBAN:  # who holds urban hukou cannot obtain it
                f = 0.0
            for s in range(N_SEXES):
                for a in range(ages):
                    i = s * ages + a
                    flows[k, r, s, a] = sheet[origin, i] * f * sheet[SCHEDULE + k, i]
        for k in range(_ARR_T, _ARR_V + 1):
            f = factor[k, r] if r == _NONLOCAL else 0.0
            for s in range(N_SEXES):
                for a in range(ages):
                    flows[k, r, s, a] = f * sheet[ARRIVALS, s * ages + a]


@njit(cache=True)
def move_and_age(population, mortality, schedule, factor, arrivals, flows, closing) -> None:
    """One year of moves, deaths and ageing as persons by flow, without births, eqs. (2)-(7).

    Parameters
    ----------
    population : (3, 3, 2, A) [persons]
        Opening population by registration, place, sex, age.
    mortality : (3, 2, A) [per person-year]
        Death hazard by place of residence, of the cohort aged x at the start.
    schedule : (12, 2, A)
        Age schedule of each transition (`axes.Flow` order; rows of deaths are not read).
    factor : (14, 3) [per person-year]
        As in `expose`.
    arrivals : (2, A)
        Age and sex shares of non-local arrivals; sums to 1.
    flows : (14, 3, 2, A), closing : (3, 3, 2, A) [persons]
        Overwritten.
    """
    sheet = new_sheet()
    write_opening(sheet, population, schedule, arrivals)
    write_mortality(np.expand_dims(mortality, 0), 0, 1.0, sheet)
    expose(sheet, population.shape[3], factor)
    write_flows(sheet, factor, flows)
    read_closing(sheet, closing)


@njit(cache=True, fastmath=FAST, forceinline=True)
def persons(sheet, row) -> float:
    """Sum of one row of the sheet."""
    found = 0.0
    for i in range(USED):
        found += sheet[row, i]
    return found
