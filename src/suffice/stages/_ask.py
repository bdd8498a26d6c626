"""Hand out the next runs, and take in what came out of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError
from suffice.stages import _runs_stages
from suffice.stages._out import OUT
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.estimate import Estimate
    from suffice.plan import Asking, Next
    from suffice.stages._own import OwnRuns
    from suffice.stages._workspace import Given

    Floats = NDArray[np.float64]

_MOST_NEAR, _SPREAD = 6, 24
"""Measured cells that a repeat of is weighed, those nearest to the plan, and mixtures spread over
what was measured. Chosen for time."""


@dataclass(frozen=True)
class AskedRun:
    """A run that was handed out.

    Attributes:
        id: to tell its result by.
        curve: labels by source and round.
        model, seed: to train with.
        price: of the run, its labels left out.
        worth: what knowing its result is worth, in money; None before a law can be fitted.
        repeat: whether this very curve was measured before.
    """

    id: str
    curve: Curve
    model: str
    seed: int
    price: float
    worth: Estimate | None
    repeat: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.id,
            "labels": counts_of(self.curve),
            "curve": str(self.curve),
            "model": self.model,
            "seed": self.seed,
            "price": self.price,
            "worth": None if self.worth is None else self.worth.as_dict(),
            "repeat": self.repeat,
        }


def ask(
    study: Given,
    folder: str | Path = OUT,
    *,
    count: int = 1,
    money: float | None = None,
    value: float | None = None,
) -> tuple[AskedRun, ...]:
    """Hand out runs; they are pending from then on, until they are told.

    Args:
        study: a study of runs, its file, or a workspace.
        folder: for the results, where no workspace is given.
        count: how many runs at most.
        money: for the runs, their labels left out.
        value: money that meeting the criterion is worth, instead of what the study says.

    Raises:
        InputError: the study has no table of runs, or a number cannot be.
    """
    if count < 1:
        raise InputError(f"{count} runs were asked for", fix="ask for 1 at least")
    if money is not None and not 0.0 < money < float("inf"):
        raise InputError(f"--money {money:g} is no amount", fix="give a positive one")
    from suffice.demand.response import UNNAMED
    from suffice.records import RunEvent

    work = Workspace.of(study, folder)
    own = _own(work)
    price = work.study.next.run
    if money is not None and price > 0.0:
        count = min(count, int(money / price + 1e-9))
        if count < 1:
            raise InputError(
                f"--money {money:g} pays for no run, one costs {price:g}", fix="give more"
            )
    taken = set(own.runs.ids)
    seeds = [int(s) for s in own.runs.seeds if s is not None and s.lstrip("-").isdigit()]
    seed = max(seeds) + 1 if seeds else 0
    number = 1
    found: list[AskedRun] = []
    for curve, worth, repeat in _wanted(work, own, count, value):
        while f"ask-{number}" in taken:
            number += 1
        taken.add(f"ask-{number}")
        found.append(
            AskedRun(f"ask-{number}", curve, work.study.models.target, seed, price, worth, repeat)
        )
        seed += 1
    own.log.add(
        [
            RunEvent(
                event="asked",
                id=a.id,
                counts={name: float(n) for name, n in counts_of(a.curve).items()},
                model=None if a.model == UNNAMED else a.model,
                seed=str(a.seed),
            )
            for a in found
        ]
    )
    own.forget()
    return tuple(found)


def weigh(work: Workspace, count: int, value: float | None) -> Asking:
    """What runs are worth, without handing any out.

    Raises:
        InputError: too few runs are done for a law.
    """
    from suffice.plan import ask_runs

    own = _own(work)
    plan = _runs_stages.choose(work, target=None, money=None, weeks=None)
    options = [plan.recommended, *plan.alternatives, *plan.frontier]
    actions = list(dict.fromkeys(o.curve for o in options if o.curve is not None))
    return ask_runs(
        own.law,
        own.market,
        own.criterion,
        actions,
        _candidates(own, actions),
        count=count,
        price=work.study.next.run,
        value=value if value is not None else work.study.next.value,
        pending=_of_state(own, "pending"),
        seed=work.study.seed,
    )


_MOST_WEIGHED = 6
"""Runs that ``suffice next`` lists. Chosen: as many as are read at a glance."""


def next_run(work: Workspace, value: float | None) -> Next:
    """What single runs are worth against their price, best first."""
    from suffice.plan import Measurement, Next

    found = weigh(work, _MOST_WEIGHED, value)
    rows = tuple(
        Measurement(f"{'repeat' if w.repeat else 'run'} of {w.curve}", w.price, w.worth)
        for w in found.runs
    )
    # Each row's worth is beside the rows before it, so that the order is the order to make them in.
    best = rows[0] if rows and rows[0].net > 0.0 else None
    return Next(best, rows, found.perfect, found.value, found.stated, found.action)


def _wanted(
    work: Workspace, own: OwnRuns, count: int, value: float | None
) -> list[tuple[Curve, Estimate | None, bool]]:
    from suffice.demand.response import FEWEST_RUNS

    if int(own.runs.done.sum()) >= FEWEST_RUNS:
        return [(w.curve, w.worth, w.repeat) for w in weigh(work, count, value).runs]
    first = _first(own)
    made = [*_of_state(own, "pending"), *_of_state(own, "done")]
    left = [c for c in first if c not in made] or first
    return [(left[k % len(left)], None, False) for k in range(count)]


def _of_state(own: OwnRuns, wanted: str) -> list[Curve]:
    from suffice.demand.response import curve_of

    table = own.runs
    keys = [(s, r) for s in table.sources for r in table.rounds]
    return [
        curve_of(keys, table.round_counts[k].reshape(-1))
        for k, state in enumerate(table.states)
        if state == wanted
    ]


def _first(own: OwnRuns) -> list[Curve]:
    """Runs to start with, before any law: each source alone, all together, and halves of both."""
    from suffice.curve import Curve, Tranche

    market = own.market
    most = {s: market.most_labels(s) for s in market.order}
    found = []
    for scale in (1.0, 0.5, 0.25):
        for s in market.order:
            found.append(Curve((Tranche(s, max(int(most[s] * scale), 1)),)))
        if len(market.order) > 1:
            share = scale / len(market.order)
            found.append(
                Curve(tuple(Tranche(s, max(int(most[s] * share), 1)) for s in market.order))
            )
    return list(dict.fromkeys(found))


def _candidates(own: OwnRuns, actions: Sequence[Curve]) -> list[Curve]:
    """The plan's purchases, repeats of measured cells near them, and mixtures spread between."""
    from suffice._streams import Stream
    from suffice.demand.response import curve_of

    cells = own.response.cells
    names = set(own.market.sources)
    measured = np.array(
        [
            row
            for row in cells.points.counts
            if all(n == 0.0 or s in names for (s, _), n in zip(cells.columns, row, strict=True))
        ]
    )
    wanted = cells.counts(actions)
    gap = np.abs(np.log1p(measured)[:, None, :] - np.log1p(wanted)[None, :, :]).sum(axis=2)
    near = np.argsort(gap.min(axis=1), kind="stable")[:_MOST_NEAR]
    rng = Stream.RESPONSE_ASK.rng(own.study.seed, 1)
    pairs = rng.integers(len(measured), size=(_SPREAD, 2))
    share = rng.random((_SPREAD, 1))
    between = share * measured[pairs[:, 0]] + (1.0 - share) * measured[pairs[:, 1]]
    if own.total is not None:
        between *= own.total / np.maximum(between.sum(axis=1, keepdims=True), 1e-12)
    rows = [*measured[near], *between]
    found = [*actions, *(curve_of(cells.columns, row) for row in rows)]
    return [c for c in dict.fromkeys(found) if c.tranches]


def tell(
    study: Given,
    results: str | Path | None = None,
    *,
    run: str | None = None,
    values: Mapping[str, float] | None = None,
    errors: Mapping[str, float] | None = None,
    failed: Sequence[str] = (),
) -> tuple[int, int, int]:
    """Take in results of runs, whether they were handed out or not.

    Args:
        study: a study of runs, its file, or a workspace.
        results: a table with the study's columns; rows of runs that were handed out need their id
            and metrics alone.
        run: id of a single run, with ``values`` and ``errors`` by metric.
        values, errors: of that run, and their standard errors.
        failed: ids of runs that went wrong.

    Returns:
        Runs told, foreign ones among them, and failed ones.

    Raises:
        InputError: a run is unknown, or a value is no number.
    """
    from suffice.records import RunEvent

    work = Workspace.of(study)
    own = _own(work)
    events: list[RunEvent] = []
    if run is not None:
        events.append(_told(own, run, values or {}, errors or {}))
    for name in failed:
        _known(own, name)
        events.append(RunEvent(event="failed", id=name))
    foreign = 0
    if results is not None:
        rows = _rows(own, Path(results))
        foreign = sum(e.event == "added" for e in rows)
        events += rows
    if not events:
        raise InputError("nothing was told", fix="name a table, --run ID metric=value or --failed")
    own.log.add(events)
    own.forget()
    return len(events) - len(failed), foreign, len(failed)


def _own(work: Workspace) -> OwnRuns:
    if work.own is None:
        raise InputError(
            f"a study of {work.study.task.kind} trains its own runs",
            where=work.study.origin,
            fix="ask and tell are for studies of kind runs",
        )
    return work.own


def _known(own: OwnRuns, run: str) -> None:
    waiting = [i for i, s in zip(own.runs.ids, own.runs.states, strict=True) if s != "done"]
    if run not in waiting:
        raise InputError(
            f"no run {run!r} is awaited",
            where=str(own.log.path),
            fix=f"awaited: {', '.join(waiting) or 'none'}",
        )


def _told(own: OwnRuns, run: str, values: Mapping[str, float], errors: Mapping[str, float]) -> Any:  # noqa: ANN401
    from suffice.records import RunEvent

    _known(own, run)
    names = [m.name for m in own.metrics]
    if not values:
        raise InputError(f"run {run!r} has no value", fix=f"give {names[0]}=VALUE")
    for name, value in [*values.items(), *errors.items()]:
        if name not in names:
            raise InputError(f"{name!r} is no metric", fix=f"metrics: {', '.join(names)}")
        if not np.isfinite(value):
            raise InputError(f"{name} of {run!r} is no finite number", fix="or tell --failed")
    return RunEvent(event="told", id=run, values=dict(values), errors=dict(errors))


def _rows(own: OwnRuns, path: Path) -> list[Any]:
    """Events of a table of results."""
    from dataclasses import replace

    from suffice.demand.runs.tables import read_runs
    from suffice.records import RunEvent
    from suffice.stages._own import columns_of

    columns = columns_of(own)
    if columns.run is None:
        columns = replace(columns, run="id")
    awaited = {i for i, s in zip(own.runs.ids, own.runs.states, strict=True) if s != "done"}
    short = _short(own, path, columns.run or "id", awaited)
    if short is not None:
        return short
    table = read_runs(path, columns)
    events = []
    for k, name in enumerate(table.ids):
        values = {
            m.name: float(v)
            for m, v in zip(table.metrics, table.values[k], strict=True)
            if np.isfinite(v)
        }
        errors = {
            m.name: float(v)
            for m, v in zip(table.metrics, table.errors[k], strict=True)
            if np.isfinite(v)
        }
        if table.states[k] == "failed":
            events.append(RunEvent(event="failed", id=name))
        elif name in awaited:
            events.append(RunEvent(event="told", id=name, values=values, errors=errors))
        else:
            counts = {
                (s if r == 1 else f"{s}@{r}"): float(table.round_counts[k, i, j])
                for i, s in enumerate(table.sources)
                for j, r in enumerate(table.rounds)
                if table.round_counts[k, i, j] > 0.0
            }
            events.append(
                RunEvent(
                    event="added",
                    id=name if name not in own.runs.ids else f"{path.stem}-{name}",
                    counts=counts,
                    values=values,
                    errors=errors,
                    model=table.models[k],
                    seed=table.seeds[k],
                )
            )
    return events


def _short(own: OwnRuns, path: Path, run: str, awaited: set[str]) -> list[Any] | None:
    """Rows of ids and metrics alone, of runs that were handed out; None for whole tables."""
    from suffice.labels.formats import read_frame

    frame = read_frame(path)
    name = next((c for c in (run, "id", "run") if c in frame.columns), None)
    metrics = {m: s.column or m for m, s in own.study.metrics.items()}
    if name is None or not any(c in frame.columns for c in metrics.values()):
        return None
    rows = frame.iter_rows(named=True)
    if not all(str(row[name]) in awaited for row in frame.iter_rows(named=True)):
        return None
    found = []
    for row in rows:
        values = {m: row[c] for m, c in metrics.items() if c in row and row[c] is not None}
        errors = {
            m: row[s.error]
            for m, s in own.study.metrics.items()
            if s.error in row and row[s.error] is not None
        }
        where = f"{path}, {row[name]}"
        found.append(_told(own, str(row[name]), _floats(values, where), _floats(errors, where)))
    return found


def counts_of(curve: Curve) -> dict[str, int]:
    """Labels by source, and by ``source@round`` after the first round."""
    return {(t.source if t.round == 1 else f"{t.source}@{t.round}"): t.labels for t in curve}


def _floats(values: Mapping[str, object], where: str) -> dict[str, float]:
    found = {}
    for name, value in values.items():
        try:
            found[name] = float(str(value))
        except ValueError:
            raise InputError(f"{name} is {value!r}, no number", where=where) from None
    return found
