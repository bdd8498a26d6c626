"""A confidence sequence on fresh gold: right whenever one looks, and not much slower for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from suffice.cli import main
from suffice.errors import InputError
from suffice.forecast import judge_gold, read_fresh_gold
from suffice.forecast._enough import bounds, log_evidence, stratified_evidence
from suffice.forecast.theory import failure_rate, trials_needed

ALPHA = 0.05
BAR = np.log(1.0 / ALPHA)


def most_wrong(limit: float, steps: int, *, above: bool = False) -> np.ndarray:
    """The most wrong (or right) items with which "enough" is said, at every step [step]."""
    n = np.arange(1, steps + 1)
    k = np.arange(int(limit * steps) + 2) if not above else np.arange(int((1 - limit) * steps) + 2)
    counts = np.minimum(k[:, None], n)
    wrong = n - counts if above else counts
    said = (log_evidence(wrong, n, limit, above=above) >= BAR) & (k[:, None] <= n)
    # Evidence also rises where far more are wrong than the limit says: those do not count.
    rate = (1 - limit if above else limit) * n
    return np.where(said & (k[:, None] < rate), k[:, None], -1).max(axis=0)


def test_looking_at_every_step_is_wrong_at_most_alpha_of_the_time():
    """1,000 models exactly at the limit, looked at after each of 2,000 items: at most 5 % are ever
    called enough, where a fixed-n interval looked at as often calls more than 20 % of them so."""
    rng = np.random.default_rng(1)
    n = np.arange(1, 2001)
    for limit in (0.05, 0.3):
        wrong = np.cumsum(rng.random((1000, len(n))) < limit, axis=1, dtype=np.int32)
        false = int((wrong <= most_wrong(limit, len(n))).any(axis=1).sum())
        assert 0 < false <= 0.05 * 1000
        right = n - wrong
        also = int((right <= most_wrong(limit, len(n), above=True)).any(axis=1).sum())
        assert 0 < also <= 0.05 * 1000
    limit, looked = 0.3, n[49::10]
    fixed = np.array([binom.ppf(ALPHA, m, limit) - 1 for m in looked])
    assert (wrong[:, looked - 1] <= fixed).any(axis=1).mean() > 0.2


@pytest.mark.parametrize("order", ["random", "chased"])
def test_strata_are_safe_too(order):
    """Slices sampled at other shares than their own, even when the next slice is chosen by what
    was seen: at the worst weighted mean, "enough" is said at most 5 % of the time."""
    rng = np.random.default_rng(2)
    weights = np.array([0.8, 0.2])
    rates = np.array([0.02, 0.17])  # the weighted mean is exactly .05
    crowds, steps = 200, 250
    k, n = np.zeros((crowds, 2)), np.zeros((crowds, 2))
    said = np.zeros(crowds, dtype=bool)
    for _ in range(steps):
        nxt = rng.integers(0, 2, crowds)
        if order == "chased":  # always ask where it looks best
            nxt = ((k + 1) / (n + 2)).argmin(axis=1)
        n[np.arange(crowds), nxt] += 1
        k[np.arange(crowds), nxt] += rng.random(crowds) < rates[nxt]
        said |= stratified_evidence(k, n, weights, 0.05) >= BAR
    assert said.mean() <= ALPHA


def test_power_beside_a_fixed_number_of_items():
    """The price of looking at any time: at half the limit, the median wait is at most 1.2 times the
    items that a fixed-n test needs for 90 % power; at a tenth of it, 1.3 times."""
    rng = np.random.default_rng(3)
    limit, steps = 0.05, 4000
    most = most_wrong(limit, steps)
    for rate, price in ((0.025, 1.2), (0.005, 1.3)):
        sizes = np.arange(20, 3000, 5)
        # Clopper-Pearson says "enough" with k wrong when so few are a 5 % chance at the limit.
        passing = binom.ppf(ALPHA, sizes, limit) - 1
        fixed = sizes[np.flatnonzero(binom.cdf(passing, sizes, rate) >= 0.9)[0]]
        wrong = np.cumsum(rng.random((400, steps)) < rate, axis=1, dtype=np.int32)
        crossed = wrong <= most
        assert crossed.any(axis=1).mean() > 0.99
        assert np.median(crossed.argmax(axis=1) + 1) <= price * fixed


@given(st.integers(0, 60), st.integers(0, 400), st.floats(0.02, 0.5))
def test_bounds_and_evidence_agree(k, more, limit):
    """The upper bound lies below a limit exactly when the evidence for that is enough."""
    n = k + more
    if n == 0:
        return
    low, high = bounds(k, n, ALPHA)
    assert 0.0 <= low <= k / n <= high <= 1.0
    if abs(high - limit) < 1e-6:
        return
    below = float(log_evidence(np.array(k), np.array(n), limit)) >= BAR and k / n < limit
    assert below == (high < limit)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=60), st.floats(0.05, 0.9))
def test_one_stratum_is_the_plain_case_with_an_uncut_mixture(wrong, limit):
    """With one slice, the least favourable rate is the limit itself (or the counts' own rate)."""
    k, n = np.cumsum(wrong), np.arange(1, len(wrong) + 1)
    got = stratified_evidence(k[:, None], n[:, None], np.ones(1), limit)
    from scipy.special import betaln, xlog1py, xlogy

    rate = np.maximum(k / n, limit)
    want = betaln(0.5 + k, 0.5 + n - k) - betaln(0.5, 0.5) - xlogy(k, rate) - xlog1py(n - k, -rate)
    np.testing.assert_allclose(got, want, atol=1e-6)


def test_the_least_favourable_rates_are_found():
    """Against a fine grid of rates with the weighted mean at the limit."""
    k, n, w, limit = np.array([[2.0, 3.0]]), np.array([[120.0, 30.0]]), np.array([0.7, 0.3]), 0.12
    p0 = np.linspace(0.0, limit / w[0], 20001)[1:-1]
    p1 = (limit - w[0] * p0) / w[1]
    from scipy.special import betaln

    fit = 2 * np.log(p0) + 118 * np.log1p(-p0) + 3 * np.log(p1) + 27 * np.log1p(-p1)
    mix = sum(betaln(0.5 + a, 0.5 + b - a) - betaln(0.5, 0.5) for a, b in ((2, 120), (3, 30)))
    assert stratified_evidence(k, n, w, limit)[0] == pytest.approx(mix - fit.max(), abs=1e-4)


def test_all_parts_must_hold():
    """Few errors overall are not enough while a slice has not been shown to hold."""
    rng = np.random.default_rng(4)
    slices = np.where(np.arange(900) % 30 == 0, "hard", "easy")
    wrong = (rng.random(900) < 0.01).astype(int)
    assert judge_gold(wrong, 0.05).conclusion == "enough"
    both = judge_gold(wrong, 0.05, slices=list(slices), slice_limits={"hard": 0.05})
    assert both.conclusion == "go on"
    loose = judge_gold(wrong, 0.05, slices=list(slices), slice_limits={"hard": 0.3})
    assert loose.conclusion == "enough"
    assert loose.at == max(p.below for p in loose.tested)
    assert judge_gold((rng.random(900) < 0.2).astype(int), 0.05).conclusion == "not enough"


def test_a_verdict_stands():
    """Once declared, later items do not take it back; the same prefix gives the same answer."""
    wrong = [0] * 150 + [1] * 5 + [0] * 20
    first = judge_gold(wrong[:150], 0.05)
    later = judge_gold(wrong, 0.05)
    assert first.conclusion == later.conclusion == "enough"
    assert first.at == later.at <= 150


def test_rare_severe_failures():
    """With none seen, "enough" comes with the items that rule the rate out, at any time at most
    twice those of a fixed test; with one seen it takes longer; with many it is not enough."""
    wrong, none = np.zeros(2000, dtype=int), np.zeros(2000, dtype=int)
    said = judge_gold(wrong, 0.05, severe=none, severe_limit=0.01)
    (part,) = [p for p in said.tested if p.name == "severe"]
    fixed = trials_needed(0.01).value
    assert said.conclusion == "enough"
    assert fixed <= part.below == said.at <= 2 * fixed
    seen = none.copy()
    seen[10] = 1
    later = judge_gold(wrong, 0.05, severe=seen, severe_limit=0.01)
    assert later.at > said.at
    often = (np.arange(2000) % 20 == 0).astype(int)
    assert judge_gold(wrong, 0.05, severe=often, severe_limit=0.01).conclusion == "not enough"
    # After m items without one the bound is above the 3/m of a look that was fixed beforehand.
    high = judge_gold(wrong[:300], 0.05, severe=none[:300], severe_limit=0.01).tested[-1].error.high
    assert failure_rate(300).value < high < 2.5 * failure_rate(300).value


def test_rarely_called_enough_at_the_limit_of_severe_failures():
    """500 models that fail severely exactly as often as allowed, looked at after every item: at
    most 5 % and chance are ever called enough."""
    rng = np.random.default_rng(8)
    wrong = np.zeros(1500, dtype=int)
    called = sum(
        judge_gold(
            wrong, 0.05, severe=(rng.random(1500) < 0.02).astype(int), severe_limit=0.02
        ).conclusion
        == "enough"
        for _ in range(500)
    )
    assert called <= 0.05 * 500 + 3 * np.sqrt(500 * 0.05 * 0.95)


def run(*arguments: object) -> int:
    """Run the command line; its exit code."""
    with pytest.raises(SystemExit) as left:
        main([str(a) for a in arguments])
    return int(left.value.code or 0)


def test_the_command(tmp_path, capsys):
    """It prints the verdict with bounds, and refuses gold that was used."""
    gold = tmp_path / "gold.csv"
    rows = [f"t{i},{'a' if i % 40 else 'b'},a,easy" for i in range(400)]
    gold.write_text("task,label,gold,slice\n" + "\n".join(rows) + "\n")
    assert run("enough", gold, "--error", ".06", "--slice-error", "easy=.07") == 0
    said = capsys.readouterr().out
    assert said.startswith("enough, since item ")
    assert "10 of 400 wrong: 0.0250" in said
    assert max(map(len, said.splitlines())) <= 80
    assert run("enough", gold, "--error", ".08", "--share", "easy=1", "--json") == 0
    assert '"verdict": "enough"' in capsys.readouterr().out
    severe = tmp_path / "severe.csv"
    severe.write_text("wrong,severe\n" + 900 * "0,0\n")
    assert run("enough", severe, "--error", ".06", "--severe", ".01") == 0
    assert "severe               0 of 900 wrong" in capsys.readouterr().out
    assert run("enough", gold, "--error", ".06", "--severe", ".01") == 2
    assert "a column 'severe'" in capsys.readouterr().err
    used = tmp_path / "labels.csv"
    used.write_text("task,worker,label\nt7,w,a\n")
    assert run("enough", gold, "--error", ".06", "--used", used) == 2
    assert "1 of 400 tasks are in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no judged items"),
        ("a,b\n1,2\n", "it needs 'wrong'"),
        ("wrong\n2\n", "line 2: wrong = '2'"),
        ("wrong,task\n0,a\n1,a\n", "task 'a' was judged before, in line 2"),
        ("wrong,slice\n0,\n", "line 2: has no slice"),
        ("label,gold\nx,\n", "line 2: lacks a label"),
        ("wrong,task\n0\n", "line 2: has not as many cells"),
        ("wrong,severe\n0,maybe\n", "line 2: severe = 'maybe'"),
    ],
)
def test_bad_gold_is_one_line(tmp_path, text, said):
    """What is wrong, and where."""
    path = tmp_path / "gold.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        read_fresh_gold(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"limit": 0.0}, "overall limit is 0"),
        ({"alpha": 2.0}, "alpha is 2"),
        ({"slice_limits": {"hard": 0.1}}, "no gold of slice 'hard'"),
        ({"slices": ["a", "b"], "shares": {"a": 0.5}}, "slice 'b' has gold but no share"),
        ({"severe_limit": 0.01}, "none of the gold is judged for them"),
        ({"severe": [0, 0], "severe_limit": 1.5}, "the limit of severe failures is 1.5"),
        ({"severe": [0], "severe_limit": 0.5}, "1 items judged for severe failures, 2 for errors"),
    ],
)
def test_bad_limits_are_one_line(more, said):
    """So are limits and shares that cannot be."""
    with pytest.raises(InputError, match=said):
        judge_gold([0, 1], **{"limit": 0.1, **more})
