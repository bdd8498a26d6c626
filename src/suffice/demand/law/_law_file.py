"""Laws on disk: posteriors are kept by what they were fitted to, and fitted side by side."""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._sealed import read_sealed, write_sealed
from suffice.demand.law._law import FittedLaw, fit_law, rebuild_law
from suffice.demand.law._sampler import Posterior, converged
from suffice.demand.runs import processes
from suffice.metric import signs
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand.law._terms import SourceTable
    from suffice.metric import Metric
    from suffice.progress import Progress

VERSION = "4"
"""Changes whenever the same runs could give another posterior."""


@dataclass(frozen=True, eq=False)
class LawTask:
    """A law to fit: the arguments of ``fit_law``."""

    curves: tuple[Curve, ...]
    runs: tuple[NDArray[np.float64], ...]
    metrics: tuple[Metric, ...]
    table: SourceTable
    model: str
    scheme: str
    seed: int
    untrained: tuple[float, ...]

    def key(self) -> str:
        """Hash of everything that the posterior depends on."""
        better = signs(self.metrics).tolist()
        about = [
            VERSION,
            self.seed,
            [m.name for m in self.metrics],
            list(self.untrained),
            list(self.table.names),
            self.table.log_worth.tolist(),
            {name: dict(values) for name, values in self.table.repeats.items()},
            self.table.bias.tolist(),
            [c.as_list() for c in self.curves],
            # Laws of two classes keep the keys that they had before there were more.
            *([self.table.classes] if self.table.classes > 2 else []),
            # So do those of metrics that are all better when lower.
            *(["better", *better] if min(better) < 0.0 else []),
        ]
        # Quality control is read by what it makes of a source: its name alone does not say.
        about += [
            [t.source, t.labels_per_task, self.table.usual(t)]
            for c in self.curves
            for t in c
            if t.operated
        ]
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for r in self.runs:
            digest.update(np.ascontiguousarray(r).tobytes())
        return digest.hexdigest()


def fit_laws(
    tasks: Sequence[LawTask],
    folder: Path | None,
    progress: Progress | None = None,
    *,
    name: str = "laws",
) -> list[FittedLaw]:
    """Fit laws side by side in local processes, reading from ``folder`` what was fitted before.

    Without a folder they are fitted here, one after the other, and not kept. A damaged file is said
    to be so, and its law is fitted again.
    """
    progress = progress or SilentProgress()
    if folder is None:
        here = []
        with progress.step(name, total=len(tasks)) as step:
            for t in tasks:
                here.append(_law(t))
                step.advance()
        return here
    paths = [folder / f"{t.key()}.law" for t in tasks]
    with progress.step(name, total=len(tasks)) as step:
        laws = {i: law for i, path in enumerate(paths) if (law := _load(tasks[i], path, progress))}
        todo = [i for i in range(len(tasks)) if i not in laws]
        step.advance(len(tasks) - len(todo))
        if todo:
            with processes(min(os.cpu_count() or 1, len(todo))) as executor:
                # The law with the most cells takes longest: it starts first.
                todo.sort(key=lambda i: -len(tasks[i].curves))
                for i, job in [(i, executor.submit(_fit, tasks[i])) for i in todo]:
                    posterior, widening = job.result()
                    _save(paths[i], posterior, widening)
                    laws[i] = _rebuilt(tasks[i], posterior, widening)
                    step.advance()
        return [laws[i] for i in range(len(tasks))]


def _law(t: LawTask) -> FittedLaw:
    return fit_law(
        t.curves, t.runs, t.metrics, t.table,
        model=t.model, scheme=t.scheme, seed=t.seed, untrained=np.array(t.untrained),
    )  # fmt: skip


def _fit(t: LawTask) -> tuple[Posterior, float]:
    law = _law(t)
    return law.posterior, law.widening


def _save(path: Path, posterior: Posterior, widening: float) -> None:
    found = posterior.convergence
    content = io.BytesIO()
    np.savez(
        content,
        draws=posterior.draws,
        rhat=found.rhat,
        effective=found.effective_draws,
        steps=found.steps,
        widening=widening,
    )
    write_sealed(path, content.getvalue())


def _load(t: LawTask, path: Path, progress: Progress) -> FittedLaw | None:
    """The law that was kept in a file; None where there is none, or a damaged one."""
    content = read_sealed(path, progress, "the law is fitted again")
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as saved:
        found = converged(float(saved["rhat"]), float(saved["effective"]), int(saved["steps"]))
        return _rebuilt(t, Posterior(saved["draws"], found), float(saved["widening"]))


def _rebuilt(t: LawTask, posterior: Posterior, widening: float) -> FittedLaw:
    return rebuild_law(
        t.curves, t.runs, t.metrics, t.table, posterior, widening,
        model=t.model, scheme=t.scheme, untrained=np.array(t.untrained),
    )  # fmt: skip
