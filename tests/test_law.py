"""The law: what it says of cells it has not seen, and when it refuses to speak."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from suffice.curve import Curve, ResolvedCurve, Tranche
from suffice.demand.law._baselines import held_out_table
from suffice.demand.law._families import WEIGHT
from suffice.demand.law._law import FittedLaw, fit_law
from suffice.demand.law._law_file import LawTask, fit_laws
from suffice.demand.law._sampler import sample
from suffice.demand.law._terms import Shape, SourceTable, Terms, basis
from suffice.errors import ConvergenceError, InputError
from suffice.metric import error_rate
from suffice.progress import SilentProgress

METRICS = (error_rate(), error_rate("easy"), error_rate("odd"))
TABLE = SourceTable(
    names=("expert", "crowd", "judge"),
    log_worth=np.log([1.0, 0.6, 0.3]),
    repeats={"expert": {1: 0.0}, "crowd": {1: 0.0, 3: 0.35}, "judge": {1: 0.0}},
    bias=np.array([2.0, 2.0, 14.0]),
)


def truth(curve: Curve) -> np.ndarray:
    """Mean error [metric] of a world that is not of the law's own family.

    Worth saturates, the judge teaches a shared error on the odd slice, and later rounds forget.
    """
    last = max(t.round for t in curve)
    worth = pull = judged = 0.0
    for t in curve:
        each = {"expert": 1.0, "crowd": 0.55, "judge": 0.35}[t.source]
        each *= {1: 1.0, 3: 1.5}[t.labels_per_task]
        amount = each * t.tasks
        kept = 0.3 if t.round < last else 1.0
        worth += amount * (0.7 if t.round < last else 1.0)
        pull += amount * kept
        judged += amount * kept if t.source == "judge" else 0.0
    share = judged / pull
    easy = 0.18 + 0.32 * np.exp(-((worth / 120.0) ** 0.35))
    odd = 0.24 + 0.26 * np.exp(-((worth / 150.0) ** 0.35)) + 0.06 * share**1.5
    return np.array([(easy + odd) / 2.0, easy, odd])


def draw_runs(curve: Curve, count: int, rng: np.random.Generator) -> np.ndarray:
    """Runs about the mean: correlated metrics, narrower for larger cells [run, metric]."""
    width = 0.004 + 0.06 / np.sqrt(curve.tasks)
    common = rng.standard_normal((count, 1))
    own = rng.standard_normal((count, 2))
    noise = width * (0.6 * common + 0.8 * own)
    slices = truth(curve)[1:] + noise
    return np.column_stack([slices.mean(axis=1), slices])


def some_curves(rng: np.random.Generator, count: int) -> list[Curve]:
    """Lines of each source and random mixtures, in one round or two."""
    curves = [
        Curve((Tranche(s, int(n)),))
        for s, top in (("expert", 1000), ("crowd", 3000), ("judge", 8000))
        for n in np.geomspace(80, top, 5)
    ]
    while len(curves) < count:
        sizes = np.exp(rng.uniform(np.log(60), np.log([900, 3000, 8000])))
        drop = int(rng.integers(3))
        kept = [i for i in range(3) if i != drop or rng.random() < 0.4]
        two = rng.random() < 0.35 and 2 in kept and len(kept) > 1
        curves.append(
            Curve(
                tuple(
                    Tranche(TABLE.names[i], int(sizes[i]), round=2 if two and i != 2 else 1)
                    for i in kept
                )
            )
        )
    return curves


def fitted(seed: int, cells: int = 40, runs: int = 10) -> tuple[FittedLaw, np.random.Generator]:
    """A law of the invented world."""
    rng = np.random.default_rng(seed)
    curves = some_curves(rng, cells)
    measured = [draw_runs(c, runs, rng) for c in curves]
    law = fit_law(curves, measured, METRICS, TABLE, model="m", scheme="probe", seed=seed)
    return law, rng


@cache
def first_law() -> FittedLaw:
    """One fitted law, for all files that take it."""
    return fitted(1)[0]


@pytest.fixture(scope="session")
def law() -> FittedLaw:
    """One fitted law."""
    return first_law()


def test_unseen_cells_are_forecast_with_honest_width(law: FittedLaw) -> None:
    """90 % intervals hold the true means of mixtures that were never measured."""
    rng = np.random.default_rng(77)
    unseen = some_curves(rng, 75)[15:]
    outcomes = law.outcomes(unseen, rng, draws=400, runs=10)
    low, high = np.quantile(outcomes.mean, [0.05, 0.95], axis=0)
    true = np.array([truth(c) for c in unseen])
    covered = ((low <= true) & (true <= high)).mean()
    assert 0.80 <= covered <= 0.99
    miss = np.sqrt(np.mean((outcomes.mean.mean(axis=0) - true) ** 2))
    assert miss < 0.006


def test_more_of_a_biased_source_can_hurt(law: FittedLaw) -> None:
    """Where the judge errs together, many of its labels raise the error, and the law says so."""
    rng = np.random.default_rng(3)
    few = Curve((Tranche("crowd", 1500), Tranche("judge", 100)))
    many = Curve((Tranche("crowd", 1500), Tranche("judge", 8000)))
    mean = law.outcomes([few, many], rng, draws=300, runs=10).mean.mean(axis=0)
    odd = METRICS.index(error_rate("odd"))
    assert mean[1, odd] > mean[0, odd] + 0.004


def test_more_clean_labels_help(law: FittedLaw) -> None:
    """Along the reference source the mean error falls."""
    rng = np.random.default_rng(4)
    line = [Curve((Tranche("expert", int(n)),)) for n in np.geomspace(80, 1000, 8)]
    mean = law.outcomes(line, rng, draws=300, runs=10).mean.mean(axis=0)[:, 0]
    assert (np.diff(mean) < 0.0).all()


def test_order_of_tranches_within_a_round_does_not_matter(law: FittedLaw) -> None:
    """Tranches of one round are pooled, so their order says nothing."""
    one = Curve((Tranche("crowd", 900), Tranche("expert", 200)))
    other = Curve((Tranche("expert", 200), Tranche("crowd", 900)))
    theta = law.posterior.draws[:50]
    shape = Shape.unpack(theta, TABLE)
    parts = basis(Terms.of([one, other], TABLE).ways, shape, TABLE)
    for part in (parts.learned, parts.rows, parts.places):
        np.testing.assert_allclose(part[:, 0], part[:, 1], rtol=1e-12)


def test_both_families_of_learning_curves_count(law: FittedLaw) -> None:
    """Draws come in the stated proportion, in each half of the posterior."""
    draws = law.posterior.draws
    assert law.families == pytest.approx(WEIGHT, abs=0.01)
    code = draws[:, Shape.column(TABLE)]
    middle = len(code) // 2
    assert code[:middle].mean() == pytest.approx(code[middle:].mean(), abs=0.01)
    assert [f.weight for f in law.record().families] == list(law.families.values())


def test_overall_error_stays_the_mean_of_its_slices(law: FittedLaw) -> None:
    """A linear relation between metrics that every run obeys is obeyed by every drawn mean."""
    rng = np.random.default_rng(5)
    mean = law.outcomes([Curve((Tranche("crowd", 700),))], rng, draws=50, runs=40).mean
    np.testing.assert_allclose(mean[..., 0], mean[..., 1:].mean(axis=-1), atol=1e-6)


def test_widths_follow_metric_size_and_source() -> None:
    """Runs on a judge's labels that are more alike on one slice are forecast so."""
    rng = np.random.default_rng(12)
    curves = some_curves(rng, 45)
    runs = []
    for c in curves:
        judged = sum(t.tasks for t in c if t.source == "judge") / c.tasks
        sd = np.array([0.01, 0.01 - 0.007 * judged]) * (500.0 / c.tasks) ** 0.25
        slices = truth(c)[1:] + sd * rng.standard_normal((12, 2))
        runs.append(np.column_stack([slices.mean(axis=1), slices]))
    law = fit_law(curves, runs, METRICS, TABLE, model="m", scheme="probe")
    asked = [Curve((Tranche("judge", 3000),)), Curve((Tranche("expert", 900),))]
    spread = law.outcomes(asked, rng, draws=200, runs=10).spread.mean(axis=0)
    assert spread[0, 2] < 0.6 * spread[0, 1]
    assert spread[1, 2] == pytest.approx(spread[1, 1], rel=0.3)


def test_sample_is_joint_and_names_what_it_is_of(law: FittedLaw) -> None:
    """``sample`` gives [draw, run, metric] and refuses another model."""
    from suffice.channel import FixedPosterior, NoisyChannel, Profile, Source

    flat = Profile(np.full((1, 1), 0.2), np.ones((1, 1)), np.zeros((1, 1)))
    sources = {"crowd": Source("crowd", 0.1, FixedPosterior(NoisyChannel("crowd", flat)))}
    rng = np.random.default_rng(6)
    resolved = Curve((Tranche("crowd", 500),)).resolve(sources, rng)
    assert law.sample("m", "probe", resolved, rng, draws=7, runs=11).shape == (7, 11, 3)
    with pytest.raises(InputError, match="not of other under probe"):
        law.sample("other", "probe", resolved, rng)


def test_no_error_lies_below_nothing() -> None:
    """Runs in two clusters leave wide doubts, of which none reaches below 0 or above 1."""
    rng = np.random.default_rng(8)
    curves = some_curves(rng, 24)
    runs = [
        np.where(rng.random((6, 1)) < 0.5, 0.03, 0.5) + 0.005 * rng.standard_normal((6, 3))
        for _ in curves
    ]
    law = fit_law(curves, runs, METRICS, TABLE, model="m", scheme="probe")
    found = law.outcomes([Curve.parse("3000 expert")], rng, draws=200, runs=50)
    for values in (found.mean, found.runs()):
        assert values.min() >= 0.0
        assert values.max() <= 1.0


def test_unknown_source_is_named(law: FittedLaw) -> None:
    """A source that no measured cell held cannot be forecast."""
    with pytest.raises(InputError, match="has not seen source 'oracle'"):
        law.outcomes([Curve((Tranche("oracle", 5),))], np.random.default_rng(0), draws=5, runs=5)


def test_distance_in_words(law: FittedLaw) -> None:
    """Inside, near and far go by clean-equivalent labels."""
    assert law.distance(Curve((Tranche("crowd", 500),))) == "inside"
    assert law.distance(Curve((Tranche("expert", 10_000),))) in ("near", "far")
    assert law.distance(Curve((Tranche("expert", 100_000),))) == "far"


def test_a_fitted_law_knows_what_its_cells_held() -> None:
    """Fitted to mixtures with the judge in one round, judge alone and a second round are far."""
    rng = np.random.default_rng(21)
    curves = [
        Curve((Tranche("expert", int(n)), *((Tranche("judge", 3 * int(n)),) if judge else ())))
        for n in np.geomspace(60, 1000, 6)
        for judge in (False, True)
    ]
    runs = [draw_runs(c, 6, rng) for c in curves]
    law = fit_law(curves, runs, METRICS, TABLE, model="m", scheme="probe")
    assert law.distance(Curve.parse("100 judge + 300 expert")) == "inside"
    assert law.distance(Curve.parse("100 judge")) == "far"
    assert law.distance(Curve.parse("100 judge + 300 expert (round 2)")) == "far"
    # No cell held the crowd: what is said of it comes from the prior alone, and says so.
    assert law.distance(Curve.parse("100 crowd")) == "far"
    asked = [Curve.parse("100 expert"), Curve.parse("100 crowd")]
    sd = law.outcomes(asked, rng, draws=300, runs=10).mean.std(axis=0)[:, 0]
    assert sd[1] > 1.5 * sd[0]


def test_law_beats_simple_forecasts_on_left_out_cells(law: FittedLaw) -> None:
    """The table holds all baselines, and the law is first on its own kind of world."""
    rows = {row.name: row.rmse for row in held_out_table(law)}
    assert set(rows) == {
        "suffice",
        "nearest measured cell",
        "last value",
        "tail power law",
        "additive power law",
    }
    assert rows["suffice"] < min(v for k, v in rows.items() if k != "suffice")


def test_too_few_cells_are_refused() -> None:
    """Five cells are no grid."""
    curves = some_curves(np.random.default_rng(0), 15)[:5]
    runs = [draw_runs(c, 6, np.random.default_rng(1)) for c in curves]
    with pytest.raises(InputError, match="too few"):
        fit_law(curves, runs, METRICS, TABLE, model="m", scheme="probe")


def test_a_posterior_that_does_not_converge_is_refused() -> None:
    """Two far modes that no walker crosses end in an error, not in a number."""

    def two_islands(x: np.ndarray) -> np.ndarray:
        # Walls so high that an ensemble stays where it started.
        return -0.5 * ((np.abs(x[:, 0]) - 50.0) / 0.01) ** 2

    with pytest.raises(ConvergenceError, match="did not converge"):
        sample(two_islands, np.zeros(1), seed=0, walkers=8, steps=20, what="the islands")


def test_sampler_recovers_a_normal() -> None:
    """Means and widths of a correlated normal come out right."""
    covariance = np.array([[1.0, 0.8], [0.8, 2.0]])
    precision = np.linalg.inv(covariance)

    def density(x: np.ndarray) -> np.ndarray:
        return -0.5 * np.einsum("wi,ij,wj->w", x, precision, x)

    found = sample(density, np.zeros(2), seed=1, steps=800)
    np.testing.assert_allclose(np.cov(found.draws.T), covariance, atol=0.25)
    np.testing.assert_allclose(found.draws.mean(axis=0), 0.0, atol=0.2)


class Told(SilentProgress):
    """Silent, and remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Remember a note."""
        self.notes.append(text)


def test_as_many_parameters_as_twelve_sources_bring_are_sampled() -> None:
    """With 24 parameters an ensemble has 48 walkers, and gets a correlated normal right."""
    a = np.random.default_rng(0).standard_normal((24, 24))
    covariance = a @ a.T / 24.0 + 0.1 * np.eye(24)
    precision, sd = np.linalg.inv(covariance), np.sqrt(np.diag(covariance))
    asked = set()

    def density(x: np.ndarray) -> np.ndarray:
        asked.add(len(x))
        return -0.5 * np.einsum("wi,ij,wj->w", x, precision, x)

    found = sample(density, np.zeros(24), seed=0)
    assert max(asked) == 48
    np.testing.assert_allclose(found.draws.mean(axis=0) / sd, 0.0, atol=0.3)
    np.testing.assert_allclose(found.draws.std(axis=0) / sd, 1.0, atol=0.15)


@pytest.mark.slow
def test_a_law_of_twelve_sources_fits() -> None:
    """A study with many sources gets a law, which is right about each source alone."""
    names = tuple(f"s{k}" for k in range(12))
    worth = dict(zip(names, np.linspace(1.0, 0.3, 12), strict=True))
    table = SourceTable(
        names=names,
        log_worth=np.log(list(worth.values())),
        repeats={n: {1: 0.0} for n in names},
        bias=np.full(12, 2.0),
    )

    def truth(source: str, tasks: int) -> float:
        return 0.15 + 0.35 * (1.0 + tasks * worth[source] / 60.0) ** -0.6

    rng = np.random.default_rng(0)
    bought = [(n, tasks) for n in names for tasks in (100, 300, 900)]
    runs = [truth(*b) + 0.01 * rng.standard_normal((3, 1)) for b in bought]
    law = fit_law(
        [Curve((Tranche(*b),)) for b in bought],
        runs,
        (error_rate(),),
        table,
        model="m",
        scheme="probe",
    )
    asked = [Curve((Tranche(n, 600),)) for n in names]
    mean = law.outcomes(asked, rng, draws=200, runs=10).mean[:, :, 0].mean(axis=0)
    np.testing.assert_allclose(mean, [truth(n, 600) for n in names], atol=0.02)


def test_fits_are_kept_and_repeat_to_the_digit(tmp_path: object) -> None:
    """The same cells give the same law, from the file and from scratch."""
    from pathlib import Path

    rng = np.random.default_rng(9)
    curves = tuple(some_curves(rng, 18))
    task = LawTask(
        curves,
        tuple(draw_runs(c, 6, rng) for c in curves),
        METRICS,
        TABLE,
        "m",
        "probe",
        3,
        (0.5, 0.5, 0.5),
    )
    first = fit_laws([task], Path(str(tmp_path)) / "a", SilentProgress())[0]
    again = fit_laws([task], Path(str(tmp_path)) / "a", SilentProgress())[0]
    fresh = fit_laws([task], Path(str(tmp_path)) / "b", SilentProgress())[0]
    np.testing.assert_array_equal(first.posterior.draws, again.posterior.draws)
    np.testing.assert_array_equal(first.posterior.draws, fresh.posterior.draws)
    # What was cut is said to be damaged, and made again.
    (kept,) = Path(str(tmp_path)).joinpath("b").glob("*.law")
    kept.write_bytes(kept.read_bytes()[:-100])
    told = Told()
    mended = fit_laws([task], kept.parent, told)[0]
    assert [str(kept) in note and "damaged" in note for note in told.notes] == [True]
    np.testing.assert_array_equal(first.posterior.draws, mended.posterior.draws)


@pytest.mark.slow
def test_forecast_of_p_is_calibrated_over_many_worlds() -> None:
    """Over 12 invented studies the 95 % interval of the count holds what fresh runs give."""
    inside, total, gaps = 0, 0, []
    for seed in range(12):
        law, rng = fitted(100 + seed)
        curves = some_curves(rng, 27)[15:]
        outcomes = law.outcomes(curves, rng, draws=300, runs=200)
        for k, curve in enumerate(curves):
            fresh = draw_runs(curve, 100, rng)
            limit = truth(curve)[0] + rng.normal(0.0, 0.004)
            pi = (outcomes.runs(k)[..., 0] <= limit).mean(axis=1)
            low, high = np.quantile(rng.binomial(100, np.repeat(pi, 10)), [0.025, 0.975])
            passed = int((fresh[:, 0] <= limit).sum())
            inside += int(low <= passed <= high)
            gaps.append(abs(pi.mean() - passed / 100))
            total += 1
    assert inside / total >= 0.88
    assert np.mean(gaps) <= 0.12


def test_a_better_channel_is_worth_more(law: FittedLaw) -> None:
    """A curve resolved with a more careful channel than the measured one is forecast to err less.

    This is how changed guidelines or a new judge reach the forecast without new runs.
    """
    from dataclasses import replace

    from suffice.channel import FixedPosterior, NoisyChannel, Profile, Source

    def flat(error: float) -> Profile:
        return Profile(np.full((1, 1), error), np.ones((1, 1)), np.zeros((1, 1)))

    def resolved(error: float) -> ResolvedCurve:
        channel = NoisyChannel("crowd", flat(error))
        return curve.resolve({"crowd": Source("crowd", 0.1, FixedPosterior(channel))})

    curve = Curve((Tranche("crowd", 400),))
    known = replace(law, table=replace(TABLE, profiles={"crowd": flat(0.2)}))
    rng = np.random.default_rng(8)
    mean = known.outcomes(
        [resolved(0.1), resolved(0.2), resolved(0.3), curve], rng, draws=300, runs=10
    ).mean.mean(axis=0)[:, 0]
    assert mean[0] < mean[1] < mean[2]
    assert mean[1] == pytest.approx(mean[3], abs=0.002)
