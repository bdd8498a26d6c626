"""One split of a set of tasks: its pool, its sources, and its measured cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from suffice.channel import Profile
from suffice.curve import ResolvedCurve, ResolvedTranche
from suffice.demand import measure
from suffice.evidence import Cell
from suffice.pools import load_ratings, rating_pool, sample_documents
from suffice.stages._workspace import Workspace
from suffice.study import load_study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from designs import Design
    from numpy.typing import NDArray

    from suffice.channel import Channel, Tasks
    from suffice.curve import Curve
    from suffice.evidence import CellRuns
    from suffice.pools import Pool, RecordedChannel
    from suffice.progress import Progress
    from suffice.study import Study

EXAMPLE = Path(__file__).parents[2] / "examples" / "ratings.toml"


@dataclass(frozen=True, eq=False)
class FlippedChannel:
    """A real channel with *synthetic* noise on top: a share of its labels is turned round.

    Attributes:
        name: of the source, with the rate in it.
        base: the real channel.
        rate: share of labels that are turned round, independently.
        known: its profile, where that was measured instead of computed.
    """

    name: str
    base: RecordedChannel
    rate: float
    known: Profile | None = None

    @property
    def profile(self) -> Profile:
        """The base's error, with the flips in it; independent flips leave the shared part."""
        if self.known is not None:
            return self.known
        p = self.base.profile
        return replace(p, error=p.error + self.rate * (1.0 - 2.0 * p.error))

    @property
    def max_labels_per_task(self) -> int:
        """The base's."""
        return int(self.base.max_labels_per_task)

    def measured(self, profile: Profile) -> Self:
        """The same labels with a measured profile."""
        return replace(self, known=profile)

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels [task, label]."""
        labels = self.base.draw(tasks, labels_per_task, rng)
        return np.where(rng.random(labels.shape) < self.rate, 1.0 - labels, labels)


class Split(Workspace):
    """A study on one division of its tasks into training and evaluation."""

    def __init__(self, number: int, progress: Progress, design: Design, study: Study) -> None:
        """Make split ``number``."""
        super().__init__(study, Path("unused"), progress)
        self.number, self.design = number, design

    def channel(self, source: str) -> Channel:
        """The measured channel of a source; ``NAME.flipRR`` has RR % synthetic flips on top."""
        name, _, percent = source.partition(".flip")
        base = self.measured[name].channel
        return FlippedChannel(source, base, int(percent) / 100.0) if percent else base

    def trained(self, curve: Curve) -> ResolvedCurve:
        """The curve as runs see it."""
        return ResolvedCurve(tuple(ResolvedTranche(t, self.channel(t.source)) for t in curve))

    def asked(self, curve: Curve) -> ResolvedCurve:
        """The curve as the law sees it: noisy labels of a source are that source, done worse."""
        return ResolvedCurve(
            tuple(
                ResolvedTranche(replace(t, source=self.known_as(t.source)), self.channel(t.source))
                for t in curve
            )
        )

    def known_as(self, source: str) -> str:
        """The law's name for a source."""
        return source.partition(".")[0]

    def runs(
        self, curves: Sequence[Curve], seeds: tuple[int, ...], name: str, model: str | None = None
    ) -> list[CellRuns]:
        """Train cells of the design's target or another model; their errors alone."""
        model = model or self.design.target
        cells = [Cell(model, self.trained(c), seeds) for c in curves]
        found = measure(
            cells, self.pool, self.models_of(model), self.scheme, self.store, self.progress,
            name=name,
        )  # fmt: skip
        errors = len(self.pool.evaluation.error_metrics)
        return [replace(r, scores=r.scores[:, :errors]) for r in found]

    def models_of(self, name: str) -> dict[str, Any]:
        """One embedded model."""
        from suffice.demand import Embedded, embed_cached, load_model

        model = load_model(name)
        features = embed_cached(model, self.pool.items, self.progress)
        return {name: Embedded(name, model.fingerprint, features)}


class RatingsSplit(Split):
    """The example study on another split of the same texts, so that all share their vectors."""

    def __init__(self, number: int, progress: Progress, design: Design) -> None:
        """Make the study of split ``number``."""
        study = load_study(EXAMPLE).model_copy(update={"seed": number})
        super().__init__(number, progress, design, study)

    @cached_property
    def pool(self) -> Pool:
        """The example's texts, split by this split's seed."""
        task: Any = self.study.task
        ratings = load_ratings(self.progress)
        chosen = sample_documents(ratings, task.texts, np.random.default_rng([0, 2]))
        raters = {name: int(s.raters or 0) for name, s in self.study.sources.items()}
        return rating_pool(ratings, chosen, raters, pairs=task.evaluation_pairs, seed=self.number)
