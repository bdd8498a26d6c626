"""``suffice extrapolate --two-source``: how to mix a low- and a high-quality source."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from suffice.stages import MixedCurve


def two_source(
    path: Path,
    *,
    at: tuple[str, ...] = (),
    price: float | None = None,
    budgets: tuple[float, ...] = (),
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Fit the two-source law to every panel of a file and print what to buy.

    Args:
        path: columns n_weak, n_high, y; optional curve, weak_cost and budget.
        at: mixes to forecast, each as N_WEAK,N_HIGH.
        price: of a weak label, a high-quality one costs 1; by default the file's weak_cost or .1.
        budgets: to recommend a mix for; by default the file's, or what its mixes cost.
        out: refused: a two-source law has no picture yet.
        json: print JSON instead of tables.
    """
    from suffice import stages
    from suffice.cli._common import print_json
    from suffice.errors import InputError

    if out is not None:
        raise InputError("--out draws curves, not mixes", fix="leave out --out or --two-source")
    asked = [_mix(text) for text in at]
    panels = stages.two_source(path, asked, price=price, budgets=budgets)
    if json:
        print_json({"panels": [panel.as_dict() for panel in panels]})
        return
    for panel in panels:
        for line in _lines(panel):
            say(*(textwrap.wrap(line, 80) if len(line) > 80 else [line]))


def _mix(text: str) -> tuple[float, float]:
    from suffice.errors import InputError

    try:
        weak, high = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"--at {text} is no mix", fix="write N_WEAK,N_HIGH, as in 1000,50"
        ) from None
    return weak, high


def _lines(panel: MixedCurve) -> Iterator[str]:
    law = panel.law
    yield (
        f"{panel.curve or 'two sources'}: {len(law.y)} rows, a weak label costs {law.price:g} of a "
        "high-quality one"
    )
    yield ""
    heads = ("budget", "weak spend", "weak", "high", "error", "high alone")
    yield "{:>8} {:>24} {:>8} {:>7} {:>6} {:>10}".format(*heads)
    for m in panel.recommended:
        share = m.weak_share
        span = f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"
        yield (
            f"{m.budget:8,.0f} {span:>24} {m.n_weak:8,.0f} {m.n_high:7,.0f} "
            f"{m.error.value:6.3f} {m.error_high_alone.value:10.3f}"
        )
    for weak, high, e in panel.forecasts:
        yield (
            f"At {weak:,.0f} weak and {high:,.0f} high: error {e.value:.3f} ({e.low:.3f} to "
            f"{e.high:.3f})."
        )
    yield ""
    if panel.gains:
        better = sum(gain.low > 0 for _, _, gain in panel.gains)
        worse = sum(gain.high < 0 for _, _, gain in panel.gains)
        yield (
            f"Weak labels added to the same high-quality ones: surely better in {better} of "
            f"{len(panel.gains)} measured mixes, surely worse in {worse}."
        )
    knee = law.knee
    if knee is None:
        yield "Knee: not asked; fewer than 5 mixes have one total number of labels."
    elif knee.claimed:
        at = knee.at
        yield (
            f"Knee: yes, at a high-quality share of {at.value:.2f} ({at.low:.2f} to {at.high:.2f})."
        )
    else:
        chance = knee.probability
        yield (
            f"Knee: none shown (chance of a knee {chance['knee']:.2f}, of a straight line "
            f"{chance['line']:.2f})."
        )
    shares = sorted(law.weights.items(), key=lambda item: -item[1])
    yield "Laws: " + ", ".join(f"{name} {share:.2f}" for name, share in shares) + "."
