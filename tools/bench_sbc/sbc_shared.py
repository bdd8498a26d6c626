"""The shared error learned from gold: tables whose crowd is misled as the prior says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.supply.workers import PUBLIC_CROWDS
from suffice.supply.workers._crowd_prior import shrunk
from suffice.supply.workers._shared import shared_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from suffice.supply.workers._shared import SharedError

    Array = NDArray[Any]

TASKS, DRAWS = 60, 63


def table(classes: int, rng: np.random.Generator) -> tuple[Array, Array, dict[str, float]]:
    """Gold, P(class) by the labels alone, and the truth."""
    # What a worker model would say of the tasks: sure of some, unsure of others.
    sure = rng.beta(4.0, 0.2, TASKS)[:, None]
    top = np.eye(classes)[rng.integers(0, classes, TASKS)]
    open_TK = sure * top + (1.0 - sure) / classes
    together, misled, chances = PUBLIC_CROWDS.grid()
    row, column = np.divmod(rng.choice(chances.size, p=chances.ravel()), len(misled))
    blank = fitted(np.full(TASKS, -1), open_TK, rng)
    shown = shrunk(open_TK, float(together[row]))
    seen = (shown.cumsum(axis=1) < rng.random((TASKS, 1))).sum(axis=1)
    hit = rng.random(TASKS) < misled[column]
    turned = (blank.flip_KK[seen].cumsum(axis=1) < rng.random((TASKS, 1))).sum(axis=1)
    gold = np.where(hit, turned, seen).clip(0, classes - 1)
    return gold, open_TK, {"together": float(together[row]), "misled": float(misled[column])}


def fitted(gold: Array, open_TK: Array, rng: np.random.Generator) -> SharedError:
    """The posterior; without gold it is the prior."""
    classes = open_TK.shape[1]
    confusion = np.full((classes, classes), 0.2)
    confusion[np.arange(classes), np.arange(classes)] = 1.0 - 0.2 * (classes - 1)
    return shared_error(
        gold, open_TK, open_TK, confusion, np.full(classes, 1.0 / classes), prior=PUBLIC_CROWDS,
        dissent=None, draws=DRAWS, seed=int(rng.integers(2**31)),
    )  # fmt: skip


def places(simulations: int, seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    """Place of each truth among the draws, between 0 and 1, for two and for four classes."""
    for classes in (2, 4):
        rng = np.random.default_rng([seed, 31, classes])
        found: dict[str, list[float]] = {"errors go together": [], "share misled": []}
        for _ in range(simulations):
            gold, open_TK, truth = table(classes, rng)
            fit = fitted(gold, open_TK, rng)
            for name, draws, value in (
                ("errors go together", fit.together_D, truth["together"]),
                ("share misled", fit.misled_D, truth["misled"]),
            ):
                # Cells of a grid tie; chance splits ties evenly.
                tied = int(np.isclose(draws, value).sum())
                low = int((draws < value - 1e-9).sum())
                found[name].append((low + rng.integers(0, tied + 1) + 0.5) / (DRAWS + 1))
        yield (
            f"shared error from gold, {classes} classes",
            {name: np.array(place) for name, place in found.items()},
        )
