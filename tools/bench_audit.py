"""Measure the audit against gold, beside majority vote, Dawid-Skene and crowd-kit.

    python tools/bench_audit.py DATA              # DATA/<set>/label.csv and truth.csv
    python tools/bench_audit.py DATA --seeds 20   # attacks: mean over so many seeds
    python tools/bench_audit.py DATA --only clean

Prints what holds and what does not. Labels are audited without gold, except where gold is named.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from suffice.labels._read import read_gold, read_labels
from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply._votes import Votes, code_votes
from suffice.supply.workers._dawid_skene import dawid_skene, majority_vote

if TYPE_CHECKING:
    from numpy.typing import NDArray

SETS = ("bluebird", "rte", "dog", "web", "sentiment")
ATTACKS = (("anti", 0.5, 10), ("sybil", 0.4, 0), ("stealth", 0.3, 0))
LEAST_GOLD = 20


def accuracy(posterior: NDArray[Any], gold: NDArray[Any]) -> float:
    """Share of gold tasks answered rightly; ties split fairly."""
    known = gold >= 0
    p = posterior[known]
    top = np.isclose(p, p.max(axis=1, keepdims=True))
    return float((top[np.arange(len(p)), gold[known]] / top.sum(axis=1)).mean())


def share_right(labels: list[str], votes: Votes, gold: NDArray[Any]) -> float:
    """Share of gold tasks whose label is right."""
    coded = {name: k for k, name in enumerate(votes.classes)}
    found = np.array([coded[label] for label in labels])
    return float((found == gold)[gold >= 0].mean())


def calibration(confidence: NDArray[Any], right: NDArray[Any]) -> float:
    """Expected calibration error in ten equal bins."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    total = 0.0
    for number in range(10):
        mine = bins == number
        if mine.any():
            total += abs(confidence[mine].mean() - right[mine].mean()) * mine.mean()
    return float(total)


def worker_truth(votes: Votes, gold: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Gold accuracy and number of gold tasks of each worker."""
    known = gold[votes.task] >= 0
    n = np.bincount(votes.worker[known], minlength=votes.shape[1])
    right = (votes.label == gold[votes.task])[known]
    k = np.bincount(votes.worker[known], weights=right, minlength=votes.shape[1])
    return k / np.maximum(n, 1), n


def soft_accuracy(votes: Votes, posterior: NDArray[Any]) -> NDArray[Any]:
    """Mean posterior of a worker's own labels."""
    own = posterior[votes.task, votes.label]
    load = np.bincount(votes.worker, minlength=votes.shape[1])
    return np.bincount(votes.worker, weights=own, minlength=votes.shape[1]) / load


def crowdkit(votes: Votes) -> dict[str, float]:
    """Task accuracy inputs of crowd-kit, where it is installed."""
    try:
        import pandas as pd
        from crowdkit.aggregation import DawidSkene, OneCoinDawidSkene
    except ImportError:
        return {}
    frame = pd.DataFrame({"task": votes.task, "worker": votes.worker, "label": votes.label})
    answers = {}
    for name, model in (("crowd-kit DS", DawidSkene()), ("crowd-kit 1-coin", OneCoinDawidSkene())):
        probabilities = model.fit(frame).probas_
        full = np.zeros((votes.shape[0], votes.shape[2]))
        full[np.ix_(probabilities.index, probabilities.columns)] = probabilities.to_numpy()
        answers[name] = full
    return answers  # type: ignore[return-value]


def clean(folder: Path, seed: int) -> None:
    """Every set as it is, without gold."""
    pooled: dict[str, list[Any]] = {"confidence": [], "right": [], "covered": [], "new": []}
    print("== task answers: accuracy, calibration error, share claimed at >= .99, error there")
    print("== workers: mean error of accuracy, share of 90 % intervals that cover, mean width")
    for name in SETS:
        table = read_labels(folder / name / "label.csv")
        truth = read_gold(folder / name / "truth.csv")
        votes = code_votes(table)
        coded = {label: k for k, label in enumerate(votes.classes)}
        gold = np.array([coded.get(truth.get(task, ""), -1) for task in votes.tasks])
        started = time.perf_counter()
        result = audit(table, seed=seed)
        took = time.perf_counter() - started
        rows: dict[str, Any] = {
            "suffice": result.posterior,
            "majority": majority_vote(votes),
            "Dawid-Skene": dawid_skene(votes, max_iter=200, tol=1e-6).posterior,
        } | crowdkit(votes)
        exact, n = worker_truth(votes, gold)
        many = n >= LEAST_GOLD
        known = gold >= 0
        print(f"-- {name}: {len(votes):,} labels, {took:.1f} s")
        for method, posterior in rows.items():
            confidence = posterior[known].max(axis=1)
            right = posterior[known].argmax(axis=1) == gold[known]
            sure = confidence >= 0.99
            mine = (
                result.workers["accuracy"].to_numpy()
                if method == "suffice"
                else soft_accuracy(votes, posterior)
            )
            print(
                f"   {method:<17} acc {accuracy(posterior, gold):.3f}"
                f"  ece {calibration(confidence, right):.3f}"
                f"  sure {sure.mean():.2f} err {1 - right[sure].mean() if sure.any() else 0:.3f}"
                f"  worker error {np.abs(mine - exact)[many].mean():.4f}"
            )
            if method == "suffice":
                pooled["confidence"].append(confidence)
                pooled["right"].append(right)
        low, high = result.workers["low"].to_numpy(), result.workers["high"].to_numpy()
        inside = ((exact >= low - 1e-9) & (exact <= high + 1e-9))[many]
        pooled["covered"].append(inside)
        low_new, high_new = (result.workers[c].to_numpy() for c in ("low_new", "high_new"))
        inside_new = ((exact >= low_new) & (exact <= high_new))[many]
        pooled["new"].append(inside_new)
        flagged = result.workers["suspect"].to_numpy()
        grouped = (result.workers["group"] != "").to_numpy()
        print(
            f"   intervals cover {inside.mean():.2f} of {many.sum()} workers, width "
            f"{(high - low)[many].mean():.3f}; new tasks {inside_new.mean():.2f}, width "
            f"{(high_new - low_new)[many].mean():.3f}; shared error drawn "
            f"{result.summary.shared_error.share.value:.3f}; kind "
            f"{result.summary.model.kind} "
            f"difficulty {result.summary.model.difficulty.scale:.2f}"
        )
        print(
            f"   copying flags {grouped.mean():.3f} of workers; other flags {flagged.sum()}: gold "
            f"accuracy {np.round(np.sort(exact[flagged & (n > 0)]), 2).tolist()}"
        )
    confidence, right = np.concatenate(pooled["confidence"]), np.concatenate(pooled["right"])
    sure = confidence >= 0.99
    covered = np.concatenate(pooled["covered"])
    print(
        f"== pooled: ece {calibration(confidence, right):.3f} (<= .05); where sure (>= .99, "
        f"{sure.mean():.2f} of tasks) error {1 - right[sure].mean() if sure.any() else 0:.3f} "
        f"(<= .03); intervals cover {covered.mean():.3f} of {len(covered)} workers (.85 to .95), "
        f"new {np.concatenate(pooled['new']).mean():.3f}"
    )


def sparse(folder: Path, choices: int) -> None:
    """Every set with one to five labels a task, picked by chance, without gold."""
    print(
        f"== few labels a task, {choices} choices of them: accuracy, workers whose gold accuracy "
        "lies in the 90 % interval, mean of estimate less gold accuracy, width"
    )
    pooled: dict[tuple[int, str], list[Any]] = {}
    for name in SETS:
        frame = read_labels(folder / name / "label.csv").frame
        truth = read_gold(folder / name / "truth.csv")
        for each in (1, 2, 3, 5):
            scores: dict[str, list[float]] = {}
            inside, over, width = [], [], []
            for seed in range(choices):
                mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed)
                few = mixed.group_by("task", maintain_order=True).head(each)
                votes = code_votes(table := LabelTable.from_frame(few))
                coded = {label: k for k, label in enumerate(votes.classes)}
                gold = np.array([coded.get(truth.get(task, ""), -1) for task in votes.tasks])
                result = audit(table, seed=seed)
                peers = {
                    "majority": majority_vote(votes),
                    "Dawid-Skene": dawid_skene(votes).posterior,
                }
                peers |= {k: v for k, v in crowdkit(votes).items() if k == "crowd-kit DS"}
                mine = share_right(result.tasks["label"].to_list(), votes, gold)
                scores.setdefault("suffice", []).append(mine)
                for method, posterior in peers.items():
                    scores.setdefault(method, []).append(accuracy(posterior, gold))
                exact, n = worker_truth(votes, gold)
                many = n >= LEAST_GOLD
                value, low, high = (
                    result.workers[c].to_numpy()[many] for c in ("accuracy", "low", "high")
                )
                inside.append((exact[many] >= low - 1e-9) & (exact[many] <= high + 1e-9))
                over.append(value - exact[many])
                width.append(high - low)
            found, gap, wide = map(np.concatenate, (inside, over, width))
            kind = "two classes" if votes.shape[2] == 2 else "more classes"
            pooled.setdefault((each, kind), []).append(found)
            text = "  ".join(f"{method} {np.mean(v):.3f}" for method, v in scores.items())
            workers = f"; {found.sum()} of {len(found)} workers inside"
            if len(found):
                workers += f", mean miss {gap.mean():+.3f}, width {wide.mean():.3f}"
            print(f"   {name:<9} {each} a task: {text}{workers}", flush=True)
    for (each, kind), parts in sorted(pooled.items()):
        found = np.concatenate(parts)
        if len(found):
            print(f"== {each} a task, {kind}: {found.mean():.3f} of {len(found)} inside")


def attack(
    votes: Votes, gold: NDArray[Any], kind: str, share: float, rng: np.random.Generator
) -> tuple[Votes, NDArray[Any]]:
    """Replace a share of the workers by colluders; returns the votes and who colludes."""
    from dataclasses import replace

    tasks, workers, classes = votes.shape
    hostile = np.zeros(workers, dtype=bool)
    hostile[rng.choice(workers, round(share * workers), replace=False)] = True
    wrong = (gold + rng.integers(1, classes, tasks)) % classes
    if kind == "anti":
        key = np.where(rng.random(tasks) < 0.9, wrong, gold)
    elif kind == "sybil":
        key = rng.integers(0, classes, tasks)
    else:
        key = np.where(rng.random(tasks) < 0.7, gold, wrong)
    label = np.where(hostile[votes.worker], key[votes.task], votes.label)
    return replace(votes, label=label), hostile


def attacks(folder: Path, seeds: int) -> None:
    """Colluders on rte and sentiment: mean accuracy over seeds."""
    print(f"== colluders, mean over {seeds} seeds: accuracy on tasks without given gold")
    for name in ("rte", "sentiment"):
        table = read_labels(folder / name / "label.csv")
        truth = read_gold(folder / name / "truth.csv")
        clean_votes = code_votes(table)
        coded = {label: k for k, label in enumerate(clean_votes.classes)}
        gold = np.array([coded[truth[task]] for task in clean_votes.tasks])
        for kind, share, given in ATTACKS:
            scores: dict[str, list[float]] = {}
            caught, false_flags, known = [], [], []
            for seed in range(seeds):
                rng = np.random.default_rng(seed)
                votes, hostile = attack(clean_votes, gold, kind, share, rng)
                shown = np.full(len(gold), -1)
                pick = rng.choice(len(gold), given, replace=False)
                shown[pick] = gold[pick]
                frame = pl.DataFrame(
                    {"task": votes.task, "worker": votes.worker,
                     "label": [votes.classes[k] for k in votes.label]}
                )  # fmt: skip
                hidden = {int(t): votes.classes[gold[t]] for t in pick} or None
                result = audit(LabelTable.from_frame(frame), gold=hidden, seed=seed)
                rest = np.where(shown >= 0, -1, gold)
                honest = ~hostile[votes.worker]
                alone = LabelTable.from_frame(frame.filter(pl.Series(honest)))
                alone_votes = code_votes(alone)
                few = dawid_skene(alone_votes, max_iter=100).posterior
                at = np.asarray(alone_votes.tasks)
                from dataclasses import replace

                ds = dawid_skene(replace(votes, gold=shown)).posterior
                for method, value in (
                    ("suffice", share_right(result.tasks["label"].to_list(), votes, rest)),
                    ("majority", accuracy(majority_vote(votes), rest)),
                    ("Dawid-Skene", accuracy(ds, rest)),
                    ("honest alone, DS", accuracy(few, rest[at])),
                ):
                    scores.setdefault(method, []).append(value)
                flags = result.workers["suspect"].to_numpy()
                caught.append(flags[hostile].mean())
                false_flags.append(flags[~hostile].mean())
                known.append(result.summary.verdict.known)
            text = "  ".join(
                f"{method} {np.mean(v):.3f} (min {min(v):.3f})" for method, v in scores.items()
            )
            print(
                f"   {name:<9} {kind:<7} {share:.0%} gold {given:>2}: {text}; caught "
                f"{np.mean(caught):.2f}, honest flagged {np.mean(false_flags):.3f}, "
                f"says it knows {np.mean(known):.2f}",
                flush=True,
            )


def speed(labels: int) -> None:
    """Dawid-Skene and one audit on made-up binary labels."""
    rng = np.random.default_rng(0)
    tasks, workers = labels // 10, max(labels // 2000, 10)
    truth = rng.integers(0, 2, tasks)
    task = np.repeat(np.arange(tasks), 10)
    worker = rng.integers(0, workers, labels)
    label = np.where(rng.random(labels) < 0.8, truth[task], 1 - truth[task])
    votes = Votes(
        task, worker, label, np.full(tasks, -1), range(tasks), range(workers), ("0", "1"), None,
        np.zeros(tasks, int), ("all",), np.zeros(labels, int), ("all",), np.array([np.nan]),
    )  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    fitted = dawid_skene(votes, max_iter=5, tol=0.0)
    each = (time.perf_counter() - started) / fitted.iterations
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"== speed, {labels:,} binary labels: Dawid-Skene {labels / each / 1e6:.1f}M labels/s an "
        f"iteration, {peak / 1e6:.2f} GB at most ({before / 1e6:.2f} GB the labels)"
    )


def main() -> int:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--choices", type=int, default=3, help="of the labels kept, where few are")
    parser.add_argument("--labels", type=int, default=10_000_000)
    parser.add_argument("--only", choices=("clean", "sparse", "attacks", "speed"))
    given = parser.parse_args()
    if given.only in (None, "clean"):
        clean(given.data, given.seed)
    if given.only in (None, "sparse"):
        sparse(given.data, given.choices)
    if given.only in (None, "attacks"):
        attacks(given.data, given.seeds)
    if given.only in (None, "speed"):
        speed(given.labels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
