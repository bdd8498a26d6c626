"""Measured sources: what an audit finds of error that was put in, and what it cannot know."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small import task_list_with_votes, votes_pool

from suffice.channel import Channel
from suffice.pools._rating_pool import rating_pool
from suffice.pools._ratings import Ratings
from suffice.supply.sources._sources import (
    SourceTerms,
    bits,
    build_sources,
    measure_source,
    suppliers,
)


def interval(draws: np.ndarray, level: float = 0.9) -> tuple[float, float]:
    """The central interval of some draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def test_intervals_hold_the_error_that_was_put_in():
    """Over many made-up sources, 90 % intervals of the error hold the truth about nine times in
    ten, in each slice."""
    inside = []
    for seed in range(30):
        pool, error = task_list_with_votes(seed, judge=300, error=(0.1, 0.3), repeats=1)
        by_slice = measure_source(pool, "crowd", seed=seed).by_slice()
        for s in range(2):
            low, high = interval(by_slice[:, s])
            inside.append(low <= error[s] <= high)
    assert 0.78 <= np.mean(inside) <= 0.99


@pytest.mark.parametrize("shared", [0.0, 0.1, 0.2])
def test_shared_error_is_told_from_independent_error(shared):
    """Two labels a task and gold tell which part of the error all labels share."""
    pool, _ = task_list_with_votes(5, judge=4000, error=(0.25, 0.25), repeats=3, shared=shared)
    measured = measure_source(pool, "crowd", seed=1)
    assert measured.repeated
    got = (measured.shared * measured.share).sum(axis=2).mean()
    assert got == pytest.approx(shared, abs=0.03)
    low, high = interval(measured.repeats(3))
    channel = measured.mean()
    audited = pool.audit_tasks(4000, np.random.default_rng(2), source="crowd")
    labels = channel.draw(audited.tasks, 3, np.random.default_rng(3))
    simulated = np.abs((labels.mean(axis=1) > 0.5) - audited.truth).mean()
    assert low - 0.02 <= simulated <= high + 0.02


def test_one_label_a_task_leaves_the_shared_part_open():
    """Without repeats the shared part may be anything between nothing and all of the error."""
    pool, _ = task_list_with_votes(6, judge=1000, error=(0.25, 0.25), repeats=1)
    measured = measure_source(pool, "crowd", seed=1)
    assert not measured.repeated
    shared = (measured.shared * measured.share).sum(axis=2).mean(axis=1)
    low, high = interval(shared)
    assert low < 0.03
    assert high > 0.2


def test_more_gold_narrows_the_interval():
    """Sixteen times the audited tasks narrow the interval to about a quarter."""
    widths = []
    for judge in (100, 1600):
        pool, _ = task_list_with_votes(7, judge=judge, error=(0.25, 0.25), repeats=1)
        low, high = interval(measure_source(pool, "crowd", seed=1).by_slice().mean(axis=1))
        widths.append(high - low)
    assert 2.5 < widths[0] / widths[1] < 6.5


def test_clustered_gold_widens_the_interval():
    """Tasks of one document err together, so fewer documents mean less certainty."""
    widths = []
    for size in (1, 20):
        pool, _ = task_list_with_votes(8, judge=800, error=(0.25, 0.25), repeats=1, group_size=size)
        low, high = interval(measure_source(pool, "crowd", seed=1).by_slice().mean(axis=1))
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def rated(seed: int = 0, n: int = 400) -> Ratings:
    """Made-up rated texts in two domains."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(0, 1.5, n)
    values = np.clip(np.round(quality[:, None] + rng.normal(0, 1.2, (n, 16))), -4, 4)
    return Ratings(
        texts=tuple(f"text {i}" for i in range(n)),
        domain=np.arange(n) % 2,
        domain_names=("a", "b"),
        document=np.arange(n),
        values=values.astype(np.int8).ravel(),
        offsets=np.arange(0, 16 * n + 1, 16),
        lexicon=np.tanh(quality + rng.normal(0, 1.5, n)),
        dropped={},
    )


OFFERED = {
    "judge": SourceTerms(0.0, None, 0.0, (1,), "a lexicon"),
    "crowd": SourceTerms(0.1, 500.0, 2.0, (1, 3)),
    "panel": SourceTerms(0.5, None, 0.0, (1,)),
}


@pytest.fixture(scope="module")
def rating_sources():
    """A pool of ratings, with its sources measured."""
    pool = rating_pool(rated(), np.arange(400), {"judge": 0, "crowd": 1, "panel": 3}, pairs=600,
                       seed=0)  # fmt: skip
    return pool, *build_sources(pool, OFFERED, seed=0)


def test_a_judge_shares_all_of_its_error(rating_sources):
    """An automatic judge answers the same each time: its whole error is shared."""
    _, _, measured = rating_sources
    judge = measured["judge"]
    assert (judge.shared == np.minimum(judge.error, 0.5)).all()
    crowd = measured["crowd"]
    assert (crowd.shared * crowd.share).sum() < 0.5 * (crowd.error * crowd.share).sum()


def test_panels_err_less_than_single_raters(rating_sources):
    """Three raters' mean is better than one's, and repeats help the crowd."""
    _, _, measured = rating_sources
    crowd, panel = (measured[s].by_slice().mean() for s in ("crowd", "panel"))
    assert panel < crowd - 0.03
    assert measured["crowd"].repeats(3).mean() < crowd - 0.02


def test_draws_differ_and_the_mean_is_their_mean(rating_sources):
    """A source gives a channel drawn from its posterior; the mean profile is in the middle."""
    _, sources, measured = rating_sources
    rng = np.random.default_rng(0)
    drawn = [sources["crowd"].draw(rng) for _ in range(5)]
    assert all(isinstance(c, Channel) for c in drawn)
    assert len({c.profile.error.tobytes() for c in drawn}) > 1
    mean = measured["crowd"].mean().profile.error
    np.testing.assert_allclose(mean, measured["crowd"].error.mean(axis=0))
    assert sources["crowd"].max_labels_per_task == 7
    assert sources["crowd"].capacity == 500.0


def test_supply_table_is_plain_json(rating_sources):
    """The table survives JSON, its intervals are ordered, and prices of bits follow."""
    pool, sources, measured = rating_sources
    table = [s.model_dump(mode="json") for s in suppliers(pool, sources, measured, OFFERED)]
    rows = {r["name"]: r for r in json.loads(json.dumps(table, allow_nan=False))}
    assert list(rows["crowd"]["by_slice"]) == ["a", "b"]
    for row in rows.values():
        for part in ("error", "bits", "price_per_bit"):
            assert row[part]["low"] <= row[part]["value"] <= row[part]["high"]
    assert rows["judge"]["price_per_bit"]["value"] == 0.0
    assert "shared" in rows["judge"]["shared_note"]
    assert [r["labels_per_task"] for r in rows["crowd"]["by_repeats"]] == [1, 3]
    assert rows["crowd"]["by_repeats"][1]["cost"] == pytest.approx(0.3)


def test_same_seed_same_numbers():
    """An audit repeats itself to the last digit."""
    pool, _ = votes_pool()
    one, other = (measure_source(pool, "crowd", seed=4) for _ in range(2))
    assert (one.error == other.error).all()
    assert (one.shared == other.shared).all()


def test_bits_of_known_channels():
    """A perfect label carries one bit, a coin toss none, and error .11 about half a bit."""
    assert bits(np.array([0.0, 0.5, 1.0])) == pytest.approx([1.0, 0.0, 1.0], abs=1e-9)
    assert float(bits(np.array(0.11))) == pytest.approx(0.5, abs=0.001)
