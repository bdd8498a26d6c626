"""``suffice audit``: what labels are worth and who can be trusted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from suffice.supply import Audit

_SHOWN = 10


def audit(
    labels: Path,
    *,
    gold: Path | None = None,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    below: float = 0.05,
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

        suffice audit votes.parquet --json > summary.json

    Args:
        labels: the file with the labels.
        gold: a file with a task column and the right label of some or all tasks.
        out: a folder for tasks.csv, workers.csv, sources.csv, pairs.csv and summary.json; for
            comparisons also items.csv, positions.csv and preferences.csv.
        json: print the summary as JSON instead of text.
        below: the share of tasks that everybody may get wrong together; without gold, how many
            gold tasks would bring the bound below it is said.
        seed: of the random draws; the same seed gives the same numbers.
    """
    from suffice.supply import audit as run_audit

    result = run_audit(labels, gold, seed, below=below)
    written = result.write(out) if out is not None else []
    if json:
        import json as json_module

        print(json_module.dumps(result.summary, indent=2, ensure_ascii=False, allow_nan=False))
        return
    for line in _lines(result):
        print(line)
    for path in written:
        print(f"wrote {path}", file=sys.stderr)


def _lines(result: Audit) -> list[str]:
    from suffice.supply import summary_lines

    lines = summary_lines(result.summary)
    for row in result.sources.iter_rows(named=True):
        place = "" if row["slice"] == "all" else f", slice {row['slice']}"
        price = ""
        if row["price_per_bit"] is not None:
            price = (
                f"; a bit costs {row['price_per_bit']:.3g} "
                f"({row['price_per_bit_low']:.3g} to {row['price_per_bit_high']:.3g})"
            )
        lines.append(
            f"Source {row['source']}{place}: a label is wrong {100 * row['error']:.1f} % of the "
            f"time ({100 * row['error_low']:.1f} to {100 * row['error_high']:.1f} %) and worth "
            f"{row['bits']:.3f} bits ({row['bits_low']:.3f} to {row['bits_high']:.3f}){price}."
        )
    suspects = result.suspects.sort("labels", descending=True)
    for row in suspects.head(_SHOWN).iter_rows(named=True):
        group = f" [group {row['group']}]" if row["group"] else ""
        lines.append(
            f"Suspect {row['worker']}{group}, {row['labels']:,} labels, accuracy "
            f"{row['accuracy']:.2f} ({row['low']:.2f} to {row['high']:.2f}): {row['reason']}."
        )
    if len(suspects) > _SHOWN:
        lines.append(f"... and {len(suspects) - _SHOWN} more suspects (--out writes them all).")
    return lines
