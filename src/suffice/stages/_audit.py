"""A file of labels, audited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from suffice.labels.kinds import Kind
    from suffice.progress import Progress
    from suffice.supply import Audit, RankingAudit, ScaleAudit


def audit(
    labels: str | Path,
    gold: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    drop_missing: bool = False,
    missing: Sequence[str] = (),
    workers: Sequence[str] = (),
    judges: Sequence[str] | None = None,
    kind: Kind | None = None,
    below: float = 0.05,
    progress: Progress | None = None,
    seed: int = 0,
) -> Audit | ScaleAudit | RankingAudit:
    """Read labels and audit them; ``suffice.audit`` does the same to labels that were read.

    Args:
        labels: the file.
        gold: a file with a task column and the right label of some or all tasks.
        columns: which column of the file holds the task, worker, label and so on.
        classes: all labels that there can be; by default those that occur.
        drop_missing: leave out rows without a task, worker or label instead of refusing them.
        missing: labels that mean no answer, beside those that surely do.
        workers: columns that hold one worker's labels each, by name or by pattern.
        judges: workers who are language models; by default those who are recognised.
        kind: ``classes``, ``pairs``, ``scale`` or ``ranking``; by default what the values look
            like.
        below: the level of shared error that matters.
        progress: shows the stages of the work; by default nothing is shown.
        seed: of the random draws.

    Raises:
        InputError: the labels or the gold cannot be used.
    """
    from suffice.labels import read_labels
    from suffice.supply import audit as run_audit

    # The table goes straight on: the audit lets go of its rows once they are numbered.
    return run_audit(
        read_labels(
            labels,
            columns=columns,
            drop_missing=drop_missing,
            workers=workers,
            missing=missing,
            classes=classes or (),
        ),
        gold,
        seed,
        kind=kind,
        classes=classes,
        judges=judges,
        below=below,
        progress=progress,
    )
