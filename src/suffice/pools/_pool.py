"""What can be labelled and what judges the result: the task pool and its trusted evaluation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Protocol

import numpy as np

from suffice._said import Citation, Said
from suffice.channel import Tasks
from suffice.errors import InputError
from suffice.labels.kinds import COMPARISON
from suffice.metric import ATTACK, error_rate, regret_of
from suffice.pools._metrics import BEST_OF, Predictions, regret
from suffice.pools._recorded import compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.labels.kinds import LabelKind
    from suffice.metric import Metric
    from suffice.pools._metrics import Candidates, Gold
    from suffice.pools._recorded import RecordedChannel

HARD = "hard"
"""Name of the evaluation slice of close calls."""

HELD_OUT_SHARE = 0.2
"""Of the training tasks, by group, those that choose hyperparameters. A convention: one in five, as
in five-fold cross-validation."""

REPLICAS = 60
"""Other gold that a run is scored on. Chosen: a standard deviation from so many draws is off by a
tenth (1 / sqrt(2 * 60)); more cost time and space with every run."""

_HALVINGS = 10
"""Ways of halving the gold raters that ``corrected_gold`` takes the mean of. Chosen: the mean over
two halves each leaves little of the luck of which raters are in a half."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Trusted tasks that no training run sees.

    Attributes:
        tasks: the tasks; their ``truth`` is the gold, soft and corrected for its own noise, so it
            may lie a little outside 0..1: only means over many tasks are meaningful. With more than
            two classes it is hard: the number of the right one, the same in all replicas.
        members: which tasks are in which metric slice, bool [slice, task]; slices may overlap.
        slice_names: names of the metric slices.
        replicas: gold as other raters and other texts might have given it: the effect of redrawing
            raters and documents on each task's truth and weight, each float32 [replica, task].
        candidates: items among which a model is to find the best; None where gold compares items
            only two by two.
        trigger: what an attacker wants of each task, as ``Trigger.sides`` says it [task]; None
            where no trigger is planted.
        trials: tasks in each slice that can be counted as independent trials [slice].
        kind: what the labels of its tasks can say.
    """

    tasks: Tasks
    members: NDArray[np.bool_]
    slice_names: tuple[str, ...]
    replicas: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    candidates: Candidates | None = None
    trigger: NDArray[np.int8] | None = None
    trials: tuple[int, ...] = ()
    kind: LabelKind = COMPARISON

    @property
    def error_metrics(self) -> tuple[Metric, ...]:
        """The error over all tasks and in each slice: the first columns of ``score``."""
        behind = zip_longest(self.slice_names, self.trials)
        return (error_rate(), *(error_rate(name, items) for name, items in behind))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What ``score`` returns, column by column; see ``suffice.pools._metrics``."""
        best = () if self.candidates is None else tuple(regret_of(n) for n in BEST_OF)
        attack = () if self.trigger is None else (ATTACK,)
        return (*self.error_metrics, *self.kind.metrics, *best, *attack)

    @property
    def untrained(self) -> NDArray[np.float64]:
        """What a model that has learned nothing scores [metric]."""
        count = 0 if self.candidates is None else len(self.candidates.items)
        found = self.score(Predictions(self.no_odds(1), np.zeros((1, count), dtype=np.float32)))
        return np.asarray(found[0])

    def no_odds(self, runs: int) -> NDArray[np.float32]:
        """The odds of models that have learned nothing, in the shape of ``Predictions``."""
        return np.zeros((runs, len(self.tasks), *self.kind.shape), dtype=np.float32)

    def weights(self) -> NDArray[np.float64]:
        """Averaging weights of errors [task, metric]; columns sum to one."""
        rows = np.vstack([np.ones(len(self.tasks), dtype=bool), self.members]).astype(np.float64)
        return np.asarray((rows / rows.sum(axis=1, keepdims=True)).T)

    def score(self, predictions: Predictions) -> NDArray[np.float64]:
        """Every metric of every run [run, metric]."""
        gold = None if self.candidates is None else self.candidates.plain
        weight = np.ones((1, len(self.tasks)))
        return np.asarray(self._score(predictions, self.tasks.truth[None], weight, gold)[:, 0])

    def gold_draws(self, predictions: Predictions) -> NDArray[np.float64] | None:
        """What the scores of one run would be under other gold [replica, metric].

        Raters and documents are redrawn with replacement, so the spread is that of a new
        evaluation set of the same size, rated by new people. None where gold has no replicas.
        """
        if self.replicas is None:
            return None
        gold = None if self.candidates is None else self.candidates.redrawn
        return np.asarray(self._score(predictions, *self.replicas, gold)[0])

    def _score(
        self,
        predictions: Predictions,
        truth: NDArray[np.floating],
        weight: NDArray[np.floating],
        gold: Gold | None,
    ) -> NDArray[np.float64]:
        """Every metric of every run under every replica of the gold [run, replica, metric]."""
        odds, share = predictions.odds, weight / weight.sum(axis=1, keepdims=True)
        columns = [
            self.kind.errors(odds, truth, weight, self.weights()),
            self.kind.scores(odds, truth, share),
        ]
        if self.candidates is not None:
            if predictions.scores is None or gold is None:
                raise ValueError("an evaluation with candidates needs their scores and replicas")
            columns.append(regret(predictions.scores, self.candidates, gold))
        if self.trigger is not None:
            columns.append(self.kind.attack(odds, truth, share, self.trigger)[:, :, None])
        return np.concatenate(columns, axis=2)


@dataclass(frozen=True, eq=False)
class Audited:
    """Training tasks with gold, for measuring sources.

    Attributes:
        tasks: the tasks.
        truth: soft gold, corrected for its own noise where that is known [task]; may lie outside
            0..1 for single tasks. A class number where there are more than two.
        first, second: the group (document, prompt) of each task's items; tasks that share a group
            are not independent [task].
    """

    tasks: Tasks
    truth: NDArray[np.float64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


SAME_POOL = (
    "Training uses the same pool of texts and is judged on the same gold as the measured runs."
)
"""What every pool takes for granted."""

COMPARISONS = Citation(
    "Comparisons",
    "Bradley & Terry (1952), Rank analysis of incomplete block designs",
    "https://doi.org/10.1093/biomet/39.3-4.324",
)

HALF_SAMPLES = Citation(
    "Correction of gold for its own noise",
    "Schucany, Gray & Owen (1971), On bias reduction in estimation",
    "https://doi.org/10.1080/01621459.1971.10482296",
)
"""Of ``corrected_gold``."""


class Pool(Protocol):
    """Items that can be labelled, and the evaluation that training never sees."""

    @property
    def items(self) -> Sequence[str]:
        """The text of every item; tasks refer to items by number."""

    @property
    def prompts(self) -> Sequence[str] | None:
        """What each item answers, where items are answers: its text then ends with it."""

    @property
    def slice_names(self) -> tuple[str, ...]:
        """Names of the slices that tasks can be bought in; ``Tasks.slices`` counts in these."""

    @property
    def evaluation(self) -> Evaluation:
        """Trusted tasks that no training run sees."""

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Items whose tasks choose hyperparameters instead of training weights [item]."""

    @property
    def unique_items(self) -> int:
        """How many different items training can meet."""

    @property
    def fingerprint(self) -> str:
        """Hash of all that a run can see of this pool."""

    @property
    def said(self) -> Said:
        """What tasks and gold take for granted, cannot see, and rest on."""

    @property
    def teaches(self) -> str:
        """What a model trained on it does, in words; empty where only the user knows."""

    def draw_tasks(
        self, n: int, rng: np.random.Generator, *, source: str, where: tuple[str, ...] = ()
    ) -> Tasks:
        """Draw n training tasks that ``source`` can label; never mixes the two sides of a split."""

    def audit_tasks(self, n: int, rng: np.random.Generator, *, source: str) -> Audited:
        """Up to n tasks of this source that have gold; none where its tasks have none."""

    def limit(self, source: str) -> int | None:
        """How many different tasks ``source`` can label; None for as many as wanted."""

    def channel(self, source: str) -> RecordedChannel:
        """The recorded labels of a source."""


def fingerprint(*parts: NDArray[np.generic] | str) -> str:
    """A sha256 over arrays and strings."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(part.encode())
        else:
            digest.update(str((part.dtype, part.shape)).encode())
            digest.update(np.ascontiguousarray(part).tobytes())
        digest.update(b"\0")
    return digest.hexdigest()


def corrected_gold(
    first: NDArray[np.floating], second: NDArray[np.floating], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Soft gold of comparisons, corrected for the noise of a finite panel of gold raters.

    Model: the error measured against the mean of k raters is e + c/k + o(1/k). (A gold mean flips
    the sign of a gap of size x with a chance that falls with x sqrt(k); near a gap of zero a judge
    is right half of the time, so flips there cost nothing in the mean, and what is left is of order
    1/k.) Two sizes, k and k // 2, give e by Richardson extrapolation, which is linear in the gold.
    Assumes: rater noise is independent of the judge's errors given the two items.
    Fails when: gold raters share an error, or k is so small that the 1/k term is not the main one.
    Reference: the half-sample (generalised jackknife) bias correction of Schucany, Gray and Owen
    (1971).

    Args:
        first, second: gold ratings of the two items [task, rater].
        rng: chooses the half panels.

    Returns:
        Soft gold [task], which may lie outside 0..1 for single tasks.
    """
    k = first.shape[1]
    half = k // 2
    whole = compare(first.mean(axis=1), second.mean(axis=1))
    if half == 0:
        return whole
    total, panels = np.zeros(len(first)), 0
    for _ in range(_HALVINGS):
        order = rng.permutation(k)
        for pick in (order[:half], order[k - half :]):
            total += compare(first[:, pick].mean(axis=1), second[:, pick].mean(axis=1))
            panels += 1
    return np.asarray((k * whole - half * total / panels) / (k - half))


def split_documents(
    documents: NDArray[np.int64], share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mark whole documents until about ``share`` of the items are marked [item]."""
    names, counts = np.unique(documents, return_counts=True)
    order = rng.permutation(len(names))
    chosen = order[np.cumsum(counts[order]) <= share * len(documents)]
    return np.isin(documents, names[chosen])


def independent_tasks(first: NDArray[np.int64], second: NDArray[np.int64]) -> int:
    """How many of these tasks can be taken so that no document stands in two of them.

    Taken in their order as long as they fit: a lower bound on the most that there are.
    """
    used: set[int] = set()
    count = 0
    for pair in zip(first.tolist(), second.tolist(), strict=True):
        if used.isdisjoint(pair):
            used.update(pair)
            count += 1
    return count


def check_where(where: tuple[str, ...], known: tuple[str, ...]) -> list[int]:
    """Numbers of the named slices; all of them where none is named."""
    for name in where:
        if name not in known:
            raise InputError(f"unknown slice {name!r}", fix=f"known slices: {', '.join(known)}")
    return [known.index(s) for s in where] if where else list(range(len(known)))
