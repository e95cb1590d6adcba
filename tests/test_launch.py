"""From facts to the people of the base year: what is used, what is not, what is assumed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quxian import case, fact, one_year, result, study, with_facts

from simulator import ScenarioError
from simulator.flow_priors import DERIVED
from simulator.indicators import measure
from simulator.launch import Launch, check_totals, launch
from simulator.parameters import parameters
from simulator.run import run
from simulator.schema import Fact

TOTALS = (
    "resident_population", "town_population", "hukou_population", "hukou_urbanization_rate",
    "nonlocal_residents",
)  # fmt: skip


def start() -> Launch:
    return result().start


def assert_same_launch(one: Launch, other: Launch) -> None:
    np.testing.assert_array_equal(one.population, other.population)
    assert one.values == other.values
    assert one.totals == other.totals
    assert one.seat_share == other.seat_share
    assert one.context == other.context


# --- what the facts fix


def test_the_base_rate_is_met_exactly() -> None:
    """43.6 % in 2022, the one figure the plan states for the base."""
    rate = float(measure(start().population).resident_urbanization_rate)
    assert rate == pytest.approx(0.436, abs=1e-10)


def test_base_totals_are_met() -> None:
    stocks, totals = measure(start().population), start().totals
    assert float(stocks.resident_population) == pytest.approx(totals.residents, rel=1e-9)
    assert float(stocks.town_population) == pytest.approx(totals.town, rel=1e-9)
    assert float(stocks.hukou_population) == pytest.approx(totals.hukou, rel=1e-9)
    assert float(stocks.urban_hukou) == pytest.approx(totals.urban_hukou, rel=1e-9)
    assert float(stocks.nonlocal_residents) == pytest.approx(totals.nonlocal_residents, rel=1e-9)


BASE_FACTS = [
    ("resident_population", 88.0, "万人"),
    ("hukou_population", 1_250_000.0, "人"),
    ("hukou_minus_resident", 36.0, "万人"),
    ("hukou_urbanization_rate", 25.5, "%"),
    ("nonlocal_residents", 24_000.0, "人"),
]


@pytest.mark.parametrize(("indicator", "value", "unit"), BASE_FACTS)
def test_each_base_fact_is_met_exactly(indicator: str, value: float, unit: str) -> None:
    found = launch(with_facts(fact(indicator, value, unit)))
    size = {"万人": 1e4, "人": 1.0, "%": 0.01}[unit]
    stocks = measure(found.population)
    assert float(getattr(stocks, indicator)) == pytest.approx(value * size, rel=1e-9)
    assert float(stocks.resident_urbanization_rate) == pytest.approx(0.436, abs=1e-9)
    assert indicator not in {a.quantity for a in found.assumed}


def test_a_town_count_at_the_base_is_met() -> None:
    found = launch(with_facts(fact("town_population", 390_000.0)))
    assert float(measure(found.population).town_population) == pytest.approx(390_000.0, rel=1e-9)


def test_town_and_rate_of_the_base_are_both_met() -> None:
    stocks = measure(launch(with_facts(fact("town_population", 380_000.0))).population)
    assert float(stocks.resident_urbanization_rate) == pytest.approx(0.436, rel=1e-6)


def test_out_migrants_of_the_base_are_met() -> None:
    found = launch(with_facts(fact("out_migrants", 450_000.0)))
    assert float(measure(found.population).out_migrants) == pytest.approx(450_000.0, rel=1e-6)


def test_villagers_of_the_base_are_met() -> None:
    """And the rate beside them: residents follow from both."""
    stocks = measure(launch(with_facts(fact("village_population", 500_000.0))).population)
    assert float(stocks.village_population) == pytest.approx(5e5, rel=1e-6)
    assert float(stocks.resident_urbanization_rate) == pytest.approx(0.436, rel=1e-6)


def test_hukou_and_gap_of_the_base_are_both_met() -> None:
    both = (fact("hukou_population", 1_260_000.0), fact("hukou_minus_resident", 370_000.0))
    stocks = measure(launch(with_facts(*both)).population)
    assert float(stocks.hukou_population) == pytest.approx(1_260_000.0, rel=1e-6)
    assert float(stocks.resident_population) == pytest.approx(890_000.0, rel=1e-6)


# --- what must not be used


def without(use: str) -> Launch:
    return launch(with_facts(keep=lambda f: f.use != use))


def test_outcomes_are_not_used() -> None:
    """Without what happened after the base everything is the same, bit for bit."""
    assert any(f.use == "outcome" for f in study().place.facts)
    assert_same_launch(without("outcome"), start())


def test_an_outcome_is_not_used_whatever_its_year() -> None:
    """Files cannot date one before the base; its use alone must keep it out."""
    early = fact("hukou_population", 1_000_000.0, year=2021, use="outcome")
    assert_same_launch(launch(with_facts(early)), start())


def test_context_is_not_used() -> None:
    assert any(f.use == "context" for f in study().place.facts)
    assert_same_launch(without("context"), start())


def test_superseded_estimates_are_not_used() -> None:
    assert any(f.use == "superseded" for f in study().place.facts)
    assert_same_launch(without("superseded"), start())


@pytest.mark.parametrize("use", ["outcome", "superseded", "context"])
def test_wrong_values_of_unused_facts_change_nothing(use: str) -> None:
    """Neither their absence nor their size matters."""

    def wrong(f: Fact) -> Fact:
        return f.model_copy(update={"value": f.value * 1.5}) if f.use == use else f

    facts = [wrong(f) for f in study().place.facts]
    place = study().place.model_copy(update={"facts": facts})
    assert_same_launch(launch(replace(study(), place=place)), start())


def test_history_is_used() -> None:
    """The same test on facts that count, so that the ones above can fail."""

    def later(f: Fact) -> bool:
        return not (f.indicator == "hukou_population" and f.use == "history" and f.year == 2018)

    assert launch(with_facts(keep=later)).values != start().values


def test_targets_and_policies_are_not_used() -> None:
    """The fit is complete before any lever acts and does not know what the plan wants."""
    place = study().place.model_copy(update={"targets": []})
    jobs = {"x": case({"industry_jobs": {"basic_jobs": 20_000.0}})}
    assert_same_launch(launch(replace(study(), place=place, cases=jobs)), start())


# --- face value


def test_face_value_uses_the_superseded_estimates() -> None:
    naive = launch(study(), face_value=True)
    assert naive.fit is not None
    seen = {(o.indicator, o.year): o.value for o in naive.fit.observations}
    assert seen["resident_population", 2018] == pytest.approx(1_116_100.0)
    assert seen["resident_population", 2019] == pytest.approx(1_116_000.0)
    assert seen["hukou_minus_resident", 2018] == pytest.approx(228_000.0)
    assert ("resident_population", 2020) not in seen  # the count that corrects them
    assert ("hukou_population", 2018) in seen  # the register counts in both
    assert naive.context.shift_after == 2019


def test_the_main_fit_sees_the_counts_and_not_the_estimates() -> None:
    found = start().fit
    assert found is not None
    seen = {(o.indicator, o.year): o.value for o in found.observations}
    assert seen == {
        ("hukou_population", 2018): 1_343_760.0,
        ("resident_population", 2020): 917_508.0,
        ("town_population", 2020): 384_700.0,
        ("nonlocal_residents", 2020): 20_531.0,
        ("hukou_minus_resident", 2021): pytest.approx(377_000.0),
        ("resident_urbanization_rate", 2022): pytest.approx(0.436),
    }
    assert (found.start_year, found.shift_after) == (2010, 2020)


def test_face_value_reads_the_jump_as_migration() -> None:
    naive = result().face_value
    assert naive is not None
    assert naive.stocks.resident_population[3] < 0.9 * result().trend.stocks.resident_population[3]


def test_a_place_without_estimates_has_no_face_value() -> None:
    assert run(one_year()).face_value is None
    assert run(study(), face_value=False).face_value is None


# --- what is assumed


def base_facts(indicator: str) -> list[Fact]:
    year = study().place.base_year
    return [f for f in study().place.facts if f.indicator == indicator and f.at == year
            and f.use in ("base", "history")]  # fmt: skip


def test_every_total_of_the_base_is_a_fact_or_in_the_list() -> None:
    """Residents, hukou, urban share and non-locals; the town follows from rate and residents."""
    assumed = {a.quantity: a for a in start().assumed}
    for name in ("resident_population", "hukou_population", "hukou_urbanization_rate",
                 "nonlocal_residents", "resident_urbanization_rate"):  # fmt: skip
        assert bool(base_facts(name)) != (name in assumed), name
    assert {"age_structure", "seat_share"} < set(assumed)
    stocks = measure(start().population)
    for name, item in assumed.items():
        if item.rule == "fitted_run":
            assert item.value == pytest.approx(float(getattr(stocks, name)), rel=1e-9), name


@pytest.mark.parametrize(("indicator", "value", "unit"), BASE_FACTS)
def test_a_known_total_leaves_the_list(indicator: str, value: float, unit: str) -> None:
    before = {a.quantity for a in start().assumed}
    after = {a.quantity for a in launch(with_facts(fact(indicator, value, unit))).assumed}
    gone = {"hukou_minus_resident": "hukou_population"}.get(indicator, indicator)
    assert before - after == {gone}


def test_seat_share_is_of_the_year_that_has_both() -> None:
    assert start().seat_share == pytest.approx(244_800.0 / 384_700.0, rel=1e-12)
    assert {a.rule for a in start().assumed if a.quantity == "seat_share"} == {"seat_share_held"}


def drop(*names: str) -> Launch:
    known = one_year()
    return launch(with_facts(keep=lambda f: f.indicator not in names, base=known))


RULES = [
    ((), {"seat_share": "seat_share_default", "age_structure": "national_ages",
          "flows": "prior_flows"}),
    (("nonlocal_residents",), {"nonlocal_residents": "nonlocal_share"}),
    (("hukou_urbanization_rate",), {"hukou_urbanization_rate": "hukou_rate_gap"}),
    (("hukou_population",), {"hukou_population": "hukou_balances"}),
]  # fmt: skip


@pytest.mark.parametrize(("missing", "rules"), RULES)
def test_each_missing_total_is_filled_by_its_rule(
    missing: tuple[str, ...], rules: dict[str, str]
) -> None:
    always = {"seat_share": "seat_share_default", "age_structure": "national_ages",
              "flows": "prior_flows"}  # fmt: skip
    found = drop(*missing)
    assert {a.quantity: a.rule for a in found.assumed} == always | rules


def test_rules_by_hand() -> None:
    values = study().parameters
    assert drop("nonlocal_residents").totals.nonlocal_residents == pytest.approx(27_000.0)
    assert drop("hukou_population").totals.hukou == pytest.approx(900_000.0)
    rate = drop("hukou_urbanization_rate").totals
    assert rate.urban_hukou / rate.hukou == pytest.approx(0.436 - values["hukou_rate_gap"])
    assert drop("nonlocal_residents", "hukou_population").totals.hukou == pytest.approx(900_000.0)


def test_non_locals_fill_the_excess_of_residents_over_hukou() -> None:
    """A magnet: more residents than hukou people, whatever the usual share."""
    known = with_facts(
        fact("hukou_population", 700_000.0),
        keep=lambda f: f.indicator not in ("hukou_population", "nonlocal_residents"),
        base=one_year(),
    )
    totals = launch(known).totals
    assert totals.nonlocal_residents == pytest.approx(200_000.0)
    assert totals.away == pytest.approx(0.0, abs=1e-6)


def test_out_migrants_give_the_hukou_population() -> None:
    known = with_facts(
        fact("out_migrants", 400_000.0),
        keep=lambda f: f.indicator != "hukou_population",
        base=one_year(),
    )
    assert launch(known).totals.hukou == pytest.approx(900_000.0 - 22_000.0 + 400_000.0)


def test_without_history_the_levels_follow_the_place_s_own_stocks() -> None:
    found = launch(one_year())
    assert found.fit is None
    moved = {n for n, v in found.values.items() if v != study().parameters[n]}
    assert moved == set(DERIVED) == set(found.learnt)
    for name in DERIVED:
        assert parameters()[name].low <= found.values[name] <= parameters()[name].high


def test_a_level_that_the_user_sets_is_not_replaced_by_the_learnt_one() -> None:
    values = {**one_year().parameters, "out_migration_level": 0.03}
    found = launch(
        replace(one_year(), parameters=values, overridden={"out_migration_level": "here"})
    )
    assert found.values["out_migration_level"] == 0.03
    assert "out_migration_level" not in found.learnt


def test_parameters_that_the_user_sets_are_not_fitted() -> None:
    values = {**study().parameters, "return_level": 0.02}
    found = launch(replace(study(), parameters=values, overridden={"return_level": "here"}))
    assert found.values["return_level"] == 0.02
    assert found.fit is not None
    assert "return_level" not in found.fit.names


# --- what is refused


def test_missing_totals_are_refused() -> None:
    with pytest.raises(ScenarioError, match="missing_totals"):
        launch(with_facts(keep=lambda f: f.indicator != "resident_population"))


@pytest.mark.parametrize(
    ("indicator", "value", "named"),
    [
        ("hukou_population", 500_000.0, "nonlocal_residents"),
        ("nonlocal_residents", 950_000.0, "nonlocal_residents"),
        ("town_population", 950_000.0, "town_population"),
    ],
)
def test_contradicting_totals_of_one_year_are_refused(
    indicator: str, value: float, named: str
) -> None:
    wrong = with_facts(
        fact(indicator, value), keep=lambda f: f.indicator != indicator, base=one_year()
    )
    for ask in (launch, check_totals):
        with pytest.raises(ScenarioError, match=rf"totals_contradict.*{named}"):
            ask(wrong)


def test_sound_totals_pass_the_check() -> None:
    check_totals(study())
    check_totals(one_year())


@pytest.mark.parametrize(
    ("indicator", "value"),
    [("town_population", 2e6), ("nonlocal_residents", 2e6)],
)
def test_contradicting_totals_of_the_base_are_refused(indicator: str, value: float) -> None:
    with pytest.raises(ScenarioError, match="totals_contradict"):
        launch(with_facts(fact(indicator, value)))


def test_a_history_before_the_tables_is_refused_or_used() -> None:
    early = [
        fact("resident_population", 1_200_000.0, year=1990, use="history"),
        fact("town_population", 80_000.0, year=1990, use="history"),
    ]
    with pytest.raises(ScenarioError, match="1990"):
        launch(with_facts(*early))


def test_out_migrants_and_hukou_give_the_non_locals() -> None:
    known = with_facts(
        fact("out_migrants", 380_000.0),
        keep=lambda f: f.indicator != "nonlocal_residents",
        base=one_year(),
    )
    found = launch(known)
    assert found.totals.away == pytest.approx(380_000.0)
    assert found.totals.nonlocal_residents == pytest.approx(30_000.0)
