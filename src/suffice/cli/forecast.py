"""``suffice forecast``: what is to be expected of one curve."""

from __future__ import annotations

from pathlib import Path

from suffice.cli._common import OUT


def forecast(
    curve: str,
    study: Path | None = None,
    *,
    out: Path = OUT,
    json: bool = False,
    quiet: bool = False,
) -> None:
    """P(meets the criterion) of one curve, with its interval.

    A curve is written as it is printed: tasks, source, xLABELS for several labels a task, and
    `(round 2)` for what trains later.

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
    out
        Folder of the study's results.
    json
        Print the forecast as JSON.
    quiet
        No progress.
    """
    import numpy as np

    from suffice import pipeline
    from suffice.cli._common import print_json, workspace
    from suffice.curve import Curve
    from suffice.forecast import make_forecasts

    work = workspace(study, out, as_json=json, quiet=quiet)
    wanted = Curve.parse(curve)
    cost = wanted.cost(work.buyable)
    grid = pipeline.measure(work)
    law = pipeline.fit(work, grid)[work.study.models.target]
    rng = np.random.default_rng([work.study.seed, 61])
    shifts = pipeline.gold_shifts(work, grid)
    made = make_forecasts(
        law, [wanted.resolve(work.buyable)], work.criterion, rng, gold_shifts=shifts
    )[0]
    if json:
        print_json(
            {
                "curve": wanted.as_list(),
                "cost": cost,
                "p": {**made.as_dict(), "held_fixed": made.held_fixed},
                "parts": list(made.parts),
                "distance": made.distance,
            }
        )
        return
    p = made.p
    print(f"{wanted}: {cost:,.2f}")
    print(f"P(meets the criterion) = {p.value:.2f} ({p.low:.2f} to {p.high:.2f}, 90 %)")
    if (anew := made.new_gold) is not None:
        print(
            f"with gold from other texts and raters: {anew.value:.2f} "
            f"({anew.low:.2f} to {anew.high:.2f})"
        )
    lies = {"inside": "inside what", "near": "a little beyond what", "far": "far beyond what"}
    print(f"held fixed: {made.held_fixed}; the curve lies {lies[made.distance]} was measured")
