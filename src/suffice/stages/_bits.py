"""How many bits a model must be told: the codelength of labels drawn from one of its sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.stages._models import study_models
from suffice.stages._out import OUT
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.channel import Tasks
    from suffice.demand import Bits
    from suffice.stages._workspace import Given


@dataclass(frozen=True)
class LabelBits:
    """The codelength of a source's labels under a model.

    Attributes:
        source, model: by name.
        floor_from: where the floor comes from.
        bits: the codelength, what of it lies above the floor, and how it falls with the labels.
    """

    source: str
    model: str
    floor_from: str
    bits: Bits

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        about = {"source": self.source, "model": self.model, "floor_from": self.floor_from}
        return {**about, **self.bits.as_dict()}

    def draw(self, path: Path) -> str:
        """Draw bits a label against labels seen: a file ending in .html, .svg or .png.

        Returns:
            What was written, for people.

        Raises:
            InputError: the ending is another.
            StorageError: the disk refused.
        """
        from suffice.demand import draw_bits

        return draw_bits(self.bits, path, title=f"{self.model}, {self.source}")


def bits(
    study: Given,
    folder: str | Path = OUT,
    *,
    source: str | None = None,
    labels: int = 1000,
    model: str | None = None,
    orders: int = 16,
    floor: float | None = None,
) -> LabelBits:
    """Draw labels of a source, and count the bits that a model must be told of them.

    Args:
        study: a study, its file, or a workspace.
        folder: of the study's results; nothing is written there.
        source: whose labels; the source with the fewest errors by default.
        labels: how many, one a task.
        model: one of the study's models; the plan's by default.
        orders: random orders to average over.
        floor: bits a label that no data removes; from the source's audited error by default.

    Raises:
        InputError: the study has no such source or model or more than two classes, or so many
            labels cannot be drawn.
    """
    from suffice.demand import Problem, measure_bits
    from suffice.labels.kinds import TwoWay

    work = Workspace.of(study, folder)
    if not isinstance(kind := work.pool.evaluation.kind, TwoWay):
        raise InputError(
            f"bits are measured of two-way labels, and there are {kind.said}",
            where=work.study.origin,
        )
    source = _known(work, source or work.order[-1], list(work.offered))
    model = _known(work, model or work.study.models.target, study_models(work.study))
    most = work.pool.limit(source)
    if labels < 1 or (most is not None and labels > most):
        raise InputError(
            f"--labels {labels} cannot be drawn from {source}",
            fix=f"give 1 to {most}" if most else "give a positive number",
        )
    rng = Stream.BITS_LABELS.rng(work.study.seed)
    tasks = work.pool.draw_tasks(labels, rng, source=source)
    channel = work.sources[source].posterior.mean()
    said = channel.draw(tasks, 1, rng)[:, 0].astype(np.float32)
    problem = Problem(tasks.a, tasks.b, said, np.ones(labels, dtype=np.float32))
    found = measure_bits(
        _features(work, model, tasks),
        problem,
        floor=_floor(work, source) if floor is None else floor,
        orders=orders,
        seed=work.study.seed,
    )
    origin = f"the audited error of {source}" if floor is None else "given"
    return LabelBits(source, model, origin, found)


def _known(work: Workspace, name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise InputError(
            f"the study has no {name!r}",
            where=work.study.origin,
            fix=f"take one of {', '.join(known)}",
        )
    return name


def _floor(work: Workspace, source: str) -> float:
    """Bits a label that stay however well the task is known: the entropy of the audited error."""
    from suffice.demand import binary_entropy

    profile = work.sources[source].posterior.mean().profile
    return float((binary_entropy(profile.error) * profile.share).sum(axis=1).mean())


def _features(work: Workspace, model: str, tasks: Tasks) -> NDArray[np.float32]:
    """Rotated features of the pool's items under one model [item, dimension]."""
    from suffice.demand import Embedded, embed_cached, load_model

    loaded = load_model(model)
    features = embed_cached(loaded, work.pool.items, work.progress)
    rotated = Embedded(model, loaded.fingerprint, features).rotated
    if bool((tasks.b < 0).any()):
        # Classes of single items need an intercept; in comparisons it would cancel.
        rotated = np.hstack([rotated, np.ones((len(rotated), 1), dtype=np.float32)])
    return rotated
