"""Quality control composed: order, coverage of what is bought, attacks, words and bad input."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from crowds import CROWD, POOL, one_world
from scipy.special import expit, logit
from small import noisy_source, profile

from suffice.channel import Channel, FixedPosterior, NoisyChannel, Source
from suffice.curve import Curve, Tranche
from suffice.errors import InputError
from suffice.supply import supply_curve
from suffice.supply.operators import (
    Adaptive,
    Chance,
    GoldChecks,
    Incentive,
    Operator,
    Qualification,
    Redundancy,
    Scrutiny,
    Shift,
    Training,
    Trial,
    operate,
    parse_operators,
    with_workers,
)

# ---- composition


def test_order_matters() -> None:
    """Teaching before a test lets more people pass than teaching those who passed."""
    teach, test = Training(Shift(0.8, 0.0)), Qualification(10, 9)
    first, last = operate(POOL, teach, test), operate(POOL, test, teach)
    assert first.capacity > 1.2 * last.capacity
    assert first.estimates["error"].value > last.estimates["error"].value
    chained = test.apply(teach.apply(POOL))
    assert chained.estimates["error"].value == first.estimates["error"].value
    assert chained.how == "training, test 9/10"
    (bought,) = supply_curve([teach.apply(POOL)], [], [10], weeks=9.0).ways
    assert bought.source.how == "training"
    assert operate(bought.source, test).how == chained.how


@pytest.mark.parametrize(
    "late",
    [
        Qualification(),
        GoldChecks(),
        Incentive(0.1, Shift(0.1, 0.1)),
        Redundancy(3, "skill"),
        Training(Shift(0.1, 0.1)),
    ],
)
def test_people_cannot_be_tested_after_a_panel(late: Operator) -> None:
    """What works on single workers must come before their labels are put together."""
    with pytest.raises(InputError, match="before redundancy"):
        operate(POOL, Redundancy(3), late)


def test_an_operated_source_is_a_source() -> None:
    """Curves price and resolve it, and laws read its profile."""
    source = operate(POOL, Qualification(), Redundancy(3))
    curve = Curve((Tranche("crowd", 100),))
    assert curve.cost({"crowd": source}) == pytest.approx(100 * source.price)
    (part,) = curve.resolve({"crowd": source}).rounds()[0]
    mean = float(part.channel.profile.error_of_mean(1).mean())
    assert mean == pytest.approx(source.estimates["error"].value, abs=0.01)


def test_attack_in_a_channel_becomes_hostile_workers() -> None:
    """Hostile labels of a noisy channel are kept apart, and screened like people."""
    channel = NoisyChannel("c", profile(0.1, attack=0.2))
    source = Source("c", 1.0, FixedPosterior(channel), max_labels_per_task=5)
    assert one_world(source).attack()[0] == pytest.approx(0.2)
    assert operate(source, Qualification(10, 8)).estimates["attack"].value < 1e-6


def test_attackers_of_one_slice_pass_for_honest_elsewhere() -> None:
    """Their error stands on the slice that they attack, and a test finds fewer of them."""
    channel = NoisyChannel("c", profile([[0.1], [0.1], [0.1], [0.1]], attack=0.2), target=2)
    source = Source("c", 1.0, FixedPosterior(channel), max_labels_per_task=5)
    assert np.allclose(one_world(source).by_slice(), [[0.1, 0.1, 0.28, 0.1]])
    everywhere = replace(source, posterior=FixedPosterior(replace(channel, target=None)))
    left = [
        operate(s, Qualification(10, 8)).estimates["attack"].value for s in (source, everywhere)
    ]
    assert left[0] > 0.05 > 1e-6 > left[1]
    stated = with_workers(noisy_source("c", 0.1, 1.0), hostile=Chance(200.0, 800.0), target=0)
    assert one_world(stated).by_slice().item() == pytest.approx(0.28, abs=0.03)


@dataclass(frozen=True)
class Audited:
    """A channel whose error was seen on a few gold tasks."""

    wrong: int
    n: int

    def draw(self, rng: np.random.Generator, capability: float | None) -> Channel:
        error = 0.5 * Chance.of(self.wrong, self.n).draw(1, rng)[0]
        return NoisyChannel("c", profile(error))

    def mean(self) -> Channel:
        return self.draw(np.random.default_rng(0), None)


def test_predicted_error_and_price_cover_the_truth() -> None:
    """In 150 simulated audits and trials, 90 % intervals of what is bought hold about 90 %."""
    rng = np.random.default_rng(2)
    hits = []
    for seed in range(150):
        error, effect = 0.5 * rng.beta(0.5 + 12, 0.5 + 20), rng.normal(0.3, 0.2)
        right = 1 - error, expit(logit(1 - error) + effect)
        trial = Trial(200, int(rng.binomial(200, right[0])), 200, int(rng.binomial(200, right[1])))
        seen = Audited(int(rng.binomial(120, 2 * error)), 120)
        plan = (Training(trial), Qualification(10, 7), Redundancy(3))
        bought = operate(
            with_workers(Source("c", 1.0, seen, max_labels_per_task=9), spread=0.7), *plan,
            seed=seed, draws=150,
        )  # fmt: skip
        true = (Training(Shift(effect, 0.0)), *plan[1:])
        known = with_workers(noisy_source("c", error, 1.0), spread=0.7)
        truth = operate(known, *true, draws=1)
        hits.append([
            e.low - 1e-9 <= t <= e.high + 1e-9
            for e, t in (
                (bought.estimates["error"], truth.estimates["error"].value),
                (bought.estimates["price"], truth.price),
            )
        ])  # fmt: skip
    covered = np.mean(hits, axis=0)
    assert (covered > 0.83).all(), covered
    assert (covered < 0.97).all(), covered


# ---- words and bad input


def test_operators_are_read_as_they_are_meant() -> None:
    """Every form that help explains makes the operator that it names."""
    assert parse_operators("test:10:8, x3w") == (Qualification(10, 8), Redundancy(3, "skill"))
    assert parse_operators("gold:.1:.9:.6,adaptive:7:.95") == (
        GoldChecks(0.1, 0.9, 0.6), Adaptive(7, 0.95),
    )  # fmt: skip
    assert parse_operators("bonus:.02:.3:.2,trial:200:150:200:170:5") == (
        Incentive(0.02, Shift(0.3, 0.2)),
        Training(Trial(200, 150, 200, 170), price_per_worker=5.0)
    )  # fmt: skip
    (panel,) = parse_operators("panel:3:1:.05:14:6:6")
    assert panel == Scrutiny(3, Chance.about(0.05), 1.0, Chance(6.5, 6.5), None, 14.0)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "x0",
        "xx3",
        "test:10",
        "test:10:11",
        "test:1.5:1",
        "gold:2",
        "gold",
        "foo:1",
        "adaptive:7:.4",
        "trial:10:11:5:5",
        "panel:3:1:.05:14",
        "bonus:-1:0:0",
    ],
)
def test_bad_operators_are_named(text: str) -> None:
    """What cannot be is an InputError that says what to write."""
    with pytest.raises(InputError, match=r"\("):
        parse_operators(text)


def test_too_many_labels_are_refused() -> None:
    """A source that can give two independent labels of a task is not asked for three."""
    with pytest.raises(InputError, match="at most 2 independent labels"):
        operate(replace(CROWD, max_labels_per_task=2), Redundancy(3))
