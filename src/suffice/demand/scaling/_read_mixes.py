"""Reads measured mixes of two sources: ``n_weak, n_high, y``, and optional columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Mixes:
    """One panel of measured mixes.

    Attributes:
        name: the value of its ``curve`` column; empty without one.
        n_weak, n_high, y: labels of both sources, and the error share [row].
        price: of a weak label where the file has ``weak_cost``, else None.
        budgets: those of its ``budget`` column, in rising order; empty without one.
    """

    name: str
    n_weak: Floats
    n_high: Floats
    y: Floats
    price: float | None
    budgets: tuple[float, ...]


def read_mixes(path: str | Path) -> list[Mixes]:
    """Read mixes, one panel for each value of the ``curve`` column.

    Args:
        path: a CSV, TSV, parquet, JSON or JSON lines file.

    Raises:
        InputError: a column is missing or holds something else than numbers.
    """
    from suffice.labels import read_frame

    frame, where = read_frame(path), str(path)
    missing = [name for name in ("n_weak", "n_high", "y") if name not in frame.columns]
    if missing:
        raise InputError(f"there is no column {', '.join(missing)}", where=where,
                         fix="give n_weak, n_high and y, the error share")  # fmt: skip
    if not len(frame):
        raise InputError("there are no rows", where=where, fix="give one measured mix a row")
    names = [str(v) for v in frame["curve"].to_list()] if "curve" in frame.columns else []
    panels = []
    for name in dict.fromkeys(names or [""]):
        rows = [k for k, v in enumerate(names) if v == name] if names else list(range(len(frame)))
        columns = {c: _numbers(frame, c, rows, where) for c in ("n_weak", "n_high", "y")}
        price: float | None = None
        budgets: tuple[float, ...] = ()
        if "weak_cost" in frame.columns:
            prices = np.unique(_numbers(frame, "weak_cost", rows, where))
            if len(prices) != 1:
                raise InputError(f"weak_cost takes {len(prices)} values in one panel", where=where,
                                 fix="name panels in a column curve")  # fmt: skip
            price = float(prices[0])
        if "budget" in frame.columns:
            budgets = tuple(map(float, np.unique(_numbers(frame, "budget", rows, where))))
        panels.append(Mixes(name, **columns, price=price, budgets=budgets))
    return panels


def _numbers(frame: pl.DataFrame, name: str, rows: list[int], where: str) -> Floats:
    found = []
    values = frame[name].to_list()
    for row in rows:
        try:
            number = float(values[row])
        except (TypeError, ValueError):
            number = float("nan")
        if not np.isfinite(number):
            raise InputError(f"{name} is {values[row]!r} in row {row + 1}", where=where,
                             fix="give a number, or leave the row out")  # fmt: skip
        found.append(number)
    return np.array(found)
