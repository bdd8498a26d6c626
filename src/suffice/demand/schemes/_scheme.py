"""How training uses a resolved curve: the protocol that every scheme follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from suffice._said import Said
from suffice.demand.schemes._heads import Problem, rotate
from suffice.errors import InputError
from suffice.labels.kinds import COMPARISON, MOST_CLASSES, classes_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import ResolvedCurve, ResolvedTranche
    from suffice.pools import Pool, Predictions

PREFERENCES = COMPARISON.name
KINDS = (PREFERENCES, classes_kind(2).name, classes_kind(MOST_CLASSES).name)
"""What a scheme can take. Ratings become preferences in their pool."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """A model as runs see it: its frozen features of every item.

    Attributes:
        name, fingerprint: of the model.
        features: float32 [item, dimension].
    """

    name: str
    fingerprint: str
    features: NDArray[np.float32]

    @cached_property
    def rotated(self) -> NDArray[np.float32]:
        """The features as heads take them, turned once a process; see ``rotate``."""
        return rotate(self.features)


@dataclass(frozen=True, eq=False)
class Trained:
    """What came out of training one curve with several seeds.

    Attributes:
        metrics: float64 [seed, metric], in the order of the pool's evaluation.
        penalties: the hyperparameter that the held-out tasks chose for the last round [seed].
        predictions: what the trained models say of the evaluation.
    """

    metrics: NDArray[np.float64]
    penalties: NDArray[np.float64]
    predictions: Predictions


class Scheme(Protocol):
    """A way of training."""

    @property
    def name(self) -> str:
        """As in the study file."""

    @property
    def version(self) -> str:
        """Changes whenever the same seed could give another result."""

    @property
    def frozen(self) -> bool:
        """Whether models stay as they are, so that only their features are needed."""

    @property
    def takes(self) -> tuple[str, ...]:
        """Kinds of labels that it learns from, out of ``KINDS``."""

    def said(self, teaches: str) -> Said:
        """What training this way cannot show.

        Args:
            teaches: what the trained model does, in words; may be empty.
        """

    def check(self, pool: Pool, model: str) -> None:
        """Raise InputError or MissingError, in one line, where it cannot take these."""

    def fingerprint(self, model: str) -> str:
        """A hash of the model's weights, as this scheme loads them."""

    def train(
        self,
        pool: Pool,
        model: Embedded,
        curve: ResolvedCurve,
        seeds: Sequence[int],
    ) -> Trained:
        """Train once for each seed, on data drawn anew for that seed.

        Args:
            pool: tasks and evaluation.
            model: what is trained, with its frozen features of the pool's items.
            curve: what is bought, with its channels.
            seeds: one run each; a run's data and training depend on its seed alone.
        """


def stand_in(what: str, teaches: str) -> Said:
    """That something is less than what people who post-train a language model do."""
    that = f" that {teaches}" if teaches else ""
    return Said(limits=(f"{what}{that} is a small stand-in for post-training a language model.",))


def check_takes(scheme: Scheme, pool: Pool) -> None:
    """Raise InputError where the labels of a pool are of a kind that a scheme does not take."""
    kind = pool.evaluation.kind
    if kind.name in scheme.takes:
        return
    raise InputError(
        f"scheme {scheme.name} takes {' and '.join(scheme.takes)}, and this study has {kind.said}",
        where="scheme.name",
        fix="use probe, finetune or lora",
    )


def draw_round(
    pool: Pool, tranches: Sequence[ResolvedTranche], rng: np.random.Generator
) -> Problem:
    """Draw the tasks of one round and their labels, pooled.

    The target of a task is what its labels say on average, see ``LabelKind.target``.
    """
    kind = pool.evaluation.kind
    parts = []
    for resolved in tranches:
        t = resolved.tranche
        if t.tasks == 0:
            continue
        tasks = pool.draw_tasks(t.tasks, rng, source=t.base, where=t.where)
        labels = resolved.channel.draw(tasks, t.labels_per_task, rng)
        target = kind.target(labels)
        parts.append((tasks.a, tasks.b, target, np.full(len(tasks), t.weight, dtype=np.float32)))
    a, b, target, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Problem(a, b, target, weight)
