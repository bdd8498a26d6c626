"""Runs out of the logs of trainers and trackers, as a table that a study can name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.demand.runs.logs import GatheredRuns
    from suffice.progress import Progress


def gather(
    folders: Sequence[str | Path],
    out: str | Path | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    metrics: Sequence[str] = (),
    keep: str = "last",
    progress: Progress | None = None,
) -> GatheredRuns:
    """Gather one row a run from folders of logs, and write them.

    Args:
        folders: folders with logs, or single files.
        out: a CSV file to write; None for none.
        mapping: the name of a column, such as ``n_crowd`` or ``data_seed`` -> the key of the
            setting that holds it.
        metrics: names of metrics to keep; by default those of held-out data.
        keep: ``last`` or ``best:METRIC``.
        progress: shows the reading.

    Raises:
        InputError: there are no logs, one cannot be read, or a key is in none.
        StorageError: the file cannot be written.
    """
    from suffice._disk import write_file
    from suffice.demand.runs.logs import gather_runs

    found = gather_runs(folders, mapping, metrics=metrics, keep=keep, progress=progress)
    if out is not None:
        write_file(Path(out), found.frame.write_csv().encode())
    return found
