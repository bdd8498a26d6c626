"""Logs of inspect_ai: what scorers said of each sample, as labels of judges."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels.formats._exports import Answers, parsed
from suffice.labels.formats._limits import UNPACKED, too_large, unzipped

if TYPE_CHECKING:
    import polars as pl

    from suffice.labels._asked import Asked
    from suffice.labels._table import LabelTable

NAME = "inspect_ai"
_SUMMARIES = "summaries.json"
_ZSTANDARD = 93
"""The number of Zstandard among the compressions of ZIP (APPNOTE 6.3.8)."""


def is_mine(frame: pl.DataFrame, asked: Asked) -> bool:
    """Whether a raw frame has samples with epochs and scores."""
    return {"id", "epoch", "target", "scores"} <= set(frame.columns)


def read(frame: pl.DataFrame, *, origin: str, asked: Asked) -> LabelTable:
    """A label table of a log: each scorer is a worker, and what it said (``C``, ``I``) the label.

    An epoch of a sample is a task of its own: the model answered anew. Of a scorer with several
    values each is a question. Samples that ended in an error are counted.

    Raises:
        InputError: no sample has a score.
    """
    answers = Answers(NAME, origin)
    answers.notes.append("each scorer is a worker, each epoch of a sample a task of its own")
    epochs = frame["epoch"].n_unique() > 1
    for row in frame.iter_rows(named=True):
        scores = parsed(row["scores"])
        if not isinstance(scores, dict) or not scores:
            answers.skip("sample{s} without a score")
            continue
        task = f"{row['id']} | epoch {row['epoch']}" if epochs else row["id"]
        for scorer, score in scores.items():
            value = score.get("value") if isinstance(score, dict) else score
            parts = value if isinstance(value, dict) else {"value": value}
            for question, one in parts.items():
                if one is None or isinstance(one, list | dict):
                    answers.skip("score{s} that are no single value")
                    continue
                given = {"task": task, "worker": scorer, "label": _plain(one)}
                answers.add("score" if question == "value" else question, given)
    return answers.table(asked)


def _plain(value: Any) -> str:  # noqa: ANN401 - a text, a number or a truth value
    return str(value).lower() if isinstance(value, bool) else str(value)


def eval_rows(content: bytes, path: Path) -> bytes:
    """The samples of an ``.eval`` file as JSON: a ZIP archive whose files are Zstandard.

    Python's own reader opens such archives from 3.14 on; Polars brings what is needed before.

    Raises:
        InputError: it is no such archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = next((i for i in archive.infolist() if i.filename == _SUMMARIES), None)
            if found is not None and found.file_size > UNPACKED:
                raise too_large(path)
            if found is not None and found.compress_type != _ZSTANDARD:
                return unzipped(archive, [found.filename], path)[found.filename]
    except zipfile.BadZipFile as error:
        raise InputError(
            f"it is no archive ({error})", where=str(path), fix="copy it again"
        ) from None
    if found is None:
        raise InputError(
            "there is no summaries.json in it: the evaluation did not end", where=str(path),
            fix="run it to its end, or write it with: inspect log convert --to json",
        )  # fmt: skip
    # The names in a member's own header may be longer than those in the archive's directory.
    at = found.header_offset
    names = sum(int.from_bytes(content[at + k : at + k + 2], "little") for k in (26, 28))
    begin = at + 30 + names
    return _unpacked(content[begin : begin + found.compress_size], path)


def _unpacked(frame: bytes, path: Path) -> bytes:
    """A Zstandard frame's text, through the reader of CSV that knows it."""
    import polars as pl

    try:
        table = pl.read_csv(
            io.BytesIO(frame), has_header=False, separator="\x01", quote_char=None,
            eol_char="\x02", infer_schema=False,
        )  # fmt: skip
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"its samples cannot be unpacked: {error}", where=str(path),
            fix="write it as JSON: inspect log convert --to json",
        ) from None  # fmt: skip
    return str(table.item(0, 0)).encode()
