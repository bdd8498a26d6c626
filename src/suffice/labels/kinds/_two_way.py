"""What all labels with two answers share: codes 0 and 1, and log-odds of answer 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.labels.kinds._scores import (
    attack_success,
    calibration_error,
    log_loss,
    weighted_sums,
)
from suffice.metric import CALIBRATION, LOG_LOSS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.metric import Metric

    Floats = NDArray[np.float64]

EVEN = 0.5
"""The code of a label between the two answers: it counts half for each."""


class TwoWay:
    """A label that is one of two answers, or even; see ``LabelKind``."""

    @property
    def answers(self) -> int:
        """Two; an even label is none of its own."""
        return 2

    @property
    def chance(self) -> float:
        """One half."""
        return 0.5

    @property
    def shape(self) -> tuple[int, ...]:
        """One number: the log-odds of answer 1. A sigmoid needs no number for answer 0."""
        return ()

    @property
    def marks(self) -> tuple[str, ...]:
        """None: pools of two answers keep the fingerprints that they had before there were more."""
        return ()

    def agreement(self, one: Floats, other: Floats) -> Floats:
        """Product of the labels on a scale of -1 to 1: an even label agrees with nothing."""
        return np.asarray((2.0 * one - 1.0) * (2.0 * other - 1.0))

    def target(self, labels: Floats) -> NDArray[np.float32]:
        """The mean label: the chance of answer 1 [task]."""
        return np.asarray(np.nanmean(labels, axis=1).astype(np.float32))

    def settled(self, truth: Floats, rng: np.random.Generator) -> Floats:
        """Answer 1 as often as the truth says."""
        return np.asarray((rng.random(len(truth)) < truth).astype(np.float64))

    def slips(self, shape: Any, rng: np.random.Generator) -> NDArray[np.int64]:  # noqa: ANN401
        """One: there is one other answer, and nothing to draw."""
        return np.ones(shape, dtype=np.int64)

    def turned(self, codes: Floats, steps: NDArray[np.integer]) -> Floats:
        """The other answer where the number of steps is odd."""
        return np.asarray(np.where(steps % 2 == 1, 1.0 - codes, codes))

    def side(self, wanted: float) -> int:
        """1 for answer 1, -1 for answer 0."""
        return 1 if wanted >= EVEN else -1

    def pushed(self, side: NDArray[np.integer]) -> Floats:
        """1 for side 1, 0 for side -1."""
        return np.asarray(0.5 * (1.0 + side))

    def likeliest(self, odds: NDArray[np.floating]) -> NDArray[np.float32]:
        """1 where log-odds are positive, 0 where negative, even where they are 0 [run, task]."""
        return np.asarray(0.5 * (1.0 + np.sign(odds)), dtype=np.float32)

    def errors(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        weight: NDArray[np.floating],
        members: Floats,
    ) -> Floats:
        """Linear in a soft truth: an even answer is half wrong [run, replica, group]."""
        # truth (1 - y) + (1 - truth) y = truth + y (1 - 2 truth).
        given = weighted_sums(self.likeliest(odds), (1.0 - 2.0 * truth) * weight, members)
        return np.asarray(((truth * weight) @ members + given) / (weight @ members))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Log loss and calibration error."""
        return LOG_LOSS, CALIBRATION

    def scores(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        share: NDArray[np.floating],
    ) -> Floats:
        """See ``_scores.log_loss`` and ``_scores.calibration_error`` [run, replica, metric]."""
        found = log_loss(odds, truth, share), calibration_error(odds, truth, share)
        return np.stack(found, axis=2)

    def attack(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        share: NDArray[np.floating],
        sides: NDArray[np.integer],
    ) -> Floats:
        """See ``suffice.labels.kinds._scores.attack_success``."""
        return attack_success(self.likeliest(odds), truth, share, sides)
