"""``suffice init``: a study file to start from, for the user's own data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from suffice.cli._screen import say

Kind = Literal["preferences", "votes", "ratings", "runs"]


def init(
    path: Path = Path("study.toml"),
    *,
    kind: Kind = "preferences",
    from_: Annotated[list[Path] | None, Parameter(name="--from", negative=())] = None,
    force: bool = False,
) -> None:
    """Write a commented study file.

    Examples
    --------
    `suffice init my-study.toml`

    `suffice init votes.toml --kind votes`

    `suffice init mine.toml --kind runs --from runs.csv`

    Parameters
    ----------
    path
        File to write.
    kind
        preferences: chosen/rejected files as TRL reads them; votes: crowd votes task, worker,
        label; ratings: a copy of the example study; runs: training runs made elsewhere.
    from_
        Table of runs (CSV, TSV, parquet, JSON or JSON lines), for `--kind runs`; may be given
        several times, as for `ratios.csv` and `metrics.csv`.
    force
        Overwrite the file if it is there.
    """
    from suffice import stages

    written = stages.init(path, kind=kind, force=force, tables=from_ or ())
    say(f"{written}: edit it, then `suffice run {path}`")
