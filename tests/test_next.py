"""Value of information: never below nothing or above knowing all, and right where it is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from test_choose import MARKET, SEED, criterion, law  # noqa: F401 - the fixture of a fitted law

from suffice.plan import Prices, make_plan, what_next
from suffice.plan._information import perfect_information, sample_information


def exact_evsi(mean: float, sd: float, noise: float) -> float:
    """Buy (worth a normal amount) or not (worth 0), after one normal signal: by formula."""
    after = sd**2 / np.sqrt(sd**2 + noise**2)
    return float(after * norm.pdf(mean / after) + mean * norm.cdf(mean / after) - max(mean, 0.0))


def brute_force(mean: float, sd: float, noise: float, rng: np.random.Generator) -> float:
    """The same by nested simulation: outer signals, inner draws given each."""
    signal = rng.normal(mean, np.sqrt(sd**2 + noise**2), 2000)
    weight = sd**2 / (sd**2 + noise**2)
    inner = rng.normal(
        (mean + weight * (signal - mean))[:, None], sd * np.sqrt(1 - weight), (2000, 400)
    )
    return float(np.maximum(inner.mean(axis=1), 0.0).mean() - max(mean, 0.0))


@pytest.mark.parametrize(("mean", "noise"), [(0.0, 0.5), (0.3, 1.0), (-0.5, 0.3), (0.2, 3.0)])
def test_agrees_with_formula_and_nested_simulation(mean, noise):
    """On the conjugate normal case, with two actions."""
    rng = np.random.default_rng(7)
    worth = rng.normal(mean, 1.0, 20_000)
    signal = worth + noise * rng.standard_normal(len(worth))
    benefit = np.stack([np.zeros_like(worth), worth], axis=1)
    got = sample_information(benefit, signal[:, None], seed=1)
    want = exact_evsi(mean, 1.0, noise)
    assert got.value == pytest.approx(want, abs=0.015)
    assert brute_force(mean, 1.0, noise, rng) == pytest.approx(want, abs=0.04)
    assert got.low - 0.01 <= want <= got.high + 0.01


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 4), st.floats(0.0, 5.0))
def test_between_nothing_and_everything(seed, actions, numbers, noise):
    """Whatever the draws: 0 <= sample information <= perfect information."""
    rng = np.random.default_rng(seed)
    benefit = rng.standard_normal((200, actions)) * rng.exponential(2.0, actions)
    signal = benefit[:, :1] + noise * rng.standard_normal((200, numbers))
    got, most = sample_information(benefit, signal, seed=0), perfect_information(benefit, seed=0)
    assert 0.0 <= got.low <= got.value <= got.high
    assert got.value <= most.value + 1e-9


def test_nothing_to_change_nothing_to_pay():
    """Where one action is best under every draw, even a perfect signal is worth exactly nothing."""
    rng = np.random.default_rng(3)
    worth = rng.standard_normal(500)
    benefit = np.stack([worth, worth + 1.0, worth - rng.random(500)], axis=1)
    got = sample_information(benefit, worth[:, None], seed=0)
    assert (got.value, got.low, got.high) == (0.0, 0.0, 0.0)
    assert perfect_information(benefit, seed=0).value == 0.0


def test_noise_is_worth_nothing():
    """A signal that has nothing to do with the decision is worth at most its simulation error."""
    rng = np.random.default_rng(4)
    benefit = np.stack([np.zeros(2000), rng.standard_normal(2000)], axis=1)
    assert sample_information(benefit, rng.standard_normal((2000, 3)), seed=0).value < 0.03


def test_more_precise_is_worth_more():
    """Value falls with noise, from near that of perfect information to near nothing."""
    rng = np.random.default_rng(5)
    worth = rng.standard_normal(5000)
    benefit = np.stack([np.zeros_like(worth), worth], axis=1)
    shown = rng.standard_normal(5000)
    values = [
        sample_information(benefit, (worth + k * shown)[:, None], seed=0).value
        for k in (0.01, 0.5, 1.0, 3.0)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(perfect_information(benefit, seed=0).value, abs=0.01)


@pytest.fixture(scope="module")
def planned(law):  # noqa: F811
    """A plan whose P is near one half, so that gold matters."""
    return make_plan(law, MARKET, criterion(0.235), seed=SEED)


def test_a_real_law(law, planned):  # noqa: F811
    """On a fitted law: sorted by net worth, all below perfect information, the same each time."""
    shifts = 0.02 * np.random.default_rng(0).standard_normal((80, 2))
    prices = Prices(value=600.0, attack=0.2, attack_share=0.3, gold=0.001)
    args = (law, MARKET, criterion(0.235), planned, prices)
    got = what_next(*args, gold_shifts=shifts, seed=1)
    assert got.record() == what_next(*args, gold_shifts=shifts, seed=1).record()
    nets = [m.net for m in got.measurements]
    assert nets == sorted(nets, reverse=True)
    assert len(got.measurements) == 6
    for m in got.measurements:
        assert 0.0 <= m.worth.value <= got.perfect.value + 1e-9
    audits = {m.name: m.worth.value for m in got.measurements if "audit" in m.name}
    assert max(audits.values()) > 0.0
    assert got.best is not None
    assert got.best.net == nets[0] > 0.0


def test_it_stops_when_nothing_pays(law, planned):  # noqa: F811
    """With measurements that cost more than everything is worth, the advice is to go on without."""
    prices = Prices(value=300.0, run=1e6, gold=1e6, guideline=1e6, sweep=1e6)
    got = what_next(law, MARKET, criterion(0.235), planned, prices, seed=1)
    assert got.best is None
    assert all(m.net < 0.0 for m in got.measurements)
    assert got.stated


def test_little_value_means_buy_nothing(law, planned):  # noqa: F811
    """Where the criterion is worth less than any purchase, nothing is bought or measured."""
    got = what_next(law, MARKET, criterion(0.235), planned, Prices(value=0.5), seed=1)
    assert got.action == "buy nothing"
    assert got.best is None
    assert got.perfect.value == 0.0


def test_value_implied_by_the_budget(law, planned):  # noqa: F811
    """Without a stated value, it is the least at which the whole budget is worth spending."""
    got = what_next(law, MARKET, criterion(0.235), planned, Prices(), seed=1)
    p = planned.recommended.forecast.p.value
    assert got.value == pytest.approx(MARKET.money / p)
    assert not got.stated
