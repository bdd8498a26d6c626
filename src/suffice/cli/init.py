"""``suffice init``: a study file to start from, for the user's own data."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from suffice.cli._screen import say

Kind = Literal["preferences", "votes", "ratings"]


def init(
    path: Path = Path("study.toml"), *, kind: Kind = "preferences", force: bool = False
) -> None:
    """Write a commented study file.

    Examples
    --------
    `suffice init my-study.toml`

    `suffice init votes.toml --kind votes`

    Parameters
    ----------
    path
        File to write.
    kind
        preferences: chosen/rejected files as TRL reads them; votes: crowd votes task, worker,
        label; ratings: a copy of the example study.
    force
        Overwrite the file if it is there.
    """
    from suffice import stages

    say(f"{stages.init(path, kind=kind, force=force)}: edit it, then `suffice run {path}`")
