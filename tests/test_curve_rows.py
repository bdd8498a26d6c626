"""Rows of curves: seeds, zeros, accuracies, steep falls and columns that say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from suffice.cli import main
from suffice.demand.scaling import extrapolate
from suffice.demand.scaling._read_curves import CurveData, read_curves
from suffice.errors import InputError

SIZES = [100.0, 200, 400, 800, 1600]
FALLING = [0.4, 0.32, 0.27, 0.23, 0.2]


def read(accuracy: bool = False, **columns: list[Any]) -> CurveData:
    """The only curve of some columns."""
    (curve,), _ = read_curves(columns, accuracy=accuracy)
    return curve


def seeds(last: list[float]) -> dict[str, list[Any]]:
    """Four seeds at each x, of which three agree to two digits."""
    y = [value + extra for value in FALLING for extra in (0, 0, 0, 0.1)]
    return {"x": [x for x in SIZES for _ in range(4)], "y": [*y[:-4], *last]}


@pytest.mark.parametrize("more", [{}, {"seed": [0, 1, 2, 3] * 5}, {"model": ["m"] * 20}])
def test_equal_values_of_seeds_are_measurements(more: dict[str, list[Any]]) -> None:
    """Whether a column names the seeds, nothing does, or a column says the same everywhere."""
    curve = read(**seeds([0.2, 0.2, 0.2, 0.3]), **more)
    assert curve.y[-1] == pytest.approx((0.2**3 * 0.3) ** 0.25)
    assert not curve.left_out


def test_a_row_logged_twice_counts_once() -> None:
    """The same seed twice, and a file that holds every row twice, are no second measurement."""
    twice = seeds([0.2, 0.2, 0.2, 0.3]) | {"seed": [0, 1, 2, 2] * 5}
    twice["y"] = [value for value in FALLING for _ in range(4)]
    assert read(**twice).left_out == {"repeats another row exactly": 5}
    doubled = read(x=SIZES * 2, y=FALLING * 2)
    assert doubled.left_out == {"repeats another row exactly": 5}


def test_a_zero_is_a_measurement() -> None:
    """A seed without an error pulls the mean down, and an x without any is not left out."""
    curve = read(**seeds([0.0, 0.0, 0.2, 0.2]))
    assert curve.y[-1] == pytest.approx(0.1)
    gone = read(x=SIZES, y=[0.4, 0.2, 0.1, 0.0, 0.0])
    assert gone.y[-2:] == pytest.approx([0.05, 0.05])
    assert any("y is 0 at 2 x" in note for note in gone.notes)


@pytest.mark.parametrize("top", [1.0, 100.0])
def test_an_accuracy_is_extrapolated_as_one(top: float) -> None:
    """Its planted law is met, no forecast exceeds the top, and last values are accuracies."""
    sizes = 100.0 * 2 ** np.arange(8)
    accuracy = top * (1 - 0.9 * sizes**-0.25)
    table = {"x": sizes.tolist(), "y": accuracy.tolist()}
    (curve,) = extrapolate(table, ["10x", "1000x"], accuracy=True).curves
    near, far = curve.points
    planted = top * (1 - 0.9 * (10 * sizes[-1]) ** -0.25)
    assert near.forecast.low < planted < near.forecast.high
    assert near.forecast.value == pytest.approx(planted, rel=0.01)
    assert near.last_value == pytest.approx(accuracy[-1])
    assert far.forecast.low <= far.forecast.value <= far.forecast.high <= top
    assert curve.y == pytest.approx(accuracy)


@pytest.mark.parametrize(
    ("y", "way"),
    [([71.5, 76, 79.9, 83.1, 85.8], "100 - y"), ([0.7, 0.75, 0.8, 0.84, 0.9], "1 - y"),
     ([150, 180, 200, 240, 290], "should fall")],
)  # fmt: skip
def test_what_rises_all_along_is_refused_with_the_way_out(y: list[float], way: str) -> None:
    """Nothing is forecast of a metric whose direction is not known."""
    with pytest.raises(InputError, match="y rises with x") as caught:
        read_curves({"x": SIZES, "y": y})
    assert way in str(caught.value)
    assert ("--accuracy" in str(caught.value)) == (max(y) <= 100)


def test_noise_on_a_floor_does_not_rise() -> None:
    """Curves that are flat but for noise go through, but for one in twenty at most."""
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(300):
        y = 0.3 * np.exp(0.005 * rng.normal(size=5))
        try:
            read_curves({"x": SIZES, "y": y.tolist()})
        except InputError:
            refused += 1
    assert refused <= 15


def test_steep_falls_are_no_other_unit() -> None:
    """A loss may fall a hundredfold; units that change back and forth are refused."""
    steep = read(x=SIZES, y=[60.0, 52.0, 0.46, 0.4, 0.36])
    assert any("use one unit" in note for note in steep.notes)
    with pytest.raises(InputError, match="percent in 2 rows and a share in 3"):
        read_curves({"x": SIZES, "y": [45, 0.4, 0.35, 31, 0.28]})


def test_a_flat_curve_is_said() -> None:
    """A curve of equal values is forecast flat, with a word about it."""
    (curve,) = extrapolate({"x": SIZES, "y": [0.3] * 5}, "2x").curves
    assert curve.points[0].forecast.value == pytest.approx(0.3, rel=0.05)
    assert any("the same everywhere" in note for note in curve.notes)


def test_an_accuracy_above_a_hundred_is_none() -> None:
    """What cannot be an accuracy is refused."""
    with pytest.raises(InputError, match="no accuracy"):
        read_curves({"x": SIZES, "y": [90, 95, 101, 102, 103]}, accuracy=True)


def test_the_places_may_be_left_out(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --at the command forecasts at 2, 4 and 10 times the largest x."""
    path = tmp_path / "curves.csv"
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(SIZES, FALLING, strict=True)))
    with pytest.raises(SystemExit) as stopped:
        main(["extrapolate", str(path), "--quiet"])
    assert stopped.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "2 times the largest x" in said
    assert "10 times the largest x" in said
