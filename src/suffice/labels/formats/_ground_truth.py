"""SageMaker Ground Truth: consolidated manifests, and what its workers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.labels.formats._exports import Answers, answers_in, joined, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "SageMaker Ground Truth"
_META = "-metadata"
_CONSOLIDATED = "(consolidated)"


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame is a manifest of a labelling job, or holds its workers' answers."""
    names = set(frame.columns)
    if {"answers", "inputContent"} <= names or {"datasetObjectId", "annotations"} <= names:
        return True
    return bool(_jobs(frame)) and bool({"source", "source-ref"} & names)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a job.

    Workers' answers (``worker-response``, ``consolidation-request``) are read by worker. A manifest
    holds what they were consolidated to: one label a task, of one worker.

    Raises:
        InputError: there is no answer in it.
    """
    answers = Answers(NAME, origin)
    jobs = _jobs(frame)
    if "source" in frame.columns or "source-ref" in frame.columns:
        answers.notes.append(
            "consolidated labels, one a task: who gave which answer stands in the job's "
            "annotations/worker-response"
        )
        _manifest(frame, jobs, answers)
        return answers.table(asked)
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        task = row.get("datasetObjectId") or row.get("humanLoopName") or number
        found = 0
        for worker, content, seconds in _of_workers(row):
            for question, label in answers_in(content).items():
                found += 1
                given = {"task": task, "worker": worker, "label": label, "seconds": seconds}
                answers.add(question, given)
        answers.skip("object{s} without an answer", int(not found))
    return answers.table(asked)


def _jobs(frame: pl.DataFrame) -> list[str]:
    """Names of labelling jobs: a column, beside one of the same name with its metadata."""
    names = dict.fromkeys(frame.columns)
    return [name for name in names if f"{name}{_META}" in names]


def _manifest(frame: pl.DataFrame, jobs: list[str], answers: Answers) -> None:
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        task = row.get("source-ref") or row.get("source") or number
        for job in jobs:
            about = parsed(row[f"{job}{_META}"])
            about = about if isinstance(about, dict) else {}
            if about.get("failure-reason"):
                answers.skip("object{s} that failed")
                continue
            classes = about.get("class-map")
            label = about.get("class-name")
            if label is None and isinstance(classes, dict):
                label = joined(list(classes.values()))
            if label is None:
                answers.skip("object{s} without a class (boxes, spans)")
                continue
            answers.add(job, {"task": task, "worker": _CONSOLIDATED, "label": str(label)})


def _of_workers(row: dict[str, Any]) -> Iterator[tuple[object, object, object]]:
    """Worker, content and seconds of each answer to an object."""
    for one in parsed(row.get("answers")) or ():
        yield one.get("workerId"), one.get("answerContent"), one.get("timeSpentInSeconds")
    for one in parsed(row.get("annotations")) or ():
        data = one.get("annotationData") or {}
        yield one.get("workerId"), data.get("content"), None
