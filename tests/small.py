"""Small made-up worlds that are quick to train on, and the files of small studies of one's own.

Run as a program it measures a small grid into a store: ``python small.py STORE [WORKERS]``.
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from suffice.channel import FixedPosterior, NoisyChannel, Profile, Source, Tasks
from suffice.curve import Curve, Tranche
from suffice.demand.runs._executors import LocalProcesses
from suffice.demand.runs._measure import measure
from suffice.demand.runs._store import RunStore
from suffice.demand.schemes._probe import Probe
from suffice.demand.schemes._scheme import Embedded
from suffice.evidence import Cell
from suffice.labels.kinds import classes_kind
from suffice.pools._pool import Audited, Evaluation
from suffice.pools._task_pool import SourceLabels, TaskList, TaskPool, task_pool
from suffice.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray


def profile(
    error: float | list[list[float]], shared: float | list[list[float]] = 0.0, attack: float = 0.0
) -> Profile:
    """A profile with evenly filled bins from an error [slice][bin], or one number for all."""
    errors = np.atleast_2d(np.asarray(error, dtype=np.float64))
    share = np.full(errors.shape, 1.0 / errors.shape[1])
    return Profile(errors, share, np.broadcast_to(shared, errors.shape).astype(float), attack)


def noisy_source(name: str, error: float, price: float, shared: float = 0.0, **more) -> Source:
    """A source whose channel is known exactly."""
    channel = NoisyChannel(name, profile(error, shared))
    return Source(name, price, FixedPosterior(channel), max_labels_per_task=9, **more)


def tasks(n: int, slices: Array | None = None, difficulty: Array | None = None, seed: int = 0):
    """n comparisons of made-up items with hard truth."""
    rng = np.random.default_rng([seed, 99])
    return Tasks(
        a=np.arange(n, dtype=np.int64),
        b=np.arange(n, 2 * n, dtype=np.int64),
        slices=np.zeros(n, dtype=np.int64) if slices is None else slices,
        truth=rng.integers(0, 2, n).astype(np.float64),
        difficulty=np.full(n, np.nan) if difficulty is None else difficulty,
        row=np.arange(n, dtype=np.int64),
    )


@dataclass(frozen=True, eq=False)
class World:
    """A pool of comparisons whose truth is a linear function of features: a ``Pool``.

    Sources label through synthetic channels, so any number of tasks can be drawn.
    """

    items: tuple[str, ...]
    features: Array
    scores: Array
    evaluation: Evaluation
    held_out: Array
    fingerprint: str = "world"
    slice_names: tuple[str, ...] = ("all",)

    @property
    def unique_items(self) -> int:
        return len(self.items) // 2

    def limit(self, source: str) -> int | None:
        return None

    def channel(self, source: str):
        raise NotImplementedError

    def audit_tasks(self, n: int, rng: np.random.Generator, *, source: str) -> Audited:
        raise NotImplementedError

    def draw_tasks(self, n: int, rng: np.random.Generator, *, source: str, where=()) -> Tasks:
        half = len(self.items) // 2
        aside = np.flatnonzero(self.held_out[:half])
        rest = np.flatnonzero(~self.held_out[:half])
        k = rng.binomial(n, 0.2)
        pairs = [_pairs(rest, n - k, rng), _pairs(aside, k, rng)]
        return _compare(np.hstack(pairs), self.scores)


def world(seed: int = 0, items: int = 800, dim: int = 12) -> World:
    """Half of the items train, the other half judges."""
    rng = np.random.default_rng([seed, 7])
    features = rng.standard_normal((items, dim)).astype(np.float32)
    scores = features @ rng.standard_normal(dim)
    half = items // 2
    judged = _compare(_pairs(np.arange(half, items), 600, rng), scores)
    evaluation = Evaluation(judged, np.ones((1, 600), dtype=bool), ("all",))
    held = np.zeros(items, dtype=bool)
    held[: half // 5] = True
    return World(tuple(f"item {i}" for i in range(items)), features, scores, evaluation, held)


def _pairs(items: Array, n: int, rng: np.random.Generator) -> Array:
    first = rng.integers(len(items), size=n)
    second = (first + 1 + rng.integers(len(items) - 1, size=n)) % len(items)
    return np.vstack([items[first], items[second]])


def _compare(pairs: Array, scores: Array) -> Tasks:
    a, b = pairs
    n = len(a)
    truth = (scores[a] > scores[b]).astype(np.float64)
    return Tasks(a, b, np.zeros(n, np.int64), truth, np.full(n, np.nan), np.full(n, -1, np.int64))


def votes_pool(
    seed: int = 0, train: int = 300, judge: int = 120, dim: int = 16
) -> tuple[TaskPool, Array]:
    """Texts of two classes with recorded votes, one source careless and one careful."""
    rng = np.random.default_rng([seed, 8])
    n = train + judge
    features = rng.standard_normal((n, dim)).astype(np.float32)
    truth = (features @ rng.standard_normal(dim) > 0).astype(np.float64)
    gold = np.where(np.arange(n) < judge, truth, np.nan)
    listed = TaskList(
        items=tuple(f"text {i}" for i in range(n)),
        a=np.arange(n, dtype=np.int64),
        b=np.full(n, -1, dtype=np.int64),
        slices=np.arange(n, dtype=np.int64) % 2,
        slice_names=("even", "odd"),
        group=np.arange(n, dtype=np.int64),
        gold=gold,
        kind=classes_kind(2),
    )
    votes = {}
    for name, error, repeats in (("crowd", 0.3, 3), ("expert", 0.05, 1)):
        task = np.repeat(np.arange(n, dtype=np.int64), repeats)
        wrong = rng.random(len(task)) < error
        votes[name] = SourceLabels(task, np.where(wrong, 1.0 - truth[task], truth[task]))
    return task_pool(listed, votes, seed=seed, where="gold"), features


def class_pool(
    classes: int = 4,
    seed: int = 0,
    *,
    errors: tuple[float, float] = (0.4, 0.05),
    train: int = 400,
    judge: int = 150,
    dim: int = 16,
    order: Sequence[int] | None = None,
    shared: float = 0.0,
) -> tuple[TaskPool, Array]:
    """Texts of several classes with recorded votes, one source careless and one careful.

    ``order`` renames class k to order[k], and changes nothing else. ``shared`` of the crowd's tasks
    are taken by everybody for one other class.
    """
    rng = np.random.default_rng([seed, 15])
    n, name = train + judge, np.arange(classes) if order is None else np.asarray(order)
    features = rng.standard_normal((n, dim)).astype(np.float32)
    truth = (features @ rng.standard_normal((dim, classes))).argmax(axis=1)
    listed = TaskList(
        items=tuple(f"text {i}" for i in range(n)),
        a=np.arange(n, dtype=np.int64),
        b=np.full(n, -1, dtype=np.int64),
        slices=np.arange(n, dtype=np.int64) % 2,
        slice_names=("even", "odd"),
        group=np.arange(n, dtype=np.int64),
        gold=np.where(np.arange(n) < judge, name[truth].astype(float), np.nan),
        kind=classes_kind(classes),
    )
    votes = {}
    for source, error, repeats in zip(("crowd", "expert"), errors, (3, 1), strict=True):
        task = np.repeat(np.arange(n, dtype=np.int64), repeats)
        fooled = (rng.random(n) < shared * (repeats > 1)) * rng.integers(1, classes, n)
        slip = (rng.random(len(task)) < error) * rng.integers(1, classes, len(task))
        said = (truth[task] + fooled[task] + slip) % classes
        votes[source] = SourceLabels(task, name[said].astype(float))
    return task_pool(listed, votes, seed=seed, where="gold"), features


def task_list_with_votes(
    seed: int,
    *,
    judge: int,
    error: tuple[float, float],
    repeats: int,
    shared: float = 0.0,
    group_size: int = 1,
) -> tuple[TaskPool, tuple[float, float]]:
    """Judged tasks in two slices with votes that err at known rates; groups err together.

    With ``group_size`` above one, all tasks of a group are right or wrong together.
    """
    rng = np.random.default_rng([seed, 14])
    n = judge + 40
    truth = rng.integers(0, 2, n).astype(np.float64)
    slices = np.arange(n) // group_size % 2
    group = np.arange(n) // group_size
    listed = TaskList(
        items=tuple(f"text {i}" for i in range(n)),
        a=np.arange(n),
        b=np.full(n, -1),
        slices=slices,
        slice_names=("one", "two"),
        group=group,
        gold=np.where(np.arange(n) < judge, truth, np.nan),
        kind=classes_kind(2),
    )
    rates = np.asarray(error)[slices]
    together = rng.random(n) < shared
    alone = (rates - shared) / (1.0 - 2.0 * shared)
    luck = rng.random((n, repeats)) if group_size == 1 else rng.random((n, 1))[group]
    wrong = (luck < alone[:, None]) ^ together[:, None]
    votes = np.where(wrong, 1.0 - truth[:, None], truth[:, None])
    said = SourceLabels(np.repeat(np.arange(n), repeats), votes.ravel())
    return task_pool(listed, {"crowd": said}, seed=seed, where="gold"), error


def recorded_sources(pool: TaskPool, prices: dict[str, float]) -> dict[str, Source]:
    """Sources that hand out the pool's recorded labels."""
    return {name: Source(name, p, FixedPosterior(pool.channel(name))) for name, p in prices.items()}


def small_grid(pool: TaskPool, seeds: int = 6, model: str = "made-up") -> list[Cell]:
    """Twelve cells of two sources."""
    sources = recorded_sources(pool, {"crowd": 0.1, "expert": 1.0})
    curves = [Curve((Tranche(s, n),)) for s in sources for n in (40, 80, 120, 200)]
    curves += [Curve((Tranche("crowd", n), Tranche("expert", 60, round=2))) for n in (90, 150)]
    curves += [Curve((Tranche("crowd", n, 3), Tranche("expert", 50))) for n in (90, 150)]
    rng = np.random.default_rng(0)
    return [Cell(model, c.resolve(sources, rng), tuple(range(seeds))) for c in curves]


def measure_small_grid(store: Path, workers: int = 1, dim: int = 16, seeds: int = 6):
    """Measure the small grid into a store."""
    pool, features = votes_pool(dim=dim)
    models = {"made-up": Embedded("made-up", "made-up/1", features)}
    return measure(
        small_grid(pool, seeds), pool, models, Probe(), RunStore(store), SilentProgress(),
        executor=LocalProcesses(workers),
    )  # fmt: skip


# ---- files of a study of one's own

_WORDS = {
    1: ["good", "great", "lovely", "superb", "happy", "warm", "delightful", "fine"],
    0: ["bad", "awful", "dreary", "poor", "sad", "cold", "dreadful", "broken"],
}
_THINGS = ["film", "soup", "hotel", "book", "game", "phone", "garden", "song"]


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    """A CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def write_jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    """A file of JSON lines."""
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def class_files(folder: Path, *, tasks: int = 270, gold: int = 110, seed: int = 0) -> Path:
    """A study of votes with a third answer, "unsure", on texts that say little; its path."""
    rng = np.random.default_rng([seed, 16])
    truth, names = rng.integers(0, 3, tasks), ["no", "unsure", "yes"]
    words = [_WORDS[0], ["plain", "usual", "average", "common", "standard", "grey"], _WORDS[1]]
    texts = []
    for i, t in enumerate(truth):
        first, second = rng.choice(words[t], 2)
        texts.append(f"A {first} {rng.choice(_THINGS)}, number {i}, quite {second}.")
    rows = [[f"t{i}", text, ("food", "fun")[i % 2]] for i, text in enumerate(texts)]
    write_csv(folder / "items.csv", ["task", "text", "topic"], rows)
    rows = [[f"t{i}", names[truth[i]]] for i in range(gold)]
    write_csv(folder / "gold.csv", ["task", "label"], rows)
    for name, error, repeats in (("crowd", 0.35, 3), ("experts", 0.05, 1)):
        slip = (rng.random((tasks, repeats)) < error) * rng.integers(1, 3, (tasks, repeats))
        said = (truth[:, None] + slip) % 3
        rows = [
            [f"t{i}", f"{name}{(i + r) % 9}", names[said[i, r]]]
            for i in range(tasks)
            for r in range(repeats)
        ]
        write_csv(folder / f"{name}.csv", ["task", "worker", "label"], rows)
    study = folder / "study.toml"
    text = VOTES_STUDY.replace('["no", "yes"]', '["no", "unsure", "yes"]')
    study.write_text(text.replace("error = 0.2\n", "error = 0.3\n"), encoding="utf-8")
    return study


def vote_files(folder: Path, *, tasks: int = 240, gold: int = 80, seed: int = 0) -> Path:
    """A study of votes on short texts, with all its files; returns the study's path."""
    rng = np.random.default_rng([seed, 12])
    truth = rng.integers(0, 2, tasks)
    texts = []
    for i, t in enumerate(truth):
        first, second = rng.choice(_WORDS[int(t)], 2)
        texts.append(f"A {first} {rng.choice(_THINGS)}, number {i}, quite {second}.")
    topics = ["food", "fun"]
    write_csv(
        folder / "items.csv",
        ["task", "text", "topic"],
        [[f"t{i}", text, topics[i % 2]] for i, text in enumerate(texts)],
    )
    names = ["no", "yes"]
    write_csv(
        folder / "gold.csv",
        ["task", "label"],
        [[f"t{i}", names[truth[i]]] for i in range(gold)],
    )
    for name, error, repeats in (("crowd", 0.25, 3), ("experts", 0.05, 1)):
        rows = []
        for i in range(tasks):
            for r in range(repeats):
                said = truth[i] ^ int(rng.random() < error)
                rows.append([f"t{i}", f"{name}{(i + r) % 9}", names[said]])
        write_csv(folder / f"{name}.csv", ["task", "worker", "label"], rows)
    study = folder / "study.toml"
    study.write_text(VOTES_STUDY, encoding="utf-8")
    return study


VOTES_STUDY = """\
name = "own"
seed = 3

[task]
kind = "votes"
items = "items.csv"
gold = "gold.csv"
classes = ["no", "yes"]
slice = "topic"

[criterion]
error = 0.2
worst_slice_error = 0.3

[sources.crowd]
labels = "crowd.csv"
price = 0.1
labels_per_task = [1, 3]

[sources.experts]
labels = "experts.csv"
price = 2.0

[models]
target = "minilm-l6@1"

[budget]
money = 200

[grid]
seeds = 4
mixtures = 8
focus = 0
smallest = 20

[check]
runs = 6
"""


def preference_rows(n: int, *, seed: int = 0, wrong: float = 0.0) -> list[dict[str, object]]:
    """n prompts with a good and a bad answer; some are preferred the wrong way round."""
    rng = np.random.default_rng([seed, 13])
    rows = []
    for i in range(n):
        thing = _THINGS[i % len(_THINGS)]
        good = f"It is {_WORDS[1][i % 8]} and {_WORDS[1][(i // 8) % 8]}."
        bad = f"It is {_WORDS[0][i % 8]} and {_WORDS[0][(i // 8) % 8]}."
        flip = rng.random() < wrong
        rows.append(
            {
                "prompt": f"How is {thing} number {i}?",
                "chosen": bad if flip else good,
                "rejected": good if flip else bad,
            }
        )
    return rows


if __name__ == "__main__":
    measure_small_grid(Path(sys.argv[1]), int((sys.argv[2:] or ["1"])[0]), dim=256, seeds=64)
