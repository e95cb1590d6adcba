"""Land rights, other cities, quotas, building jobs, returners and tenure: each by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import assert_same, policy, result

from simulator.axes import N_AGES, Flow, Place, Registration
from simulator.levers import jobs, settlement
from simulator.levers.columns import Behaviour, Policy, baseline_policy, behaviour_vector
from simulator.parameters import central_values, levers, parameters
from simulator.presets import PRESETS, preset_rules, preset_values
from simulator.run import Run
from simulator.sheet import new_sheet, write_mortality, write_opening
from simulator.state import Driver

EXAMPLES = settings(max_examples=30, deadline=None)
CENTRAL = behaviour_vector(central_values())
SOLVED = 2e-6


def row(**values: float) -> np.ndarray:
    found = baseline_policy(1, {})[0]
    for name, value in values.items():
        found[Policy[name.upper()]] = value
    return found


def conversions(run: Run, r: Registration) -> np.ndarray:
    return np.asarray(run.paths.flows[:, Flow.HUKOU_CONVERSION, r].sum(axis=(1, 2)))


# --- land rights


def test_losing_land_rights_by_hand() -> None:
    kept, lost = row(), row(land_rights_kept=0.0)
    assert settlement.land_driver(kept, kept, CENTRAL) == 0.0
    assert settlement.land_driver(lost, kept, CENTRAL) == pytest.approx(np.log(0.88), rel=1e-14)
    assert settlement.land_driver(kept, lost, CENTRAL) == pytest.approx(-np.log(0.88), rel=1e-14)


def test_land_rights_act_on_rural_hukou_alone() -> None:
    """12 % fewer rural conversions in the first year, the others' untouched; nobody moves."""
    found, trend = policy({"settlement": {"land_rights_kept": 0.0}}), result().trend
    ratio = [conversions(found, r)[0] / conversions(trend, r)[0] for r in (1, 2)]
    assert ratio[0] == pytest.approx(0.88, abs=0.005)
    assert ratio[1] == pytest.approx(1.0, abs=1e-12)
    lost = trend.stocks.resident_population[-1] - found.stocks.resident_population[-1]
    assert 0.0 <= lost < 100.0


# --- openness of other cities


def test_drain_approaches_its_loss() -> None:
    """Eq. (54): a tenth of what is left is drawn each year, in all -ln(1 - 0.091)."""
    gone, open_row, trend = 0.0, row(other_cities_openness=100.0), row()
    first = settlement.drain_hazard(0.0, open_row, trend, CENTRAL)
    assert first == pytest.approx(-np.log(1.0 - 0.091) / 10.0, rel=1e-12)
    for _ in range(200):
        gone += settlement.drain_hazard(gone, open_row, trend, CENTRAL)
    assert gone == pytest.approx(-np.log(1.0 - 0.091), rel=1e-6)
    assert settlement.drain_hazard(gone, trend, trend, CENTRAL) < 0.0
    assert settlement.drain_hazard(0.0, open_row, open_row, CENTRAL) == 0.0


@EXAMPLES
@given(pair=st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 100.0)))
def test_other_cities_only_drain(pair: tuple[float, float]) -> None:
    """The more they open the fewer stay, and never by more than the documented loss."""
    few, many = sorted(pair)
    runs = [policy({"settlement": {"other_cities_openness": x}}) for x in (few, many)]
    for stock in ("resident_population", "town_population", "village_population"):
        less, more = (getattr(r.stocks, stock) for r in (runs[1], runs[0]))
        assert (less <= more * (1.0 + 1e-12)).all()
    trend = result().trend.stocks.resident_population
    assert (runs[1].stocks.resident_population > (1.0 - 0.091) * trend).all()
    assert (runs[1].stocks.hukou_population <= result().trend.stocks.hukou_population + 1e-6).all()


# --- quotas


def test_years_implied_by_a_quota() -> None:
    found = settlement.years_implied(
        np.array([1.0, np.exp(-0.5), 0.0]), np.array([2.0, 2.0, 0.0]), np.full(3, 0.1)
    )
    np.testing.assert_allclose(found, [2.0, 7.0, np.inf])


def test_turnover_counts_every_way_out_of_the_stock() -> None:
    """Eq. (12): moving out, dying and settling; town residents without urban hukou only."""
    population = np.zeros((3, 3, 2, N_AGES))
    population[1, 0] = 1.0
    population[0, 0] = 9.0
    mortality, schedule = np.full((1, 3, 2, N_AGES), 0.01), np.ones((12, 2, N_AGES))
    level = np.zeros((14, 3))
    level[Flow.OUT_TOWN], level[Flow.URBAN_TO_RURAL] = 0.03, 0.02
    level[Flow.HUKOU_CONVERSION, 1:] = 0.04
    for people, expected in ((population, 0.10), (0.0 * population, 0.0)):
        sheet = new_sheet()
        write_opening(sheet, people, schedule, np.zeros((2, N_AGES)))
        write_mortality(mortality, 0, 1.0, sheet)
        assert settlement.turnover(sheet, level) == pytest.approx(expected)


def test_a_quota_says_what_it_amounts_to() -> None:
    notes = {n.code: n.params for n in policy({"settlement": {"annual_quota": 3000.0}}).notes}
    assert notes.keys() == {"quota_binding"}
    assert 5.0 < notes["quota_binding"]["low"] <= notes["quota_binding"]["high"] < 40.0
    notes = {n.code: n.params for n in policy({"settlement": {"annual_quota": 20_000.0}}).notes}
    assert notes.keys() == {"quota_not_binding"}
    assert notes["quota_not_binding"]["quota"] == 20_000.0
    settled = conversions(result().trend, Registration.RURAL_HUKOU)
    settled += conversions(result().trend, Registration.NONLOCAL)
    assert notes["quota_not_binding"]["settled"] == pytest.approx(settled.max())
    codes = [n.code for n in policy({"settlement": {"annual_quota": 0.0}}).notes]
    assert codes == ["quota_admits_nobody"]


# --- presets


def test_presets_are_levers_within_their_range_with_the_plans_words() -> None:
    known = levers()["settlement"]
    for rule in preset_rules():
        assert known[rule.lever].low <= rule.value <= known[rule.lever].high
        assert "004_c223a8c09b7d4d09" in rule.source
        assert rule.grade in ("published", "assumption")
    assert {rule.preset for rule in preset_rules()} == set(PRESETS)
    with pytest.raises(KeyError, match="above_9m"):
        preset_values("above_9m")


def test_the_plan_prints_the_quotes(reference) -> None:  # type: ignore[no-untyped-def]
    seed = reference / "seeds" / "004_c223a8c09b7d4d09.txt"
    if not seed.is_file():
        pytest.skip(f"{seed} is missing")
    words = seed.read_text(encoding="utf-8")
    assert [r.quote for r in preset_rules() if r.quote not in words] == []


def test_presets_open_by_size_of_city() -> None:
    """The smaller the class the more settle; below 3 million the trend's rules are all there is."""
    small, middle, large = (policy({"settlement": {"preset": p}}) for p in PRESETS)
    assert_same(small.paths, result().trend.paths)
    assert [n.code for n in small.notes] == ["preset", "settlement_at_trend"]
    rates = [r.stocks.hukou_urbanization_rate[1:] for r in (small, middle, large)]
    assert (rates[0] > rates[1]).all()
    assert (rates[1] > rates[2]).all()


def test_a_lever_beside_a_preset_overrules_it() -> None:
    found = policy({"settlement": {"preset": "above_5m", "residence_years": 1.0}})
    years = found.inputs.policy[:, [Policy.RESIDENCE_YEARS, Policy.INSURANCE_YEARS]]
    assert (years == [1.0, 5.0]).all()


# --- temporary jobs


def test_a_lasting_job_is_offered_again_when_its_holder_leaves() -> None:
    """Eqs. (17) and (20): held = held before - left + filled, and the gap asks for who left."""
    found = policy({"industry_jobs": {"other_jobs": {2024: 3000.0, 2025: 0.0}}})
    drivers = found.paths.drivers
    filled = drivers[:, [Driver.WORKERS_MOVED, Driver.WORKERS_AT_HOME]].sum(axis=1)
    held, left = drivers[:, [Driver.JOBS_HELD, Driver.JOBS_VACATED]].T
    gap = drivers[:, Driver.LABOUR_GAP]
    assert held[0] == left[1] == 0.0
    assert (left[2:] > 0.0).all()
    assert held[2:] == pytest.approx(held[1:-1] - left[2:] + filled[2:], rel=1e-12)
    fading = 0.5 ** (1.0 / CENTRAL[Behaviour.VACANCY_HALF_LIFE])
    assert gap[2:] == pytest.approx((gap[1:-1] - filled[1:-1]) * fading + left[2:], rel=1e-9)


def test_building_jobs_end_with_the_work() -> None:
    """While they last they draw people; when they end those who came are too many, no more."""
    chosen = {"industry_jobs": {"construction_jobs": {2024: 3000.0, 2027: None}}}
    found, trend = policy(chosen), result().trend
    gap = found.paths.drivers[:, Driver.TEMPORARY_GAP]
    filled = found.paths.drivers[:, [Driver.WORKERS_MOVED, Driver.WORKERS_AT_HOME]].sum(axis=1)
    held, left = found.paths.drivers[:, [Driver.JOBS_HELD, Driver.JOBS_VACATED]].T
    assert gap[0] == 0.0
    assert gap[1] == pytest.approx(3000.0)
    assert (gap[2:4] > 0.0).all()
    assert gap[4] == pytest.approx(left[4] - held[3], rel=1e-9)
    assert -gap[4] < filled[1:4].sum()  # some had gone by themselves
    assert (np.diff(gap[4:]) > 0.0).all()
    more = found.stocks.resident_population - trend.stocks.resident_population
    assert more[4] > 1000.0
    assert abs(more[-1]) < 0.5 * more[4]


def test_a_gap_is_shared_between_lasting_and_temporary_jobs() -> None:
    assert jobs.left_over(1000.0, 0.0, 200.0, CENTRAL) == (800.0, 0.0)
    assert jobs.left_over(1000.0, 400.0, 200.0, CENTRAL) == pytest.approx((480.0, 80.0))
    # Where they cancel, builders take the lasting jobs at the usual speed.
    left, found = jobs.left_over(0.0, -500.0, 0.0, CENTRAL)
    assert (left, found) == pytest.approx((400.0, -100.0))


# --- where returners settle


def test_returners_settle_by_kind_of_job() -> None:
    assert jobs.settled_share(1000.0, 0.0, CENTRAL) == 0.60
    assert jobs.settled_share(1000.0, 1000.0, CENTRAL) == pytest.approx(0.441)
    assert jobs.settled_share(1000.0, 500.0, CENTRAL) == pytest.approx((0.60 + 0.441) / 2)
    assert jobs.settled_share(100.0, -500.0, CENTRAL) == 0.60
    town, village = np.array([2.0, 4.0]), np.array([2.0, 1.0])
    jobs.settle_returners(town, village, np.log(2.0), 0.6)
    np.testing.assert_allclose(town, [1.0 + 0.6 * 2.0, 2.0 + 0.6 * 2.5])
    np.testing.assert_allclose(village, [1.0 + 0.4 * 2.0, 0.5 + 0.4 * 2.5])


@pytest.mark.parametrize("name", ["basic_jobs", "other_jobs"])
@pytest.mark.parametrize("amount", [500.0, 2000.0, 5000.0])
def test_jobs_raise_the_urbanization_rate(name: str, amount: float) -> None:
    """Villages gain from jobs as well, but towns more, as long as dwellings do not bind."""
    found, trend = policy({"industry_jobs": {name: amount}}), result().trend
    assert found.binding()[-1] != ("housing",)
    gained = found.stocks.resident_urbanization_rate - trend.stocks.resident_urbanization_rate
    assert (np.diff(gained) > 0.0).all()


def test_those_who_move_are_those_wanted() -> None:
    """Eq. (18) to 0.1 %, by the loop; one pass falls 1 to 3 % short."""
    for jobs_lost_or_won in (-4000.0, -500.0, 500.0, 4000.0):
        drivers = policy({"industry_jobs": {"other_jobs": jobs_lost_or_won}}).paths.drivers
        wanted = 0.2 * 0.75 * drivers[:, Driver.LABOUR_GAP]
        np.testing.assert_allclose(drivers[:, Driver.WORKERS_MOVED], wanted, rtol=1e-3)


# --- monotone over the whole range, each new lever


@EXAMPLES
@given(pair=st.tuples(st.floats(0.0, 20_000.0), st.floats(0.0, 20_000.0)))
def test_residents_rise_with_building_jobs_while_they_last(pair: tuple[float, float]) -> None:
    few, many = (policy({"industry_jobs": {"construction_jobs": x}}) for x in sorted(pair))
    for stock in ("resident_population", "town_population"):
        low, high = getattr(few.stocks, stock), getattr(many.stocks, stock)
        assert (high >= low * (1.0 - SOLVED)).all()


@EXAMPLES
@given(units=st.floats(0.0, parameters()["resettlement_units"].high))
def test_resettlement_makes_up_for_demolition(units: float) -> None:
    """As many dwellings built as pulled down: the same ceiling as none of both."""
    both = {"resettlement_units": units, "demolished_units": units}
    work = {"industry_jobs": {"other_jobs": 20_000.0}}
    one, other = policy({**work, "housing": both}), policy(work)
    np.testing.assert_allclose(
        one.paths.drivers[:, Driver.HOUSING_CAPACITY],
        other.paths.drivers[:, Driver.HOUSING_CAPACITY], rtol=1e-12,
    )  # fmt: skip


# --- tenure


def test_dwellings_at_launch_house_the_town_at_its_vacancy() -> None:
    trend = result().trend
    found, values = trend.dwellings, trend.start.values
    town = trend.stocks.town_population
    np.testing.assert_allclose(found.vacancy[0], values["vacancy_rate"], rtol=1e-12)
    people = found.owned[0] * 2.62 + found.rented[0] * 2.0
    assert people * (1.0 - values["vacancy_rate"]) == pytest.approx(town[0], rel=1e-12)
    assert found.rented[0] * 2.0 / people == pytest.approx(values["rental_share"])


def test_each_kind_of_dwelling_goes_to_its_tenure() -> None:
    kinds = {
        "commercial_units": (100.0, 0.0), "resettlement_units": (100.0, 0.0),
        "demolished_units": (-100.0, 0.0), "rental_units": (0.0, 100.0),
    }  # fmt: skip
    base = result().trend.dwellings
    for name, (own, rent) in kinds.items():
        found = policy({"housing": {name: {2023: 100.0, 2024: None}}}).dwellings
        np.testing.assert_allclose(found.owned[1:] - base.owned[1:], own, atol=1e-6)
        np.testing.assert_allclose(found.rented[1:] - base.rented[1:], rent, atol=1e-6)


# --- children left behind


def test_left_behind_children_are_residents_from_birth() -> None:
    """The share moves births of women away home and creates or loses none."""
    from simulator.projection import project

    inputs = result().trend.inputs
    shares = (0.0, 0.4, 1.0)
    born = []
    for share in shares:
        behaviour = inputs.behaviour.copy()
        behaviour[Behaviour.LEFT_BEHIND_SHARE] = share
        born.append(project(inputs._replace(behaviour=behaviour)).births[0].sum(axis=-1))
    away = born[0][:, Place.AWAY]
    for share, found in zip(shares, born, strict=True):
        np.testing.assert_allclose(found.sum(), born[0].sum(), rtol=1e-14)
        np.testing.assert_allclose(found[:, Place.AWAY], (1.0 - share) * away, rtol=1e-12)
        urban, rural = Registration.URBAN_HUKOU, Registration.RURAL_HUKOU
        homes = ((urban, Place.TOWN), (rural, Place.VILLAGE))
        for r, home in homes:
            gained = found[r, home] - born[0][r, home]
            np.testing.assert_allclose(gained, share * away[r], rtol=1e-9, atol=1e-9)
        assert found[urban, Place.VILLAGE] == born[0][urban, Place.VILLAGE]
        assert found[rural, Place.TOWN] == born[0][rural, Place.TOWN]
