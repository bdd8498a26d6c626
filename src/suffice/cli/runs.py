"""``suffice runs``: one row a run from the logs of trainers and trackers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from suffice.stages import GatheredRuns

_NAMED = 6
"""Metrics that the line about them names; chosen: the file has them all."""


def runs(
    *folders: Path,
    out: Path = Path("runs.csv"),
    column: Annotated[list[str] | None, Parameter(negative=())] = None,
    metric: Annotated[list[str] | None, Parameter(negative=())] = None,
    keep: str = "last",
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Gather one row a run from logs of training and evaluation, for a study of your own runs.

    Reads what Hugging Face Trainer and TRL, LLaMA-Factory, axolotl, verl, OpenRLHF (TensorBoard),
    tinker-cookbook, lm-evaluation-harness, inspect_ai, MLflow, Trackio and W&B leave in folders,
    without any of them installed. No log says how many labels of each source a run had: name the
    keys of settings that do. What is missing is said and left empty.

    Examples:
        suffice runs outputs --column n_crowd=data.n_crowd --column data_seed=data.seed

        suffice runs outputs lm_eval_results --out runs.csv --metric toy/acc

        suffice runs mlflow.db --column n_human=n_human --keep best:eval_accuracy

    Args:
        folders: folders with logs, searched with all that is below, or single files.
        out: the CSV file to write.
        column: a column and the key of the setting that holds it: n_SOURCE=KEY, data_seed=KEY,
            model=KEY and so on; keys of nested settings are joined by dots. Repeat it for more.
        metric: a metric to keep; repeat it for more. Left out: those of held-out data.
        keep: which of a run's steps counts: last, or best:METRIC.
        json: print the rows and notes as JSON.
        quiet: no progress.
    """
    from suffice import stages
    from suffice.cli._common import choose_progress, print_json, print_lines, read_columns
    from suffice.errors import InputError

    if not folders:
        raise InputError("no folder was named", fix="suffice runs FOLDER... --out runs.csv")
    found = stages.gather(
        folders,
        out,
        mapping=read_columns(column),
        metrics=metric or (),
        keep=keep,
        progress=choose_progress(as_json=json, quiet=quiet),
    )
    if json:
        print_json(
            {
                "out": str(out),
                "settings": list(found.settings),
                "metrics": list(found.metrics),
                "notes": list(found.notes),
                "runs": [_finite(row) for row in found.frame.to_dicts()],
            }
        )
        return
    print_lines(_lines(found, out))


def _lines(found: GatheredRuns, out: Path) -> list[str]:
    names = list(found.metrics)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return [
        *(f"{note}." for note in found.notes),
        f"{len(names)} metrics: {', '.join(names[:_NAMED])}{more}.",
        f"{out} has {len(found.frame)} runs, one a row.",
    ]


def _finite(row: dict[str, object]) -> dict[str, object]:
    """A row for JSON, which knows no infinity."""
    return {
        k: None if isinstance(v, float) and not abs(v) < float("inf") else v for k, v in row.items()
    }
