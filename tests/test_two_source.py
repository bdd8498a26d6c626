"""The two-source law: forecasts, the mix to buy, knees, calibration, and bad input."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from suffice import fit_two_source
from suffice.cli import main
from suffice.demand.scaling._fit_two_source import fit_panels
from suffice.demand.scaling._knee import find_knee
from suffice.demand.scaling._mixing_families import MIXING_FAMILIES
from suffice.demand.scaling._mixing_posterior import DISCREPANCIES, NOISE_SD, _kernel, _places
from suffice.errors import InputError


@pytest.fixture(scope="module")
def grid(shared_data):
    """The public grid of budgets and mixes."""
    path = shared_data / "curves" / "quality-quantity" / "budget_mix_accuracy.csv"
    return pl.read_csv(path).with_columns(y=1.0 - pl.col("accuracy"))


@pytest.fixture(scope="module")
def runs(shared_data):
    """Runs with a share of the weak labels replaced, and with the true ones alone."""
    table = pl.read_csv(shared_data / "curves" / "weak-strong-mixing" / "all_runs.csv")
    rows = 10_000
    mixing = table.filter(
        pl.col("condition").is_in(["naive_mixing", "gt_only"]) & (pl.col("loss") == "xent")
    )
    high = (pl.col("gt_fraction_requested").cast(pl.Float64) * rows).round()
    return mixing.with_columns(n_high=high, y=1.0 - pl.col("accuracy")).with_columns(
        n_weak=pl.when(pl.col("condition") == "gt_only")
        .then(0.0)
        .otherwise(rows - pl.col("n_high"))
    )


def columns(table):
    """The three columns of the law, as numbers."""
    return [table[name].to_numpy().astype(float) for name in ("n_weak", "n_high", "y")]


def rms(law, weak, high, y):
    """Root mean square error of the law at some mixes."""
    found = law.predict(weak, high)
    return np.sqrt(np.mean([(e.value - v) ** 2 for e, v in zip(found, y, strict=True)]))


@pytest.mark.parametrize(("budget", "bar"), [(256, 0.046), (1024, 0.046)])
def test_larger_budgets_are_forecast(grid, budget, bar):
    """Fitted to the cheaper budgets only, it beats a Gaussian process on the dearer ones."""
    weak, high, y = columns(grid)
    known = grid["budget"].to_numpy() <= budget
    law = fit_two_source(weak[known], high[known], y[known])
    assert rms(law, weak[~known], high[~known], y[~known]) < bar


def test_left_out_points(grid):
    """Points left out one by one, families weighed without them: better than .027."""
    weak, high, y = columns(grid)
    missed, covered = [], []
    for k in range(0, len(y), 4):
        rest = np.arange(len(y)) != k
        law = fit_two_source(weak[rest], high[rest], y[rest])
        [found] = law.predict(weak[k], high[k])
        missed.append(found.value - y[k])
        covered.append(found.low <= y[k] <= found.high)
    assert np.sqrt(np.mean(np.square(missed))) < 0.027
    assert np.mean(covered) >= 0.75


def test_recommended_mix(grid):
    """The recommended share of spending lies within one step of the grid of the best one."""
    law = fit_two_source(*columns(grid))
    for (budget,), rows in grid.group_by("budget"):
        shares = np.sort(rows["weak_spend_frac"].to_numpy())
        best = rows["weak_spend_frac"].to_numpy()[rows["y"].arg_min()]
        asked = law.recommend(float(budget)).weak_share.value
        nearest = int(np.abs(shares - asked).argmin())
        assert abs(nearest - int(np.flatnonzero(shares == best)[0])) <= 1, budget


def test_no_knee_and_mixing_above_truth_alone(runs):
    """Runs whose gain is linear: no knee is claimed, and mixing beats the true labels alone."""
    law = fit_two_source(*columns(runs))
    assert law.knee is not None
    assert not law.knee.claimed
    for high in (500.0, 1000.0, 2500.0, 5000.0):
        assert law.mixing_gain(10_000 - high, high).low > 0.0


@pytest.mark.parametrize("at", [0.3, 0.7])
def test_planted_knee(at):
    """A knee that is there is claimed, and its place lies in the interval."""
    share = np.repeat(np.linspace(0.0, 1.0, 11), 6)
    rng = np.random.default_rng(3)
    y = 0.4 - 0.15 * np.minimum(share / at, 1.0) + 0.01 * rng.standard_normal(len(share))
    knee = find_knee(1000 * (1 - share), 1000 * share, y)
    assert knee is not None
    assert knee.claimed
    assert knee.at.low - 0.03 <= at <= knee.at.high + 0.03


def test_lines_claim_no_knee():
    """Over many straight lines, a knee is claimed in at most a few."""
    rng = np.random.default_rng(4)
    share = np.repeat(np.linspace(0.0, 1.0, 8), 5)
    claimed = 0
    for _ in range(100):
        y = 0.4 - rng.uniform(0, 0.1) * share + 0.014 * rng.standard_normal(len(share))
        knee = find_knee(1000 * (1 - share), 1000 * share, y)
        claimed += knee is not None and knee.claimed
    assert claimed <= 3


def test_intervals_are_calibrated():
    """Panels drawn from the prior: 90 % intervals hold new measurements 90 % of the time."""
    rng = np.random.default_rng(5)
    panels, held = [], []
    for _ in range(60):
        high = np.exp(rng.uniform(np.log(10), np.log(2000), 22)).round()
        weak = np.exp(rng.uniform(np.log(50), np.log(20_000), 22)).round()
        high[:3], weak[3:6] = 0.0, 0.0
        scale = np.exp(np.log(high[3:20][high[3:20] > 0]).mean())
        family = MIXING_FAMILIES[rng.integers(len(MIXING_FAMILIES))]
        theta = rng.normal(family.mean, family.sd)
        places = _places(weak, high)
        shape = np.linalg.cholesky(_kernel(places, places) + 1e-8 * np.eye(22))
        drift = rng.choice(DISCREPANCIES) * NOISE_SD * (shape @ rng.standard_normal(22))
        law = family.function(theta[None], weak[None] / scale, high[None] / scale)[0]
        y = np.clip(law + drift + NOISE_SD * rng.standard_normal(22), 0.0, 1.0)
        panels.append((weak[:18], high[:18], y[:18]))
        held.append((weak[18:], high[18:], y[18:]))
    inside = []
    for fitted, (weak, high, y) in zip(fit_panels(panels, price=0.1, seed=0), held, strict=True):
        found = fitted.predict(weak, high)
        inside += [e.low <= v <= e.high for e, v in zip(found, y, strict=True)]
    assert 0.84 <= np.mean(inside) <= 0.97


def test_more_high_quality_labels_help_alone(grid):
    """Without weak labels the mean falls, within a small tolerance, as labels are added."""
    law = fit_two_source(*columns(grid))
    high = np.geomspace(16, 30_000, 30)
    mean = [e.value for e in law.predict(np.zeros(30), high)]
    assert np.diff(mean).max() < 0.005


def test_same_rows_in_another_order(grid):
    """The order of rows changes nothing."""
    weak, high, y = columns(grid)
    order = np.random.default_rng(6).permutation(len(y))
    one = fit_two_source(weak, high, y).recommend(256.0)
    other = fit_two_source(weak[order], high[order], y[order]).recommend(256.0)
    assert one.error.value == pytest.approx(other.error.value, abs=1e-6)


GOOD = {
    "n_weak": [0, 0, 100, 100, 1000, 1000, 500],
    "n_high": [10, 100, 0, 100, 0, 10, 50],
    "y": [0.4, 0.3, 0.4, 0.28, 0.35, 0.33, 0.31],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_weak": [0] * 7}, "n_weak is zero in every row"),
        ({"n_high": [0] * 7}, "n_high is zero in every row"),
        ({"n_weak": [-5, 0, 100, 100, 1000, 1000, 500]}, "n_weak is -5 in row 1"),
        ({"y": [40, 30, 40, 28, 35, 33, 31]}, "looks like percent"),
        ({"y": [0.4, 0.3, -0.4, 0.28, 0.35, 0.33, 0.31]}, "y is -0.4 in row 3"),
        ({"y": [0.4, float("nan"), 0.4, 0.28, 0.35, 0.33, 0.31]}, "y is nan in row 2"),
        ({"n_weak": [10] * 7, "n_high": [10] * 7, "y": [0.3] * 7}, "only 1 different mixes"),
        ({k: v[:4] for k, v in GOOD.items()}, "4 rows are too few"),
        ({"y": [0.3, 0.2]}, "2 values of y"),
        ({"y": []}, "0 values of y"),
    ],
)
def test_bad_rows(change, message):
    """Each mistake is one clear line."""
    given = GOOD | change
    with pytest.raises(InputError, match=message):
        fit_two_source(given["n_weak"], given["n_high"], given["y"])


def test_budgets_and_prices_that_cannot_be():
    """So is a budget or a price that cannot be."""
    law = fit_two_source(**GOOD)
    for call in (
        lambda: law.recommend(0.0),
        lambda: law.recommend(10.0, price=-1.0),
        lambda: law.predict([-1.0], [3.0]),
        lambda: fit_two_source(**GOOD, price=0.0),
    ):
        with pytest.raises(InputError):
            call()


def test_command(tmp_path, capsys):
    """``--two-source --json`` gives the mix, its interval and the weights; text fits 80 columns."""
    path = tmp_path / "mixes.csv"
    pl.DataFrame(GOOD).write_csv(path)
    call = ["extrapolate", str(path), "--two-source", "--budget", "60", "--at", "100,20"]
    with pytest.raises(SystemExit) as stopped:
        main([*call, "--json"])
    assert not stopped.value.code
    [panel] = json.loads(capsys.readouterr().out)["panels"]
    [mix] = panel["recommended"]
    assert mix["budget"] == 60.0
    assert mix["weak_spend_share"]["low"] <= mix["weak_spend_share"]["value"]
    assert sum(panel["weights"].values()) == pytest.approx(1.0)
    assert panel["forecasts"][0]["low"] < panel["forecasts"][0]["high"]
    with pytest.raises(SystemExit):
        main(call)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("n_weak,y\n1,.3\n", "there is no column n_high"),
        ("n_weak,n_high,y\n1,many,.3\n", "n_high is 'many' in row 1"),
        ("n_weak,n_high,y\n1,,.3\n", "n_high is None in row 1"),
    ],
)
def test_command_with_a_bad_file(text, message, tmp_path, capsys):
    """A file that cannot be read is one line and exit code 2."""
    path = tmp_path / "mixes.csv"
    path.write_text(text)
    with pytest.raises(SystemExit) as stopped:
        main(["extrapolate", str(path), "--two-source"])
    assert stopped.value.code == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
