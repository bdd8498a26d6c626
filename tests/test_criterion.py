"""The criterion: all thresholds at once, and no slice that is not measured."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincinv

from suffice.errors import InputError
from suffice.forecast import Criterion
from suffice.forecast._criterion import error_within
from suffice.metric import ATTACK, LOG_LOSS, Metric, error_rate

METRICS = (error_rate(), error_rate("a", 1000), error_rate("b"), error_rate("hard"))


def test_thresholds_by_metric():
    """The overall limit, the worst-slice limit on its slices, and single slices; the stricter of
    two limits counts; what has no limit is free."""
    assert Criterion(0.2).thresholds(METRICS).tolist() == [0.2, np.inf, np.inf, np.inf]
    worst = Criterion(0.2, worst_slice_error=0.3, slices=("a", "b"))
    assert worst.thresholds(METRICS).tolist() == [0.2, 0.3, 0.3, np.inf]
    both = Criterion(0.2, 0.3, ("a", "b"), {"hard": 0.4, "a": 0.25, "b": 0.5})
    assert both.thresholds(METRICS).tolist() == [0.2, 0.25, 0.3, 0.4]


def test_a_run_must_meet_all_of_them():
    """One threshold missed is enough to fail; a value on the threshold meets it."""
    criterion = Criterion(0.2, 0.3, ("a", "b"), {"hard": 0.4})
    runs = np.array(
        [
            [0.2, 0.3, 0.3, 0.4],
            [0.21, 0.1, 0.1, 0.1],
            [0.1, 0.31, 0.1, 0.1],
            [0.1, 0.1, 0.31, 0.1],
            [0.1, 0.1, 0.1, 0.41],
            [0.0, 0.0, 0.0, 0.0],
        ]
    )
    assert criterion.met(runs, METRICS).tolist() == [True, False, False, False, False, True]


def test_shapes_are_kept():
    """Runs may come in any arrangement, [..., metric]."""
    values = np.random.default_rng(0).random((5, 7, 4))
    assert Criterion(0.5).met(values, METRICS).shape == (5, 7)
    assert Criterion(0.5).met(values[0, 0], METRICS).shape == ()


@pytest.mark.parametrize(
    "criterion",
    [Criterion(0.2, slice_error={"c": 0.3}), Criterion(0.2, worst_slice_error=0.3, slices=("c",))],
)
def test_unknown_slices_are_named_with_the_known_ones(criterion):
    """A threshold on a slice that is not measured can never be met, so it is refused."""
    with pytest.raises(InputError, match=r"names slice 'c' \(measured slices: a, b, hard\)"):
        criterion.thresholds(METRICS)


@given(
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3),
    st.floats(0, 0.5),
)
def test_stricter_criteria_and_worse_runs_never_pass_more(values, limits, step):
    """Lowering a threshold, or raising an error, can only turn pass into fail."""
    error, worst, hard = limits
    easy = Criterion(error, worst, ("a", "b"), {"hard": hard})
    strict = Criterion(error - step, worst, ("a", "b"), {"hard": hard})
    run = np.array(values)
    assert easy.met(run, METRICS) or not strict.met(run, METRICS)
    assert easy.met(run, METRICS) or not easy.met(run + step, METRICS)


def test_nan_is_no_pass():
    """A metric that could not be measured meets nothing."""
    assert not Criterion(0.5).met(np.array([np.nan, 0, 0, 0]), METRICS)


def test_any_metric_can_be_limited():
    """Limits on other metrics stand beside those on errors; an unknown one is named."""
    criterion = Criterion(0.2, limits={"log_loss": 0.6, "attack": 0.3})
    metrics = (error_rate(), LOG_LOSS, ATTACK)
    assert criterion.thresholds(metrics).tolist() == [0.2, 0.6, 0.3]
    with pytest.raises(InputError, match=r"attack.*measured beside errors: log_loss"):
        criterion.thresholds((error_rate(), LOG_LOSS))


def test_severe_failures_are_held_by_an_upper_bound():
    """None seen in m trials bounds the rate at about 3/m; too few trials can never show it."""
    many = Criterion(0.5, severe={"a": 0.01})
    highest = many.thresholds(METRICS)[1]
    assert 0.0 < highest < 0.01
    assert betaincinv(1000 * highest + 1.0, 1000 * (1.0 - highest), 0.95) == pytest.approx(0.01)
    with pytest.raises(InputError, match="299 without a failure"):
        Criterion(0.5, severe={"a": 0.01}).thresholds((error_rate(), error_rate("a", 200)))
    with pytest.raises(InputError, match="severe names slice 'b'"):
        Criterion(0.5, severe={"b": 0.01}).thresholds(METRICS)
    assert error_within(0.01, 299) == pytest.approx(0.0, abs=1e-4)
    assert error_within(0.01, 298) is None


def test_limits_go_by_the_direction_of_their_metric():
    """Where higher is better a limit is the lowest allowed value, and nan meets neither kind."""
    won = Metric("win_rate", better="higher")
    criterion, metrics = Criterion(0.2, limits={"win_rate": 0.7}), (error_rate(), won)
    assert criterion.thresholds(metrics).tolist() == [0.2, 0.7]
    assert Criterion(0.2).thresholds(metrics).tolist() == [0.2, -np.inf]
    runs = np.array([[0.1, 0.8], [0.2, 0.7], [0.1, 0.6], [0.3, 0.8], [0.1, np.nan]])
    assert criterion.met(runs, metrics).tolist() == [True, True, False, False, False]
    assert criterion.each_met(runs, metrics)[:, 1].tolist() == [True, True, False, True, False]


def test_without_named_slices_the_worst_is_of_all_that_are_measured():
    """A bar for the worst slice never silently holds for none."""
    assert Criterion(worst_slice_error=0.3).thresholds(METRICS).tolist() == [np.inf, 0.3, 0.3, 0.3]


def test_only_what_is_asked_for_is_fitted():
    """Errors and attacks always, other metrics where they are limited."""
    every = (*METRICS, LOG_LOSS, Metric("win_rate", better="higher"), ATTACK)
    assert Criterion(0.2).asks(every) == (*METRICS, ATTACK)
    assert Criterion(0.2, limits={"win_rate": 0.7}).asks(every) == (*METRICS, *every[5:])
    with pytest.raises(InputError, match=r"limits the error over all slices.*metrics: log_loss"):
        Criterion(0.2).thresholds((LOG_LOSS,))
