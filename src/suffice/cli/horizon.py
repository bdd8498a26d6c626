"""``suffice horizon``: labels needed as models grow, over years, with every driver's evidence."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.stages import Horizon, Needed


def horizon(
    study: Path | None = None,
    *,
    drivers: Path | None = None,
    without: Annotated[tuple[str, ...], Parameter(consume_multiple=False, negative=())] = (),
    target: float | None = None,
    points: bool = False,
    out: Path = OUT,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """How many labels of each quality are needed in the long run, as models grow.

    Starts from what the study's models need by measurement, and multiplies it by drivers: each
    has a prior or a measured slope, and its evidence. Far from what was measured only a band is
    given. Writes horizon.json, horizon.html and pictures.

    Examples
    --------
    `suffice horizon my-study.toml --out results`

    `suffice horizon --drivers my-horizon.toml --target .9`

    `suffice horizon --without "harder tasks" --without "self-supervision"`

    Parameters
    ----------
    study
        Study file; the example study by default.
    drivers
        File of drivers, path and danger; examples/horizon.toml by default.
    without
        Name of a driver to switch off; may be given several times.
    target
        P that must be reached, instead of the file's.
    points
        Print medians far from what was measured as well.
    out
        Folder of the study's results.
    json
        Print horizon.json.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    work = workspace(study, out, as_json=json, quiet=quiet)
    found = stages.horizon(work, drivers=drivers, without=without, target=target)
    if json:
        print_json(found.record().as_json())
        return
    say(*_lines(found.horizon, points=points))
    say(f"Picture: {found.files[0]}")


def _lines(found: Horizon, *, points: bool) -> Iterator[str]:
    """The long run as text, 80 columns wide."""
    low, middle, high = found.danger_year
    when = f"{middle:.1f} years ({low:.1f} to {high:.1f})"
    yield f"Labels needed for P >= {found.outlook.target:g}, 90 % bands"
    yield f"Scale counts {found.outlook.unit}; misalignment gets dangerous, by your prior,"
    yield f"in {when}"
    yield ""
    yield f"{'source':<16} {'at scale':<16} {'labels':<27} {'never':>6}  lies"
    for name in dict.fromkeys(r.source for r in found.rows):
        mine = [r for r in found.rows if r.source == name]
        for r in _shown(mine):
            yield _row(name, "today" if not r.decades else f"x 10^{r.decades:.1f}", r, points)
        danger = next(r for r in found.danger if r.source == name)
        yield _row(name, "where dangerous", danger, points)
        years, last = next((y, r) for y, r in reversed(found.years) if r.source == name)
        yield _row(name, f"in {years:g} years", last, points)
    yield ""
    yield f"{'driver':<25} {'acts on':<13} {'from':<9} multiplier where dangerous"
    for d in found.drivers:
        low, middle, high = found.effects[d.driver.name]
        kind = "measured" if d.measured else "prior"
        effect = f"x {middle:.2g} ({low:.2g} to {high:.2g})"
        yield f"{d.driver.name:<25.25} {d.driver.on.replace('_', ' '):<13} {kind:<9} {effect}"
    yield ""
    below = max(r.below_floor for r in found.danger)
    bits, factor = found.outlook.floor_bits
    verdict = "it clips" if found.outlook.floor_holds else "it flags and does not clip"
    yield from textwrap.wrap(
        "never: no number of labels does, because of the error that they share, or because today's "
        "model did not get there within 3 times the largest measured purchase. "
        f"Theory floor, if {bits:g} bits (factor {factor:g}) are still needed today: {verdict}; up "
        f"to {100 * below:.0f} % of the draws where it is dangerous lie below it. Measured models "
        f"span {found.span:.1f} decades of scale; beyond them there are only priors.",
        80,
    )


def _shown(rows: list[Needed]) -> list[Needed]:
    """Today, the last scale that is still near, and the last of all."""
    near = [r for r in rows if r.distance != "far"]
    return list({r.decades: r for r in (rows[0], near[-1], rows[-1])}.values())


def _row(name: str, scale: str, r: Needed, points: bool) -> str:
    band = f"{_count(r.low)} to {_count(r.high)}"
    if r.low == float("inf"):
        band = "no number is enough"
    elif points or r.distance != "far":
        band = f"{_count(r.median)} ({band})"
    return f"{name:<16.16} {scale:<16} {band:<27} {100 * r.never:>4.0f} %  {r.distance}"


def _count(value: float) -> str:
    if value == float("inf"):
        return "no end"
    if value >= 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
