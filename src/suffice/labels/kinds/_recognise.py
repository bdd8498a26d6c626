"""Which kind of label a table holds: classes, sides of pairs, values on a scale, or rankings."""

from __future__ import annotations

from itertools import islice, permutations
from math import factorial
from typing import TYPE_CHECKING, Any, Literal

from suffice.labels.kinds._ranking import parse_ranking
from suffice.labels.kinds._sides import sides_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from suffice.labels import LabelTable

    Array = NDArray[Any]

Kind = Literal["classes", "pairs", "scale", "ranking"]
KINDS: tuple[Kind, ...] = ("classes", "pairs", "scale", "ranking")
_SCALE_NAMES = (
    "rating", "score", "stars", "grade", "likert", "strength", "points", "mark",
    "preferencestrength",
)  # fmt: skip
"""Names of columns, in small letters without separators, whose numbers lie on a scale."""
_MANY = 50
"""Different whole numbers from which they are no classes, where labels do not show it: as many as a
study takes."""
_LEAST_VALUES, _LEAST_PAIRS = 5, 30
"""Values and dissenting pairs of labels from which the labels can show that values have an order.
With five values one order in 60 fits as well by chance (chosen)."""
_SURE, _CLEARLY = 0.02, 0.8
"""An order is shown where at most so many other orders bring dissenting labels as near, and where
they are at most so far apart as in an average order (chosen)."""
_EXACT, _TRIED = 6, 400
"""Values up to which all orders are tried, and orders that are tried of more (chosen for time)."""


def kind_of(table: LabelTable) -> tuple[Kind, str]:
    """The kind of a table's labels, by their values, and a note where the values had to decide.

    Words for sides, or columns that name two items, make pairs; orders (``a > b = c``) make
    rankings. Numbers lie on a scale where some
    are no whole ones or below 0, where their column is called a rating or the like, where there are
    too many for classes, or where annotators who disagree are mostly one step apart: of classes
    that numbers merely name, no order is better than another.
    """
    import numpy as np

    if sides_of(table.classes, table.frame.columns) is not None:
        return "pairs", ""
    if all(parse_ranking(name) is not None for name in table.classes):
        return "ranking", ""
    values = _numbers(table.classes)
    if values is None or len(values) < 3:
        return "classes", ""
    reach = f"the {len(values):,} numbers from {values.min():g} to {values.max():g}"
    if (values != np.round(values)).any() or (values.min() < 0.0 < values.max()):
        return "scale", f"labels are {reach}: audited as a scale (--kind classes for classes)"
    name = "".join(c for c in table.columns.get("label", "").lower() if c.isalnum())
    shown = _ordered(table, values)
    if name in _SCALE_NAMES or (len(values) > _MANY and shown is None):
        return "scale", f"labels are {reach}: audited as a scale (--kind classes for classes)"
    if shown:
        return "scale", (
            f"labels are {reach}, and who disagrees is mostly a step apart: audited as a scale "
            "(--kind classes for classes)"
        )
    return "classes", f"labels are {reach}: audited as classes (--kind scale for a scale)"


def _numbers(classes: tuple[str, ...]) -> Array | None:
    import numpy as np

    try:
        values = np.array([float(name) for name in classes])
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _ordered(table: LabelTable, values: Array) -> bool | None:
    """Whether dissenting labels of a task are nearer to each other than in other orders.

    None where there are too few of them to tell.
    """
    import numpy as np
    import polars as pl

    count = len(values)
    if count < _LEAST_VALUES:
        return None
    place = dict(zip(table.classes, np.argsort(np.argsort(values)).tolist(), strict=True))
    frame = table.frame.select("task", "label").sort("task", maintain_order=True)
    level = frame["label"].replace_strict(place, return_dtype=pl.Int64).to_numpy()
    same = (frame["task"] == frame["task"].shift(-1)).fill_null(False).to_numpy()[:-1]
    one, other = level[:-1][same], level[1:][same]
    differ = one != other
    if differ.sum() < _LEAST_PAIRS:
        return None
    pairs = np.bincount(one[differ] * count + other[differ], minlength=count**2)
    pairs = pairs.reshape(count, count)
    apart = np.abs(np.arange(count)[:, None] - np.arange(count))
    seen = float((pairs * apart).sum())
    others = np.array([(pairs * apart[np.ix_(o, o)]).sum() for o in _orders(count)])
    nearer = float((others <= seen).mean())
    return nearer <= _SURE and seen <= _CLEARLY * float(others.mean())


def _orders(count: int) -> Iterator[Array]:
    """Orders of so many values: all of few, of more some by chance."""
    import numpy as np

    if count <= _EXACT:
        for order in islice(permutations(range(count)), factorial(count)):
            yield np.array(order)
        return
    rng = np.random.default_rng(count)
    for _ in range(_TRIED):
        yield rng.permutation(count)
