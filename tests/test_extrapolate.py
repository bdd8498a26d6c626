"""Learning curves extrapolated: properties, calibration by simulation, real curves, bad input."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import suffice
from suffice.demand.scaling import Extrapolation, draw_curves, extrapolate
from suffice.demand.scaling._backtest import cut_curves
from suffice.demand.scaling._families import FAMILIES
from suffice.demand.scaling._mixture import distribution, quantile, softmax, stack, width_factor
from suffice.demand.scaling._posterior import (
    DRIFT_PRIOR,
    DRIFTS,
    NOISE_SD,
    NOISE_WEIGHT,
    Batch,
    drift_covariance,
    member_prior,
    predict,
)
from suffice.demand.scaling._read_curves import read_curves
from suffice.errors import InputError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from bench_curves import finetuning, forecasts, interval_score, tail_interval, vision

FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # a fit takes half a second: shrinking a failure would take minutes
    suppress_health_check=[HealthCheck.too_slow],
)
SIZES = np.array([100.0, 200, 400, 800, 1600, 3200, 6400, 12800])


def _table(**curves: np.ndarray) -> dict[str, list[Any]]:
    """Columns of curves that were all measured at ``SIZES``."""
    table: dict[str, list[Any]] = {"curve": [], "x": [], "y": []}
    for name, y in curves.items():
        table["curve"] += [name] * len(y)
        table["x"] += SIZES[: len(y)].tolist()
        table["y"] += list(y)
    return table


def _numbers(found: Extrapolation) -> np.ndarray:
    frame = found.frame().select("median", "low", "high", "last_value", "tail_power_law")
    return frame.to_numpy()


falling = st.builds(
    lambda floor, c, noise, seed: (
        (floor + 3.0 * SIZES**-c) * np.exp(noise * np.random.default_rng(seed).normal(size=8))
    ),
    st.floats(0.0, 0.3), st.floats(0.05, 0.8), st.floats(0.0, 0.05), st.integers(0, 99),
)  # fmt: skip


# --- Families and the posterior -----------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_derivatives(family: Any) -> None:
    """Each family's derivatives are those of its function."""
    rng = np.random.default_rng(0)
    theta = rng.normal(family.mean, family.sd, (30, len(family.mean)))
    u = np.tile(np.linspace(-6, 4, 11), (30, 1))
    _, slope = family.function(theta, u)
    for k in range(theta.shape[1]):
        step = np.zeros(theta.shape[1])
        step[k] = 1e-5
        up, down = family.function(theta + step, u)[0], family.function(theta - step, u)[0]
        np.testing.assert_allclose((up - down) / 2e-5, slope[..., k], atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES[2:], ids=lambda family: family.name)
def test_families_fall(family: Any) -> None:
    """Every family but last value and trend falls, wherever its parameters lie."""
    rng = np.random.default_rng(1)
    theta = rng.normal(family.mean, 2 * np.array(family.sd), (200, len(family.mean)))
    z, _ = family.function(theta, np.tile(np.linspace(-8, 8, 60), (200, 1)))
    assert (np.diff(z, axis=1) <= 1e-12).all()


def test_drift_is_a_covariance() -> None:
    """The drift's covariance has no negative eigenvalue, and its two sides are independent."""
    u = np.linspace(-5, 5, 31)
    covariance = drift_covariance(u, u)
    assert np.linalg.eigvalsh(covariance).min() > -1e-9
    assert (covariance[u < 0][:, u > 0] == 0).all()


def test_simulation_based_calibration() -> None:
    """Values drawn from the model itself fall where its forecasts say, over all its members."""
    rng = np.random.default_rng(7)
    curves, ahead = 240, 1.5
    u = np.linspace(-5, 0, 12)
    new = np.append(u, ahead)
    prior = member_prior(FAMILIES)
    drift_of = np.repeat(DRIFTS, len(FAMILIES))
    parts, truth = [], np.zeros((curves, 1))
    for row in range(curves):
        member = rng.choice(len(prior), p=prior)
        family = FAMILIES[member % len(FAMILIES)]
        theta = rng.normal(family.mean, family.sd)[None]
        noise = NOISE_SD / np.sqrt(rng.chisquare(NOISE_WEIGHT) / NOISE_WEIGHT)
        covariance = drift_of[member] ** 2 * drift_covariance(new, new) + np.eye(len(new))
        z = family.function(theta, new[None])[0][0]
        z = z + noise * np.linalg.cholesky(covariance) @ rng.normal(size=len(new))
        parts.append((u, z[:-1], np.ones(len(u)), NOISE_SD, NOISE_WEIGHT))
        truth[row] = z[-1]
    members = predict(Batch.of(parts), np.full((curves, 1), ahead), FAMILIES)
    weights = softmax(np.log(prior)[:, None] + members.evidence)
    rank = np.sort(distribution(members, weights, truth)[:, 0])
    even = np.arange(1, curves + 1) / curves
    assert np.abs(rank - even).max() < 1.63 / np.sqrt(curves)  # Kolmogorov-Smirnov at 1 %
    assert 0.84 < np.mean((rank > 0.05) & (rank < 0.95)) < 0.96
    low, high = (quantile(members, weights, level) for level in (0.05, 0.95))
    assert np.mean((truth >= low) & (truth <= high)) == np.mean((rank >= 0.05) & (rank <= 0.95))


def test_priors_sum_to_one() -> None:
    """Prior weights of drifts and of members are probabilities."""
    assert sum(DRIFT_PRIOR) == pytest.approx(1.0)
    assert member_prior(FAMILIES).sum() == pytest.approx(1.0)


def test_stacking_follows_skill() -> None:
    """A member that predicts better gets more weight, and without backtests the prior stays."""
    prior = np.array([0.5, 0.5])
    assert stack(np.zeros((2, 0)), prior) == pytest.approx(prior)
    better = stack(np.array([[1.0] * 40, [-1.0] * 40]), prior)
    assert better[0] > 0.75
    assert width_factor(np.zeros(0)) == 1.0
    assert width_factor(np.full(50, 9.0)) > 2.0


# --- Properties ---------------------------------------------------------------------------------


@FEW
@given(falling, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_scale_equivariance(y: np.ndarray, of_x: float, of_y: float) -> None:
    """Other units of x and of y change forecasts in proportion, and nothing else."""
    table = _table(a=y)
    scaled = {
        "curve": table["curve"],
        "x": [x * of_x for x in table["x"]],
        "y": [v * of_y for v in table["y"]],
    }
    plain, other = extrapolate(table, "4x"), extrapolate(scaled, "4x")
    np.testing.assert_allclose(_numbers(other), of_y * _numbers(plain), rtol=2e-3)


@FEW
@given(falling)
def test_intervals_widen(y: np.ndarray) -> None:
    """On a logarithmic scale the interval gets wider with distance."""
    points = extrapolate(_table(a=y), [13_000, 20_000, 51_200, 1e6, 1e9]).curves[0].points
    width = [np.log(p.forecast.high / p.forecast.low) for p in points]
    assert (np.diff(width) > 0).all()
    assert all(p.forecast.low <= p.forecast.value <= p.forecast.high for p in points)


number = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(0.01, 1e6),
    st.sampled_from([0.0, -1.0, 1.0, 1e-300, 1e300]),
)


@FEW
@given(st.lists(st.tuples(st.sampled_from("ab"), number, number), max_size=12))
def test_any_rows(rows: list[tuple[str, float, float]]) -> None:
    """Any rows give ordered, finite forecasts or one clear line, and every row is accounted for."""
    table = {name: [row[k] for row in rows] for k, name in enumerate(("curve", "x", "y"))}
    try:
        found = extrapolate(table, ["3x", 7.0])
    except InputError as error:
        found, refusal = None, str(error)
    if found is None:
        assert "\n" not in refusal
        return
    numbers = _numbers(found)
    assert np.isfinite(numbers).all()
    assert (numbers[:, 1] <= numbers[:, 0] * (1 + 1e-9)).all()
    assert (numbers[:, 0] <= numbers[:, 2] * (1 + 1e-9)).all()
    assert sum(c.rows for c in (*found.curves, *found.refused)) == len(rows)
    json.dumps(found.as_dict(), allow_nan=False)


def test_order_and_company_of_rows() -> None:
    """Rows in another order, or other x asked as well, change nothing."""
    rng = np.random.default_rng(3)
    y = 0.2 + 3 * SIZES**-0.4
    table = _table(a=y, b=1.5 * y)
    plain = extrapolate(table, "4x").frame()
    order = rng.permutation(len(table["x"]))
    mixed = {name: [values[k] for k in order] for name, values in table.items()}
    shuffled = extrapolate(pl.DataFrame(mixed), "4x").frame().sort("curve")
    np.testing.assert_allclose(shuffled["median"], plain["median"], rtol=1e-9)
    more = extrapolate(table, ["4x", "2x"]).frame().filter(pl.col("x") == 51_200)
    np.testing.assert_allclose(more["high"], plain["high"], rtol=1e-9)


# --- Coverage where no family is right ----------------------------------------------------------


def _outsiders(rng: np.random.Generator, count: int) -> list[Any]:
    """Curves of kinds that no family holds: exponential, logarithmic, two powers, a late step."""
    kinds = []
    for _ in range(count):
        a, b, c = rng.uniform(0.1, 0.4), rng.uniform(0.2, 0.9), rng.uniform(0.5, 2.0)
        kinds += [
            lambda x, a=a, b=b, c=c: a + b * np.exp(-((x / 20_000) ** (0.4 * c))),
            lambda x, a=a, b=b: a + b / np.log(x / 10),
            lambda x, a=a, b=b, c=c: a * (x / 1e4) ** -0.1 + b * (x / 1e3) ** -c,
            lambda x, a=a, b=b, c=c: a + b / (1 + (x / 5_000) ** c) ** 0.5,
        ]
    return kinds


def test_a_curve_that_has_ended_ends() -> None:
    """Where the last points no longer fall, the forecast does not go on falling."""
    rng = np.random.default_rng(7)
    x = np.geomspace(1e3, 5e5, 14)
    curves, slopes = {}, rng.uniform(0.2, 0.5, 12)
    for k, slope in enumerate(slopes):
        end = x[-4] * rng.uniform(0.3, 0.9)
        curves[f"curve {k}"] = np.maximum(end / x, 1.0) ** slope * np.exp(
            0.005 * rng.normal(size=len(x))
        )
    columns = _table(**dict.fromkeys(curves, x)), _table(**curves)
    table = {"curve": columns[1]["curve"], "x": np.tile(x, len(curves)), "y": columns[1]["y"]}
    found = _numbers(extrapolate(table, "4x"))
    assert np.abs(np.log(found[:, 0])).max() < 0.05  # on going, they would reach -.28 to -.69
    assert np.mean((found[:, 1] <= 1.0) & (found[:, 2] >= 1.0)) >= 0.8


@pytest.mark.parametrize("together", [True, False], ids=["one file", "one by one"])
def test_coverage_on_other_families(together: bool) -> None:
    """On synthetic curves of other families, 90 % intervals at eight times the data cover."""
    rng = np.random.default_rng(11)
    kinds = _outsiders(rng, 15 if together else 4)
    curves = {
        f"curve {k}": f(SIZES) * np.exp(0.01 * rng.normal(size=len(SIZES)))
        for k, f in enumerate(kinds)
    }
    far = 8 * SIZES[-1]
    truth = np.array([f(far) for f in kinds]) * np.exp(0.01 * rng.normal(size=len(kinds)))
    if together:
        found = _numbers(extrapolate(_table(**curves), far))
    else:
        found = np.vstack([_numbers(extrapolate(_table(**{n: y}), far)) for n, y in curves.items()])
    covered = np.mean((truth >= found[:, 1]) & (truth <= found[:, 2]))
    assert covered >= 0.8
    ours, tail = (np.sqrt(np.mean(np.log(found[:, k] / truth) ** 2)) for k in (0, 4))
    assert ours < tail


# --- Real curves --------------------------------------------------------------------------------


def test_finetuning_curves(shared_data: Path) -> None:
    """On real fine-tuning curves the forecast beats the tail power law in error and in interval."""
    known, asked = finetuning(shared_data / "curves" / "finetuning" / "flan.csv", 204_800)
    found = forecasts(known, asked)
    z = np.array([np.log(y[0]) for _, y in asked.values()])
    ends = [np.array([f[0] for f in found[k]]) for k in ("low", "high")]
    tails = [tail_interval(x, y, asked[name][0]) for name, (x, y) in known.items()]
    tail_ends = [np.array([t[k][0] for t in tails]) for k in (0, 1)]
    ours, tail = (
        np.sqrt(np.mean((np.concatenate(found[m]) - z) ** 2)) for m in ("suffice", "tail power law")
    )
    assert ours < 0.75 * tail
    assert interval_score(*ends, z).mean() < interval_score(*tail_ends, z).mean()
    assert np.mean((z >= ends[0]) & (z <= ends[1])) >= 0.8


@pytest.mark.slow
def test_vision_curves(shared_data: Path) -> None:
    """On the 72 vision curves the error is below the published one of broken power laws."""
    folder = shared_data / "curves" / "neural-scaling"
    known, asked = vision(folder / "benchmark.vision.csv")
    found = forecasts(known, asked)
    truth = [np.log(y) for _, y in asked.values()]
    errors = [np.sqrt(np.mean((f - z) ** 2)) for f, z in zip(found["suffice"], truth, strict=True)]
    assert len(errors) == 72
    assert np.mean(errors) <= 0.0406


def test_backtests_stay_inside() -> None:
    """A backtest holds out what comes after its cut, at the distance that is asked for."""
    curves, _ = read_curves(_table(a=1 / SIZES, b=1 / SIZES[:3]))
    cuts = cut_curves(curves, np.log([4.0, 4.0]))
    assert {cut.curve for cut in cuts} == {0}  # three points are too few
    assert [cut.length for cut in cuts] == [6, 7]
    assert all((cut.u > 0).all() for cut in cuts)


# --- Bad and odd input --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"x": [1, 2]}, "there is no column y"),
        ({"x": [1, "many"], "y": [1, 2]}, "x is no number in row 2"),
        ({"x": [1, 2], "y": ["3 %", "2"]}, "y is no number in row 1"),
        ({"x": [1, 2], "y": [1]}, "make no table"),
        ({"x": [], "y": []}, "there are no rows"),
        ({"x": [1, 1], "y": [1, 2]}, "1 usable x, and at least 2 are needed"),
        ({"x": [1, 2, 3], "y": [0, 0, 0]}, "y is 0 everywhere"),
        ({"x": [1, 2, 3], "y": [-1, -2, -3]}, "3 left out (y is below 0"),
        ({"x": [1, 2, 4, 8], "y": [45, 0.4, 0.35, 31]}, "percent in 2 rows and a share in 2"),
    ],
)
def test_refusals(table: dict[str, list[Any]], says: str) -> None:
    """Rows that make no curve are refused in one line that says why."""
    with pytest.raises(InputError) as caught:
        extrapolate(table, 100)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("at", ["soon", 0, -5, float("nan"), float("inf"), [], {"b": 3}])
def test_bad_places(at: Any) -> None:
    """An x that makes no sense is refused."""
    with pytest.raises(InputError):
        extrapolate(_table(a=1 / SIZES), at)


def test_left_out_rows_are_counted() -> None:
    """Whatever is not used is counted with its reason, and a bad curve does not stop the others."""
    table = {
        "curve": ["a"] * 9 + ["b"],
        "x": [0, 10, 20, 20, 40, 80, 80, 160, None, 5],
        "y": [9, 5, 4, 4, float("nan"), 3, 3.2, -1, 1, 2],
    }
    found = extrapolate(table, "2x")
    (curve,) = found.curves
    assert curve.left_out == {
        "x is missing or not finite": 1,
        "y is missing or not finite": 1,
        "x is 0, which has no logarithm": 1,
        "y is below 0": 1,
        "repeats another row exactly": 1,
    }
    assert curve.x == (10, 20, 80)
    assert curve.y[-1] == pytest.approx(np.sqrt(3 * 3.2))
    assert any("measured more than once" in note for note in curve.notes)
    (refused,) = found.refused
    assert (refused.curve, refused.rows) == ("b", 1)
    assert "at least 2 are needed" in refused.reason


def test_two_points_get_the_width_they_deserve() -> None:
    """Two points are forecast with a wide interval and a word about it."""
    y = 0.1 + 3 * SIZES**-0.4
    few, many = (extrapolate(_table(a=y[-n:]), "8x").curves[0] for n in (2, 8))
    few_width, many_width = (
        np.log(c.points[0].forecast.high / c.points[0].forecast.low) for c in (few, many)
    )
    assert few_width > 2 * many_width
    assert any("two points" in note for note in few.notes)
    assert "no backtest reaches as far" in few.points[0].reach


def test_curves_that_end_above_their_lowest_point_are_noticed() -> None:
    """A loss that turns up at its end is forecast, with a word about it."""
    (bumpy,) = extrapolate(_table(a=np.array([9, 7, 5, 4, 3, 3.2, 4.1, 4.2])), "2x").curves
    assert any("above its lowest point" in note for note in bumpy.notes)


def test_units_of_whole_curves_may_differ() -> None:
    """One curve in percent and one as a share get the same forecast, in their own units."""
    y = 0.1 + SIZES**-0.3
    share, percent = _numbers(extrapolate(_table(a=y, b=100 * y), "4x"))
    np.testing.assert_allclose(percent, 100 * share, rtol=1e-6)


def test_inside_the_data() -> None:
    """An x between two points is interpolated, more narrowly than one beyond them."""
    y = (0.1 + 3 * SIZES**-0.4) * np.exp(0.01 * np.random.default_rng(2).normal(size=8))
    (curve,) = extrapolate(_table(a=y), [1130, 12_800, 102_400, 50]).curves
    inside, last, beyond, before = curve.points
    assert y[4] < inside.forecast.value < y[3]
    assert (inside.reach, before.reach) == ("inside the data", "before the first point")
    widths = [np.log(p.forecast.high / p.forecast.low) for p in (inside, last, beyond)]
    assert widths[0] < widths[2]
    assert widths[1] < widths[2]


def test_known_noise_is_used() -> None:
    """A larger y_sd gives a wider interval; one that makes no sense is passed over with a word."""
    y = 0.1 + 3 * SIZES**-0.4
    widths = []
    for share in (0.01, 0.1):
        table = _table(a=y) | {"y_sd": (share * y).tolist()}
        forecast = extrapolate(table, "2x").curves[0].points[0].forecast
        widths.append(np.log(forecast.high / forecast.low))
    assert widths[1] > 2 * widths[0]
    (curve,) = extrapolate(_table(a=y) | {"y_sd": [0.1, None] * 4}, "2x").curves
    assert any("y_sd" in note for note in curve.notes)


def test_long_curves_are_averaged() -> None:
    """Thousands of points are averaged in steps, which is said and hardly moves the forecast."""
    x = np.geomspace(100, 12_800, 3000)
    noise = np.exp(0.01 * np.random.default_rng(5).normal(size=len(x)))
    (curve,) = extrapolate({"x": x, "y": (0.1 + 3 * x**-0.4) * noise}, "4x").curves
    assert len(curve.x) <= 80
    assert curve.x[-1] == pytest.approx(12_800)
    assert any("3,000 points were averaged" in note for note in curve.notes)
    assert curve.points[0].forecast.value == pytest.approx(0.1 + 3 * 51_200**-0.4, rel=0.05)


# --- The command and the picture ----------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two curves in a file; one row of the second is empty."""
    path = tmp_path / "curves.csv"
    table = _table(small=0.3 + 2 * SIZES**-0.3, large=0.2 + 2 * SIZES**-0.4)
    rows = list(zip(*table.values(), strict=True))
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows([("curve", "x", "y"), *rows, ("large", 25_600, "")])
    return path


def test_command_prints_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--json`` prints JSON alone, with what the function gives."""
    from suffice.cli import main

    with pytest.raises(SystemExit) as done:
        main(["extrapolate", str(file), "--at", "51200", "--at", "8x", "--json"])
    assert done.value.code == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == suffice.extrapolate(file, [51_200, "8x"]).as_dict()
    assert [len(curve["forecasts"]) for curve in shown["curves"]] == [2, 2]
    assert sum(shown["curves"][0]["weights"].values()) == pytest.approx(1.0, abs=1e-3)


def test_command_prints_a_table(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table fits 80 columns and says what was left out and how far it goes."""
    from suffice.cli import main

    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["extrapolate", str(file), "--at", "1e6", "--quiet"])
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert "large: 1 row left out: y is missing" in out
    assert "78.1 times the largest x" in out
    assert "power law" in out


@pytest.mark.parametrize("suffix", [".html", ".svg", ".png"])
def test_picture(file: Path, tmp_path: Path, suffix: str) -> None:
    """A picture is written in each format, and an HTML one needs no network."""
    path = tmp_path / f"curves{suffix}"
    assert draw_curves(extrapolate(file), path) == f"wrote {path}"
    content = path.read_bytes()
    assert len(content) > 5_000
    if suffix == ".html":
        assert b'<script src="http' not in content
    with pytest.raises(InputError):
        draw_curves(extrapolate(file), tmp_path / "curves.pdf")
