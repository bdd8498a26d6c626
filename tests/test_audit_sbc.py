"""Simulation-based calibration of the audit's models and of the pool learned from labels.

Crowds are drawn from the prior; the posterior's draws must then rank the truth uniformly (Talts et
al. 2018). All crowds of a kind are fitted at once, side by side.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from suffice.supply.workers import _worker_model as model
from suffice.supply.workers._gibbs import Gibbs
from suffice.supply.workers._prior_draw import draw_crowds

# The simulations that `make bench-sbc` runs by the hundred.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "bench_sbc"))

import sbc_pool
import sbc_shared
from sbc_ranks import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.workers._worker_model import Crowd, State

CROWDS, TASKS, WORKERS, LABELS = 60, 30, 8, 5
BURN, KEEP, THIN = 120, 31, 6
BINS = 4
# 30 tests with fixed seeds: a right sampler fails one of them once in 300 choices of seeds.
LEAST_P = 1e-4


def quantities(state: State, crowd: Crowd, jitter: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """What is ranked, one value a crowd: parameters, and how many labels are right."""
    right = (crowd.label == state.z_T[crowd.task]).astype(np.float64)
    difficulty = state.scale_S if crowd.classes == 2 else state.level_SD[:, 0]
    return {
        "crowd's mean skill": state.mean_S,
        "spread of skills": state.worker_sd_S,
        "one worker's skill": state.a_WK[::WORKERS, 0],
        "difficulty": difficulty,
        "class share": state.share_SK[:, 0],
        # A count has ties; the jitter splits them evenly.
        "right labels": np.bincount(crowd.task_set[crowd.task], right, crowd.sets) + jitter,
    }


def ranks(
    kind: str, classes: int, *, shift: float = 0.0, twins: bool = False
) -> dict[str, NDArray[Any]]:
    """Rank of the truth among the draws, 0 to KEEP, for each quantity and crowd."""
    rng = np.random.default_rng([7, classes, len(kind)])
    crowd, truth = draw_crowds(
        CROWDS, kind=kind, classes=classes, tasks=TASKS, workers=WORKERS, labels_per_task=LABELS,
        rng=rng, twins=twins,
    )  # fmt: skip
    wanted = quantities(truth, crowd, 1e-3 * rng.random(CROWDS))
    wanted = {name: np.array(value) + shift for name, value in wanted.items()}
    gibbs = Gibbs(crowd, kind, model.difficulty_for(classes), rng)
    below = {name: np.zeros(CROWDS) for name in wanted}
    for _ in range(BURN):
        gibbs.sweep()
    for _ in range(KEEP):
        for _ in range(THIN):
            gibbs.sweep()
        drawn = quantities(gibbs.state, crowd, 1e-3 * rng.random(CROWDS))
        for name, value in drawn.items():
            below[name] += value < wanted[name]
    return below


def p_value(rank: NDArray[Any]) -> float:
    """Chi-squared test of uniform ranks."""
    from scipy.special import chdtrc

    counts = np.bincount((rank * BINS // (KEEP + 1)).astype(int), minlength=BINS)
    expected = len(rank) / BINS
    return float(chdtrc(BINS - 1, ((counts - expected) ** 2 / expected).sum()))


@pytest.mark.parametrize(
    ("kind", "classes"), [("coin", 2), ("class", 2), ("coin", 3), ("class", 3), ("full", 3)]
)
def test_posterior_ranks_the_truth_uniformly(kind: str, classes: int) -> None:
    """Every kind of worker model is calibrated on 60 crowds drawn from its prior."""
    found = {name: p_value(rank) for name, rank in ranks(kind, classes).items()}
    assert min(found.values()) > LEAST_P, found


@pytest.mark.parametrize(("kind", "classes"), [("coin", 2), ("class", 3), ("full", 4)])
def test_sides_of_pairs_rank_the_truth_uniformly(kind: str, classes: int) -> None:
    """The worker model whose first two classes are the sides of a pair is calibrated, too."""
    found = {name: p_value(rank) for name, rank in ranks(kind, classes, twins=True).items()}
    if classes == 2:
        del found["class share"]  # one half by definition
    assert min(found.values()) > LEAST_P, found


def test_a_shifted_truth_is_noticed() -> None:
    """The test can fail: a truth that is off by half is not ranked uniformly."""
    found = {name: p_value(rank) for name, rank in ranks("coin", 2, shift=0.5).items()}
    assert found["spread of skills"] < LEAST_P
    assert found["class share"] < LEAST_P


def test_shared_error_learned_from_gold_ranks_the_truth_uniformly() -> None:
    """How many tasks mislead everybody, and how evenly: 200 tables with gold, 2 and 4 classes."""
    for model_name, found in sbc_shared.places(200, seed=1):
        p = {name: uniform(place, BINS) for name, place in found.items()}
        assert min(p.values()) > LEAST_P, (model_name, p)


def test_pool_of_workers_ranks_the_truth_uniformly() -> None:
    """Skills of a pool and its share of right answers, with one slice and two: 100 tables each."""
    for model_name, found in sbc_pool.places(100, seed=1, burn=75, keep=23, thin=3):
        p = {name: uniform(place, BINS) for name, place in found.items()}
        assert min(p.values()) > LEAST_P, (model_name, p)


def test_a_pool_needs_its_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gibbs steps alone, as many of them, do not rank the pool's mean skill uniformly."""
    chain = sbc_pool.chains
    monkeypatch.setattr(
        chain, "_swap", lambda value, _owner, _evidence, counts, *_: (value, counts)
    )
    monkeypatch.setattr(chain.PoolChain, "_shift", lambda _self, *counts: counts)
    monkeypatch.setattr(chain.PoolChain, "_tilt", lambda _self, _like: None)
    ((_, found),) = sbc_pool.places(150, seed=1, slices=(1,), burn=75, keep=31, thin=3)
    assert uniform(found["mean skill"], BINS) < LEAST_P
    assert np.mean(np.abs(found["mean skill"] - 0.5) < 0.45) < 0.8
