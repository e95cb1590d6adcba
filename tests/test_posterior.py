"""Samples of what a history leaves open: exact where theory says so, and near a long chain."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quxian import result

from simulator.ensemble import BLOCK, draw_inputs, run_draws
from simulator.parameters import Parameter, assumptions
from simulator.posterior import Posterior
from simulator.randomize import Optimum, optimum, resampled, samples, worth
from simulator.spread import normals, spread

SEED, YEAR = 5, 2025
LOGNORMAL = [p for p in assumptions().values() if p.distribution == "lognormal"]


# --- the sampler on problems with a known answer


def test_a_linear_posterior_is_met_exactly() -> None:
    """Residuals A x - b: mean and covariance are those of the normal equations, weights equal."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(9, 4)), rng.normal(size=9)

    def residuals(x: np.ndarray) -> np.ndarray:
        return np.asarray(x @ a.T - b)

    at = optimum(residuals, np.zeros(4))
    mean, covariance = np.linalg.solve(a.T @ a, a.T @ b), np.linalg.inv(a.T @ a)
    np.testing.assert_allclose(at.point, mean, atol=1e-7)
    np.testing.assert_allclose(at.noise_root, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(at.root @ at.root.T, covariance, rtol=1e-4)
    noise = rng.standard_normal((500, 4))
    found = samples(residuals, at, noise)
    np.testing.assert_allclose(found.points, mean + noise @ at.root.T, atol=1e-6)
    assert np.ptp(found.log_weight) < 1e-3
    assert found.missed.max() < 1e-5


def ridge(x: np.ndarray) -> np.ndarray:
    """Two levels of which a sharp figure tells only the sum, and a prior the logs."""
    total = np.log(np.exp(x[:, 0]) + np.exp(x[:, 1]))
    return np.column_stack([(total - 1.5) / 0.02, x - [0.3, 0.0]])


@cache
def on_a_grid() -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of x and y by quadrature along and across the ridge."""
    apart, total = np.linspace(-9.0, 9.0, 1801), 1.5 + 0.02 * np.linspace(-5.0, 5.0, 101)
    d, t = (v.ravel() for v in np.meshgrid(apart, total))
    # x - y = d and log(e^x + e^y) = t: a map whose determinant is one.
    x, y = t - np.logaddexp(0.0, -d), t - np.logaddexp(0.0, d)
    weight = np.exp(-(ridge(np.column_stack([x, y])) ** 2).sum(axis=1) / 2.0)
    mean = np.array([np.average(v, weights=weight) for v in (x, y)])
    sd = (
        np.array(
            [np.average((v - m) ** 2, weights=weight) for v, m in zip((x, y), mean, strict=True)]
        )
        ** 0.5
    )
    return mean, sd


def test_a_curved_ridge_is_followed() -> None:
    at = optimum(ridge, np.zeros(2))
    found = samples(ridge, at, np.random.default_rng(2).standard_normal((4000, 2)))
    points = found.points[resampled(found.log_weight, 4000, 0.5)]
    mean, sd = on_a_grid()
    np.testing.assert_allclose(points.mean(axis=0), mean, atol=0.06)
    np.testing.assert_allclose(points.std(axis=0), sd, rtol=0.08)
    assert np.abs(ridge(points)[:, 0]).max() < 6.0
    # The linear approximation leaves it: the figure is missed by far more than its error.
    straight = at.point + np.random.default_rng(2).standard_normal((4000, 2)) @ at.root.T
    assert np.abs(ridge(straight)[:, 0]).max() > 30.0


@given(
    weights=st.lists(st.floats(-20.0, 0.0), min_size=1, max_size=40),
    wanted=st.integers(1, 60),
    even=st.floats(0.0, 1.0, exclude_max=True),
)
def test_samples_are_kept_as_often_as_they_weigh(
    weights: list[float], wanted: int, even: float
) -> None:
    log_weight = np.array(weights)
    kept = np.bincount(resampled(log_weight, wanted, even), minlength=len(weights))
    share = np.exp(log_weight - log_weight.max())
    assert kept.sum() == wanted
    assert np.abs(kept - wanted * share / share.sum()).max() < 1.0 + 1e-6
    assert 1.0 - 1e-9 <= worth(log_weight) <= len(weights) + 1e-9


# --- how far a parameter may be from its centre


@given(z=st.floats(-6.0, 6.0), more=st.floats(1e-3, 3.0), share=st.floats(0.0, 1.0))
@settings(deadline=None)
def test_spread_rises_within_the_range_and_is_found_again(
    z: float, more: float, share: float
) -> None:
    low, high = (np.array([getattr(p, end) for p in LOGNORMAL]) for end in ("low", "high"))
    central = low * (high / low) ** (0.001 + 0.998 * share)
    pair = spread(LOGNORMAL, central, np.array([[z, z + more]] * len(LOGNORMAL)))
    assert (low <= pair[:, 0]).all()
    assert (pair[:, 1] <= high).all()
    assert (pair[:, 0] <= pair[:, 1]).all()
    if abs(z) < 3.0:
        np.testing.assert_allclose(normals(LOGNORMAL, pair[:, 0], central), z, atol=2e-2)


@pytest.mark.parametrize("p", [p for p in assumptions().values() if p.distribution != "fixed"])
def test_the_centre_is_the_median_of_every_parameter(p: Parameter) -> None:
    found = spread([p], np.array([p.default]), np.array([[-9.0, 0.0, 9.0]]))[0]
    assert found == pytest.approx([p.low, p.default, p.high], rel=1e-6, abs=1e-12)


def test_a_centre_at_the_end_of_its_range_does_not_pile_draws_up() -> None:
    rows, low = LOGNORMAL[:1], LOGNORMAL[0].low
    drawn = spread(rows, np.array([low]), np.random.default_rng(1).standard_normal((1, 2000)))[0]
    assert np.unique(drawn).size > 1900
    assert np.median(drawn) < 1.3 * low


@pytest.mark.parametrize(("times", "end"), [(1e-90, "low"), (1e90, "high")])
def test_a_centre_far_beyond_its_range_draws_the_nearest_end(times: float, end: str) -> None:
    central = np.array([p.default * times for p in LOGNORMAL])
    drawn = spread(LOGNORMAL, central, np.array([[-2.0, 0.0, 2.0]] * len(LOGNORMAL)))
    assert (drawn == np.array([[getattr(p, end)] * 3 for p in LOGNORMAL])).all()
    assert np.isfinite(normals(LOGNORMAL, drawn[:, 0], central)).all()


def test_a_distribution_that_is_unknown_is_refused() -> None:
    fixed = next(p for p in assumptions().values() if p.distribution == "fixed")
    with pytest.raises(ValueError, match="no way to draw from a fixed"):
        spread([fixed], np.array([1.0]), np.zeros((1, 1)))


# --- the fit of a place


@cache
def posterior() -> Posterior:
    found = result().start.posterior
    assert found is not None
    return found


@cache
def tried(count: int = 512) -> tuple[Optimum, np.ndarray, np.ndarray]:
    """Optimum, and samples with their weights."""
    noise = np.random.default_rng(3).standard_normal((count, len(posterior().fit.names)))
    found = posterior().samples(noise)
    assert found.missed.max() < 0.06  # every equation was solved
    return posterior().optimum, found.points, found.log_weight


def excess(points: np.ndarray) -> np.ndarray:
    """Sum of squares above the optimum's, (K,)."""
    least = (posterior().residuals(posterior().optimum.point[None]) ** 2).sum()
    return np.asarray((posterior().residuals(points) ** 2).sum(axis=1) - least)


def test_samples_meet_the_history_as_well_as_theory_says() -> None:
    """Above the optimum the sum of squares has a mean of about one for each parameter.

    Samples of the normal approximation miss the history by ten times that.
    """
    at, points, log_weight = tried()
    n = at.point.size
    kept = points[resampled(log_weight, len(points), 0.5)]
    assert excess(kept).mean() == pytest.approx(n, rel=0.3)
    assert worth(log_weight) > 0.5 * len(points)
    fit = posterior().fit
    z = np.random.default_rng(3).standard_normal((200, n))
    logs = np.log([fit.values[name] for name in fit.names])
    straight = np.exp(logs + z @ np.linalg.cholesky(fit.covariance).T)
    rows, prior = [assumptions()[name] for name in fit.names], np.array(list(fit.prior.values()))
    low, high = (np.array([getattr(p, end) for p in rows]) for end in ("low", "high"))
    at_normals = [normals(rows, x, prior) for x in np.clip(straight, low, high)]
    assert excess(np.stack(at_normals)).mean() > 3.0 * n


def test_the_middle_of_the_draws_is_the_central_projection() -> None:
    trend = result().trend
    drawn = np.concatenate([posterior().drawn(SEED, b, BLOCK) for b in range(6)], axis=1)
    values = {n: np.full(drawn.shape[1], v) for n, v in trend.start.values.items()}
    values |= dict(zip(posterior().fit.names, drawn, strict=True))
    rates = draw_inputs(trend, values)
    assert rates.level.shape[0] == drawn.shape[1]
    whole = run_draws(trend, 6 * BLOCK, SEED).trend[:, YEAR - int(trend.years[0])]
    rate = whole[..., 0].sum(axis=-1) / whole[..., :2].sum(axis=(-1, -2))
    central = trend.stocks.resident_urbanization_rate[YEAR - int(trend.years[0])]
    assert np.median(rate) == pytest.approx(central, abs=0.001)


def test_samples_stay_in_their_documented_range() -> None:
    for name, drawn in zip(posterior().fit.names, posterior().drawn(SEED, 0, BLOCK), strict=True):
        assert assumptions()[name].low <= drawn.min(), name
        assert drawn.max() <= assumptions()[name].high, name


def test_a_block_is_a_function_of_its_numbers_alone() -> None:
    fresh = Posterior(posterior().fit)
    last = fresh.drawn(SEED, 3, BLOCK)
    np.testing.assert_array_equal(last, posterior().drawn(SEED, 3, BLOCK))
    np.testing.assert_array_equal(last, fresh.drawn(SEED, 3, BLOCK))
    assert not np.array_equal(last, fresh.drawn(SEED, 2, BLOCK))
    assert not np.array_equal(last, fresh.drawn(SEED + 1, 3, BLOCK))
    assert len({tuple(column) for column in last.T}) > 0.8 * BLOCK


def test_no_more_blocks_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither values nor weights pile up, and what was let go is made again alike."""
    monkeypatch.setattr("simulator.posterior._KEPT", 3)
    fresh = Posterior(posterior().fit)
    first, kept = fresh.drawn(SEED, 0, 8), []
    for block in range(1, 8):
        fresh.drawn(SEED, block, 8)
        kept += [len(v) for v in vars(fresh).values() if isinstance(v, dict)]
    assert max(kept) == 3
    np.testing.assert_array_equal(fresh.drawn(SEED, 0, 8), first)
    assert fresh.independent(SEED, 8, 8) == Posterior(posterior().fit).independent(SEED, 8, 8)
    assert [len(v) for v in vars(fresh).values() if isinstance(v, dict)] <= [3]


def test_levels_that_offset_each_other_do_so_in_every_sample() -> None:
    names = posterior().fit.names
    logs = np.log(posterior().drawn(SEED, 0, BLOCK))
    row = {name: logs[names.index(name)] for name in names}
    pair = np.corrcoef(row["rural_to_urban_level"], row["reclassification_level"])
    assert pair[0, 1] < -0.8


def chain(steps: int, rng: np.random.Generator) -> np.ndarray:
    """A long chain of the same posterior: differential evolution and stretch moves in turn
    (ter Braak 2006; Goodman and Weare 2010), two halves of 200 walkers.
    """
    _, points, _ = tried()
    x = points[:200].copy()
    n = x.shape[1]

    def density(p: np.ndarray) -> np.ndarray:
        return np.asarray(-(posterior().residuals(p) ** 2).sum(axis=1) / 2.0)

    at, kept = density(x), []
    for step in range(steps):
        for me, others in ((slice(0, 100), slice(100, 200)), (slice(100, 200), slice(0, 100))):
            one, two = (x[others][rng.integers(100, size=100)] for _ in range(2))
            if step % 2:
                size = 1.0 if step % 10 == 1 else 2.38 / np.sqrt(2 * n)
                trial = x[me] + size * (one - two) + 1e-5 * rng.standard_normal((100, n))
                extra = np.zeros(100)
            else:
                z = (rng.random(100) * (2.0**0.5 - 2.0**-0.5) + 2.0**-0.5) ** 2
                trial, extra = one + z[:, None] * (x[me] - one), (n - 1) * np.log(z)
            new = density(trial)
            taken = np.log(rng.random(100)) < new - at[me] + extra
            x[me] = np.where(taken[:, None], trial, x[me])
            at[me] = np.where(taken, new, at[me])
        if step >= steps // 4 and step % 10 == 0:
            kept.append(x.copy())
    return np.concatenate(kept)


@pytest.mark.slow
def test_samples_are_those_of_a_long_chain() -> None:
    """Means within a quarter of a standard deviation, spreads within 15 %, same fit to figures."""
    reference = chain(2400, np.random.default_rng(11))
    _, points, log_weight = tried(2048)
    kept = points[resampled(log_weight, 2048, 0.5)]
    sd = reference.std(axis=0)
    np.testing.assert_array_less(np.abs(kept.mean(axis=0) - reference.mean(axis=0)) / sd, 0.25)
    np.testing.assert_allclose(kept.std(axis=0), sd, rtol=0.15)
    assert excess(kept).mean() == pytest.approx(excess(reference).mean(), rel=0.1)
