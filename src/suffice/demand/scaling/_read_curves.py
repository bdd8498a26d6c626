"""Rows into curves: what is used, what is left out and why, and what cannot be a curve at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_POINTS = 2
"""Points of a curve: one says nothing of a slope."""

MOST_POINTS = 80
"""Longer curves are averaged in so many steps of log x: neighbours say nearly the same."""

_ALONE = "curve"
_HUNDRED = np.log(100.0)
_JUMP = np.log(20.0)
_SHARE, _PERCENT = 1.0, 100.0
_ALONG = 0.9
"""Rank correlation of y with x from which a curve rises all along. Chosen: of flat curves of five
points that are noise alone, one in forty does."""
_SEVERAL, _RISE, _CLEAR_RISE = 5, 1.01, 1.1
"""It must rise by a hundredth too, and by a tenth where there are fewer points than five. Chosen:
seeds move a loss by as much."""


@dataclass(frozen=True, eq=False)
class CurveData:
    """One curve, ready to be fitted.

    Attributes:
        name: its id.
        x, y: increasing and positive [point].
        variance: of the noise at each point, relative to its mean over the curve [point].
        noise_sd: noise as a share of y where it was given, else None.
        rows: how many rows there were.
        left_out: reason -> rows that were left out for it.
        notes: what else was done or noticed.
        top: of an accuracy, which y is the distance from: 1 or 100; None where y is as it was.
    """

    name: str
    x: Floats
    y: Floats
    variance: Floats
    noise_sd: float | None
    rows: int
    left_out: Mapping[str, int]
    notes: tuple[str, ...]
    top: float | None = None


@dataclass(frozen=True)
class RefusedCurve:
    """A curve that nothing can be said about, and why."""

    curve: str
    reason: str
    rows: int


@dataclass(eq=False)
class _Rows:
    """The rows of one curve while they are looked at."""

    x: Floats
    y: Floats
    sd: Floats
    again: NDArray[np.bool_]
    """Rows that repeat an earlier one in all that the file says of them."""
    told: bool
    """Whether the file says more of a row than x and y: its seed, for instance."""
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def drop(self, bad: NDArray[np.bool_], reason: str) -> None:
        if bad.any():
            self.left_out[reason] += int(bad.sum())
            self.x, self.y, self.sd = self.x[~bad], self.y[~bad], self.sd[~bad]
            self.again = self.again[~bad]


def read_curves(
    data: str | Path | pl.DataFrame | Mapping[str, Any], *, accuracy: bool = False
) -> tuple[list[CurveData], list[RefusedCurve]]:
    """Read curves from a file, a frame or a mapping of columns.

    Args:
        data: with the columns ``x`` and ``y``, and where given ``curve`` (else all rows are one
            curve) and ``y_sd``. Further columns, such as ``seed``, tell equal rows apart.
        accuracy: y is an accuracy, as a share or in percent.

    Raises:
        InputError: columns are missing or hold text, or no curve is left.
    """
    frame, where = _frame(data)
    for name in ("x", "y"):
        if name not in frame.columns:
            raise InputError(
                f"there is no column {name} (there are: {', '.join(frame.columns) or 'none'})",
                where=where,
                fix="give the columns curve, x and y; y_sd may be added",
            )
    x, y = _numbers(frame, "x", where), _numbers(frame, "y", where)
    sd = _numbers(frame, "y_sd", where) if "y_sd" in frame.columns else np.full(len(x), np.nan)
    names = _names(frame)
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        rows.setdefault(name, []).append(row)
    others = [n for n in frame.columns if n not in ("curve", "x", "y", "y_sd")]
    # A column that is the same in all rows tells none of them apart.
    told = any(frame[name].n_unique() > 1 for name in others)
    again = ~frame.to_struct().is_first_distinct().to_numpy()
    curves, refused = [], []
    for name, mine in rows.items():
        found = _curve(name, _Rows(x[mine], y[mine], sd[mine], again[mine], told), accuracy)
        if isinstance(found, CurveData):
            curves.append(found)
        else:
            refused.append(found)
    if not curves:
        why = f"{refused[0].curve}: {refused[0].reason}" if refused else "there are no rows"
        raise InputError(f"no curve can be extrapolated; {why}", where=where, fix="mend the rows")
    return curves, refused


def _frame(data: str | Path | pl.DataFrame | Mapping[str, Any]) -> tuple[pl.DataFrame, str]:
    import polars as pl

    if isinstance(data, (str, Path)):
        from suffice.labels import read_frame

        return read_frame(data), str(data)
    if isinstance(data, pl.DataFrame):
        return data, "curves"
    try:
        return pl.DataFrame(dict(data), strict=False), "curves"
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(
            f"the curves make no table: {reason}",
            where="curves",
            fix='give columns of one length: {"curve": [...], "x": [...], "y": [...]}',
        ) from None


def _names(frame: pl.DataFrame) -> list[str]:
    if "curve" not in frame.columns:
        return [_ALONE] * len(frame)
    return ["(no name)" if name is None else str(name) for name in frame["curve"].to_list()]


def _numbers(frame: pl.DataFrame, name: str, where: str) -> Floats:
    """A column as floats; empty cells and NaN as NaN; any other text is refused with its row."""
    found = np.empty(len(frame))
    for row, value in enumerate(frame[name].to_list()):
        try:
            text = value.strip() if isinstance(value, str) else value
            found[row] = np.nan if text is None or text == "" else float(text)
        except (TypeError, ValueError):
            raise InputError(
                f"{name} is no number in row {row + 1}: {value!r}",
                where=where,
                fix="write plain numbers with a decimal point, no % sign and no unit",
            ) from None
    return found


def _curve(name: str, rows: _Rows, accuracy: bool) -> CurveData | RefusedCurve:
    given = len(rows.x)
    rows.drop(~np.isfinite(rows.x), "x is missing or not finite")
    rows.drop(~np.isfinite(rows.y), "y is missing or not finite")
    rows.drop(rows.x < 0, "x is below 0")
    rows.drop(rows.x == 0, "x is 0, which has no logarithm")
    top = None
    if accuracy and len(rows.y):
        top = _SHARE if rows.y.max() <= _SHARE else _PERCENT
        if rows.y.max() > _PERCENT:
            return RefusedCurve(name, f"y is up to {rows.y.max():g}, which is no accuracy", given)
        rows.y = top - rows.y
        rows.notes.append(f"read as an accuracy: {top:g} - y was extrapolated, and turned back")
    rows.drop(rows.y < 0, "y is below 0")
    rows.drop(_outlandish(rows.x) | (_outlandish(rows.y) & (rows.y > 0)),
              "a value lies outside 1e-100 to 1e100")  # fmt: skip
    _repeats(rows)
    usable = len(np.unique(rows.x)) if (rows.y > 0).any() else 0
    if usable < LEAST_POINTS:
        left = "".join(f"; {count} left out ({why})" for why, count in rows.left_out.items())
        zero = "; y is 0 everywhere" if len(rows.y) and not usable else ""
        reason = f"{usable} usable x, and at least {LEAST_POINTS} are needed{left}{zero}"
        return RefusedCurve(name, reason, given)
    order = np.argsort(rows.x, kind="stable")
    x, y, sd = rows.x[order], rows.y[order], rows.sd[order]
    if (mixed := _two_units(x, y, rows)) is not None:
        return RefusedCurve(name, mixed, given)
    noise_sd, variance = _noise(y, sd, rows)
    x, y, variance = _averaged(x, y, variance, rows)
    if (rising := _rises(x, y)) is not None and not accuracy:
        return RefusedCurve(name, rising, given)
    _shape_notes(y, rows, accuracy)
    left_out = dict(rows.left_out)
    return CurveData(name, x, y, variance, noise_sd, given, left_out, tuple(rows.notes), top)


def _outlandish(values: Floats) -> NDArray[np.bool_]:
    return np.asarray((values < 1e-100) | (values > 1e100))


def _repeats(rows: _Rows) -> None:
    """A row that says what an earlier one says is no second measurement, but equal values may be.

    Where the file tells runs apart (by a seed, say), rows are repeats that agree in that too. Where
    it does not, equal values at an x at which others differ are measurements like these.
    """
    if rows.told:
        rows.drop(rows.again, "repeats another row exactly")
        return
    seen, first, count = np.unique(
        np.stack([rows.x, rows.y], axis=1), axis=0, return_index=True, return_counts=True
    )
    again = np.ones(len(rows.x), dtype=bool)
    again[first] = False
    places, values = np.unique(seen[:, 0], return_counts=True)
    if len(np.unique(count)) > 1:
        again &= np.isin(rows.x, places[values == 1])
    rows.drop(again, "repeats another row exactly")


def _two_units(x: Floats, y: Floats, rows: _Rows) -> str | None:
    """Percent and shares in one curve: jumps of about 100 that go when the large ones are cut.

    A single fall may be a steep loss as well, and is noted alone.
    """
    x, y = x[y > 0], y[y > 0]
    z = np.log(y)
    jumps = np.diff(z)
    if not len(jumps) or abs(jumps).max() < _JUMP or not (y <= 1.0).any() or y.max() > 100.0:
        return None
    large = y > 1.0
    mended = np.where(large, z - _HUNDRED, z)
    if np.abs(np.diff(mended)).sum() > 0.4 * np.abs(jumps).sum():
        return None
    place, times = x[1:][abs(jumps).argmax()], np.exp(abs(jumps).max())
    if np.abs(np.diff(large.astype(int))).sum() == 1 and large[0]:
        rows.notes.append(
            f"y falls by a factor of {times:.0f} at x = {place:g}: if it is percent before and a "
            "share after, use one unit"
        )
        return None
    return (
        f"y seems to be percent in {int(large.sum())} rows and a share in {int((~large).sum())} "
        f"(it jumps by a factor of {times:.0f} at x = {place:g}): use one unit"
    )


def _rises(x: Floats, y: Floats) -> str | None:
    """Why a curve is no loss or error: it rises with x all along."""
    if len(y) <= LEAST_POINTS or y[-1] <= y[0]:
        return None
    rank = np.argsort(np.argsort(y, kind="stable"), kind="stable")
    along = float(np.corrcoef(np.arange(len(y)), rank)[0, 1])
    if along < _ALONG or y[-1] < (_RISE if len(y) >= _SEVERAL else _CLEAR_RISE) * y[0]:
        return None
    way = ""
    if y.max() <= _PERCENT:
        top = _SHARE if y.max() <= _SHARE else _PERCENT
        way = (
            f": if it is an accuracy, say so (--accuracy, accuracy=True in Python), or give "
            f"{top:g} - y"
        )
    return (
        f"y rises with x, from {y[0]:.4g} to {y[-1]:.4g}, and a loss or an error should fall{way}"
    )


def _noise(y: Floats, sd: Floats, rows: _Rows) -> tuple[float | None, Floats]:
    if not np.isfinite(sd).any():
        return None, np.ones(len(y))
    share = sd / y
    if not (np.isfinite(share) & (share > 0)).all():
        rows.notes.append("y_sd is missing or not above 0 in some rows, so it is not used")
        return None, np.ones(len(y))
    mean_square = float(np.mean(share**2))
    return float(np.sqrt(mean_square)), share**2 / mean_square


def _averaged(x: Floats, y: Floats, variance: Floats, rows: _Rows) -> tuple[Floats, Floats, Floats]:
    """One point for each x, and at most ``MOST_POINTS``: means of log x and log y."""
    places, group, count = np.unique(x, return_inverse=True, return_counts=True)
    if len(places) < len(x):
        rows.notes.append(
            f"{int((count > 1).sum())} x were measured more than once: y is averaged there"
        )
        if (y > 0).all():
            y = np.exp(np.bincount(group, np.log(y)) / count)
        else:  # no seed's 0 may make the others' mean 0
            y = np.bincount(group, y) / count
        x = places
        variance = np.bincount(group, variance) / count**2
    if zeros := int((y == 0).sum()):
        least = float(y[y > 0].min()) / 2.0
        y = np.where(y > 0, y, least)
        rows.notes.append(
            f"y is 0 at {zeros} x: read as {least:.3g}, half of the smallest y above 0, since a "
            "law of logarithms has no 0"
        )
    if len(x) <= MOST_POINTS:
        return x, y, variance
    rows.notes.append(f"{len(x):,} points were averaged in at most {MOST_POINTS} steps of log x")
    u = np.log(x)
    step = np.minimum(((u - u[0]) / (u[-1] - u[0]) * MOST_POINTS).astype(int), MOST_POINTS - 1)
    # Neighbours share noise, so a mean of many is not taken as better than one of them.
    _, group, count = np.unique(step, return_inverse=True, return_counts=True)
    means = [np.bincount(group, values) / count for values in (u, np.log(y), variance)]
    means[0][-1] = u[-1]  # forecasts are counted from the largest x
    return np.exp(means[0]), np.exp(means[1]), means[2]


def _shape_notes(y: Floats, rows: _Rows, accuracy: bool) -> None:
    if len(y) == LEAST_POINTS:
        rows.notes.append("two points cannot show how a curve bends: the prior decides")
    if np.ptp(y) == 0:
        rows.notes.append("y is the same everywhere: nothing shows whether it will ever fall")
    if y[-1] > 1.1 * y.min():
        rows.notes.append(
            f"the curve ends {100 * (y[-1] / y.min() - 1):.0f} % above its lowest point, "
            "which no family does: the interval shows what that is worth"
            + ("" if accuracy else "; if y is an accuracy, say so: --accuracy")
        )
