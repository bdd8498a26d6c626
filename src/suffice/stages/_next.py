"""What to measure next, or to buy now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.stages._ask import next_run
from suffice.stages._fit import fit, gold_shifts
from suffice.stages._out import OUT
from suffice.stages._owner import owned
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.plan import Next
    from suffice.stages._workspace import Given


def what_next(study: Given, folder: str | Path = OUT, *, value: float | None = None) -> Next:
    """Weigh measurements against buying now; writes ``next.json``.

    Args:
        study: a study, its file, or a workspace.
        folder: for the results, where no workspace is given.
        value: money that meeting the criterion is worth, instead of what the study says.

    Raises:
        InputError: ``value`` is no positive amount.
    """
    from suffice.plan import Prices
    from suffice.plan import make_plan as choose
    from suffice.plan import what_next as weigh

    if value is not None and not 0.0 < value < float("inf"):
        raise InputError(f"--value {value:g} is no value", fix="give a positive amount")
    work = Workspace.of(study, folder)
    with owned(work):
        if work.own is not None:
            found = next_run(work, value)
            work.write(found.record())
            return found
        law = fit(work)[work.study.models.target]
        shifts, seed = gold_shifts(work), work.study.seed
        prices = work.study.next.model_dump()
        if value is not None:
            prices["value"] = value
        with work.progress.step("next", total=2) as step:
            plan = choose(law, work.market, work.criterion, seed=seed)
            step.advance()
            found = weigh(
                law,
                work.market,
                work.criterion,
                plan,
                Prices(**prices),
                gold_shifts=shifts,
                seed=seed,
            )
            step.advance()
        work.write(found.record())
        return found
