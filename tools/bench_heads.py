"""Times the heads that a grid trains beside scikit-learn's, on the example's own grid.

    python tools/bench_heads.py [--seeds 12]

Cells are those of the example's grid that train in one round; data is drawn before the clock starts
and scored after it has stopped. Both choose the penalty on held-out texts from the same list and
train once more on everything. Every process has one numeric thread. Prints how much longer
scikit-learn takes than suffice on the same two cores, and by how much the mean test error of a cell
differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402 - reads the limits above when it is imported

from suffice.pools import Predictions  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand.schemes._heads import Problem
    from suffice.pools import Pool
    from suffice.stages._workspace import Workspace

    Heads = NDArray[np.float32]

CORES = 2
TIGHT, LOOSE = 1e-4, 1e-2
ALLOWED = 0.005


def main() -> int:
    """Print a row for each way of training; 1 where a cell's error differs too much."""
    from suffice.demand.schemes._scheme import draw_round

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=12, help="runs a cell")
    seeds = range(parser.parse_args().seeds)
    work = _example()
    features, pool = work.models[work.study.models.target].rotated, work.pool
    cells: list[list[Problem]] = []
    for curve in _grid(work):
        resolved = curve.resolve(work.sources)
        tranches = resolved.rounds()[0]
        streams = [np.random.default_rng([s, curve.number()]) for s in seeds]
        cells.append([draw_round(pool, tranches, rng) for rng in streams])
    share = _Share(features, pool.held_out)
    ours, busy, heads = share.time(_ours, cells, CORES)
    print(f"{len(cells)} cells of {len(seeds)} runs, {CORES} cores\n")
    print(f"{'':<34}{'seconds':>9}{'ratio':>7}{'CPU s':>9}{'ratio':>7}   errors differ by")
    print(f"{f'suffice, {CORES} processes':<34}{ours:>9.2f}{1.0:>7.1f}{busy:>9.2f}{1.0:>7.1f}")
    before = [_error(pool, features, h) for h in heads]
    worst = 0.0
    for name, tolerance, processes in (
        ("scikit-learn, one thread", TIGHT, 1),
        (f"scikit-learn, {CORES} processes", TIGHT, CORES),
        ("scikit-learn, tol=.01", LOOSE, 1),
        (f"scikit-learn, tol=.01, {CORES} processes", LOOSE, CORES),
    ):
        wall, cpu, heads = share.time(partial(_scikit_cell, tolerance), cells, processes)
        after = [_error(pool, features, h) for h in heads]
        differs = float(np.abs(np.subtract(before, after)).max())
        if tolerance == TIGHT:
            worst = max(worst, differs)
        ratios = f"{wall:>9.2f}{wall / ours:>7.1f}{cpu:>9.2f}{cpu / busy:>7.1f}"
        print(f"{name:<34}{ratios}   {differs:.4f} at most", flush=True)
    print(f"\nCPU time is what counts on a busy machine. Mean errors may differ by {ALLOWED}.")
    return int(worst > ALLOWED)


def _grid(work: Workspace) -> list[Curve]:
    from suffice.demand import design_grid

    section = work.study.grid
    curves = design_grid(
        work.source_limits,
        work.order,
        budget=work.study.budget.money,
        smallest=section.smallest,
        mixtures=section.mixtures,
        seed=work.study.seed,
    )
    # A later round is pulled towards the head before it, which scikit-learn cannot do.
    return [c for c in curves if len({t.round for t in c.tranches if t.tasks}) == 1]


class _Share:
    """What every process holds before the clock starts: forked, not sent."""

    def __init__(self, features: Heads, held_out: NDArray[np.bool_]) -> None:
        global _shared
        _shared = features, held_out

    def time(
        self, train: Callable[[list[Problem]], Heads], cells: Sequence[list[Problem]], count: int
    ) -> tuple[float, float, list[Heads]]:
        """Seconds for all cells, CPU seconds, and the heads of each [dimension, run]."""
        with ProcessPoolExecutor(count, get_context("fork")) as executor:
            list(executor.map(train, cells[:1] * count))
            begin = time.perf_counter()
            done = list(executor.map(partial(_clocked, train), cells))
            wall = time.perf_counter() - begin
        return wall, sum(cpu for cpu, _ in done), [heads for _, heads in done]


_shared: tuple[Heads, NDArray[np.bool_]] | None = None


def _held() -> tuple[Heads, NDArray[np.bool_]]:
    if _shared is None:
        raise RuntimeError("nothing is shared yet")
    return _shared


def _clocked(train: Callable[[list[Problem]], Heads], cell: list[Problem]) -> tuple[float, Heads]:
    begin = time.process_time()
    heads = train(cell)
    return time.process_time() - begin, heads


def _ours(problems: list[Problem]) -> Heads:
    from suffice.demand.schemes._probe import fit_round

    features, held_out = _held()
    return fit_round(features, problems, held_out)[0]


def _scikit_cell(tolerance: float, problems: list[Problem]) -> Heads:
    return np.stack([_scikit(p, tolerance) for p in problems], axis=1).astype(np.float32)


def _scikit(problem: Problem, tolerance: float) -> NDArray[np.float64]:
    """One run: every penalty on the fitted tasks, then the best one on all."""
    from sklearn.linear_model import LogisticRegression

    from suffice.demand.schemes._probe import PENALTIES

    features, held_out = _held()
    x, y = features[problem.a] - features[problem.b], problem.target
    aside = held_out[problem.a]

    def fit(keep: NDArray[np.bool_], penalty: float) -> NDArray[np.float64]:
        # A soft label is two weighted rows; C is one over the penalty of a mean loss.
        both, label = np.concatenate([x[keep]] * 2), np.repeat([1, 0], keep.sum())
        weight = np.concatenate([y[keep], 1.0 - y[keep]])
        used = weight > 0.0
        model = LogisticRegression(
            C=1.0 / (penalty * keep.sum()), fit_intercept=False, tol=tolerance, max_iter=1000
        )
        model.fit(both[used], label[used], sample_weight=weight[used])
        return np.asarray(model.coef_[0])

    def loss(penalty: float) -> float:
        odds = x[aside] @ fit(~aside, penalty)
        return float(np.mean(np.logaddexp(0.0, odds) - y[aside] * odds))

    # The penalty is of a mean loss: with more tasks the same pull is a smaller one.
    return fit(np.ones(len(y), dtype=bool), min(PENALTIES, key=loss) * float((~aside).mean()))


def _error(pool: Pool, features: Heads, heads: Heads) -> float:
    """Mean over runs of the error on the evaluation tasks."""
    tasks, best = pool.evaluation.tasks, pool.evaluation.candidates
    scores = (features @ heads).T
    odds = scores[:, tasks.a] - scores[:, tasks.b]
    predictions = Predictions(odds, None if best is None else scores[:, best.items])
    return float(pool.evaluation.score(predictions)[:, 0].mean())


def _example() -> Workspace:
    from suffice.progress import PlainProgress
    from suffice.stages._workspace import Workspace
    from suffice.study import load_study

    study = load_study(Path(__file__).parents[1] / "examples" / "ratings.toml")
    return Workspace(study, Path("build") / "bench-heads", PlainProgress())


if __name__ == "__main__":
    sys.exit(main())
