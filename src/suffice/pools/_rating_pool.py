"""Comparisons of rated texts: each pair of texts of one domain is a task, made up on the fly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._said import Said
from suffice._streams import Stream
from suffice.channel import Tasks
from suffice.errors import InputError
from suffice.pools._metrics import Candidates
from suffice.pools._pool import (
    COMPARISONS,
    HALF_SAMPLES,
    HARD,
    HELD_OUT_SHARE,
    REPLICAS,
    SAME_POOL,
    Audited,
    Evaluation,
    check_where,
    corrected_gold,
    fingerprint,
    independent_tasks,
    split_documents,
)
from suffice.pools._rating_table import ratings_of
from suffice.pools._ratings import Ratings
from suffice.pools._recorded import RatingChannel, RecordedChannel, ScoreChannel, compare

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

GOLD_RATERS = 9
"""Raters kept for gold; the other raters of a text are what sources sell. Chosen: of the example's
twenty or so, nearly half. More make gold sharper, and leave fewer for the dearest label."""

EVALUATION_SHARE = 0.4
"""Of the texts, by document. Chosen: more make the evaluation's own luck smaller, and leave fewer
texts to train on, of which there are pairs in plenty."""

HARD_SHARE = 1 / 3
"""Of the evaluation pairs, the closest ones, that make the hard slice. Chosen; moves its error."""

_GAPS = 2000
"""Pairs a domain whose gaps say how hard a gap is. Chosen: a rank among so many is off
by .01 at most (1 / sqrt(4 * 2000))."""


@dataclass(frozen=True, eq=False)
class RatingPool:
    """Texts with many ratings each, split by document into training and evaluation.

    Attributes:
        items: texts.
        slice_names: domains.
        evaluation: comparisons of texts that training never sees.
        held_out: training texts whose comparisons choose hyperparameters [item].
        fingerprint: hash of all of it.
        said: what tasks and gold take for granted, cannot see, and rest on.
        teaches: what a model trained on it does, in words.
    """

    items: tuple[str, ...]
    slice_names: tuple[str, ...]
    evaluation: Evaluation
    held_out: NDArray[np.bool_]
    fingerprint: str
    said: Said
    teaches: str
    _domain: NDArray[np.int64]
    _document: NDArray[np.int64]
    _training: NDArray[np.bool_]
    _gold: NDArray[np.float64]
    _gap_ranks: NDArray[np.float64]
    _channels: Mapping[str, RecordedChannel]

    @property
    def prompts(self) -> None:
        """Nobody asked for these texts."""

    @property
    def unique_items(self) -> int:
        """Training texts."""
        return int(self._training.sum())

    def limit(self, source: str) -> int | None:
        """No limit: there are more pairs than anyone will buy."""
        return None

    def channel(self, source: str) -> RecordedChannel:
        """The recorded labels of ``source``."""
        return self._channels[source]

    def draw_tasks(
        self, n: int, rng: np.random.Generator, *, source: str, where: tuple[str, ...] = ()
    ) -> Tasks:
        """Draw n comparisons within domains: equally many of each, one in five held out."""
        slices = check_where(where, self.slice_names)
        blocks = []
        for k, s in enumerate(slices):
            size = n // len(slices) + (k < n % len(slices))
            aside = int(rng.binomial(size, HELD_OUT_SHARE))
            for held, count in ((False, size - aside), (True, aside)):
                here = self._training & (self.held_out == held) & (self._domain == s)
                blocks.append(_pairs(np.flatnonzero(here), count, rng))
        a, b = np.concatenate(blocks, axis=1)
        order = rng.permutation(len(a))
        return self._tasks(a[order], b[order])

    def audit_tasks(self, n: int, rng: np.random.Generator, *, source: str) -> Audited:
        """Comparisons drawn as for training, with gold corrected for its noise."""
        tasks = self.draw_tasks(n, rng, source=source)
        truth = corrected_gold(self._gold[tasks.a], self._gold[tasks.b], rng)
        return Audited(tasks, truth, self._document[tasks.a], self._document[tasks.b])

    def _tasks(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> Tasks:
        first, second = self._gold[a], self._gold[b]
        gap = np.abs(first.mean(axis=1) - second.mean(axis=1))
        difficulty = 1.0 - np.searchsorted(self._gap_ranks, gap) / len(self._gap_ranks)
        return Tasks(
            a=a,
            b=b,
            slices=self._domain[a],
            truth=compare(first.mean(axis=1), second.mean(axis=1)),
            difficulty=np.clip(difficulty, 0.0, 1.0),
            row=np.full(len(a), -1, dtype=np.int64),
        )


def rating_pool(
    ratings: Ratings | Path | pl.DataFrame,
    chosen: NDArray[np.int64] | None,
    raters: Mapping[str, int],
    *,
    pairs: int,
    seed: int,
) -> RatingPool:
    """Split rated texts into training and evaluation, and raters into gold and sources.

    Args:
        ratings: the rated texts, or a file or rows that ``ratings_of`` reads.
        chosen: which of them to use [item]; None for all.
        raters: for each source, how many raters stand behind one of its labels; 0 means the
            automatic judge's score.
        pairs: comparisons in the evaluation.
        seed: of the split.

    Raises:
        InputError: a source wants more raters than a text has beside gold, or a score that there
            is not.
    """
    if not isinstance(ratings, Ratings):
        ratings = ratings_of(ratings)
    if chosen is None:
        chosen = np.arange(len(ratings))
    rng = Stream.RATING_POOL.rng(seed)
    domain, document = ratings.domain[chosen], ratings.document[chosen]
    shuffled = [rng.permutation(ratings.of(int(i))) for i in chosen]
    spare = min(len(r) for r in shuffled) - GOLD_RATERS
    for name, wanted in raters.items():
        if wanted > spare:
            raise InputError(
                f"source {name!r} wants {wanted} raters for one label",
                fix=f"every text has {spare} beside the {GOLD_RATERS} that make gold",
            )
        if not wanted and np.isnan(ratings.lexicon[chosen]).any():
            raise InputError(
                f"source {name!r} gives scores, which some texts lack",
                fix="give every text a score, or let raters stand behind its labels",
            )
    gold = np.array([r[:GOLD_RATERS] for r in shuffled], dtype=np.float64)
    others = np.array([r[GOLD_RATERS : GOLD_RATERS + spare] for r in shuffled], dtype=np.float64)
    training = ~split_documents(document, EVALUATION_SHARE, rng)
    held_out = np.zeros(len(chosen), dtype=bool)
    held_out[training] = split_documents(document[training], HELD_OUT_SHARE, rng)

    names = ratings.domain_names
    evaluated = [np.flatnonzero(~training & (domain == s)) for s in range(len(names))]
    a, b = np.concatenate([_pairs(e, pairs // len(names), rng) for e in evaluated], axis=1)
    # Close calls are found with raters outside the gold: choosing them by gold's own small gaps
    # would pick gold's own noise.
    gap = np.abs(others[a].mean(axis=1) - others[b].mean(axis=1))
    hard = gap <= np.quantile(gap, HARD_SHARE)
    members = np.vstack([domain[a] == s for s in range(len(names))] + [hard])
    truth = corrected_gold(gold[a], gold[b], rng)
    tasks = Tasks(
        a=a,
        b=b,
        slices=domain[a],
        truth=truth,
        difficulty=hard.astype(np.float64),
        row=np.full(len(a), -1, dtype=np.int64),
    )
    redrawn, mass = _redrawn(gold, document, rng)
    judged = np.concatenate(evaluated)
    evaluation = Evaluation(
        tasks,
        members,
        (*names, HARD),
        _replicas(gold, redrawn, mass, tasks),
        candidates=Candidates(
            judged,
            domain[judged],
            gold[judged].mean(axis=1),
            (redrawn[:, judged], mass[:, judged]),
        ),
        trials=tuple(independent_tasks(document[a[m]], document[b[m]]) for m in members),
    )

    x, y = np.concatenate(
        [_pairs(np.flatnonzero(training & (domain == s)), _GAPS, rng) for s in range(len(names))],
        axis=1,
    )
    channels: dict[str, RecordedChannel] = {}
    for name, wanted in raters.items():
        if wanted:
            channels[name] = RatingChannel(name, others, wanted)
        else:
            channels[name] = ScoreChannel(name, ratings.lexicon[chosen])
    texts = tuple(ratings.texts[int(i)] for i in chosen)
    return RatingPool(
        items=texts,
        slice_names=names,
        evaluation=evaluation,
        held_out=held_out,
        fingerprint=fingerprint(
            "\n".join(texts),
            repr(sorted(raters.items())),
            domain,
            gold,
            others,
            ratings.lexicon[chosen],
            training,
            held_out,
            a,
            b,
            truth,
        ),
        said=Said(
            assumptions=(SAME_POOL, *ratings.said.assumptions),
            limits=ratings.said.limits,
            citations=(HALF_SAMPLES, COMPARISONS, *ratings.said.citations),
        ),
        teaches=ratings.teaches,
        _domain=domain,
        _document=document,
        _training=training,
        _gold=gold,
        _gap_ranks=np.sort(np.abs(gold[x].mean(axis=1) - gold[y].mean(axis=1))),
        _channels=channels,
    )


def _pairs(items: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """n ordered pairs of different items, int64 [2, n]."""
    if len(items) < 2:
        raise InputError("a slice has fewer than two texts", fix="use more texts")
    a = rng.integers(len(items), size=n)
    b = rng.integers(len(items) - 1, size=n)
    b += b >= a
    return np.vstack([items[a], items[b]])


def _redrawn(
    gold: NDArray[np.float64], document: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean gold of each item under redrawn raters, and its mass under redrawn documents.

    Each float32 [replica, item]. The mass is that of a Bayesian bootstrap.
    """
    means, masses = [], []
    _, number = np.unique(document, return_inverse=True)
    for _ in range(REPLICAS):
        pick = rng.integers(gold.shape[1], size=gold.shape)
        means.append(np.take_along_axis(gold, pick, axis=1).mean(axis=1))
        masses.append(rng.exponential(size=number.max() + 1)[number])
    return np.array(means, dtype=np.float32), np.array(masses, dtype=np.float32)


def _replicas(
    gold: NDArray[np.float64],
    redrawn: NDArray[np.float32],
    mass: NDArray[np.float32],
    tasks: Tasks,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Truth of each task under redrawn raters, and its weight under redrawn documents."""
    # Means of nine whole ratings are at least a ninth apart where they differ: rounding restores
    # the ties that single precision may break.
    redrawn = np.round(redrawn.astype(np.float64) * gold.shape[1])
    truth = compare(redrawn[:, tasks.a], redrawn[:, tasks.b]).astype(np.float32)
    # Redrawing raters adds their noise a second time; centring keeps its spread without the bias.
    truth += (tasks.truth - truth.mean(axis=0)).astype(np.float32)
    # A pair weighs the product of its two documents.
    return truth, mass[:, tasks.a] * mass[:, tasks.b]
