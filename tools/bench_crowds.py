"""Hold audits against gold on crowds that the prior has not seen, beside peers.

    python tools/bench_crowds.py DATA                # DATA/<set>/label.csv and truth.csv
    python tools/bench_crowds.py DATA --set trec     # one set (all of them speak for the prior)
    python tools/bench_crowds.py DATA --learn        # only print the rows of the prior
    python tools/bench_crowds.py DATA --write docs/results/crowds.md

Each set is audited without gold, with a prior learned from all other sets. Peers are crowd-kit's;
their answers are computed once and kept in ``build/``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.labels._read import read_gold, read_labels
from suffice.supply import audit
from suffice.supply._votes import Votes, code_votes
from suffice.supply.doubts import find_groups, merge_groups
from suffice.supply.workers import PUBLIC_CROWDS, Crowd, CrowdPrior, dissent_icc, fit_workers
from suffice.supply.workers._shared import gold_log_density, shared_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.labels import LabelTable

    Array = NDArray[Any]

LEAST_GOLD = 20
CLAIMS = (0.9, 0.95, 0.99)
KEPT = Path(__file__).resolve().parents[1] / "build" / "crowd-peers.json"
NORMAL_90 = 1.645


@dataclass(frozen=True, eq=False)
class Set:
    """A crowd, its gold, and what its gold says of the prior."""

    name: str
    table: LabelTable
    votes: Votes
    gold: Array
    log_density: Array
    dissent: float

    @classmethod
    def read(cls, folder: Path) -> Set:
        """Read and fit it; its gold is looked at only for the prior of *other* sets."""
        table = read_labels(folder / "label.csv")
        truth = {str(task): label for task, label in read_gold(folder / "truth.csv").items()}
        votes = code_votes(table)
        coded = {label: k for k, label in enumerate(votes.classes)}
        gold = np.array([coded.get(truth.get(str(task), ""), -1) for task in votes.tasks])
        groups, _ = find_groups(votes)
        task, worker, label, number = merge_groups(votes, groups)
        none = np.zeros(int(number.max()) + 1, dtype=np.int64)
        crowd = Crowd(
            task, worker, label, votes.gold, len(none), votes.shape[2],
            np.zeros(votes.shape[0], dtype=np.int64), none,
        )  # fmt: skip
        fit = fit_workers(crowd)
        confusion = np.average(
            fit.chosen.confusion_WKK, axis=0, weights=np.bincount(worker, minlength=len(none))
        )
        shared = shared_error(
            crowd.gold, fit.class_TK, fit.open_TK, confusion, fit.share_DK.mean(axis=0),
            prior=PUBLIC_CROWDS, dissent=None, draws=8, seed=0,
        )  # fmt: skip
        known = np.flatnonzero(gold >= 0)
        density = gold_log_density(
            fit.open_TK[known], gold[known], shared.flip_KK,
            *PUBLIC_CROWDS.grid()[:2],
        )  # fmt: skip
        dissent = dissent_icc(crowd, fit.z_DT).whole
        return cls(folder.name, table, votes, gold, density, dissent)

    def likeliest(self) -> tuple[float, float, float]:
        """How much dissent goes together; what errors do, and the share misled, by its gold."""
        row, column = np.unravel_index(self.log_density.argmax(), self.log_density.shape)
        together, misled, _ = PUBLIC_CROWDS.grid()
        return self.dissent, float(together[row]), float(misled[column])


def learn(sets: list[Set]) -> CrowdPrior:
    """The prior that these sets speak for."""
    return replace(PUBLIC_CROWDS, crowds=tuple(one.likeliest() for one in sets))


def calibration(confidence: Array, right: Array) -> float:
    """Expected calibration error in ten equal bins."""
    bins = np.minimum((confidence * 10).astype(int), 9)
    shares = [(bins == k).mean() for k in range(10)]
    gaps = [
        abs(confidence[bins == k].mean() - right[bins == k].mean()) if share else 0.0
        for k, share in enumerate(shares)
    ]
    return float(np.dot(gaps, shares))


@dataclass(frozen=True, eq=False)
class Found:
    """What the audit of one set is worth."""

    accuracy: float
    confidence: Array
    right: Array
    inside: Array
    inside_sampled: Array
    over: Array
    width: Array
    copiers: Array
    suspects: Array
    clean: int
    known: bool
    seconds: float
    gaps: Array
    """Of each worker: gold accuracy less the answers' on the same tasks, sd of one answer, n."""


def measure(one: Set, prior: CrowdPrior, seed: int) -> Found:
    """Audit a set without its gold, and hold the audit against it."""
    votes, gold = one.votes, one.gold
    started = time.process_time()
    result = audit(one.table, seed=seed, kind="classes", prior=prior)
    seconds = time.process_time() - started
    coded = {label: k for k, label in enumerate(votes.classes)}
    answer = np.array([coded[label] for label in result.tasks["label"]])
    known = gold >= 0
    workers = votes.shape[1]
    load = np.bincount(votes.worker, minlength=workers)
    on_gold = known[votes.task]
    who = votes.worker[on_gold]
    n = np.bincount(who, minlength=workers)
    right = (votes.label == gold[votes.task])[on_gold]
    exact = np.bincount(who, right, workers) / np.maximum(n, 1)
    value, low, high = (result.workers[c].to_numpy() for c in ("accuracy", "low", "high"))
    # Gold covers some of a worker's tasks: its own sampling, with those left over.
    rest = 1.0 - n / load
    noise = NORMAL_90 * np.sqrt(np.clip(exact * (1.0 - exact), 0.01, 1.0) / np.maximum(n, 1) * rest)
    wide_low = value - np.hypot(value - low, noise)
    wide_high = value + np.hypot(high - value, noise)
    many = n >= LEAST_GOLD
    # Clean: tells classes apart by gold (informedness above .25 with three standard errors).
    guess = np.bincount(gold[known]).max() / known.sum()
    clean = many & (exact - 2.0 * np.sqrt(exact * (1.0 - exact) / np.maximum(n, 1)) > guess)
    flagged = result.workers["suspect"].to_numpy()
    copied = result.workers["group"].to_numpy() != ""
    believed = result.posterior[votes.task, votes.label][on_gold]
    told = np.bincount(who, believed, workers) / np.maximum(n, 1)
    gaps = np.array([exact - told, np.sqrt(np.clip(told * (1 - told), 0.01, 1)), n])[:, many]
    return Found(
        accuracy=float((answer == gold)[known].mean()),
        confidence=result.tasks["confidence"].to_numpy()[known],
        right=(answer == gold)[known],
        inside=((exact >= low - 1e-9) & (exact <= high + 1e-9))[many],
        inside_sampled=((exact >= wide_low - 1e-9) & (exact <= wide_high + 1e-9))[many],
        over=(value - exact)[many],
        width=(high - low)[many],
        copiers=np.flatnonzero(copied & clean),
        suspects=np.flatnonzero(flagged & ~copied & clean),
        clean=int(clean.sum()),
        known=result.summary.verdict.known,
        seconds=seconds,
        gaps=gaps,
    )


def peers(one: Set) -> dict[str, float]:
    """Accuracy of majority vote (ties split) and of crowd-kit's methods; kept."""
    kept: dict[str, dict[str, float]] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if one.name in kept:
        return kept[one.name]
    import pandas as pd
    from crowdkit import aggregation as kit

    votes, gold = one.votes, one.gold
    known = gold >= 0
    counts = votes.counts()
    top = np.isclose(counts, counts.max(axis=1, keepdims=True))
    share = top[np.arange(len(counts)), gold] / top.sum(axis=1)
    found = {"majority": float(share[known].mean())}
    frame = pd.DataFrame({"task": votes.task, "worker": votes.worker, "label": votes.label})
    methods = {
        "Dawid-Skene": kit.DawidSkene(n_iter=100),
        "one-coin": kit.OneCoinDawidSkene(n_iter=100),
        "GLAD": kit.GLAD(),
        "MMSR": kit.MMSR(random_state=0),
        "MACE": kit.MACE(random_state=0),
    }
    if votes.shape[2] == 2:
        methods["KOS"] = kit.KOS(random_state=0)
    for name, method in methods.items():
        print(f"   {one.name}: {name} ...", file=sys.stderr, flush=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                answers = method.fit_predict(frame).reindex(range(len(gold))).fillna(-1)
        except KeyError:  # KOS of crowd-kit 1.4.2 on tables with ties it cannot name
            continue
        found[name] = float((answers.to_numpy().astype(int) == gold)[known].mean())
    kept[one.name] = found
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept, indent=1))
    return found


def lines(sets: list[Set], shown: list[str], seed: int, prior: CrowdPrior | None) -> list[str]:
    """The tables, in Markdown."""
    rows: dict[str, Found] = {}
    said = [
        "| set | answers right | best peer | mean of peers | calibration error | workers inside | "
        "with gold's sampling | mean miss | width | clean workers named copiers, suspects | "
        "says it knows | CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    bests, means = [], []
    for one in sets:
        if one.name not in shown:
            continue
        found = measure(one, prior or learn([s for s in sets if s is not one]), seed)
        rows[one.name] = found
        others = peers(one)
        best = max(others, key=lambda name: others[name])
        bests.append(others[best])
        means.append(np.mean(list(others.values())))
        said.append(
            f"| {one.name} | {found.accuracy:.3f} | {others[best]:.3f} ({best}) | {means[-1]:.3f} "
            f"| {calibration(found.confidence, found.right):.3f} | {found.inside.mean():.2f} of "
            f"{len(found.inside)} | {found.inside_sampled.mean():.2f} | {found.over.mean():+.3f} | "
            f"{found.width.mean():.3f} | {len(found.copiers)}, {len(found.suspects)} of "
            f"{found.clean} | {'yes' if found.known else 'no'} | {found.seconds:.1f} |"
        )
        print(said[-1], file=sys.stderr, flush=True)
    every = list(rows.values())
    inside = np.concatenate([f.inside for f in every])
    sampled = np.concatenate([f.inside_sampled for f in every])
    ece = np.mean([calibration(f.confidence, f.right) for f in every])
    clean = sum(f.clean for f in every)
    said.append(
        f"| all | {np.mean([f.accuracy for f in every]):.3f} | {np.mean(bests):.3f} | "
        f"{np.mean(means):.3f} | {ece:.3f} | {inside.mean():.3f} of {len(inside)} | "
        f"{sampled.mean():.3f} | | | {sum(len(f.copiers) for f in every)}, "
        f"{sum(len(f.suspects) for f in every)} of {clean} | | "
        f"{sum(f.seconds for f in every):.1f} |"
    )
    said += ["", "| claimed | tasks | wrong | claimed to be wrong |", "|---|---|---|---|"]
    confidence = np.concatenate([f.confidence for f in every])
    right = np.concatenate([f.right for f in every])
    for level in CLAIMS:
        sure = confidence >= level
        if sure.any():
            said.append(
                f"| {level} | {sure.sum():,} | {1 - right[sure].mean():.3f} | "
                f"{1 - confidence[sure].mean():.3f} |"
            )
    said += ["", "| set | " + " | ".join(f"{c}: tasks, wrong, claimed" for c in CLAIMS) + " |"]
    said.append("|---|---|---|---|")
    for name, f in rows.items():
        parts = []
        for level in CLAIMS:
            sure = f.confidence >= level
            parts.append(
                f"{sure.sum()}, {1 - f.right[sure].mean():.3f}, {1 - f.confidence[sure].mean():.3f}"
                if sure.any()
                else "0"
            )
        said.append(f"| {name} | " + " | ".join(parts) + " |")
    said += [
        "",
        "| set | dissent goes together | errors go together | misled |",
        "|---|---|---|---|",
    ]
    said += ["| {} | {:.3f} | {:.2f} | {:.3f} |".format(one.name, *one.likeliest()) for one in sets]
    return said


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", action="append", help="only these sets (again for more)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--learn", action="store_true", help="only print the prior")
    parser.add_argument("--committed", action="store_true", help="audit with the committed prior")
    parser.add_argument("--write", type=Path, help="put the tables into this page")
    given = parser.parse_args()
    folders = sorted(f.parent for f in given.data.glob("*/truth.csv"))
    sets = [Set.read(folder) for folder in folders]
    if given.learn:
        for one in sets:
            print("        ({:.3f}, {:.2f}, {:.3f}),  # {}".format(*one.likeliest(), one.name))
        return 0
    shown = given.set or [one.name for one in sets]
    said = lines(sets, shown, given.seed, PUBLIC_CROWDS if given.committed else None)
    print("\n".join(said))
    if given.write:
        page = given.write.read_text()
        head = page.split("<!-- tables -->", maxsplit=1)[0]
        given.write.write_text(head + "<!-- tables -->\n\n" + "\n".join(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
