"""Softmax heads against scikit-learn, against logistic heads, and against their symmetries."""

from __future__ import annotations

import numpy as np
import pytest

from suffice.demand.schemes._heads import Problem, fit_heads, log_loss, rotate
from suffice.demand.schemes._softmax import fit_softmax, softmax, softmax_loss

DIM = 20
PENALTIES = (0.03, 0.3, 3.0)


def made(
    n: int, classes: int, *, soft: bool = False, weighted: bool = False, items: int = 300,
    seed: int = 0,
) -> tuple[np.ndarray, Problem]:  # fmt: skip
    """Features with falling variances and noisy answers to n tasks."""
    rng = np.random.default_rng([seed, n, classes])
    features = rotate(rng.standard_normal((items, DIM)) * np.linspace(3, 0.3, DIM))
    a = rng.integers(items, size=n)
    chance = softmax(0.7 * (features @ rng.standard_normal((DIM, classes)))[a]).astype(float)
    chance /= chance.sum(axis=1, keepdims=True)
    labels = 3 if soft else 1
    target = rng.multinomial(labels, chance) / labels
    weight = rng.uniform(0.1, 3, n) if weighted else np.ones(n)
    return features, Problem(a, np.full(n, -1), target.astype(np.float32), weight.astype("f4"))


def reference(features: np.ndarray, p: Problem, penalty: float) -> np.ndarray:
    """scikit-learn's solution; a soft answer is several weighted hard ones [dimension, class]."""
    from sklearn.linear_model import LogisticRegression

    n, classes = p.target.shape
    weights = ((p.weight / p.weight.sum())[:, None] * p.target).ravel()
    rows = np.repeat(features[p.a].astype(np.float64), classes, axis=0)
    answers, used = np.tile(np.arange(classes), n), weights > 0
    # Mean loss + penalty |w|^2 is C * (weighted loss) + |w|^2/2 with C = 1/(2 penalty).
    model = LogisticRegression(C=1 / (2 * penalty), fit_intercept=False, tol=1e-10, max_iter=10_000)
    model.fit(rows[used], answers[used], sample_weight=weights[used])
    return model.coef_.T


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """How far one array is from another, relative to its length."""
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def test_where_the_search_begins_does_not_move_the_answer():
    """From a guess that is far off, the weights come out as without one."""
    features, problem = made(400, 3)
    grid = np.array([PENALTIES])
    want = fit_softmax(features, [problem], grid)
    guess = np.random.default_rng(2).standard_normal(want.shape).astype(np.float32) * want.std()
    guess -= guess.mean(axis=-1, keepdims=True)
    got = fit_softmax(features, [problem], grid, begin=guess)
    for k in range(len(PENALTIES)):
        assert distance(got[:, 0, k], want[:, 0, k]) < 0.01


@pytest.mark.parametrize("classes", [3, 7])
@pytest.mark.parametrize("soft", [False, True], ids=["hard", "soft"])
@pytest.mark.parametrize("weighted", [False, True], ids=["even", "weighted"])
@pytest.mark.parametrize("n", [70, 1500], ids=["by row", "by item"])
def test_weights_equal_those_of_scikit_learn(classes, soft, weighted, n):
    """To a tight tolerance the weights are scikit-learn's to 2e-4; as used, within 1 %."""
    features, problem = made(n, classes, soft=soft, weighted=weighted)
    tight = fit_softmax(features, [problem], np.array([PENALTIES]), tolerance=2e-5)
    used = fit_softmax(features, [problem], np.array([PENALTIES]))
    for k, penalty in enumerate(PENALTIES):
        want = reference(features, problem, penalty)
        assert distance(tight[:, 0, k], want) < 2e-4
        assert distance(used[:, 0, k], want) < 0.01
        assert np.abs(softmax(features @ used[:, 0, k]) - softmax(features @ want)).max() < 0.01


def test_two_classes_are_a_logistic_head():
    """For two classes the log-odds and the loss are those of the logistic head at every penalty."""
    features, problem = made(500, 2, soft=True, weighted=True)
    other = Problem(problem.a, problem.b, problem.target[:, 1].copy(), problem.weight)
    grid = np.array([PENALTIES])
    soft = fit_softmax(features, [problem], grid, tolerance=1e-5)
    plain = fit_heads(features, [other], grid, tolerance=1e-5)
    assert distance(soft[..., 1] - soft[..., 0], plain) < 1e-4
    np.testing.assert_allclose(
        softmax_loss(features, [problem], soft), log_loss(features, [other], plain), atol=1e-5
    )


def test_renaming_classes_renames_weights():
    """A permutation of the classes permutes the weights and changes nothing else."""
    features, problem = made(200, 5)
    order = np.array([3, 0, 4, 1, 2])
    other = Problem(problem.a, problem.b, problem.target[:, order].copy(), problem.weight)
    grid = np.array([PENALTIES])
    one, two = (fit_softmax(features, [p], grid, tolerance=1e-5) for p in (problem, other))
    assert distance(two, one[..., order]) < 1e-4


def test_many_problems_at_once_are_each_solved_alone():
    """Problems of different sizes, solved together, give what each gives alone."""
    features = made(10, 4)[0]
    problems = [made(n, 4, seed=1)[1] for n in (37, 400, 90)]
    penalties = np.array([PENALTIES, PENALTIES[::-1], PENALTIES])
    together = fit_softmax(features, problems, penalties, tolerance=1e-5)
    losses = softmax_loss(features, problems, together)
    for i, problem in enumerate(problems):
        alone = fit_softmax(features, [problem], penalties[i : i + 1], tolerance=1e-5)
        assert distance(together[:, i], alone[:, 0]) < 1e-3
        assert losses[i] == pytest.approx(softmax_loss(features, [problem], alone)[0], abs=1e-5)


def test_a_strong_penalty_stays_where_it_pulls():
    """Weights stay at the start under a huge penalty, and leave a far start under a small one."""
    features, problem = made(300, 4)
    start = 10.0 * np.random.default_rng(0).standard_normal((DIM, 1, 4)).astype(np.float32)
    kept = fit_softmax(features, [problem], np.array([[1e5]]), start)
    assert distance(kept[:, :, 0], start) < 1e-4
    left = fit_softmax(features, [problem], np.array([[1e-3]]), start)
    before, after = (softmax_loss(features, [problem], w) for w in (start[:, :, None], left))
    assert after[0, 0] < 0.1 * before[0, 0]


def test_a_class_without_labels_is_hardly_ever_given():
    """A class that no label names is the likeliest one for less than a twentieth of the tasks."""
    features, problem = made(300, 4)
    target = problem.target.copy()
    target[:, 2] = 0.0
    there = target.sum(axis=1) > 0
    problem = Problem(problem.a, problem.b, target, problem.weight).take(there)
    head = fit_softmax(features, [problem], np.array([[0.1]]))[:, 0, 0]
    assert np.mean((features[problem.a] @ head).argmax(axis=1) == 2) < 0.05
