"""Kinds of labels: their codes, agreement, targets, slips, and scores of answers to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.labels.kinds import (
    COMPARISON,
    Comparison,
    LabelKind,
    ManyClasses,
    TwoClasses,
    classes_kind,
)

KINDS: list[LabelKind] = [
    COMPARISON,
    Comparison(("B", "A")),
    classes_kind(2),
    classes_kind(3),
    classes_kind(7),
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_has_a_code_at_its_place(kind: LabelKind) -> None:
    """Names and codes lead to each other, and other words have no code."""
    for place, name in enumerate(kind.names):
        assert kind.code(name) == place
    assert len(kind.names) == kind.answers
    assert kind.code("purple") is None


def test_only_comparisons_can_be_even() -> None:
    """People's words for a tie are its code; a class is one of the classes."""
    assert COMPARISON.tie == COMPARISON.code("Tie") == COMPARISON.code("both bad") == 0.5
    assert Comparison(("B", "A")).code("tie") is None
    assert COMPARISON.code("model_a") == 1.0
    assert COMPARISON.code("B") == 0.0
    assert classes_kind(["no", "tie"]).tie is None
    assert classes_kind(["no", "tie"]).code("tie") == 1.0
    assert classes_kind(3).tie is None


@pytest.mark.parametrize("kind", KINDS)
def test_agreement_of_guesses_is_nought(kind: LabelKind) -> None:
    """Over all pairs of answers alike often the score is 0 in the mean, and 1 for the same two."""
    codes = np.arange(kind.answers, dtype=float)
    one, other = (grid.ravel() for grid in np.meshgrid(codes, codes))
    found = kind.agreement(one, other)
    assert found.mean() == pytest.approx(0.0)
    assert found[one == other] == pytest.approx(1.0)
    assert np.isnan(kind.agreement(np.array([np.nan]), np.array([0.0])))
    assert kind.chance == pytest.approx((one != other).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_targets_are_mean_labels_in_the_shape_of_odds(kind: LabelKind) -> None:
    """Two labels of one answer and one of another weigh two to one; missing ones do not count."""
    last = kind.answers - 1.0
    target = kind.target(np.array([[last, 0.0, last, np.nan], [0.0, np.nan, np.nan, np.nan]]))
    assert target.shape == (2, *kind.shape)
    of_last = target if kind.shape == () else target[:, -1]
    assert of_last == pytest.approx([2.0 / 3.0, 0.0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_slip_is_always_wrong_and_reaches_every_answer(kind: LabelKind) -> None:
    """A turned label is never what it was, and any of the others alike often; 0 steps leave it."""
    rng = np.random.default_rng(0)
    right = kind.settled(np.full(60_000, kind.answers - 1.0), rng)
    assert (right == kind.answers - 1.0).all()
    np.testing.assert_array_equal(kind.turned(right, np.zeros(len(right), np.int64)), right)
    turned = kind.turned(right, kind.slips(len(right), rng))
    counts = np.bincount(turned.astype(int), minlength=kind.answers)
    assert counts[-1] == 0
    assert counts[:-1] / len(right) == pytest.approx(1.0 / (kind.answers - 1), abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_an_attacker_gives_the_wanted_answer(kind: LabelKind) -> None:
    """What is wanted of an item comes back as the label that is pushed, and is never 0."""
    for wanted in range(kind.answers):
        side = kind.side(float(wanted))
        assert side != 0
        assert kind.pushed(np.array([side])) == wanted


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_two_classes_are_scored_alike_by_one_number_and_by_two(seed: int) -> None:
    """A sigmoid is a softmax over two: errors, log loss, calibration and attacks are the same."""
    rng = np.random.default_rng(seed)
    one, two = TwoClasses(("no", "yes")), ManyClasses(("no", "yes"))
    n = 200
    odds = np.round(rng.standard_normal((3, n)), 1).astype(np.float32)
    both = np.stack([np.zeros_like(odds), odds], axis=2)
    truth = np.repeat(rng.integers(0, 2, (1, n)), 4, axis=0).astype(float)
    weight = rng.exponential(size=(4, n))
    share = weight / weight.sum(axis=1, keepdims=True)
    members = np.vstack([np.full(n, 1.0 / n), np.arange(n) % 2 / (n // 2)]).T
    sides = rng.integers(0, 2, n) * one.side(1.0)
    np.testing.assert_allclose(
        one.errors(odds, truth, weight, members), two.errors(both, truth, weight, members),
        atol=1e-9,
    )  # fmt: skip
    found, softmax = one.scores(odds, truth, share), two.scores(both, truth, share)
    assert found.shape == (3, 4, len(one.metrics))
    assert one.metrics == two.metrics
    np.testing.assert_allclose(found, softmax, atol=1e-6)
    np.testing.assert_allclose(
        one.attack(odds, truth, share, sides),
        two.attack(both, truth, share, np.where(sides != 0, two.side(1.0), 0)),
        atol=1e-9,
    )
    np.testing.assert_array_equal(one.likeliest(odds)[odds != 0], two.likeliest(both)[odds != 0])
