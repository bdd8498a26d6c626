"""Ratings from a table of one's own: one row a rating."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError
from suffice.labels.formats import rows_of
from suffice.pools._given import ONE_SLICE
from suffice.pools._ratings import Ratings, number_documents

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_NEEDED = ("task", "text", "rating")


def ratings_of(given: Path | pl.DataFrame) -> Ratings:
    """Rated texts from a file or its rows.

    Args:
        given: one row a rating, the ratings of a text in any order: ``task`` (an id of the text),
            ``text`` and ``rating`` (a whole number, larger is better); where known ``domain`` (its
            slice, one for all texts otherwise), ``document`` (texts of one document stay on one
            side of every split; each text is one otherwise) and ``score`` (an automatic judge's).

    Returns:
        The texts in the order in which they first appear; ``lexicon`` holds their scores, NaN
        where there are none.

    Raises:
        InputError: the file cannot be read, a column is missing, a cell is empty, a rating is no
            whole number, or the rows of a task differ in what should be its own.
    """
    import polars as pl

    frame, where = rows_of(given, "ratings")
    if missing := [name for name in _NEEDED if name not in frame.columns]:
        raise InputError(
            f"no column {missing[0]!r}; there are: {', '.join(frame.columns)}", where=where
        )
    if frame.is_empty():
        raise InputError("there are no ratings in it", where=where, fix="add rows")
    own = ["text", *(name for name in ("domain", "document", "score") if name in frame.columns)]
    for name in ("task", "rating", *own):
        empty = frame[name].is_null().arg_true()
        if len(empty):
            raise InputError(
                f"{len(empty)} cells of {name!r} are empty (data row {empty[0] + 1} first)",
                where=where,
                fix="fill them in, or leave those rows out",
            )
    # Ties of mean ratings are found by counting: sums of whole numbers are exact.
    whole = frame["rating"].cast(pl.Int64, strict=False)
    bad = (whole.is_null() | (whole != frame["rating"].cast(pl.Float64, strict=False))).arg_true()
    if len(bad):
        raise InputError(
            f"rating {frame['rating'][int(bad[0])]!r} of data row {bad[0] + 1} is no whole number",
            where=where,
            fix="write ratings as whole numbers, multiplied where they have decimals",
        )
    texts = frame.select("task", *own).unique(maintain_order=True)
    if len(twice := texts.filter(texts["task"].is_duplicated())):
        raise InputError(
            f"the rows of task {twice['task'][0]!r} differ in {' or '.join(own)}",
            where=where,
            fix="give each text a task of its own",
        )
    number = dict(zip(texts["task"].to_list(), range(len(texts)), strict=True))
    task = np.array([number[t] for t in frame["task"].to_list()], dtype=np.int64)
    said = tuple(texts["text"].cast(pl.String).to_list())
    documents = texts["document" if "document" in own else "task"].cast(pl.String).to_list()
    domains = [ONE_SLICE] * len(texts)
    if "domain" in own:
        domains = texts["domain"].cast(pl.String).to_list()
    names = tuple(dict.fromkeys(domains))
    score = np.full(len(texts), np.nan)
    if "score" in own:
        score = texts["score"].cast(pl.Float64).to_numpy()
    return Ratings(
        texts=said,
        domain=np.array([names.index(d) for d in domains], dtype=np.int64),
        domain_names=names,
        document=number_documents(list(said), list(zip(domains, documents, strict=True))),
        values=whole.to_numpy()[np.argsort(task, kind="stable")],
        offsets=np.concatenate([[0], np.cumsum(np.bincount(task))]).astype(np.int64),
        lexicon=score,
        dropped={},
    )
