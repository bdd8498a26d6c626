"""What a source's labels are worth: error, channel and bits, by slice, with intervals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.supply._votes import Votes

    Array = NDArray[Any]


def source_rows(votes: Votes, truth_DT: Array, rng: np.random.Generator) -> list[dict[str, Any]]:
    """One row for each source and slice, and one for all slices of a source.

    Model: the joint counts of truth and label in each posterior draw of the truth, with a
    Dirichlet draw around them, so that the interval holds the truth's uncertainty and the
    sampling of new tasks. Bits are the mutual information of truth and one label; a price per bit
    is the price of a label over that.
    Fails when: truth and labels of one table are used for both, and labels are few: the bits are
    then a little too high.
    """
    import numpy as np

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
            rows.append(
                {
                    "source": name,
                    "slice": place,
                    "labels": int(mask.sum()),
                    "tasks": len(np.unique(votes.task[mask])),
                    "workers": len(np.unique(votes.worker[mask])),
                }
                | _worth(votes, mask, truth_DT, float(votes.cost[source]), rng)
            )
    return rows


def _worth(
    votes: Votes, mask: Array, truth_DT: Array, price: float, rng: np.random.Generator
) -> dict[str, Any]:
    import numpy as np

    classes = votes.shape[2]
    task, label = votes.task[mask], votes.label[mask]
    draws = len(truth_DT)
    joint = np.empty((draws, classes, classes))
    # A small prior keeps empty cells from counting as certain.
    floor = 0.5 / classes
    for draw in range(draws):
        cell = truth_DT[draw, task].astype(np.int64) * classes + label
        counts = np.bincount(cell, minlength=classes**2).reshape(classes, classes)
        drawn = rng.gamma(counts + floor)
        joint[draw] = drawn / drawn.sum()
    error = 1.0 - np.trace(joint, axis1=1, axis2=2)
    bits = mutual_information(joint)
    channel = joint.mean(axis=0)
    channel = channel / channel.sum(axis=1, keepdims=True)
    row: dict[str, Any] = _interval("error", error) | _interval("bits", bits)
    row["price"] = price if np.isfinite(price) else None
    per_bit = price / np.maximum(bits, 1e-9)
    row |= (
        _interval("price_per_bit", per_bit)
        if np.isfinite(price)
        else dict.fromkeys(("price_per_bit", "price_per_bit_low", "price_per_bit_high"))
    )
    row["channel"] = json.dumps([[round(float(p), 4) for p in line] for line in channel])
    return row


def mutual_information(joint: Array) -> NDArray[np.float64]:
    """Bits that the label says about the truth; ``joint`` is [draw, truth, label]."""
    import numpy as np

    alone = joint.sum(axis=2, keepdims=True) * joint.sum(axis=1, keepdims=True)
    ratio = np.where(joint > 0.0, joint / np.maximum(alone, 1e-300), 1.0)
    return np.asarray((joint * np.log2(ratio)).sum(axis=(1, 2)))


def _interval(name: str, draws: Array) -> dict[str, float]:
    import numpy as np

    low, high = np.quantile(draws, [0.05, 0.95])
    return {name: float(draws.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}
