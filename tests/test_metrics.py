"""What runs are scored on beside their errors: log loss, calibration, best of n, attacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.channel import Tasks
from suffice.labels.kinds._scores import attack_success, calibration_error, log_loss
from suffice.metric import names
from suffice.pools import BEST_OF, Candidates, Evaluation, Predictions, best_of_n
from suffice.pools._metrics import regret
from suffice.pools._pool import independent_tasks


def evaluation(n: int = 4000, seed: int = 0, **more: object) -> tuple[Evaluation, np.ndarray]:
    """Comparisons of items with a known worth, and the log-odds that generated their gold."""
    rng = np.random.default_rng(seed)
    worth = rng.standard_normal(200)
    a, b = rng.integers(200, size=(2, n))
    odds = 2.0 * (worth[a] - worth[b])
    truth = (rng.random(n) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
    tasks = Tasks(a, b, np.zeros(n, np.int64), truth, np.full(n, np.nan), np.full(n, -1))
    best = Candidates(np.arange(200), np.arange(200) % 2, worth)
    return Evaluation(tasks, np.ones((1, n), bool), ("all",), candidates=best, **more), odds


def test_best_of_n_against_drawing() -> None:
    """The exact expectation is what a million draws give, ties and unequal masses included."""
    rng = np.random.default_rng(3)
    scores = np.array([0.0, 1.0, 1.0, 2.0, -1.0])
    worth = np.array([3.0, 1.0, 5.0, 2.0, 9.0])
    mass = np.array([1.0, 2.0, 1.0, 0.5, 1.0])
    found = best_of_n(scores, worth, (1, 3), mass)
    drawn = rng.choice(5, size=(400_000, 3), p=mass / mass.sum())
    # Equal scores are told apart at random.
    favourite = (scores[drawn] + 1e-6 * rng.random(drawn.shape)).argmax(axis=1)
    got = worth[np.take_along_axis(drawn, favourite[:, None], axis=1)].mean()
    assert found[0] == pytest.approx((mass * worth).sum() / mass.sum())
    assert found[1] == pytest.approx(got, abs=0.02)


@given(st.integers(0, 10_000), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_regret_knows_only_the_order(seed: int, factor: float, shift: float) -> None:
    """Gold's own order costs nothing, its reverse most, and rescaled scores cost the same."""
    rng = np.random.default_rng(seed)
    worth = rng.standard_normal(60)
    there = Candidates(np.arange(60), np.arange(60) // 30, worth)
    scores = np.stack([worth, -worth, rng.standard_normal(60)])
    lost = regret(scores, there, there.plain)[:, 0]
    assert lost[0] == pytest.approx(np.zeros(len(BEST_OF)), abs=1e-9)
    assert (lost[1] >= lost[2] - 1e-9).all()
    assert (lost[2] >= -1e-9).all()
    again = regret(factor * scores[2:] + shift, there, there.plain)[:, 0]
    np.testing.assert_allclose(again[0], lost[2], atol=1e-6)


def test_a_model_that_is_right_about_itself_is_calibrated() -> None:
    """Log-odds that made the gold have little calibration error, and the lowest log loss."""
    judged, odds = evaluation()
    truth, weight = judged.tasks.truth[None], np.full((1, len(odds)), 1.0 / len(odds))
    runs = np.stack([odds, 3.0 * odds, 0.3 * odds, np.zeros(len(odds))])
    error = calibration_error(runs, truth, weight)[:, 0]
    assert error[0] < 0.03
    assert error[1] > 0.08
    assert error[2] > 0.08
    loss = log_loss(runs, truth, weight)[:, 0]
    assert loss.argmin() == 0
    assert loss[3] == pytest.approx(np.log(2.0))


def test_calibration_by_hand() -> None:
    """Two answers at .9 of which one is right: the gap between .9 and .5."""
    odds = np.full((1, 2), np.log(9.0))
    found = calibration_error(odds, np.array([[1.0, 0.0]]), np.full((1, 2), 0.5))
    assert found[0, 0] == pytest.approx(0.4)


def test_attack_success_by_hand() -> None:
    """Only tasks that the trigger decides and where it is wrong count, ties half."""
    trigger = np.array([1, 1, -1, 0, -1])
    truth = np.array([[0.0, 1.0, 1.0, 0.0, 1.0]])  # the trigger is wrong in tasks 0, 2 and 4
    answers = np.array([[1.0, 0.0, 1.0, 1.0, 0.5]])  # and wins in task 0 and half of task 4
    weight = np.full((1, 5), 0.2)
    assert attack_success(answers, truth, weight, trigger)[0, 0] == pytest.approx(0.5)


def test_untrained_scores_and_names() -> None:
    """Every metric has a name and an untrained level; there is no metric without its gold."""
    judged, odds = evaluation(trigger=np.ones(4000, np.int8))
    untrained = dict(zip(names(judged.metrics), judged.untrained, strict=True))
    assert untrained["error"] == pytest.approx(0.5)
    assert untrained["attack"] == pytest.approx(0.5)
    assert untrained["log_loss"] == pytest.approx(np.log(2.0))
    assert untrained["regret@2"] < untrained["regret@64"]
    with pytest.raises(ValueError, match="candidates"):
        judged.score(Predictions(odds[None]))
    scores = np.random.default_rng(1).standard_normal((3, 200))
    assert judged.score(Predictions(np.tile(odds, (3, 1)), scores)).shape == (
        3,
        len(judged.metrics),
    )


def test_independent_tasks_share_nothing() -> None:
    """A chain of three documents holds one independent task, two apart hold two."""
    assert independent_tasks(np.array([0, 1]), np.array([1, 2])) == 1
    assert independent_tasks(np.array([0, 2]), np.array([1, 3])) == 2
