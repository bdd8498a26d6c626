"""Synthetic errors on top of real channels: rates, targets, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.channel import NoisyChannel, Profile, Tasks
from suffice.corruption import CorruptedChannel, Corruption, Trigger, corrupt, corruptions
from suffice.curve import Curve, ResolvedCurve, ResolvedTranche
from suffice.errors import InputError

N = 6000


def tasks(seed: int = 0) -> Tasks:
    """Comparisons in two slices with a known answer."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(3000, size=(2, N))
    truth = rng.integers(0, 2, N).astype(float)
    return Tasks(a, b, np.arange(N) % 2, truth, np.full(N, np.nan), np.full(N, -1))


def base(error: float = 0.1) -> NoisyChannel:
    """A crowd with the same independent error in both slices."""
    table = np.full((2, 1), error)
    return NoisyChannel("crowd", Profile(table, np.ones((2, 1)), np.zeros((2, 1))))


def wrong(channel: CorruptedChannel, where: int | None = None) -> float:
    """Measured error of one label."""
    asked = tasks()
    labels = channel.draw(asked, 1, np.random.default_rng(1))[:, 0]
    miss = np.abs(labels - asked.truth)
    return float(miss.mean() if where is None else miss[asked.slices == where].mean())


@settings(max_examples=20)
@given(st.floats(0.0, 0.4), st.floats(0.0, 0.4), st.floats(0.0, 0.4))
def test_the_profile_says_what_is_drawn(flip: float, shared: float, attack: float) -> None:
    """Error of drawn labels is that of the profile, for every mixture of the three kinds."""
    channel = CorruptedChannel(base(), Corruption(flip, shared, attack))
    assert wrong(channel) == pytest.approx(float(channel.profile.error.mean()), abs=0.025)
    assert channel.profile.attack == pytest.approx(attack)
    assert (channel.profile.shared <= channel.profile.error + 1e-12).all()


def test_repeats_do_not_cure_shared_error() -> None:
    """A majority of nine removes flips and not what is turned round for everyone."""
    asked, rng = tasks(), np.random.default_rng(2)
    flipped = CorruptedChannel(base(0.0), Corruption(flip=0.2)).draw(asked, 9, rng)
    shared = CorruptedChannel(base(0.0), Corruption(shared=0.2)).draw(asked, 9, rng)
    assert np.abs((flipped.mean(axis=1) > 0.5) - asked.truth).mean() < 0.03
    assert np.abs((shared.mean(axis=1) > 0.5) - asked.truth).mean() == pytest.approx(0.2, abs=0.02)


def test_shared_error_stays_on_its_tasks() -> None:
    """Another run, and the same two items the other way round, meet the same error."""
    asked, channel = tasks(), CorruptedChannel(base(0.0), Corruption(shared=0.3))
    once = channel.draw(asked, 1, np.random.default_rng(3)) != asked.truth[:, None]
    again = channel.draw(asked, 1, np.random.default_rng(4)) != asked.truth[:, None]
    turned = channel.draw(asked.swap(), 1, np.random.default_rng(5))
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(once, turned != asked.swap().truth[:, None])


def test_a_slice_is_all_that_is_hit() -> None:
    """Shared error and attack on one slice leave the other as it was."""
    channel = CorruptedChannel(base(), Corruption(shared=0.2, attack=0.3, where=1))
    assert wrong(channel, 0) == pytest.approx(0.1, abs=0.02)
    assert wrong(channel, 1) == pytest.approx(float(channel.profile.error[1, 0]), abs=0.02)


def test_a_trigger_is_pushed_and_nothing_else() -> None:
    """Hostile labels prefer the item with the trigger, and are as good as any other elsewhere."""
    asked = tasks()
    carries = np.arange(3000) < 600
    trigger = Trigger(carries, 1.0, 0.32)
    side = trigger.sides(asked)
    channel = CorruptedChannel(base(), Corruption(attack=0.5), trigger)
    labels = channel.draw(asked, 1, np.random.default_rng(6))[:, 0]
    pushed = np.where(side == 1, labels, 1.0 - labels)[side != 0]
    assert pushed.mean() == pytest.approx(0.5 + 0.5 * 0.5, abs=0.03)
    assert np.abs(labels - asked.truth)[side == 0].mean() == pytest.approx(0.1, abs=0.02)
    np.testing.assert_array_equal(trigger.sides(asked.swap()), -side)


def test_classes_are_pushed_to_the_wanted_one() -> None:
    """A single text with the trigger is called what the attacker wants, either class."""
    asked = tasks()
    single = Tasks(asked.a, np.full(N, -1), asked.slices, asked.truth, asked.difficulty, asked.row)
    carries = np.arange(3000) % 2 == 0
    for wanted in (0.0, 1.0):
        trigger = Trigger(carries, wanted, 0.5)
        channel = CorruptedChannel(base(0.0), Corruption(attack=0.99), trigger)
        labels = channel.draw(single, 1, np.random.default_rng(7))[:, 0]
        assert (labels[carries[single.a]] == wanted).mean() > 0.97


def test_it_is_named_as_synthetic() -> None:
    """Names and descriptions say so, and an uncorrupted curve has none."""
    curve = Curve.parse("100 crowd + 50 crowd (round 2)")
    plain = ResolvedCurve(tuple(ResolvedTranche(t, base()) for t in curve))
    early = corrupt(plain, Corruption(attack=0.1), rounds=(1,))
    assert corruptions(plain) == []
    assert corruptions(early) == ["synthetic: attack 0.1", ""]
    assert "synthetic" in next(iter(early)).channel.name


@pytest.mark.parametrize("bad", [{"flip": 1.0}, {"attack": -0.1}, {"shared": float("nan")}])
def test_impossible_shares_are_one_line(bad: dict[str, float]) -> None:
    """A share outside 0..1 is refused by name."""
    with pytest.raises(InputError, match=next(iter(bad))):
        Corruption(**bad)
