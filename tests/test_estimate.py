"""Intervals of draws, and how a probability is printed."""

from __future__ import annotations

import numpy as np
import pytest

from suffice.estimate import TAILS, Estimate, interval, intervals, probability


def test_the_interval_of_draws_is_the_same_however_it_is_asked_for():
    """One convention: interpolated quantiles, alone, along an axis and in an estimate."""
    draws = np.random.default_rng(1).normal(size=(500, 3))
    low, high = intervals(draws, axis=0)
    for k in range(3):
        assert (low[k], high[k]) == interval(draws[:, k])
        made = Estimate.from_draws(draws[:, k])
        assert (made.low, made.high) == pytest.approx((low[k], high[k]), abs=1e-12)
    assert interval([0.0, 1.0]) == pytest.approx(TAILS)


@pytest.mark.parametrize(
    ("p", "short", "spelled"),
    [(0.0, "<.01", "below .01"), (0.83, ".83", ".83"), (0.996, ">.99", "above .99")],
)
def test_no_probability_is_printed_as_certain(p, short, spelled):
    """Within half a hundredth of 0 or 1 only a bound is printed, in signs or in words."""
    assert probability(p) == short
    assert probability(p, spelled=True) == spelled
