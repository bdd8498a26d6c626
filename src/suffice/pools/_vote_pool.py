"""Task pools of votes on texts, or on pairs of texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError
from suffice.labels import (
    LabelTable,
    Spelling,
    counted,
    match_ids,
    normal_texts,
    read_gold,
    read_labels,
)
from suffice.labels.formats import read_frame
from suffice.pools._given import ONE_SLICE, place_of
from suffice.pools._task_pool import SourceLabels, TaskList, TaskPool, number_of, told_pool
from suffice.pools._vote_classes import check_judged, classes_of, kind_of_votes, listed_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels.kinds import LabelKind
    from suffice.pools._given import Place
    from suffice.progress import Progress


def vote_pool(
    labels: Mapping[str, Path | LabelTable | pl.DataFrame],
    items: Path | pl.DataFrame,
    gold: Path | pl.DataFrame,
    *,
    classes: Sequence[str] | None,
    slice_by: str | None,
    group_by: str | None = None,
    seed: int,
    progress: Progress,
) -> TaskPool:
    """A pool of texts with crowd votes of two or more classes, or of pairs of texts with two.

    Args:
        labels: for each source its file (task, worker, label), the table of it, or its rows.
        items: file or rows with ``task`` and ``text``, or ``task``, ``text_a`` and ``text_b``.
        gold: file or rows with ``task`` and ``label``.
        classes: the possible labels; of two the second is the positive answer, which for a pair
            means that ``text_a`` is better. None for those that occur, in natural order.
        slice_by: column of ``items`` that names a task's slice; None for a single slice.
        group_by: column of ``items``; tasks of one value stay on one side of the split.
        seed: of the split.
        progress: told what the reader assumed.
    """
    listing, trusted = place_of(items, "items"), place_of(gold, "gold")
    places = {name: place_of(given, f"labels of {name}") for name, given in labels.items()}
    frame = _items_frame(items, listing, {c for c in (slice_by, group_by) if c})
    tables = {
        name: given if isinstance(given, LabelTable) else read_labels(given)
        for name, given in labels.items()
    }
    for name, table in tables.items():
        for note in table.notes:
            progress.note(f"{places[name].name}: {note}")
    known = list(classes or classes_of(tables))
    spelling = Spelling.of(known)
    paired = "text_b" in frame.columns
    kind = kind_of_votes(known, tables, places, listing if paired else None)
    names = frame["task"].to_list()
    texts = normal_texts(frame["text_a" if paired else "text"]).to_list()
    if paired:
        texts += normal_texts(frame["text_b"]).to_list()
    slices, slice_names = number_of(
        frame[slice_by].cast(str).to_list() if slice_by else [ONE_SLICE] * len(names)
    )
    truth = np.full(len(names), np.nan)
    truths = read_gold(gold)
    place = match_ids(list(truths), names, "gold tasks")
    for note in place.notes:
        progress.note(f"{trusted.name}: {note}")
    for (t, label), row in zip(truths.items(), place.place, strict=True):
        if (code := kind.code(spelling.read(label))) is None:
            raise InputError(
                f"gold of task {t!r} is {label!r}",
                where=trusted.where,
                fix=f"the classes are {listed_names(known)}",
            )
        if row >= 0:
            truth[row] = code
    if place.lost:
        progress.note(
            f"{trusted.name}: {counted(place.lost, 'gold task')} without a text in {listing.name} "
            "left out"
        )
    count = len(names)
    # The same text under two task names must not stand on both sides of a split.
    same_text, _ = number_of(texts[:count])
    groups = same_text
    if group_by:
        groups = _together(same_text, number_of(frame[group_by].cast(str).to_list())[0])
    listed = TaskList(
        items=tuple(str(x) for x in texts),
        a=np.arange(count, dtype=np.int64),
        b=np.arange(count, 2 * count) if paired else np.full(count, -1, dtype=np.int64),
        slices=slices,
        slice_names=tuple(str(s) for s in slice_names),
        group=groups,
        gold=truth,
        kind=kind,
    )
    check_judged(kind, truth, tables, trusted, progress if classes else None)
    votes = {
        name: _votes(table.frame, names, kind, spelling, places[name], listing, progress)
        for name, table in tables.items()
    }
    for name, said in votes.items():
        _alarm(listed, same_text, said, places[name], progress)
    return told_pool(listed, votes, seed=seed, where=trusted.where, progress=progress)


def _votes(
    frame: pl.DataFrame,
    names: Sequence[Any],
    kind: LabelKind,
    spelling: Spelling,
    place: Place,
    items: Place,
    progress: Progress,
) -> SourceLabels:
    ids = frame["task"].unique(maintain_order=True).to_list()
    found = match_ids(ids, names, "tasks")
    for note in found.notes:
        progress.note(f"{place.name}: {note}")
    number = dict(zip(ids, found.place, strict=True))
    codes = {word: kind.code(spelling.read(word)) for word in frame["label"].unique().to_list()}
    tasks, values = [], []
    # Rows may have been merged by now, so a label is named by its task and worker.
    for task, worker, label in frame.select("task", "worker", "label").iter_rows():
        if (code := codes[label]) is None:
            raise InputError(
                f"label {label!r} of task {task!r} by worker {worker!r} is outside the classes "
                f"{listed_names(kind.names)}",
                where=place.where,
                fix="mend it, or name the classes in task.classes",
            )
        if number[task] < 0:
            raise InputError(
                f"task {task!r} has no text", where=place.where, fix=f"add it to {items.where}"
            )
        tasks.append(number[task])
        values.append(code)
    return SourceLabels(np.array(tasks, dtype=np.int64), np.array(values))


def _together(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Groups of tasks that are linked by equal values of either number [task]."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    texts = int(one.max()) + 1
    size = texts + int(other.max()) + 1
    links = coo_array((np.ones(len(one)), (one, texts + other)), shape=(size, size))
    found = connected_components(links, directed=False)[1]
    return np.asarray(found[one], dtype=np.int64)


def _alarm(
    tasks: TaskList,
    same_text: NDArray[np.int64],
    said: SourceLabels,
    place: Place,
    progress: Progress,
) -> None:
    """Say so where a source labelled the texts of gold, but under other names."""
    mine = np.unique(said.task)
    judged = ~np.isnan(tasks.gold)
    near = mine[np.isin(same_text[mine], same_text[judged])]
    shared = int(judged[mine].sum())
    if len(near) > 2 * shared:
        progress.note(
            f"{place.name}: {counted(len(near), 'task')} of it are texts of the gold, but only "
            f"{shared:,} are its tasks: does one text have several ids?"
        )


def _items_frame(items: Path | pl.DataFrame, place: Place, others: set[str]) -> pl.DataFrame:
    frame = read_frame(items) if isinstance(items, Path) else items
    wanted = {"task", "text_a", "text_b"} if "text_a" in frame.columns else {"task", "text"}
    wanted |= others
    if missing := sorted(wanted - set(frame.columns)):
        raise InputError(
            f"no column {missing[0]!r}; there are: {', '.join(frame.columns)}", where=place.where
        )
    frame = frame.select(sorted(wanted))
    if frame.is_empty():
        raise InputError("there are no tasks in it", where=place.where, fix="add rows")
    for name in sorted(wanted):
        empty = frame[name].is_null().arg_true()
        if len(empty):
            raise InputError(
                f"{len(empty)} cells of {name!r} are empty (data row {empty[0] + 1} first)",
                where=place.where,
                fix="fill them in, or leave those rows out",
            )
    twice = frame["task"].is_duplicated() & ~frame["task"].is_first_distinct()
    if twice.any():
        name, again = frame["task"].filter(twice)[0], int(twice.sum())
        raise InputError(
            f"{counted(again, 'row')} repeat{'s' * (again == 1)} the task of an earlier row, "
            f"{name!r} first",
            where=place.where,
            fix="keep one row a task",
        )
    return frame
