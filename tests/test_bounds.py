"""Theory's bounds, each against a case that can be computed exactly; and what the guard does."""

from __future__ import annotations

import itertools
import json
from bisect import bisect_left
from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

import numpy as np
import pytest
from report_study import study_files, write_study
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from suffice.cli import main
from suffice.errors import InputError
from suffice.estimate import Estimate
from suffice.forecast.theory import (
    Bound,
    best_of_n,
    capacity,
    dimension_bound,
    enough_for_class,
    failure_rate,
    gold_to_choose,
    guard,
    information_bound,
    information_needed,
    malicious_error,
    malicious_share,
    ratings_order,
    reinforcement,
    task_bits,
    trials_needed,
    two_rules_bound,
    upper_rate,
)
from suffice.forecast.theory._noise import coin_error

if TYPE_CHECKING:
    from pathlib import Path


def bayes_error(rules: np.ndarray, error: float) -> float:
    """Error of the best decoder of equally likely rules [rule, label], by enumeration."""
    outputs = np.array(list(itertools.product((0, 1), repeat=rules.shape[1])))
    wrong = (outputs[:, None, :] != rules[None]).sum(axis=2)
    chance = error**wrong * (1.0 - error) ** (rules.shape[1] - wrong)
    return float(1.0 - chance.max(axis=1).sum() / len(rules))


# ---- information ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [0.0, 0.05, 0.2, 0.4])
@pytest.mark.parametrize("hypotheses", [2, 3, 8, 16])
def test_fano_holds_for_the_best_decoder(hypotheses: int, error: float) -> None:
    """No code of any rules over 8 labels lets the best decoder beat the information bound."""
    rng = np.random.default_rng([hypotheses, int(100 * error)])
    tightest = 0.0
    for labels in (2, 5, 8):
        for _ in range(12):
            rules = rng.integers(0, 2, (hypotheses, labels))
            failed = bayes_error(rules, error)
            bound = information_bound(
                information_needed(hypotheses, failed), capacity(error), prior="they are drawn"
            )
            assert bound.value <= labels + 1e-9
            tightest = max(tightest, bound.value / labels)
    assert tightest > 0.3  # the bound says something


def test_fano_is_exact_without_noise() -> None:
    """k clean labels name one of 2^k rules: the bound is reached."""
    rules = np.array(list(itertools.product((0, 1), repeat=4)))
    assert bayes_error(rules, 0.0) == 0.0
    assert information_bound(information_needed(16, 0.0), 1.0, prior="x").value == 4.0


def test_repetition_code() -> None:
    """Repeats of one task: the best decoder is the majority, and it needs more than I/C."""
    for n in (1, 3, 9, 13):
        failed = float(binom.sf(n // 2, n, 0.3))
        assert bayes_error(np.array([[0] * n, [1] * n]), 0.3) == pytest.approx(failed)
        assert information_needed(2, failed) <= task_bits(0.3, n) + 1e-12
        assert task_bits(0.3, n) <= n * capacity(0.3) + 1e-12


@pytest.mark.parametrize(("error", "shared"), [(0.1, 0.0), (0.3, 0.1), (0.25, 0.25), (0.4, 0.05)])
def test_task_bits_by_enumeration(error: float, shared: float) -> None:
    """Bits of r labels with shared error are those of all 2^r label strings."""
    alone = (error - shared) / (1.0 - 2.0 * shared)
    for r in (1, 2, 5):
        outputs = np.array(list(itertools.product((0, 1), repeat=r)))

        def given(truth: int, outputs: np.ndarray = outputs, r: int = r) -> np.ndarray:
            def labels(base: int) -> np.ndarray:
                wrong = (outputs != base).sum(axis=1)
                return alone**wrong * (1.0 - alone) ** (r - wrong)

            return (1.0 - shared) * labels(truth) + shared * labels(1 - truth)

        joint = 0.5 * np.array([given(0), given(1)])
        middle = joint.sum(axis=0)
        seen = joint > 0.0
        ratio = np.divide(joint, 0.5 * middle, out=np.ones_like(joint), where=seen)
        bits = (joint * np.log2(ratio)).sum()
        assert task_bits(error, r, shared) == pytest.approx(bits, abs=1e-12)
    assert task_bits(error, 1, shared) == pytest.approx(capacity(error))
    with pytest.raises(InputError, match="it is a part of the error"):
        task_bits(error, 3, error + 0.05)
    # More labels of a task never carry more than its shared error lets through.
    assert task_bits(error, 400, shared) == pytest.approx(capacity(shared), abs=1e-3)


def test_information_is_never_negative() -> None:
    """A prior that has settled the matter needs nothing, and no label carries less than nothing."""
    assert information_needed(1, 0.1) == 0.0
    assert information_needed(2, 0.5) == 0.0
    assert information_needed(10, 0.95) == 0.0
    assert information_bound(0.0, 0.0, prior="known").value == 0.0
    assert information_bound(1.0, 0.0, prior="known").value == np.inf


# ---- noise ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "mass", "error"), [(1, 1.0, 0.2), (6, 0.4, 0.3), (9, 0.2, 0.0)])
def test_best_guess_of_a_coin(n: int, mass: float, error: float) -> None:
    """The best guess from a random number of labels, summed by hand."""
    total = 0.0
    for k in range(n + 1):
        wrong = sum(
            binom.pmf(j, k, error) * (1.0 if 2 * j > k else 0.5 if 2 * j == k else 0.0)
            for j in range(k + 1)
        )
        total += binom.pmf(k, n, mass) * wrong
    assert coin_error(n, mass, error) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("error", [0.0, 0.1, 0.3, 0.45])
@pytest.mark.parametrize("target", [0.02, 0.2])
def test_two_rules_need_that_many(target: float, error: float) -> None:
    """With one label less than the bound, even the best test of two rules fails too often."""
    for failure in (0.01, 0.05, 0.2):
        value = two_rules_bound(target, failure, error).value
        exact = bisect_left(
            range(10**6), True, key=lambda n: coin_error(n, 2.0 * target, error) <= failure
        )
        assert value <= exact
        assert value > exact / 12.0


def test_enough_for_a_class_is_enough() -> None:
    """Keeping the rule with fewest disagreements fails at most as often as promised."""
    rng = np.random.default_rng(5)
    hypotheses, kinds, error, target, failure = 60, 40, 0.2, 0.15, 0.1
    rules = rng.integers(0, 2, (hypotheses, kinds))
    bound = enough_for_class(target, hypotheses, failure, error)
    apart = (rules != rules[0]).mean(axis=1)

    def failures(n: int, trials: int = 1500) -> float:
        seen = rng.multinomial(n, np.full(kinds, 1.0 / kinds), size=trials)
        wrong = rng.binomial(seen, error)
        agreed = np.where(rules[0] == 1, seen - wrong, wrong)  # labels that say 1
        miss = (seen - agreed) @ rules.T + agreed @ (1 - rules).T
        return float((apart[miss.argmin(axis=1)] > target).mean())

    assert failures(int(bound.value)) <= failure
    assert failures(int(bound.value) // 12) > failure


def test_enough_for_two_rules_is_exact_chernoff() -> None:
    """For one rival rule the failure promised is above the exact one, and not by much."""
    target, error, failure = 0.3, 0.25, 0.02
    n = int(enough_for_class(target, 2, failure, error).value)
    exact = coin_error(n, target, error)
    assert failure / 20.0 < exact <= failure


@pytest.mark.parametrize("error", [0.0, 0.2, 0.4])
def test_dimension_bound_fools_the_best_learner(error: float) -> None:
    """With fewer labels than the bound, random coins beat the best learner more often than h."""
    rng = np.random.default_rng(8)
    kinds, target, failure = 24, 0.1, 0.05
    bound = dimension_bound(target, failure, error, kinds).value
    n, worst = int(0.95 * bound), 0.0
    for mass in target * 2.0 ** np.arange(1.125, 3.4, 0.25):
        if mass > 1.0:
            continue
        seen = rng.multinomial(n, [*np.full(kinds, mass / kinds), 1.0 - mass], 3000)[:, :kinds]
        votes = seen - 2 * rng.binomial(seen, error)
        guess_wrong = (votes < 0) | ((votes == 0) & (rng.random(votes.shape) < 0.5))
        worst = max(worst, float((guess_wrong.sum(axis=1) * mass / kinds > target).mean()))
    assert worst > failure


def test_noise_raises_every_bound() -> None:
    """All bounds grow with noise and shrink with the error allowed."""
    for make in (
        lambda t, e: two_rules_bound(t, 0.05, e).value,
        lambda t, e: enough_for_class(t, 1000, 0.05, e).value,
        lambda t, e: dimension_bound(t, 0.05, e, 50).value,
    ):
        assert make(0.1, 0.1) < make(0.1, 0.3) < make(0.1, 0.45)
        assert make(0.2, 0.2) < make(0.1, 0.2) < make(0.05, 0.2)


# ---- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0.05, 0.3])
def test_malicious_two_points(target: float) -> None:
    """At the share t/(1+t) labels look alike under both rules; below it they do not."""

    def seen(share: float) -> tuple[np.ndarray, np.ndarray]:
        # Chance of (task where rules agree, disputed task labelled 1, labelled 0); the attacker
        # puts his labels on disputed tasks, against the rule that is right.
        honest = (1.0 - share) * np.array([1.0 - target, target, 0.0])
        first = honest + share * np.array([0.0, 0.0, 1.0])
        return first, first[[0, 2, 1]]

    limit = malicious_share(target).value
    assert np.allclose(*seen(limit))
    for share in (0.5 * limit, 0.99 * limit):
        one, other = seen(share)
        assert np.abs(one - other).sum() > 0.0
    assert malicious_error(limit).value == pytest.approx(target)


def test_gold_chooses_the_honest() -> None:
    """Exact chance that impostors do as well on gold, errors independent or on the same tasks."""
    honest, impostor, failure = 0.1, 0.4, 0.05
    m = int(gold_to_choose(0.4, honest, impostor, failure).value)
    a, b = (binom.pmf(np.arange(m + 1), m, p) for p in (honest, impostor))
    assert float((b * np.cumsum(a[::-1])[::-1]).sum()) <= failure
    # Impostors err wherever the honest do, and on more: the honest then never do worse.
    assert (1.0 - (impostor - honest)) ** m <= failure


def test_gold_bound_at_its_ends() -> None:
    """An honest majority needs no gold; impostors as good as the honest cannot be told apart."""
    assert gold_to_choose(0.51, 0.1, 0.4, 0.05).value == 0.0
    assert gold_to_choose(0.3, 0.2, 0.2, 0.05).value == np.inf
    assert gold_to_choose(0.1, 0.1, 0.4, 0.05).value > gold_to_choose(0.4, 0.1, 0.4, 0.05).value
    workers, manager = ratings_order(0.25, 0.5, 0.1)
    assert workers.value / ratings_order(0.5, 0.5, 0.1)[0].value == pytest.approx(8.0)
    assert manager.value / ratings_order(0.25, 0.5, 0.2)[1].value == pytest.approx(4.0)


# ---- optimisation against a proxy ----------------------------------------------------------------


@pytest.mark.parametrize(("gain", "loss"), [(1.0, 0.2), (0.3, 0.25), (2.0, 0.9)])
def test_optima_by_search(gain: float, loss: float) -> None:
    """d* is where a search finds the best reward."""
    best = minimize_scalar(lambda d: -d * (gain - loss * d), bounds=(0.0, 50.0), method="bounded")
    far = minimize_scalar(
        lambda d: -d * (gain - loss * log(d)), bounds=(1e-9, 400.0), method="bounded"
    )
    distance, samples = best_of_n(gain, loss)
    assert distance.value == pytest.approx(best.x, rel=1e-4)
    assert reinforcement(gain, loss).value == pytest.approx(far.x, rel=1e-3)
    n = samples.value
    assert log(n) - (n - 1.0) / n == pytest.approx(distance.value**2, rel=1e-9)


def test_divergence_of_best_of_n() -> None:
    """At a distance stands the n whose maximum of n uniforms diverges so far, by integration."""
    u = (np.arange(200_000) + 0.5) / 200_000
    for n in (1, 2, 16):
        density = n * u ** (n - 1)
        kl = float((density * np.log(density)).mean())
        assert kl == pytest.approx(log(n) - (n - 1.0) / n, abs=1e-4)
        if n > 1:
            _, samples = best_of_n(2.0 * np.sqrt(kl), 1.0)
            assert samples.value == pytest.approx(n, rel=1e-3)


# ---- rare failures -------------------------------------------------------------------------------


@pytest.mark.parametrize("trials", [10, 300, 5000])
def test_zero_seen_in_m(trials: int) -> None:
    """With nothing seen the bound is where m clean trials have chance h: about 3/m."""
    bound = failure_rate(trials).value
    assert (1.0 - bound) ** trials == pytest.approx(0.05, rel=1e-9)
    assert bound == pytest.approx(3.0 / trials, rel=0.15)
    assert failure_rate(trials, 1).value > 1.5 * bound
    assert failure_rate(trials, trials).value == 1.0


@pytest.mark.parametrize(("missed", "false_alarm"), [(0.0, 0.0), (0.3, 0.0), (0.2, 0.01)])
def test_rare_bound_covers(missed: float, false_alarm: float) -> None:
    """Whatever the true rate, the bound is too low with chance at most h: exact sums."""
    trials = 120
    bound = np.array(
        [
            failure_rate(trials, k, 0.05, missed=missed, false_alarm=false_alarm).value
            for k in range(trials + 1)
        ]
    )
    for rate in np.linspace(0.001, 0.4, 40):
        marked = rate * (1.0 - missed) + (1.0 - rate) * false_alarm
        too_low = binom.pmf(np.arange(trials + 1), trials, marked)[bound < rate].sum()
        assert too_low <= 0.05 + 1e-9


def test_many_counts_at_once() -> None:
    """The bound for an array of counts is that of each, and it grows with the count to one."""
    counts = np.array([[0, 1, 5], [50, 99, 100]])
    found = upper_rate(counts, 100, 0.05, missed=0.1)
    alone = [[failure_rate(100, int(k), 0.05, missed=0.1).value for k in row] for row in counts]
    assert np.allclose(found, alone, rtol=1e-12, atol=0.0)
    assert (np.diff(found.ravel()) >= 0.0).all()
    assert found[0, 0] == pytest.approx((1.0 - 0.05 ** (1 / 100)) / 0.9)
    with pytest.raises(InputError, match="101 failures in 100 trials"):
        upper_rate([3, 101], 100)


def test_checks_for_a_claim() -> None:
    """One trial fewer than needed would leave the claim open; noisy gold needs more."""
    for rate in (0.3, 0.05, 0.001):
        m = int(trials_needed(rate).value)
        assert failure_rate(m).value <= rate < failure_rate(m - 1).value
        assert trials_needed(rate, missed=0.5).value >= 1.9 * m - 2
    assert trials_needed(0.1).holds_here is True


# ---- guard ---------------------------------------------------------------------------------------

FLOOR = information_bound(20.0, 0.2, prior="20 bits are left")


def test_guard_clips_only_what_holds() -> None:
    """A bound that holds moves draws; one with an if only flags; one that fails does nothing."""
    draws = np.array([50.0, 80.0, 120.0, 200.0])
    clipped = guard(draws, [FLOOR.holding(True)])
    assert clipped.labels.draws is not None
    assert clipped.labels.draws.tolist() == [100.0, 100.0, 120.0, 200.0]
    assert clipped.clipped_by == ("information",)
    assert clipped.flags == ()
    low = draws / 2.0
    flagged = guard(low, [FLOOR])
    assert flagged.labels.draws is not None
    assert flagged.labels.draws.tolist() == low.tolist()
    assert flagged.clipped_by == ()
    (flag,) = flagged.flags
    assert "if 20 bits are left" in flag
    assert "better than the worst case under an assumption" in flag
    silent = guard(low, [FLOOR.holding(False)])
    assert (silent.clipped_by, silent.flags) == ((), ())


def test_guard_uses_the_lenient_end() -> None:
    """An uncertain bound clips at the end that it is sure of, and bounds from above as well."""
    wide = replace(FLOOR.holding(True), low=60.0, high=150.0)
    given = Estimate(80.0, 40.0, 200.0, method="law")
    assert guard(given, [wide]).labels.low == 60.0
    enough = Bound("enough", "labels", 90.0, "upper", ("x",), "y", holds_here=True)
    kept = guard(given, [wide, enough]).labels
    assert (kept.low, kept.value, kept.high) == (60.0, 80.0, 90.0)
    other = replace(enough, quantity="gold trials")
    assert guard(given, [other]).labels == given


def test_no_learner_beats_a_floor_that_holds() -> None:
    """Where rules really are drawn uniformly, what the best decoder needs is never clipped."""
    rules = np.random.default_rng(2).integers(0, 2, (8, 12))
    needed = next(n for n in range(1, 13) if bayes_error(rules[:, :n], 0.05) <= 0.2)
    bits = information_needed(8, 0.2)
    floor = information_bound(bits, capacity(0.05), prior="they are drawn", holds_here=True)
    assert guard(np.array([float(needed)]), [floor]).clipped_by == ()


# ---- command line and bad input ------------------------------------------------------------------

NUMBERS = ["bounds", "--error", ".15", "--hypotheses", "1e6", "--failure", ".05", "--target", ".1"]
MORE = ["--dimension", "384", "--hostile", ".1", "--honest", ".3", "--trials", "300"]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    return capsys.readouterr().out


def test_table_names_assumptions(capsys: pytest.CaptureFixture[str]) -> None:
    """Every bound stands in the table with its condition and its numbered assumptions."""
    out = run([*NUMBERS, *MORE, "--gain", "1", "--loss", ".2"], capsys)
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(out.split())
    for words in ("at least 47.8 labels", "1e+06 rules are", "for 3/m"):
        assert words in text
    assert [line for line in lines if line.startswith("malicious share")]
    assert "best at 2.5 sqrt" in text


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as JSON, with nothing else on standard output."""
    found = json.loads(run([*NUMBERS, *MORE, "--json"], capsys))
    names = {b["name"]: b for b in found["bounds"]}
    assert names["information"]["value"] == pytest.approx(18.64 / capacity(0.15), rel=1e-3)
    assert names["checks for a claim"]["holds_here"] is True
    assert all(b["assumptions"] and b["reference"] for b in found["bounds"])


def test_shared_error_voids_the_guarantee(capsys: pytest.CaptureFixture[str]) -> None:
    """Labels that share their errors carry fewer bits, and independent flips no longer hold."""
    plain = json.loads(run([*NUMBERS, "--labels-per-task", "3", "--json"], capsys))["bounds"]
    shared = ["--labels-per-task", "3", "--shared", ".1", "--json"]
    both = json.loads(run([*NUMBERS, *shared], capsys))["bounds"]
    assert both[0]["value"] > plain[0]["value"]
    for found in (plain, both):  # repeats of a task are no independent labels either
        assert [b["holds_here"] for b in found if b["name"] == "enough for a class"] == [False]
        assert all(b["holds_here"] for b in found if b["direction"] == "lower")


def test_study_is_held_against_theory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A finished study's forecasts are read, and flagged where theory needs more than they say."""
    files = study_files()
    write_study(tmp_path, files)
    out = run(["bounds", "--out", str(tmp_path)], capsys)
    assert max(map(len, out.splitlines())) <= 80
    assert "The recommended purchase carries at most" in out
    found = json.loads(run(["bounds", "--out", str(tmp_path), "--json"], capsys))
    assert {b["name"].split(":")[0] for b in found["bounds"]} >= {"crowd", "judge"}
    assert found["forecasts"]
    assert all(not f["flags"] for f in found["forecasts"].values())
    # A model that must learn ten thousand bits from labels cannot do with so few.
    many = ["bounds", "--bits", "10000", "--out", str(tmp_path), "--json"]
    for f in json.loads(run(many, capsys))["forecasts"].values():
        assert f["clipped_by"] == []
        assert any("prior leaves 1e+04 bits" in flag for flag in f["flags"])


def test_study_must_be_finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a study's files one line says which command writes them."""
    with pytest.raises(SystemExit) as ended:
        main(["bounds", "--out", str(tmp_path)])
    assert ended.value.code == 2
    assert "supply.json is missing (run `suffice supply`)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--error", ".6"], "error = 0.6"),
        (["--error", ".1", "--hypotheses", "0"], "hypotheses = 0"),
        (["--error", ".1", "--target", ".1", "--failure", "0"], "failure = 0"),
        (["--trials", "0"], "trials = 0"),
        (["--trials", "10", "--failures", "11"], "11 failures in 10 trials"),
        (["--trials", "10", "--missed", "1"], "missed = 1"),
        (["--gain", "1"], "--gain and --loss belong together"),
        (["study.toml", "--error", ".1"], "a study measures the error itself"),
        (["--gain", "1", "--loss", "-1"], "both must be positive"),
        (["--error", ".1", "--target", ".1", "--dimension", "0"], "dimension = 0"),
        (["--error", ".1", "--hostile", ".7"], "share = 0.7"),
    ],
)
def test_bad_numbers(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number that cannot be is refused in one line."""
    with pytest.raises(SystemExit) as ended:
        main(["bounds", *arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_refused_in_python() -> None:
    """The functions refuse as the command does."""
    with pytest.raises(InputError, match="more than 0"):
        malicious_share(0.0)
    with pytest.raises(InputError, match="trials = 0"):
        failure_rate(0)
