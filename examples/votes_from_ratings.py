"""Write a study on crowd votes: real people's answers to "is this text positive?".

    python examples/votes_from_ratings.py votes
    suffice run votes/study.toml --out votes/results

    python examples/votes_from_ratings.py moods --three
    suffice run moods/study.toml --out moods/results

The answers come from the example ratings: a rating above zero is a vote for "yes". With ``--three``
it is one for "positive", zero one for "neutral" and less one for "negative", and the answer of
several people is the commonest one, of equals the one nearest to neutral. Seven raters of a text
make its gold, other raters are the two sources: ``crowd`` has five votes of every text,
``trio`` the majority of three people. Documents with gold and documents to train on are kept apart.
The ratings carry no rater ids, so the worker column only numbers the votes of a text.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.pools import load_ratings, sample_documents

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

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


THREE = {
    'name = "votes"': 'name = "moods"',
    "Is this text positive?": "Is this text negative, neutral or positive?",
    '["no", "yes"]': '["negative", "neutral", "positive"]',
    "error = 0.25\nworst_slice_error = 0.31": "error = 0.35\nworst_slice_error = 0.45",
    "the majority of three people": "the commonest answer of three people",
}
"""What of the study file is different with three answers."""


def main(folder: Path, *, three: bool = False) -> None:
    """Write items, gold, the labels of both sources and the study file."""
    answer = _mood if three else _answer
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
        votes = rng.permutation(ratings.of(i))
        if judged[i]:
            gold.append([task, answer(votes[:GOLD_RATERS])])
        others = votes[GOLD_RATERS:]
        crowd += [[task, k, answer(v)] for k, v in enumerate(others[:CROWD_VOTES, None])]
        if in_trio[i]:
            trio.append([task, "trio", answer(others[CROWD_VOTES : CROWD_VOTES + 3])])
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "items.csv", ["task", "text", "domain"], items)
    _write(folder / "gold.csv", ["task", "label"], gold)
    _write(folder / "crowd.csv", ["task", "worker", "label"], crowd)
    _write(folder / "trio.csv", ["task", "worker", "label"], trio)
    study = STUDY
    for two, other in THREE.items() if three else ():
        study = study.replace(two, other)
    (folder / "study.toml").write_text(study, encoding="utf-8")


def _answer(ratings: NDArray[np.float64]) -> str:
    return "yes" if (ratings > 0).mean() > 0.5 else "no"


def _mood(ratings: NDArray[np.float64]) -> str:
    counts = Counter(np.sign(ratings).astype(int).tolist())
    side = max((-1, 0, 1), key=lambda s: (counts[s], s == 0, s))
    return ("negative", "neutral", "positive")[side + 1]


def _write(path: Path, head: list[str], rows: Iterable[list[Any]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    print(f"{path}: {len(rows):,} rows")


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if argument != "--three"]
    main(Path(given[0] if given else "votes"), three="--three" in sys.argv[1:])
