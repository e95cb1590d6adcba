"""Where a plan's targets start from: the figure that it prints as its base, with its year."""

from __future__ import annotations

from simulator.i18n import text
from simulator.report import wording
from simulator.schema import PlaceFile, Target
from simulator.targets import TargetCheck

#: An indicator that is of the county seat whatever its scope says.
_OF_SEAT = "county_seat_population"
_COUNTED = ("base", "history")


def base_of(check: TargetCheck, place: PlaceFile, lang: str, *, unit: bool = False) -> str:
    """Where the plan starts from, with its year, which is not always that of the projection.

    A figure that the plan prints for a year, but that was counted in another, is told with both.
    """
    target, start = check.target, check.target.baseline
    if start is None:
        return wording.number(None)
    shown = (wording.quantity if unit else wording.stated)(start.value, target.unit, lang)
    counted_in = _counted_in(target, place)
    if counted_in is not None:
        about = {"value": shown, "year": counted_in, "printed": start.year}
        return text("base.printed_as", lang, **about)
    return shown if start.year is None else f"{shown} ({start.year})"


def _counted_in(target: Target, place: PlaceFile) -> int | None:
    """Year in which a plan's base was counted, where the plan prints it for another."""
    start = target.baseline
    if start is None or start.year is None:
        return None
    scopes = (target.scope, "county_seat" if target.indicator == _OF_SEAT else target.scope)
    counted = {
        f.at: (f.value, f.unit)
        for f in place.facts
        if f.indicator == target.indicator and f.scope in scopes and f.use in _COUNTED
    }
    same = (year for year, found in counted.items() if found == (start.value, target.unit))
    return None if start.year in counted else next(same, None)
