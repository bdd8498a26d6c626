"""Measures the cells of a grid: what is stored is taken, the rest is trained and stored."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from suffice.corruption import corruptions
from suffice.demand.runs._executors import LocalProcesses
from suffice.demand.runs._store import RunStore, cell_key
from suffice.demand.runs._work import Work
from suffice.evidence import CellRuns, Run
from suffice.metric import names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.channel import Source
    from suffice.demand.runs._work import Executor
    from suffice.demand.schemes import Embedded, Scheme
    from suffice.evidence import Cell
    from suffice.pools import Pool
    from suffice.progress import Progress


def cell_runs(
    cell: Cell, found: CellRuns, pool: Pool, scheme: Scheme, sources: Mapping[str, Source]
) -> list[Run]:
    """The runs of a cell, one by one."""
    curve = cell.curve.curve
    return [
        Run(
            pool=pool.fingerprint,
            unique_items=pool.unique_items,
            model=cell.model,
            scheme=scheme.name,
            curve=curve,
            corrupted=tuple(corruptions(cell.curve)),
            seed=seed,
            metrics=dict(zip(names(pool.evaluation.metrics), map(float, scores), strict=True)),
            penalty=float(penalty),
            cost=curve.cost(sources),
            seconds=float(seconds),
        )
        for seed, scores, penalty, seconds in zip(
            cell.seeds, found.scores, found.penalties, found.seconds, strict=True
        )
    ]


def measure(
    cells: Sequence[Cell],
    pool: Pool,
    models: Mapping[str, Embedded],
    scheme: Scheme,
    store: RunStore,
    progress: Progress,
    *,
    name: str = "grid",
    executor: Executor | None = None,
) -> list[CellRuns]:
    """Train every cell that the store does not hold, and return all of them in order.

    Work is lost only in cells under way when the process is stopped; calling again goes on.

    Args:
        cells: what to train.
        pool: tasks and evaluation.
        models: by name, with the features of the pool's items.
        scheme: how to train.
        store: where runs are kept.
        progress: advances by runs.
        name: of the step.
        executor: where to train; by default in one process a core.
    """
    executor = executor or LocalProcesses()
    fingerprints = {name: model.fingerprint for name, model in models.items()}
    keys = [_key(c, pool, fingerprints, scheme) for c in cells]
    found = [store.get(k, c.seeds) for k, c in zip(keys, cells, strict=True)]
    while store.notes:
        progress.note(store.notes.pop(0))
    todo = [i for i, runs in enumerate(found) if runs is None]
    # The largest cells first, so that no worker is left alone with one of them at the end.
    todo.sort(key=lambda i: -cells[i].curve.curve.tasks)
    with progress.step(name, total=sum(len(c.seeds) for c in cells)) as step:
        step.advance(sum(len(c.seeds) for c, r in zip(cells, found, strict=True) if r is not None))
        work = Work(pool, models, scheme)
        with closing(executor.run(work, [cells[i] for i in todo])) as results:
            for position, runs in results:
                i = todo[position]
                store.put(keys[i], _about(cells[i], pool, scheme), cells[i].seeds, runs)
                # Runs that were there stay as they are: what is stored is what counts.
                found[i] = store.get(keys[i], cells[i].seeds)
                step.advance(len(cells[i].seeds))
    if todo:
        progress.note(f"{name}: at most {_peak_memory():.1f} GB of memory in one process")
    return [runs for runs in found if runs is not None]


def _peak_memory() -> float:
    """The most memory that this process, or any of its children so far, has held, in GB."""
    import resource

    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    # Linux counts in kilobytes.
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1e6


def _about(cell: Cell, pool: Pool, scheme: Scheme) -> dict[str, Any]:
    return {
        "model": cell.model,
        "scheme": scheme.name,
        "curve": cell.curve.curve.as_list(),
        "metrics": list(names(pool.evaluation.metrics)),
    }


def stored_runs(
    cells: Sequence[Cell],
    pool: Pool,
    fingerprints: Mapping[str, str],
    scheme: Scheme,
    store: RunStore,
) -> int:
    """How many runs of these cells need not be trained any more; ``fingerprints`` by model."""
    keys = [_key(c, pool, fingerprints, scheme) for c in cells]
    there = zip(keys, cells, strict=True)
    return sum(len(c.seeds) for k, c in there if store.get(k, c.seeds) is not None)


def _key(cell: Cell, pool: Pool, fingerprints: Mapping[str, str], scheme: Scheme) -> str:
    model = fingerprints[cell.model]
    found = [getattr(t.channel, "fingerprint", None) or "" for t in cell.curve]
    synthetic = found if any(found) else []
    curve = cell.curve.curve
    return cell_key(pool.fingerprint, model, scheme.name, scheme.version, curve, synthetic)
