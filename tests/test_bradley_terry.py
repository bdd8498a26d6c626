"""Worker-aware Bradley-Terry: calibrated, covering under wrong assumptions, equal to its peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from suffice import bradley_terry
from suffice.errors import InputError
from suffice.supply.preferences import _preference_fit as fitting
from suffice.supply.preferences import _preference_model as model
from suffice.supply.preferences._preference_draws import PreferenceChain
from suffice.supply.preferences._preference_fit import fit_preferences
from suffice.supply.preferences._preference_prior import (
    draw_answers,
    draw_comparisons,
    ranked_quantities,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SETS, BURN, KEEP, THIN, BINS = 60, 100, 31, 5, 4
# 33 tests with fixed seeds: a right sampler fails one of them once in 300 choices of seeds.
LEAST_P = 1e-4


def p_values(shift: float = 0.0, **shape: Any) -> dict[str, float]:
    """Chi-squared test that the truth's ranks among the draws are uniform."""
    from scipy.special import chdtrc

    rng = np.random.default_rng(17)
    data, truth = draw_comparisons(SETS, labels_per_task=3, tasks=24, rng=rng, **shape)
    wanted = ranked_quantities(truth, data)
    chain = PreferenceChain(data, rng, model.start_state(data))
    for _ in range(BURN):
        chain.sweep(adapt=True)
    below = {name: np.zeros(SETS) for name in wanted}
    for _ in range(KEEP):
        for _ in range(THIN):
            chain.sweep()
        for name, value in ranked_quantities(chain.state, data).items():
            below[name] += value < wanted[name] + shift
    expected = SETS / BINS
    result = {}
    for name, rank in below.items():
        counts = np.bincount((rank * BINS // (KEEP + 1)).astype(int), minlength=BINS)
        result[name] = float(chdtrc(BINS - 1, ((counts - expected) ** 2 / expected).sum()))
    return result


@pytest.mark.parametrize(
    "shape",
    [
        {"items": 5, "workers": 4, "ties": True, "effects": True},
        {"items": 5, "workers": 4, "ties": False, "effects": False},
        {"items": 0, "workers": 4, "ties": True, "effects": True},
        {"items": 5, "workers": 1, "ties": False, "effects": False},
    ],
    ids=["all", "plain", "tasks only", "one worker"],
)
def test_posterior_ranks_the_truth_uniformly(shape: dict[str, Any]) -> None:
    """Simulation-based calibration on 60 tables drawn from the prior, side by side."""
    found = p_values(**shape)
    assert min(found.values()) > LEAST_P, found


def test_a_shifted_truth_is_noticed() -> None:
    """The calibration test can fail."""
    found = p_values(shift=0.7, items=5, workers=4, ties=False, effects=False)
    assert found["mean bias"] < LEAST_P
    assert found["spread of biases"] < LEAST_P


def crowd(
    seed: int, kind: str, n: int = 1_500, items: int = 8, workers: int = 12
) -> tuple[pl.DataFrame, NDArray[Any]]:
    """Comparisons by workers who break the model's assumptions, and the target of the scores."""
    rng = np.random.default_rng([seed, 5])
    score = rng.normal(0.0, 1.0, items)
    reliability = np.ones(workers)
    bias = np.zeros(workers)
    if kind == "spammers":
        reliability[:4], bias[:4] = 0.0, 2.5 * np.sign(rng.normal(size=4))
    if kind == "inverted":
        reliability[:3] = -1.0
    if kind == "two kinds":
        reliability[::2], bias[::2] = 0.3, 0.5
    worker = rng.integers(0, workers, n)
    if kind == "unequal load":
        worker = np.minimum(rng.geometric(0.35, n) - 1, workers - 1)
    left = rng.integers(0, items, n)
    right = (left + rng.integers(1, items, n)) % items
    eta = reliability[worker] * (score[left] - score[right]) + bias[worker]
    won = rng.random(n) < 1.0 / (1.0 + np.exp(-eta))
    frame = pl.DataFrame(
        {"worker": worker, "left": left, "right": right, "label": np.where(won, left, right)}
    )
    return frame, (score - score.mean()) * reliability[worker].mean()


@pytest.mark.parametrize(
    ("kind", "least"),
    # A quarter of inverted workers with 33 comparisons each costs some coverage (docs say so).
    [("spammers", 0.85), ("inverted", 0.80), ("two kinds", 0.85), ("unequal load", 0.85)],
)
def test_intervals_cover(kind: str, least: float) -> None:
    """90 % intervals cover about 90 % of items in 50 tables whose workers break the assumptions."""
    tables, items, workers, n = 50, 8, 12, 400
    made = [crowd(seed, kind, n) for seed in range(tables)]
    frame = pl.concat([table for table, _ in made])
    of = np.repeat(np.arange(tables), n)
    left, right, won = (frame[name].to_numpy() for name in ("left", "right", "label"))
    data = model.Comparisons(
        first=left + items * of,
        second=right + items * of,
        worker=frame["worker"].to_numpy() + workers * of,
        answer=np.where(won == left, 0.5, -0.5),
        task=None,
        sign=np.ones(len(of)),
        items=tables * items,
        workers=tables * workers,
        tasks=0,
        ties=False,
        sets=tables,
    )
    chain = PreferenceChain(data, np.random.default_rng(0), model.start_state(data))
    for _ in range(80):
        chain.sweep(adapt=True)
    drawn = []
    for _ in range(160):
        chain.sweep()
        reliability = chain.state.worker_WP[data.worker, 0]
        average = np.bincount(of, reliability) / n
        score = chain.state.score_I.reshape(tables, items)
        drawn.append((score - score.mean(axis=1, keepdims=True)) * average[:, None])
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    target = np.array([truth for _, truth in made])
    inside = ((low <= target) & (target <= high)).mean()
    assert least <= inside <= 0.95, (kind, inside)


def test_inverted_and_biased_workers_are_seen() -> None:
    """Inverted workers have reliability below 0, spammers bias with an interval away from even."""
    table, _ = crowd(3, "inverted", n=3_000)
    workers = bradley_terry(table).workers
    assert (workers["reliability_high"].to_numpy()[:3] < 0.0).all()
    assert (workers["reliability_low"].to_numpy()[3:] > 0.0).all()
    table, _ = crowd(3, "spammers", n=3_000)
    workers = bradley_terry(table).workers
    first, low, high = (workers[n].to_numpy() for n in ("first", "first_low", "first_high"))
    assert (((low > 0.5) | (high < 0.5))[:4]).all(), first
    assert np.abs(first[4:] - 0.5).max() < 0.25


def test_quick_and_exact_fits_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same table the normal approximation gives the chain's scores and widths."""
    frame, _ = crowd(1, "two kinds", n=12_000, items=15)
    exact = bradley_terry(frame)
    monkeypatch.setattr(fitting, "CHAIN_ROWS", 1_000)
    quick = bradley_terry(frame)
    assert exact.summary.method != quick.summary.method
    one, two = exact.items.sort("item"), quick.items.sort("item")
    width = (one["high"] - one["low"]).to_numpy()
    assert np.abs((one["score"] - two["score"]).to_numpy()).max() < 0.25 * width.min()
    ratio = (two["high"] - two["low"]).to_numpy() / width
    assert 0.8 < ratio.mean() < 1.2
    for name in ("reliability", "first"):
        gap = (exact.workers[name] - quick.workers[name]).to_numpy()
        assert np.abs(gap).max() < 0.08, name


def test_quick_fit_allows_for_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels of one task that go together widen the quick fit's intervals as the chain's."""
    rng = np.random.default_rng(4)
    shape = {"items": 8, "workers": 10, "tasks": 300, "labels_per_task": 8}
    data, truth = draw_comparisons(1, ties=False, effects=True, rng=rng, **shape)
    truth.effect_T = rng.normal(0.0, 1.0, 300)
    data = draw_answers(data, truth, rng)
    exact = fit_preferences(data)
    monkeypatch.setattr(fitting, "CHAIN_ROWS", 100)
    quick = fit_preferences(data)
    ratio = quick.score_DI.std(axis=0).mean() / exact.score_DI.std(axis=0).mean()
    assert 0.6 < ratio < 1.5


def plain(seed: int = 2, n: int = 1_500) -> tuple[pl.DataFrame, NDArray[Any]]:
    """Comparisons without any effect of workers."""
    rng = np.random.default_rng(seed)
    score = rng.normal(0.0, 1.0, 10)
    left = rng.integers(0, 10, n)
    right = (left + rng.integers(1, 10, n)) % 10
    won = rng.random(n) < 1.0 / (1.0 + np.exp(score[right] - score[left]))
    winner = np.where(won, left, right)
    frame = pl.DataFrame({"left": left, "right": right, "label": winner})
    return frame, np.stack([winner, np.where(won, right, left)], axis=1)


def test_equals_choix() -> None:
    """Without effects of workers the scores are choix's maximum likelihood ones."""
    choix = pytest.importorskip("choix", reason="needs the peers extra")
    frame, pairs = plain()
    # Four chains: one alone leaves a mean uncertain by .03 of the interval's width.
    chains = [bradley_terry(frame, seed=seed).items.sort("item") for seed in range(4)]
    theirs = choix.opt_pairwise(10, pairs.tolist(), alpha=0.5)
    width = np.mean([(ours["high"] - ours["low"]).to_numpy() for ours in chains], axis=0)
    score = np.mean([ours["score"].to_numpy() for ours in chains], axis=0)
    assert (np.abs(score - theirs + theirs.mean()) < 0.15 * width).all()


def test_equals_crowd_kit() -> None:
    """And they rank like crowd-kit's, which stops after two steps."""
    aggregation = pytest.importorskip("crowdkit.aggregation", reason="needs the peers extra")
    frame, _ = plain()
    ours = bradley_terry(frame).items.sort("item")["score"].to_numpy()
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({name: frame[name].to_numpy() for name in frame.columns})
    theirs = aggregation.BradleyTerry(n_iter=100).fit_predict(table).sort_index().to_numpy()
    assert (np.argsort(ours) == np.argsort(theirs)).mean() > 0.6
    assert np.corrcoef(ours, np.log(theirs))[0, 1] > 0.95


def test_swapping_sides_and_names() -> None:
    """Swapping both sides turns the bias round and leaves the scores; names do not matter."""
    frame, _ = crowd(7, "spammers")
    swapped = frame.rename({"left": "right", "right": "left"})
    one, two = bradley_terry(frame), bradley_terry(swapped)
    a, b = (x.items.sort("item")["score"].to_numpy() for x in (one, two))
    assert np.abs(a - b).max() < 0.15
    bias = one.summary.position_bias.value + two.summary.position_bias.value
    assert bias == pytest.approx(1.0, abs=0.05)
    words = frame.with_columns(pl.format("item {}", pl.col(c)).alias(c)
                               for c in ("left", "right", "label"))  # fmt: skip
    np.testing.assert_allclose(
        bradley_terry(words).items["score"].to_numpy(), one.items["score"].to_numpy()
    )


def test_sides_ties_and_order(tmp_path: Path) -> None:
    """Winners may be named by side; ties and presented_order are read; a file does as well."""
    rows = [
        ("ann", "x", "y", "left", 0), ("ann", "y", "z", "tie", 0), ("bob", "x", "z", "right", 1),
        ("bob", "x", "y", "A", 0), ("bob", "y", "z", "tie", 1),
    ]  # fmt: skip
    frame = pl.DataFrame(
        rows, schema=["worker", "model_a", "model_b", "winner", "presented_order"], orient="row"
    )
    path = tmp_path / "pairs.csv"
    frame.write_csv(path)
    found = bradley_terry(path)
    assert found.summary.ties == 2
    assert set(found.items["item"]) == {"x", "y", "z"}
    assert found.workers.sort("worker")["ties"].to_list() == [1, 1]
    assert found.beats("x", "y") > 0.5
    with pytest.raises(InputError, match="no item 'w'"):
        found.beats("w", "x")


def test_groups_never_compared_are_said() -> None:
    """Items in two groups without a comparison between them get a caution."""
    frame = pl.DataFrame({"left": ["a", "c"], "right": ["b", "d"], "label": ["a", "d"]})
    found = bradley_terry(frame)
    assert any("2 groups that were never compared" in c for c in found.summary.cautions)
    assert any("one worker" in c for c in found.summary.cautions)


def frame_of(**columns: list[Any]) -> pl.DataFrame:
    """A frame of columns."""
    return pl.DataFrame(columns, strict=False)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (frame_of(left=["a"], label=["a"]), "no column that says 'right' among: left, label"),
        (frame_of(left=["a"], right=["b"], label=["c"]), "label 'c' of data row 1 is neither"),
        (frame_of(left=["a"], right=["a"], label=["a"]), "data row 1 compares 'a' with itself"),
        (frame_of(left=["a", None], right=["b", "c"], label=["a", "c"]), "row without a left"),
        (frame_of(left=[], right=[], label=[]), "no comparisons in it"),
        (17, "comparisons are a int"),
    ],
)
def test_bad_comparisons(frame: Any, message: str) -> None:
    """Each gets one clear line."""
    with pytest.raises(InputError, match=message) as caught:
        bradley_terry(frame)
    assert "\n" not in str(caught.value)


def test_too_many_items(monkeypatch: pytest.MonkeyPatch) -> None:
    """More items than have scores of their own are refused by number."""
    monkeypatch.setattr(fitting, "MOST_ITEMS", 3)
    frame, _ = plain(n=100)
    with pytest.raises(InputError, match="10 items are too many"):
        bradley_terry(frame)
