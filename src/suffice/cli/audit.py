"""``suffice audit``: what labels are worth and who can be trusted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from suffice._shown import clean

if TYPE_CHECKING:
    from suffice.stages import Audit

_SHOWN = 10
"""Slices and suspects in the text; chosen to fit a screen. Files and JSON hold all."""


def audit(
    labels: Path,
    *,
    gold: Path | None = None,
    out: Path | None = None,
    column: Annotated[list[str] | None, Parameter(negative=())] = None,
    classes: str | None = None,
    drop_missing: Annotated[bool, Parameter(negative=())] = False,
    missing: Annotated[list[str] | None, Parameter(negative=())] = None,
    workers: Annotated[list[str] | None, Parameter(negative=())] = None,
    judges: str | None = None,
    kind: Literal["classes", "pairs", "scale", "ranking"] | None = None,
    below: float = 0.05,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    seed: int = 0,
) -> None:
    """Audit labels: which are right, who can be trusted, what a label is worth.

    Reads CSV, TSV, parquet, JSON and JSON lines: one row a label with task, worker and label
    (obvious column names are recognised), one column a worker, preference pairs with chosen and
    rejected, comparisons of items (left, right, label), and Label Studio and Argilla exports.
    Prints what the labels can and cannot tell.

    Examples:
        suffice audit labels.csv

        suffice audit labels.csv --gold gold.csv --out audit/

        suffice audit export.csv --column worker=turker --column label=verdict

        suffice audit export.csv --missing -1 --missing unsure --column gold=

        suffice audit panel.csv --workers ana,bo,cy

        suffice audit panel.csv --judges gpt-4o,claude-3 --gold gold.csv

        suffice audit ratings.csv --kind scale --classes 1,2,3,4,5

        suffice audit votes.parquet --json > summary.json

    Args:
        labels: the file with the labels.
        gold: a file with a task column and the right label of some or all tasks.
        out: a folder for tasks.csv, workers.csv, sources.csv, pairs.csv and summary.json; for
            comparisons also items.csv, positions.csv and preferences.csv. Nothing is written
            without it.
        column: OURS=THEIRS, which column of the file holds the task, worker, label, source, slice
            and so on; repeat it for more. For exports, label=QUESTION. With nothing behind the =,
            no column is taken for it, whatever it is called.
        classes: all labels that there can be, with commas; by default those that occur.
        drop_missing: leave out rows without a task, worker or label instead of refusing them.
        missing: a label that means no answer, such as -1; repeat it for more. N/A, null, skipped
            and the like are known.
        workers: columns that hold one person's labels each, with commas or as a pattern ('r*'),
            where their names do not tell; repeat it for more.
        judges: workers who are language models, with commas ('' for none); by default those whose
            kind, source or name says so. Beside people they count as one voter.
        kind: classes, pairs (labels name a side), scale (numbers such as 1 to 5 or 0 to 100) or
            ranking (a > b = c); by default what the values look like, which the notes say.
        below: a level of shared error that matters to you; without gold the audit says how many
            gold tasks would bring its bound below it.
        json: print the summary as JSON instead of text.
        quiet: no progress.
        seed: of the random draws; the same seed gives the same numbers.
    """
    from suffice import stages
    from suffice.cli._common import choose_progress, make_folder, print_lines, read_columns
    from suffice.stages import Audit

    named = [name.strip() for name in classes.split(",")] if classes is not None else None
    models = (
        [name.strip() for name in judges.split(",") if name.strip()] if judges is not None else None
    )
    columns = read_columns(column)
    if out is not None:
        make_folder(out)
    result = stages.audit(
        labels,
        gold,
        columns=columns,
        classes=named,
        drop_missing=drop_missing,
        missing=missing or (),
        workers=workers or (),
        judges=models,
        kind=kind,
        below=below,
        progress=choose_progress(as_json=json, quiet=quiet),
        seed=seed,
    )
    written = result.write(out) if out is not None else []
    if json:
        import json as json_module

        print(json_module.dumps(result.summary.as_json(), indent=2, ensure_ascii=False))
    else:
        print_lines(_lines(result) if isinstance(result, Audit) else result.lines())
    for path in written:
        print(f"wrote {clean(str(path))}", file=sys.stderr)


def _lines(result: Audit) -> list[str]:
    from suffice.stages import summary_lines

    return [*summary_lines(result.summary), *_source_lines(result), *_suspect_lines(result)]


def _source_lines(result: Audit) -> list[str]:
    """Each source, then the slices with most errors."""
    rows = list(result.sources.iter_rows(named=True))
    whole = [row for row in rows if row["slice"] == "all"]
    parts = sorted((row for row in rows if row["slice"] != "all"), key=lambda r: -r["error"])
    lines = [_source_line(row) for row in [*whole, *parts[:_SHOWN]]]
    if len(parts) > _SHOWN:
        lines.append(
            f"... and {len(parts) - _SHOWN:,} more slices of sources, with fewer errors (--out "
            "writes them all)."
        )
    return lines


def _source_line(row: dict[str, Any]) -> str:
    places = [f"{name} {row[name]}" for name in ("source", "slice") if row[name] != "all"]
    head = ", ".join(places)
    price = ""
    if row["price_per_bit"] is not None:
        price = (
            f"; a bit costs {row['price_per_bit']:.3g} "
            f"({row['price_per_bit_low']:.3g} to {row['price_per_bit_high']:.3g})"
        )
    return (
        f"{head[:1].upper()}{head[1:]}{': a' if head else 'A'} label is wrong "
        f"{100 * row['error']:.1f} % of the time ({100 * row['error_low']:.1f} to "
        f"{100 * row['error_high']:.1f} %) and worth {row['bits']:.3f} bits "
        f"({row['bits_low']:.3f} to {row['bits_high']:.3f}){price}."
    )


def _suspect_lines(result: Audit) -> list[str]:
    suspects = result.suspects.sort("labels", descending=True)
    lines = []
    for row in suspects.head(_SHOWN).iter_rows(named=True):
        group = f" [group {row['group']}]" if row["group"] else ""
        lines.append(
            f"Suspect {row['worker']}{group}, {row['labels']:,} labels, accuracy "
            f"{row['accuracy']:.2f} ({row['low']:.2f} to {row['high']:.2f}): {row['reason']}."
        )
    if len(suspects) > _SHOWN:
        lines.append(f"... and {len(suspects) - _SHOWN} more suspects (--out writes them all).")
    return lines
