"""``suffice forecast``: what is to be expected of one curve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suffice.estimate import Estimate
    from suffice.stages import PurchaseForecast

_LIES = {"inside": "inside what", "near": "a little beyond what", "far": "far beyond what"}


def forecast(
    curve: str,
    study: Path | None = None,
    *,
    points: bool = False,
    out: Path = OUT,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """P(meets the criterion) of one curve, with its interval and what it consists of.

    A curve is written as it is printed: tasks, source, xLABELS for several labels a task, and
    `(round 2)` for what trains later. P is given three times: for this pool and this gold, with
    new gold, and in deployment, where sources label anew. Far beyond what was measured only bounds
    are given.

    Examples
    --------
    `suffice forecast "3000 crowd + 200 panel"`

    `suffice forecast "4000 lexicon_judge + 1000 crowd x3 (round 2)" my-study.toml --json`

    Parameters
    ----------
    curve
        What would be bought.
    study
        Study file; the example study by default.
    points
        Give a point value far beyond what was measured as well.
    out
        Folder of the study's results.
    json
        Print the forecast as JSON.
    quiet
        No progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    made = stages.forecast(workspace(study, out, as_json=json, quiet=quiet), curve=curve)
    if json:
        print_json(made.as_dict(points=points))
        return
    say(f"{made.curve}: {made.cost:,.2f}")
    say(*_lines(made, points=points))


def _lines(said: PurchaseForecast, *, points: bool) -> Iterator[str]:
    from suffice.estimate import probability

    made = said.forecast

    def told(p: Estimate) -> str:
        low, high = probability(p.low), probability(p.high)
        if said.shown(p, points=points).mean is None:
            return f"between {low} and {high}"
        return f"{probability(p.value)} ({low} to {high})"

    yield "P(meets the criterion), with 90 % intervals"
    yield f"  the curve lies {_LIES[made.distance]} was measured"
    yield f"  {told(made.p):<21} held fixed: {made.held_fixed}"
    if made.new_gold is not None:
        yield f"  {told(made.new_gold):<21} with gold from other texts and raters"
    if made.deployment is not None:
        judged = " and gold" if made.new_gold is not None else " from these sources"
        yield f"  {told(made.deployment):<21} in deployment: new labels{judged}"
    if said.simple:
        yield "What a run would reach, by each way of forecasting, with 90 % intervals:"
        for s in said.simple:
            yield f"  {s.name:<34}{s.metric:<14}{s.value:8.4g}   {s.low:.4g} to {s.high:.4g}"
    yield "What makes it uncertain, as standard deviations:"
    for p in made.parts:
        yield f"  {p.sd:.2f}  {p.name}, {p.counted}"
