"""Pools of tables in memory: the same as those of files with the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from small import preference_rows, vote_files, write_jsonl
from toy_models import Told

from suffice.errors import InputError
from suffice.labels import read_frame, read_labels
from suffice.pools import Ratings, preference_pool, rating_pool, ratings_of, vote_pool
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from pathlib import Path


def test_preferences_in_memory_are_those_of_their_file(tmp_path: Path) -> None:
    """Frames and files of the same pairs give pools of one fingerprint; a slip names the table."""
    rows, told = preference_rows(120, wrong=0.3), Told()
    vendor, gold = pl.DataFrame(rows), pl.DataFrame(rows[:40])
    files = write_jsonl(tmp_path / "v.jsonl", rows), write_jsonl(tmp_path / "g.jsonl", rows[:40])
    about = {"group": "prompt", "slice_by": None, "seed": 0}
    of_files = preference_pool({"vendor": files[0]}, files[1], progress=told, **about)
    of_frames = preference_pool({"vendor": vendor}, gold, progress=SilentProgress(), **about)
    mixed = preference_pool({"vendor": files[0]}, gold, progress=SilentProgress(), **about)
    assert of_frames.fingerprint == of_files.fingerprint == mixed.fingerprint
    with pytest.raises(InputError, match="labels of vendor: no column 'chosen'"):
        preference_pool({"vendor": vendor.drop("chosen")}, gold, progress=SilentProgress(), **about)


def test_votes_in_memory_are_those_of_their_files(tmp_path: Path) -> None:
    """Frames, label tables and files of the same votes give pools of one fingerprint."""
    vote_files(tmp_path)
    files = {name: tmp_path / f"{name}.csv" for name in ("crowd", "experts")}
    items, gold = tmp_path / "items.csv", tmp_path / "gold.csv"
    about = {"classes": ["no", "yes"], "slice_by": "topic", "seed": 0}
    of_files = vote_pool(files, items, gold, progress=SilentProgress(), **about)
    frames = {name: read_frame(path) for name, path in files.items()}
    told = Told()
    more = pl.concat([read_frame(gold), pl.DataFrame({"task": ["elsewhere"], "label": ["no"]})])
    of_frames = vote_pool(frames, read_frame(items), more, progress=told, **about)
    tables = {name: read_labels(path) for name, path in files.items()}
    of_tables = vote_pool(tables, items, gold, progress=SilentProgress(), **about)
    assert of_frames.fingerprint == of_files.fingerprint == of_tables.fingerprint
    assert "gold: 1 gold task without a text in items left out" in told.notes
    assert of_frames.evaluation.kind.names == ("no", "yes")
    with pytest.raises(InputError, match="labels of crowd: task 't0' has no text"):
        vote_pool(frames, read_frame(items)[1:], gold, progress=SilentProgress(), **about)


def rated(texts: int = 240, raters: int = 12, seed: int = 0) -> pl.DataFrame:
    """Ratings of made-up texts from two places, one row a rating, three texts a document."""
    rng = np.random.default_rng(seed)
    worth = rng.standard_normal(texts)
    given = np.clip(np.round(worth[:, None] + rng.standard_normal((texts, raters))), -4, 4)
    number = np.repeat(np.arange(texts), raters)
    return pl.DataFrame(
        {
            "task": number,
            "text": [f"text {i}" for i in number],
            "rating": given.ravel().astype(int),
            "domain": [("here", "there")[i % 2] for i in number],
            "document": [f"{i % 2}-{i // 6}" for i in number],
            "score": np.tanh(worth)[number],
        }
    )


def test_ratings_in_memory_are_those_of_arrays_and_files(tmp_path: Path) -> None:
    """Rows, a parquet file of them and the arrays behind them give pools of one fingerprint."""
    frame = rated()
    path = tmp_path / "ratings.parquet"
    frame.write_parquet(path)
    each = frame.unique("task", maintain_order=True)
    _, document = np.unique(each["document"].to_list(), return_inverse=True)
    first: dict[int, int] = {}
    arrays = Ratings(
        texts=tuple(each["text"].to_list()),
        domain=np.array([d == "there" for d in each["domain"]], dtype=np.int64),
        domain_names=("here", "there"),
        document=np.array([first.setdefault(d, len(first)) for d in document.tolist()]),
        values=frame["rating"].to_numpy().astype(np.int8),
        offsets=np.arange(0, len(frame) + 1, 12),
        lexicon=each["score"].to_numpy(),
        dropped={},
    )
    raters = {"hasty": 1, "judge": 0}
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=1).sort("task", maintain_order=True)
    found = [rating_pool(one, None, raters, pairs=400, seed=0) for one in (frame, path, arrays)]
    assert len({pool.fingerprint for pool in found}) == 1
    # Which of a text's ratings are gold hangs on their order, and so does the fingerprint.
    other = rating_pool(shuffled, None, raters, pairs=400, seed=0)
    assert other.items == found[0].items
    assert other.fingerprint != found[0].fingerprint


def test_texts_without_places_or_documents_stand_alone() -> None:
    """Without those columns there is one slice, equal texts are one document, and no judge."""
    frame = rated().drop("domain", "document", "score")
    frame = frame.with_columns(
        pl.when(pl.col("task") == 7).then(pl.lit("text 3")).otherwise("text").alias("text")
    )
    ratings = ratings_of(frame)
    assert ratings.domain_names == ("all",)
    assert len(np.unique(ratings.document)) == len(ratings) - 1
    assert ratings.document[7] == ratings.document[3]
    rating_pool(frame, None, {"hasty": 1}, pairs=400, seed=0)
    with pytest.raises(InputError, match="'judge' gives scores, which some texts lack"):
        rating_pool(frame, None, {"judge": 0}, pairs=400, seed=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (pl.lit(1.5).alias("rating"), "rating 1.5 of data row 1 is no whole number"),
        (pl.lit("good").alias("rating"), "rating 'good' of data row 1 is no whole number"),
        (pl.lit(None).alias("text"), "cells of 'text' are empty"),
        (pl.lit(0).alias("task"), "the rows of task 0 differ in text"),
        (pl.col("rating").alias("stars"), None),
    ],
)
def test_bad_ratings_are_refused(change: pl.Expr, said: str | None) -> None:
    """What a rating table must hold, and what each slip is told."""
    frame = rated(60).with_columns(change)
    if said is None:
        frame, said = frame.drop("rating"), "no column 'rating'"
    with pytest.raises(InputError, match=said):
        ratings_of(frame)
