"""Census figures joined by code, and the rungs by which a place gets what its plan lacks."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quxian import fact, one_year, study, with_facts

from simulator import census, load_scenario, run
from simulator.axes import Place, Registration
from simulator.errors import ScenarioError
from simulator.indicators import measure, residents_by_age
from simulator.ladder import check_start, start_of
from simulator.launch import Launch
from simulator.lending import NORMALISED
from simulator.scenario import Study

PLACE = """\
kind: place
id: here
name: {{zh: 此地}}
province: {province}
level: {level}
base_year: {base}
{more}
documents:
  plan: {{title: {{zh: 规划}}}}
facts: [{facts}]
targets: [{targets}]
"""
QIANAN, SHUNYI, CITY, RIVERSIDE = '"130283"', '"110113"', '"140502"', "659004"


def stated(name: str, value: float, unit: str, year: int = 2015, use: str = "base") -> str:
    return (
        f'{{indicator: {name}, year: {year}, value: {value}, unit: "{unit}", use: {use}, '
        "document: plan, quote: 原文}"
    )


def place(
    folder: Path, *facts: str, level: str = "county", base: int = 2015, more: str = "",
    targets: str = "", province: str = "河北省",
) -> Study:  # fmt: skip
    text = PLACE.format(
        province=province, level=level, base=base, more=more, facts=", ".join(facts),
        targets=targets,
    )  # fmt: skip
    path = folder / "here.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def rules(start: Launch) -> dict[str, str]:
    return {item.quantity: item.rule for item in start.assumed}


# --- the census


def test_census_counts_join_by_code_as_history_and_outcome(tmp_path: Path) -> None:
    found = place(tmp_path, more=f"code: {QIANAN}").place
    uses = {(f.indicator, f.at): (f.value, f.use) for f in found.facts}
    assert uses["resident_population", 2010] == (728_160.0, "history")
    assert uses["hukou_population", 2010] == (695_809.0, "history")
    assert uses["hukou_urbanization_rate", 2010] == (14.41, "history")
    assert uses["resident_population", 2020] == (776_752.0, "outcome")
    assert all(f.document in found.documents for f in found.facts)


def test_the_files_own_figure_stays_the_only_one(tmp_path: Path) -> None:
    own = stated("resident_population", 70, "万人", 2010, "history")
    rate = stated("resident_urbanization_rate", 40, "%", 2010, "history")
    found = place(tmp_path, own, rate, more=f"code: {QIANAN}").place
    of_2010 = [(f.indicator, f.value) for f in found.facts if f.at == 2010 and f.use == "history"]
    assert ("resident_population", 70.0) in of_2010
    assert "town_population" not in dict(of_2010)  # the rate says how the residents are split
    assert [name for name, _ in of_2010].count("resident_population") == 1


def test_the_nonagricultural_share_gives_way_to_a_stated_hukou_rate(tmp_path: Path) -> None:
    own = stated("hukou_urbanization_rate", 28.8, "%")
    found = place(tmp_path, own, more=f"code: {QIANAN}").place
    share = next(
        f for f in found.facts if f.indicator == "hukou_urbanization_rate" and f.at == 2010
    )
    assert share.use == "context"
    assert share.note is not None


def test_a_place_with_its_own_census_figures_gets_none_twice() -> None:
    assert not any(census.is_joined(f) for f in study().place.facts)


def test_nonlocals_that_cannot_be_all_are_shown_and_not_used() -> None:
    """迁安 2010: 728,160 residents and 695,809 registered, but 19,579 non-locals counted."""
    area = census.areas()["130283"]
    facts = {f.indicator: f for f in census.census_facts(area, 2015) if f.at == 2010}
    assert facts["nonlocal_residents"].use == "context"
    assert facts["resident_population"].value - facts["hukou_population"].value > 19_579


@pytest.mark.parametrize("area", census.areas().values(), ids=lambda a: a.code)
def test_parts_of_the_census_are_less_than_the_whole(area: census.Area) -> None:
    for year in area.years:
        residents = area.figures[year, "resident_population"]
        assert 0 <= area.figures[year, "town_population"] <= residents
        table = census.age_tables(area.code).get(year)
        if table is not None:
            assert table.persons.sum() == pytest.approx(residents, rel=2e-5)
            assert (table.persons >= 0).all()
            assert table.group.max() == table.persons.shape[1] - 1


def test_the_divided_county_adds_up() -> None:
    """霍邱县 of the 2010 census: 1,380,368 residents, 叶集 among them."""
    parts = [census.areas()[code] for code in ("341522", "341504")]
    assert sum(p.figures[2010, "resident_population"] for p in parts) == 1_380_368
    assert all(p.divided == {2010} for p in parts)


# --- the rungs


def test_first_rung_fits_the_plans_figures_to_the_census(tmp_path: Path) -> None:
    known = place(
        tmp_path,
        stated("resident_population", 76.22, "万人"),
        stated("resident_urbanization_rate", 54.8, "%"),
        more=f"code: {QIANAN}",
    )
    start = start_of(known)
    assert start.rung == "own"
    assert start.fit is not None
    assert start.fit.start_year == 2010
    assert start.totals.residents == pytest.approx(762_200.0)
    assert start.totals.town == pytest.approx(762_200.0 * 0.548)
    assert "resident_population" not in rules(start)


def test_without_residents_the_census_count_is_held(tmp_path: Path) -> None:
    rate = stated("resident_urbanization_rate", 54.8, "%")
    start = start_of(place(tmp_path, rate, more=f"code: {QIANAN}"))
    assert rules(start)["resident_population"] == "census_held"
    assert start.totals.residents == 728_160.0
    assert start.totals.town == pytest.approx(728_160.0 * 0.548)


def test_a_plan_that_contradicts_the_census_takes_the_next_rung_and_says_why(
    tmp_path: Path,
) -> None:
    """Three times as many residents as the census has hukou, and no word on where they are from."""
    many = stated("resident_population", 300, "万人")
    gone = stated("out_migrants", 0.1, "万人")
    hukou = stated("hukou_population", 400, "万人")
    start = start_of(place(tmp_path, many, gone, hukou, more=f"code: {QIANAN}"))
    assert start.rung == "structure"
    assert rules(start)["start"] == "rung_contradiction"
    assert start.totals.residents == 3_000_000.0


def test_a_plan_that_contradicts_itself_is_refused() -> None:
    """渠县's figures are all of its own file."""
    wrong = with_facts(fact("nonlocal_residents", 950_000.0),
                       keep=lambda f: f.indicator != "nonlocal_residents",
                       base=one_year())  # fmt: skip
    for ask in (start_of, check_start):
        with pytest.raises(ScenarioError, match="totals_contradict"):
            ask(wrong)


def test_a_town_takes_its_countys_structure_and_keeps_what_it_states(tmp_path: Path) -> None:
    within = 'within: {name: 平谷区, code: "110117"}'
    bare = start_of(
        place(tmp_path, stated("resident_population", 3, "万人"), level="town", more=within)
    )
    assert bare.rung == "structure"
    assert rules(bare)["start"] == "rung_within"
    assert {a.where for a in bare.assumed if a.rule.startswith("lent")} == {"平谷区"}
    assert bare.totals.residents == 30_000.0
    told = start_of(
        place(
            tmp_path,
            stated("resident_population", 3, "万人"),
            stated("resident_urbanization_rate", 20, "%"),
            stated("hukou_population", 4, "万人"),
            level="town",
            more=within,
        )
    )
    assert told.totals.town == pytest.approx(6_000.0)
    assert told.totals.hukou == pytest.approx(40_000.0)
    assert told.totals.nonlocal_residents == pytest.approx(bare.totals.nonlocal_residents)
    people = measure(told.population)
    assert float(people.resident_population) == pytest.approx(30_000.0)
    ages = [residents_by_age(s.population).sum(0) / 30_000.0 for s in (bare, told)]
    assert np.abs(ages[0] - ages[1]).sum() < 0.1


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ((stated("resident_population", 2.5, "万人", 2013, "history"),), "stated_earlier"),
        ((stated("hukou_population", 4, "万人"),), "residents_by_hukou"),
        ((stated("total_population", 2.5, "万人", 2015, "context"),), "unsaid_population"),
        ((), "normalised"),
    ],
)
def test_people_of_a_town_by_what_its_plan_says(
    tmp_path: Path, facts: tuple[str, ...], rule: str
) -> None:
    within = 'within: {name: 平谷区, code: "110117"}'
    start = start_of(place(tmp_path, *facts, level="town", more=within))
    assert rules(start)["resident_population"] == rule
    wanted = {"stated_earlier": 25_000.0, "unsaid_population": 25_000.0, "normalised": NORMALISED}
    if rule in wanted:
        assert start.totals.residents == wanted[rule]
    assert (start.rung == "normalised") == (rule == "normalised")


def test_a_district_without_villages_lends_nothing(tmp_path: Path) -> None:
    """城区 of 晋城 is urban throughout; the province stands in."""
    within = f"within: {{name: 城区, code: {CITY}}}"
    start = start_of(
        place(tmp_path, stated("resident_population", 8, "万人"), level="town", more=within,
              province="山西省")
    )  # fmt: skip
    assert {a.where for a in start.assumed if a.rule == "lent_ages"} == {"山西省"}


def test_a_place_without_code_takes_its_provinces_structure(tmp_path: Path) -> None:
    start = start_of(place(tmp_path, stated("resident_population", 50, "万人")))
    assert rules(start)["start"] == "rung_no_totals"
    assert {a.where for a in start.assumed if a.rule == "lent_ages"} == {"河北省"}


def test_a_place_nobody_knows_takes_the_nations(tmp_path: Path) -> None:
    start = start_of(place(tmp_path, province="远方"))
    assert start.rung == "normalised"
    assert {a.where for a in start.assumed if a.rule == "lent_ages"} == {"全国"}


def test_a_plan_older_than_the_tables_borrows_their_first_census(tmp_path: Path) -> None:
    start = start_of(place(tmp_path, base=2008, province="河北省"))
    assert start.totals.residents == NORMALISED
    area = census.province("河北省")
    assert area is not None
    share = area.figures[2010, "town_population"] / area.figures[2010, "resident_population"]
    assert start.totals.town / start.totals.residents == pytest.approx(share)


def test_the_nation_is_closed(tmp_path: Path) -> None:
    rate = stated("resident_urbanization_rate", 63.89, "%", 2020)
    result = run(place(tmp_path, rate, level="nation", base=2020, province="全国"))
    assert result.start.totals.residents == 1_409_778_724.0
    stocks = result.trend.stocks
    assert float(stocks.out_migrants.max()) < 100.0
    assert float(stocks.nonlocal_residents.max()) < 100.0


@pytest.mark.parametrize("folder", ["town", "county"])
def test_lent_people_fill_no_cell_that_cannot_be(tmp_path: Path, folder: str) -> None:
    within = 'within: {name: 平谷区, code: "110117"}' if folder == "town" else ""
    start = start_of(place(tmp_path, level=folder, more=within))
    assert (start.population >= 0).all()
    assert start.population[Registration.NONLOCAL, Place.AWAY].sum() == 0


# --- what is then judged


TARGET = (
    '{{indicator: {name}, year: 2020, op: ">=", value: {value}, unit: "{unit}", scope: {scope}, '
    "document: plan, quote: 原文}}"
)


def test_of_a_place_of_unknown_size_only_rates_are_judged(tmp_path: Path) -> None:
    targets = ", ".join(
        TARGET.format(name=name, value=value, unit=unit, scope="place")
        for name, value, unit in (
            ("resident_urbanization_rate", 60, "%"),
            ("resident_population", 5, "万人"),
            ("housing_area_per_capita", 30, "平方米/人"),
            ("gdp", 3, "亿元"),
        )
    )
    result = run(place(tmp_path, targets=targets))
    assert [c.reason for c in result.trend.targets] == [None, "size", "size", None]
    assert result.trend.targets[0].status in ("met", "missed")
    assert all(c.needed is None for c in result.trend.targets)


@pytest.mark.parametrize(
    ("name", "unit", "scope", "judged"),
    [
        ("resident_urbanization_rate", "%", "place", True),
        ("resident_urbanization_rate", "%", "county_territory", True),
        ("resident_urbanization_rate", "%", "central_city", False),
        ("resident_urbanization_rate", "%", "part", False),
        ("hukou_population", "万人", "county_seat", False),
        ("county_seat_population", "万人", "county_seat", False),
    ],
)
def test_a_target_of_a_part_is_not_held_against_the_whole(
    tmp_path: Path, name: str, unit: str, scope: str, judged: bool
) -> None:
    target = TARGET.format(name=name, value=20, unit=unit, scope=scope)
    people = stated("resident_population", 50, "万人")
    [check] = run(place(tmp_path, people, targets=target)).trend.targets
    assert check.reason == (None if judged else "part")
    assert (check.status == "not_modelled") == (not judged)


def test_the_seat_is_judged_where_its_people_are_stated(tmp_path: Path) -> None:
    target = TARGET.format(
        name="county_seat_population", value=20, unit="万人", scope="county_seat"
    )
    people = stated("resident_population", 72, "万人")
    rate = stated("resident_urbanization_rate", 50, "%")
    seat = stated("county_seat_population", 18, "万人", 2015, "context")
    found = run(place(tmp_path, people, rate, seat, targets=target, more=f"code: {QIANAN}"))
    assert found.start.seat_share == pytest.approx(0.5)
    [check] = found.trend.targets
    assert check.reason is None
    assert math.isfinite(check.projected or math.nan)


def test_outcomes_of_a_town_are_not_its_countys(tmp_path: Path) -> None:
    within = f"within: {{name: 迁安市, code: {QIANAN}}}"
    result = run(place(tmp_path, level="town", more=within))
    assert result.outcomes() == []


def test_parameters_of_a_file_reach_the_lender(tmp_path: Path) -> None:
    known = place(tmp_path, stated("resident_population", 50, "万人"))
    changed = replace(
        known,
        parameters={**known.parameters, "return_level": 0.02},
        overridden={"return_level": "here.yaml"},
    )
    assert start_of(changed).values["return_level"] == 0.02
