"""MultiPref: comparisons of two models' answers by crowd workers and experts, in nested lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice.labels.formats._exports import NOBODY, Answers, parsed

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "MultiPref"
_LISTS = {"normal_worker_annotations": "crowd", "expert_worker_annotations": "experts"}


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has comparisons with its lists of annotations."""
    names = set(frame.columns)
    return {"comparison_id", "model_a", "model_b"} <= names and bool(names & set(_LISTS))


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of one aspect (``overall_pref`` unless named): model_a, model_b or tie.

    Crowd workers and experts are two sources. How clearly an answer is better is not kept, so that
    labels compare items.

    Raises:
        InputError: nobody answered.
    """
    answers = Answers(NAME, origin)
    answers.notes.append("how clearly an answer is better is not kept: model_a, model_b or tie")
    for row in frame.iter_rows(named=True):
        known = {"task": row["comparison_id"], "left": row["model_a"], "right": row["model_b"]}
        for column, source in _LISTS.items():
            for one in parsed(row.get(column)) or ():
                who = one.get("evaluator") or one.get("annotator") or NOBODY
                for question, given in one.items():
                    if not question.endswith("_pref"):
                        continue
                    if (side := _side(given)) is None:
                        answers.skip(f"{question} without a side")
                        continue
                    found = {"worker": who, "label": side, "source": source}
                    seconds = {"seconds": one.get("time_spent"), "time": one.get("timestamp")}
                    answers.add(question, known | found | seconds)
    if "label" not in asked.columns and "overall_pref" in answers.rows:
        answers.kinds["overall_pref"] = "pairwise"
    return answers.table(asked)


def _side(given: Any) -> str | None:  # noqa: ANN401 - any JSON value
    text = str(given or "").strip().lower()
    if text.startswith("tie"):
        return "tie"
    sides = {"a": "model_a", "b": "model_b"}
    return sides.get(text[:1]) if text[1:2] in ("", "-", " ") else None
