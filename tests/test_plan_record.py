"""Plans held against the census: what is judged, by what, and how probabilities are scored."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from quxian import ROOT, result

from simulator import load_scenario, run
from simulator.i18n import LANGUAGES
from simulator.plan_record import (
    Base,
    Due,
    Judged,
    brier,
    constant_guess,
    due,
    expected_error,
    judge,
)
from simulator.report.record import record_page

QIANAN = ROOT / "scenarios" / "places" / "qianan.yaml"


@cache
def of_qianan() -> Due:
    (found,) = due(run(load_scenario(QIANAN), face_value=False))
    return found


@cache
def qianan() -> tuple[Judged, ...]:
    return tuple(judge([of_qianan()], 60))


def base(error: float, rise: float = 0.5) -> Base:
    return Base(rise, error, 0.0)


OWN = base(0.2)


def beside(errors: list[float], own: Base | None = OWN) -> float:
    """Probability of 迁安's target where other places' bases were off by ``errors``."""
    one = replace(of_qianan(), base=own)
    others = []
    for i, error in enumerate(errors):
        study = one.result.study
        place = study.place.model_copy(update={"id": f"other_{i}"})
        elsewhere = replace(one.result, study=replace(study, place=place))
        others.append(replace(one, result=elsewhere, base=base(error)))
    return judge([one, *others], 60)[0].probability


def test_base_errors_of_other_places_move_the_probability_and_the_own_does_not() -> None:
    """Where others stated too much the target is further away; less than five say nothing."""
    high, low = [0.5, 0.6, 0.7, 0.5, 0.6], [-0.5, -0.6, -0.7, -0.5, -0.6]
    assert beside(high) < beside([0.01, -0.01, 0.0, 0.02, -0.02]) < beside(low)
    assert beside(high, own=base(3.0)) == beside(high, own=base(-3.0))
    assert beside(high[:4]) == qianan()[0].probability
    # A place that states no share has no stated base to be wrong.
    assert beside(high, own=None) == qianan()[0].probability


def test_what_a_base_is_off_follows_its_rise_since_the_census() -> None:
    """Stated shares that rose most were too high; a line by another hand finds the same."""
    rises, errors = np.array([0.1, 0.3, 0.4, 0.5, 0.8, 0.9]), np.array([-0.1, 0, 0.1, 0, 0.4, 0.5])
    others = [base(float(e), float(r)) for r, e in zip(rises, errors, strict=True)]
    design = np.column_stack([np.ones(6), rises])
    for rise in (-0.3, 0.5, 1.2):
        line, rest, *_ = np.linalg.lstsq(design, errors, rcond=None)
        at = np.array([1.0, rise])
        spread = rest[0] / 4 * (1 + at @ np.linalg.inv(design.T @ design) @ at)
        assert expected_error(rise, others) == pytest.approx((at @ line, spread**0.5))


def test_where_all_rise_alike_their_mean_and_spread_are_told() -> None:
    errors = [0.1, 0.2, 0.6, 0.0, 0.1]
    mean, size = expected_error(0.9, [base(e) for e in errors])
    assert mean == pytest.approx(np.mean(errors))
    assert size == pytest.approx(np.std(errors, ddof=1) * (1 + 1 / 5) ** 0.5)


def test_only_targets_of_a_counted_year_are_judged_and_by_the_count() -> None:
    """迁安 2020: 466,210 town residents of 776,752, against 60.5 % wanted and 54.8 % stated."""
    (one,) = qianan()
    assert (one.target.indicator, one.target.at) == ("resident_urbanization_rate", 2020)
    assert one.happened == pytest.approx(100.0 * 466_210 / 776_752)
    assert not one.met
    assert 0.0 < one.probability < 1.0
    assert one.base_error == pytest.approx(3.5, abs=0.1)


def test_a_place_without_a_later_census_is_not_judged() -> None:
    assert due(result()) == []


def test_brier_scores_by_hand() -> None:
    assert brier([1.0, 0.0], [True, False]) == 0.0
    assert brier([0.5, 0.5], [True, False]) == pytest.approx(0.25)
    assert brier([0.9, 0.2], [True, True]) == pytest.approx((0.01 + 0.64) / 2.0)


def test_the_constant_guess_never_sees_its_own_target() -> None:
    assert constant_guess([True, False, False]) == pytest.approx([0.0, 0.5, 0.5])
    assert constant_guess([True]) == [0.5]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_holds_every_target_and_the_scores(lang: str) -> None:
    page = record_page(qianan(), 60, lang, "2026-01-01", "python -m simulator record")
    assert f"{qianan()[0].happened:.2f}" in page
    assert f"{brier([qianan()[0].probability], [False]):.3f}" in page
