"""Error that grows with the judged model: the fit, the source that moves, and which effect wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from small import noisy_source, tasks
from toy_laws import SimpleLaw

from suffice._slope import fit_slope
from suffice.channel import NoisyChannel
from suffice.curve import Curve, Tranche
from suffice.errors import InputError
from suffice.estimate import interval
from suffice.forecast import Criterion, explain_change, fit_capability, with_capability
from suffice.forecast._capability import move_shared
from suffice.records import ChangeRow

if TYPE_CHECKING:
    from pathlib import Path

Array = np.ndarray

# ---- the line through measured points ------------------------------------------------------------


def uniform_p(ranks: Array, bins: int = 10) -> float:
    """p-value of a chi-square test that ranks in [0, 1) are uniform."""
    from scipy.stats import chisquare

    return float(chisquare(np.histogram(ranks, bins=bins, range=(0.0, 1.0))[0]).pvalue)


@pytest.mark.parametrize("points", [3, 6])
def test_slope_is_calibrated(points: int) -> None:
    """Simulation-based calibration: the true slope's rank among the draws is uniform."""
    rng = np.random.default_rng(points)
    prior, width, ranks = (-0.4, 0.3), 0.2, []
    x = np.linspace(-1.0, 0.0, points)
    for _ in range(250):
        slope = rng.normal(*prior)
        tau = abs(rng.normal(0.0, width))
        root = 0.1 * np.tril(rng.random((points, points)))
        covariance = root @ root.T + 0.01 * np.eye(points)
        y = 3.0 + slope * x + tau * rng.standard_normal(points)
        y += rng.multivariate_normal(np.zeros(points), covariance)
        line = fit_slope(x, y, covariance, rng, prior=prior, width=width, draws=400)
        ranks.append((line.slope < slope).mean())
    assert uniform_p(np.array(ranks)) > 0.005
    assert 0.84 < np.mean((np.array(ranks) > 0.05) & (np.array(ranks) < 0.95)) < 0.96


def test_limits_are_calibrated() -> None:
    """Points that are only known to lie above a limit count as such, without bias."""
    rng = np.random.default_rng(12)
    x, prior, width, ranks, cut = np.linspace(-1.0, 0.0, 4), (-0.5, 0.4), 0.2, [], 3.3
    for _ in range(250):
        slope, tau = rng.normal(*prior), abs(rng.normal(0.0, width))
        truth = 3.0 + slope * x + tau * rng.standard_normal(4)
        y = truth + 0.05 * rng.standard_normal(4)
        seen = truth < cut  # who does not reach it is decided by the need itself
        if not seen.any():
            continue
        above = [(float(at), cut) for at in x[~seen]]
        line = fit_slope(
            x[seen], y[seen], 0.0025 * np.eye(seen.sum()), rng,
            prior=prior, width=width, above=above, draws=400,
        )  # fmt: skip
        ranks.append((line.slope < slope).mean())
    # Worlds of which nothing was seen are left out, which tilts the rest by a hair.
    assert len(ranks) > 200
    assert 0.84 < np.mean((np.array(ranks) > 0.05) & (np.array(ranks) < 0.95)) < 0.96
    assert abs(np.mean(ranks) - 0.5) < 0.06


def test_slope_without_points_is_the_prior() -> None:
    """No data leaves the prior as it was."""
    rng = np.random.default_rng(1)
    empty = np.zeros(0)
    line = fit_slope(empty, empty, np.zeros((0, 0)), rng, prior=(0.3, 0.2))
    assert (line.slope.mean(), line.slope.std()) == pytest.approx((0.3, 0.2), abs=0.01)


# ---- the fit -------------------------------------------------------------------------------------


def judged(
    rng: np.random.Generator,
    slope: float,
    *,
    models: int = 6,
    per_model: int = 150,
    tau: float = 0.2,
    hard: float = 1.0,
) -> pl.DataFrame:
    """One evaluator that judges tasks of several models; difficulty is known."""
    capability = np.repeat(np.linspace(0.0, 2.0, models), per_model)
    difficulty = rng.normal(0.0, 1.0, len(capability))
    own = np.repeat(rng.normal(0.0, tau, models), per_model)
    logit = -2.0 + slope * capability + hard * difficulty + own
    wrong = rng.random(len(capability)) < 1.0 / (1.0 + np.exp(-logit))
    return pl.DataFrame(
        {
            "task": np.arange(len(capability)),
            "label": wrong.astype(int),
            "gold": np.zeros(len(capability), dtype=int),
            "capability": capability,
            "difficulty": difficulty,
        }
    )


def test_capability_fit_is_calibrated() -> None:
    """Sixty simulated evaluators: the slope's 90 % interval covers, ranks are even."""
    rng = np.random.default_rng(31)
    ranks, hard = [], []
    for _ in range(60):
        slope = rng.normal(0.0, 1.0)
        table = judged(rng, slope, tau=abs(rng.normal(0.0, 0.5)))
        fit = fit_capability(table, seed=int(rng.integers(1000)), draws=600)
        ranks.append((fit.line.slope < slope).mean())
        assert fit.difficulty is not None
        hard.append((fit.difficulty < 1.0).mean())
    for found in (np.array(ranks), np.array(hard)):
        assert 0.8 < np.mean((found > 0.05) & (found < 0.95)) < 0.99
        assert 0.38 < found.mean() < 0.62


def test_capability_fit_finds_growth() -> None:
    """A clear growth is seen, and the error at a capability is the simulated one."""
    rng = np.random.default_rng(4)
    fit = fit_capability(judged(rng, 1.2, models=9, per_model=500, tau=0.05, hard=0.0))
    assert fit.grows > 0.99
    low, high = interval(1.0 / (1.0 + np.exp(-fit.line.at(2.0))))
    assert low < 1.0 / (1.0 + np.exp(2.0 - 2.4)) < high
    none = fit_capability(judged(rng, 0.0, models=9, per_model=500, tau=0.05))
    assert none.slope.low < 0.0 < none.slope.high


def test_several_workers_count_as_their_majority() -> None:
    """Independent slips average out before the shared error is fitted."""
    rng = np.random.default_rng(9)
    n = 400
    fooled = rng.random((2, n)) < np.array([[0.1], [0.3]])
    rows = []
    for m in range(2):
        for i in range(n):
            slips = rng.random(9) < 0.2
            rows += [(f"{m}-{i}", w, int(fooled[m, i] ^ s), 0, m) for w, s in enumerate(slips)]
    table = pl.DataFrame(rows, ["task", "worker", "label", "gold", "capability"], orient="row")
    fit = fit_capability(table)
    assert fit.error == pytest.approx([0.1, 0.3], abs=0.05)
    assert fit.labels.tolist() == [9 * n, 9 * n]


def test_many_capabilities_are_binned() -> None:
    """A capability for every pair is no model for every pair."""
    rng = np.random.default_rng(3)
    table = judged(rng, 1.0, models=200, per_model=5)
    assert len(fit_capability(table).capability) == 12


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"drop": "capability"}, "column 'capability' is missing"),
        ({"capability": "strong"}, "holds something that is no number"),
        ({"capability": None}, "rows have no capability"),
        ({"capability": 1.0}, "all labels are about models of one capability"),
    ],
)
def test_bad_tables(change: dict[str, object], words: str) -> None:
    """What cannot be fitted is refused with a reason."""
    table = judged(np.random.default_rng(0), 1.0)
    if "drop" in change:
        table = table.drop("capability")
    else:
        table = table.with_columns(pl.lit(change["capability"]).alias("capability"))
    with pytest.raises(InputError, match=words):
        fit_capability(table)


# ---- real judges ---------------------------------------------------------------------------------


def xstest(folder: Path, kind: str, column: str) -> pl.DataFrame:
    """Verdicts of one judge on five models' answers; GPT-4 counts as one unit more capable."""
    frames = []
    for name in ("gpt4", "llama2new", "llama2orig", "mistralguard", "mistralinstruct"):
        rows = pl.read_csv(folder / f"xstest_v2_completions_{name}_{kind}.csv")
        frames.append(
            rows.select(
                pl.concat_str(pl.lit(f"{name} "), "id").alias("task"),
                pl.col(column).alias("label"),
                pl.col("final_label").alias("gold"),
                pl.lit(1.0 if name == "gpt4" else 0.0).alias("capability"),
                pl.lit(name).alias("model"),
                pl.col("id").alias("group"),
            ).drop_nulls()
        )
    return pl.concat(frames)


def test_judges_of_refusals(shared_data: Path) -> None:
    """XSTest: both judges err less on the strongest model's answers, which are clear refusals."""
    folder = shared_data / "preferences" / "xstest" / "evaluation" / "automated_evaluation_labels"
    judges = (("gpteval", "gpt4_label", 0.20), ("streval", "strmatch_label", 0.16))
    for kind, column, error in judges:
        fit = fit_capability(xstest(folder, kind, column))
        assert len(fit.capability) == 5
        assert np.average(fit.error, weights=fit.labels) == pytest.approx(error, abs=0.01)
        assert fit.slope.high < 0.0
        # One strong model of five: the slope is far from settled.
        assert fit.slope.high - fit.slope.low > 0.5


def compared(folder: Path, judge: str) -> pl.DataFrame:
    """One judge's verdicts on pairs of 59 models, against the majority of the crowd.

    Capability of a pair is the mean log odds with which its two models win in the crowd;
    difficulty is how close the two are.
    """
    crowd = pl.read_csv(folder / "crowd-comparisons.csv")
    pairs = crowd.group_by("id").agg(
        (pl.col("winner") == "left").sum().alias("left_votes"),
        (pl.col("winner") == "right").sum().alias("right_votes"),
        *(pl.first(name) for name in ("prompt", "left", "right")),
    )
    sides = [
        pairs.select(
            model=side, won=f"{side}_votes", lost=f"{'right' if side == 'left' else 'left'}_votes"
        )
        for side in ("left", "right")
    ]
    odds = (
        pl.concat(sides)
        .group_by("model")
        .agg(((pl.col("won").sum() + 1) / (pl.col("lost").sum() + 1)).log().alias("skill"))
    )
    clear = pairs.filter(pl.col("left_votes") != pl.col("right_votes"))
    for side in ("left", "right"):
        clear = clear.join(odds.rename({"model": side, "skill": f"{side}_skill"}), on=side)
    verdicts = pl.read_csv(folder / f"{judge}-crowd-comparisons.csv").select("id", "winner")
    return clear.join(verdicts.filter(pl.col("winner") != "tie"), on="id").select(
        pl.col("id").alias("task"),
        pl.col("winner").alias("label"),
        pl.when(pl.col("left_votes") > pl.col("right_votes"))
        .then(pl.lit("left"))
        .otherwise(pl.lit("right"))
        .alias("gold"),
        ((pl.col("left_skill") + pl.col("right_skill")) / 2).alias("capability"),
        (-(pl.col("left_skill") - pl.col("right_skill")).abs()).alias("difficulty"),
        pl.col("prompt").alias("group"),
    )


def test_judges_of_many_models(shared_data: Path) -> None:
    """LLMFAO: the weaker judge errs more on more capable models, the stronger one does not."""
    folder = shared_data / "preferences" / "llmfao"
    weak, strong = (fit_capability(compared(folder, judge)) for judge in ("gpt3", "gpt4"))
    assert weak.grows > 0.8
    assert strong.grows < 0.5
    for fit in (weak, strong):
        assert fit.difficulty is not None
        assert (fit.difficulty > 0.0).mean() > 0.95  # close pairs are harder
        assert len(fit.capability) == 12


# ---- the source that moves -----------------------------------------------------------------------


def test_source_is_the_measured_one_where_it_was_measured() -> None:
    """At its own capability, and without any, a source gives the channel that was measured."""
    source = noisy_source("judge", 0.3, 1.0, shared=0.2)
    moving = with_capability(source, np.array([0.8]), 2.0)
    rng = np.random.default_rng(0)
    for at in (None, 2.0):
        assert moving.draw(rng, at).profile is source.posterior.mean().profile
    assert moving.posterior.mean() is source.posterior.mean()


def test_shared_error_moves_and_slips_stay() -> None:
    """Only the shared part grows with capability, and labels drawn show it."""
    source = noisy_source("judge", 0.3, 1.0, shared=0.2)
    moving = with_capability(source, np.array([0.8]), 2.0)
    rng = np.random.default_rng(0)
    before = source.posterior.mean().profile
    channels = {c: moving.draw(rng, c) for c in (1.0, 3.0, 9.0)}
    shared = [float(channels[c].profile.shared.mean()) for c in (1.0, 3.0, 9.0)]
    assert shared[0] < 0.2 < shared[1] < shared[2] < 0.5
    odds = [2.0 * s / (1.0 - 2.0 * s) for s in (0.2, shared[1])]
    assert np.log(odds[1] / odds[0]) == pytest.approx(0.8)
    for channel in channels.values():
        assert np.allclose(channel.profile.alone(), before.alone())
    assert isinstance(channels[3.0], NoisyChannel)
    many = tasks(4000)
    majority = channels[3.0].draw(many, 25, rng).mean(axis=1) > 0.5
    assert float((majority != many.truth).mean()) == pytest.approx(shared[1], abs=0.03)


def test_moving_shared_error_keeps_its_ends() -> None:
    """Nothing shared stays nothing, a half stays a half, and no shift changes nothing."""
    shared = np.array([0.0, 0.1, 0.3, 0.5])
    assert np.allclose(move_shared(shared, 0.0), shared)
    assert np.allclose(move_shared(shared, 5.0)[[0, 3]], [0.0, 0.5])
    assert (np.diff(move_shared(shared, 1.0)) > 0).all()
    assert np.allclose(move_shared(move_shared(shared, 0.7), -0.7), shared)


# ---- which effect wins ---------------------------------------------------------------------------


def changes(slope: float, scales: tuple[float, float]):
    """The change of P between two models whose labels come from one judge."""
    source = noisy_source("judge", 0.2, 1.0, shared=0.1)
    moving = {"judge": with_capability(source, np.array([slope]), 0.0)}
    laws = [(0.0, SimpleLaw("small", scales[0])), (1.0, SimpleLaw("large", scales[1]))]
    curve = Curve((Tranche("judge", 1000),))
    return explain_change(laws, curve, moving, Criterion(error=0.19), np.random.default_rng(3))


def test_efficiency_wins_where_error_stays() -> None:
    """Without added error a more efficient model gains P, and nothing is lost to evaluators."""
    (change,) = changes(0.0, (120.0, 40.0))
    assert change.error.value == 0.0
    assert change.efficiency.value == pytest.approx(change.total.value)
    assert change.winner == "the model's efficiency"


def test_error_wins_where_it_grows_fast() -> None:
    """P falls although the larger model needs fewer labels, and the report says why."""
    (change,) = changes(2.0, (100.0, 90.0))
    assert change.efficiency.value >= 0.0
    assert change.error.value < -0.1
    assert change.p_after.value < change.p_before.value
    assert change.winner == "the evaluators' error"


def test_a_model_can_be_worse_by_itself() -> None:
    """P that falls although evaluators err no more is not blamed on them."""
    (change,) = changes(0.0, (40.0, 120.0))
    assert change.falls > 0.9
    assert change.winner == "the model itself needs more"
    (better,) = changes(-3.0, (100.0, 100.0))
    assert better.winner == "evaluators who err less"


def test_parts_add_up() -> None:
    """Efficiency and error add up to the change, draw by draw."""
    for slope in (0.0, 0.5, 1.0):
        (change,) = changes(slope, (100.0, 60.0))
        parts = change.efficiency.draws + change.error.draws
        assert np.allclose(parts, change.total.draws)
        assert change.total.value == pytest.approx(change.p_after.value - change.p_before.value)
    assert changes(1.0, (100.0, 60.0)) == changes(1.0, (100.0, 60.0))


def test_one_model_cannot_change() -> None:
    """A single law is refused."""
    laws = [(0.0, SimpleLaw("small", 10.0))]
    with pytest.raises(InputError, match="1 model cannot change"):
        explain_change(laws, Curve(()), {}, Criterion(error=0.2), np.random.default_rng(0))


def test_the_winner_is_named_in_words() -> None:
    """The sentence names both models, both effects and which wins, or that it is open."""
    (change,) = changes(2.0, (100.0, 90.0))
    said = str(change)
    assert said.startswith("From small to large P goes from ")
    assert said.endswith("what wins: the evaluators' error.")
    assert change.record().text == said
    (same,) = changes(0.0, (100.0, 100.0))
    assert str(same).endswith("which effect wins is open.")


STUDY = {
    "name": "own",
    "task": {"kind": "votes", "items": "i", "gold": "g"},
    "criterion": {"error": 0.19},
    "sources": {"judge": {"labels": "c", "price": 1.0, "shared_error_slope": [2.0, 0.1]}},
    "models": {"target": "large", "others": ["small"]},
    "budget": {"money": 100},
    "capability": {"models": {"small": 0.0, "large": 1.0}, "measured_at": 0.0},
}


def test_a_study_that_states_capabilities_says_which_effect_wins(tmp_path: Path) -> None:
    """From the study file to the sentence of the report: the prior slope, and verdicts in its
    place."""
    from suffice.plan import Option, Plan
    from suffice.progress import SilentProgress
    from suffice.stages import _plan as stages
    from suffice.stages._workspace import Workspace
    from suffice.study import parse_study

    def of(study: dict[str, object]) -> ChangeRow | None:
        work = Workspace(parse_study(study, folder=tmp_path), tmp_path, SilentProgress())
        work.__dict__["_supply"] = ({"judge": noisy_source("judge", 0.2, 1.0, shared=0.1)}, {})
        work.__dict__["criterion"] = Criterion(error=0.19)
        laws = {"large": SimpleLaw("large", 90.0), "small": SimpleLaw("small", 100.0)}
        chosen = Option("recommended", Curve((Tranche("judge", 1000),)), 1000.0, None)
        found = stages._changes(work, laws, Plan(chosen, (), (), ""))
        return found[0] if found else None

    assert of(STUDY).winner == "the evaluators' error"
    assert (of(STUDY).before, of(STUDY).after) == ("small", "large")
    plain = {**STUDY, "sources": {"judge": {"labels": "c", "price": 1.0}}}
    assert of(plain).error.value == 0.0
    assert of({k: v for k, v in plain.items() if k != "capability"}) is None
    rng = np.random.default_rng(5)
    capability = np.repeat([0.0, 0.5, 1.0], 400)
    wrong = rng.random(len(capability)) < 0.1 + 0.3 * capability
    pl.DataFrame(
        {
            "task": [f"t{i}" for i in range(len(capability))],
            "label": wrong.astype(int),
            "gold": np.zeros(len(capability), dtype=int),
            "capability": capability,
        }
    ).write_csv(tmp_path / "verdicts.csv")
    read = {
        **STUDY,
        "sources": {"judge": {"labels": "c", "price": 1.0, "verdicts": "verdicts.csv"}},
    }
    assert of(read).winner == "the evaluators' error"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"capability": None}, "sources.judge moves with capability"),
        (
            {"capability": {"models": {"small": 0.0, "huge": 1.0}, "measured_at": 0.0}},
            "capability.models names 'huge', which is not measured",
        ),
        ({"capability": {"models": {"small": 0.0}, "measured_at": 0.0}}, "capability.models"),
        ({"capability": {"models": {"small": 0.0, "large": 1.0}}}, "'capability.measured_at'"),
    ],
)
def test_capabilities_that_cannot_be(change: dict[str, object], words: str) -> None:
    """A slope without capabilities, a model that nobody measures, and missing numbers."""
    from suffice.errors import StudyError
    from suffice.study import parse_study

    study = {k: v for k, v in {**STUDY, **change}.items() if v is not None}
    with pytest.raises(StudyError, match=words):
        parse_study(study)
