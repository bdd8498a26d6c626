"""Hold what the operators promise against what real crowds did.

    python tools/bench_operators.py DATA               # DATA/<set>/label.csv and truth.csv
    python tools/bench_operators.py DATA --splits 20

Redundancy: workers and difficulty are learned on half of the tasks; on the other half r of each
task's real labels are picked by chance and counted. Qualification and gold checks: they are learned
on half of the workers; the others' real labels are replayed in random order through the test and
through the checks. Predictions are 90 % predictive intervals: they hold what is not known of the
pool and the luck of so many tasks and workers. Splits share data, so hits are not independent.
Beside them stands what one would say without difficulty and without differences between workers.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from suffice.channel import Source
from suffice.labels import LabelTable, read_gold, read_labels
from suffice.supply.operators import (
    FittedWorkers,
    GoldChecks,
    Qualification,
    Worlds,
    draw_worlds,
    worker_pool,
)
from suffice.supply.operators._redundancy import plurality_error
from suffice.supply.operators._samplers import extra_others, vote

SETS = ("bluebird", "rte", "dog", "web", "sentiment")
DRAWS, ORDERS = 120, 10
TEST = Qualification(10, 8)
CHECKS = GoldChecks(rate=0.2, good=0.85, bad=0.6)
LEAST = 20
Array = np.ndarray[Any, Any]


def load(folder: Path) -> tuple[LabelTable, dict[Any, str], pl.DataFrame]:
    """Labels with gold, and one row a label: task, worker, code (0 right, 1.. wrong)."""
    table, gold = read_labels(folder / "label.csv"), read_gold(folder / "truth.csv")
    frame = table.frame.filter(pl.col("task").is_in(list(gold)))
    names = sorted(set(frame["label"].unique().to_list()) | set(gold.values()))
    number = {name: k for k, name in enumerate(names)}
    code = [
        0 if label == gold[task] else 1 + number[label]
        for task, label in frame.select("task", "label").iter_rows()
    ]
    return table, gold, frame.select("task", "worker").with_columns(code=pl.Series(code))


def fitted(
    table: LabelTable, gold: dict[Any, str], keep: pl.Expr, seed: int, *, same_workers: bool = False
) -> tuple[Worlds, FittedWorkers, Array]:
    """Worlds learned from some of the labels, the pool behind them, and its draws."""
    part = LabelTable(table.frame.filter(keep & pl.col("task").is_in(list(gold))), origin="half")
    right = {t: g for t, g in gold.items() if t in set(part.frame["task"].to_list())}
    pool = worker_pool(part, right, seed=seed, same_workers=same_workers)
    source = Source("crowd", 1.0, pool, max_labels_per_task=10_000)
    worlds = draw_worlds(source, len(pool.weight), np.random.default_rng([seed, 3]))
    return worlds, pool, np.linspace(0, len(pool.weight) - 1, DRAWS).astype(int)


def drawn_codes(
    worlds: Worlds, k: int, kinds: Array, bins: Array, rng: np.random.Generator
) -> Array:
    """Codes of labels by workers of these kinds on tasks of these bins, in world k."""
    wrong = rng.random(kinds.shape) < worlds.wrong[0, k, kinds, 0, bins]
    spread = int(worlds.others) + (rng.random(kinds.shape) < extra_others(worlds.others))
    return np.where(wrong, 1 + (rng.random(kinds.shape) * spread).astype(int), 0)


def counted(codes: Array, there: Array, r: int, orders: int, rng: np.random.Generator) -> float:
    """Accuracy of r labels of each task picked by chance; ties split by chance."""
    got = []
    for _ in range(orders):
        key = np.where(there, rng.random(codes.shape), 2.0)
        picked = np.take_along_axis(codes, np.argsort(key, axis=1)[:, :r], axis=1)
        got.append((vote(picked, None, rng) == 0).mean())
    return float(np.mean(got))


def redundancy(
    table: LabelTable, gold: dict[Any, str], rows: pl.DataFrame, seed: int
) -> list[tuple[str, Array, float, float]]:
    """(what, predictive draws, real, plain prediction) for 3 and 5 labels a task."""
    rng = np.random.default_rng([seed, 1])
    tasks = rows["task"].unique().sort().to_list()
    first = set(rng.permutation(np.array(tasks, dtype=object))[: len(tasks) // 2].tolist())
    worlds, _, picked = fitted(
        table, gold, pl.col("task").is_in(list(first)), seed, same_workers=True
    )
    rest = rows.filter(~pl.col("task").is_in(list(first)))
    lists = rest.group_by("task", maintain_order=True).agg("code")["code"].to_list()
    plain = rows.filter(pl.col("task").is_in(list(first)))["code"].to_numpy() > 0
    found = []
    for r in (3, 5):
        mine = [codes for codes in lists if len(codes) >= r]
        width = max(map(len, mine))
        there = np.array([[j < len(c) for j in range(width)] for c in mine])
        codes = np.array([c + [0] * (width - len(c)) for c in mine])
        real = counted(codes, there, r, 50, rng)
        draws = np.empty(DRAWS)
        for row, k in enumerate(picked):
            bins = rng.choice(worlds.share.shape[2], size=(len(mine), 1), p=worlds.share[k, 0])
            kinds = rng.choice(worlds.weight.shape[1], size=codes.shape, p=worlds.weight[k])
            draws[row] = counted(drawn_codes(worlds, k, kinds, bins, rng), there, r, ORDERS, rng)
        naive = 1.0 - float(plurality_error(np.array(plain.mean()), r, worlds.others))
        found.append((f"redundancy {r}: accuracy", draws, real, naive))
    return found


def tested(sequences: list[Array]) -> tuple[float, float]:
    """The test replayed: share of workers who pass, accuracy of their other labels."""
    passed = [s for s in sequences if (s[: TEST.questions] == 0).sum() >= TEST.pass_mark]
    after = np.concatenate([s[TEST.questions :] for s in passed]) if passed else np.array([1])
    return len(passed) / len(sequences), float((after == 0).mean())


def checked(sequences: list[Array], rng: np.random.Generator) -> tuple[float, float]:
    """Gold checks replayed: share of workers expelled, accuracy of the labels delivered."""
    rule = CHECKS.rule()
    right, anew, expel = rule.right, rule.anew, rule.expel
    gone, kept = 0, []
    for s in sequences:
        gold = rng.random(len(s)) < CHECKS.rate
        score, end = 0, len(s)
        for t in np.flatnonzero(gold):
            score += -right if s[t] == 0 else 60
            score = 0 if score <= anew else score
            if score >= expel:
                gone, end = gone + 1, t
                break
        kept.append(s[:end][~gold[:end]])
    return gone / len(sequences), float((np.concatenate(kept) == 0).mean())


def screening(
    table: LabelTable, gold: dict[Any, str], rows: pl.DataFrame, seed: int
) -> list[tuple[str, Array, float, float]]:
    """(what, predictive draws, real, plain prediction) for the test and for gold checks."""
    rng = np.random.default_rng([seed, 2])
    busy = rows.group_by("worker").len().filter(pl.col("len") >= LEAST)["worker"].sort().to_list()
    first = set(rng.permutation(np.array(busy, dtype=object))[: len(busy) // 2].tolist())
    worlds, pool, picked = fitted(table, gold, pl.col("worker").is_in(list(first)), seed)
    rest = rows.filter(pl.col("worker").is_in(list(set(busy) - first)))
    lists = [np.array(c) for c in rest.group_by("worker", maintain_order=True).agg("code")["code"]]
    real = np.array([
        [*tested(orders), *checked(orders, rng)]
        for orders in ([rng.permutation(c) for c in lists] for _ in range(40))
    ]).mean(axis=0)  # fmt: skip
    draws, number = np.empty((DRAWS, 4)), len(lists)
    for row, k in enumerate(picked):
        # Other workers of the same kind: skill and diligence are drawn together.
        luck = np.where(pool.load > 0, rng.exponential(size=len(pool.load)), 0.0)
        made = []
        for w in rng.choice(len(luck), size=number, p=luck / luck.sum()):
            labels = int(pool.load[w])
            bins = rng.choice(worlds.share.shape[2], size=labels, p=worlds.share[k, 0])
            kind = np.full(labels, pool.skill[k, w])
            made.append(drawn_codes(worlds, k, kind, bins, rng))
        shuffled = [[rng.permutation(c) for c in made] for _ in range(4)]
        draws[row] = np.mean([[*tested(s), *checked(s, rng)] for s in shuffled], axis=0)
    mean = np.array(float((rows["code"].to_numpy() == 0).mean()))
    alike = [float(TEST.passes(mean)), float(mean)]
    alike += [CHECKS.fate(float(mean), int(np.mean([len(c) for c in lists]))).expelled, float(mean)]
    names = ("test 8/10: share passing", "test 8/10: accuracy after",
             "gold 20 %: share expelled", "gold 20 %: accuracy after")  # fmt: skip
    return [(n, draws[:, j], float(real[j]), alike[j]) for j, n in enumerate(names)]


def main() -> int:
    """Print predicted against real, and count how often the intervals hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--only", choices=SETS)
    given = parser.parse_args()
    begin = time.perf_counter()
    print(f"{'set':<10}{'what':<28}{'predicted (90 %)':<22}{'real':>6}{'alike':>7}{'held':>8}")
    everything: dict[str, list[tuple[bool, float, float]]] = {}
    for name in [given.only] if given.only else SETS:
        table, gold, rows = load(given.data / name)
        found: dict[str, list[tuple[Array, float, float]]] = {}
        for split in range(given.splits):
            for what, draws, real, alike in [
                *redundancy(table, gold, rows, split),
                *screening(table, gold, rows, split),
            ]:
                found.setdefault(what, []).append((draws, real, alike))
        for what, rows_of in found.items():
            ends = np.array([np.quantile(d, [0.05, 0.95]) for d, _, _ in rows_of])
            mean = np.array([d.mean() for d, _, _ in rows_of])
            real = np.array([x for _, x, _ in rows_of])
            alike = np.array([x for _, _, x in rows_of])
            held = (real >= ends[:, 0] - 1e-9) & (real <= ends[:, 1] + 1e-9)
            everything.setdefault(what, []).extend(
                zip(held, np.abs(mean - real), np.abs(alike - real), strict=True)
            )
            low, high = ends.mean(axis=0)
            interval = f"{mean.mean():.3f} ({low:.3f} to {high:.3f})"
            print(
                f"{name:<10}{what:<28}{interval:<22}{real.mean():>6.3f}{alike.mean():>7.3f}"
                f"{held.sum():>5}/{len(held)}"
            )
    print(f"\n{'all sets':<30}{'held':>9}{'mean miss':>12}{'alike misses':>14}")
    whole = [x for rows_of in everything.values() for x in rows_of]
    for what, rows_of in [*everything.items(), ("all", whole)]:
        held, miss, plain = (np.array(part) for part in zip(*rows_of, strict=True))
        print(f"{what:<30}{held.mean():>9.2f}{miss.mean():>12.3f}{plain.mean():>14.3f}")
    print(f"{time.perf_counter() - begin:.0f} s, {given.splits} splits a set")
    return 0


if __name__ == "__main__":
    sys.exit(main())
