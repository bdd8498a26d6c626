"""Collect labels of two sources until a target is met, on measured mixes alone.

A panel is a list of measured mixes of weak and high-quality labels. A collector holds the cheap
ones and a target; a purchase adds labels of either kind up to some measured mix, and everything
measured that can be made of what is held becomes known. Nothing is interpolated. An instance is a
panel and a target, which is the error of one of its dearer mixes; its cost is what was spent, over
the cheapest purchase that would have met it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import nnls

from suffice.demand.scaling import fit_two_source

Floats = NDArray[np.float64]

PRICE = 0.1
EPS = (0.999, 0.99, 0.97, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
MARGINS = tuple(float(m) for m in np.linspace(-0.2, 0.1, 61))
ROUNDS = (1, 3)
BOOTSTRAPS = 60
_POWERS = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5])


@dataclass(frozen=True, eq=False)
class Panel:
    """Measured mixes: labels of both kinds, error, and which ones are held at the start."""

    name: str
    weak: Floats
    high: Floats
    y: Floats
    start: NDArray[np.bool_]
    _seen: dict[object, object] = field(default_factory=dict)

    def cost(self, weak: Floats, high: Floats) -> Floats:
        """Money for labels of both kinds."""
        return np.asarray(PRICE * weak + high)

    def known(self, weak: float, high: float) -> NDArray[np.bool_]:
        """Mixes that can be made of what is held."""
        return (self.weak <= weak) & (self.high <= high)

    def instances(self) -> list[float]:
        """Targets: errors of dearer mixes that nothing held at the start reaches."""
        held = self.known(self.weak[self.start].max(), self.high[self.start].max())
        return sorted({float(v) for v in self.y[~held] if v < self.y[held].min() - 1e-9})


def grid_panel(path: Path) -> Panel:
    """The grid of Mallen and Belrose, from budgets up to 64."""
    t = pl.read_csv(path)
    weak, high, budget = (t[c].to_numpy().astype(float) for c in ("n_weak", "n_high", "budget"))
    return Panel("grid of mixes", weak, high, 1.0 - t["accuracy"].to_numpy(), budget <= 64)


def replication_panels(path: Path) -> list[Panel]:
    """GPT-2 pairs with true labels mixed in, from a tenth of the true labels; means over seeds."""
    t = pl.read_csv(path).filter(pl.col("condition").is_in(["naive_mixing", "gt_only"]))
    t = t.with_columns(
        high=(pl.col("gt_fraction_requested").cast(pl.Float64) * 10_000).round(),
        y=1.0 - pl.col("accuracy"),
    )
    mixed = t.filter(pl.col("condition") == "naive_mixing")
    found = []
    for (loss, strong, weak), rows in mixed.group_by(
        "loss", "strong_model", "weak_model", maintain_order=True
    ):
        own = pl.col("condition").eq("gt_only") & pl.col("loss").eq(loss)
        alone = t.filter(own & pl.col("strong_model").eq(strong))
        parts = [
            (0.0 if part is alone else 10_000.0 - h, h, float(y))
            for part in (rows, alone)
            for h, y in part.group_by("high", maintain_order=True)
            .agg(pl.col("y").mean())
            .iter_rows()
            if part is alone or h < 10_000
        ]
        w, h, y = (np.array(column) for column in zip(*parts, strict=True))
        found.append(Panel(f"{strong} from {weak}, {loss}", w, h, y, h <= 1000))
    return found


def suffice_chances(panel: Panel, known: NDArray[np.bool_], target: float) -> Floats:
    """P(measured error at most the target) under the two-source law [mix]."""
    key = ("suffice", known.tobytes())
    if key not in panel._seen:
        law = fit_two_source(panel.weak[known], panel.high[known], panel.y[known], price=PRICE)
        panel._seen[key] = law._draw(panel.weak, panel.high)[2]
    return np.asarray((panel._seen[key] <= target).mean(axis=0))


def additive_laws(panel: Panel, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """c + a (1 + weak)^-p + b (1 + high)^-q, least squares: (once, bootstrapped) at every mix."""
    key = ("additive", known.tobytes())
    if key not in panel._seen:
        weak, high, y = panel.weak[known], panel.high[known], panel.y[known]
        rng = np.random.default_rng([7, int(known.sum())])
        n = len(y)
        counts = np.vstack([np.ones(n), rng.multinomial(n, np.full(n, 1 / n), size=BOOTSTRAPS)])
        found = []
        for c in counts:
            root, best = np.sqrt(c), (np.inf, np.zeros(3), 0.0, 0.0)
            for p in _POWERS:
                for q in _POWERS:
                    design = np.stack([np.ones(n), (1 + weak) ** -p, (1 + high) ** -q], axis=1)
                    fit, miss = nnls(design * root[:, None], y * root)
                    if miss < best[0]:
                        best = (miss, fit, p, q)
            _, (e, a, b), p, q = best
            found.append(e + a * (1 + panel.weak) ** -p + b * (1 + panel.high) ** -q)
        panel._seen[key] = found[0], np.array(found[1:])
    return panel._seen[key]


def collect(
    panel: Panel, method: str, target: float, rounds: int, setting: float
) -> tuple[bool, float]:
    """Whether the target was met, and money spent beyond the start over the least that would do."""
    w, h = float(panel.weak[panel.start].max()), float(panel.high[panel.start].max())
    begun = panel.cost(np.array([w]), np.array([h]))[0]
    least = min(
        panel.cost(np.maximum(panel.weak, w), np.maximum(panel.high, h))[panel.y <= target + 1e-12]
    )
    for _ in range(rounds):
        known = panel.known(w, h)
        after = panel.cost(np.maximum(panel.weak, w), np.maximum(panel.high, h))
        if method == "suffice":
            score, enough = suffice_chances(panel, known, target), 1.0 - setting
        elif method == "Learn-Optimize-Collect":
            score = (additive_laws(panel, known)[1] <= target).mean(axis=0)
            enough = 1.0 - setting
        else:
            score, enough = -additive_laws(panel, known)[0], -(target - setting)
        score = np.where(known, -np.inf, score)
        able = np.flatnonzero(score >= enough)
        # Where nothing is sure enough, everything is bought; of equals the cheapest.
        if not len(able):
            w, h = float(panel.weak.max()), float(panel.high.max())
            break
        pick = int(able[np.lexsort((-score[able], after[able]))[0]])
        w, h = max(w, float(panel.weak[pick])), max(h, float(panel.high[pick]))
        now = panel.known(w, h)
        if panel.y[now].min() <= target + 1e-12 or now.all():
            break
    spent = panel.cost(np.array([w]), np.array([h]))[0]
    met = bool(panel.y[panel.known(w, h)].min() <= target + 1e-12)
    return met, float((spent - begun) / (least - begun))
