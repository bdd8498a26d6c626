"""The words in the picture, placed so that they do not cover each other."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from typing import TYPE_CHECKING, Any

from suffice.report import _words as words
from suffice.report._halo import halo_layers, label
from suffice.report._hero_grid import LINE_LEVELS, Picture, shapes
from suffice.report._placement import Board, Place, along, around

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_STYLES = {
    "region": (False, 11.5, "soft"),
    "cost": (False, 10.5, "soft"),
    "path": (False, 10.5, "ink"),
    "level": (True, 11.5, "ink"),
    "alternative": (False, 12.0, "ink"),
    "recommended": (True, 13.0, "ink"),
}
"""Of each kind of label, the last on top: whether it is bold, its size in pixels, its colour."""


@dataclass(frozen=True)
class Layout:
    """A label with its place, for a wide or a narrow picture."""

    text: str
    place: Place
    kind: str


def label_layers(
    picture: Picture,
    x: Any,  # noqa: ANN401
    y: Any,  # noqa: ANN401
    size: tuple[float, float],
    shown_when: str,
) -> list[Any]:
    """All words in the picture, placed for one size and shown at that size alone."""
    found = layouts(picture, size)
    layers = []
    for kind, (bold, font, colour) in _STYLES.items():
        rows = [
            label(item.text, *picture.data(item.place, size), item.place)
            for item in found
            if item.kind == kind
        ]
        layers += halo_layers(
            rows, x, y, shown_when=shown_when, bold=bold, font=font, colour=colour
        )
    return layers


def layouts(picture: Picture, size: tuple[float, float]) -> list[Layout]:
    """Every label's place in a picture of that size, the most important first."""
    hero, board = picture.hero, Board(*size)
    for mark in picture.marks:
        board.reserve(*picture.pixel(log10(mark.quantity), mark.quality, size), 7.0)
    found: list[Layout] = []

    def put(text: str, candidates: list[Place], kind: str, limit: float = 1e9) -> None:
        bold, font, _ = _STYLES[kind]
        place = board.place(text, candidates, limit=limit, font=font, bold=bold)
        if place is not None:
            found.append(Layout(text, place, kind))

    for point, _ in reversed(shapes(hero)):
        at = picture.pixel(log10(point.quantity), point.quality, size)
        chance = f" {words.probability(point.p)}" if point.p is not None else ""
        best = point.role == "recommended"
        put(f"{words.shorten(point.name)}{chance}", around(*at, 15.0 if best else 11.0), point.role)
    for text, surface in (
        ("not on offer\nat this quality", picture.void),
        ("not forecast:\ntoo far from the runs", picture.unknown),
        ("over budget\nor capacity", picture.beyond),
    ):
        put(text, _inside(picture, surface, size), "region", limit=120.0)
    for level in LINE_LEVELS:
        lines = [line for at, line in picture.level_lines if at == level]
        put(
            f"P {level:.1f}".replace("0.", "."),
            _on_lines(picture, lines, size),
            "level",
            limit=220.0,
        )
    budget = hero.budget
    for level in picture.cost_levels:
        lines = [line for at, line in picture.cost_lines if at == level]
        text = f"{words.money(level)} budget" if level == budget else words.money(level)
        put(text, _on_lines(picture, lines, size), "cost", limit=220.0)
    middle = len(picture.path) // 2
    for step in (picture.path[:1], picture.path[middle : middle + 1]):
        for stop in step:
            at = picture.pixel(log10(stop.quantity), stop.quality, size)
            put(f"for {_whole(stop.budget)}", around(*at, 8.0), "path", limit=120.0)
    return found


def _whole(dollars: float) -> str:
    """An amount without cents from ten dollars on."""
    return words.money(float(round(dollars)) if dollars >= 10.0 else dollars)


def _inside(
    picture: Picture, surface: NDArray[np.float64], size: tuple[float, float]
) -> list[Place]:
    """Places deep inside the region where the surface is positive."""
    import numpy as np

    if not (surface > 0.0).any():
        return []
    rows, columns = np.nonzero(surface > 0.35 * surface.max())
    places = []
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        x, y = picture.pixel(float(picture.x[j]), float(picture.y[i]), size)
        shallow = 30.0 * (1.0 - float(surface[i, j] / surface.max()))
        aside = 10.0 * abs(x / size[0] - 0.5) + 10.0 * abs(y / size[1] - 0.5)
        places.append(Place(x, y, penalty=shallow + aside))
    return places


def _on_lines(
    picture: Picture, lines: list[NDArray[np.float64]], size: tuple[float, float]
) -> list[Place]:
    """Places on some lines, rather where something can be bought than elsewhere."""
    points, penalties = [], []
    for line in lines:
        for x, y in line[:: max(1, len(line) // 40)].tolist():
            if max(picture.at(picture.void, x, y), picture.at(picture.unknown, x, y)) > -0.5:
                continue
            at = picture.pixel(x, y, size)
            points.append(at)
            margin = min(at[0], size[0] - at[0], at[1], size[1] - at[1])
            penalties.append(
                (60.0 if picture.at(picture.beyond, x, y) > 0.0 else 0.0)
                + (80.0 if margin < 24.0 else 0.0)
                + 20.0 * abs(at[0] / size[0] - 0.5)
            )
    return along(points, penalties=penalties)
