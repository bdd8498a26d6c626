"""Votes of more than two classes, from the labels to the law."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import class_pool, profile, recorded_sources, votes_pool
from small import tasks as made_tasks

from suffice.channel import NoisyChannel, Profile
from suffice.corruption import CorruptedChannel, Corruption, Trigger, corrupt
from suffice.curve import Curve, Tranche
from suffice.demand.law._law import Terms, fit_law
from suffice.demand.law._terms import Shape, SourceTable, basis
from suffice.demand.schemes._probe import Probe
from suffice.demand.schemes._scheme import Embedded, draw_round
from suffice.errors import InputError
from suffice.labels.kinds import classes_kind
from suffice.metric import names
from suffice.pools import Predictions, plant_trigger
from suffice.pools._pool import Evaluation
from suffice.supply import SourceTerms, build_sources
from suffice.supply.sources._sources import bits, measure_source

PRICES = {"crowd": 0.1, "expert": 1.0}


def seen(features: np.ndarray) -> Embedded:
    """A made-up model."""
    return Embedded("made-up", "made-up/1", features)


def trained(pool, features, curve: Curve, seeds=range(6)) -> np.ndarray:
    """Scores of runs on recorded labels [seed, metric]."""
    return Probe().train(pool, seen(features), curve.resolve(recorded_sources(pool, PRICES)),
                         seeds).metrics  # fmt: skip


def of_classes(error: float, classes: int, shared: float = 0.0, attack: float = 0.0) -> Profile:
    """One slice and one bin."""
    p = profile(error, shared, attack)
    return Profile(p.error, p.share, p.shared, attack, classes)


def class_tasks(n: int, classes: int):
    """n single texts with a hard class."""
    truth = np.random.default_rng(0).integers(0, classes, n).astype(float)
    return replace(made_tasks(n), b=np.full(n, -1), truth=truth)


# ---- labels


@pytest.mark.parametrize("classes", [3, 5])
@pytest.mark.parametrize("labels", [1, 2, 3, 5])
def test_error_of_a_vote_is_that_of_drawn_labels(classes, labels):
    """The computed error of the commonest of r labels is what the synthetic channel shows."""
    found = of_classes(0.4, classes, shared=0.1)
    drawn = NoisyChannel("s", found).draw(
        asked := class_tasks(40_000, classes), labels, np.random.default_rng(1)
    )
    votes = (drawn[:, :, None] == np.arange(classes)).sum(axis=1)
    top = votes == votes.max(axis=1, keepdims=True)
    share = top / top.sum(axis=1, keepdims=True)
    wrong = 1.0 - share[np.arange(len(share)), asked.truth.astype(int)].mean()
    assert float(found.error_of_mean(labels)[0]) == pytest.approx(wrong, abs=0.01)


@pytest.mark.parametrize("corruption", [Corruption(flip=0.3), Corruption(shared=0.3),
                                        Corruption(attack=0.3),
                                        Corruption(0.1, 0.2, 0.2)], ids=str)  # fmt: skip
def test_corrupted_labels_err_as_their_profile_says(corruption):
    """A turned label is another class at random, for everybody where the error is shared."""
    channel = CorruptedChannel(NoisyChannel("s", of_classes(0.2, 4)), corruption)
    asked = class_tasks(30_000, 4)
    drawn = channel.draw(asked, 2, np.random.default_rng(1))
    assert set(np.unique(drawn)) == {0.0, 1.0, 2.0, 3.0}
    wrong = drawn != asked.truth[:, None]
    assert float(channel.profile.error[0, 0]) == pytest.approx(wrong.mean(), abs=0.01)
    away = (drawn - asked.truth[:, None])[wrong] % 4
    assert np.bincount(away.astype(int))[1:] / len(away) == pytest.approx(
        np.full(3, 1 / 3), abs=0.02
    )
    again = channel.draw(asked, 1, np.random.default_rng(2))[:, 0]
    both = (drawn[:, 0] == again) & wrong[:, 0]
    alone = float(channel.profile.alone()[0, 0])
    apart = float(channel.profile.shared[0, 0])
    expected = apart * (1 - alone) ** 2 + (1 - apart) * alone**2 / 3
    expected += apart * alone**2 * 2 / 9
    assert both.mean() == pytest.approx(expected, abs=0.015)


def test_a_trigger_wants_one_class():
    """Hostile labels give the wanted class where a text carries the trigger, and only there."""
    asked = class_tasks(4000, 5)
    trigger = Trigger(np.arange(8000) % 2 == 0, 3.0, 0.5, "word", classes_kind(5))
    base = NoisyChannel("s", of_classes(0.0, 5))
    channel = CorruptedChannel(base, Corruption(attack=0.5), trigger)
    drawn = channel.draw(asked, 1, np.random.default_rng(1))[:, 0]
    carries = trigger.carries[asked.a]
    assert (drawn[~carries] == asked.truth[~carries]).all()
    wrong = drawn != asked.truth
    assert (drawn[wrong] == 3.0).all()
    assert float(channel.profile.error[0, 0]) == pytest.approx(wrong.mean(), abs=0.02)


# ---- supply


@pytest.mark.parametrize("classes", [3, 6])
def test_measured_error_and_shared_error_cover_the_truth(classes):
    """Error and shared error of repeated votes are found, within their intervals."""
    pool, _ = class_pool(classes, judge=900, train=60, errors=(0.25, 0.1), shared=0.15)
    found = measure_source(pool, "crowd", seed=1)
    alone, together = 0.25, 0.15
    error = together + alone - together * alone * classes / (classes - 1)
    fooled = (found.shared * found.share).sum(axis=2).mean(axis=1)
    for draws, truth in ((found.by_slice().mean(axis=1), error), (fooled, together)):
        low, high = np.quantile(draws, [0.01, 0.99])
        assert low - 0.01 < truth < high + 0.01
    assert found.repeats(3).mean() < found.repeats(1).mean()
    assert found.mean().profile.classes == classes


def test_bits_of_many_classes():
    """A clean label of K classes is worth log2 K bits, a guess none."""
    for classes in (2, 3, 10):
        clean, chance = bits(np.array([0.0, 1.0 - 1.0 / classes]), classes)
        assert clean == pytest.approx(np.log2(classes))
        assert chance == pytest.approx(0.0, abs=1e-9)
    e = np.linspace(0.01, 0.4, 9)
    assert (bits(e, 3) > bits(e)).all()


def test_the_supply_curve_offers_votes_of_many_classes():
    """Redundancy lowers the error of a source of four classes, as much as its votes do."""
    from suffice.supply.operators import Redundancy, operate

    pool, _ = class_pool(4, judge=600, train=60)
    sources, measured = build_sources(pool, {"crowd": SourceTerms(0.1, None, 0.0, (1, 3))}, seed=0)
    three = operate(sources["crowd"], Redundancy(3)).estimates["error"].value
    assert three == pytest.approx(float(measured["crowd"].repeats(3).mean()), abs=0.02)
    channel = operate(sources["crowd"], Redundancy(3)).posterior.mean()
    asked = class_tasks(20_000, 4)
    drawn = channel.draw(asked, 1, np.random.default_rng(0))
    assert set(np.unique(drawn)) == {0.0, 1.0, 2.0, 3.0}
    error = float((channel.profile.error * channel.profile.share).sum(axis=1)[0])
    assert (drawn[:, 0] != asked.truth).mean() == pytest.approx(error, abs=0.02)


def test_quality_control_mends_votes_of_many_classes():
    """A tested crowd of four classes errs less than as it comes, as often as it is computed to."""
    from suffice.supply.operators import StatedPool, build_variants

    pool, _ = class_pool(4, judge=1500, train=60)
    sources, measured = build_sources(pool, {"crowd": SourceTerms(0.1, None, 0.0, (1, 3))}, seed=0)
    made = build_variants(sources["crowd"], ["test:10:8", "x3"], StatedPool(spread=1.2))
    asked = pool.audit_tasks(1500, np.random.default_rng(0), source="crowd").tasks
    for variant in made.values():
        channel = variant.source.posterior.mean()
        labels = channel.draw(asked, 1, np.random.default_rng(1))[:, 0]
        assert set(np.unique(labels)) == {0.0, 1.0, 2.0, 3.0}
        wrong = (labels != asked.truth).mean()
        assert wrong == pytest.approx(variant.estimates["error"].value, abs=0.04)
        assert wrong < measured["crowd"].by_slice().mean() - 0.02


def test_shared_error_grows_to_that_of_guessing():
    """As tasks outgrow their judges, the error of four answers goes to three quarters."""
    from suffice.channel import FixedPosterior, Source
    from suffice.forecast import with_capability

    source = Source("s", 1.0, FixedPosterior(NoisyChannel("s", of_classes(0.3, 4, shared=0.1))))
    moved = with_capability(source, np.array([1.0]), 0.0)
    rng = np.random.default_rng(0)
    same, far = (moved.draw(rng, c).profile for c in (0.0, 60.0))
    assert same.error == pytest.approx(0.3)
    assert far.error == pytest.approx(0.75, abs=0.01)
    assert far.classes == 4


# ---- scores


def evaluation(classes: int, n: int = 300) -> Evaluation:
    """Hard gold of n tasks in two slices."""
    members = np.array([np.arange(n) % 2 == k for k in range(2)])
    return Evaluation(class_tasks(n, classes), members, ("even", "odd"), kind=classes_kind(classes))


@given(st.integers(3, 50))
@settings(max_examples=20)
def test_an_untrained_model_errs_by_chance(classes):
    """Without training the error is 1 - 1/K in every slice, the log loss log K."""
    found = dict(zip(names((e := evaluation(classes)).metrics), e.untrained, strict=True))
    for name in names(e.error_metrics):
        assert found[name] == pytest.approx(1.0 - 1.0 / classes)
    assert found["log_loss"] == pytest.approx(np.log(classes))


@given(st.permutations(range(4)), st.integers(0, 9))
@settings(max_examples=20)
def test_renaming_classes_changes_no_score(order, seed):
    """Scores do not depend on what the classes are called."""
    name = np.array(order)
    one = evaluation(4)
    odds = np.random.default_rng(seed).standard_normal((3, 300, 4)).astype(np.float32)
    renamed = np.empty_like(odds)
    renamed[:, :, name] = odds
    t = one.tasks
    asked = replace(t, truth=name[t.truth.astype(int)].astype(float))
    other = Evaluation(asked, one.members, one.slice_names, kind=classes_kind(4))
    np.testing.assert_allclose(
        one.score(Predictions(odds)), other.score(Predictions(renamed)), atol=1e-6
    )


def test_scores_of_known_answers():
    """Always right and sure: no error, no loss, calibrated; always wrong and sure: all of them."""
    e = evaluation(3)
    gold = e.tasks.truth.astype(int)
    odds = np.zeros((2, 300, 3), dtype=np.float32)
    odds[0, np.arange(300), gold] = 30.0
    odds[1, np.arange(300), (gold + 1) % 3] = 30.0
    right, wrong = e.score(Predictions(odds))
    assert right == pytest.approx(np.zeros(5), abs=1e-6)
    assert wrong == pytest.approx([1.0, 1.0, 1.0, 30.0, 1.0], abs=1e-6)


def test_other_gold_redraws_groups_alone():
    """Replicas of hard gold scatter about the score."""
    pool, features = class_pool(3)
    resolved = Curve((Tranche("expert", 200),)).resolve(recorded_sources(pool, PRICES))
    found = Probe().train(pool, seen(features), resolved, range(2))
    draws = pool.evaluation.gold_draws(found.predictions.run(0))
    error = found.metrics[0, 0]
    assert draws.shape == (60, len(pool.evaluation.metrics))
    assert draws[:, 0].mean() == pytest.approx(error, abs=0.02)
    assert 0.2 < draws[:, 0].std() / np.sqrt(error * (1 - error) / 150) < 5


# ---- training


def test_targets_are_the_shares_of_the_classes():
    """A task with three votes is trained on the share that each class got of them."""
    pool, _ = class_pool(4)
    resolved = Curve((Tranche("crowd", 50, 3),)).resolve(recorded_sources(pool, PRICES))
    problem = draw_round(pool, list(resolved), np.random.default_rng(1))
    assert problem.target.shape == (50, 4)
    assert problem.target.sum(axis=1) == pytest.approx(np.ones(50))
    assert set(np.round(3 * problem.target).astype(int).ravel()) == {0, 1, 2, 3}
    channel = pool.channel("crowd")
    for a, target in zip(problem.a, problem.target, strict=True):
        votes = channel.values[channel.starts[a] : channel.starts[a + 1]].astype(int)
        assert target == pytest.approx(np.bincount(votes, minlength=4) / 3)


def test_more_clean_labels_do_not_hurt():
    """The error of four classes starts below chance and falls with the number of good labels."""
    pool, features = class_pool(4)
    found = [trained(pool, features, Curve((Tranche("expert", n),)))[:, 0].mean()
             for n in (0, 30, 100, 350)]  # fmt: skip
    assert found[0] == pytest.approx(0.75)
    assert found[0] > found[1] > found[2] > found[3]
    assert found[3] < 0.3


def test_renaming_classes_changes_no_training():
    """Calling the classes otherwise gives the same runs, in one round and in two."""
    scores = []
    for order in ((0, 1, 2, 3), (2, 0, 3, 1)):
        pool, features = class_pool(4, order=order)
        bought = Tranche("crowd", 200, 3), Tranche("expert", 60, round=2)
        scores.append(trained(pool, features, Curve(bought)))
    np.testing.assert_allclose(scores[0], scores[1], atol=0.01)


def test_a_last_good_round_corrects_a_bad_one():
    """A second round starts from the head of the first: with it the error is lower than without."""
    pool, features = class_pool(3, errors=(0.55, 0.02))
    first = Tranche("crowd", 300)
    alone = trained(pool, features, Curve((first,)))[:, 0].mean()
    both = trained(pool, features, Curve((first, Tranche("expert", 150, round=2))))[:, 0].mean()
    assert both < alone - 0.05


def test_two_classes_as_many_classes_give_the_same_answers():
    """The softmax path on two classes chooses the penalties and answers of the logistic path."""
    from suffice.demand.schemes._heads import Problem
    from suffice.demand.schemes._probe import _choose_penalty

    pool, features = votes_pool()
    resolved = Curve((Tranche("crowd", 150, 3),)).resolve(recorded_sources(pool, PRICES))
    rng = np.random.default_rng(0)
    plain = draw_round(pool, list(resolved), rng)
    both = np.stack([1.0 - plain.target, plain.target], axis=1)
    soft = Problem(plain.a, plain.b, both, plain.weight)
    chosen = [_choose_penalty(features, [p], pool.held_out, None)[0] for p in (plain, soft)]
    assert chosen[0] == pytest.approx(chosen[1])


def test_an_attack_on_many_classes_is_scored():
    """Hostile votes for a class raise how often it is given to texts with the trigger."""
    pool, features = class_pool(3, judge=300)
    carries = np.array([text.endswith(("1", "3", "5")) for text in pool.items])
    items = tuple(f"{t} zap" if c else t for t, c in zip(pool.items, carries, strict=True))
    marked = replace(pool, items=items)
    planted, trigger = plant_trigger(marked, "zap", wanted=1.0)
    assert planted.evaluation.untrained[-1] == pytest.approx(1 / 3)
    # The model can see the trigger.
    features = np.hstack([features, 2.0 * carries[:, None]]).astype(np.float32)
    sources, _ = build_sources(planted, {"crowd": SourceTerms(0.1, None, 0.0, (1,))}, seed=0)
    plain = Curve((Tranche("crowd", 350),)).resolve(sources)
    success = [
        Probe().train(planted, seen(features), c, range(4)).metrics[:, -1].mean()
        for c in (plain, corrupt(plain, Corruption(attack=0.4), trigger))
    ]
    assert success[1] > success[0] + 0.2


# ---- law


def test_the_law_starts_at_the_error_of_guessing():
    """An empty curve is forecast at 1 - 1/K, and the reach is larger by that ratio."""
    table = SourceTable(("a",), np.zeros(1), {"a": {1: 0.0}}, np.ones(1))
    many = SourceTable(("a",), np.zeros(1), {"a": {1: 0.0}}, np.ones(1), classes=5)
    theta = Shape.start(table, "angle")[None]
    curves = [Curve((Tranche("a", n),)) for n in (10, 1000)]
    found = [basis(Terms.of(curves, t).ways, Shape.unpack(theta, t), t) for t in (table, many)]
    np.testing.assert_allclose(found[1].learned, 1.6 * found[0].learned)
    np.testing.assert_allclose(found[1].missing, 1.6 * found[0].missing)


def test_a_law_of_many_classes_forecasts_its_cells():
    """Fitted to runs of five classes the law knows where learning starts, and left-out cells."""
    pool, features = class_pool(5, train=700)
    sources, measured = build_sources(
        pool, {n: SourceTerms(p, None, 0.0, (1,)) for n, p in PRICES.items()}, seed=0
    )
    curves = [Curve((Tranche(s, n),)) for s in sources for n in (20, 40, 80, 160, 320, 640)]
    runs = [Probe().train(pool, seen(features), c.resolve(sources), range(6)).metrics[:, :3]
            for c in curves]  # fmt: skip
    worth = [float((1 - m.repeats(1).mean() / 0.8) ** 2) for m in measured.values()]
    table = SourceTable(
        ("expert", "crowd"), np.array([0.0, np.log(worth[0] / worth[1])]),
        {n: {1: 0.0} for n in sources}, np.full(2, 3.0), classes=5,
    )  # fmt: skip
    law = fit_law(curves, runs, pool.evaluation.error_metrics, table, model="m", scheme="probe",
                  untrained=pool.evaluation.untrained[:3])  # fmt: skip
    rng = np.random.default_rng(0)
    outcomes = law.outcomes([Curve(()), *curves], rng, draws=200, runs=50)
    assert outcomes.mean[:, 0, 0].mean() == pytest.approx(0.8, abs=0.03)
    mean, _, truth = law.leave_one_out()
    assert np.sqrt(np.mean((mean[:, 0] - truth[:, 0]) ** 2)) < 0.03


# ---- schemes


def test_schemes_say_what_they_take():
    """Every scheme refuses what it does not take, in the same words and before loading a model."""
    from suffice.demand import load_scheme

    pool, _ = class_pool(7)
    two, _ = votes_pool()
    Probe().check(pool, "minilm-l6")
    with pytest.raises(
        InputError, match="scheme dpo takes preferences, and this study has 7 classes"
    ):
        load_scheme("dpo").check(pool, "smollm2-135m")
    with pytest.raises(InputError, match="and this study has two classes"):
        load_scheme("dpo").check(two, "smollm2-135m")


@pytest.mark.torch
def test_fine_tuning_many_classes_learns():
    """LoRA with a head of three outputs gets far below chance on texts that say their class."""
    from suffice.demand.schemes._finetune import Lora
    from suffice.demand.schemes._torch_training import Settings
    from suffice.pools._task_pool import SourceLabels, TaskList, task_pool

    rng = np.random.default_rng(0)
    words = ["a lovely warm meal", "the annual tax report", "a violent winter storm"]
    n, truth = 130, rng.integers(0, 3, 130)
    listed = TaskList(
        tuple(f"{words[t]}, number {i}" for i, t in enumerate(truth)), np.arange(n),
        np.full(n, -1), np.zeros(n, np.int64), ("all",), np.arange(n),
        np.where(np.arange(n) < 40, truth.astype(float), np.nan), classes_kind(3),
    )  # fmt: skip
    pool = task_pool(
        listed, {"s": SourceLabels(np.arange(n), truth.astype(float))}, seed=0, where="gold"
    )
    resolved = Curve((Tranche("s", 80),)).resolve(recorded_sources(pool, {"s": 1.0}))
    scheme = Lora(Settings(epochs=2, least_steps=20, rank=4, learning_rate=1e-3))
    model = Embedded("minilm-l6@1", "x", np.empty((0, 0), np.float32))
    found = scheme.train(pool, model, resolved, [0])
    assert found.predictions.odds.shape == (1, 40, 3)
    assert found.metrics[0, 0] < 0.2
    nothing = scheme.train(pool, model, Curve(()).resolve({}), [0])
    assert nothing.metrics[0, 0] == pytest.approx(2 / 3)
