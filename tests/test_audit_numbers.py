"""The audit's own special functions, held against SciPy's, which takes too long to import."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from suffice.supply.doubts._suspects import at_least
from suffice.supply.sources._audit_channel import _root
from suffice.supply.workers._draws import _digamma, draw_positive, draw_rows, log_gamma
from suffice.supply.workers._shared import _beta_quantiles
from suffice.supply.workers._worker_model import (
    DISCOUNTS,
    LEAN_FREEDOM,
    LEAN_HARD,
    difficulty_for,
    log_sigmoids,
)


def test_log_gamma_and_its_derivative() -> None:
    """Both agree with SciPy to 1e-8 over all that counts and masses can be."""
    x = np.geomspace(1e-9, 1e6, 400)
    np.testing.assert_allclose(log_gamma(x), special.gammaln(x), rtol=1e-9, atol=1e-8)
    x = np.geomspace(48.0, 1e6, 100)
    np.testing.assert_allclose(_digamma(x), special.digamma(x), rtol=1e-9)


def test_log_sigmoids() -> None:
    """Right and wrong are the logs of sigmoids, also where one of them vanishes."""
    x = np.array([-800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0])
    right, wrong = log_sigmoids(x)
    np.testing.assert_allclose(right[1:], special.log_expit(x[1:]), atol=1e-14)
    np.testing.assert_allclose(wrong[1:], special.log_expit(-x[1:]), atol=1e-14)
    assert np.isfinite(right).all()


def test_levels_of_lean_tasks_are_those_of_students_t() -> None:
    """The prior of the levels has the mass of Student's t between the middles of the levels."""
    difficulty = difficulty_for(2)
    assert difficulty.log_prior is not None
    levels = np.where(difficulty.levels > 0, difficulty.levels / LEAN_HARD, difficulty.levels)
    edges = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2.0, [np.inf]])
    wanted = np.diff(stats.t(LEAN_FREEDOM).cdf(edges))
    np.testing.assert_allclose(np.exp(difficulty.log_prior), wanted, atol=1e-12)
    assert difficulty_for(3).levels.tolist() == list(DISCOUNTS)


@pytest.mark.parametrize("centre", [1.5, 0.0, -1.0, -6.0])
def test_normals_cut_off_below_zero(centre: float) -> None:
    """20,000 draws follow the truncated normal, near its mode and far out in its tail."""
    sd = 0.7
    draws = draw_positive(np.random.default_rng(1), np.full(20_000, centre), np.full(20_000, sd))
    truth = stats.truncnorm(-centre / sd, np.inf, loc=centre, scale=sd)
    assert stats.kstest(draws, truth.cdf).pvalue > 1e-3


def test_rows_are_drawn_in_proportion_to_their_weights() -> None:
    """Of 40,000 columns alike each row is drawn as often as its weight says; none of weight 0."""
    weight = np.repeat(np.array([[0.0], [1.0], [2.0], [0.0], [5.0]]), 40_000, axis=1)
    drawn = draw_rows(weight.astype(np.float32), np.random.default_rng(2))
    counts = np.bincount(drawn, minlength=5)
    assert counts[0] == counts[3] == 0
    assert stats.chisquare(counts[[1, 2, 4]], 40_000 * np.array([1, 2, 5]) / 8).pvalue > 1e-3


def test_root_of_a_rising_function() -> None:
    """A root inside is found to the precision asked for; outside, the nearer end."""
    assert _root(lambda x: np.tanh(x - 1.3), 8.0, 1e-7) == pytest.approx(1.3, abs=1e-6)
    assert _root(lambda x: np.exp(6.0 * x) - 1e-3, 8.0, 1e-7) == pytest.approx(
        np.log(1e-3) / 6, abs=1e-5
    )
    assert _root(lambda x: x - 9.0, 8.0) == 8.0
    assert _root(lambda x: x + 9.0, 8.0) == -8.0


def test_binomial_tail() -> None:
    """The chance of so many hits or more agrees with SciPy's, and at the ends it is plain."""
    for least, tries, chance in ((19, 20, 0.5), (96, 100, 0.9), (950, 1000, 0.93)):
        wanted = special.bdtrc(least - 1, tries, chance)
        assert at_least(least, tries, chance) == pytest.approx(wanted, rel=1e-9)
    assert at_least(5, 5, 0.0) == 0.0
    assert at_least(5, 5, 1.0) == 1.0


def test_quantiles_of_a_beta_distribution() -> None:
    """Both ends agree with SciPy's to 1e-6, for a handful of gold tasks and for many."""
    for a, b in ((0.5, 1.5), (0.5, 2000.5), (1.5, 0.5), (3.5, 5.5), (20.0, 900.0), (5e4, 3e4)):
        wanted = special.betaincinv(a, b, [0.05, 0.95])
        np.testing.assert_allclose(_beta_quantiles(a, b, (0.05, 0.95)), wanted, atol=1e-6)
