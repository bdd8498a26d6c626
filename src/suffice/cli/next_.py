"""``suffice next``: what to measure before buying, or whether to buy now."""

from __future__ import annotations

import textwrap
from pathlib import Path

from suffice.cli._common import OUT
from suffice.cli._screen import say


def next_(
    study: Path | None = None,
    *,
    out: Path = OUT,
    value: float | None = None,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """Name the measurement that is most worth its price, or say that none is.

    A measurement (pilot runs, a gold audit, a guideline trial, an adversary sweep) is worth what
    it can be expected to better the decision by, in money. Prices and priors stand in the study's
    section [next].

    Examples
    --------
    `suffice next my-study.toml --out results`

    `suffice next --value 5000 --json`

    Parameters
    ----------
    study
        Study file; the example study by default.
    out
        Folder for next.json.
    value
        Money that it is worth to meet the criterion, instead of what the study says.
    json
        Print next.json.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    found = stages.what_next(workspace(study, out, as_json=json, quiet=quiet), value=value)
    if json:
        print_json(found.record().as_json())
        return
    if found.best is None:
        say("No measurement is worth its price: go on without one.")
    else:
        say(f"Next: {found.best.name}, for {found.best.price:,.2f}.")
    say(*textwrap.wrap(f"Best without measuring: {found.action}.", 80, subsequent_indent="  "))
    source = "as stated" if found.stated else "as the budget implies; --value states it"
    say(f"Meeting the criterion is worth {found.value:,.2f} ({source}).")
    say(f"{'measurement':<44}{'price':>9}{'worth':>9}   90 % interval")
    for m in found.measurements:
        say(
            f"{m.name:<44}{m.price:>9,.2f}{m.worth.value:>9,.2f}   "
            f"{m.worth.low:,.2f} to {m.worth.high:,.2f}"
        )
    say(f"To know everything would be worth {found.perfect.value:,.2f}, and no more.")
