"""Batched heads against scikit-learn, and against the symmetries that they must have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.demand.schemes._heads import Problem, fit_heads, log_loss, rotate

DIM = 20
PENALTIES = (0.03, 0.3, 3.0)


def made(seed: int, n: int, *, paired: bool, soft: bool = False, weighted: bool = False,
         items: int = 300) -> tuple[np.ndarray, Problem]:  # fmt: skip
    """Features with falling variances and noisy answers to n tasks."""
    rng = np.random.default_rng(seed)
    features = rotate(rng.standard_normal((items, DIM)) * np.linspace(3, 0.3, DIM))
    a = rng.integers(items, size=n)
    b = (a + 1 + rng.integers(items - 1, size=n)) % items if paired else np.full(n, -1)
    odds = features @ rng.standard_normal(DIM)
    gap = odds[a] - np.where(paired, odds[b], 0.0)
    chance = 1 / (1 + np.exp(-0.7 * gap))
    target = (
        np.clip(chance + 0.2 * rng.standard_normal(n), 0, 1) if soft else rng.random(n) < chance
    )
    weight = rng.uniform(0.1, 3, n) if weighted else np.ones(n)
    return features, Problem(a, b, target.astype(np.float32), weight.astype(np.float32))


def reference(features: np.ndarray, p: Problem, penalty: float, start=None) -> np.ndarray:
    """scikit-learn's solution of the same problem; a soft answer is two weighted hard ones."""
    from sklearn.linear_model import LogisticRegression

    x = features[p.a].astype(np.float64)
    paired = p.b >= 0
    x[paired] -= features[p.b[paired]]
    share = p.weight / p.weight.sum()
    rows = np.vstack([x, x])
    answers = np.repeat([1, 0], len(x))
    weights = np.concatenate([share * p.target, share * (1 - p.target)])
    # Mean loss + penalty/2 |w|^2 is C * (weighted loss) + |w|^2/2 with C = 1/penalty.
    model = LogisticRegression(C=1 / penalty, fit_intercept=False, tol=1e-10, max_iter=10_000)
    model.fit(rows[weights > 0], answers[weights > 0], sample_weight=weights[weights > 0])
    return model.coef_[0]


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """How far one vector is from another, relative to its length."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


@pytest.mark.parametrize("paired", [True, False], ids=["comparisons", "single items"])
@pytest.mark.parametrize("soft", [False, True], ids=["hard", "soft"])
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize("n", [60, 1500], ids=["by row", "by item"])
def test_weights_equal_those_of_scikit_learn(paired, soft, weighted, n):
    """For every penalty the weights are within 1 % and predictions nearly equal."""
    features, problem = made(n, n, paired=paired, soft=soft, weighted=weighted)
    fitted = fit_heads(features, [problem], np.array([PENALTIES]))
    for k, penalty in enumerate(PENALTIES):
        want = reference(features, problem, penalty)
        got = fitted[:, 0, k]
        assert distance(got, want) < 0.01
        scores = features @ np.stack([got, want], axis=1)
        chances = 1 / (1 + np.exp(-scores))
        assert np.abs(chances[:, 0] - chances[:, 1]).max() < 0.005


def test_many_problems_at_once_are_each_solved_alone():
    """Problems of different sizes, solved together, give what each gives alone."""
    sizes = (37, 400, 90)
    features = made(1, 10, paired=True)[0]
    problems = [made(1 + i, n, paired=True)[1] for i, n in enumerate(sizes)]
    penalties = np.array([PENALTIES, PENALTIES[::-1], PENALTIES])
    together = fit_heads(features, problems, penalties)
    for i, problem in enumerate(problems):
        for k, penalty in enumerate(penalties[i]):
            want = reference(features, problem, penalty)
            assert distance(together[:, i, k], want) < 0.01


@pytest.mark.parametrize("pulled", [False, True], ids=["to zero", "to a start"])
def test_where_the_search_begins_does_not_move_the_answer(pulled):
    """From a guess, good or bad, the weights come out as without one."""
    features, problem = made(5, 300, paired=True)
    grid = np.array([PENALTIES])
    rng = np.random.default_rng(2)
    start = rng.standard_normal((features.shape[1], 1)).astype(np.float32) if pulled else None
    want = fit_heads(features, [problem], grid, start)
    guesses = (want, rng.standard_normal(want.shape).astype(np.float32) * want.std())
    for guess in guesses:
        got = fit_heads(features, [problem], grid, start, begin=guess)
        for k in range(len(PENALTIES)):
            assert distance(got[:, 0, k], want[:, 0, k]) < 0.01


def test_a_start_is_what_the_penalty_pulls_to():
    """Ridge towards a start: by gradient at the solution, and by its two limits."""
    features, problem = made(3, 200, paired=True)
    rng = np.random.default_rng(0)
    start = rng.standard_normal((DIM, 1)).astype(np.float32)
    penalties = np.array([[1e-2, 0.5, 1e5]])
    fitted = fit_heads(features, [problem], penalties, start)[:, 0]
    x = features[problem.a] - features[problem.b]
    for k, penalty in enumerate(penalties[0]):
        w = fitted[:, k]
        chance = 1 / (1 + np.exp(-(x @ w)))
        gradient = x.T @ (chance - problem.target) / len(x) + penalty * (w - start[:, 0])
        begin = x.T @ (0.5 - problem.target) / len(x) - penalty * start[:, 0]
        assert np.linalg.norm(gradient) < 0.01 * np.linalg.norm(begin)
    assert distance(fitted[:, 2], start[:, 0]) < 0.001
    assert distance(fitted[:, 0], start[:, 0]) > 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_swapping_items_with_their_answers_changes_nothing(seed, all_of_them):
    """A comparison told the other way round is the same comparison."""
    features, p = made(seed, 120, paired=True, soft=True, weighted=True)
    turn = np.ones(120, bool) if all_of_them else np.random.default_rng(seed).random(120) < 0.5
    a, b = np.where(turn, p.b, p.a), np.where(turn, p.a, p.b)
    other = Problem(a, b, np.where(turn, 1 - p.target, p.target).astype(np.float32), p.weight)
    penalties = np.array([[0.3]])
    one = fit_heads(features, [p], penalties)[:, 0, 0]
    assert distance(fit_heads(features, [other], penalties)[:, 0, 0], one) < 0.01


def test_opposite_answers_give_opposite_weights():
    """Exchanging the two answers everywhere turns the head round."""
    features, p = made(5, 300, paired=True)
    turned = Problem(p.a, p.b, 1 - p.target, p.weight)
    one, other = (fit_heads(features, [q], np.array([[0.1]]))[:, 0, 0] for q in (p, turned))
    assert distance(-other, one) < 0.01


def test_order_and_scale_of_weights_do_not_matter():
    """Tasks in another order, or all weights doubled, give the same head; weight 2 is two tasks."""
    features, p = made(6, 200, paired=True, weighted=True)
    penalties = np.array([[0.1]])
    base = fit_heads(features, [p], penalties)[:, 0, 0]
    order = np.random.default_rng(0).permutation(200)
    shuffled = Problem(p.a[order], p.b[order], p.target[order], 2 * p.weight[order])
    assert distance(fit_heads(features, [shuffled], penalties)[:, 0, 0], base) < 0.01
    twice = np.concatenate([np.arange(200), np.arange(50)])
    ones = np.ones(250, dtype=np.float32)
    doubled = Problem(p.a[twice], p.b[twice], p.target[twice], ones)
    heavy = np.where(np.arange(200) < 50, 2.0, 1.0).astype(np.float32)
    weighted = Problem(p.a, p.b, p.target, heavy)
    one, other = (fit_heads(features, [q], penalties)[:, 0, 0] for q in (doubled, weighted))
    assert distance(one, other) < 0.01


def test_log_loss_by_hand():
    """The loss is the weighted mean of -log p of each answer, ties counted half."""
    features = np.array([[1.0], [0.0], [-2.0]], dtype=np.float32)
    p = Problem(np.array([0, 2]), np.array([1, -1]), np.array([1.0, 0.5], dtype=np.float32),
                np.array([3.0, 1.0], dtype=np.float32))  # fmt: skip
    head = np.array([[[1.0]]], dtype=np.float32)
    first = np.log1p(np.exp(-1.0))
    second = 0.5 * np.log1p(np.exp(2.0)) + 0.5 * np.log1p(np.exp(-2.0))
    assert log_loss(features, [p], head)[0, 0] == pytest.approx(0.75 * first + 0.25 * second)


def test_separable_and_extreme_problems_stay_finite():
    """Answers that a head can fit exactly, one task, and huge features give finite weights."""
    features, p = made(7, 30, paired=True)
    for scale in (1.0, 1e3):
        for n in (1, 2, 30):
            some = p.take(np.arange(30) < n)
            fitted = fit_heads(features * scale, [some], np.array([[1e-4, 1.0]]))
            assert np.isfinite(fitted).all()


def test_rotation_keeps_distances_and_orders_axes():
    """Rotated features have falling variances, mean one, no mean, and the same distances."""
    rng = np.random.default_rng(8)
    raw = rng.standard_normal((200, 12)) @ rng.standard_normal((12, 12)) + 5.0
    turned = rotate(raw)
    variance = turned.astype(np.float64).var(axis=0)
    assert (np.diff(variance) <= 1e-5).all()
    assert variance.mean() == pytest.approx(1.0, abs=1e-4)
    assert np.abs(turned.mean(axis=0)).max() < 1e-4
    gap = np.linalg.norm(raw[:100] - raw[100:], axis=1)
    ratio = np.linalg.norm(turned[:100] - turned[100:], axis=1) / gap
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
