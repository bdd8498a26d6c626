"""Write a study on crowd votes: real people's answers to "is this text positive?".

    python examples/votes_from_ratings.py votes
    suffice run votes/study.toml --out votes/results

The answers come from the example ratings: a rating above zero is a vote for "yes". Seven raters of
a text make its gold, other raters are the two sources: ``crowd`` has five votes of every text,
``trio`` the majority of three people. Documents with gold and documents to train on are kept apart.
The ratings carry no rater ids, so the worker column only numbers the votes of a text.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.labels import load_ratings, sample_documents

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXTS = 4000
GOLD_SHARE = 0.35
GOLD_RATERS = 7
CROWD_VOTES = 5
TRIO_TEXTS = 1000

STUDY = """\
name = "votes"
question = "Is this text positive?"

[task]
kind = "votes"
items = "items.csv"
gold = "gold.csv"
classes = ["no", "yes"]
slice = "domain"

[criterion]
error = 0.25
worst_slice_error = 0.31

[sources.crowd]
about = "one person's vote"
labels = "crowd.csv"
price = 0.05
capacity = 500
labels_per_task = [1, 3]

[sources.trio]
about = "the majority of three people"
labels = "trio.csv"
price = 0.20
capacity = 250

[models]
target = "minilm-l6"

[budget]
money = 120
weeks = 4

[grid]
smallest = 50
"""


def main(folder: Path) -> None:
    """Write items, gold, the labels of both sources and the study file."""
    rng = np.random.default_rng(0)
    ratings = load_ratings()
    ratings = ratings.take(sample_documents(ratings, TEXTS, rng))
    documents = rng.permutation(np.unique(ratings.document))
    judged = np.isin(ratings.document, documents[: int(GOLD_SHARE * len(documents))])
    trained = rng.permutation(np.flatnonzero(~judged))[:TRIO_TEXTS]
    in_trio = judged | np.isin(np.arange(len(judged)), trained)

    items, gold, crowd, trio = [], [], [], []
    for i, text in enumerate(ratings.texts):
        task = f"t{i}"
        items.append([task, text, ratings.domain_names[ratings.domain[i]]])
        votes = rng.permutation(ratings.of(i)) > 0
        if judged[i]:
            gold.append([task, _answer(votes[:GOLD_RATERS].mean() > 0.5)])
        others = votes[GOLD_RATERS:]
        crowd += [[task, k, _answer(v)] for k, v in enumerate(others[:CROWD_VOTES])]
        if in_trio[i]:
            trio.append([task, "trio", _answer(others[CROWD_VOTES : CROWD_VOTES + 3].mean() > 0.5)])
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "items.csv", ["task", "text", "domain"], items)
    _write(folder / "gold.csv", ["task", "label"], gold)
    _write(folder / "crowd.csv", ["task", "worker", "label"], crowd)
    _write(folder / "trio.csv", ["task", "worker", "label"], trio)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")


def _answer(positive: Any) -> str:  # noqa: ANN401 - a bool of Python or numpy
    return "yes" if positive else "no"


def _write(path: Path, head: list[str], rows: Iterable[list[Any]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    print(f"{path}: {len(rows):,} rows")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "votes"))
