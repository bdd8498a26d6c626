"""doccano's exports: a file an annotator, whose name is the file's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels.formats._exports import Answers, as_list, joined

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "doccano"
ANNOTATOR = "annotator"
"""The column in which ``read_frame`` keeps which file of an archive a row is from."""
_LABELS = ("label", "cats")
_ALL = "all"
"""Name of the file of a project whose annotators work on one set of labels."""


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has doccano's columns: its comments, a text or file, and labels."""
    names = set(frame.columns)
    return (
        {"id", "Comments"} <= names and bool({"text", "filename"} & names)
        and bool({*_LABELS, "entities"} & names)
    )  # fmt: skip


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of an export: what was chosen for each example.

    The annotator is the name of the file, also of one within an archive, or a column that somebody
    added. Examples that nobody labelled have an empty list (in CSV an empty cell), and are counted.

    Raises:
        InputError: it holds spans, or nobody labelled anything.
    """
    label = next((name for name in _LABELS if name in frame.columns), None)
    cells = [] if label is None else frame[label].to_list()
    lists = [_chosen(cell, origin) for cell in cells]
    if label is None or any(isinstance(one, list | dict) for some in lists for one in some):
        raise InputError(
            "these are labels of parts of a text (spans), which are not read", where=origin,
            fix="export a project of document classification",
        )  # fmt: skip
    answers = Answers(NAME, origin)
    worker = asked.columns.get("worker", ANNOTATOR)
    of_file = Path(origin).name.split(".")[0]
    if worker not in frame.columns:
        what = "all annotators together" if of_file == _ALL else f"the annotator {of_file!r}"
        answers.notes.append(f"the file's name is taken for {what}")
    slices = next((name for name in ("slice", "domain", "subset") if name in frame.columns), None)
    for row, chosen in zip(frame.iter_rows(named=True), lists, strict=True):
        given = joined(chosen)
        if given is None:
            answers.skip("example{s} without a label")
            continue
        found = {"task": row["id"], "worker": row.get(worker, of_file), "label": given}
        answers.add(label, found | ({"slice": row[slices]} if slices else {}))
    return answers.table(asked)


def _chosen(cell: object, origin: str) -> list[Any]:
    """The classes of a cell; CSV joins them with ``#``."""
    if cell is None:
        return []
    found = as_list(cell, origin)
    return str(cell).split("#") if found is None else found
