"""Calibration of the forecast, as the tables of docs/calibration.md.

    python tools/bench_calibration                        # the example ratings, report splits
    python tools/bench_calibration --splits 4             # another split, by its number
    python tools/bench_calibration --development          # the splits that the law was built on
    python tools/bench_calibration --set xstest           # public answers, judged by people and AI
    python tools/bench_calibration --set hh-rlhf-harmless # public pairs of answers
    python tools/bench_calibration --set PAIRS.jsonl      # pairs of your own
    python tools/bench_calibration --set unseen-models    # models that have no law of their own

``--data`` names the folder of public data. Runs are kept in the cache (``SUFFICE_CACHE``): an
interrupted benchmark goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cells import RATINGS
from forecasts import LAW, forecast_split
from pairs import pairs_design
from preferences import PreferenceSplit, load_pairs, load_xstest
from score import Pairs, bootstrap
from split import RatingsSplit, Split
from transfer import FLOOR, forecast_unseen, known_laws
from unseen import PILOT_SEEDS, PILOTED, UNSEEN, UNSEEN_DEPTHS
from xstest import XSTEST

from suffice.errors import SufficeError
from suffice.progress import PlainProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from designs import Design

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "preferences"
_PAIRS = {"hh-rlhf-harmless": Path("hh-rlhf-harmless-test", "test.jsonl.gz")}


def main() -> int:
    """Print the tables, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--set", default="ratings", help="ratings, xstest, hh-rlhf-harmless, a file"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of public preference data")
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--splits", type=int, nargs="+")
    given = parser.parse_args()
    begin = time.perf_counter()
    try:
        design, split = _set(given.set, given.data)
        numbers = design.development if given.development else given.splits or design.report
        seeds = design.development_seeds if given.development else design.fresh_seeds
        if given.set == UNSEEN.name:
            _unseen([split(n) for n in numbers], seeds)
            return 0
        pairs = Pairs.joined([forecast_split(split(n), seeds) for n in numbers])
    except SufficeError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    _head(pairs, len(numbers), design)
    _bars(pairs)
    _methods(pairs)
    _kinds(pairs)
    print(f"\n({time.perf_counter() - begin:.0f} s)", file=sys.stderr)
    return 0


def _set(name: str, data: Path) -> tuple[Design, Callable[[int], Split]]:
    """The design of a set, and what makes its splits."""
    progress = PlainProgress()
    if name == UNSEEN.name:
        return UNSEEN, lambda n: RatingsSplit(n, progress, UNSEEN)
    if name == "ratings":
        return RATINGS, lambda n: RatingsSplit(n, progress, RATINGS)
    if name == "xstest":
        answers = load_xstest(data / name)
        return XSTEST, lambda n: PreferenceSplit(n, progress, XSTEST, answers)
    path = data / _PAIRS[name] if name in _PAIRS else Path(name)
    design = pairs_design(path.name.partition(".")[0])
    recorded = load_pairs(path)
    return design, lambda n: PreferenceSplit(n, progress, design, recorded)


def _unseen(splits: list[Split], seeds: tuple[int, ...]) -> None:
    laws = [known_laws(s) for s in splits]
    parts = [("no pilots: ", model, False) for model in UNSEEN_DEPTHS]
    parts += [("five pilot runs: ", model, True) for model in PILOTED]
    whole: dict[bool, list[Pairs]] = {False: [], True: []}
    for what, model, pilots in parts:
        found = [
            forecast_unseen(s, known, model, seeds, pilots=pilots)
            for s, known in zip(splits, laws, strict=True)
        ]
        pairs = Pairs.joined(found)
        sets = len(PILOT_SEEDS) if pilots else 1
        of = f"{pairs.contested.sum() // sets} contested of {len(pairs.passed) // sets}"
        print(f"**{model}**, {what}{of}\n")
        _methods(pairs)
        mine = whole[pilots]
        mine.append(replace(pairs, cell=pairs.cell + 100_000 * len(mine)))
    for name, pilots in (("All depths without pilots", False), ("All models with pilots", True)):
        print(f"**{name}**\n")
        pairs = Pairs.joined(whole[pilots])
        _head(pairs, len(splits), UNSEEN, len(PILOT_SEEDS) if pilots else 1)
        _bars(pairs)
        _methods(pairs)


def _head(pairs: Pairs, splits: int, design: Design, sets: int = 1) -> None:
    cells = len(np.unique(pairs.cell))
    times = f"thresholds and {sets} sets of pilots" if sets > 1 else "thresholds"
    print(
        f"{splits} splits, {cells} cells, {pairs.total} fresh runs each; {len(design.thresholds)} "
        f"{times} make {len(pairs.passed):,} pairs, {pairs.contested.sum():,} contested.\n"
    )


def _bars(pairs: Pairs) -> None:
    hit, open_ = pairs.covered(LAW), pairs.contested
    error = pairs.error(LAW)
    heavy, rest = open_ & pairs.heavy, open_ & ~pairs.heavy
    rivals = [n for n in pairs.pi if not n.startswith(LAW) and n != FLOOR]
    rows = [
        ("contested pairs, mean error of P", error, open_, "at most .10"),
        ("other pairs, mean error of P", error, ~open_, "at most .03"),
        ("contested pairs, 90 % interval covers", hit, open_, ".85 to .95"),
        ("heavily noisy, contested, mean error of P", error, heavy, "not above the next row"),
        ("the rest, contested, mean error of P", error, rest, ""),
    ]
    print("| what | measured | 90 % interval over cells | bar |\n|---|---|---|---|")
    for what, values, where, bar in rows:
        low, high = bootstrap(values[where], pairs.cell[where])
        print(f"| {what} | {values[where].mean():.3f} | {low:.3f} to {high:.3f} | {bar} |")
    for what, score in (("Brier score", pairs.brier), ("log score", pairs.log_score)):
        best = min(rivals, key=lambda n: score(n).mean())
        gain = score(best) - score(LAW)
        low, high = bootstrap(gain, pairs.cell)
        print(
            f"| {what}, gain on the best baseline ({best}) | {gain.mean():.4f} "
            f"| {low:.4f} to {high:.4f} | above 0 |"
        )
    print()


def _methods(pairs: Pairs) -> None:
    print("| method | mean error, RMS miss | contested | others | Brier | log | covers |")
    print("|---|---|---|---|---|---|---|")
    open_ = pairs.contested
    for name in pairs.pi:
        error = pairs.error(name)
        rms = float(np.sqrt(np.mean(pairs.miss[name] ** 2)))
        print(
            f"| {name} | {rms:.4f} | {error[open_].mean():.3f} | {error[~open_].mean():.3f} "
            f"| {pairs.brier(name).mean():.4f} | {pairs.log_score(name).mean():.4f} "
            f"| {pairs.covered(name)[open_].mean():.2f} |"
        )
    print()


def _kinds(pairs: Pairs) -> None:
    print("| kind of cell | contested pairs | mean error of P | covers |\n|---|---|---|---|")
    error, hit = pairs.error(LAW), pairs.covered(LAW)
    for kind in dict.fromkeys(pairs.kind):
        mine = pairs.contested & (pairs.kind == kind)
        print(f"| {kind} | {mine.sum()} | {error[mine].mean():.3f} | {hit[mine].mean():.2f} |")


if __name__ == "__main__":
    sys.exit(main())
