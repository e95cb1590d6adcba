"""The backtest: matching, no leak, known truth, outputs and what it refuses."""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from counties import core_2010, row_2020, shape, write_folder
from quxian import ROOT
from rich.text import Text
from typer.testing import CliRunner

from simulator.backtest import Backtest, run_backtest
from simulator.cli import app
from simulator.county_draws import drawn, ends, quantiles
from simulator.county_features import known
from simulator.county_launch import child_share, decade, met, start_county
from simulator.county_lists import county_locations
from simulator.county_tables import CORE_2010, CORE_2020, TEXT, read_census
from simulator.errors import ScenarioError
from simulator.flow_model import Trees, predict, share_of, stretched_logit
from simulator.i18n import text
from simulator.matching import match, prefecture_stem, stem
from simulator.parameters import central_values
from simulator.reach import MAX_TABLE_BYTES
from simulator.report.accuracy import (
    COLUMNS,
    accuracy_page,
    accuracy_view,
    county_csv,
    judge,
    losses,
    part_lines,
)
from simulator.scores import groups, point, spread
from tools.boosted_trees import boost, cut_points

DRAWS = 40
HEADER = ",".join((*TEXT, *CORE_2010)).encode() + b"\n"
NAMES = ("甲县", "乙县", "丙市", "丁区")
FIRST = [
    core_2010(f"5199{i:02d}", name, 2e5 * (i + 1), 0.25 + 0.15 * i, 2.1e5 * (i + 1))
    for i, name in enumerate(NAMES)
]


def folder_of(path: Path, growth: float = 0.97, urban: float = 0.45) -> Path:
    path.mkdir(exist_ok=True)
    residents = [float(str(r["resident"])) * growth for r in FIRST]
    second = [row_2020(r, n, urban) for r, n in zip(FIRST, residents, strict=True)]
    write_folder(path, FIRST, second, [shape(n) for n in residents])
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Backtest:
    return run_backtest(folder_of(tmp_path_factory.mktemp("data")), DRAWS, workers=1)


def test_a_county_of_2020_cannot_change_its_own_projection(found: Backtest, tmp_path: Path) -> None:
    other = run_backtest(folder_of(tmp_path / "b", growth=1.4, urban=0.8), DRAWS, workers=2)
    np.testing.assert_array_equal(other.resident_quantiles, found.resident_quantiles)
    np.testing.assert_array_equal(other.urban_quantiles, found.urban_quantiles)
    np.testing.assert_array_equal(other.ages, found.ages)
    assert np.all(other.resident_2020 != found.resident_2020)


def test_counties_are_projected_without_2020_rows_alike(found: Backtest, tmp_path: Path) -> None:
    residents = float(str(FIRST[0]["resident"]))
    write_folder(tmp_path, FIRST, [row_2020(FIRST[0], residents, 0.4)], [shape(residents)])
    alone = run_backtest(tmp_path, DRAWS, workers=1)
    np.testing.assert_array_equal(alone.resident_quantiles, found.resident_quantiles)
    assert list(alone.scored) == [0]


def test_quantiles_are_in_order_and_shares(found: Backtest) -> None:
    assert np.all(np.diff(found.resident_quantiles, axis=1) > 0.0)
    assert np.all(np.diff(found.urban_quantiles, axis=1) >= 0.0)
    assert np.all((found.urban_quantiles > 0.0) & (found.urban_quantiles <= 1.0))
    middle = found.resident_quantiles[:, 2]
    np.testing.assert_allclose(found.ages.sum(axis=(1, 2)), middle, rtol=0.01)


def test_a_nation_that_lives_as_expected_is_met(tmp_path: Path) -> None:
    """With 2020 made of the median outcomes, ages by the year loop, nothing is off."""
    folder = folder_of(tmp_path)
    first = read_census(folder, 2010, CORE_2010)
    units, _ = match(first, read_census(folder, 2020, CORE_2020))
    figures, values = known(first, units), central_values()
    expected = predict(figures, [first.codes[u.parts[0]] for u in units])
    lived = []
    for i in range(len(units)):
        middle = quantiles(expected, i, np.full((2, 1), 0.5))
        count, share = ends(middle, figures.counts["resident"][i], figures.counts["urban"][i])[:, 0]
        started = start_county(figures, i, values)
        wanted = np.array([np.log(count), share, expected.centre[i, 2]])
        lived.append(decade(started, list(met(started, wanted, values)), values))
        assert lived[i].residents == pytest.approx(count, rel=1e-5)
        assert lived[i].urban_share == pytest.approx(share, abs=1e-5)
        assert child_share(lived[i].ages) == pytest.approx(expected.centre[i, 2], abs=1e-5)
    second = [row_2020(r, o.residents, o.urban_share) for r, o in zip(FIRST, lived, strict=True)]
    write_folder(folder, FIRST, second, [o.ages for o in lived])
    found = run_backtest(folder, DRAWS, workers=1)
    np.testing.assert_allclose(found.resident_quantiles[:, 2], found.resident_2020, rtol=0.005)
    np.testing.assert_allclose(found.urban_quantiles[:, 2], found.urban_2020, atol=0.005)
    np.testing.assert_allclose(found.ages, found.ages_2020, atol=1.0)


def test_draws_are_evenly_spread_over_the_learnt_quantiles(tmp_path: Path) -> None:
    first = read_census(folder_of(tmp_path), 2010, CORE_2010)
    units, _ = match(first, None)
    expected = predict(known(first, units), first.codes)
    found = drawn(expected, 1, "519901", 7, DRAWS)
    evenly = (np.arange(DRAWS) + 0.5) / DRAWS
    wanted = quantiles(expected, 1, np.stack([evenly, evenly]))
    np.testing.assert_allclose(np.sort(found, axis=1), wanted)
    assert np.corrcoef(found)[0, 1] * expected.correlation[1] > 0.0
    assert np.any(found != drawn(expected, 1, "519902", 7, DRAWS))


def test_shares_go_from_nothing_to_all() -> None:
    shares = np.array([0.0, 0.2, 0.5, 1.0])
    np.testing.assert_allclose(share_of(stretched_logit(shares)), shares, atol=1e-12)
    assert stretched_logit(np.array(0.5)) == pytest.approx(0.0)
    np.testing.assert_array_equal(share_of(np.array([-9.0, 9.0])), [0.0, 1.0])


def test_trees_by_hand() -> None:
    """Two questions: the last counts one."""
    trees = Trees(np.array([[0, 1]]), np.array([[0, 1]]), np.array([[1.0, 2.0, 3.0, 4.0]]))
    cuts = np.array([[0.0, -1.0], [1.0, 0.5]])
    z = np.array([[-1.0, 0.0], [-1.0, 1.0], [1.0, 0.5], [1.0, 0.6]])
    np.testing.assert_array_equal(trees.value(z, cuts), [1.0, 2.0, 3.0, 4.0])


def test_boosted_trees_learn_a_step_and_nothing_from_nothing() -> None:
    z = np.stack([np.linspace(-2.0, 2.0, 200), np.sin(np.arange(200.0))], axis=1)
    z = np.hstack([z, np.cos(np.arange(200.0))[:, None], np.zeros((200, 1))])
    cuts = cut_points(z)
    step = np.where(z[:, 0] > 0.0, 0.5, -0.5)
    constant, trees = boost(z, step, cuts)
    assert np.abs(constant + trees.value(z, cuts) - step).max() < 0.2
    constant, trees = boost(z, np.full(200, 0.3), cuts)
    np.testing.assert_allclose(constant + trees.value(z, cuts), 0.3)


def test_columns_and_rows_of_the_county_table(found: Backtest) -> None:
    rows = list(csv.DictReader(io.StringIO(county_csv(found))))
    assert tuple(rows[0]) == COLUMNS
    assert [r["name"] for r in rows] == list(NAMES)
    assert float(rows[1]["p50"]) == pytest.approx(found.resident_quantiles[1, 2], abs=0.5)
    assert float(rows[1]["urban_rate_2020"]) == pytest.approx(45.0, abs=0.01)


def test_a_part_of_the_country_says_so(found: Backtest) -> None:
    """The made-up nation holds no county of the list; all of it lies in 四川."""
    all_of_2010 = len(county_locations())
    assert len(found.figures.missing) == all_of_2010
    for line in csv.DictReader(io.StringIO(county_csv(found))):
        assert "filled:surroundings" in line["note"].split()
    for lang, words in (
        ("zh", f"缺 {all_of_2010} 个"),
        ("en", f"{all_of_2010} of the county units"),
    ):
        (told,) = part_lines(found, lang)
        assert words in told
        assert accuracy_page(judge(found), lang, "2026-01-02", "backtest").count(told) == 1
        heads = [p.plain for p in accuracy_view(judge(found), lang) if isinstance(p, Text)]
        assert heads.count(told) == 1
    few = replace(found, figures=replace(found.figures, missing=("110101", "110102")))
    assert part_lines(few, "en") == []


def test_the_page_names_what_is_lost(found: Backtest) -> None:
    one = judge(found)
    page = accuracy_page(one, "en", "2026-01-02", "backtest")
    assert "2026-01-02" in page
    for line in losses(one, "en"):
        assert f"- {line}" in page
    constant = one.rivals["constant"]["all"][0]
    assert constant.mape == pytest.approx(1.0 / 0.97 - 1.0, rel=1e-3)


def test_errors_and_coverage_by_hand() -> None:
    errors = point(np.array([110.0, 95.0]), np.array([0.5, 0.4]), np.array([100.0, 100.0]),
                   np.array([0.45, 0.5]))  # fmt: skip
    assert errors.mape == pytest.approx(0.075)
    assert errors.wape == pytest.approx(0.075)
    assert errors.within == pytest.approx(0.5)
    assert errors.urban_mae == pytest.approx(0.075)
    quantiles = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]] * 4)
    found = spread(quantiles, np.array([1.5, 2.5, 6.0, 3.5]), np.full(4, 3.0))
    assert (found.cover_50, found.cover_80) == (0.5, 0.75)
    assert found.width_80 == pytest.approx(4.0 / 3.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [("鹿泉市", "鹿泉区"), ("密云县", "密云区"), ("大厂回族自治县", "大厂县"), ("达县", "达县"),
     ("芒市", "芒市")],
)  # fmt: skip
def test_kinds_do_not_matter_to_names(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_prefectures_are_told_by_name() -> None:
    assert prefecture_stem("毕节地区") == prefecture_stem("毕节市")
    assert prefecture_stem("黔东南苗族侗族自治州") == "黔东南"


def test_matching_follows_code_name_and_list(tmp_path: Path) -> None:
    first = [
        core_2010("519901", "甲子县", 2e5, 0.3, 2e5),
        core_2010("519902", "乙县", 2e5, 0.3, 2e5),
        core_2010("110101", "东城区", 5e5, 0.99, 5e5),
        core_2010("110103", "崇文区", 3e5, 0.99, 3e5),
    ]
    second = [
        row_2020(first[0], 2e5, 0.4, code="519915", name="甲子区"),
        row_2020(first[1], 2e5, 0.4),
        row_2020(first[2], 7e5, 0.99),
        row_2020(first[1], 1e5, 0.4, code="519977", name="新区"),
    ]
    write_folder(tmp_path, first, second, [shape(2e5), shape(2e5), shape(7e5), shape(1e5)])
    units, left = match(
        read_census(tmp_path, 2010, CORE_2010), read_census(tmp_path, 2020, CORE_2020)
    )
    by_code = {u.code: u for u in units}
    assert by_code["519915"].change == "renamed"
    assert by_code["519902"].change == ""
    assert by_code["110101"].parts == (2, 3)
    assert by_code["110101"].change == "merged"
    assert left == [3]


def test_missing_files_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"county_2010_core\.csv") as refused:
        run_backtest(tmp_path, DRAWS)
    assert [Path(v.file).name for v in refused.value.violations] == [
        f"county_{year}_{part}.csv" for year in (2010, 2020) for part in ("core", "age_sex")
    ]


def test_faults_are_named_with_line_column_and_nearest_name(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d")
    path = folder / "county_2020_core.csv"
    path.write_text(path.read_text().replace("resident,", "residents,", 1))
    table = folder / "county_2010_core.csv"
    table.write_text(table.read_text().replace("200000.0", "many", 1))
    with pytest.raises(ScenarioError, match="county_column_missing") as refused:
        read_census(folder, 2020, CORE_2020)
    assert refused.value.violations[0].params == {"nearest": "residents"}
    with pytest.raises(ScenarioError, match="not_a_number") as refused:
        read_census(folder, 2010, CORE_2010)
    assert refused.value.violations[0].line == 3
    assert refused.value.violations[0].path == "resident"


def test_the_command_writes_both_files(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d")
    table, page = tmp_path / "out.csv", tmp_path / "page.md"
    command = ["backtest", "--data", str(folder), "--out", str(table), "--page", str(page)]
    done = CliRunner().invoke(app, [*command, "--draws", "20", "--lang", "zh"])
    assert done.exit_code == 0, done.output
    assert "区划变动" in done.output
    assert table.read_text(encoding="utf-8").startswith(",".join(COLUMNS))
    assert page.read_text(encoding="utf-8").startswith("# 回测")


def test_the_command_refuses_with_exit_code_2_and_writes_nothing(tmp_path: Path) -> None:
    table = tmp_path / "out.csv"
    command = ["backtest", "--data", str(tmp_path), "--out", str(table)]
    done = CliRunner().invoke(app, [*command, "--lang", "en"])
    assert done.exit_code == 2
    assert "county_2010_core.csv" in done.stderr
    assert not table.exists()
    done = CliRunner().invoke(app, [*command, "--draws", "3"])
    assert done.exit_code == 2


def test_empty_doubled_and_negative_counties_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d")
    core, ages = folder / "county_2010_core.csv", folder / "county_2010_age_sex.csv"
    lines = core.read_text().splitlines()
    core.write_text("\n".join([*lines, lines[-1], lines[-2].replace("600000.0", "-5", 1)]) + "\n")
    with pytest.raises(ScenarioError, match="county_twice") as refused:
        read_census(folder, 2010, CORE_2010)
    twice = refused.value.violations[0]
    assert (twice.line, twice.params["first"]) == (len(lines) + 1, len(lines))
    core.write_text("\n".join(lines).replace("600000.0", "-5", 1) + "\n")
    with pytest.raises(ScenarioError, match="county_count"):
        read_census(folder, 2010, CORE_2010)
    core.write_text("\n".join(lines) + "\n")
    ages.write_text("\n".join(ages.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(ScenarioError, match="county_without_ages"):
        read_census(folder, 2010, CORE_2010)
    ages.write_text("# nothing\n")
    with pytest.raises(ScenarioError, match="county_table_empty"):
        read_census(folder, 2010, CORE_2010)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"#" * (MAX_TABLE_BYTES + 1), "too_large", None),
        ("code,province\n511725,四川省\n".encode("gbk"), "not_utf8", 2),
        (HEADER + b'1,2,3,"4,county\n', "table_line", 2),
        (HEADER + b"1,2\n", "table_cells", 2),
        (HEADER + "1,2,3,甲\u202e县,county\n".encode(), "bad_character", 2),
    ],
)  # fmt: skip
def test_census_tables_are_read_as_carefully_as_other_inputs(
    tmp_path: Path, content: bytes, code: str, line: int | None
) -> None:
    folder = folder_of(tmp_path / "d")
    (folder / "county_2010_core.csv").write_bytes(content)
    with pytest.raises(ScenarioError) as refused:
        read_census(folder, 2010, CORE_2010)
    assert (code, line) in {(v.code, v.line) for v in refused.value.violations}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_no_census_table(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d")
    (folder / "county_2010_core.csv").unlink()
    os.mkfifo(folder / "county_2010_core.csv")
    with pytest.raises(ScenarioError, match="no_plain_file"):
        read_census(folder, 2010, CORE_2010)


def test_units_that_gained_or_lost_a_part_are_left_out_of_one_group(found: Backtest) -> None:
    rows = found.scored
    units = list(found.units)
    units[rows[0]] = replace(units[rows[0]], change="ceded")
    units[rows[1]] = replace(units[rows[1]], change="merged")
    parts = groups(replace(found, units=tuple(units)), rows)
    assert list(parts["all"]) == list(rows)
    assert list(parts["same_extent"]) == list(rows[1:])


@pytest.mark.slow
def test_the_learnt_priors_come_from_the_script(reference: Path, tmp_path: Path) -> None:
    """The net rates and the table of priors, byte by byte; the large tables take minutes more."""
    from tools.learn_flows import outcomes, write_priors

    write_priors(outcomes(reference / "data"), tmp_path)
    shipped = ROOT / "simulator" / "data" / "flow_priors.csv"
    assert (tmp_path / "flow_priors.csv").read_bytes() == shipped.read_bytes()


def test_the_pages_kept_in_both_languages_are_of_one_run() -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    told = (ROOT / "docs" / "accuracy.zh.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {text('accuracy.title', 'en')}\n")
    assert told.startswith(f"# {text('accuracy.title', 'zh')}\n")
    english = set(re.findall(r"[A-Za-z]{3,}", told.replace("python -m simulator backtest", "")))
    assert english <= {"MAPE", "WAPE", "MAE", "draws"}
    figures = [re.findall(r"\d+\.\d+", words) for words in (page, told)]
    assert figures[0] == figures[1]
    assert len(figures[0]) > 150
    assert len(told.splitlines()) == len(page.splitlines())
