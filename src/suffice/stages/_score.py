"""Score a file of forecasts, alone or against a frozen table of runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from suffice.forecast import Scores

    Floats = NDArray[np.float64]

KNOWN = {
    "p": ("p", "probability", "prob", "forecast", "pmeets", "pr"),
    "outcome": ("outcome", "passed", "pass", "met", "came", "result", "y"),
    "group": ("group", "cluster", "curve"),
    "set": ("set", "dataset", "data"),
    "cost": ("cost", "compute", "flops", "price", "gpuhours"),
    "id": ("id", "row", "key", "runid"),
}
"""Our name -> names of columns that mean it, in small letters without separators."""
_TRUE = ("1", "1.0", "true", "yes", "pass", "passed", "success", "met")
_FALSE = ("0", "0.0", "false", "no", "fail", "failed", "failure", "missed")


@dataclass(frozen=True)
class Scored:
    """Forecasts and how they came out.

    Attributes:
        scores: of them.
        notes: what was read and what was missing, one sentence each.
    """

    scores: Scores
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**self.scores.as_dict(), "notes": list(self.notes)}


def score(
    forecasts: str | Path | pl.DataFrame,
    board: str | Path | pl.DataFrame | None = None,
    *,
    go: float = 0.5,
    seed: int = 0,
) -> Scored:
    """Score forecasts of training runs.

    Args:
        forecasts: rows with ``p``; and with ``outcome``, optional ``group``, ``set``, ``cost`` and
            further forecasts ``p_NAME`` of the same runs, unless a board has those.
        board: a frozen table with ``id``, ``outcome`` and the rest; forecasts are then rows of
            ``id`` and ``p``. A row that was not forecast counts with its base rate.
        go: a run is made where P is at least this.
        seed: of the resamples.

    Raises:
        InputError: a column is missing, or a value cannot be.
    """
    from suffice.forecast import score_forecasts

    frame, where = _frame(forecasts, "the forecasts")
    notes: list[str] = []
    p = None
    if board is not None:
        truth, place = _frame(board, "the board")
        p = _joined(frame, where, truth, place, notes)
        frame, where = truth, place
    names = {ours: _column(frame, ours) for ours in KNOWN}
    if p is None:
        p = _numbers(frame, _need(names, "p", where), where)
    outcome = _outcomes(frame, _need(names, "outcome", where), where)
    references = {
        name[2:].replace("_", " "): _numbers(frame, name, where)
        for name in frame.columns
        if re.match(r"p_\w", name) and name != names["p"]
    }
    if not references:
        notes.append("no column p_NAME holds another forecast: skill is over the share of outcomes")
    groups = _words(frame, names["group"])
    if not groups:
        notes.append("no column group: every row counts as independent of the others")
    cost = None if names["cost"] is None else _numbers(frame, names["cost"], where)
    found = score_forecasts(
        p, outcome, groups=groups, sets=_words(frame, names["set"]), cost=cost,
        references=references or None, threshold=go, seed=seed,
    )  # fmt: skip
    from suffice.forecast import FEW_GROUPS

    if groups and found.groups < FEW_GROUPS:
        notes.append(f"{found.groups} groups are few: the intervals are too narrow")
    if found.certain_and_wrong:
        row = found.certain_and_wrong[0] + 1
        notes.append(
            f"{len(found.certain_and_wrong)} forecasts of 0 or 1 were wrong, the first in row "
            f"{row}: the log score is minus infinity"
        )
    return Scored(found, tuple(notes))


def _frame(given: str | Path | pl.DataFrame, called: str) -> tuple[pl.DataFrame, str]:
    import polars as pl

    from suffice.labels import read_frame

    frame, where = (given, called) if isinstance(given, pl.DataFrame) else (
        read_frame(given), str(given))  # fmt: skip
    if not len(frame):
        raise InputError("there are no rows", where=where, fix="give one forecast a row")
    return frame, where


def _column(frame: pl.DataFrame, ours: str) -> str | None:
    plain = {re.sub(r"[^a-z0-9]", "", n.lower()): n for n in reversed(frame.columns)}
    return next((plain[n] for n in KNOWN[ours] if n in plain), None)


def _need(names: dict[str, str | None], ours: str, where: str) -> str:
    found = names[ours]
    if found is None:
        raise InputError(
            f"there is no column {ours}", where=where,
            fix=f"call it one of {', '.join(KNOWN[ours])}",
        )  # fmt: skip
    return found


def _numbers(frame: pl.DataFrame, name: str, where: str) -> Floats:
    values = []
    for row, value in enumerate(frame[name], start=1):
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not np.isfinite(number):
            raise InputError(f"{name} is {value!r} in row {row}", where=where, fix="give a number")
        values.append(number)
    return np.array(values)


def _outcomes(frame: pl.DataFrame, name: str, where: str) -> NDArray[np.bool_]:
    found = []
    for row, value in enumerate(frame[name], start=1):
        word = str(value).strip().lower()
        if word not in _TRUE and word not in _FALSE:
            raise InputError(
                f"{name} is {value!r} in row {row}", where=where, fix="write 1 or 0 for met or not"
            )
        found.append(word in _TRUE)
    return np.array(found)


def _words(frame: pl.DataFrame, name: str | None) -> list[str]:
    return [] if name is None else [str(v) for v in frame[name]]


def _joined(
    frame: pl.DataFrame, where: str, truth: pl.DataFrame, place: str, notes: list[str]
) -> Floats:
    """P for every row of a board, in its order: rows that nobody forecast take the base rate."""
    own, theirs = _column(frame, "id"), _column(truth, "id")
    if own is None or theirs is None:
        raise InputError(
            "there is no column id", where=where if own is None else place,
            fix="give the ids of the board's rows",
        )  # fmt: skip
    said = _numbers(frame, _need({"p": _column(frame, "p")}, "p", where), where)
    ids = [str(v) for v in frame[own]]
    twice = next((i for i in ids if ids.count(i) > 1), None) if len(set(ids)) < len(ids) else None
    if twice is not None:
        raise InputError(f"{twice} is forecast twice", where=where, fix="give one p an id")
    wanted = [str(v) for v in truth[theirs]]
    strange = sorted(set(ids) - set(wanted))
    if strange:
        raise InputError(
            f"{strange[0]} is no row of the board", where=where, fix=f"use the ids of {place}"
        )
    by_id = dict(zip(ids, said, strict=True))
    left = [k for k, i in enumerate(wanted) if i not in by_id]
    if left and "p_base_rate" not in truth.columns:
        raise InputError(
            f"{wanted[left[0]]} is not forecast", where=where, fix="forecast every row"
        )
    base = _numbers(truth, "p_base_rate", place) if left else np.zeros(len(wanted))
    if left:
        notes.append(
            f"{len(left)} of {len(wanted)} rows were not forecast and count with the base rate"
        )
    return np.array([by_id.get(i, base[k]) for k, i in enumerate(wanted)])
