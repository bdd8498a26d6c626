"""A table of runs as cells: what was trained on, under which settings, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.response._fit import Scored
from suffice.demand.response._points import Points
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand.runs.tables import RunTable
    from suffice.metric import Metric

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FEWEST_RUNS = 4
"""Below this no law is fitted: a mean and its spread are all that three runs show. Chosen."""

UNNAMED = "the model"
"""What a model is called where the table names none."""


@dataclass(frozen=True, eq=False)
class Cells:
    """What a law is fitted to.

    Attributes:
        points: one a cell.
        cell: of each run [run].
        values, errors: of each run, and their standard errors, nan where unknown [run, metric].
        metrics: by column.
        columns: source and round that each count is of.
        models: names; the codes of the first factor count them.
        sizes: log of each model's size, nan where unknown.
        factors: names and words of the other factors.
        numbers: names of the numeric settings, their means and sds, and whether their logs count.
        left_out: runs that lack a metric.
    """

    points: Points
    cell: Ints
    values: Floats
    errors: Floats
    metrics: tuple[Metric, ...]
    columns: tuple[tuple[str, int], ...]
    models: tuple[str, ...]
    sizes: tuple[float, ...]
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    numbers: tuple[tuple[str, float, float, bool], ...]
    left_out: int

    @property
    def means(self) -> Floats:
        """Mean over the runs of each cell [cell, metric]."""
        count = np.bincount(self.cell)[:, None]
        sums = [np.bincount(self.cell, v) for v in self.values.T]
        return np.asarray(np.stack(sums, axis=1) / count)

    @property
    def repeats(self) -> int:
        """Runs beyond the first of their cell: what shows the noise of runs."""
        return len(self.cell) - len(self.points)

    @property
    def categories(self) -> tuple[int, ...]:
        """Categories of each factor, the model first."""
        return (len(self.models), *(len(words) for _, words in self.factors))

    def errors_of(self, m: int) -> Floats | None:
        """Standard errors of one metric; None where none is known [run]."""
        column = self.errors[:, m]
        return column if np.isfinite(column).any() else None

    def scored(self, m: int) -> Scored:
        """The runs of one metric."""
        return Scored(self.points, self.values[:, m], self.cell, self.errors_of(m), self.metrics[m])

    def capacity(self, stated: Mapping[str, float]) -> Floats | None:
        """Bits of a label by stated errors, relative to the best [column]; None without any.

        A source of which nothing is stated counts as the mean of the others.
        """
        known = {
            s: max(_bits(e), 1e-3)
            for s, e in stated.items()
            if any(s == c for c, _ in self.columns)
        }
        if not known:
            return None
        middle = float(np.exp(np.mean(np.log(list(known.values())))))
        found = np.array([known.get(s, middle) for s, _ in self.columns])
        return np.asarray(found / found.max())

    def counts(self, curves: Sequence[Curve]) -> Floats:
        """Labels of each column that curves buy [curve, column].

        Raises:
            InputError: a curve buys from a source that no run held.
        """
        place = {key: k for k, key in enumerate(self.columns)}
        sources = {s for s, _ in self.columns}
        found = np.zeros((len(curves), len(self.columns)))
        for i, curve in enumerate(curves):
            for t in curve:
                if t.base not in sources:
                    raise InputError(
                        f"no run held labels of {t.source!r}",
                        fix=f"runs held {', '.join(sorted(sources))}",
                    )
                # A round that no run had trains as the nearest that one had.
                rounds = [r for s, r in self.columns if s == t.base]
                nearest = min(rounds, key=lambda r: (abs(r - t.round), r))
                found[i, place[t.base, nearest]] += t.labels
        return found

    def places(
        self, model: str | None, settings: Mapping[str, str | float], counts: Floats
    ) -> list[Points]:
        """Points of one model, once for each setting that is averaged over.

        Args:
            model: its name; the first by default.
            settings: values that are held; others are averaged over as they were measured.
            counts: labels [point, column].
        """
        code = self.models.index(model) if model in self.models else -1
        n = len(counts)
        rows = np.flatnonzero(self.points.groups[:, 0] == code) if code >= 0 else np.arange(0)
        rows = rows if len(rows) else np.arange(len(self.points))
        held: list[tuple[tuple[int, ...], tuple[float, ...]]] = []
        for r in rows:
            groups = [code]
            for k, (name, words) in enumerate(self.factors, start=1):
                word = settings.get(name)
                groups.append(
                    int(self.points.groups[r, k])
                    if word is None
                    else (words.index(str(word)) if str(word) in words else -1)
                )
            numbers = []
            for k, (name, center, scale, logged) in enumerate(self.numbers):
                value = settings.get(name)
                raw = None if value is None else float(value)
                numbers.append(
                    float(self.points.numbers[r, k])
                    if raw is None
                    else ((np.log(raw) if logged else raw) - center) / scale
                )
            held.append((tuple(groups), tuple(numbers)))
        distinct = list(dict.fromkeys(held))
        if len(distinct) > _MOST_SETTINGS:
            step = len(distinct) / _MOST_SETTINGS
            distinct = [distinct[int(i * step)] for i in range(_MOST_SETTINGS)]
        size = self.sizes[code] if code >= 0 else float("nan")
        return [
            Points(
                counts,
                np.full(n, size),
                np.tile(np.array(groups, dtype=np.int64), (n, 1)),
                np.tile(np.array(numbers, dtype=np.float64), (n, 1)),
            )
            for groups, numbers in distinct
        ]


_MOST_SETTINGS = 16
"""Settings that are averaged over at most. Chosen: moves time."""


def cells_of(table: RunTable, metrics: Sequence[Metric], *, like: Cells | None = None) -> Cells:
    """Cells of a table, with the codes and scales of others where those are given.

    Raises:
        InputError: too few runs have all the metrics.
    """
    at = [table.metric(m.name) for m in metrics]
    values = table.values[:, at]
    whole = np.isfinite(values).all(axis=1) & table.done
    if whole.sum() < FEWEST_RUNS:
        asked = ", ".join(m.name for m in metrics)
        raise InputError(
            f"{int(whole.sum())} runs have a value of {asked}",
            where=table.origin,
            fix=f"give {FEWEST_RUNS} at least",
        )
    kept = table.take(whole)
    columns, counts = _columns(kept, like)
    models = tuple(m or UNNAMED for m in kept.models)
    names = like.models if like else tuple(sorted(set(models)))
    sizes = like.sizes if like else _sizes(names, models, kept.sizes)
    factors, numbers, words, raw = _settings(kept, like)
    code = {name: k for k, name in enumerate(names)}
    groups = np.column_stack(
        [np.array([code.get(m, -1) for m in models], dtype=np.int64), *words]
    ).astype(np.int64)
    size = np.where(np.isfinite(kept.sizes), np.log(np.maximum(kept.sizes, 1e-300)), np.nan)
    key = np.column_stack([counts, np.nan_to_num(size, nan=-1.0), groups, raw])
    # Sorted, so that the order of rows moves nothing.
    distinct, cell = np.unique(key, axis=0, return_inverse=True)
    cell = np.asarray(cell).reshape(-1).astype(np.int64)
    first = np.array([int(np.flatnonzero(cell == c)[0]) for c in range(len(distinct))])
    points = Points(counts[first], size[first], groups[first], raw[first])
    order = np.lexsort((*values[whole].T[::-1], cell))
    return Cells(
        points,
        cell[order],
        values[whole][order],
        kept.errors[:, at][order],
        tuple(metrics),
        columns,
        names,
        sizes,
        factors,
        numbers,
        int((table.done & ~whole).sum()),
    )


def points_of(table: RunTable, like: Cells) -> Points:
    """Where runs lie, done or not, in the codes and scales of some cells [run]."""
    _, counts = _columns(table, like)
    _, _, words, raw = _settings(table, like)
    code = {name: k for k, name in enumerate(like.models)}
    models = np.array([code.get(m or UNNAMED, -1) for m in table.models], dtype=np.int64)
    groups = np.column_stack([models, *words]).astype(np.int64)
    size = np.where(np.isfinite(table.sizes), np.log(np.maximum(table.sizes, 1e-300)), np.nan)
    return Points(counts, size, groups, raw)


def _columns(table: RunTable, like: Cells | None) -> tuple[tuple[tuple[str, int], ...], Floats]:
    """Sources by round, and their labels; rounds that no run has are left out."""
    place = {
        (s, r): table.round_counts[:, i, j]
        for i, s in enumerate(table.sources)
        for j, r in enumerate(table.rounds)
    }
    if like is not None:
        nothing = np.zeros(len(table))
        return like.columns, np.stack([place.get(c, nothing) for c in like.columns], axis=1)
    # By what was bought, not by name: neither names nor their order may move an answer.
    kept = sorted(
        (c for c, v in place.items() if v.any()),
        key=lambda c: (np.sort(place[c]).tolist(), float(place[c] @ _said(table)), c),
    )
    return tuple(kept), np.stack([place[c] for c in kept], axis=1)


def _said(table: RunTable) -> Floats:
    """All values of each run in one number [run]."""
    return np.asarray(np.nan_to_num(table.values).sum(axis=1))


def _sizes(names: tuple[str, ...], models: tuple[str, ...], sizes: Floats) -> tuple[float, ...]:
    found = []
    for name in names:
        mine = [s for m, s in zip(models, sizes, strict=True) if m == name and np.isfinite(s)]
        found.append(float(np.log(np.median(mine))) if mine else float("nan"))
    return tuple(found)


def _settings(
    table: RunTable, like: Cells | None
) -> tuple[
    tuple[tuple[str, tuple[str, ...]], ...],
    tuple[tuple[str, float, float, bool], ...],
    list[Ints],
    Floats,
]:
    """Covariates as factors and standardised numbers."""
    factors: list[tuple[str, tuple[str, ...]]] = []
    numbers: list[tuple[str, float, float, bool]] = []
    codes: list[Ints] = []
    columns: list[Floats] = []
    known = dict(like.factors) if like else {}
    scaled = {row[0]: row for row in like.numbers} if like else {}
    for c in table.covariates:
        if c.words is not None:
            words = known.get(c.name) or tuple(sorted({w or "" for w in c.words}))
            if (like is None and len(words) < 2) or (like is not None and c.name not in known):
                continue
            place = {w: k for k, w in enumerate(words)}
            factors.append((c.name, words))
            codes.append(np.array([place.get(w or "", -1) for w in c.words], dtype=np.int64))
        elif c.values is not None:
            row = scaled.get(c.name) if like else _scale(c.name, c.values)
            if row is None:
                continue
            _, center, scale, logged = row
            with np.errstate(invalid="ignore", divide="ignore"):
                v = np.log(c.values) if logged else c.values
            numbers.append(row)
            columns.append(np.nan_to_num((v - center) / scale, nan=0.0, posinf=0.0, neginf=0.0))
    raw = np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))
    return tuple(factors), tuple(numbers), codes, raw


def _scale(name: str, values: Floats) -> tuple[str, float, float, bool] | None:
    """Centre and scale of a numeric setting, on logs where it spans a factor of ten."""
    known = values[np.isfinite(values)]
    if not len(known) or np.ptp(known) <= 0.0:
        return None
    logged = bool((known > 0.0).all() and known.max() / known.min() >= 10.0)
    v = np.log(known) if logged else known
    return name, float(v.mean()), float(v.std()), logged


def _bits(error: float) -> float:
    """Bits of one label that is wrong so often, of two answers."""
    e = float(np.clip(error, 0.0, 0.5))
    if e <= 0.0:
        return 1.0
    return float(1.0 + e * np.log2(e) + (1.0 - e) * np.log2(1.0 - e))
