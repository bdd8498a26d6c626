"""The shared error learned from gold: tables whose crowd is misled as the prior says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply._votes import Votes
from suffice.supply.workers import _shared as shared
from suffice.supply.workers._shared_prior import beta_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from suffice.supply.workers._shared import SharedError

    Array = NDArray[Any]

TASKS, LABELS, DRAWS = 60, 5, 63
# A crowd is of one of these kinds, and which is unknown.
PRIOR_MEANS = (0.03, 0.1, 0.25)


def table(
    classes: int, rng: np.random.Generator
) -> tuple[Votes, Array, Array, Array, dict[str, float]]:
    """Votes with gold, P(class) by the labels alone, class shares, confusion, and the truth."""
    share, confusion = np.full(classes, 1.0 / classes), np.full((classes, classes), 0.2)
    confusion[np.arange(classes), np.arange(classes)] = 1.0 - 0.2 * (classes - 1)
    task = np.repeat(np.arange(TASKS), LABELS)
    label = rng.integers(0, classes, len(task))
    label[::LABELS] = label[1::LABELS] = label[2::LABELS]
    # What a worker model would say of the tasks: sure of some, unsure of others.
    sure = rng.beta(4.0, 1.0, TASKS)[:, None]
    counts = np.bincount(task * classes + label, minlength=TASKS * classes)
    top = np.eye(classes)[counts.reshape(TASKS, classes).argmax(axis=1)]
    open_TK = sure * top + (1.0 - sure) / classes
    votes = Votes(
        task, np.tile(np.arange(LABELS), TASKS), label, np.zeros(TASKS, int), range(TASKS),
        range(LABELS), tuple(str(k) for k in range(classes)), None, np.zeros(TASKS, int), ("all",),
        np.zeros(len(task), int), ("all",), np.array([np.nan]),
    )  # fmt: skip
    hit_share = rng.beta(1.0, 1.0 / rng.choice(PRIOR_MEANS) - 1.0)
    even = rng.choice(shared._EVEN, p=shared.even_prior(classes))
    blank = fitted(votes, open_TK, confusion, share, rng)
    seen = (open_TK.cumsum(axis=1) < rng.random((TASKS, 1))).sum(axis=1)
    hit = rng.random(TASKS) < shared._hit(hit_share, even, blank.weight_T)
    turned = (blank.flip_KK[seen].cumsum(axis=1) < rng.random((TASKS, 1))).sum(axis=1)
    gold = np.where(hit, np.minimum(turned, classes - 1), seen)
    from dataclasses import replace

    truth = {"share misled": hit_share, "how evenly": even}
    return replace(votes, gold=gold), open_TK, confusion, share, truth


def fitted(
    votes: Votes, open_TK: Array, confusion: Array, share: Array, rng: np.random.Generator
) -> SharedError:
    """The posterior; without gold it is the prior."""
    from dataclasses import replace

    golden = votes if votes.gold.any() else replace(votes, gold=np.full(TASKS, -1))
    return shared.shared_error(
        golden, open_TK, open_TK, confusion, share,
        prior=np.mean([beta_cells(mean) for mean in PRIOR_MEANS], axis=0), draws=DRAWS,
        seed=int(rng.integers(2**31)),
    )  # fmt: skip


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, for two and for four classes."""
    for classes in (2, 4):
        rng = np.random.default_rng([seed, 31, classes])
        found: dict[str, list[float]] = {"share misled": [], "how evenly": []}
        for _ in range(simulations):
            votes, open_TK, confusion, share, truth = table(classes, rng)
            fit = fitted(votes, open_TK, confusion, share, rng)
            for name, draws in (("share misled", fit.draws), ("how evenly", fit.even_D)):
                # Three levels of evenness tie; chance splits ties evenly.
                tied = np.isclose(draws, truth[name]).sum() * rng.random()
                low = (draws < truth[name] - 1e-9).sum()
                found[name].append((low + tied + 0.5 * (tied == 0.0)) / (DRAWS + 1))
        yield (
            f"shared error from gold, {classes} classes",
            {name: np.array(place) for name, place in found.items()},
        )
