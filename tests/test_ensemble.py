"""Draws: the same numbers whatever the chunks, threads, processes and order."""

from __future__ import annotations

import multiprocessing
import signal
import time
from pathlib import Path
from threading import Event, main_thread

import numpy as np
import pytest

from simulator import load_scenario, run
from simulator.ensemble import BLOCK, Ensemble, draw_parameters, in_threads, run_draws
from simulator.parameters import assumptions
from simulator.run import Run

SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "quxian.yaml"
DRAWS, SEED = 64, 7


def _plan() -> Run:
    return run(load_scenario(SCENARIO, horizon=2026), face_value=False).runs["plan"]


@pytest.fixture(scope="module")
def plan() -> Run:
    return _plan()


@pytest.fixture(scope="module")
def together(plan: Run) -> Ensemble:
    return run_draws(plan, DRAWS, SEED, workers=1, chunk=DRAWS)


@pytest.mark.parametrize("chunks", [1, 7, 64])
@pytest.mark.parametrize("workers", [1, 2])
def test_chunks_and_threads_change_no_bit(
    plan: Run, together: Ensemble, chunks: int, workers: int
) -> None:
    again = run_draws(plan, DRAWS, SEED, workers=workers, chunk=-(-DRAWS // chunks))
    assert np.array_equal(again.trend, together.trend)
    assert np.array_equal(again.policy, together.policy)


def _half(first: int) -> np.ndarray:
    """Half of the draws, in a process that has seen nothing else."""
    return run_draws(_plan(), DRAWS // 2, SEED, first=first, workers=1).policy


@pytest.mark.slow
def test_two_processes_change_no_bit(together: Ensemble) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        halves = pool.map(_half, [0, DRAWS // 2])
    assert np.array_equal(np.concatenate(halves), together.policy)


def test_order_changes_no_bit(plan: Run) -> None:
    forward = draw_parameters(plan.start, SEED, range(8))
    for k in (7, 0, 3):
        alone = draw_parameters(plan.start, SEED, range(k, k + 1))
        assert all(alone[name][0] == forward[name][k] for name in forward)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_thread_that_fails_stops_the_others(workers: int) -> None:
    """Of a thousand chunks only those begun are done."""
    done: list[int] = []
    failed = Event()

    def work(part: range) -> None:
        if part.start == 5:
            failed.set()
            raise RuntimeError("the fifth")
        if part.start > 5:
            failed.wait(10.0)
            time.sleep(0.01)
        done.append(part.start)

    with pytest.raises(RuntimeError, match="the fifth"):
        in_threads(work, range(1000), 1, workers)
    assert len(done) < 5 + 10 * workers


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to a thread")
def test_an_interrupt_stops_the_threads_at_the_next_chunk() -> None:
    """Ctrl-C reaches the main thread, which waits for the others."""
    done: list[int] = []
    # A shell starts what runs in the background with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def work(part: range) -> None:
        if part.start == 20:
            signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
        time.sleep(0.005)
        done.append(part.start)

    try:
        with pytest.raises(KeyboardInterrupt):
            in_threads(work, range(2000), 1, 2)
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(done) < 1000


def test_every_draw_is_given_once() -> None:
    given: list[int] = []
    in_threads(given.extend, range(7, 107), 8, 3)
    assert sorted(given) == list(range(7, 107))


def test_seeds_and_draws_differ(plan: Run) -> None:
    one, two = (draw_parameters(plan.start, seed, range(200)) for seed in (1, 2))
    varying = [n for n, p in assumptions().items() if p.distribution != "fixed"]
    for name in varying:
        assert len(np.unique(one[name])) > 80, name
        assert not np.array_equal(one[name], two[name]), name


def test_drawn_values_stay_in_their_documented_range(plan: Run) -> None:
    for name, values in draw_parameters(plan.start, SEED, range(500)).items():
        p = assumptions()[name]
        assert p.low <= values.min(), name
        assert values.max() <= p.high, name


def test_fitted_parameters_are_samples_of_the_posterior(plan: Run) -> None:
    posterior = plan.start.posterior
    assert posterior is not None
    drawn = draw_parameters(plan.start, SEED, range(BLOCK, 2 * BLOCK))
    for name, wanted in zip(posterior.fit.names, posterior.drawn(SEED, 1, BLOCK), strict=True):
        assert np.array_equal(drawn[name], wanted), name


def test_the_levels_of_users_are_not_drawn(plan: Run) -> None:
    drawn = draw_parameters(plan.start, SEED, range(8), fixed=("out_town_ratio",))
    assert set(drawn["out_town_ratio"]) == {plan.start.values["out_town_ratio"]}


def test_every_draw_is_run_against_its_own_trend(plan: Run, together: Ensemble) -> None:
    """The jobs of the plan add people in every draw; the trend of a draw has none of them."""
    residents = (together.policy - together.trend)[:, -1, :, :2].sum(axis=(1, 2))
    assert (residents > 0.0).all()
    idle = plan.inputs._replace(policy=plan.inputs.policy_baseline)
    resting = Run(plan.id, plan.case, plan.study, plan.start, idle, plan.paths, ())
    still = run_draws(resting, 8, SEED)
    assert np.array_equal(still.policy, still.trend)


def test_draws_spread_around_the_central_run(plan: Run, together: Ensemble) -> None:
    central = plan.stocks.resident_population[-1]
    low, high = np.quantile(together.policy[:, -1, :, :2].sum(axis=(1, 2)), [0.05, 0.95])
    assert low < central < high


def test_quantiles_are_ordered(together: Ensemble) -> None:
    quantiles = together.quantiles([0.1, 0.5, 0.9])
    assert quantiles.shape == (3, *together.policy.shape[1:])
    assert (np.diff(quantiles, axis=0) >= 0.0).all()
