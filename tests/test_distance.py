"""How far a curve lies from what was measured: kinds of purchase first, then size."""

from __future__ import annotations

import pytest

from suffice.curve import Curve, Tranche
from suffice.demand.law._distance import Coverage

GRID = tuple(
    Curve.parse(text)
    for text in (
        "80 crowd",
        "2000 crowd",
        "500 crowd x3",
        "40 expert",
        "400 expert",
        "900 judge + 200 crowd",
        "3000 judge + 100 expert",
    )
)
HELD = Coverage.of(GRID)
TWO_ROUNDS = Coverage.of((*GRID, Curve.parse("300 judge + 60 expert (round 2)")))


@pytest.mark.parametrize(
    "text",
    [
        "100 crowd",
        "30 crowd x3",
        "50 judge + 50 expert",
        "50 crowd + 50 expert + 10 judge",
        "100 crowd/test:10:8",
        "100 judge + 50 crowd/test:10:8",
    ],
)
def test_measured_kinds_are_inside(text: str) -> None:
    """Smaller purchases of kinds that cells held are inside, quality control among them."""
    assert HELD.distance(Curve.parse(text), 0.1) == "inside"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("100 judge", "a source that was measured beside others only"),
        ("100 judge + 40 expert (round 2)", "a first second round"),
        ("100 crowd x5", "a number of labels a task"),
        ("40 expert x3", "a number of labels a task that another source was measured with"),
        ("100 friends", "a source that no cell held"),
    ],
)
def test_kinds_that_no_cell_held_are_far(text: str, what: str) -> None:
    """Whatever little is bought, and whatever it is worth: the law was never held to it."""
    assert HELD.distance(Curve.parse(text), 0.01) == "far", what


def test_a_third_round_is_not_a_second_one() -> None:
    """Each further round is a kind of its own, and its number in the curve does not matter."""
    assert TWO_ROUNDS.distance(Curve.parse("100 judge + 40 expert (round 5)"), 0.1) == "inside"
    three = Curve.parse("100 judge + 40 crowd (round 2) + 40 expert (round 3)")
    assert TWO_ROUNDS.distance(three, 0.1) == "far"


def test_tasks_of_some_slices_are_a_kind() -> None:
    """Labels for one slice alone are far until a cell has bought so."""
    curve = Curve((Tranche("crowd", 100, where=("hard",)),))
    assert HELD.distance(curve, 0.1) == "far"
    assert Coverage.of((*GRID, curve)).distance(curve, 0.1) == "inside"


def test_tranches_without_tasks_say_nothing() -> None:
    """Nothing bought of a source is no purchase of it."""
    curve = Curve((Tranche("crowd", 100), Tranche("judge", 0), Tranche("expert", 0, round=2)))
    assert HELD.distance(curve, 0.1) == "inside"
    assert HELD.distance(Curve(()), 0.0) == "inside"


@pytest.mark.parametrize(
    ("times", "says"), [(1.0, "inside"), (1.2, "near"), (2.9, "near"), (3.1, "far")]
)
def test_size_goes_by_the_largest_cell(times: float, says: str) -> None:
    """Beyond the largest cell a curve is near, and far from three times its size on."""
    assert HELD.distance(Curve.parse("500 crowd"), times) == says


def test_more_of_one_source_than_any_cell_held_is_not_inside() -> None:
    """A hundred thousand are near at best where two thousand were measured."""
    assert HELD.distance(Curve.parse("100000 crowd"), 0.5) == "near"
    assert HELD.distance(Curve.parse("100000 crowd"), 50.0) == "far"
    # Labels count, not tasks: 500 tasks of three were measured, and 2,000 of one.
    assert HELD.distance(Curve.parse("600 crowd x3"), 0.5) == "inside"
