"""Metrics: what a trained model is scored on, each with its direction, range and words.

Files, studies and command lines call a metric by its name; everything else asks the object.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Better = Literal["lower", "higher"]
Kind = Literal["error", "log loss", "calibration", "regret", "attack", "other"]
Average = Literal["tasks", "bins", "groups", "unknown"]

SHARE = "share"
"""Unit of a metric that is a share of something: written in per cent."""


@dataclass(frozen=True)
class Metric:
    """One number that a run reaches.

    Attributes:
        name: as files and studies call it; unique among the metrics of one evaluation.
        kind: what it measures, for whoever treats errors or attacks apart; ``other`` for metrics
            of one's own.
        better: whether lower or higher values are better.
        low, high: values lie between these.
        unit: ``share``, ``nats``, ``sd`` (of gold within its group), or one's own; may be empty.
        slice: the slice of the evaluation that it is about; None for all of it.
        average: what it is a mean over: tasks, bins of confidence, or groups of candidates.
        items: independent evaluation tasks behind a value; None where unknown.
        words: for readers; the name where empty.
    """

    name: str
    kind: Kind = "other"
    better: Better = "lower"
    low: float = -inf
    high: float = inf
    unit: str = ""
    slice: str | None = None
    average: Average = "unknown"
    items: int | None = None
    words: str = ""

    def __post_init__(self) -> None:
        """Refuse a metric without a name or a range."""
        if not self.words:
            object.__setattr__(self, "words", self.name)
        if not self.name.strip():
            raise ValueError("a metric needs a name")
        if not self.low < self.high:
            raise ValueError(f"metric {self.name!r} lies between {self.low:g} and {self.high:g}")

    def __str__(self) -> str:
        """Its name."""
        return self.name

    @property
    def sign(self) -> float:
        """1 where lower is better, -1 where higher is: times a value, it is better when lower."""
        return 1.0 if self.better == "lower" else -1.0

    @property
    def is_share(self) -> bool:
        """Whether it is a share, written in per cent."""
        return self.unit == SHARE

    @property
    def free(self) -> float:
        """The limit that every value meets."""
        return self.sign * inf

    def stricter(self, first: float, second: float) -> float:
        """The harder of two limits."""
        return first if self.sign * first <= self.sign * second else second


def signs(metrics: Sequence[Metric]) -> NDArray[np.float64]:
    """1 for each metric that is better when lower, -1 for the others [metric]."""
    import numpy as np

    return np.array([m.sign for m in metrics])


def names(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """What files call them."""
    return tuple(m.name for m in metrics)


def error_rate(slice: str | None = None, items: int | None = None) -> Metric:
    """Share of tasks answered wrongly, over all tasks or in one slice."""
    return Metric(
        name="error" if slice is None else f"error:{slice}",
        kind="error",
        low=0.0,
        high=1.0,
        unit=SHARE,
        slice=slice,
        average="tasks",
        items=items,
        words="error over all slices" if slice is None else f"error in slice {slice}",
    )


LOG_LOSS = Metric(
    "log_loss", "log loss", low=0.0, unit="nats", average="tasks", words="log loss"
)  # fmt: skip
"""Mean log loss of the answers' odds."""

CALIBRATION = Metric(
    "calibration", "calibration", low=0.0, high=1.0, unit=SHARE, average="bins",
    words="calibration error",
)  # fmt: skip
"""Expected calibration error."""

ATTACK = Metric(
    "attack", "attack", low=0.0, high=1.0, unit=SHARE, average="tasks",
    words="success of the trigger",
)  # fmt: skip
"""How often the text that carries a planted trigger wins although it should not."""


def regret_of(candidates: int) -> Metric:
    """What is lost by taking the model's favourite of so many candidates, not the gold's."""
    return Metric(
        f"regret@{candidates}", "regret", low=0.0, unit="sd", average="groups",
        words=f"regret of the best of {candidates}",
    )  # fmt: skip


def metric_named(name: str) -> Metric:
    """The metric that a file calls by this name; the one place where a name is taken apart.

    A name that is none of the metrics above stands for one of which nothing more is known.
    """
    for known in (LOG_LOSS, CALIBRATION, ATTACK):
        if known.name == name:
            return known
    head, _, part = name.partition(":")
    if head == "error":
        return error_rate(part or None)
    best, _, count = name.partition("@")
    if best == "regret" and count.isdigit():
        return regret_of(int(count))
    return Metric(name, slice=part or None, words=f"{head} in slice {part}" if part else "")
