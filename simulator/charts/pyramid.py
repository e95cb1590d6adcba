"""Population pyramid of one year: five-year ages, sexes back to back, where people live stacked."""

from __future__ import annotations

import functools

import numpy as np

from simulator.axes import Place, Sex
from simulator.charts.lines import NEUTRAL, PALETTE, UNIT, Spec, config, page, tooltip
from simulator.charts.points import Points
from simulator.i18n import text
from simulator.run import Result, Run

_WIDTH, _LAST = 5, 100
_AGES = [*(f"{a}–{a + _WIDTH - 1}" for a in range(0, _LAST, _WIDTH)), f"{_LAST}+"]
_COLUMNS = ("age", "value", "shown", "sex", "place", "kind", "rank")
_PLACES = {Place.TOWN: "town", Place.VILLAGE: "village", Place.AWAY: "away"}
HEIGHT = 400


def groups(population: np.ndarray) -> np.ndarray:
    """Persons by place, sex and five-year age group, (..., 3, 2, 21), of (..., 3, 3, 2, 101)."""
    people = population.sum(axis=-4)
    starts = [*range(0, _LAST, _WIDTH), _LAST]
    return np.asarray(np.add.reduceat(people, starts, axis=-1))


def widest(result: Result, current: Run) -> float:
    """Persons of the largest group of any year, both runs: the axis holds still over the years."""
    runs = (result.trend, current)
    return float(max(groups(r.paths.population).sum(axis=-3).max() for r in runs))


def data_of(result: Result, current: Run, year: int, lang: str) -> Points:
    """Groups of one year, men to the left; trend totals; two rows that hold the axis still."""
    at, unit = year - int(current.years[0]), UNIT[lang]
    now, trend = (groups(r.paths.population[at]) / unit for r in (current, result.trend))
    rows: list[tuple[str, float, float, str, str, str, int]] = []
    for sex in Sex:
        side, name = (-1.0 if sex is Sex.MALE else 1.0), text(f"app.sex.{sex.name.lower()}", lang)
        for i, age in enumerate(_AGES):
            for place, key in _PLACES.items():
                value = float(now[place, sex, i])
                label = text(f"app.where.{key}", lang)
                rows.append((age, side * value, value, name, label, "current", int(place)))
            total = float(trend[:, sex, i].sum())
            rows.append((age, side * total, total, name, text("app.line.trend", lang), "trend", 0))
        rows.append((_AGES[0], side * widest(result, current) / unit, 0.0, name, "", "limit", 0))
    return Points(_COLUMNS, rows)


def _axes() -> tuple[Spec, Spec]:
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": {"nice": False},
        "axis": {"title": None, "tickCount": 7, "labelExpr": "format(abs(datum.value), ',~g')"},
    }
    y = {
        "field": "age", "type": "nominal", "sort": _AGES[::-1],
        "axis": {"title": None, "ticks": False, "labelPadding": 6, "labelOverlap": True},
    }  # fmt: skip
    return x, y


def _side(sex: str, lang: str) -> Spec:
    """Name of a sex in its corner."""
    left = sex == "male"
    return {
        "data": {"values": [{}]},
        "mark": {"type": "text", "fontSize": 13, "fontWeight": "bold", "color": NEUTRAL,
                 "align": "left" if left else "right"},
        "encoding": {"text": {"value": text(f"app.sex.{sex}", lang)}, "y": {"value": 14},
                     "x": {"value": 6 if left else {"expr": "width - 6"}}},
    }  # fmt: skip


@functools.cache
def spec(lang: str) -> Spec:
    """Spec of the pyramid; ticks stand at the trend's totals."""
    places = [text(f"app.where.{key}", lang) for key in _PLACES.values()]
    color = {
        "field": "place", "type": "nominal", "sort": places,
        "scale": {"domain": places, "range": [PALETTE[0], PALETTE[2], PALETTE[1]]},
        "legend": {"orient": "top", "title": None, "labelLimit": 260},
    }  # fmt: skip
    x, y = _axes()
    tips = tooltip(lang, "age", "sex", "place", "shown")

    def only(kind: str) -> list[Spec]:
        return [{"filter": f"datum.kind === '{kind}'"}]

    return {
        "height": HEIGHT,
        "layer": [
            {"transform": only("current"),
             "mark": {"type": "bar", "height": {"band": 0.86}, "opacity": 0.85},
             "encoding": {"x": x, "y": y, "color": color, "order": {"field": "rank"},
                          "tooltip": tips}},
            {"transform": only("trend"),
             "mark": {"type": "tick", "color": NEUTRAL, "thickness": 2.5, "height": {"band": 0.9}},
             "encoding": {"x": {**x, "stack": None}, "y": y, "tooltip": tips}},
            {"transform": only("limit"), "mark": {"type": "point", "opacity": 0},
             "encoding": {"x": x, "y": y}},
            _side("male", lang), _side("female", lang),
        ],
        "config": config(),
        "usermeta": page(),
    }  # fmt: skip


def alt(current: Run, year: int, lang: str) -> str:
    """The pyramid in words: persons by where they live."""
    people = groups(current.paths.population[year - int(current.years[0])]).sum(axis=(-1, -2))
    parts = [
        f"{text(f'app.where.{key}', lang)} {people[place] / UNIT[lang]:,.2f}"
        for place, key in _PLACES.items()
    ]
    told = ("，" if lang == "zh" else ", ").join(parts)
    return text("app.alt.pyramid", lang, year=year, unit=text("app.axis.persons", lang)) + told
