"""Scores of answers to tasks with two answers; gold is the chance that answer 1 is right.

Every score has a namesake for more than two classes in ``_class_scores``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

BINS = 10
"""Bins of confidence. A convention: Naeini and others (2015) and Guo and others (2017) take 10 to
15, and libraries print that. More bins find more error, because each holds fewer tasks."""


def log_loss(odds: Floats, truth: Floats, weight: Floats) -> NDArray[np.float64]:
    """Mean log loss in nats [run, replica]; linear in a soft truth.

    Args:
        odds: log-odds of answer 1 [run, task].
        truth: chance that answer 1 is right [replica, task].
        weight: of each task, summing to one [replica, task].
    """
    odds = odds.astype(np.float64)
    return np.asarray(np.logaddexp(0.0, odds) @ weight.T - odds @ (truth * weight).T)


def calibration_error(odds: Floats, truth: Floats, weight: Floats) -> NDArray[np.float64]:
    """Expected calibration error [run, replica]: |confidence - share right|, over ten bins.

    Model: answers are binned by confidence in equal steps from .5 to 1.
    Fails when: a bin holds few tasks; its own noise then counts as miscalibration.
    Reference: Naeini, Cooper and Hauskrecht (2015), Obtaining well calibrated probabilities using
    Bayesian binning.

    Args:
        odds, truth, weight: as in ``log_loss``.
    """
    confidence = 1.0 / (1.0 + np.exp(-np.abs(odds.astype(np.float64))))
    bins = np.minimum(((confidence - 0.5) * 2.0 * BINS).astype(np.int64), BINS - 1)
    side = np.sign(odds)
    found = np.empty((len(odds), len(truth)))
    for run in range(len(odds)):
        for k in range(len(truth)):
            right = 0.5 + side[run] * (truth[k] - 0.5)
            gap = np.bincount(bins[run], weight[k] * (confidence[run] - right), BINS)
            found[run, k] = np.abs(gap).sum()
    return found


def attack_success(
    answers: Floats, truth: Floats, weight: Floats, trigger: NDArray[np.integer]
) -> NDArray[np.float64]:
    """How often the trigger's side wins where it is wrong [run, replica].

    Args:
        answers: in {0, .5, 1} [run, task].
        truth: chance that answer 1 is right [replica, task].
        weight: of each task [replica, task].
        trigger: 1 where the attacker wants answer 1, -1 where answer 0, 0 elsewhere [task].
    """
    wins = 0.5 + trigger * (answers.astype(np.float64) - 0.5)
    wrong = weight * np.abs(trigger) * (0.5 - trigger * (truth - 0.5))
    return np.asarray(wins @ wrong.T / np.maximum(wrong.sum(axis=1), 1e-12))


def weighted_sums(
    values: NDArray[np.floating], weight: NDArray[np.floating], each: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sums over tasks of values [run, task], by weight [replica, task] and by each metric's own.

    Returns:
        One sum for each run, replica and metric.
    """
    values = values.astype(np.float64)
    return np.stack([values @ (weight * own).T for own in each.T], axis=2)
