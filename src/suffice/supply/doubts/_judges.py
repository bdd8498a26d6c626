"""AI judges beside people: agreement, accuracy and errors in common, slice by slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from suffice.labels import LabelTable

    Array = NDArray[Any]

_RESAMPLES = 400
_ALL = "all"


def judge_report(
    labels: LabelTable,
    judges: Sequence[Any],
    gold: Mapping[Any, Any] | None = None,
    *,
    seed: int = 0,
) -> pl.DataFrame:
    """Hold judges against people: one row a judge and slice, with 90 % intervals.

    Model: none; shares of tasks, with intervals by resampling tasks.
    Assumes: tasks are a random sample of those that the judge will be used on.
    Fails when: few tasks of a slice have a judge's and a person's label (see ``tasks``). Agreement
    with people says nothing of what both get wrong: without gold that stays unknown.
    Reference: Calderon, Reichart and Dror (2025), ACL, on judging a judge by leaving people out.

    Args:
        labels: the table, judges and people in it as workers.
        judges: the workers who are judges; all others are people.
        gold: task -> right label, beside the gold that the table has.
        seed: of the resampling.

    Returns:
        ``agrees`` (judge with a person drawn at random), ``people_agree`` (two people with each
        other, on the same tasks), ``gap`` (the first less the second); with gold also ``accuracy``
        and ``people_accuracy``, ``both_wrong`` (judge and person give the same wrong label) and
        ``both_wrong_alone`` (what it would be if they erred alone). Each with ``_low, _high``.

    Raises:
        InputError: a judge is not in the table, or nobody else is.
    """
    import numpy as np
    import polars as pl

    from suffice.supply._votes import code_votes

    votes = code_votes(labels, gold)
    number = {str(name): w for w, name in enumerate(votes.workers)}
    for judge in judges:
        if str(judge) not in number:
            raise InputError(f"no worker {judge!r} to be a judge", where=labels.origin,
                             fix=f"name one of {', '.join(list(number)[:8])}")  # fmt: skip
    mine = np.array([number[str(judge)] for judge in judges], dtype=np.int64)
    is_person = ~np.isin(votes.worker, mine)
    if not is_person.any():
        raise InputError("every worker is named as a judge: there are no people to compare with",
                         where=labels.origin, fix="name fewer judges")  # fmt: skip
    tasks, _, classes = votes.shape
    cell = votes.task * classes + votes.label
    people = np.bincount(cell[is_person], minlength=tasks * classes).reshape(tasks, classes)
    rows: list[dict[str, Any]] = []
    for judge, worker in zip(judges, mine, strict=True):
        given = np.full(tasks, -1)
        own = votes.worker == worker
        given[votes.task[own]] = votes.label[own]
        places = [(_ALL, np.ones(tasks, dtype=bool))]
        if len(votes.slice_names) > 1:
            places += [(n, votes.slices == s) for s, n in enumerate(votes.slice_names)]
        for name, at in places:
            kept = at & (given >= 0) & (people.sum(axis=1) > 0)
            if kept.any():
                values = _values(given[kept], people[kept], votes.gold[kept])
                rows.append(
                    {"judge": str(judge), "slice": name, "tasks": int(kept.sum())}
                    | _summaries(values, Stream.AI_JUDGES.rng(seed))
                )
    return pl.DataFrame(rows, infer_schema_length=None)


def _values(given: Array, people: Array, gold: Array) -> dict[str, tuple[Array, Array]]:
    """Name -> numerator and denominator of a share, by task."""
    import numpy as np

    count = people.sum(axis=1).astype(np.float64)
    at = np.arange(len(given))
    same = people[at, given] / count
    pairs = np.maximum(count * (count - 1.0), 1.0)
    two = count >= 2
    agree = np.where(two, (people * (people - 1.0)).sum(axis=1) / pairs, 0.0)
    one = np.ones(len(given))
    values = {"agrees": (same, one), "people_agree": (agree, two.astype(np.float64))}
    known = gold >= 0
    if known.any():
        right = known & (given == gold)
        person = np.where(known, people[at, np.maximum(gold, 0)] / count, 0.0)
        weight = known.astype(np.float64)
        values["accuracy"] = right.astype(np.float64), weight
        values["people_accuracy"] = person, weight
        values["both_wrong"] = np.where(known & ~right, same, 0.0), weight
    return values


def _summaries(
    values: dict[str, tuple[Array, Array]], rng: np.random.Generator
) -> dict[str, float | None]:
    """Value and interval of each share, and of what follows from them."""
    import numpy as np

    n = len(next(iter(values.values()))[0])
    # The first row weighs all tasks alike: the value itself.
    weights = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1.0 / n), _RESAMPLES)])
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = {name: (weights @ top) / (weights @ base) for name, (top, base) in values.items()}
    drawn["gap"] = drawn["agrees"] - drawn["people_agree"]
    if "accuracy" in drawn:
        drawn["both_wrong_alone"] = (1.0 - drawn["accuracy"]) * (1.0 - drawn["people_accuracy"])
    row: dict[str, float | None] = {}
    for name, draws in drawn.items():
        finite = draws[1:][np.isfinite(draws[1:])]
        whole = len(finite) > 0 and np.isfinite(draws[0])
        low, high = interval(finite) if whole else (None, None)
        row[name] = float(draws[0]) if whole else None
        row |= {f"{name}_low": low, f"{name}_high": high}
    return row
