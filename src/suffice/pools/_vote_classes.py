"""Which classes the votes of a study have, and whether they can be learned and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels import Spelling, answer_key, counted, natural_order
from suffice.labels.kinds import MOST_CLASSES, Comparison, TwoWay, classes_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.labels import LabelTable
    from suffice.labels.kinds import LabelKind
    from suffice.pools._given import Place
    from suffice.progress import Progress

_MOST_LISTED = 8
"""Names of classes that a message lists. Chosen: it stays one line."""


def classes_of(tables: Mapping[str, LabelTable]) -> tuple[str, ...]:
    """The classes that occur among the labels, each in one spelling, in their order."""
    given: dict[str, str] = {}
    for table in tables.values():
        for name in table.classes:
            given.setdefault(answer_key(name), name)
    # Two have always been told apart by letter; the second is the positive answer.
    names = list(given.values())
    return tuple(sorted(names, key=answer_key)) if len(names) == 2 else natural_order(names)


def kind_of_votes(
    known: Sequence[str],
    tables: Mapping[str, LabelTable],
    labels: Mapping[str, Place],
    paired: Place | None,
) -> LabelKind:
    """The kind of labels that name these classes.

    Args:
        known: the classes.
        tables, labels: what each source said, and where that stands.
        paired: where the items stand, if they are pairs of texts.

    Raises:
        InputError: these classes cannot be learned.
    """
    where = ", ".join(p.where for p in labels.values())
    spelling = Spelling.of(known)
    given = {spelling.read(c) for t in tables.values() for c in t.classes}
    if len(given) == 1:
        raise InputError(
            f"all labels are {given.pop()!r}: one class only teaches nothing",
            where=where,
            fix="add labels of the other class" if len(known) < 3 else "add labels of the others",
        )
    if len(known) > MOST_CLASSES:
        raise InputError(
            f"{len(known)} classes are too many: {', '.join(known[:4])} and so on",
            where=where,
            fix=f"keep {MOST_CLASSES} at most, or name them in task.classes",
        )
    if len(known) == 2:
        # With labels of both, there is nothing more that could be wrong with two.
        return classes_kind(known) if paired is None else Comparison((known[0], known[1]))
    if paired is not None:
        raise InputError(
            f"pairs of texts take two classes, and there are {len(known)}: {listed_names(known)}",
            where=paired.where,
            fix="keep two, or give single texts in a column 'text'",
        )
    if never := [c for c in known if c not in given]:
        raise InputError(
            f"no label is {never[0]!r}, so that no training can teach this class",
            where=where,
            fix="add labels of it, or leave it out of task.classes and its tasks out of the gold",
        )
    return classes_kind(known)


def check_judged(
    kind: LabelKind,
    truth: NDArray[np.float64],
    tables: Mapping[str, LabelTable],
    gold: Place,
    progress: Progress | None,
) -> None:
    """Say which classes no gold task is of: a model that gives them is never judged right.

    Args:
        kind: of the labels; gold of two-way ones is checked where it is split off.
        truth: number of the right one [task]; NaN where there is no gold.
        tables: what each source said.
        gold: where gold stands.
        progress: told about it; None where the classes were found in the labels, so that such a
            class may be a slip.

    Raises:
        InputError: there is such a class, and it may be a slip.
    """
    if isinstance(kind, TwoWay):
        return
    for number, name in enumerate(kind.names):
        if (truth == number).any():
            continue
        said = sum(
            int((t.frame["label"] == c).sum())
            for t in tables.values()
            for c in t.classes
            if answer_key(c) == answer_key(name)
        )
        unseen = f"no gold task is {name!r}, and {counted(said, 'label')} said so"
        if progress is None:
            raise InputError(
                unseen, where=gold.where, fix="mend a slip, or name the classes in task.classes"
            )
        progress.note(f"{gold.name}: {unseen}: a model that gives this class is never right")


def listed_names(names: Sequence[str]) -> str:
    """Names in one line, the first ones where there are many."""
    if len(names) > _MOST_LISTED:
        return f"{', '.join(names[:_MOST_LISTED])} and {len(names) - _MOST_LISTED} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"
