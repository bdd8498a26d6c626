"""Error of the law and of simple forecasts on runs left out, for ``law.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.response._baselines import baselines_of
from suffice.records import HeldOut

if TYPE_CHECKING:
    from suffice.demand.response._response import Response

_FOLDS = 10
"""Parts of the cells that baselines are fitted without, one at a time: a convention."""


def held_out(law: Response, metric: str) -> tuple[HeldOut, ...]:
    """Root mean square error of the cells' means in one metric.

    The law's is leave-one-out, the baselines' tenfold, which differ by little.
    """
    m = [x.name for x in law.metrics].index(metric)
    cells = law.cells
    y = cells.means[:, m]
    stack = law.stacks[m]
    found = [
        HeldOut(
            name="suffice",
            rmse=float(np.sqrt(((stack.left_out[0] - y) ** 2).mean())),
            log_score=stack.log_score,
        )
    ]
    folds = min(_FOLDS, len(y))
    # Neighbouring cells go to different folds.
    fold = np.arange(len(y)) % folds
    errors: dict[str, list[float]] = {}
    for k in range(folds):
        out = fold == k
        for b in baselines_of(cells.points.take(~out), y[~out]):
            off = b.predict(cells.points.take(out)) - y[out]
            errors.setdefault(b.name, []).extend((off**2).tolist())
    # A table has no order of its own once its rows are left out by folds.
    errors.pop("last value", None)
    found += [HeldOut(name=n, rmse=float(np.sqrt(np.mean(e)))) for n, e in errors.items()]
    return tuple(found)
