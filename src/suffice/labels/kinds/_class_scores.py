"""Scores of answers to tasks with more than two classes; gold is the number of the right class.

Every score is what its two-class namesake in ``_scores`` is, and the same number for two classes.
Renaming the classes changes none of them. Equal log-odds share a choice, so that a model that has
learned nothing is right once in as many tries as there are classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.labels.kinds._scores import BINS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]


def chosen(odds: Floats) -> NDArray[np.float64]:
    """Share of each class in the choice: 1 for the likeliest one [run, task, class]."""
    top = odds == odds.max(axis=2, keepdims=True)
    return np.asarray(top / top.sum(axis=2, keepdims=True))


def of_class(values: Floats, classes: NDArray[np.integer]) -> NDArray[np.float64]:
    """The value of one class for each task [run, task].

    Args:
        values: of every class [run, task, class].
        classes: which one [task].
    """
    return np.asarray(values[:, np.arange(len(classes)), classes], dtype=np.float64)


def class_errors(odds: Floats, gold: NDArray[np.integer]) -> NDArray[np.float64]:
    """Chance that the answer is wrong, 0 or 1 but where log-odds tie [run, task]."""
    return 1.0 - of_class(chosen(odds), gold)


def class_log_loss(odds: Floats, gold: NDArray[np.integer]) -> NDArray[np.float64]:
    """Log loss in nats [run, task]."""
    odds = odds.astype(np.float64)
    return np.asarray(_log_sum(odds) - of_class(odds, gold))


def class_calibration(
    odds: Floats, gold: NDArray[np.integer], weight: Floats
) -> NDArray[np.float64]:
    """Expected calibration error [run, replica]: |confidence - share right|, over ten bins.

    Model: answers are binned by the chance of the likeliest class, in equal steps from an even
    chance to 1.
    Fails when: a bin holds few tasks, or the chances of the other classes matter: they are not
    looked at.
    Reference: Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks.

    Args:
        odds: log-odds up to a constant [run, task, class].
        gold: number of the right class [task].
        weight: of each task, summing to one [replica, task].
    """
    odds = odds.astype(np.float64)
    confidence = np.exp(odds.max(axis=2) - _log_sum(odds))
    least = 1.0 / odds.shape[2]
    bins = ((confidence - least) / (1.0 - least) * BINS).astype(np.int64)
    bins = np.clip(bins, 0, BINS - 1)
    gap = confidence - 1.0 + class_errors(odds, gold)
    return np.array(
        [
            [np.abs(np.bincount(b, w * g, BINS)).sum() for w in weight]
            for b, g in zip(bins, gap, strict=True)
        ]
    )


def class_attack(
    odds: Floats, gold: NDArray[np.integer], weight: Floats, trigger: NDArray[np.integer]
) -> NDArray[np.float64]:
    """How often the class that an attacker wants is given where it is wrong [run, replica].

    Args:
        odds, gold, weight: as in ``class_calibration``.
        trigger: one more than the number of the wanted class; 0 where nothing is wanted [task].
    """
    wanted = np.maximum(trigger.astype(np.int64) - 1, 0)
    wins = of_class(chosen(odds), wanted)
    wrong = weight * ((trigger > 0) & (wanted != gold))
    return np.asarray(wins @ wrong.T / np.maximum(wrong.sum(axis=1), 1e-12))


def _log_sum(odds: Floats) -> NDArray[np.float64]:
    top = odds.max(axis=2)
    return np.asarray(top + np.log(np.exp(odds - top[:, :, None]).sum(axis=2)))
