"""The channel that an audit estimates: it draws labels like those seen, or says that it cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice.channel import Channel, Tasks
from suffice.errors import InputError
from suffice.labels._read import read_gold, read_labels
from suffice.labels._table import LabelTable
from suffice.supply._audit_kinds import audit
from suffice.supply._summary import summary_lines
from suffice.supply._votes import code_votes
from suffice.supply.workers._predictive_check import predictive_check

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.supply._audit_record import Audit

TASKS, WORKERS = 300, 15


def crowd(seed: int = 0, *, misled: float = 0.0) -> tuple[pl.DataFrame, Any]:
    """Two sources, two slices (the second harder), six labels a task, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, TASKS)
    seen = np.where(rng.random(TASKS) < misled, 1 - truth, truth)
    who = rng.random((TASKS, WORKERS)).argsort(axis=1)[:, :6]
    task, worker = np.repeat(np.arange(TASKS), 6), who.ravel()
    hard = task % 2 == 1
    skill = np.where(worker < 5, 0.95, 0.8) - 0.1 * hard
    label = np.where(rng.random(len(task)) < skill, seen[task], 1 - seen[task])
    frame = pl.DataFrame({"task": task, "worker": worker, "label": label}).with_columns(
        slice=pl.Series(np.where(hard, "hard", "easy")),
        source=pl.Series(np.where(worker < 5, "expert", "crowd")),
    )
    return frame, truth


@pytest.fixture(scope="module")
def audited() -> Audit:
    """A crowd with gold on every task."""
    frame, truth = crowd()
    return audit(LabelTable.from_frame(frame), {t: str(k) for t, k in enumerate(truth)})


def tasks(truth: Any, slices: Any) -> Tasks:
    """Two-class tasks of unknown difficulty."""
    n = len(truth)
    index = np.arange(n)
    return Tasks(index, np.full(n, -1), slices, truth.astype(float), np.full(n, np.nan), index)


def test_errors_are_those_of_each_source_and_slice(audited: Audit) -> None:
    """Drawn labels are wrong as often as the table's, source by source and slice by slice."""
    rng = np.random.default_rng(1)
    truth, slices = rng.integers(0, 2, 4000), np.repeat([0, 1], 2000)
    for source in ("crowd", "expert"):
        posterior = audited.channel(source)
        wrong = []
        for _ in range(12):
            channel = posterior.draw(rng, None)
            assert isinstance(channel, Channel)
            labels = channel.draw(tasks(truth, slices), 2, rng)
            wrong.append((labels != truth[:, None]).reshape(2, 2000, 2).mean(axis=(1, 2)))
            assert np.abs(wrong[-1] - channel.profile.error_of_mean(1)).max() < 0.05
        rows = audited.sources.filter(pl.col("source") == source)
        for number, name in enumerate(("easy", "hard")):
            error = rows.filter(pl.col("slice") == name)["error"][0]
            assert np.mean(wrong, axis=0)[number] == pytest.approx(error, abs=0.02), (source, name)


def test_the_same_generator_gives_the_same_labels(audited: Audit) -> None:
    """All chance comes from the generator that is given."""
    truth = np.zeros(50, dtype=np.int64)
    channel = audited.channel().channels[0]
    one, two = (channel.draw_classes(truth, 3, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_hard_tasks_are_answered_worse() -> None:
    """Difficulty 1 is worse than difficulty 0, in the labels and in the profile."""
    rng = np.random.default_rng(0)
    truth, ease = rng.integers(0, 2, 400), rng.normal(2.0, 2.0, 400)
    task = np.repeat(np.arange(400), 8)
    right = rng.random(3200) < 1.0 / (1.0 + np.exp(-ease[task]))
    label = np.where(right, truth[task], 1 - truth[task])
    frame = pl.DataFrame({"task": task, "worker": np.tile(np.arange(8), 400), "label": label})
    channel = audit(LabelTable.from_frame(frame)).channel().mean()
    easy, hard = (
        channel.draw_classes(truth, 3, rng, difficulty=np.full(400, value)) for value in (0.0, 1.0)
    )
    assert (hard != truth[:, None]).mean() > (easy != truth[:, None]).mean() + 0.1
    assert (np.diff(channel.profile.error[0]) >= 0).all()


def test_shared_error_that_gold_shows_is_drawn() -> None:
    """With a fifth of the tasks misleading, nine labels do not help: gold shows it."""
    frame, truth = crowd(3, misled=0.2)
    gold = {task: str(label) for task, label in enumerate(truth)}
    rng = np.random.default_rng(2)
    posterior = audit(LabelTable.from_frame(frame), gold).channel()
    answers = rng.integers(0, 2, 3000)
    wrong = [
        ((channel.draw_classes(answers, 9, rng).mean(axis=1) > 0.5) != answers).mean()
        for channel in posterior.channels[::4]
    ]
    assert 0.12 < np.mean(wrong) < 0.28
    assert posterior.mean().profile.shared.mean() > 0.1


def test_what_cannot_be_drawn_is_refused(audited: Audit) -> None:
    """No such source, more labels than workers, no such slice: one line each."""
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="no source 'robot'"):
        audited.channel("robot")
    channel = audited.channel("expert").channels[0]
    with pytest.raises(InputError, match="has 5 workers"):
        channel.draw_classes(np.zeros(3, dtype=np.int64), 6, rng)
    with pytest.raises(InputError, match="slice 2"):
        channel.draw(tasks(np.zeros(3), np.full(3, 2)), 1, rng)


def test_three_classes_need_the_method_for_classes() -> None:
    """Two-class draws are refused with the method that works."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 100)
    task = np.repeat(np.arange(100), 5)
    label = np.where(rng.random(500) < 0.8, truth[task], rng.integers(0, 3, 500))
    frame = pl.DataFrame({"task": task, "worker": np.tile(np.arange(5), 100), "label": label})
    channel = audit(LabelTable.from_frame(frame)).channel().channels[0]
    with pytest.raises(InputError, match="draw_classes"):
        channel.draw(tasks(np.zeros(3), np.zeros(3, dtype=int)), 1, rng)
    assert set(np.unique(channel.draw_classes(truth, 2, rng))) <= {0, 1, 2}


def test_predictive_check_on_public_crowds(shared_data: Path) -> None:
    """Labels drawn from the channel look like the real ones; on dog the check finds the misfit."""
    odd = {}
    for name in ("bluebird", "rte", "dog"):
        folder = shared_data / "crowd" / name
        result = audit(read_labels(folder / "label.csv"), read_gold(folder / "truth.csv"))
        check = result.summary.predictive_check
        odd[name] = list(check.differs)
        agreement = check.statistics["pair_agreement"]
        assert agreement.predicted == pytest.approx(agreement.value, abs=0.02), name
    # Dogs are harder for all or easy for all beyond what three levels of guessing allow.
    assert odd["bluebird"] == odd["rte"] == []
    assert "top_share_spread" in odd["dog"]


def test_predictive_check_can_fail(audited: Audit) -> None:
    """Against a channel whose workers are too good, agreement is out of range."""
    posterior = audited.channel()
    better = replace(
        posterior,
        channels=tuple(replace(c, shift_S=c.shift_S + 1.5) for c in posterior.channels),
    )
    votes = code_votes(LabelTable.from_frame(crowd()[0]))
    assert predictive_check(votes, posterior, seed=0).differs == ()
    assert "pair_agreement" in predictive_check(votes, better, seed=0).differs


def judged(seed: int = 0, *, span: bool = True) -> tuple[pl.DataFrame, Any]:
    """Four judges on outputs of three models; the better the model, the more misleads everybody."""
    rng = np.random.default_rng(seed)
    tasks = 600
    capability = np.repeat([1.0, 2.0, 3.0], tasks // 3) if span else np.full(tasks, 2.0)
    truth = rng.integers(0, 2, tasks)
    misled = rng.random(tasks) < np.array([0.0, 0.03, 0.12, 0.3])[capability.astype(int)]
    seen = np.where(misled, 1 - truth, truth)
    task = np.repeat(np.arange(tasks), 4)
    label = np.where(rng.random(len(task)) < 0.9, seen[task], 1 - seen[task])
    frame = pl.DataFrame(
        {"task": task, "worker": np.tile(np.arange(4), tasks), "label": label,
         "capability": capability[task]}
    )  # fmt: skip
    return frame, {int(t): str(k) for t, k in enumerate(truth)}


def test_channel_moves_with_the_capability_of_the_judged_model() -> None:
    """Where labels span several models, stronger ones are judged worse, and the rise is shared."""
    frame, gold = judged()
    result = audit(LabelTable.from_frame(frame), gold)
    posterior, rng = result.channel(), np.random.default_rng(3)

    def profiles(capability: float | None) -> tuple[float, float]:
        # A slope from three levels has a long tail: the middle of the draws says where it lies.
        drawn = [posterior.draw(rng, capability).profile for _ in range(24)]
        return (
            float(np.median([p.error.mean() for p in drawn])),
            float(np.median([p.shared.mean() for p in drawn])),
        )

    (weak, weak_shared), (strong, strong_shared) = profiles(1.0), profiles(3.0)
    middle, _ = profiles(None)
    assert weak < middle < strong
    # Right on 90 % of what they see: .1 + .8 x misled.
    assert weak == pytest.approx(0.124, abs=0.05)
    assert strong == pytest.approx(0.34, abs=0.08)
    assert strong_shared > weak_shared + 0.1
    said = result.summary.capability["all"]
    assert said.slope.low > 0.0
    assert said.grows > 0.95
    assert [level.labels for level in said.levels] == [800] * 3
    assert any("labels get worse as the judged model gets better" in line
               for line in summary_lines(result.summary))  # fmt: skip


def test_one_capability_says_nothing_of_others() -> None:
    """Labels about one model give the same channel for every capability, and no claim."""
    frame, gold = judged(span=False)
    result = audit(LabelTable.from_frame(frame), gold)
    assert not result.summary.capability
    one, two = (
        result.channel().draw(np.random.default_rng(1), capability).profile.error
        for capability in (None, 9.0)
    )
    np.testing.assert_array_equal(one, two)


def test_capability_may_be_missing_for_some_and_is_binned_when_there_is_much() -> None:
    """Tasks without a capability are left out of the trend; many values share twelve levels."""
    frame, gold = judged(2)
    rng = np.random.default_rng(4)
    many = pl.Series(np.round(rng.normal(size=600), 3)).gather(frame["task"])
    frame = frame.with_columns(
        pl.when(pl.col("task") < 60).then(None).otherwise(many).alias("capability")
    )
    said = audit(LabelTable.from_frame(frame), gold).summary.capability["all"]
    assert len(said.levels) == 12
    assert sum(level.labels for level in said.levels) == 4 * 540
    assert said.slope.low < 0.0 < said.slope.high
