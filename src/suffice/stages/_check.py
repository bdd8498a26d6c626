"""The fifth stage: forecasts held to account by fresh runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._streams import Stream
from suffice.evidence import Cell
from suffice.stages import _runs_stages
from suffice.stages._out import OUT
from suffice.stages._owner import owned
from suffice.stages._plan import plan
from suffice.stages._seeds import check_seeds
from suffice.stages._train import can_train, evidence_of, resolve, train, write_runs
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from suffice.curve import Curve
    from suffice.plan import Option
    from suffice.records import CheckRow
    from suffice.stages._workspace import Given


LEVEL_OF_COUNTS = 0.95
"""A convention: intervals of what is counted hold this much of the forecast's probability."""


def check(
    study: Given,
    folder: str | Path = OUT,
    *,
    options: Sequence[Option] | None = None,
    seed: int | None = None,
) -> tuple[CheckRow, ...]:
    """Hold the forecasts to account by training for real; completes ``plan.json``.

    Every checked curve's forecast is in the ledger, on disk, before the first run starts. The runs
    draw fresh tasks and labels with fresh seeds.

    Args:
        study: a study, its file, or a workspace.
        folder: for the results, where no workspace is given.
        options: whose curves are trained on; those of the plan that was made last in this
            workspace, or of one that is made now.
        seed: the first of the fresh ones; by default one that the grid leaves free.

    Raises:
        InputError: the grid has used some of the seeds.
    """
    from suffice.records import CheckRow, PlanRecord

    work = Workspace.of(study, folder)
    if work.own is not None:
        _runs_stages.check(work)
        return ()
    with owned(work):
        if options is None:
            if work.planned is None:
                plan(work)
            options = () if work.planned is None else work.planned.options
        total = work.study.check.runs
        seeds = tuple(check_seeds(work.study, seed))
        bought = [o for o in options if o.forecast is not None]
        # A curve that stands in two rows (all the money goes to one source) is checked once.
        distinct = [o for i, o in enumerate(bought) if o.curve not in [b.curve for b in bought[:i]]]
        tried = [o for o in distinct if can_train(work, _curve(o))]
        left_out = [o.name for o in distinct if o not in tried]
        rng = Stream.CHECK_PREDICTIVE.rng(work.study.seed)
        written = [_write_forecast(work, o, rng, total, seeds) for o in tried]
        target = work.study.models.target
        cells = [Cell(target, resolve(work, _curve(o)), seeds) for o in tried]
        found = evidence_of(work, cells, train(work, cells, "check"))
        checks = []
        for option, (key, low, high), result in zip(tried, written, found.runs, strict=True):
            met = work.criterion.met(result.scores, found.metrics)
            work.ledger.score(key, int(met.sum()))
            checks.append(
                CheckRow(
                    name=option.name,
                    passed=int(met.sum()),
                    total=total,
                    predictive_low=low,
                    predictive_high=high,
                    p=None if option.forecast is None else option.forecast.said(),
                    synthetic=any(t.operated for t in _curve(option)),
                )
            )
        work.write(PlanRecord.read(work.folder).checked(checks, left_out))
        if cells:
            write_runs(work, "check", found)
        return tuple(checks)


def _write_forecast(
    work: Workspace, option: Option, rng: np.random.Generator, total: int, seeds: Sequence[int]
) -> tuple[str, int, int]:
    if option.forecast is None:
        raise ValueError("an option without a forecast cannot be checked")
    low, high = option.forecast.predictive(total, rng, LEVEL_OF_COUNTS)
    key = work.ledger.forecast(
        work.study.digest(),
        option.name,
        _curve(option),
        option.forecast.counted(),
        (low, high),
        total,
        seeds=(seeds[0], seeds[-1]),
    )
    return key, low, high


def _curve(option: Option) -> Curve:
    if option.curve is None:
        raise ValueError("an option without a curve cannot be trained")
    return option.curve
