"""The attack part of the law, and the trigger whose success it forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small import votes_pool
from test_law import METRICS, TABLE, draw_runs, first_law, some_curves

from suffice.channel import NoisyChannel, Profile
from suffice.corruption import Corruption, corrupt
from suffice.curve import Curve, ResolvedCurve, ResolvedTranche
from suffice.demand import FEWEST_ATTACKED, FittedLaw, SourceLimits, design_attacks, fit_attack
from suffice.errors import InputError
from suffice.metric import ATTACK
from suffice.pools import plant_trigger

PROFILE = Profile(np.full((1, 1), 0.2), np.ones((1, 1)), np.zeros((1, 1)))
KNOWN = replace(TABLE, profiles=dict.fromkeys(TABLE.names, PROFILE))


def resolved(curve: Curve, share: float) -> ResolvedCurve:
    """A curve of which so much is hostile, with the error that this makes."""
    plain = ResolvedCurve(tuple(ResolvedTranche(t, NoisyChannel(t.source, PROFILE)) for t in curve))
    return corrupt(plain, Corruption(attack=share)) if share else plain


def pushed(law: FittedLaw, curve: ResolvedCurve, share: float, count: int, rng: np.random.Generator
           ) -> np.ndarray:  # fmt: skip
    """Runs that the law would expect, plus an effect of the attack on the odd slice alone."""
    plain = law.without_attack([curve], rng, draws=400, runs=10)[0].mean.mean(axis=0)[0]
    noise = draw_runs(curve.curve, count, rng)
    noise = noise - noise.mean(axis=0) * (1.0 - 1.0 / np.sqrt(count))
    effect = np.array([0.1, 0.0, 0.2]) * share
    return plain + effect + 0.004 * rng.standard_normal((count, len(METRICS)))


@pytest.fixture(scope="module")
def law() -> FittedLaw:
    """A law of the invented world, whose sources have known profiles."""
    return replace(first_law(), table=KNOWN)


@pytest.fixture(scope="module")
def learned(law: FittedLaw) -> FittedLaw:
    """The same with what eight attacked cells teach."""
    rng = np.random.default_rng(5)
    shares = [0.03, 0.1, 0.3, 0.03, 0.1, 0.3, 0.2, 0.3]
    curves = [resolved(c, s) for c, s in zip(some_curves(rng, 15)[:8], shares, strict=True)]
    runs = [pushed(law, c, s, 12, rng) for c, s in zip(curves, shares, strict=True)]
    return replace(law, attack=fit_attack(law, curves, runs))


def test_what_hostile_labels_do_is_learned(law: FittedLaw, learned: FittedLaw) -> None:
    """An unseen share moves the metric that it was made to move, inside its interval."""
    rng = np.random.default_rng(6)
    curve = resolved(Curve.parse("700 expert"), 0.15)
    gap = learned.outcomes([curve], rng, draws=400, runs=10).mean.mean(axis=0)[0]
    gap = gap - law.without_attack([curve], rng, draws=400, runs=10)[0].mean.mean(axis=0)[0]
    assert gap[2] == pytest.approx(0.03, abs=0.015)
    assert abs(gap[1]) < 0.015


def test_without_hostile_labels_nothing_changes(law: FittedLaw, learned: FittedLaw) -> None:
    """Honest curves are forecast to the digit as before, resolved or not."""
    for curve in (Curve.parse("500 crowd + 100 expert"), resolved(Curve.parse("500 crowd"), 0.0)):
        before = law.outcomes([curve], np.random.default_rng(7), draws=50, runs=10)
        after = learned.outcomes([curve], np.random.default_rng(7), draws=50, runs=10)
        np.testing.assert_array_equal(before.mean, after.mean)
        np.testing.assert_array_equal(before.spread, after.spread)


def test_unseen_attacked_cells_are_covered(law: FittedLaw, learned: FittedLaw) -> None:
    """Of sixty unseen attacked cells about nine in ten lie in their 90 % intervals."""
    rng = np.random.default_rng(8)
    hits = []
    for curve in some_curves(rng, 75)[15:]:
        share = float(rng.uniform(0.02, 0.3))
        asked = resolved(curve, share)
        measured = pushed(law, asked, share, 200, rng).mean(axis=0)
        drawn = learned.outcomes([asked], rng, draws=300, runs=10).mean[:, 0]
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
        hits.append((low <= measured) & (measured <= high))
    assert np.mean(hits) >= 0.8


def test_an_early_attack_weighs_less(learned: FittedLaw) -> None:
    """Hostile labels in a round that another follows are a smaller share of the signal."""
    curve = Curve.parse("500 crowd + 500 expert (round 2)")
    plain = ResolvedCurve(tuple(ResolvedTranche(t, NoisyChannel(t.source, PROFILE)) for t in curve))
    early = corrupt(plain, Corruption(attack=0.3), rounds=(1,))
    late = corrupt(plain, Corruption(attack=0.3), rounds=(2,))
    one, two = learned.hostile_share([early, late])
    assert 0.0 < one < two < 0.3


def test_too_few_attacked_cells_are_refused(law: FittedLaw) -> None:
    """An attack part is not made of three cells."""
    with pytest.raises(InputError, match="attacked cells"):
        fit_attack(law, [resolved(Curve.parse("500 crowd"), 0.1)] * (FEWEST_ATTACKED - 1), [])


def test_every_grid_holds_attacks_and_an_early_bad_round() -> None:
    """Every source is attacked, little and much, and a bad round is followed by a good one."""
    limits = {
        n: SourceLimits(n, 0.1, m) for n, m in (("weak", 5000), ("middle", 2000), ("good", 600))
    }
    cells = design_attacks(limits, ("weak", "middle", "good"), 100)
    single = [c for c in cells if len(c.curve.tranches) == 1]
    assert {t.source for c in single for t in c.curve} == set(limits)
    assert len({c.share for c in cells}) == 3
    bad = [c for c in cells if c.rounds == (1,)]
    assert bad
    assert all(t.labels <= limits[t.source].most for c in cells for t in c.curve)
    alone = design_attacks({"one": SourceLimits("one", 0.1, 1000)}, ("one",), 100)
    assert any(c.rounds == (1,) for c in alone)


def test_a_trigger_needs_tasks_that_it_decides() -> None:
    """Words that no text says are refused with how many tasks they decide."""
    pool, _ = votes_pool()
    with pytest.raises(InputError, match="in only 0 of"):
        plant_trigger(pool, "absent")
    with pytest.raises(InputError, match="blank"):
        plant_trigger(pool, "  ")
    planted, trigger = plant_trigger(pool, "text")
    assert planted.evaluation.metrics[-1] == ATTACK
    assert planted.fingerprint != pool.fingerprint
    assert trigger.decides == 1.0
