"""L(N, D) and the compute-optimal exponent: recovery, coverage, outliers, published fits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from suffice import fit_isoflop, fit_scaling
from suffice.demand.scaling._fit_scaling import _huber, _law
from suffice.errors import InputError

TRUE = {"E": 1.8169, "A": 482.0, "B": 2085.4, "alpha": 0.3478, "beta": 0.3658}
EXPONENT = TRUE["beta"] / (TRUE["alpha"] + TRUE["beta"])


def trainings(points, rng, noise=0.004):
    """Sizes and tokens as in a published sweep, and losses of the law with heavy tails."""
    compute = 10 ** rng.uniform(18.5, 22.0, points)
    n = 10 ** rng.uniform(7.7, 10.2, points)
    d = compute / 6.0 / n
    law = TRUE["E"] + TRUE["A"] / n ** TRUE["alpha"] + TRUE["B"] / d ** TRUE["beta"]
    return n, d, law * np.exp(noise * rng.standard_t(3, points))


def test_law_is_recovered():
    """On 240 points: no worse than the truth, and the truth within the intervals' reach."""
    n, d, loss = trainings(240, np.random.default_rng(1))
    fit = fit_scaling(n, d, loss, draws=100)
    truth = [*np.log([TRUE["E"], TRUE["A"], TRUE["B"]]), TRUE["alpha"], TRUE["beta"]]
    at_truth = _huber(np.log(loss) - _law(np.array([truth]), np.log(n), np.log(d))[0], 1e-3).sum()
    assert fit.objective < at_truth
    for name, value in TRUE.items():
        found = getattr(fit, name)
        wide = found.high - found.low
        assert found.low - 0.5 * wide <= value <= found.high + 0.5 * wide, name
    assert fit.compute_exponent.value == pytest.approx(EXPONENT, abs=0.03)
    assert fit.leverage.sum() == pytest.approx(5.0, abs=1e-6)


def test_intervals_cover():
    """Over 50 simulated sweeps, 90 % intervals hold the truth about as often."""
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(50):
        fit = fit_scaling(*trainings(60, rng), draws=40)
        inside.append(
            [getattr(fit, k).low <= v <= getattr(fit, k).high for k, v in TRUE.items()]
            + [fit.compute_exponent.low <= EXPONENT <= fit.compute_exponent.high]
        )
    assert 0.78 <= np.mean(inside) <= 0.98
    assert np.mean(inside, axis=0).min() >= 0.7


def test_objective_is_a_sum():
    """Every point twice doubles the objective and leaves the optimum where it was."""
    n, d, loss = trainings(40, np.random.default_rng(3))
    one = fit_scaling(n, d, loss, draws=20)
    two = fit_scaling(np.tile(n, 2), np.tile(d, 2), np.tile(loss, 2), draws=20)
    assert two.objective == pytest.approx(2.0 * one.objective, rel=1e-6)
    assert two.alpha.value == pytest.approx(one.alpha.value, abs=1e-3)


def test_outliers_are_named_and_kept():
    """A wrong point is named, stays in the fit, and goes only where the caller says so."""
    n, d, loss = trainings(60, np.random.default_rng(4), noise=0.002)
    loss[7] *= 1.3
    fit = fit_scaling(n, d, loss, draws=20)
    assert 7 in fit.suspects
    assert fit.excluded == ()
    assert fit.without_suspects is not None
    without = fit_scaling(n, d, loss, exclude=[7], draws=20)
    assert without.excluded == (7,)
    assert 7 not in without.suspects
    assert without.leverage[7] == 0.0
    assert without.objective < fit.objective


def test_units_do_not_matter():
    """Tokens in millions: the same exponents."""
    n, d, loss = trainings(40, np.random.default_rng(5))
    one, other = fit_scaling(n, d, loss, draws=20), fit_scaling(n, d / 1e6, loss, draws=20)
    assert other.beta.value == pytest.approx(one.beta.value, abs=1e-4)


def test_predictions_have_intervals():
    """The law at a new size lies between the interval's ends."""
    n, d, loss = trainings(40, np.random.default_rng(6))
    [found] = fit_scaling(n, d, loss, draws=40).predict(1e9, 1e11)
    assert found.low <= found.value <= found.high
    assert 1.8 < found.value < 3.0


def test_published_exponents(shared_data):
    """All published exponents of 15 experiments lie in the intervals of the same method."""
    folder = shared_data / "curves" / "isoflop"
    points, published = (
        pl.read_csv(folder / name) for name in ("isoflop_points.csv", "published_fits.csv")
    )
    keys = ["file", "dataset", "hparams", "warmup", "decay", "param_count"]
    for row in published.iter_rows(named=True):
        own = points.filter(pl.all_horizontal(pl.col(k) == row[k] for k in keys))
        found = fit_isoflop(own["n_params"], own["flops"], own["loss"])
        assert found.exponent.low <= row["n_exponent"] <= found.exponent.high, row
        assert found.exponent.value == pytest.approx(row["n_exponent"], abs=0.01)
        assert found.exponent.high - found.exponent.low < 0.1


def test_isoflop_intervals_cover():
    """Minima of noisy parabolas: 90 % intervals of the exponent cover."""
    rng = np.random.default_rng(7)
    log_c = np.log(np.geomspace(1e17, 1e20, 8))
    inside = []
    for _ in range(200):
        best = 2.0 + 0.5 * log_c + 0.05 * rng.standard_normal(8)
        log_n = best[:, None] + np.linspace(-2, 2, 9)
        loss = np.exp(1.0 + 0.02 * (log_n - best[:, None]) ** 2)
        flops = np.broadcast_to(np.exp(log_c)[:, None], log_n.shape)
        found = fit_isoflop(np.exp(log_n).ravel(), flops.ravel(), loss.ravel()).exponent
        inside.append(found.low <= 0.5 <= found.high)
    assert 0.84 <= np.mean(inside) <= 0.96


@pytest.mark.parametrize(
    ("n", "d", "loss", "message"),
    [
        ([1e8] * 3, [1e9] * 3, [3.0] * 3, "1 different trainings"),
        (np.geomspace(1e7, 1e9, 9), [1e9] * 9, [3.0] * 9, "n_tokens takes fewer than 3"),
        ([1e8, -1.0], [1e9, 1e9], [3.0, 3.0], "n_params is -1 in row 1"),
        ([1e8, 1e9], [1e9, 1e9], [3.0, float("nan")], "loss is nan in row 1"),
        ([1e8, 1e9], [1e9], [3.0, 3.0], "differ in length"),
        ([], [], [], "0 different trainings"),
    ],
)
def test_bad_input(n, d, loss, message):
    """Each mistake is one clear line."""
    with pytest.raises(InputError, match=message):
        fit_scaling(n, d, loss)


def test_rows_that_do_not_exist():
    """A row to exclude must be there."""
    with pytest.raises(InputError, match="row 99"):
        fit_scaling(*trainings(20, np.random.default_rng(8)), exclude=[99])


def test_isoflop_needs_minima():
    """Budgets that only fall have no minimum."""
    n = np.tile(np.geomspace(1e7, 1e9, 6), 3)
    flops = np.repeat([1e17, 1e18, 1e19], 6)
    with pytest.raises(InputError, match="0 compute budgets have a minimum"):
        fit_isoflop(n, flops, 1.0 / n)
