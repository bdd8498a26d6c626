"""One audit for every kind of label: the kind is seen in the values, or named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from suffice.errors import InputError
from suffice.supply._audit import audit_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice.labels import LabelTable
    from suffice.labels.kinds import Kind
    from suffice.progress import Progress
    from suffice.supply._audit_record import Audit
    from suffice.supply.rankings import RankingAudit
    from suffice.supply.scales import ScaleAudit
    from suffice.supply.workers import CrowdPrior


@overload
def audit(
    labels: LabelTable | str | Path,
    gold: Mapping[Any, Any] | str | Path | None = None,
    seed: int = 0,
    *,
    kind: Literal["classes", "pairs"],
    classes: Sequence[str] | None = None,
    judges: Sequence[str] | None = None,
    below: float = 0.05,
    prior: CrowdPrior | None = None,
    progress: Progress | None = None,
) -> Audit: ...
@overload
def audit(
    labels: LabelTable | str | Path,
    gold: Mapping[Any, Any] | str | Path | None = None,
    seed: int = 0,
    *,
    kind: Literal["scale"],
    classes: Sequence[str] | None = None,
    judges: Sequence[str] | None = None,
    below: float = 0.05,
    prior: CrowdPrior | None = None,
    progress: Progress | None = None,
) -> ScaleAudit: ...
@overload
def audit(
    labels: LabelTable | str | Path,
    gold: Mapping[Any, Any] | str | Path | None = None,
    seed: int = 0,
    *,
    kind: Kind | None = None,
    classes: Sequence[str] | None = None,
    judges: Sequence[str] | None = None,
    below: float = 0.05,
    prior: CrowdPrior | None = None,
    progress: Progress | None = None,
) -> Audit | ScaleAudit | RankingAudit: ...
def audit(
    labels: LabelTable | str | Path,
    gold: Mapping[Any, Any] | str | Path | None = None,
    seed: int = 0,
    *,
    kind: Kind | None = None,
    classes: Sequence[str] | None = None,
    judges: Sequence[str] | None = None,
    below: float = 0.05,
    prior: CrowdPrior | None = None,
    progress: Progress | None = None,
) -> Audit | ScaleAudit | RankingAudit:
    """Audit labels: what is right, who can be trusted, what a label is worth.

    Words are classes, words for two sides are pairs, and numbers lie on a scale where their values
    say so (see ``kind_of``); ``kind`` decides otherwise. ``audit_classes`` and ``audit_scale`` say
    what is modelled of each.

    Args:
        labels: a label table, or a file that ``read_labels`` reads.
        gold: task -> right label, or a file with a task and a gold column. May cover a few tasks.
        seed: of the random draws; the same seed gives the same numbers.
        kind: ``classes``, ``pairs``, ``scale`` or ``ranking``; by default what the values look
            like.
        classes: all labels that there can be, in order; by default those that occur. Names make
            classes, unless the kind is named too.
        judges: the workers who are language models; by default those whose kind (column ``kind``),
            source or name says so. Beside people they count as one voter. Not asked of scales.
        below: the level of shared error that matters to you; without gold the summary says how
            many gold tasks would bring its bound below this. Not asked of scales.
        prior: what other crowds are like; by default what public crowds with gold showed. Not
            asked of scales.
        progress: shows the stages of the work; by default nothing is shown.

    Returns:
        An ``Audit`` of classes and pairs, a ``ScaleAudit`` of a scale, a ``RankingAudit`` of
        rankings.

    Raises:
        InputError: the labels or the gold cannot be used; the message says where and why.

    Example:
        >>> from suffice import audit
        >>> result = audit("labels.csv", gold="gold.csv")  # doctest: +SKIP
        >>> result.suspects  # doctest: +SKIP
    """
    from suffice.labels.kinds import KINDS, kind_of

    if kind is not None and kind not in KINDS:
        raise InputError(f"there is no kind {kind!r}", fix=f"name one of {', '.join(KINDS)}")
    if seed < 0:
        raise InputError(f"{seed} is no seed", fix="give 0 or more")
    table = read_table(labels)
    del labels
    right, said = read_right(gold, like=table.columns.get("task"))
    # Names of classes say that they are classes, or, where they are words for sides, sides.
    if kind is None and classes is None:
        kind, note = kind_of(table)
        said = [*said, *([note] if note else [])]
    if kind == "scale":
        from suffice.supply.scales import audit_scale

        return audit_scale(table, right, seed, values=classes, notes=said, progress=progress)
    if kind == "ranking":
        from suffice.supply.rankings import audit_rankings

        return audit_rankings(table, right, seed, notes=said, progress=progress)
    # Whoever keeps no table of their own needs no memory for its rows once they are numbered.
    held = [table]
    del table
    return audit_classes(
        held.pop(),
        right,
        seed,
        classes=classes,
        pairs=None if kind is None else kind == "pairs",
        judges=judges,
        below=below,
        prior=prior,
        notes=said,
        progress=progress,
    )


def read_table(labels: LabelTable | str | Path) -> LabelTable:
    """A label table, read where it is a file."""
    from suffice.labels import LabelTable

    if isinstance(labels, str | Path):
        from suffice.labels import read_labels

        return read_labels(labels)
    if not isinstance(labels, LabelTable):
        raise InputError(
            f"labels are a {type(labels).__name__}", fix="give a LabelTable or the path of a file"
        )
    return labels


def read_right(
    gold: Mapping[Any, Any] | str | Path | None, like: str | None = None
) -> tuple[Mapping[Any, Any], list[str]]:
    """Gold by task, and what its file was read as; ``like`` is what the labels call their tasks."""
    if gold is None:
        return {}, []
    if isinstance(gold, str | Path):
        from suffice.labels import gold_of_file

        return gold_of_file(gold, like=like)
    return gold, []
