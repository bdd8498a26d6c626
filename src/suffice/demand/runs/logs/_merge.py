"""Logs that are about one run, brought together, so that no run counts twice."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.demand.runs.logs import _tensorboard, _trainer
from suffice.demand.runs.logs._log import RunLog

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAME = 1e-5
"""Relative difference up to which two logged values are one: TensorBoard keeps 24 bits of each."""

_FEWEST = 2
"""Metrics that must agree before two logs count as one run; one may agree by chance."""


def merge(logs: Sequence[RunLog]) -> tuple[list[RunLog], list[str]]:
    """Join logs of one run, and evaluations to the runs that they are of.

    Returns:
        The runs, and what was joined and why, one sentence each.
    """
    training = _with_hyperparameters([log for log in logs if log.of is None])
    training, notes = _of_several_trackers(training)
    joined, more = _evaluated(training, [log for log in logs if log.of is not None])
    return joined, notes + more


def _with_hyperparameters(logs: list[RunLog]) -> list[RunLog]:
    """Event files of settings lie in a folder below the run's (``SummaryWriter.add_hparams``)."""
    by_path = {log.path: log for log in logs if log.kind == _tensorboard.KIND}
    kept: dict[int, RunLog] = {id(log): log for log in logs}
    for log in by_path.values():
        above = by_path.get(str(Path(log.path).parent))
        if above is None or not log.settings:
            continue
        own = kept[id(above)]
        whole = tuple(replace(p, step=None) for p in log.points)
        kept[id(above)] = replace(
            own, settings={**own.settings, **log.settings}, points=own.points + whole
        )
        del kept[id(log)]
    return list(kept.values())


def _of_several_trackers(logs: list[RunLog]) -> tuple[list[RunLog], list[str]]:
    """One run that several programs logged: equal values by another name of the same metric."""
    kept: list[RunLog] = []
    notes: list[str] = []
    for log in logs:
        twin = next((k for k, other in enumerate(kept) if _same(other, log)), None)
        if twin is None:
            kept.append(log)
            continue
        other = kept[twin]
        kept[twin] = replace(other, settings={**log.settings, **other.settings})
        notes.append(f"{log.kind} and {other.kind} logged the same run {other.run}: it counts once")
    return kept, notes


def _same(a: RunLog, b: RunLog) -> bool:
    if a.kind == b.kind:
        return False
    if _tensorboard.KIND in (a.kind, b.kind) and _trainer.KIND in (a.kind, b.kind):
        inner, outer = (a, b) if a.kind == _tensorboard.KIND else (b, a)
        if Path(outer.path) in Path(inner.path).parents:
            return True
    first, second = _plain(a), _plain(b)
    shared = [n for n in first if n in second]
    near = [n for n in shared if math.isclose(first[n], second[n], rel_tol=_SAME, abs_tol=1e-12)]
    informative = {round(first[n], 6) for n in near} - {0.0, 1.0}
    return len(near) == len(shared) and len(informative) >= _FEWEST


def _plain(log: RunLog) -> dict[str, float]:
    """Finite last values by names without separators: eval/loss and eval_loss are one."""
    return {
        name.replace("/", "_").removeprefix("train_"): value
        for name, value in log.last().items()
        if math.isfinite(value)
    }


def _evaluated(
    training: list[RunLog], evaluations: Sequence[RunLog]
) -> tuple[list[RunLog], list[str]]:
    """Evaluations put to the run that trained their model, or to one row a model."""
    runs = list(training)
    notes: list[str] = []
    alone: dict[str, list[RunLog]] = defaultdict(list)
    for log in sorted(evaluations, key=lambda log: log.time or 0.0):
        place, why = _trained(runs, log)
        if place is None:
            alone[log.of or log.run].append(log)
            continue
        own = runs[place]
        runs[place] = replace(
            own,
            points=own.points + log.points,
            notes=own.notes + log.notes,
            better={**own.better, **log.better},
            evaluated=own.evaluated | log.last().keys(),
        )
        notes.append(f"results of {log.kind} for {log.of} were joined to run {own.run} by {why}")
    for group in alone.values():
        newest = group[-1]
        points = tuple(p for log in group for p in log.points)
        repeated = len(points) - len({tuple(sorted(p.values)) for p in points})
        if repeated:
            notes.append(
                f"{newest.of} was scored {repeated + 1} times on the same tasks: the newest counts"
            )
        runs.append(
            replace(
                newest,
                points=points,
                settings={k: v for log in group for k, v in log.settings.items()},
                better={k: v for log in group for k, v in log.better.items()},
                notes=tuple(dict.fromkeys(n for log in group for n in log.notes)),
                state="done" if points else newest.state,
            )
        )
    return runs, notes


def _trained(runs: Sequence[RunLog], log: RunLog) -> tuple[int | None, str]:
    """The run whose model was evaluated: by its folder, or by a name that one run alone has."""
    of = Path(log.of or "")
    folder = of.parent if of.name.startswith("checkpoint-") else of
    by_path = [k for k, r in enumerate(runs) if Path(r.path).resolve() == folder.resolve()]
    if len(by_path) == 1:
        return by_path[0], "its folder"
    by_name = [k for k, r in enumerate(runs) if r.run == folder.name and folder.name]
    if len(by_name) == 1:
        return by_name[0], "its name"
    return None, ""
