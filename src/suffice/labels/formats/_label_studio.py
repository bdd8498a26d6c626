"""Label Studio exports: JSON with all annotations, JSON-MIN and CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._values import counted
from suffice.labels.formats._exports import MOST_ANSWERS, NOBODY, Answers, joined, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Label Studio"
_FLAT = {"annotation_id", "annotator", "lead_time"}
_NO_LABEL = {
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement",
    "history",
}  # fmt: skip
_SIDES = {"left", "right"}
_UNSORTED = "_"
"""The bucket in which a Ranker keeps what nobody has sorted."""
_NAME_IT = "--column label=NAME reads another"
_SLICES, _GOLD = ("slice", "domain", "subset"), ("gold", "gold_label", "ground_truth")


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is one of Label Studio's exports."""
    names = set(frame.columns)
    return {"data", "annotations"} <= names or names >= _FLAT


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of an export: choices, taxonomy, pairwise, ranker, rating and number controls.

    Choices of each item of a task are a task an item. A Ranker's order is the label
    (``a3 > a1 > a2``, of two the better one); of one with buckets, each item's bucket is.
    Annotations marked as ground truth become gold. Cancelled and empty annotations, predictions and
    drafts are counted, not read: annotators may have seen a prediction before they answered.

    Args:
        frame: the raw rows.
        origin: the file, for messages.
        asked: its column ``label`` names the control (``from_name``) to read. What was not answered
            is left out and counted, whether that is asked or not.

    Raises:
        InputError: nobody answered, or it cannot be told which column is the answer.
    """
    if {"data", "annotations"} <= set(frame.columns):
        return _full(frame, origin).table(asked)
    return _flat(frame, origin, asked.columns.get("label") or None).table(
        replace(asked, columns={})
    )


def _full(frame: pl.DataFrame, origin: str) -> Answers:
    answers = Answers(NAME, origin)
    gold: dict[tuple[str, Any], Any] = {}
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        task = row.get("id") if row.get("id") is not None else number
        data = parsed(row["data"])
        annotations = parsed(row["annotations"]) or []
        if not isinstance(annotations, list) or not all(isinstance(a, dict) for a in annotations):
            raise InputError(
                f"the annotations of task {task!r} are no list of objects",
                where=origin,
                fix="export as JSON, not as a list of ids",
            )
        answers.skip("prediction", len(_list(row.get("predictions"))))
        answers.skip("draft", len(_list(row.get("drafts"))))
        if not annotations:
            answers.skip("task{s} without an annotation")
        known, shown = _of_task(data), _shown(data)
        for annotation in annotations:
            _annotation(answers, gold, task, annotation, known, shown)
    for question, rows in answers.rows.items():
        for row in rows:
            if (question, row["task"]) in gold:
                row["gold"] = gold[question, row["task"]]
    if answers.gold and not answers.rows:
        raise InputError(
            f"all {counted(answers.gold, 'annotation')} are marked as ground truth, so that no "
            "label is left to audit: Label Studio marks so what was imported without ground_truth",
            where=origin,
            fix='write "ground_truth": false to annotations that are none',
        )
    if answers.contradictions:
        answers.notes.append(
            f"{counted(answers.contradictions, 'ground-truth annotation')} contradict an earlier "
            "one of the same task: the later counts"
        )
    if answers.untouched:
        answers.notes.append(
            f"{counted(answers.untouched, 'ranking')} in the very order in which the items were "
            "shown: a Ranker that is submitted untouched stores that order too"
        )
    return answers


def _shown(data: object) -> list[str]:
    """The ids of a task's items as they were shown, where its data has one list of items."""
    lists = [
        value for value in (data.values() if isinstance(data, dict) else ())
        if isinstance(value, list) and value
        and all(isinstance(one, dict) and "id" in one for one in value)
    ]  # fmt: skip
    return [str(one["id"]) for one in lists[0]] if len(lists) == 1 else []


def _list(value: object) -> list[Any]:
    found = parsed(value)
    return found if isinstance(found, list) else []


def _of_task(data: object) -> dict[str, Any]:
    """Slice and gold where the task's data names them."""
    if not isinstance(data, dict):
        return {}
    found = {"slice": _SLICES, "gold": _GOLD}
    return {
        ours: next(data[name] for name in names if data.get(name) is not None)
        for ours, names in found.items()
        if any(data.get(name) is not None for name in names)
    }


def _annotation(
    answers: Answers,
    gold: dict[tuple[str, Any], Any],
    task: object,
    annotation: dict[str, Any],
    known: dict[str, Any],
    shown: list[str],
) -> None:
    if annotation.get("was_cancelled"):
        answers.skip("cancelled annotation")
        return
    given: dict[tuple[str, Any], str] = {}
    found: list[tuple[str | None, str]]
    regions = 0
    for result in annotation.get("result") or []:
        value = parsed(result.get("value")) if isinstance(result, dict) else None
        if type(value) is dict and type(one := value.get("choices")) is list and len(value) == 1:
            label = joined(one)
            found = [] if label is None else [(None, label)]
        else:
            found = list(_labels(value))
        if not found:
            regions += 1
            continue
        question = str(result.get("from_name") or result.get("type"))
        answers.kinds[question] = str(result.get("type"))
        if shown and isinstance(value, dict) and _order(value.get("ranker")) == shown:
            answers.untouched += 1
        for item, label in found:
            at = result.get("item_index") if item is None else item
            # One annotation may answer the same question of several items: images, turns.
            where = task if at is None else f"{task} | {at if item is not None else f'item {at}'}"
            given[question, where] = label
    answers.skip("result{s} of another kind (regions, text)", regions)
    if not given:
        if not regions:
            answers.skip("annotation{s} without an answer")
        return
    worker = _person(annotation.get("completed_by"))
    for (question, where), label in given.items():
        if annotation.get("ground_truth"):
            answers.contradictions += gold.get((question, where), label) != label
            gold[question, where] = label
            answers.gold += 1
            continue
        row = {
            "task": where,
            "worker": worker,
            "label": label,
            "seconds": annotation.get("lead_time"),
            "time": annotation.get("created_at"),
        }
        answers.add(question, row | known)


def _person(worker: Any) -> Any:  # noqa: ANN401 - a number, a text or an object
    worker = parsed(worker)
    if isinstance(worker, dict):
        worker = worker.get("email") or worker.get("id")
    return NOBODY if worker is None else worker


def _labels(value: Any) -> Iterator[tuple[str | None, str]]:  # noqa: ANN401 - any JSON value
    """The labels of a result's value, each with the item that it is about where it names one.

    None of a region, of a free text, or of a bucket of a Ranker that holds what was not sorted.
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict) and isinstance(ranker := value.get("ranker"), dict):
        order = _order(ranker)
        if order is None:
            for bucket, items in ranker.items():
                yield from ((str(item), bucket) for item in items if bucket != _UNSORTED)
        elif order:
            yield None, order[0] if len(order) == 2 else " > ".join(order)
        return
    label = _label(value)
    if label is not None:
        yield None, label


def _order(ranker: object) -> list[str] | None:
    """The order of a Ranker with one list; None of one with several buckets, or anything else."""
    if not isinstance(ranker, dict) or len(ranker) != 1:
        return None
    items = next(iter(ranker.values()))
    return [str(item) for item in items] if isinstance(items, list) else None


def _label(value: object) -> str | None:
    """The label in a result's value, None where it is none (a region, free text)."""
    value = parsed(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return joined(value)
    if not isinstance(value, dict):
        return None if value is None or isinstance(value, list) else str(value)
    if "start" in value or "x" in value or "timeserieslabels" in value:
        return None  # a label of a part of the task, not of the task
    for name in ("choices", "selected", "rating", "number"):
        if name in value:
            found = value[name]
            return joined(found) if isinstance(found, list) else str(found)
    if isinstance(paths := value.get("taxonomy"), list):
        return joined([" / ".join(map(str, path)) for path in paths])
    return None


def _flat(frame: pl.DataFrame, origin: str, wanted: str | None) -> Answers:
    """JSON-MIN and CSV: one row an annotation, one column a control or a field of the data.

    They list a task's annotations newest first, and drop what an annotation says of itself.
    """
    answers = Answers(NAME, origin)
    if wanted is not None and wanted not in frame.columns:
        raise InputError(f"no column {wanted!r}; there are: {', '.join(frame.columns)}",
                         where=origin)  # fmt: skip
    column = wanted or _label_column(frame, origin, answers.notes)
    slices = next((name for name in _SLICES if name in frame.columns), None)
    gold = next((name for name in _GOLD if name in frame.columns and name != column), None)
    if gold is None:
        answers.notes.append(
            "CSV and JSON-MIN do not tell which annotation is ground truth: if one is, it counts "
            "as a vote here, and as gold where the project is exported as JSON"
        )
    if "created_at" in frame.columns:
        # The later annotation counts; of one time, the file's first is the newest.
        frame = frame.reverse().sort("created_at", maintain_order=True, nulls_last=False)
        if "id" in frame.columns:
            frame = frame.sort("id", maintain_order=True)
    items = _items(frame, column, origin, answers.notes)
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        task = row.get("id") if row.get("id") is not None else number
        value = parsed(row[column])
        if items and isinstance(value, list):
            found = [(f"item {at}", _label(one) or "") for at, one in enumerate(value)]
        else:
            found = [(item or "", label) for item, label in _labels(value)]
        if not any(label.strip() for _, label in found):
            answers.skip("annotation{s} without an answer")
            continue
        for item, label in found:
            known = {
                "task": f"{task} | {item}" if item else task,
                "worker": _person(row["annotator"]),
                "label": label,
                "seconds": row["lead_time"],
                "time": row.get("created_at"),
            }
            if slices:
                known["slice"] = row[slices]
            if gold:
                known["gold"] = row[gold]
            answers.add(column, known)
    return answers


def _items(frame: pl.DataFrame, column: str, origin: str, notes: list[str]) -> bool:
    """Whether the answers of a column are lists with one answer an item.

    Several classes of one item are an object with ``choices``; a bare list has one answer each of
    several items. Which item an answer is about is lost, unless all have been answered.
    """
    cells = [parsed(cell) for cell in frame[column].to_list()]
    several = [cell for cell in cells if isinstance(cell, list) and len(cell) > 1]
    if not several or not all(_label(one) is not None for cell in several for one in cell):
        return False
    lengths = {(len(cell) if isinstance(cell, list) else 1) for cell in cells if cell is not None}
    if len(lengths) > 1:
        raise InputError(
            f"{column} has answers about several items of a task, and not of all: this file does "
            "not tell which",
            where=origin,
            fix="export the project as JSON, which keeps item_index",
        )
    notes.append(f"{column} has one answer an item, taken in the order of the items")
    return True


def _label_column(frame: pl.DataFrame, origin: str, notes: list[str]) -> str:
    """The one column that can be an answer: few different values, and not fixed by the task."""
    names = [n for n in frame.columns if n not in (*_NO_LABEL, *_SLICES, *_GOLD)]
    cells = {name: [parsed(cell) for cell in frame[name].to_list()] for name in names}
    values = {name: [label for cell in mine for _, label in _labels(cell)]
              for name, mine in cells.items()}  # fmt: skip
    ranked = [n for n in names if any(_has_order(cell) for cell in cells[n])]
    few = [n for n in names if n in ranked or 1 <= len(set(values[n])) <= MOST_ANSWERS]
    ids = frame["id"].to_list() if "id" in frame.columns else list(range(len(frame)))
    if len(set(ids)) < len(ids):
        # What differs between two annotations of one task is an answer, no data of the task.
        varied = [
            n for n in few
            if len({*zip(ids, map(str, cells[n]), strict=True)}) > len(set(ids))
        ]  # fmt: skip
        few = varied or few
    elif len(ids) > 1:
        few = [n for n in few if len(set(values[n])) < len(values[n])]
    # A comparison is what a project is about; what stands beside it says why.
    sided = [n for n in few if n in ranked or set(values[n]) <= _SIDES]
    best = [max(sided, key=lambda n: len(values[n]))] if sided else few
    if len(best) == 1:
        if others := [n for n in few if n != best[0]]:
            notes.append(f"other columns that may be answers: {', '.join(others)} ({_NAME_IT})")
        return best[0]
    what = "no column looks like an answer" if not few else f"which is the answer: {', '.join(few)}"
    raise InputError(
        f"{what}? the columns are: {', '.join(frame.columns)}",
        where=origin,
        fix=f"name it: --column label={few[0] if few else 'NAME'} for suffice audit, "
        'columns={"label": ...} in Python; or export as JSON',
    )


def _has_order(value: object) -> bool:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return isinstance(value, dict) and "ranker" in value
