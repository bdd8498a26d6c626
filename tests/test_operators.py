"""Quality control as operators: exact against enumeration, simulation and real crowds."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from math import log

import numpy as np
import pytest
from crowds import CROWD, POOL, kinds, one_world
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import bdtr, expit, logit
from small import noisy_source, profile, tasks

from suffice._plurality import plurality_error
from suffice.channel import Channel, FixedPosterior, NoisyChannel, Source
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
    draw_worlds,
    operate,
    with_workers,
)
from suffice.supply.operators._adaptive import Walker, walk
from suffice.supply.operators._redundancy import skill_weights, weighted_error
from suffice.supply.operators._rules import LeadRule
from suffice.supply.operators._samplers import Drawn, PoolSampler
from suffice.supply.operators._worlds import shifted

N = 30_000
JUDGE = Chance(1.0, 19.0)
CHAINS: dict[str, tuple[Operator, ...]] = {
    "as it comes": (),
    "majority": (Redundancy(4),),
    "skill": (Redundancy(5, "skill"),),
    "test": (Qualification(10, 8),),
    "checks": (GoldChecks(),),
    "checks, redo": (GoldChecks(discard=True),),
    "adaptive": (Adaptive(7, 0.95),),
    "bonus": (Incentive(0.02, Shift(0.3, 0.1)),),
    "trial": (Training(Trial(200, 150, 200, 170)),),
    "scrutiny": (Scrutiny(3, JUDGE, 1.0, Chance(2.0, 2.0), Chance(1.0, 50.0), 14.0),),
    "panel": (Scrutiny(3),),
    "all": (Training(Shift(0.3, 0.1)), Qualification(), GoldChecks(), Redundancy(3, "skill")),
    "twice": (Redundancy(3), Redundancy(3)),
}


# ---- what is drawn errs as the formulas say


@pytest.mark.parametrize("base", [CROWD, POOL], ids=["alike", "workers"])
@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_simulated_labels_err_as_computed(base: Source, chain: tuple[Operator, ...]) -> None:
    """Operators that really test, check, vote and publish give the error that is computed."""
    source = operate(base, *chain)
    channel = source.draw(np.random.default_rng(4))
    assert isinstance(channel, Channel)
    drawn = tasks(N)
    labels = channel.draw(drawn, 1, np.random.default_rng(5))[:, 0]
    error = float(np.abs(labels - drawn.truth).mean())
    want = float((channel.profile.error * channel.profile.share).sum())
    assert abs(error - want) < 4.5 * np.sqrt(want * (1 - want) / N)


def test_errors_differ_by_slice_and_difficulty() -> None:
    """Each cell of the profile keeps its own error through a panel."""
    channel = NoisyChannel("c", profile([[0.05, 0.3], [0.15, 0.45]], 0.02))
    source = Source("c", 1.0, FixedPosterior(channel), max_labels_per_task=9)
    after = Redundancy(3).apply(source).draw(np.random.default_rng(0))
    number = np.arange(4 * N)
    drawn = tasks(4 * N, slices=number % 2, difficulty=(number // 2 % 2 + 0.5) / 2)
    wrong = np.abs(after.draw(drawn, 1, np.random.default_rng(1))[:, 0] - drawn.truth)
    cell = drawn.slices * 2 + number // 2 % 2
    got = (np.bincount(cell, wrong) / np.bincount(cell)).reshape(2, 2)
    assert np.abs(got - after.profile.error).max() < 0.012
    alone = channel.profile.alone()
    three = alone**2 * (3 - 2 * alone)
    want = 0.02 * (1 - three) + 0.98 * three
    assert np.allclose(after.profile.error, want)
    assert np.allclose(after.profile.shared, 0.02)


# ---- redundancy


@pytest.mark.parametrize("labels", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("others", [1, 2, 3])
def test_plurality_is_exact(labels: int, others: int) -> None:
    """The vote agrees with going through all outcomes, ties split fairly."""
    wrong, total = 0.37, 0.0
    for codes in product(range(others + 1), repeat=labels):
        chance = np.prod([1 - wrong if c == 0 else wrong / others for c in codes])
        votes = np.bincount(codes, minlength=others + 1)
        win = (votes == votes.max())[0] / (votes == votes.max()).sum()
        total += float(chance * (1 - win))
    assert plurality_error(np.array(wrong), labels, float(others)) == pytest.approx(total)


@pytest.mark.parametrize("labels", [2, 3, 4])
def test_weighted_votes_are_exact(labels: int) -> None:
    """Votes weighted by skill agree with going through all panels and outcomes."""
    worlds = kinds([0.05, 0.3, 0.5, 0.7], [0.2, 0.4, 0.3, 0.1])
    weights, total = skill_weights(worlds)[0], 0.0
    wrong, share = worlds.wrong[0, 0, :, 0, 0], worlds.weight[0]
    for panel in product(range(4), repeat=labels):
        for bad in product((False, True), repeat=labels):
            chance = np.prod(
                [
                    share[k] * (wrong[k] if b else 1 - wrong[k])
                    for k, b in zip(panel, bad, strict=True)
                ]
            )
            score = sum(-weights[k] if b else weights[k] for k, b in zip(panel, bad, strict=True))
            total += float(chance * (1.0 if score < -1e-9 else 0.5 if score < 1e-9 else 0.0))
    assert weighted_error(worlds, labels)[0, 0, 0, 0] == pytest.approx(total, abs=2e-3)


def test_equal_weights_are_a_majority() -> None:
    """Where workers are alike, weighting by skill changes nothing."""
    plain, weighted = (operate(CROWD, Redundancy(5, w)) for w in ("majority", "skill"))
    assert weighted.estimates["error"].value == pytest.approx(plain.estimates["error"].value)
    assert "weights are equal" in " ".join(weighted.notes)


def test_shared_error_is_a_floor() -> None:
    """However many labels: what everybody gets wrong stays wrong."""
    many = noisy_source("c", 0.25, 1.0, 0.08)
    many = replace(many, max_labels_per_task=99)
    errors = [operate(many, Redundancy(r)).estimates["error"].value for r in (1, 5, 21, 51)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] == pytest.approx(0.08, abs=1e-3)
    assert operate(many, Redundancy(51)).posterior.mean().profile.shared == pytest.approx(0.08)


pools = st.lists(st.tuples(st.floats(0.01, 0.49), st.floats(0.05, 1.0)), min_size=1, max_size=5)


@given(pools, st.integers(1, 10), st.floats(0.0, 0.4))
@settings(deadline=None, max_examples=60)
def test_more_repeats_never_hurt_good_workers(found: list, half: int, shared: float) -> None:
    """With every worker better than a coin, two more labels never raise the error."""
    weight = np.array([w for _, w in found])
    worlds = kinds([e for e, _ in found], (weight / weight.sum()).tolist())
    worlds = replace(worlds, shared=np.full((1, 1, 1), shared))
    fewer, more = (
        Redundancy(r).transform(worlds, np.zeros((0, 1))) for r in (2 * half - 1, 2 * half + 1)
    )
    assert more.error().item() <= fewer.error().item() + 1e-12
    assert more.error().item() >= shared - 1e-12


# ---- qualification


def test_qualification_is_binomial() -> None:
    """Who stays, and what a label then costs, by hand."""
    worlds = kinds([0.1, 0.4], [0.5, 0.5])
    worlds = replace(worlds, price=np.array([0.1]), career=50.0)
    test = Qualification(10, 8, price_per_question=0.2)
    passing = 1 - bdtr(7, 10, np.array([0.9, 0.6]))
    after = test.transform(worlds, np.zeros((0, 1)))
    assert np.allclose(after.weight, [passing / passing.sum()])
    assert after.price[0] == pytest.approx(0.1 + 10 * 0.2 / (50 * passing.mean()))
    simulated = np.random.default_rng(0).binomial(10, [0.9, 0.6], (N, 2)) >= 8
    assert np.allclose(simulated.mean(axis=0), passing, atol=0.015)


def test_test_keeps_hostile_members_who_answer_it_well() -> None:
    """Seen through, a test lets hostile workers pass like everybody else: their share stays."""
    for camouflage, low, high in ((0.0, 0.0, 0.001), (1.0, 0.099, 0.2)):
        worlds = kinds([0.1, 0.1, 1.0], [0.5, 0.4, 0.1], [False, False, True])
        worlds = replace(worlds, camouflage=np.array([camouflage]))
        after = Qualification(10, 8).transform(worlds, np.zeros((0, 1)))
        assert low <= after.attack()[0] <= high
    # And what they do afterwards is what they wanted to do.
    assert after.error().item() == pytest.approx(0.9 * 0.1 + 0.1, abs=0.002)


def test_test_of_people_who_are_alike_only_costs() -> None:
    """A source without worker information is no better after a test, and says so."""
    after = operate(CROWD, Qualification(10, 8))
    assert after.estimates["error"].value == pytest.approx(0.2)
    assert after.price > CROWD.price
    assert "a test cannot help" in " ".join(after.notes)


@given(st.integers(1, 9), st.floats(0.05, 0.45), st.floats(0.02, 0.3), st.floats(0.0, 0.8))
@settings(deadline=None, max_examples=40)
def test_stricter_tests_never_raise_the_hostile_share(
    mark: int, error: float, share: float, camouflage: float
) -> None:
    """Hostile workers who are worse on gold lose share with every point of the pass mark."""
    worlds = kinds([error, 0.9], [1 - share, share], [False, True])
    worlds = replace(worlds, camouflage=np.array([camouflage]))
    loose, strict = (
        Qualification(10, m).transform(worlds, np.zeros((0, 1))).attack()[0]
        for m in (mark, mark + 1)
    )
    assert strict <= loose + 1e-12


# ---- gold checks


def test_expulsion_is_as_simulated() -> None:
    """Labels that get in before expulsion, their spread, and honest workers who are expelled."""
    checks, career, n = GoldChecks(rate=0.1), 300, 4000
    rng = np.random.default_rng(0)
    for right in (0.3, 0.5, 0.75, 0.9):
        fate = checks.fate(right, career)
        at = np.arange(20, career + 1, 40)
        alive = [checks.follow(np.full(n, right), np.full(n, t), rng).mean() for t in at]
        want = np.append(fate.alive, 1 - fate.expelled)[at]
        assert np.abs(np.array(alive) - want).max() < 4.5 * 0.5 / np.sqrt(n), right
    caught = checks.fate(0.3, 2000)
    assert caught.expelled > 0.999
    half, most = ((1.0 - checks.rate) * np.argmax(1.0 - caught.alive >= q) for q in (0.5, 0.95))
    assert half < caught.labels < most
    assert checks.fate(0.3, 2000).labels < checks.fate(0.5, 2000).labels
    assert GoldChecks(rate=0.2).fate(0.3, 2000).labels < 0.6 * caught.labels


def test_one_test_keeps_walds_promises() -> None:
    """Good workers are expelled by one test with about the stated chance, bad ones mostly."""
    checks = GoldChecks(rate=0.999, false_alarm=0.05, miss=0.1)
    rule = checks.rule()
    right, anew, expel = rule.right, rule.anew, rule.expel
    assert right / 60 == pytest.approx(log(0.85 / 0.6) / log(0.4 / 0.15), abs=0.01)
    rng = np.random.default_rng(0)
    for accuracy, low, high in ((0.85, 0.0, 0.06), (0.6, 0.85, 1.0)):
        score = np.zeros(5000)
        for _ in range(400):
            going = (score > anew) & (score < expel)
            score += going * np.where(rng.random(5000) < accuracy, -right, 60)
        assert low <= (score >= expel).mean() <= high


@given(st.floats(0.02, 0.4), st.floats(0.05, 0.3), st.floats(0.0, 0.9), st.booleans())
@settings(deadline=None, max_examples=25)
def test_more_gold_never_raises_the_hostile_share(
    rate: float, share: float, camouflage: float, discard: bool
) -> None:
    """Checking more often expels hostile workers earlier than honest ones."""
    worlds = kinds([0.08, 1.0], [1 - share, share], [False, True])
    worlds = replace(worlds, camouflage=np.array([camouflage]))
    loose, strict = (
        GoldChecks(r, discard=discard).transform(worlds, np.zeros((0, 1))).attack()[0]
        for r in (rate, 1.3 * rate)
    )
    assert strict <= loose + 1e-3 <= share + 2e-3


def test_lost_work_is_paid() -> None:
    """Redoing what expelled workers did costs more, and leaves fewer of their labels."""
    keep, redo = (operate(POOL, GoldChecks(discard=d)) for d in (False, True))
    assert redo.price > keep.price > POOL.price / 0.9 - 1e-9
    assert redo.estimates["attack"].value < keep.estimates["attack"].value
    assert redo.capacity < keep.capacity < POOL.capacity


# ---- adaptive redundancy


def test_walk_is_exact() -> None:
    """Error and labels agree with going through all sequences."""
    wrong, most, lead = 0.3, 6, 2
    error = labels = 0.0
    for votes in product((-1, 1), repeat=most):
        chance = np.prod([1 - wrong if v > 0 else wrong for v in votes])
        score = np.cumsum(votes)
        closed = np.flatnonzero(np.abs(score) >= lead)
        at = closed[0] if len(closed) else most - 1
        error += chance * (0.5 if score[at] == 0 else float(score[at] < 0))
        labels += chance * (at + 1)
    got = walk(np.array([wrong]), most, lead)
    assert (got[0][0], got[1][0]) == (pytest.approx(error), pytest.approx(labels))


def test_adaptive_against_fixed() -> None:
    """Never stopping early is a majority; stopping early is cheaper, at nearly its error."""
    p = np.array([0.05, 0.2, 0.35])
    error, labels = walk(p, 7, 7)
    assert np.allclose(error, plurality_error(p, 7))
    assert (labels <= 7).all()
    early, fixed = operate(CROWD, Adaptive(7, 0.99)), operate(CROWD, Redundancy(7))
    assert early.price < 0.8 * fixed.price
    assert early.estimates["error"].value < fixed.estimates["error"].value + 0.02
    world = one_world(CROWD)
    sampler = Walker(PoolSampler(world, world.weight[0]), LeadRule(7, 3))
    zero = np.zeros(N, dtype=np.int64)
    _, taken = sampler.answers(Drawn(zero, zero, zero), 1, np.random.default_rng(0))
    want = walk(world.pooled()[0], 7, 3)[1].item()
    assert taken.mean() == pytest.approx(want, abs=0.05)


# ---- effects, trials, incentives, training


def test_trial_intervals_cover() -> None:
    """The 90 % interval of a trial's effect covers the truth in about 90 % of 600 trials."""
    rng = np.random.default_rng(0)
    hits, control, treated = 0, 0.72, 0.80
    effect = logit(treated) - logit(control)
    for seed in range(600):
        trial = Trial(150, int(rng.binomial(150, control)), 150, int(rng.binomial(150, treated)))
        found = trial.estimate(draws=800, seed=seed)
        hits += found.low <= effect <= found.high
    assert 0.87 <= hits / 600 <= 0.93
    assert trial.cost(0.1, 0.05) == pytest.approx(300 * 0.15)
    assert replace(trial, design=4.0).estimate().high > trial.estimate().high


def test_the_pool_moves_by_the_effect_of_the_trial() -> None:
    """A shift is that of the pool's own log odds, which is what a trial measures."""
    worlds = draw_worlds(
        with_workers(noisy_source("c", 0.25, 1.0), spread=1.5), 7, np.random.default_rng(0)
    )
    effect = np.linspace(-0.6, 1.2, 7)
    after = shifted(worlds, effect)
    assert np.allclose(
        logit(after.by_slice()[:, 0]), logit(worlds.by_slice()[:, 0]) - effect, atol=1e-4
    )


def test_bonus_is_paid_as_often_as_it_is_earned() -> None:
    """A bonus on gold costs its chance to be earned; one on agreement its chance to agree."""
    sure = noisy_source("c", 0.2, 0.1)
    gold = operate(sure, Incentive(0.05, Shift(0.5, 0.0)))
    error = expit(logit(0.2) - 0.5)
    assert gold.estimates["error"].value == pytest.approx(error, abs=1e-6)
    assert gold.price == pytest.approx(0.1 + 0.05 * (1 - error))
    peer = operate(sure, Incentive(0.05, Shift(0.5, 0.0), "peer", rate=0.5))
    assert peer.price == pytest.approx(0.1 + 0.025 * (error**2 + (1 - error) ** 2))


def test_teaching_is_spread_over_a_workers_labels() -> None:
    """Training costs a worker's price over the worker's labels, and the slower work."""
    after = operate(POOL, Training(Shift(0.2, 0.0), price_per_worker=5.0, slower=1.5, days=7.0))
    assert after.price == pytest.approx(0.1 * 1.5 + 5.0 / 100)
    assert (after.capacity, after.latency_days) == (pytest.approx(1000 / 1.5), 7.0)


# ---- scrutiny


def test_only_comments_lower_shared_error_and_only_as_believed() -> None:
    """Reviewers and adjudicator leave misleading tasks wrong; comments mend the stated share."""
    sure = noisy_source("c", 0.1, 1.0, 0.1)  # all of the error is shared
    panel = operate(sure, Scrutiny(3, Chance(1.0, 999.0)))
    assert panel.estimates["error"].value == pytest.approx(0.1, abs=1e-3)
    comments = Scrutiny(3, Chance(1.0, 999.0), finds=Chance(3000.0, 1000.0), comment_days=14.0)
    after = operate(sure, comments)
    assert after.estimates["error"].value == pytest.approx(0.025, abs=3e-3)
    assert (after.latency_days, after.price) == (14.0, pytest.approx(3.0))
    harmful = operate(sure, replace(comments, harms=Chance(100.0, 900.0)))
    assert harmful.estimates["error"].value > 0.1


def test_adjudicator_is_paid_where_reviewers_differ() -> None:
    """Price and capacity of scrutiny, by hand."""
    sure = noisy_source("c", 0.2, 1.0, capacity=900.0)
    after = operate(sure, Scrutiny(3, Chance(1.0, 9.0), adjudicator_price=10.0, capacity=200.0))
    assert after.price == pytest.approx(3.0 + 10.0 * (1 - 0.2**3 - 0.8**3))
    assert after.capacity == pytest.approx(200.0)
