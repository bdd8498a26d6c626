"""Contours of a gridded surface: lines, filled regions and hatching, as points to draw.

Plotting libraries that do this are large; marching squares is small. Coordinates are whatever the
axes are in: pass log quantities where the picture's axis is logarithmic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_Edge = tuple[int, int, int]
"""Row and column of a grid node, and 0 for the edge to its right or 1 for the edge above it."""

# Corners are numbered 0 (row i, column j), 1 (i, j+1), 2 (i+1, j+1), 3 (i+1, j); sides 0 (bottom),
# 1 (right), 2 (top), 3 (left). For each set of high corners: directed segments from side to side
# that keep the high corners on their left.
_SEGMENTS: dict[int, tuple[tuple[int, int], ...]] = {
    0: (), 15: (),
    1: ((0, 3),), 2: ((1, 0),), 4: ((2, 1),), 8: ((3, 2),),
    3: ((1, 3),), 6: ((2, 0),), 12: ((3, 1),), 9: ((0, 2),),
    14: ((3, 0),), 13: ((0, 1),), 11: ((1, 2),), 7: ((2, 3),),
}  # fmt: skip
# The same where two corners across from each other are high: True where the middle is, too.
_SADDLES: dict[tuple[int, bool], tuple[tuple[int, int], ...]] = {
    (5, True): ((0, 1), (2, 3)),
    (5, False): ((0, 3), (2, 1)),
    (10, True): ((3, 0), (1, 2)),
    (10, False): ((1, 0), (3, 2)),
}


def contour_lines(x: Floats, y: Floats, z: Floats, level: float) -> list[Floats]:
    """Lines along which the surface equals ``level``, with higher ground on their left.

    Args:
        x: rising coordinates of the columns [n].
        y: rising coordinates of the rows [m].
        z: the surface [m, n]; NaN where it is not known, and no line is drawn there.
        level: the height of the lines.

    Returns:
        Each line as points [point, 2]; a closed line repeats its first point.
    """
    following = _directed_edges(z, level)
    arrivals = set(following.values())
    starts = [e for e in following if e not in arrivals]
    lines = []
    for first in [*starts, *following]:
        if first not in following:
            continue
        edges = [first]
        while edges[-1] in following:
            edges.append(following.pop(edges[-1]))
        lines.append(_positions(edges, x, y, z, level))
    return lines


def filled_region(x: Floats, y: Floats, z: Floats, level: float) -> list[tuple[Floats, bool]]:
    """Closed outlines of the ground at or above ``level``, outer ones before holes.

    Args:
        x: as for ``contour_lines``.
        y: as for ``contour_lines``.
        z: the surface [m, n], without NaN.
        level: the height of the shore.

    Returns:
        Pairs of an outline [point, 2] and whether it is a hole.
    """
    import numpy as np

    padded = np.pad(z, 1, constant_values=min(float(z.min()), level) - 1.0)
    wide_x = np.concatenate([x[:1], x, x[-1:]])
    wide_y = np.concatenate([y[:1], y, y[-1:]])
    loops = [(line, _area(line) < 0.0) for line in contour_lines(wide_x, wide_y, padded, level)]
    return sorted(loops, key=lambda pair: pair[1])


def depth(mask: NDArray[np.bool_]) -> Floats:
    """How deep each cell lies inside the mask (positive) or outside it (negative), smoothed.

    Its zero contour is the mask's outline without the stairs of the grid, at most half a cell off.
    """
    import numpy as np
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    inside = np.pad(mask, 1, mode="edge")
    if not inside.any() or inside.all():
        return np.full(mask.shape, 1.0 if inside.all() else -1.0)
    signed = np.where(
        inside,
        np.asarray(distance_transform_edt(inside)) - 0.5,
        0.5 - np.asarray(distance_transform_edt(~inside)),
    )
    return np.asarray(gaussian_filter(signed, 0.6, mode="nearest"))[1:-1, 1:-1]


def fill_gaps(z: Floats) -> Floats:
    """The surface with every NaN replaced by its nearest known value."""
    import numpy as np
    from scipy.ndimage import distance_transform_edt

    gaps = np.isnan(z)
    if gaps.all():
        return np.zeros_like(z)
    _, (rows, columns) = distance_transform_edt(gaps, return_indices=True)
    return np.asarray(z[rows, columns])


def hatching(
    x: Floats, y: Floats, inside: Floats, *, width: float, height: float, spacing: float = 9.0
) -> list[tuple[float, float, float, float]]:
    """Slanted strokes over the ground where ``inside`` [m, n] is positive.

    Args:
        x: rising coordinates of the columns [n].
        y: rising coordinates of the rows [m].
        inside: the surface whose positive part is hatched.
        width: of the picture in pixels, for which the strokes lean at 45 degrees.
        height: of the picture in pixels.
        spacing: pixels between strokes.

    Returns:
        Strokes as (x0, y0, x1, y1).
    """
    import numpy as np
    from scipy.interpolate import RegularGridInterpolator

    surface = RegularGridInterpolator((y, x), inside, bounds_error=False, fill_value=-1.0)
    strokes = []
    for offset in np.arange(spacing - height, width, spacing):
        along = np.arange(max(0.0, -offset), min(height, width - offset), 2.0)
        if len(along) < 2:
            continue
        across = x[0] + (along + offset) / width * (x[-1] - x[0])
        up = y[0] + along / height * (y[-1] - y[0])
        drawn = surface(np.column_stack([up, across])) > 0.0
        for a, b in _stretches(drawn):
            strokes.append((float(across[a]), float(up[a]), float(across[b]), float(up[b])))
    return strokes


def _directed_edges(z: Floats, level: float) -> dict[_Edge, _Edge]:
    """From each crossed grid edge to the next one along a contour."""
    import numpy as np

    high = z >= level
    case = high[:-1, :-1] * 1 + high[:-1, 1:] * 2 + high[1:, 1:] * 4 + high[1:, :-1] * 8
    centre = (z[:-1, :-1] + z[:-1, 1:] + z[1:, 1:] + z[1:, :-1]) / 4.0
    crossed = (case > 0) & (case < 15) & ~np.isnan(centre)
    following: dict[_Edge, _Edge] = {}
    for i, j in np.argwhere(crossed).tolist():
        sides = ((i, j, 0), (i, j + 1, 1), (i + 1, j, 0), (i, j, 1))
        kind = int(case[i, j])
        pairs = _SADDLES[kind, bool(centre[i, j] >= level)] if kind in (5, 10) else _SEGMENTS[kind]
        for start, end in pairs:
            following[sides[start]] = sides[end]
    return following


def _positions(edges: list[_Edge], x: Floats, y: Floats, z: Floats, level: float) -> Floats:
    """Where the contour crosses each grid edge [edge, 2], by linear interpolation."""
    import numpy as np

    points = np.empty((len(edges), 2))
    for k, (i, j, upward) in enumerate(edges):
        i1, j1 = (i + 1, j) if upward else (i, j + 1)
        share = (level - z[i, j]) / (z[i1, j1] - z[i, j])
        points[k] = x[j] + share * (x[j1] - x[j]), y[i] + share * (y[i1] - y[i])
    return points


def _area(loop: Floats) -> float:
    """Twice the signed area of a closed line: positive where it runs anticlockwise."""
    import numpy as np

    a, b = loop[:-1], loop[1:]
    return float(np.sum(a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]))


def _stretches(on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every run of True that is longer than one."""
    import numpy as np

    change = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(int), [0]])))
    return [
        (a, b - 1)
        for a, b in zip(change[::2].tolist(), change[1::2].tolist(), strict=True)
        if b - a > 1
    ]
