"""``suffice score``: how anybody's forecasts of training runs came out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.estimate import Estimate
    from suffice.stages import Scores


def score(
    forecasts: Path,
    *,
    board: Path | None = None,
    go: float = 0.5,
    json: Annotated[bool, Parameter(negative=())] = False,
    seed: int = 0,
) -> None:
    """Score forecasts of training runs: Brier and log score, skill, calibration, go and no go.

    A row is one forecast: p (that the run meets its criterion) and outcome (1 or 0). Optional:
    group (rows that are not independent, such as those of one curve; intervals resample groups),
    set, cost, and p_NAME, another forecast of the same run, such as p_base_rate.

    Examples:
        suffice score forecasts.csv

        suffice score forecasts.csv --board docs/results/board.csv --json

    Args:
        forecasts: the file with the forecasts: CSV, TSV, parquet, JSON or JSON lines.
        board: a frozen table with the outcomes; the forecasts then need id and p alone.
        go: a run is made where P is at least this.
        json: print the scores as JSON.
        seed: of the resamples behind the intervals.
    """
    from suffice import stages
    from suffice.cli._common import print_json, print_lines

    found = stages.score(forecasts, board, go=go, seed=seed)
    if json:
        print_json(found.as_dict())
        return
    say(*_lines(found.scores))
    print_lines(f"{note}." for note in found.notes)


def _lines(s: Scores) -> Iterator[str]:
    yield f"{s.forecasts} forecasts in {s.groups} groups; {s.base_rate:.0%} of the runs met theirs"
    yield f"Brier score {_told(s.brier)}; 0 is perfect, always one half scores .250"
    yield f"log score {_told(s.log_score, 2)}; 0 is perfect, always one half scores -.69"
    for name, skill in s.skill.items():
        yield f"skill over {name} {_told(skill, 2)}; its Brier score is {s.brier_of[name]:.3f}"
    yield (
        f"go where P is at least {s.go.threshold:g}: successes kept {_share(s.go.successes_kept)}, "
        f"failures stopped {_share(s.go.failures_stopped)}, cost saved {_share(s.go.saved)}"
    )
    yield "calibration: where P was     forecasts   said   came true (90 % interval)"
    for b in s.curve:
        row = f"{b.low:>20.1f} to {b.high:.1f}{b.forecasts:>12}{b.said:>8.2f}"
        yield f"{row}   {_told(b.came, 2)}"
    for name, (count, brier) in s.by_set.items():
        yield f"{name}: Brier score {brier:.3f} of {count} forecasts"


def _told(e: Estimate, digits: int = 3) -> str:
    if abs(e.value) == float("inf"):
        return "minus infinity"
    return f"{e.value:.{digits}f} ({e.low:.{digits}f} to {e.high:.{digits}f})"


def _share(e: Estimate | None) -> str:
    return "none there" if e is None else f"{e.value:.0%} ({e.low:.0%} to {e.high:.0%})"
