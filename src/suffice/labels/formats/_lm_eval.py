"""Samples that lm-evaluation-harness logs: a model's answers, as labels with their targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.labels.formats._exports import Answers, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "lm-evaluation-harness"


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has documents with filtered responses."""
    return {"doc_id", "doc", "filtered_resps", "target"} <= set(frame.columns)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a file of samples: one model, whose answers are labels and targets the gold.

    The file has one line a document and filter; each filter is a question of its own, and so is
    each metric under it (``strict: exact_match``). Of multiple choice the answer is the index of
    the choice with the highest likelihood, as the target is. The folder's name is the model's.

    Raises:
        InputError: no document has a response.
    """
    answers = Answers(NAME, origin)
    model = Path(origin).parent.name or "model"
    answers.notes.append(f"the folder's name is taken for the model: {model!r}")
    for row in frame.iter_rows(named=True):
        name = row.get("filter") or "none"
        known = {"task": row["doc_id"], "worker": model}
        label = _answer(parsed(row["filtered_resps"]))
        if label is None:
            answers.skip("response{s} that are no single answer")
        else:
            answers.add(name, known | {"label": label, "gold": str(row["target"])})
        for metric in parsed(row.get("metrics")) or ():
            value = row.get(metric)
            if isinstance(value, int | float):
                answers.add(f"{name}: {metric}", known | {"label": f"{value:g}"})
    return answers.table(asked)


def _answer(responses: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """One answer: the response, or the likeliest choice."""
    if not isinstance(responses, list) or not responses:
        return None
    if all(isinstance(one, list) and len(one) == 2 for one in responses):
        try:
            scores = [float(one[0]) for one in responses]
        except (TypeError, ValueError):
            return None
        return str(scores.index(max(scores)))
    return str(responses[0]).strip() or None if isinstance(responses[0], str) else None
