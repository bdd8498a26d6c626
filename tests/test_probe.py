"""The probe: it learns, its symmetries hold, and more or better labels do not hurt it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import noisy_source, recorded_sources, votes_pool, world

from suffice.curve import Curve, Tranche
from suffice.demand.schemes._heads import Problem
from suffice.demand.schemes._probe import PENALTIES, Probe, _choose_penalty
from suffice.demand.schemes._scheme import Embedded, draw_round
from suffice.labels.kinds import COMPARISON, classes_kind
from suffice.pools._task_pool import SourceLabels, TaskList, task_pool

SOURCES = {
    "clean": noisy_source("clean", 0.0, 1.0),
    "noisy": noisy_source("noisy", 0.35, 1.0),
    "biased": noisy_source("biased", 0.35, 1.0, shared=0.35),
}


def seen(features: np.ndarray) -> Embedded:
    """A model that sees these features."""
    return Embedded("made-up", "made-up/1", features)


def errors(*tranches: Tranche, seeds: int = 12, seed: int = 0) -> np.ndarray:
    """Overall error of runs on a made-up world [run]."""
    pool = world(seed)
    curve = Curve(tranches).resolve(SOURCES, np.random.default_rng(0))
    return Probe().train(pool, seen(pool.features), curve, range(seeds)).metrics[:, 0]


def test_an_untrained_probe_tosses_a_coin():
    """Without labels every answer is a tie, and every metric at its untrained level."""
    pool = world()
    trained = Probe().train(pool, seen(pool.features), Curve(()).resolve({}, None), range(3))
    assert pool.evaluation.untrained[0] == pytest.approx(0.5)
    np.testing.assert_allclose(trained.metrics, np.tile(pool.evaluation.untrained, (3, 1)))
    assert (COMPARISON.likeliest(trained.predictions.odds) == COMPARISON.tie).all()


def test_more_clean_labels_do_not_hurt():
    """On average over worlds and seeds, the error falls with every step of clean labels."""
    sizes = (20, 60, 200, 800)
    mean = [np.mean([errors(Tranche("clean", n), seed=s).mean() for s in (0, 1)]) for n in sizes]
    assert (np.diff(mean) < 0).all()
    assert mean[0] > 0.15
    assert mean[-1] < 0.08


def test_clean_labels_beat_noisy_ones_and_repeats_help():
    """At equal counts: clean before noisy, nine noisy labels a task before one."""
    clean, noisy = errors(Tranche("clean", 150)).mean(), errors(Tranche("noisy", 150)).mean()
    repeated = errors(Tranche("noisy", 150, 9)).mean()
    assert clean + 0.03 < noisy
    assert repeated + 0.02 < noisy


def test_a_clean_last_round_corrects_a_first_one():
    """A round of clean labels after a noisy one is better than the noisy one alone."""
    first = Tranche("noisy", 200)
    alone = errors(first).mean()
    corrected = errors(first, Tranche("clean", 100, round=2)).mean()
    assert corrected < alone - 0.03


def test_zero_weight_labels_teach_nothing():
    """A tranche of weight nothing leaves the head to the other tranche."""
    both = errors(Tranche("noisy", 2000, weight=1e-9), Tranche("clean", 300)).mean()
    drowned = errors(Tranche("noisy", 2000), Tranche("clean", 300)).mean()
    assert both < 0.8 * drowned


def test_runs_depend_on_their_seed_alone():
    """The same seed gives the same run, whatever other seeds are trained beside it."""
    pool = world()
    curve = Curve((Tranche("noisy", 80), Tranche("clean", 40, round=2)))
    resolved = curve.resolve(SOURCES, np.random.default_rng(0))
    together = Probe().train(pool, seen(pool.features), resolved, (3, 4, 5, 6))
    alone = Probe().train(pool, seen(pool.features), resolved, (5,))
    again = Probe().train(pool, seen(pool.features), resolved, (3, 4, 5, 6))
    assert (together.metrics == again.metrics).all()
    assert alone.metrics[0] == pytest.approx(together.metrics[2], abs=0.005)
    assert len({tuple(m) for m in together.metrics}) > 1


def test_curves_do_not_share_their_luck():
    """The same seed draws other tasks for another curve, even one that differs in a weight only:
    runs of a grid are independent."""
    one = errors(Tranche("clean", 60), seeds=40)
    other = errors(Tranche("clean", 60, weight=2.0), seeds=40)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


def test_swapping_every_comparison_changes_no_error():
    """Tasks and evaluation told the other way round give the same errors."""
    pool = world(3)

    class Swapped:
        def __init__(self, pool):
            self._pool = pool
            self.evaluation = replace(pool.evaluation, tasks=pool.evaluation.tasks.swap())

        def __getattr__(self, name):
            return getattr(self._pool, name)

        def draw_tasks(self, *args, **more):
            return self._pool.draw_tasks(*args, **more).swap()

    curve = Curve((Tranche("noisy", 120),)).resolve(SOURCES, np.random.default_rng(0))
    straight, turned = (
        Probe().train(p, seen(pool.features), curve, range(6)).metrics
        for p in (pool, Swapped(pool))
    )
    np.testing.assert_allclose(straight, turned, atol=0.01)


def test_exchanging_the_classes_changes_no_error():
    """Calling class 0 class 1 and the other way round gives the same errors."""
    pool, features = votes_pool()
    listed = pool._tasks
    turned = TaskList(
        listed.items, listed.a, listed.b, listed.slices, listed.slice_names, listed.group,
        1.0 - listed.gold, listed.kind,
    )  # fmt: skip
    votes = {
        s: SourceLabels(np.repeat(np.arange(420), np.diff(c.starts)), 1.0 - c.values)
        for s, c in ((s, pool.channel(s)) for s in ("crowd", "expert"))
    }
    other = task_pool(turned, votes, seed=0, where="gold")
    curve = Curve((Tranche("crowd", 200), Tranche("expert", 60)))
    scores = []
    for p in (pool, other):
        sources = recorded_sources(p, {"crowd": 0.1, "expert": 1.0})
        resolved = curve.resolve(sources, np.random.default_rng(0))
        scores.append(Probe().train(p, seen(features), resolved, range(6)).metrics)
    np.testing.assert_allclose(scores[0], scores[1], atol=0.02)
    assert scores[0].mean() < 0.3


def test_classes_of_unequal_size_need_the_intercept():
    """Where nine in ten texts are of one class and features say nothing, the head says so."""
    rng = np.random.default_rng(0)
    n = 400
    truth = (rng.random(n) < 0.9).astype(float)
    gold = np.where(np.arange(n) < 150, truth, np.nan)
    listed = TaskList(
        tuple(f"t{i}" for i in range(n)), np.arange(n), np.full(n, -1), np.zeros(n, np.int64),
        ("all",), np.arange(n), gold, classes_kind(2),
    )  # fmt: skip
    pool = task_pool(listed, {"s": SourceLabels(np.arange(n), truth)}, seed=0, where="gold")
    features = rng.standard_normal((n, 4)).astype(np.float32)
    resolved = Curve((Tranche("s", 200),)).resolve(
        recorded_sources(pool, {"s": 1.0}), np.random.default_rng(0)
    )
    error = Probe().train(pool, seen(features), resolved, range(4)).metrics[:, 0]
    assert error.mean() < 0.16


def test_targets_are_the_mean_of_the_labels_that_there_are():
    """Ties count half, missing labels not at all, weights follow their tranche."""
    pool, _ = votes_pool()
    sources = recorded_sources(pool, {"crowd": 0.1, "expert": 1.0})
    curve = Curve((Tranche("crowd", 50, 3), Tranche("expert", 20, weight=4.0), Tranche("crowd", 0)))
    resolved = curve.resolve(sources, np.random.default_rng(0))
    problem = draw_round(pool, list(resolved), np.random.default_rng(1))
    assert len(problem.a) == 70
    assert set(np.round(3 * problem.target[:50]).astype(int)) <= {0, 1, 2, 3}
    assert set(problem.target[50:]) <= {0.0, 1.0}
    assert (problem.weight == np.repeat([1.0, 4.0], [50, 20]).astype(np.float32)).all()
    by_row = {int(a): t for a, t in zip(problem.a[:50], problem.target[:50], strict=True)}
    channel = pool.channel("crowd")
    for row, target in by_row.items():
        votes = channel.values[channel.starts[row] : channel.starts[row + 1]]
        assert target == pytest.approx(votes.mean())


def noisy_problem(n: int, error: float, seed: int = 0) -> tuple[np.ndarray, Problem, np.ndarray]:
    """Features, n noisy comparisons, and which items are held out."""
    pool = world(seed)
    drawn = pool.draw_tasks(n, np.random.default_rng(seed), source="clean")
    wrong = np.random.default_rng(seed + 1).random(n) < error
    target = np.where(wrong, 1 - drawn.truth, drawn.truth).astype(np.float32)
    problem = Problem(drawn.a, drawn.b, target, np.ones(n, dtype=np.float32))
    return pool.features, problem, pool.held_out


def test_noisier_labels_get_a_stronger_penalty():
    """Held-out tasks choose more shrinkage where labels are worse, as a user would."""
    chosen = []
    for error in (0.0, 0.4):
        made = [noisy_problem(100, error, seed) for seed in range(8)]
        chosen.append(
            np.mean([np.log(_choose_penalty(f, [p], held, None)[0][0]) for f, p, held in made])
        )
    assert chosen[1] > chosen[0] + 0.5


def test_without_held_out_tasks_the_middle_penalty_is_used():
    """With nothing to choose by, the middle of the list it is."""
    features, problem, held_out = noisy_problem(40, 0.1)
    nothing = np.zeros_like(held_out)
    middle = PENALTIES[len(PENALTIES) // 2]
    assert _choose_penalty(features, [problem], nothing, None)[0][0] == middle
