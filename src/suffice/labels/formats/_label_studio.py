"""Label Studio exports: JSON with all annotations, JSON-MIN and CSV."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels.formats._exports import MOST_ANSWERS, NOBODY, Answers, joined, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "Label Studio"
_FLAT = {"annotation_id", "annotator", "lead_time"}
_NO_LABEL = {
    "id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement",
    "history",
}  # fmt: skip
_SLICES, _GOLD = ("slice", "domain", "subset"), ("gold", "gold_label", "ground_truth")


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is one of Label Studio's exports."""
    names = set(frame.columns)
    return {"data", "annotations"} <= names or names >= _FLAT


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of an export: choices, pairwise, rating and number controls.

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
        known = _of_task(data)
        for annotation in annotations:
            _annotation(answers, gold, task, annotation, known)
    for question, rows in answers.rows.items():
        for row in rows:
            if (question, row["task"]) in gold:
                row["gold"] = gold[question, row["task"]]
    return answers


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
) -> None:
    if annotation.get("was_cancelled"):
        answers.skip("cancelled annotation")
        return
    given: dict[str, Any] = {}
    regions = 0
    for result in annotation.get("result") or []:
        label = _label(result.get("value")) if isinstance(result, dict) else None
        if label is None:
            regions += 1
        else:
            given[str(result.get("from_name") or result.get("type"))] = label
    answers.skip("result{s} of another kind (regions, text)", regions)
    if not given:
        if not regions:
            answers.skip("annotation{s} without an answer")
        return
    worker = annotation.get("completed_by")
    if isinstance(worker, dict):
        worker = worker.get("email") or worker.get("id")
    for question, label in given.items():
        if annotation.get("ground_truth"):
            gold[question, task] = label
            answers.gold += 1
            continue
        row = {
            "task": task,
            "worker": NOBODY if worker is None else worker,
            "label": label,
            "seconds": annotation.get("lead_time"),
            "time": annotation.get("created_at"),
        }
        answers.add(question, row | known)


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
    return None


def _flat(frame: pl.DataFrame, origin: str, wanted: str | None) -> Answers:
    """JSON-MIN and CSV: one row an annotation, one column a control or a field of the data."""
    answers = Answers(NAME, origin)
    column = wanted if wanted is not None else _label_column(frame, origin)
    if column not in frame.columns:
        raise InputError(f"no column {column!r}; there are: {', '.join(frame.columns)}",
                         where=origin)  # fmt: skip
    slices = next((name for name in _SLICES if name in frame.columns), None)
    gold = next((name for name in _GOLD if name in frame.columns and name != column), None)
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        label = _label(row[column])
        if label is None or not label.strip():
            answers.skip("annotation{s} without an answer")
            continue
        worker = parsed(row["annotator"])
        if isinstance(worker, dict):
            worker = worker.get("email") or worker.get("id")
        found = {
            "task": row.get("id") if row.get("id") is not None else number,
            "worker": NOBODY if worker is None else worker,
            "label": label,
            "seconds": row["lead_time"],
            "time": row.get("created_at"),
        }
        if slices:
            found["slice"] = row[slices]
        if gold:
            found["gold"] = row[gold]
        answers.add(column, found)
    return answers


def _label_column(frame: pl.DataFrame, origin: str) -> str:
    """The one column that can be an answer: few different values, and not fixed by the task."""
    names = [n for n in frame.columns if n not in (*_NO_LABEL, *_SLICES, *_GOLD)]
    values = {name: [str(parsed(cell)) for cell in frame[name].drop_nulls()] for name in names}
    few = [n for n in names if 1 <= len(set(values[n])) <= MOST_ANSWERS]
    ids = frame["id"].to_list() if "id" in frame.columns else list(range(len(frame)))
    if len(set(ids)) < len(ids):
        # What differs between two annotations of one task is an answer, no data of the task.
        varied = [
            n for n in few if len({*zip(ids, frame[n].to_list(), strict=True)}) > len(set(ids))
        ]
        few = varied or few
    elif len(ids) > 1:
        few = [n for n in few if len(set(values[n])) < len(values[n])]
    if len(few) == 1:
        return few[0]
    what = "no column looks like an answer" if not few else f"which is the answer: {', '.join(few)}"
    raise InputError(
        f"{what}? the columns are: {', '.join(frame.columns)}",
        where=origin,
        fix='rename it to label, name it with columns={"label": ...}, or export as JSON',
    )
