"""Plant one kind of bad worker after another in public crowds, and count whom the audit names.

    python tools/bench_audit_suspects.py DATA          # DATA/<set>/label.csv and truth.csv

A tenth of the workers with 20 labels or more (two at least) answer in another way; all other
labels stay as they are. No gold is shown. Prints, for each kind and set, summed over three choices
of those workers, how many of them are named, how many with the reason that fits, and how many
others who were not named in the clean table. A set's first line says whom the clean table accuses,
and how right those are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from suffice.labels import LabelTable, read_gold, read_labels
from suffice.supply import audit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply import Audit

SETS = ("bluebird", "rte", "dog", "web", "sentiment")
REASONS = {
    "random": ("near chance",),
    "one side": ("nearly always",),
    "fast": ("takes", "near chance"),
    "inverted": ("inverted",),
    "shared random key": ("same answers",),
    "wrong on a slice": ("of slice",),
    "pushes on a slice": ("of slice",),
}
BUSY, SHARE, SLICES, CHOICES = 20, 0.1, 3, 3
_CROWD_S, _FAST_S = 20.0, 2.0


def planted(frame: pl.DataFrame, kind: str, bad: list[Any], rng: np.random.Generator) -> LabelTable:
    """The table with some workers who answer in another way."""
    label = frame["label"].to_numpy().astype(object)
    worker, task = frame["worker"].to_list(), frame["task"].to_list()
    slices = frame["slice"].to_numpy()
    classes = np.unique(label.astype(str)).astype(object)
    code = np.searchsorted(classes.astype(str), label.astype(str))
    mine = frame["worker"].is_in(bad).to_numpy()
    seconds = _CROWD_S * np.exp(0.5 * rng.normal(size=len(label)))
    other = label.copy()
    if kind in ("random", "fast"):
        other = classes[rng.integers(len(classes), size=len(label))]
        if kind == "fast":
            # Not quite at random: whoever clicks fast still sees half of the answers.
            other = np.where(rng.random(len(label)) < 0.5, label, other)
            seconds = np.where(mine, seconds * _FAST_S / _CROWD_S, seconds)
    elif kind == "one side":
        other = np.where(rng.random(len(label)) < 0.97, classes[0], label)
    elif kind == "inverted":
        other = classes[(code + 1) % len(classes)]
    elif kind == "shared random key":
        key = dict(zip(task, classes[rng.integers(len(classes), size=len(task))], strict=True))
        other = np.array([key[t] for t in task], dtype=object)
    elif kind == "wrong on a slice":
        other = np.where(slices == "s0", classes[(code + 1) % len(classes)], label)
    elif kind == "pushes on a slice":
        other = np.where(slices == "s0", classes[0], label)
    answer = np.where(mine, other, label)
    return LabelTable.from_columns(
        task, worker, answer.tolist(), slice=slices.tolist(), seconds=seconds.tolist()
    )


def named(result: Audit) -> dict[Any, str]:
    """Worker -> reason, of the suspects."""
    return dict(result.suspects.select("worker", "reason").iter_rows())


def rightness(labels: LabelTable, gold: dict[Any, str], who: list[Any]) -> NDArray[np.float64]:
    """How often each of some workers is right on gold, less what guessing would give."""
    truth = pl.col("task").replace_strict(gold, default=None, return_dtype=pl.String)
    rows = labels.frame.filter(pl.col("worker").is_in(who)).with_columns(truth.alias("truth"))
    right = (
        rows.drop_nulls("truth").group_by("worker").agg((pl.col("label") == pl.col("truth")).mean())
    )
    return right["label"].to_numpy()


def main() -> None:
    """Print a line a set and kind."""
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/bench_audit_suspects.py DATA")
    folder = Path(sys.argv[1])
    for name in SETS:
        labels, gold = (
            read_labels(folder / name / "label.csv"),
            read_gold(folder / name / "truth.csv"),
        )
        place = pl.format("s{}", pl.col("task").cast(pl.String).hash(7) % SLICES)
        frame = labels.frame.with_columns(place.alias("slice"))
        load = dict(frame.group_by("worker").len().iter_rows())
        busy = sorted((w for w, n in load.items() if n >= BUSY), key=str)
        rng = np.random.default_rng(3)
        clean = named(audit(planted(frame, "nothing", [], rng)))
        right = rightness(labels, gold, list(clean))
        print(
            f"{name}: {len(clean)} of {len(load)} workers of the clean table named"
            + (
                f", right on {right.mean():.2f} (chance {1 / len(labels.classes):.2f})"
                if len(right)
                else ""
            )
            + f"; copying {sum('same answers' in r for r in clean.values())}",
            flush=True,
        )
        for kind, words in REASONS.items():
            honest = [w for w in busy if w not in clean]
            count = max(2, round(SHARE * len(honest)))
            total = np.zeros(3, dtype=int)
            for choice in range(CHOICES):
                rng = np.random.default_rng([choice, 3])
                bad = [honest[i] for i in rng.choice(len(honest), count, replace=False)]
                found = named(audit(planted(frame, kind, bad, rng)))
                caught = [w for w in bad if w in found]
                fits = sum(any(word in found[w] for word in words) for w in caught)
                total += len(caught), fits, len(set(found) - set(clean) - set(bad))
            print(
                f"  {kind:<20}{total[0]:>4} of {CHOICES * count:<4} named, {total[1]:>3} for the "
                f"reason that fits; {total[2]} others",
                flush=True,
            )


if __name__ == "__main__":
    main()
