"""What a source's labels are worth: error, channel and bits, by slice, with intervals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from suffice.estimate import cells
from suffice.supply._misfit import misfit, shown_by_gold
from suffice.supply._pieces import pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]


_MISFIT = 0.05
"""Scale of how far the worker model misses the error of a source on a slice (chosen: what a crowd's
error was missed by on public crowds; the prior's tails are heavy)."""
_MISFIT_OF_MODELS = 0.24
"""The same of language models, whose errors are not people's (``CrowdPrior.judge_sd`` of answers
with a standard deviation of .4)."""


def source_rows(
    votes: Votes, truth_DT: Array, rng: np.random.Generator
) -> tuple[list[dict[str, Any]], dict[tuple[int, int], Array]]:
    """One row for each source and slice, and one for all slices of a source.

    Model: the joint counts of truth and label in each posterior draw of the truth, with a
    Dirichlet draw around them, so that the interval holds the truth's uncertainty and the
    sampling of new tasks. Where there is gold, the error on the other tasks is moved by what the
    gold tasks of the source and slice show beyond what the truth's draws say (``misfit``). Bits are
    the mutual information of truth and one label; a price per bit is a label's price over that.
    Assumes: gold tasks are like the others of their slice.
    Fails when: truth and labels of one table are used for both, and labels are few: the bits are
    then a little too high.
    Reference: Angelopoulos et al. (2023), Science 382, prediction-powered inference.

    Args:
        votes: the labels.
        truth_DT: drawn classes of the tasks.
        rng: the only source of chance.

    Returns:
        The rows, and the draws of the error by numbers of source and slice.
    """
    errors: dict[tuple[int, int], Array] = {}
    rows: list[dict[str, Any]] = []
    places: list[tuple[str, int | None]] = [("all", None)]
    if len(votes.slice_names) > 1:
        places += [(name, number) for number, name in enumerate(votes.slice_names)]
    for source, name in enumerate(votes.source_names):
        for place, number in places:
            mask = votes.sources == source
            if number is not None:
                mask &= votes.slices[votes.task] == number
            if not mask.any():
                continue
            value, drawn = worth(votes, mask, truth_DT, float(votes.cost[source]), rng)
            if number is not None or len(places) == 1:
                errors[source, number or 0] = drawn
            rows.append(
                {
                    "source": name,
                    "slice": place,
                    "labels": int(mask.sum()),
                    "tasks": _different(votes.task, mask, votes.shape[0]),
                    "workers": _different(votes.worker, mask, votes.shape[1]),
                }
                | value
            )
    return rows, errors


def _different(number: Array, mask: Array, count: int) -> int:
    """How many different numbers below ``count`` there are under a mask."""
    import numpy as np

    seen = np.zeros(count, dtype=bool)
    seen[number[mask]] = True
    return int(seen.sum())


def worth(
    votes: Votes,
    mask: Array,
    truth_DT: Array,
    price: float,
    rng: np.random.Generator,
) -> tuple[dict[str, Any], Array]:
    """What the labels of a mask are worth, and draws of their error."""
    import numpy as np

    classes = votes.shape[2]
    draws = len(truth_DT)
    other = np.arange(classes)
    if votes.twins is not None:
        other[list(votes.twins)] = votes.twins[::-1]
    joint = np.empty((draws, classes, classes))
    whole = bool(mask.all())
    # A small prior keeps empty cells from counting as certain.
    floor = 0.5 / classes
    for draw in range(draws):
        flat = np.zeros(classes**2, dtype=np.int64)
        for piece in pieces(len(votes)):
            task, label = votes.task[piece], votes.label[piece]
            if not whole:
                task, label = task[mask[piece]], label[mask[piece]]
            cell = truth_DT[draw, task].astype(np.int64) * classes + label
            flat += np.bincount(cell, minlength=classes**2)
        counts = flat.reshape(classes, classes).astype(np.float64)
        if votes.twins is not None:
            # What was seen of one side of a pair was seen of the other, whatever they are called.
            counts = (counts + counts[other][:, other]) / 2.0
        drawn = rng.gamma(counts + floor)
        joint[draw] = drawn / drawn.sum()
    error = 1.0 - np.trace(joint, axis1=1, axis2=2)
    joint = _moved(joint, *_miss(votes, mask, float(error.mean())), rng)
    error = 1.0 - np.trace(joint, axis1=1, axis2=2)
    bits = mutual_information(joint)
    channel = joint.mean(axis=0)
    channel = channel / channel.sum(axis=1, keepdims=True)
    row: dict[str, Any] = cells("error", error) | cells("bits", bits)
    row["price"] = price if np.isfinite(price) else None
    per_bit = price / np.maximum(bits, 1e-9)
    row |= (
        cells("price_per_bit", per_bit)
        if np.isfinite(price)
        else dict.fromkeys(("price_per_bit", "price_per_bit_low", "price_per_bit_high"))
    )
    row["channel"] = json.dumps([[round(float(p), 4) for p in line] for line in channel])
    return row, error


def _miss(votes: Votes, mask: Array, error: float) -> tuple[float, float]:
    """Mean and standard deviation of what is to be added to an error of the labels of a mask."""
    import numpy as np

    golden = mask & (votes.gold >= 0)[votes.task]
    labels, every = int(golden.sum()), int(mask.sum())
    if labels in (0, every):
        return 0.0, 0.0
    right, variance = shown_by_gold(votes, np.where(mask, 0, -1), 1, these=False)
    wrong = int((votes.label[golden] != votes.gold[votes.task[golden]]).sum())
    rest = 1.0 - labels / every
    missed = 1.0 - right - (error - wrong / every) / rest
    machines = votes.judges is not None and votes.judges[votes.worker[mask]].all()
    scale = np.array([_MISFIT_OF_MODELS if machines else _MISFIT])
    mean, sd = misfit(missed, variance, scale)
    return rest * float(mean[0]), rest * float(sd[0])


def _moved(joint: Array, mean: float, sd: float, rng: np.random.Generator) -> Array:
    """Joint chances [draw, truth, label] with the error moved, rights and wrongs in proportion."""
    import numpy as np

    if mean == sd == 0.0:
        return joint
    right = np.eye(joint.shape[1], dtype=bool)
    error = 1.0 - np.trace(joint, axis1=1, axis2=2)
    new = np.clip(error + rng.normal(mean, sd, len(joint)), 1e-6, 1.0 - 1e-6)
    wrongs = (new / np.maximum(error, 1e-12))[:, None, None]
    rights = ((1.0 - new) / np.maximum(1.0 - error, 1e-12))[:, None, None]
    return np.asarray(joint * np.where(right, rights, wrongs))


def mutual_information(joint: Array) -> NDArray[np.float64]:
    """Bits that the label says about the truth; ``joint`` is [draw, truth, label]."""
    import numpy as np

    alone = joint.sum(axis=2, keepdims=True) * joint.sum(axis=1, keepdims=True)
    ratio = np.where(joint > 0.0, joint / np.maximum(alone, 1e-300), 1.0)
    return np.asarray((joint * np.log2(ratio)).sum(axis=(1, 2)))
