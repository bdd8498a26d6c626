"""Times the heads that a grid trains beside scikit-learn's, on the example's own tasks.

    python tools/bench_heads.py [--seeds 8]

Both choose the penalty on held-out texts from the same list and train once more on everything.
Prints how much longer scikit-learn takes and by how much the mean test error of a cell differs.
Everything uses one thread; one column shares scikit-learn's runs between two processes.
"""

from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402 - reads the limits above when it is imported

from suffice.labels import Verdict  # noqa: E402

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand._heads import Problem
    from suffice.labels import Pool
    from suffice.workspace import Workspace

SIZES = (100, 300, 1000, 3000)
SOURCES = ("crowd", "lexicon_judge")
TIGHT, LOOSE = 1e-4, 1e-2
ALLOWED = 0.005


def main() -> None:
    """Print a row a cell, and the sums."""
    from suffice.curve import Curve, Tranche
    from suffice.demand._scheme import draw_round

    parser = argparse.ArgumentParser(description="Time our heads beside scikit-learn's.")
    parser.add_argument("--seeds", type=int, default=8, help="runs a cell")
    seeds = range(parser.parse_args().seeds)
    work = _example()
    model = work.models[work.study.models.target]
    features, pool = model.rotated, work.pool
    print(f"{'':<22}{'suffice':>10}{'scikit-learn':>14}{'two processes':>15}{'tol=.01':>9}   error")
    rows = []
    for curve in (Curve((Tranche(s, n),)) for s in SOURCES for n in SIZES):
        resolved = curve.resolve(work.sources)
        problems = [
            draw_round(pool, resolved.rounds()[0], np.random.default_rng([s, curve.number()]))
            for s in seeds
        ]
        begin = time.perf_counter()
        ours = work.scheme.train(pool, model, resolved, seeds).metrics[:, 0].mean()
        times = [time.perf_counter() - begin]
        begin = time.perf_counter()
        heads = [_scikit(features, p, pool.held_out, TIGHT) for p in problems]
        times.append(time.perf_counter() - begin)
        times.append(_two_processes(features, problems, pool.held_out))
        begin = time.perf_counter()
        for p in problems:
            _scikit(features, p, pool.held_out, LOOSE)
        times.append(time.perf_counter() - begin)
        differs = float(ours - _error(pool, features, heads))
        rows.append([*times, differs])
        _print(str(curve), times, f"{differs:+.4f}")
    table = np.array(rows)
    _print("all", table[:, :4].sum(axis=0).tolist(), f"{np.abs(table[:, 4]).max():.4f} at most")
    print(f"mean test errors may differ by {ALLOWED}; times are of {len(seeds)} runs a cell")


def _print(name: str, times: list[float], error: str) -> None:
    ratios = [f"{t / times[0]:.1f}x" for t in times[1:]]
    print(f"{name:<22}{times[0]:>8.2f} s{ratios[0]:>14}{ratios[1]:>15}{ratios[2]:>9}   {error}")


def _scikit(
    features: NDArray[np.float32], problem: Problem, held_out: NDArray[np.bool_], tol: float
) -> NDArray[np.float64]:
    """One run: every penalty on the fitted tasks, then the best one on all."""
    from sklearn.linear_model import LogisticRegression

    from suffice.demand._probe import PENALTIES

    x, y = features[problem.a] - features[problem.b], problem.target
    aside = held_out[problem.a]

    def fit(keep: NDArray[np.bool_], penalty: float) -> NDArray[np.float64]:
        # A soft label is two weighted rows; C is one over the penalty of a mean loss.
        both, label = np.concatenate([x[keep]] * 2), np.repeat([1, 0], keep.sum())
        weight = np.concatenate([y[keep], 1.0 - y[keep]])
        used = weight > 0.0
        model = LogisticRegression(
            C=1.0 / (penalty * keep.sum()), fit_intercept=False, tol=tol, max_iter=1000
        )
        model.fit(both[used], label[used], sample_weight=weight[used])
        return np.asarray(model.coef_[0])

    def loss(penalty: float) -> float:
        odds = x[aside] @ fit(~aside, penalty)
        return float(np.mean(np.logaddexp(0.0, odds) - y[aside] * odds))

    # The penalty is of a mean loss: with more tasks the same pull is a smaller one.
    return fit(np.ones(len(y), dtype=bool), min(PENALTIES, key=loss) * float((~aside).mean()))


_shared: tuple[NDArray[np.float32], NDArray[np.bool_]] | None = None


def _two_processes(
    features: NDArray[np.float32], problems: list[Problem], held_out: NDArray[np.bool_]
) -> float:
    """Seconds that two processes take, which are forked before the clock starts."""
    global _shared
    _shared = features, held_out
    with ProcessPoolExecutor(2, get_context("fork")) as executor:
        list(executor.map(_in_process, problems[:2]))
        begin = time.perf_counter()
        list(executor.map(_in_process, problems))
        return time.perf_counter() - begin


def _in_process(problem: Problem) -> NDArray[np.float64]:
    if _shared is None:
        raise RuntimeError("nothing is shared yet")
    return _scikit(_shared[0], problem, _shared[1], TIGHT)


def _error(pool: Pool, features: NDArray[np.float32], heads: list[NDArray[np.float64]]) -> float:
    tasks, best = pool.evaluation.tasks, pool.evaluation.candidates
    scores = (np.array(heads) @ features.T).astype(np.float32)
    odds = scores[:, tasks.a] - scores[:, tasks.b]
    verdict = Verdict(odds, None if best is None else scores[:, best.items])
    return float(pool.evaluation.score(verdict)[:, 0].mean())


def _example() -> Workspace:
    from suffice.progress import PlainProgress
    from suffice.study import load_study
    from suffice.workspace import Workspace

    study = load_study(Path(__file__).parents[1] / "examples" / "ratings.toml")
    return Workspace(study, Path("build") / "bench-heads", PlainProgress())


if __name__ == "__main__":
    main()
