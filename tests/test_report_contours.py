"""Contours, hatching and label placement of the report's picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.report._contours import contour_lines, depth, fill_gaps, filled_region, hatching
from suffice.report._placement import Board, Place, around

X, Y = np.linspace(-2.0, 2.0, 61), np.linspace(-1.5, 1.5, 47)
RADIUS = np.hypot(*np.meshgrid(X, Y))


def area(loop: np.ndarray) -> float:
    """The signed area of a closed line."""
    a, b = loop[:-1], loop[1:]
    return 0.5 * float(np.sum(a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]))


def test_a_circle_is_one_closed_line():
    """The contour of a cone is a circle of the right radius, closed, high ground on its left."""
    (line,) = contour_lines(X, Y, 1.0 - RADIUS, 0.0)
    assert np.allclose(line[0], line[-1])
    assert np.abs(np.hypot(*line.T) - 1.0).max() < 2e-3
    assert area(line) == pytest.approx(np.pi, rel=0.01)


def test_a_plane_is_cut_exactly():
    """A plane's contour is its straight line, from edge to edge."""
    (line,) = contour_lines(X, Y, np.broadcast_to(X, RADIUS.shape), 0.3)
    assert np.allclose(line[:, 0], 0.3)
    assert {line[0, 1], line[-1, 1]} == {-1.5, 1.5}


def test_no_line_through_what_is_unknown():
    """No line is drawn in a cell with an unknown corner."""
    surface = np.where(np.meshgrid(X, Y)[0] > 0.5, np.nan, 1.0 - RADIUS)
    lines = contour_lines(X, Y, surface, 0.0)
    assert lines
    assert max(line[:, 0].max() for line in lines) <= 0.51


def test_a_ring_has_a_hole():
    """The region of a ring is its outer shore and a hole, and their areas differ by its own."""
    ring = 0.3 - np.abs(RADIUS - 1.0)
    loops = filled_region(X, Y, ring, 0.0)
    assert [hole for _, hole in loops] == [False, True]
    assert area(loops[0][0]) + area(loops[1][0]) == pytest.approx(
        np.pi * (1.3**2 - 0.7**2), rel=0.02
    )


@given(st.integers(0, 2**32 - 1), st.floats(0.2, 0.8))
def test_regions_are_closed_and_share_the_ground(seed: int, level: float):
    """On any surface the shores are closed, and land and sea together are the whole picture."""
    rng = np.random.default_rng(seed)
    x, y, z = np.arange(7.0), np.arange(5.0), rng.random((5, 7))
    land, sea = filled_region(x, y, z, level), filled_region(x, y, -z, -level)
    assert all(np.allclose(loop[0], loop[-1]) for loop, _ in [*land, *sea])
    assert sum(area(loop) for loop, _ in [*land, *sea]) == pytest.approx(24.0)


def test_a_region_without_bounds_is_the_frame():
    """Ground that is high everywhere is the whole picture; nowhere high is no region."""
    ((loop, hole),) = filled_region(X, Y, np.ones_like(RADIUS), 0.5)
    assert not hole
    assert area(loop) == pytest.approx(12.0)
    assert filled_region(X, Y, np.zeros_like(RADIUS), 0.5) == []


def test_depth_follows_the_mask():
    """Depth is positive inside and negative outside, and knows full and empty masks."""
    mask = RADIUS < 1.0
    assert ((depth(mask) > 0.0) == mask).mean() > 0.97
    assert (depth(np.ones((3, 4), bool)) > 0.0).all()
    assert (depth(np.zeros((3, 4), bool)) < 0.0).all()


def test_gaps_take_their_neighbour():
    """A gap is filled with the nearest known value; without any the surface is flat."""
    surface = np.array([[1.0, np.nan, 5.0, np.nan]])
    assert fill_gaps(surface).tolist() in ([[1.0, 1.0, 5.0, 5.0]], [[1.0, 5.0, 5.0, 5.0]])
    assert (fill_gaps(np.full((2, 2), np.nan)) == 0.0).all()


def test_hatching_stays_inside():
    """Every stroke lies in the hatched ground, and there are strokes."""
    strokes = hatching(X, Y, 1.0 - RADIUS, width=400, height=300)
    assert len(strokes) > 10
    for x0, y0, x1, y1 in strokes:
        assert max(np.hypot(x0, y0), np.hypot(x1, y1)) < 1.02


def test_labels_do_not_cover_each_other():
    """Labels of marks that lie close together find places apart."""
    board = Board(400, 300)
    marks = [(200.0, 150.0), (205.0, 150.0), (200.0, 158.0)]
    for x, y in marks:
        board.reserve(x, y, 6.0)
    for x, y in marks:
        assert board.place("a label", around(x, y)) is not None
    labels = board.taken[3:]
    assert all(a.overlap(b) == 0.0 for k, a in enumerate(labels) for b in labels[:k])


def test_a_label_without_room_is_left_out():
    """A label that would cover another by more than its limit is not placed."""
    board = Board(400, 300)
    assert board.place("first", [Place(200.0, 150.0)]) is not None
    assert board.place("second", [Place(200.0, 150.0)], limit=50.0) is None
    assert board.place("third", []) is None


def test_labels_stay_in_the_picture():
    """A mark at the right edge gets its label on its left."""
    place = Board(400, 300).place("a long label", around(396.0, 150.0))
    assert place is not None
    assert place.align == "right"
