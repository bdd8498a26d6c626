"""``suffice convert``: labels and preferences in the form that another tool reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def convert(
    given: Path,
    out: Path,
    *,
    to: Literal["trl", "openai", "label-studio", "argilla", "table"],
    column: Annotated[list[str] | None, Parameter(negative=())] = None,
    workers: Annotated[list[str] | None, Parameter(negative=())] = None,
    drop_missing: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write labels or preferences for another tool, and say what it cannot carry.

    Examples:
        suffice convert pairs.jsonl train.jsonl --to trl

        suffice convert pairs.jsonl finetune.jsonl --to openai

        suffice convert export.json labels.csv --to table

        suffice convert labels.csv tasks.json --to label-studio

    Args:
        given: a file of labels or preferences, see suffice formats.
        out: the file to write; its ending says how.
        to: trl and openai take pairs of texts, label-studio, argilla and table any labels.
        column: OURS=THEIRS, which column of the file is which; repeat it for more. For exports,
            label=QUESTION.
        workers: columns that hold one person's labels each, with commas or as a pattern ('r*').
        drop_missing: leave out rows without a task, worker or label instead of refusing them.
        json: print what was written as JSON.
    """
    from suffice import stages
    from suffice.cli._common import print_json, print_lines, read_columns

    result = stages.convert(
        given,
        out,
        to=to,
        columns=read_columns(column),
        drop_missing=drop_missing,
        workers=workers or (),
    )
    if json:
        print_json({"path": str(result.path), "rows": result.rows, "lost": result.lost,
                    "notes": result.notes})  # fmt: skip
        return
    print_lines(f"Note: {note}." for note in result.notes)
    print_lines(f"Not carried: {what}." for what in result.lost)
    print(f"wrote {result.path}: {result.rows:,} rows", file=sys.stderr)
