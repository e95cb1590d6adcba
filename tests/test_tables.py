"""National tables: against the published totals, and reproducible from their sources."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator import tables
from simulator.demography.lifetable import life_table

REPOSITORY = Path(__file__).resolve().parent.parent
FILES = ("census_national.csv", "fertility_national.csv", "wpp2024_china.csv")


def test_population_adds_up_to_the_published_total() -> None:
    """Mean population of 2020, table 6-4 of 中国人口普查年鉴2020."""
    assert tables.population(2020, "total").sum() == 1_408_350_446
    parts = sum(tables.population(2020, name) for name in ("city", "town", "rural"))
    np.testing.assert_array_equal(parts, tables.population(2020, "total"))
    urban = tables.population(2020, "city") + tables.population(2020, "town")
    np.testing.assert_array_equal(urban, tables.population(2020, "urban"))


def test_population_axes() -> None:
    """Town 2020, age 0 and 100+, table 6-4: males first, then females."""
    town = tables.population(2020, "town")
    assert town.shape == (2, 101)
    assert town[:, 0].tolist() == [1_724_193, 1_547_558]
    assert town[:, 100].tolist() == [7_028, 16_212]


@pytest.mark.parametrize("year", tables.CENSUS_YEARS)
@pytest.mark.parametrize("residence", tables.RESIDENCES)
def test_death_rates_are_usable_everywhere(year: int, residence: str) -> None:
    rates = tables.death_rates(year, residence)
    assert rates.shape == (2, 101)
    assert np.all(rates > 0.0)
    assert np.all(np.diff(rates[:, 80:]) > 0.0)  # counted rates fall from about age 95
    assert np.all(rates[0, 15:90] > rates[1, 15:90])


def test_death_rates_below_ninety_are_the_counted_ones() -> None:
    """Town 2020, males aged 0 and 80, table 6-4: deaths over mean population."""
    rates = tables.death_rates(2020, "town")
    assert rates[0, 0] == pytest.approx(2_363 / 1_724_193, rel=1e-12)
    assert rates[0, 80] == pytest.approx(26_941 / 425_684, rel=1e-12)


def test_mortality_falls_from_village_to_city_and_over_time() -> None:
    for sex in (0, 1):
        e0 = {
            (year, name): life_table(tables.death_rates(year, name)).ex[sex, 0]
            for year in tables.CENSUS_YEARS
            for name in tables.RESIDENCES
        }
        for year in tables.CENSUS_YEARS:
            assert e0[year, "rural"] < e0[year, "town"] < e0[year, "urban"] < e0[year, "city"]
        assert all(e0[2020, name] > e0[2010, name] for name in tables.RESIDENCES)


def test_asfr_pools_residences_by_women() -> None:
    """Town 2020 gives a TFR of 1.378; the pooled rate of an age lies between its parts."""
    assert tables.asfr(2020, "town").sum() == pytest.approx(1.378, abs=5e-4)
    city, town, urban = (tables.asfr(2020, name) for name in ("city", "town", "urban"))
    assert np.all(urban >= np.minimum(city, town))
    assert np.all(urban <= np.maximum(city, town))


def test_asfr_of_all_residences_equals_the_national_one(reference: Path) -> None:
    """Sampling fractions differ by residence, so the pooled TFR differs a little from 1.2758."""
    text = (reference / "data" / "census_asfr_derived.csv").read_text(encoding="utf-8")
    national = [line.split(",") for line in text.splitlines() if line.startswith("2020,total,")]
    rates = {row[2]: float(row[-1]) / 1000 for row in national}
    expected = np.array([rates[str(age)] for age in tables.FERTILE_AGES])
    np.testing.assert_allclose(tables.asfr(2020, "total"), expected, rtol=0.02)


def test_wpp_values() -> None:
    """World Population Prospects 2024, China: published values of 2020 and 2024."""
    wpp = tables.wpp()
    estimate, projection = wpp.position(2020), wpp.position(2024)
    assert wpp.e0[estimate].tolist() == [75.245, 80.9992]
    assert wpp.tfr[estimate] == pytest.approx(1.2357, abs=5e-5)
    assert wpp.srb[estimate] == 1.112
    assert wpp.births[estimate] == pytest.approx(11_843_469)
    assert wpp.deaths[estimate] == pytest.approx(10_411_385)
    assert np.isnan(wpp.tfr_lower80[estimate])
    assert wpp.e0_lower80[projection].tolist() == [74.328, 80.093]
    assert wpp.e0_upper80[projection].tolist() == [76.199, 81.83]
    assert (wpp.tfr_lower80[projection], wpp.tfr_upper80[projection]) == (0.858, 1.171)


def test_wpp_population_is_of_the_year_end() -> None:
    wpp = tables.wpp()
    change = wpp.births - wpp.deaths + wpp.net_migration
    np.testing.assert_allclose(np.diff(wpp.population), change[1:], rtol=0, atol=1_000)
    # Mid-2020 population of 1,426.1 million, from the published deaths and crude death rate 7.301.
    end_2019, end_2020 = wpp.population[[wpp.position(2019), wpp.position(2020)]]
    assert (end_2019 + end_2020) / 2 == pytest.approx(10_411_385 / 7.301e-3, rel=1e-4)


def test_wpp_mean_age_follows_the_fertility_schedule() -> None:
    """2020: percentages of TFR by 5-year group from 10-14, births at the middle of each."""
    percent = [0.002884, 2.718861, 23.724184, 35.442966, 24.319168, 10.242461, 2.633992]
    percent += [0.829173, 0.086311]
    expected = np.average(np.arange(12.5, 55.0, 5.0), weights=percent)
    assert tables.wpp().mac[tables.wpp().position(2020)] == pytest.approx(expected, abs=1e-4)


def test_arrays_are_read_only() -> None:
    arrays = [
        tables.population(2020, "town"),
        tables.death_rates(2020, "town"),
        tables.asfr(2020, "town"),
        tables.wpp().e0,
        tables.wpp().population,
    ]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@pytest.mark.parametrize(
    ("year", "residence", "message"),
    [(2015, "town", "2015"), (2020, "village", "residence must be one of")],
)
def test_unknown_table_is_refused(year: int, residence: str, message: str) -> None:
    for load in (tables.population, tables.death_rates, tables.asfr):
        with pytest.raises(ValueError, match=message):
            load(year, residence)


@pytest.mark.parametrize("year", [1999, 2101])
def test_wpp_refuses_years_outside_the_series(year: int) -> None:
    with pytest.raises(ValueError, match="2000-2100"):
        tables.wpp().position(year)


def test_tables_are_reproduced_to_the_byte(reference: Path, tmp_path: Path) -> None:
    tool = REPOSITORY / "tools" / "build_national_tables.py"
    command = [sys.executable, str(tool), str(reference / "data"), "--output", str(tmp_path)]
    subprocess.run(command, check=True)
    for name in FILES:
        stored = REPOSITORY / "simulator" / "data" / name
        assert (tmp_path / name).read_bytes() == stored.read_bytes(), name


def test_place_tables_are_reproduced_to_the_byte(reference: Path, tmp_path: Path) -> None:
    tool = [sys.executable, "-m", "tools.build_place_tables"]
    subprocess.run(
        [*tool, str(reference / "data"), "--output", str(tmp_path)], check=True, cwd=REPOSITORY
    )
    for name in ("place_census.csv", "place_age_sex.csv", "county_growth.csv"):
        stored = REPOSITORY / "simulator" / "data" / name
        assert (tmp_path / name).read_bytes() == stored.read_bytes(), name
