"""``suffice ledger``: how earlier forecasts came out."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.estimate import Estimate
    from suffice.stages import TrackRecord


def ledger(out: Path = OUT, *, json: bool = False) -> None:
    """List every forecast that was made before its runs, how it came out, and the scores of all.

    Examples
    --------
    `suffice ledger results`

    Parameters
    ----------
    out
        Folder that `suffice run` wrote.
    json
        Print forecasts, scores and the calibration curve as JSON.
    """
    from suffice import stages
    from suffice.cli._common import print_json
    from suffice.estimate import equals, probability

    found = stages.ledger(out)
    if json:
        print_json(found.as_dict())
        return
    for e in found.entries:
        low, high = e.predictive
        came = "not run yet" if e.passed is None else f"{e.passed}/{e.total} passed"
        bounds = f"{probability(e.p.low)} to {probability(e.p.high)}"
        p = bounds if e.p.mean is None else equals(e.p.mean)
        line = f"{e.time[:10]}  P {p}, {low} to {high} of {e.total}: {came}  {e.bought()}"
        say(*textwrap.wrap(line, 80, subsequent_indent=" " * 12, break_on_hyphens=False))
    say(*_record(found.record))


def _record(record: TrackRecord) -> Iterator[str]:
    yield f"{record.forecasts} forecasts, {record.scored} of them scored"
    if record.brier is None or record.log_score is None or record.covered is None:
        return

    def told(e: Estimate, digits: int) -> str:
        return f"{e.value:.{digits}f} ({e.low:.{digits}f} to {e.high:.{digits}f})"

    yield f"Brier score {told(record.brier, 3)}; 0 is perfect, always one half scores .250"
    yield f"log score {told(record.log_score, 2)}; 0 is perfect, always one half scores -.69"
    yield f"counts inside their 95 % intervals: {told(record.covered, 2)}"
    yield "calibration: where P was     forecasts   said   came true (90 % interval)"
    for b in record.curve:
        yield f"{b.low:>20.1f} to {b.high:.1f}{b.forecasts:>12}{b.said:>8.2f}   {told(b.came, 2)}"
