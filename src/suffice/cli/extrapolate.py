"""``suffice extrapolate``: learning curves that were measured elsewhere, extrapolated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.stages import CurveForecast, Extrapolation

_TABLE_WIDTH = 70
"""Columns that the table needs for its numbers and for names that can be read; by eye."""
_SHARE_SHOWN = 0.05
"""Families of less weight are added up; chosen to keep the line short. JSON names all."""
_NAMED = 3
"""Most curves that are named one by one; chosen, for the same reason."""


def extrapolate(
    curves: Path,
    *,
    at: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    accuracy: Annotated[bool, Parameter(negative=())] = False,
    two_source: Annotated[bool, Parameter(negative=())] = False,
    weak_price: float | None = None,
    budget: Annotated[tuple[float, ...], Parameter(negative=())] = (),
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Extrapolate learning curves: what would loss or error be with more data?

    Reads CSV, TSV, parquet, JSON and JSON lines with the columns x, y (loss or error), curve where
    there are several, y_sd where the noise is known, and seed where an x was measured by several.
    Prints median and 90 % interval for each curve, beside the last value and a power law through
    the last four points.

    Examples:
        suffice extrapolate curves.csv --at 100000

        suffice extrapolate curves.csv --at 4x --at 10x --out curves.html

        suffice extrapolate curves.csv --at 1638400 --json

        suffice extrapolate accuracy.csv --accuracy

        suffice extrapolate mixes.csv --two-source --weak-price .1 --budget 500 --budget 2000

    Args:
        curves: the file with the curves.
        at: where: a number, or a multiple of each curve's largest x such as 4x; give it several
            times for several. Left out: 2x, 4x and 10x. With --two-source a mix: N_WEAK,N_HIGH.
        accuracy: y is an accuracy, as a share or in percent.
        two_source: the file holds mixes of two sources, with the columns n_weak, n_high and y (an
            error share): print the mix to buy, and whether a knee is shown.
        weak_price: of a weak label where a high-quality one costs 1; left out, the file's column
            weak_cost, or 0.1.
        budget: to recommend a mix for, in prices of a high-quality label; left out, the file's.
        out: a picture of the curves: a file ending in .html, .svg or .png.
        json: print JSON instead of a table.
        quiet: no progress.
    """
    if two_source:
        from suffice.cli.two_source import two_source as run_two_source

        run_two_source(curves, at=at, price=weak_price, budgets=budget, out=out, json=json)
        return
    from suffice import stages
    from suffice.cli._common import choose_progress, print_json

    progress = choose_progress(as_json=json, quiet=quiet)
    found = stages.extrapolate(curves, at or None, accuracy=accuracy, progress=progress)
    if json:
        print_json(found.as_dict())
    else:
        _print(found)
    if out is not None:
        progress.note(stages.draw_curves(found, out))


def _print(found: Extrapolation) -> None:
    """The table, then what was left out and noticed."""
    from rich.table import Table

    from suffice.cli._screen import console

    screen = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("curve", overflow="fold", ratio=1)
    for name in ("x", "median", f"{100 * found.level:.0f} % interval", "last", "power law"):
        table.add_column(name, justify="right", no_wrap=True)
    for curve in found.curves:
        for number, point in enumerate(curve.points):
            f = point.forecast
            table.add_row(
                curve.curve if number == 0 else "",
                f"{point.x:.4g}",
                f"{f.value:.4g}",
                f"{f.low:.4g} to {f.high:.4g}",
                f"{point.last_value:.4g}",
                f"{point.tail_power_law:.4g}",
            )
    if screen.width >= _TABLE_WIDTH:
        screen.print(table)
    else:
        say(*_stacked(found))
    for line in _lines(found):
        screen.print(line)


def _stacked(found: Extrapolation) -> Iterator[str]:
    """The table's numbers one below the other, where it would crush the names."""
    for curve in found.curves:
        yield f"{curve.curve}:"
        for point in curve.points:
            f = point.forecast
            yield f"  x {point.x:.4g}: {f.value:.4g} ({f.low:.4g} to {f.high:.4g})"
            yield f"    last {point.last_value:.4g}, power law {point.tail_power_law:.4g}"


def _lines(found: Extrapolation) -> list[str]:
    lines = [""]
    together = _common([_reaches(curve) for curve in found.curves])
    if not together:
        lines += [f"{curve.curve}: {_reaches(curve)}." for curve in found.curves]
    else:
        lines.append(f"How far: {together}.")
    lines += _left_out(found)
    for note, names in _grouped([(n, c.curve) for c in found.curves for n in c.notes]).items():
        lines.append(f"{_some(names)}: {note}.")
    lines += [f"{c.curve}: not extrapolated, {c.reason}." for c in found.refused]
    lines.append(f"Laws, mean share over curves: {_shares(found)}.")
    lines.append(
        f"{found.backtests} backtests on these curves made the intervals "
        f"{found.width_factor:.2f} times as wide as the laws alone."
        if found.backtests
        else "No curve was long enough for a backtest: weights and widths rest on the prior."
    )
    return lines


def _left_out(found: Extrapolation) -> list[str]:
    """One line a reason: how many rows of which curves."""
    rows = [(why, c.curve, count) for c in found.curves for why, count in c.left_out.items()]
    total = {why: sum(count for w, _, count in rows if w == why) for why, _, _ in rows}
    names = _grouped([(why, name) for why, name, _ in rows])
    return [
        f"{_some(names[why])}: {n:,} row{'' if n == 1 else 's'} left out: {why}."
        for why, n in total.items()
    ]


def _grouped(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for text, name in pairs:
        groups.setdefault(text, []).append(name)
    return groups


def _some(names: list[str]) -> str:
    """A few names, or how many."""
    return ", ".join(names) if len(names) <= _NAMED else f"{names[0]} and {len(names) - 1} more"


def _reaches(curve: CurveForecast) -> str:
    return "; ".join(dict.fromkeys(point.reach for point in curve.points))


def _common(texts: list[str]) -> str:
    """What all say, if they all say the same."""
    return texts[0] if len(set(texts)) == 1 else ""


def _shares(found: Extrapolation) -> str:
    mean = {
        name: sum(curve.weights[name] for curve in found.curves) / len(found.curves)
        for name in found.curves[0].weights
    }
    shown = sorted(mean.items(), key=lambda item: -item[1])
    named = [f"{name} {share:.2f}" for name, share in shown if share >= _SHARE_SHOWN]
    rest = sum(share for _, share in shown if share < _SHARE_SHOWN)
    return ", ".join([*named, *([f"others {rest:.2f}"] if rest > 0 else [])])
