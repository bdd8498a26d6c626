"""The small drawings in a figure's key: the same marks as in the chart."""

from __future__ import annotations

from suffice.report._theme import STAR

_SHAPES = (
    '<circle r="4.2"/>',
    '<rect x="-3.8" y="-3.8" width="7.6" height="7.6"/>',
    '<path d="M0-4.6L4.4 3.8H-4.4Z"/>',
    '<path d="M0-5L4 0L0 5L-4 0Z"/>',
    '<path d="M0 4.6L4.4-3.8H-4.4Z"/>',
    '<path d="M-1.5-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z"/>',
)
_ACROSS = '<path d="M-11 0H11" fill="none" stroke="var({colour})" stroke-width="{width}" {more}/>'


def _line(colour: str, width: float, more: str = "") -> str:
    return _ACROSS.format(colour=colour, width=width, more=more)


def _dot(radius: float, fill: str, stroke: str, x: float = 0.0) -> str:
    return (
        f'<circle cx="{x}" r="{radius}" fill="var({fill})" stroke="var({stroke})" '
        'stroke-width="1.5"/>'
    )


def _patch(fill: str, opacity: float) -> str:
    return f'<rect x="-11" y="-6" width="22" height="12" fill="var({fill})" opacity="{opacity}"/>'


_STROKES = "".join(f'<path d="M{x} 6L{x + 12}-6" stroke="var(--muted)"/>' for x in (-11, -5, 1))
_GLYPHS = {
    "star": f'<path transform="scale(7.5)" d="{STAR}" fill="var(--page)" stroke="var(--ink)" '
    'stroke-width=".2"/>',
    "path": _line("--warn", 2.4) + _dot(2.8, "--warn", "--page"),
    "dots": _line("--ink", 1.2, 'stroke-dasharray="1 3"'),
    "dashes": _line("--ink", 1.8, 'stroke-dasharray="6 3"'),
    "hatch": _patch("--void", 1) + _STROKES,
    "void": _patch("--void", 1),
    "line": _line("--accent", 2),
    "band": _patch("--accent", 0.38),
    "band-wide": _patch("--accent", 0.15),
    "whisker": '<path d="M0-7V7" stroke="var(--ink)" stroke-width="1.2"/>'
    + _dot(3, "--page", "--ink"),
    "threshold": _line("--warn", 1.5, 'stroke-dasharray="5 3"'),
    "dot-interval": _line("--accent", 2.4) + _dot(3.6, "--accent", "--accent"),
    "bar": '<rect x="-11" y="-5" width="22" height="10" fill="var(--accent-soft)"/>',
    "diamond": '<path d="M0-6L5 0L0 6L-5 0Z" fill="var(--page)" stroke="var(--ink)" '
    'stroke-width="1.8"/>',
    "dot": _dot(2.8, "--accent", "--accent"),
    **{
        f"open{k}": f'<g fill="var(--page)" stroke="var(--ink)" stroke-width="1.6">{shape}</g>'
        for k, shape in enumerate(_SHAPES)
    },
    **{f"shape{k}": f'<g fill="var(--series{k})">{shape}</g>' for k, shape in enumerate(_SHAPES)},
}


def glyph(mark: str) -> str:
    """The mark as a drawing of 24 by 14; raises KeyError for a mark that does not exist."""
    return f'<svg viewBox="-12 -7 24 14" focusable="false">{_GLYPHS[mark]}</svg>'
