"""Runs beside those of a table: handed out and awaited, told since, or gone wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.runs.tables._columns import RunColumns
from suffice.demand.runs.tables._table import Covariate, RunTable, State
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.metric import Metric


@dataclass(frozen=True)
class MoreRun:
    """One run.

    Attributes:
        id: what it is called.
        counts: labels by source and round.
        values: what it reached, by metric; empty while it is awaited.
        errors: standard errors of those values, where they are known.
        model, seed: of its training.
        state: done, pending or failed.
    """

    id: str
    counts: Mapping[tuple[str, int], float]
    values: Mapping[str, float] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    model: str | None = None
    seed: str | None = None
    state: State = "done"


def table_of(
    rows: Sequence[MoreRun], sources: Sequence[str], metrics: Sequence[Metric], origin: str
) -> RunTable:
    """A table of nothing but such runs.

    Raises:
        InputError: a run holds a source or a metric that is none of these.
    """
    nothing = RunTable(
        origin=origin,
        ids=(),
        sources=tuple(sources),
        counts=np.zeros((0, len(sources))),
        unit="labels",
        rounds=(1,),
        round_counts=np.zeros((0, len(sources), 1)),
        models=(),
        sizes=np.zeros(0),
        seeds=(),
        data_seeds=(),
        covariates=(),
        metrics=tuple(metrics),
        values=np.zeros((0, len(metrics))),
        errors=np.zeros((0, len(metrics))),
        times=np.zeros(0),
        states=(),
        means=(),
        columns=RunColumns(),
        taken=(),
        unused=(),
        notes=(),
    )
    return with_more(nothing, rows)


def with_more(table: RunTable, rows: Sequence[MoreRun]) -> RunTable:
    """A table with further runs after its own; one whose id the table has already is left out.

    What else differs between the table's runs (sizes apart, which follow the model) is unknown of
    these, and stands at what is most usual.

    Raises:
        InputError: a run holds a source or a metric that the table has not.
    """
    known = set(table.ids)
    new = [r for r in rows if r.id not in known]
    if not new:
        return table
    rounds = tuple(sorted({*table.rounds, *(k for r in new for _, k in r.counts)}))
    old = np.zeros((len(table), len(table.sources), len(rounds)))
    for j, k in enumerate(table.rounds):
        old[:, :, rounds.index(k)] = table.round_counts[:, :, j]
    more = np.zeros((len(new), len(table.sources), len(rounds)))
    values = np.full((len(new), len(table.metrics)), np.nan)
    errors = values.copy()
    named = {m.name: j for j, m in enumerate(table.metrics)}
    for i, r in enumerate(new):
        for (source, k), n in r.counts.items():
            if source not in table.sources:
                raise _unknown(table, r.id, "source", source, table.sources)
            more[i, table.sources.index(source), rounds.index(k)] += n
        for given, into in ((r.values, values), (r.errors, errors)):
            for name, value in given.items():
                if name not in named:
                    raise _unknown(table, r.id, "metric", name, tuple(named))
                into[i, named[name]] = value
    size_of = {
        m: float(s) for m, s in zip(table.models, table.sizes, strict=True) if np.isfinite(s)
    }
    sizes = np.array([size_of.get(r.model, np.nan) for r in new])
    blank = np.full(len(new), np.nan)
    round_counts = np.concatenate([old, more])
    return replace(
        table,
        ids=(*table.ids, *(r.id for r in new)),
        counts=round_counts.sum(axis=2),
        rounds=rounds,
        round_counts=round_counts,
        models=(*table.models, *(r.model for r in new)),
        sizes=np.concatenate([table.sizes, sizes]),
        seeds=(*table.seeds, *(r.seed for r in new)),
        data_seeds=(*table.data_seeds, *(None for _ in new)),
        covariates=tuple(_extended(c, len(new)) for c in table.covariates),
        values=np.concatenate([table.values, values]),
        errors=np.concatenate([table.errors, errors]),
        times=np.concatenate([table.times, blank]),
        states=(*table.states, *(r.state for r in new)),
    )


def _unknown(table: RunTable, run: str, what: str, name: str, known: Sequence[str]) -> InputError:
    return InputError(
        f"run {run!r} has {what} {name!r}",
        where=table.origin,
        fix=f"known: {', '.join(known) or 'none'}",
    )


def _extended(covariate: Covariate, count: int) -> Covariate:
    """A setting at its most usual value for runs of which it is unknown."""
    if covariate.words is not None:
        said = [w for w in covariate.words if w is not None]
        usual = max(dict.fromkeys(said), key=said.count) if said else None
        return replace(covariate, words=(*covariate.words, *([usual] * count)))
    assert covariate.values is not None
    known = covariate.values[np.isfinite(covariate.values)]
    middle = float(np.median(known)) if len(known) else np.nan
    return replace(covariate, values=np.concatenate([covariate.values, np.full(count, middle)]))
