"""Task pools from the files of a study: preference pairs, or crowd votes on texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError
from suffice.labels import counted, read_gold, read_labels
from suffice.labels.formats import preferences_of_frame, read_frame
from suffice.labels.kinds import COMPARISON, classes_kind
from suffice.pools._task_pool import SourceLabels, TaskList, TaskPool, number_of, task_pool
from suffice.pools._vote_classes import check_classes, check_judged, classes_of, listed_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from suffice.progress import Progress

ONE_SLICE = "all"
_ANSWERS = ("chosen", "rejected")


def preference_pool(
    labels: Mapping[str, Path],
    gold: Path,
    *,
    group: str,
    slice_by: str | None,
    seed: int,
    progress: Progress,
) -> TaskPool:
    """A pool of preference pairs.

    An item is an answer followed by its prompt: encoders that read a limited number of tokens then
    lose the end of the prompt, not the answer. A source's pair that also stands in the gold file
    audits the source; pairs that share a group or a text with gold are never trained on. An
    annotator's repeats of a pair count once, the last of them; where no annotator is named, a file
    is one annotator's.

    Args:
        labels: for each source its file (prompt, chosen, rejected; JSONL, parquet or CSV).
        gold: file of trusted pairs.
        group: column that keeps pairs together; the prompt where there is no such column.
        slice_by: column that names a pair's slice; None for a single slice.
        seed: of the split.
        progress: told what the reader assumed.
    """
    rows: list[dict[str, Any]] = []
    for name, path in [(None, gold), *labels.items()]:
        frame = read_frame(path)
        table = preferences_of_frame(frame, origin=str(path), columns={})
        for note in table.notes:
            progress.note(f"{path.name}: {note}")
        found = _pair_rows(table.frame, frame[table.rows], name, path, group, slice_by)
        rows += found if name is None else _once(found, path, progress)
    # The same two answers to the same prompt are one task, whoever was preferred.
    tasks, pairs = number_of([(r["group"], *sorted((r["chosen"], r["rejected"]))) for r in rows])
    first = [str(p[1]) for p in pairs if isinstance(p, tuple)]
    value = np.array([float(r["chosen"] == first[t]) for r, t in zip(rows, tasks, strict=True)])
    origin = np.array([r["source"] or "" for r in rows])

    leader = {int(t): r for t, r in reversed(list(zip(tasks, rows, strict=True)))}
    leaders = [leader[t] for t in range(len(pairs))]
    groups, _ = number_of([r["group"] for r in leaders])
    slices, slice_names = number_of([r["slice"] for r in leaders])
    answers = [text for p in pairs if isinstance(p, tuple) for text in p[1:]]
    items, texts = number_of(
        [(g, str(x)) for g, x in zip(np.repeat(groups, 2).tolist(), answers, strict=True)]
    )
    asked = {(g, r[c]): r["prompt"] for g, r in zip(groups, leaders, strict=True) for c in _ANSWERS}
    truth = np.full(len(pairs), np.nan)
    for t, v in zip(tasks[origin == ""], value[origin == ""], strict=True):
        if truth[t] not in (v,) and not np.isnan(truth[t]):
            raise InputError(
                "gold prefers both answers of one pair", where=str(gold), fix="keep one of them"
            )
        truth[t] = v
    listed = TaskList(
        items=tuple(str(x[1]) for x in texts if isinstance(x, tuple)),
        a=items[0::2],
        b=items[1::2],
        slices=slices,
        slice_names=tuple(str(s) for s in slice_names),
        group=groups,
        gold=truth,
        kind=COMPARISON,
        prompts=tuple(asked[x] for x in texts if isinstance(x, tuple)),
    )
    votes = {n: SourceLabels(tasks[origin == n], value[origin == n]) for n in labels}
    return _split(listed, votes, seed, gold, progress)


def vote_pool(
    labels: Mapping[str, Path],
    items: Path,
    gold: Path,
    *,
    classes: Sequence[str] | None,
    slice_by: str | None,
    seed: int,
    progress: Progress,
) -> TaskPool:
    """A pool of texts with crowd votes of two or more classes, or of pairs of texts with two.

    Args:
        labels: for each source its file (task, worker, label).
        items: file with ``task`` and ``text``, or ``task``, ``text_a`` and ``text_b``.
        gold: file with ``task`` and ``label``.
        classes: the possible labels; of two the second is the positive answer, which for a pair
            means that ``text_a`` is better. None for those that occur, in natural order.
        slice_by: column of ``items`` that names a task's slice; None for a single slice.
        seed: of the split.
        progress: told what the reader assumed.
    """
    frame = _items_frame(items, slice_by)
    tables = {name: read_labels(path) for name, path in labels.items()}
    for name, table in tables.items():
        for note in table.notes:
            progress.note(f"{labels[name].name}: {note}")
    truths = {str(t): label for t, label in read_gold(gold).items()}
    known = list(classes or classes_of(tables))
    paired = "text_b" in frame.columns
    check_classes(known, tables, labels, items if paired else None)
    kind = classes_kind(known)
    answer = {name: float(k) for k, name in enumerate(known)}
    names = [str(t) for t in frame["task"].to_list()]
    number = {t: i for i, t in enumerate(names)}
    texts = frame["text_a" if paired else "text"].to_list()
    if paired:
        texts += frame["text_b"].to_list()
    slices, slice_names = number_of(
        frame[slice_by].cast(str).to_list() if slice_by else [ONE_SLICE] * len(names)
    )
    truth = np.full(len(names), np.nan)
    for t, label in truths.items():
        if label not in answer:
            raise InputError(
                f"gold of task {t!r} is {label!r}",
                where=str(gold),
                fix=f"the classes are {listed_names(known)}",
            )
        if t in number:
            truth[number[t]] = answer[label]
    if unknown := sum(t not in number for t in truths):
        progress.note(
            f"{gold.name}: {counted(unknown, 'gold task')} without a text in {items.name} left out"
        )
    count = len(names)
    # The same text under two task names must not stand on both sides of a split.
    groups, _ = number_of(texts[:count])
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
    check_judged(known, truth, tables, gold, progress if classes else None)
    votes = {
        name: _votes(table.frame, number, answer, labels[name], items)
        for name, table in tables.items()
    }
    return _split(listed, votes, seed, gold, progress)


def _split(
    listed: TaskList, votes: Mapping[str, SourceLabels], seed: int, gold: Path, progress: Progress
) -> TaskPool:
    """The pool, having said what cannot be trained on although it has no gold."""
    pool = task_pool(listed, votes, seed=seed, where=str(gold))
    for name, said in votes.items():
        unjudged = int(np.isnan(listed.gold[np.unique(said.task)]).sum())
        if lost := unjudged - (pool.limit(name) or 0):
            progress.note(
                f"{name}: not trained on {counted(lost, 'task')} sharing a group or a text "
                "with gold"
            )
    return pool


def _votes(
    frame: pl.DataFrame,
    number: Mapping[str, int],
    answer: Mapping[str, float],
    path: Path,
    items: Path,
) -> SourceLabels:
    tasks, values = [], []
    # Rows may have been merged by now, so a label is named by its task and worker.
    for task, worker, label in frame.select("task", "worker", "label").iter_rows():
        if label not in answer:
            raise InputError(
                f"label {label!r} of task {task!r} by worker {worker!r} is outside the classes "
                f"{listed_names(list(answer))}",
                where=str(path),
                fix="mend it, or name the classes in task.classes",
            )
        if str(task) not in number:
            raise InputError(
                f"task {task!r} has no text", where=str(path), fix=f"add it to {items}"
            )
        tasks.append(number[str(task)])
        values.append(answer[label])
    return SourceLabels(np.array(tasks, dtype=np.int64), np.array(values))


def _items_frame(path: Path, slice_by: str | None) -> pl.DataFrame:
    frame = read_frame(path)
    wanted = {"task", "text_a", "text_b"} if "text_a" in frame.columns else {"task", "text"}
    wanted |= {slice_by} if slice_by else set()
    if missing := sorted(wanted - set(frame.columns)):
        raise InputError(
            f"no column {missing[0]!r}; there are: {', '.join(frame.columns)}", where=str(path)
        )
    frame = frame.select(sorted(wanted))
    if frame.is_empty():
        raise InputError("there are no tasks in it", where=str(path), fix="add rows")
    for name in sorted(wanted):
        empty = frame[name].is_null().arg_true()
        if len(empty):
            raise InputError(
                f"{len(empty)} cells of {name!r} are empty (data row {empty[0] + 1} first)",
                where=str(path),
                fix="fill them in, or leave those rows out",
            )
    twice = frame["task"].is_duplicated() & ~frame["task"].is_first_distinct()
    if twice.any():
        name, again = frame["task"].filter(twice)[0], int(twice.sum())
        raise InputError(
            f"{counted(again, 'row')} repeat{'s' * (again == 1)} the task of an earlier row, "
            f"{name!r} first",
            where=str(path),
            fix="keep one row a task",
        )
    return frame


def _pair_rows(
    table: pl.DataFrame,
    raw: pl.DataFrame,
    source: str | None,
    path: Path,
    group: str,
    slice_by: str | None,
) -> list[dict[str, Any]]:
    """Plain rows: group, slice, and both answers with the prompt behind them."""
    if slice_by is not None and slice_by not in raw.columns:
        raise InputError(
            f"no column {slice_by!r}; there are: {', '.join(raw.columns)}",
            where=str(path),
            fix="task.slice names the column of the slice",
        )
    own_group = group != "prompt" and group in raw.columns
    groups = raw[group].to_list() if own_group else table["prompt"].to_list()
    slices = raw[slice_by].to_list() if slice_by else [ONE_SLICE] * len(table)
    workers = table["worker"].to_list() if "worker" in table.columns else [None] * len(table)
    found = []
    texts = (table[c].to_list() for c in ("prompt", "chosen", "rejected"))
    for g, s, worker, prompt, chosen, rejected in zip(groups, slices, workers, *texts, strict=True):
        tail = f"\n\n{prompt}" if prompt else ""
        found.append(
            {
                "source": source,
                "worker": worker,
                "group": str(g),
                "slice": str(s),
                "chosen": f"{chosen}{tail}",
                "rejected": f"{rejected}{tail}",
                "prompt": prompt or "",
            }
        )
    return found


def _once(rows: list[dict[str, Any]], path: Path, progress: Progress) -> list[dict[str, Any]]:
    """The last answer of each annotator to each pair; how many were passed over is said."""
    last = {(r["worker"], r["group"], *sorted((r["chosen"], r["rejected"]))): r for r in rows}
    if lost := len(rows) - len(last):
        progress.note(
            f"{path.name}: {counted(lost, 'row')} of an annotator who answered the same pair again "
            "later: the last answer counts"
        )
    return list(last.values())
