"""``suffice enough``: may one stop? A confidence sequence on fresh gold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from suffice.cli._screen import say


def enough(
    gold: Path,
    *,
    error: float,
    slice_error: Annotated[list[str] | None, Parameter(negative=())] = None,
    share: Annotated[list[str] | None, Parameter(negative=())] = None,
    severe: float | None = None,
    alpha: float = 0.05,
    used: Annotated[list[Path] | None, Parameter(negative=())] = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Say whether fresh gold shows that the error is low enough.

    The answer holds at any time: judge one more item, ask again, and stop as soon as it says
    "enough". Fresh gold is gold that trained nothing and chose nothing.

    Examples
    --------
    `suffice enough gold.csv --error .05`

    `suffice enough gold.csv --error .05 --slice-error hard=.1 --used labels.csv`

    `suffice enough gold.csv --error .05 --severe .01`

    `suffice enough gold.csv --error .05 --share hard=.2 --share easy=.8 --json`

    Parameters
    ----------
    gold
        CSV of judged items in the order they were judged: `wrong` (0 or 1), or `label` and
        `gold`; `slice`, `task` and `severe` (0 or 1) where known.
    error
        Highest overall error allowed.
    slice_error
        Highest error allowed in a slice, as SLICE=LIMIT; may be given several times.
    share
        Share of the task that a slice stands for, as SLICE=SHARE, where slices were not sampled
        in proportion; then for every slice.
    severe
        Highest rate of severe failures allowed: rare ones, none of which may ever have been seen.
    alpha
        Chance, at most, of ever saying "enough" where it is not.
    used
        CSV files whose `task` column names what trained or chose anything; gold among it is
        refused. May be given several times.
    json
        Print the verdict as JSON.
    """
    from suffice import stages
    from suffice.cli._common import print_json

    found = stages.enough(
        gold,
        error=error,
        slice_error=_numbers("--slice-error", slice_error),
        share=_numbers("--share", share),
        severe=severe,
        alpha=alpha,
        used=used or (),
    )
    if json:
        print_json(found.as_dict())
        return
    said = found.enough
    where = "" if said.at is None else f", since item {said.at:,}"
    say(f"{said.conclusion}{where} ({found.items:,} items, alpha {alpha:g})")
    for p in said.tested:
        say(
            f"  {p.name:<20} {p.wrong:,} of {p.total:,} wrong: {p.error.value:.4f} "
            f"({p.error.low:.4f} to {p.error.high:.4f}), limit {p.limit:g}"
        )
    if not used:
        say("Valid if this gold trained nothing and chose nothing: --used FILE checks that.")


def _numbers(flag: str, given: list[str] | None) -> dict[str, float]:
    """Read NAME=NUMBER."""
    from suffice.errors import InputError

    found = {}
    for text in given or ():
        name, _, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            name = ""
        if not name:
            raise InputError(f"{flag} {text!r}", fix="write it like hard=.1")
    return found
