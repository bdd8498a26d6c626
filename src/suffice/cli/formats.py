"""``suffice formats``: which files of labels are read and written."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from suffice.cli._screen import say


def formats(*, json: Annotated[bool, Parameter(negative=())] = False) -> None:
    """List the files of labels that are read, what is kept of each, and what is lost.

    Examples:
        suffice formats

        suffice formats --json

    Args:
        json: print the list as JSON.
    """
    from dataclasses import asdict

    from suffice import stages
    from suffice.cli._common import print_json

    if json:
        print_json([asdict(one) for one in stages.list_formats()])
        return
    for one in stages.list_formats():
        lost = f"; not: {one.lost}" if one.lost else ""
        target = f"; written by --to {one.target}" if one.target else ""
        say(f"{one.name}: {one.kept}{lost}{target}")
