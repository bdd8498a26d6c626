"""Channels: each kind of error shows up at its rate, and only the independent kind averages out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import profile, tasks

from suffice.channel import Channel, FixedPosterior, NoisyChannel, Source, Tasks
from suffice.errors import InputError
from suffice.pools._recorded import RatingChannel, RecordedChannel, ScoreChannel, compare
from suffice.pools._task_pool import VoteChannel

N = 40_000


def wrong(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How wrong each label is; a tie is half wrong [task, label]."""
    return np.abs(labels - truth[:, None])


def spread_tasks(slices: int, bins: int, n: int = N) -> Tasks:
    """Tasks spread over slices, with difficulties in the middle of each bin."""
    number = np.arange(n)
    difficulty = (number // slices % bins + 0.5) / bins
    return tasks(n, slices=number % slices, difficulty=difficulty)


def test_error_rates_match_the_profile_by_slice_and_bin():
    """In each slice and difficulty bin labels are wrong as often as the profile says."""
    want = np.array([[0.05, 0.2, 0.4], [0.1, 0.3, 0.5]])
    shared = want / 3.0
    channel = NoisyChannel("c", profile(want.tolist(), shared.tolist()))
    drawn = spread_tasks(2, 3)
    error = wrong(channel.draw(drawn, 1, np.random.default_rng(1)), drawn.truth)[:, 0]
    cell = drawn.slices * 3 + channel.profile.bins(drawn)
    got = (np.bincount(cell, error, 6) / np.bincount(cell, minlength=6)).reshape(2, 3)
    standard_error = np.sqrt(want * (1 - want) / (N / 6))
    assert (np.abs(got - want) < 4 * standard_error).all()


def test_unknown_difficulty_falls_into_the_middle_bin():
    """A task of unknown difficulty counts as of middling difficulty; the extremes stay inside."""
    known = tasks(4, difficulty=np.array([0.0, np.nan, 0.999, 1.0]))
    assert profile([[0.1, 0.2, 0.3]]).bins(known).tolist() == [0, 1, 2, 2]


def majority_error(channel: NoisyChannel, r: int, n: int = N) -> float:
    """How often the majority of r labels is wrong, in simulation."""
    drawn = tasks(n)
    mean = channel.draw(drawn, r, np.random.default_rng(r)).mean(axis=1)
    return float(wrong(compare(mean, np.full(n, 0.5))[:, None], drawn.truth).mean())


def test_independent_error_averages_away():
    """The majority of 15 labels with 30 % independent error is nearly always right."""
    channel = NoisyChannel("c", profile(0.3))
    assert majority_error(channel, 15) < 0.06 < 0.25 < majority_error(channel, 1)


def test_shared_error_does_not_average_away():
    """However many labels share an error, it stays."""
    channel = NoisyChannel("c", profile(0.3, shared=0.2))
    assert majority_error(channel, 1) == pytest.approx(0.3, abs=0.01)
    assert majority_error(channel, 25) == pytest.approx(0.2, abs=0.015)


def test_labels_of_one_task_agree_more_when_the_error_is_shared():
    """At the same error rate, all labels of a task are wrong together only when they share it."""
    drawn = tasks(N)
    together = []
    for shared in (0.0, 0.25):
        channel = NoisyChannel("c", profile(0.25, shared=shared))
        error = wrong(channel.draw(drawn, 4, np.random.default_rng(2)), drawn.truth)
        assert error.mean() == pytest.approx(0.25, abs=0.01)
        together.append(float(error.all(axis=1).mean()))
    assert together[0] == pytest.approx(0.25**4, abs=0.003)
    assert together[1] == pytest.approx(0.25, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(
    error=st.floats(0.0, 0.5),
    part=st.floats(0.0, 1.0),
    r=st.integers(1, 8),
)
def test_error_of_mean_equals_simulation(error, part, r):
    """The formula for the majority of r labels is what drawing them gives, ties counted half."""
    channel = NoisyChannel("c", profile(error, shared=part * error))
    want = float(channel.profile.error_of_mean(r)[0])
    assert majority_error(channel, r, 20_000) == pytest.approx(want, abs=0.018)


def test_error_of_mean_weighs_bins_by_their_share():
    """A slice's error is the mean of its bins' errors, each by its share of tasks."""
    made = profile([[0.1, 0.4]])
    uneven = type(made)(made.error, np.array([[0.9, 0.1]]), made.shared)
    assert uneven.error_of_mean(1)[0] == pytest.approx(0.9 * 0.1 + 0.1 * 0.4)


def test_attackers_answer_what_they_want_on_their_slice_only():
    """A share of labels pushes the wanted answer on the target; other slices stay clean."""
    drawn = tasks(N, slices=np.arange(N) % 2)
    channel = NoisyChannel("c", profile([[0.0], [0.0]], attack=0.3), target=1, wanted=1.0)
    labels = channel.draw(drawn, 1, np.random.default_rng(3))[:, 0]
    pushed = labels != drawn.truth
    assert not pushed[drawn.slices == 0].any()
    target = (drawn.slices == 1) & (drawn.truth == 0.0)
    assert pushed[target].mean() == pytest.approx(0.3, abs=0.015)
    assert (labels[pushed] == 1.0).all()


def test_soft_truth_is_drawn_once_a_task():
    """Where the truth is a probability, all error-free labels of a task agree, and their mean
    over tasks is that probability."""
    hard = tasks(N)
    soft = Tasks(hard.a, hard.b, hard.slices, np.full(N, 0.7), hard.difficulty, hard.row)
    labels = NoisyChannel("c", profile(0.0)).draw(soft, 3, np.random.default_rng(4))
    assert (labels == labels[:, :1]).all()
    assert labels.mean() == pytest.approx(0.7, abs=0.01)


def test_drawing_from_unknown_truth_is_refused():
    """A synthetic channel cannot label tasks whose truth nobody knows."""
    drawn = tasks(3)
    lost = Tasks(drawn.a, drawn.b, drawn.slices, np.full(3, np.nan), drawn.difficulty, drawn.row)
    with pytest.raises(ValueError, match="which some tasks lack"):
        NoisyChannel("c", profile(0.1)).draw(lost, 1, np.random.default_rng(0))


def test_swap_turns_a_comparison_round():
    """Swapping exchanges the items and the answer, and twice gives the same tasks."""
    drawn = tasks(50)
    swapped = drawn.swap()
    assert (swapped.a == drawn.b).all()
    assert (swapped.truth == 1.0 - drawn.truth).all()
    back = swapped.swap()
    assert all((getattr(back, k) == getattr(drawn, k)).all() for k in ("a", "b", "truth", "row"))


def test_noise_is_blind_to_which_item_comes_first():
    """Swapped tasks are labelled wrongly as often: the error does not depend on the order."""
    drawn = tasks(N)
    channel = NoisyChannel("c", profile(0.2, shared=0.1))
    straight = wrong(channel.draw(drawn, 2, np.random.default_rng(5)), drawn.truth)
    swapped = drawn.swap()
    turned = wrong(channel.draw(swapped, 2, np.random.default_rng(5)), swapped.truth)
    assert (straight == turned).all()


# ---- recorded channels


def pairs(a: list[int], b: list[int], row: list[int] | None = None) -> Tasks:
    """Comparisons of these items, or tasks in these rows."""
    n = len(a)
    return Tasks(
        np.array(a), np.array(b), np.zeros(n, np.int64), np.full(n, np.nan), np.full(n, np.nan),
        np.array(row if row is not None else [-1] * n),
    )  # fmt: skip


def test_labels_of_one_task_come_from_disjoint_raters():
    """With two raters a label, three labels of a task use each of six raters exactly once."""
    # Rater k's rating of the first text is a power of two: the sum tells who was asked.
    ratings = np.vstack([2.0 ** np.arange(6), np.zeros(6)])
    channel = RatingChannel("panel", ratings, 2)
    rng = np.random.default_rng(0)
    for _ in range(50):
        means = channel._means(np.array([0]), 3, 6, rng)[0]
        assert (2.0 * means).sum() == 63.0
    assert channel.max_labels_per_task == 3


def test_more_raters_behind_a_label_make_it_more_often_right():
    """The mean of five ratings orders two texts rightly more often than one rating does."""
    rng = np.random.default_rng(1)
    quality = rng.standard_normal(400)
    ratings = quality[:, None] + 1.5 * rng.standard_normal((400, 10))
    a, b = rng.integers(0, 400, 4000), rng.integers(0, 400, 4000)
    drawn = pairs(a.tolist(), b.tolist())
    right = compare(quality[a], quality[b])
    errors = [
        np.abs(RatingChannel("x", ratings, k).draw(drawn, 1, rng)[:, 0] - right).mean()
        for k in (1, 5)
    ]
    assert errors[1] < 0.7 * errors[0]


def test_asking_more_raters_than_there_are_is_refused():
    """A record cannot give more labels than it holds, and says how many that is."""
    channel = RatingChannel("panel", np.zeros((2, 6)), 2)
    with pytest.raises(InputError, match=r"'panel' was asked for 4 labels.*raters for 3"):
        channel.draw(pairs([0], [1]), 4, np.random.default_rng(0))


def test_swapped_comparisons_get_the_opposite_recorded_label():
    """A judge's verdict turns round with the texts, and a tie stays a tie."""
    channel = ScoreChannel("judge", np.array([0.1, 0.5, 0.5]))
    drawn = pairs([0, 1, 1], [1, 0, 2])
    rng = np.random.default_rng(0)
    labels = channel.draw(drawn, 1, rng)[:, 0]
    assert labels.tolist() == [0.0, 1.0, 0.5]
    assert (channel.draw(drawn.swap(), 1, rng)[:, 0] == 1.0 - labels).all()


def test_a_judges_repeats_are_equal():
    """Asking an automatic judge again teaches nothing."""
    scores = np.random.default_rng(2).standard_normal(30)
    channel = ScoreChannel("judge", scores)
    drawn = pairs(list(range(15)), list(range(15, 30)))
    labels = channel.draw(drawn, 4, np.random.default_rng(0))
    assert (labels == labels[:, :1]).all()
    assert channel.max_labels_per_task == 1


def test_missing_votes_are_nan_and_come_last():
    """A task with fewer recorded votes than wanted gives those it has, then NaN."""
    channel = VoteChannel("crowd", np.array([0, 3, 3, 4]), np.array([1.0, 1.0, 0.0, 1.0]), 1)
    labels = channel.draw(pairs([0, 1, 2], [-1] * 3, [0, 1, 2]), 3, np.random.default_rng(0))
    assert sorted(labels[0]) == [0.0, 1.0, 1.0]
    assert np.isnan(labels[1]).all()
    assert labels[2, 0] == 1.0
    assert np.isnan(labels[2, 1:]).all()


def test_votes_are_drawn_without_replacement_and_evenly():
    """Each recorded vote of a task is as likely to be drawn first, and none is drawn twice."""
    channel = VoteChannel("crowd", np.array([0, 4]), np.array([0.0, 0.0, 0.0, 1.0]), 4)
    many = pairs([0] * 8000, [-1] * 8000, [0] * 8000)
    labels = channel.draw(many, 2, np.random.default_rng(3))
    assert labels[:, 0].mean() == pytest.approx(0.25, abs=0.02)
    assert (labels.sum(axis=1) <= 1.0).all()


def test_a_measured_profile_leaves_the_record_as_it_is():
    """Measuring a channel changes what is known of it, not what it says."""
    known = profile(0.1)
    for channel in (
        RatingChannel("a", np.eye(4), 1),
        ScoreChannel("b", np.arange(4.0)),
        VoteChannel("c", np.array([0, 1, 2, 3, 4]), np.array([1.0, 0.0, 1.0, 0.0]), 1),
    ):
        drawn = pairs([0, 1], [2, 3], [0, 1])
        measured = channel.measured(known)
        assert measured.profile is known
        before = channel.draw(drawn, 1, np.random.default_rng(1))
        assert (before == measured.draw(drawn, 1, np.random.default_rng(1))).all()


def test_channels_and_sources_follow_their_protocols():
    """All kinds of channel can stand where a channel is wanted; a source draws its own."""
    made: list[Channel] = [
        NoisyChannel("n", profile(0.1)),
        ScoreChannel("s", np.zeros(2)),
        RatingChannel("r", np.zeros((2, 2)), 1),
        VoteChannel("v", np.array([0, 1]), np.array([1.0]), 1),
    ]
    assert all(isinstance(c, Channel) for c in made)
    recorded: list[RecordedChannel] = [c for c in made if not isinstance(c, NoisyChannel)]
    assert [c.max_labels_per_task for c in recorded] == [1, 2, 1]
    source = Source("n", 1.0, FixedPosterior(made[0]))
    assert source.draw(np.random.default_rng(0)) is made[0]
