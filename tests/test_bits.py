"""Bits: cases that can be computed by hand, symmetries, coverage, and real text."""

from __future__ import annotations

import numpy as np
import pytest

from suffice.demand import (
    Problem,
    binary_entropy,
    draw_bits,
    embed_cached,
    frequency_bits,
    load_model,
    measure_bits,
    rotate,
)
from suffice.errors import InputError


def problem(target):
    """One label an item."""
    n = len(target)
    items = np.arange(n)
    ones = np.ones(n, dtype=np.float32)
    return Problem(items, np.full(n, -1), np.asarray(target, dtype=np.float32), ones)


def teachable(n, rng, scale=3.0):
    """Features, and labels whose log-odds are linear in them."""
    features = rotate(rng.standard_normal((n, 5)).astype(np.float32))
    chance = 1.0 / (1.0 + np.exp(-scale * features[:, 0]))
    return features, problem((rng.random(n) < chance).astype(float)), chance


def test_by_hand():
    """Krichevsky-Trofimov on 0, 1, 1: 1/2, 1/4, 1/2, so four bits; and the mixture of both."""
    assert frequency_bits([0, 1, 1]) == pytest.approx(4.0)
    assert frequency_bits([0, 1, 2], classes=3) == pytest.approx(np.log2(3 * 5 * 7))
    found = measure_bits(None, problem([0, 1, 1] * 20), floor=0.0, orders=4)
    # A mixture of equal chances and the labels' frequency, in closed form.
    by_hand = -np.log2(0.5 * 2.0**-60 + 0.5 * 2.0 ** -frequency_bits([0, 1, 1] * 20))
    assert found.by_order == pytest.approx(np.full(4, by_hand))
    assert found.uniform == 60.0


def test_frequency_code_against_a_loop():
    """The closed form is the sum over labels of what each costs."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 50)
    counts, bits = np.full(4, 0.5), 0.0
    for label in labels:
        bits -= np.log2(counts[label] / counts.sum())
        counts[label] += 1
    assert frequency_bits(labels, classes=4) == pytest.approx(bits)
    swapped = (labels + 1) % 4
    assert frequency_bits(swapped, classes=4) == pytest.approx(bits)


def test_random_labels_cannot_be_compressed():
    """Coin flips cost a bit each, and at most the price of choosing an expert more."""
    rng = np.random.default_rng(2)
    features, _, _ = teachable(300, rng)
    found = measure_bits(features, problem(rng.integers(0, 2, 300)), floor=1.0, orders=6)
    assert 290.0 < found.bits.value <= 300.0 + np.log2(8)
    assert found.surplus.value == pytest.approx(found.bits.value - 300.0)


def test_names_of_labels_do_not_matter():
    """Calling every 0 a 1 and every 1 a 0 costs the same bits."""
    features, given, _ = teachable(150, np.random.default_rng(3))
    swapped = problem(1.0 - given.target)
    one = measure_bits(features, given, floor=0.5, orders=4)
    other = measure_bits(features, swapped, floor=0.5, orders=4)
    assert one.bits.value == pytest.approx(other.bits.value, rel=1e-3)


def test_what_can_be_learned_costs_less():
    """Labels that features explain cost less than their frequencies do, yet more than the floor."""
    features, given, chance = teachable(600, np.random.default_rng(4))
    floor = float(binary_entropy(chance).mean())
    found = measure_bits(features, given, floor=floor, orders=6)
    alone = measure_bits(None, given, floor=floor, orders=6)
    assert found.bits.value < 0.8 * alone.bits.value
    assert found.bits.value > 600 * floor - 60
    assert found.curve[-1].value < found.curve[0].value


def test_parts_add_up():
    """Blocks sum to the whole, and moving the floor by d moves the surplus by n d."""
    features, given, _ = teachable(200, np.random.default_rng(5))
    found = measure_bits(features, given, floor=0.4, orders=4)
    whole = sum(c.value * b for c, b in zip(found.curve, found.block, strict=True))
    assert whole == pytest.approx(found.bits.value)
    (low_floor, low), (_, middle), (high_floor, high) = found.surplus_by_floor
    assert low.value - high.value == pytest.approx(200 * (high_floor - low_floor))
    assert middle.value == found.surplus.value
    assert found.surplus.value == pytest.approx(found.bits.value - 200 * 0.4)


def test_interval_covers_the_mean_over_orders():
    """Intervals from 8 orders hold the mean over 400 orders about 90 % of the time."""
    features, given, _ = teachable(60, np.random.default_rng(6))
    orders = [
        measure_bits(features, given, floor=0.0, orders=8, penalties=(0.3, 3.0), seed=s)
        for s in range(1, 61)
    ]
    mean = measure_bits(features, given, floor=0.0, orders=400, penalties=(0.3, 3.0)).bits.value
    inside = np.mean([o.bits.low <= mean <= o.bits.high for o in orders])
    assert 0.78 <= inside <= 1.0


@pytest.mark.parametrize(
    ("labels", "options", "message"),
    [
        ([0, 1], {}, "2 labels are too few"),
        ([0, 1] * 10, {"orders": 1}, "1 orders give no interval"),
        ([0, 2] * 10, {}, "label 1 is 2"),
        ([0, float("nan")] * 10, {}, "label 1 is nan"),
        ([0, 1] * 10, {"floor": 1.5}, "floor 1.5"),
    ],
)
def test_bad_input(labels, options, message):
    """Each mistake is one clear line."""
    with pytest.raises(InputError, match=message):
        measure_bits(None, problem(labels), **({"floor": 0.5} | options))


@pytest.mark.parametrize("ending", ["html", "svg"])
def test_picture(ending, tmp_path):
    """The learning curve and the bits are drawn together."""
    features, given, _ = teachable(40, np.random.default_rng(7))
    path = tmp_path / f"bits.{ending}"
    draw_bits(measure_bits(features, given, floor=0.5, orders=3), path, title="a test")
    text = path.read_text(encoding="utf-8")
    assert "bits a label" in text
    assert "bits so far" in text
    with pytest.raises(InputError, match="cannot be written as"):
        draw_bits(measure_bits(features, given, floor=0.5, orders=3), tmp_path / "bits.txt")


def test_real_ratings_take_fewer_bits_with_a_better_model(packaged_data):
    """On real comparisons a sentence encoder needs fewer bits than averaged word vectors."""
    from suffice.pools import load_ratings, rating_pool, sample_documents
    from suffice.progress import SilentProgress

    ratings = load_ratings(SilentProgress())
    rng = np.random.default_rng([0, 2])
    pool = rating_pool(
        ratings, sample_documents(ratings, 1500, rng), {"crowd": 1}, pairs=200, seed=0
    )
    tasks = pool.draw_tasks(500, rng, source="crowd")
    labels = pool.channel("crowd").draw(tasks, 1, rng)[:, 0].astype(np.float32)
    given = Problem(tasks.a, tasks.b, labels, np.ones(len(labels), dtype=np.float32))
    bits = {}
    for name in ("minilm-l3", "glove-50d"):
        features = rotate(embed_cached(load_model(name), pool.items, SilentProgress()))
        bits[name] = measure_bits(features, given, floor=0.5, orders=8).bits
    assert bits["minilm-l3"].high < bits["glove-50d"].low < 500.0
