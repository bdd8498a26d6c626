"""How far a printed P moves when only the random numbers are others, for each number of draws.

The law is that of the example study, the curves are its recommended one and its alternatives: P
from .14 to .92. Run it again whenever a number of draws or runs in ``plan`` or ``forecast`` is
changed: their docstrings quote what it prints.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from suffice import stages
from suffice.curve import Curve
from suffice.forecast import _deployment, make_forecasts, pass_chances
from suffice.forecast.horizon import _trend
from suffice.plan import (
    _choose,
    _decide,
    _next,
    _objective,
    _pictures,
    _search,
    _shadow,
    _slider_grid,
    _surface,
)
from suffice.stages import Workspace

CURVES = (
    "4729 lexicon_judge + 2760 crowd (round 2)",
    "3000 crowd",
    "10000 lexicon_judge + 1077 crowd + 384 panel",
    "1154 panel",
)
SETTINGS = {
    "rough": (_search._ROUGH_DRAWS, _objective.CHOOSE_RUNS),
    "choose": (_objective.CHOOSE_DRAWS, _objective.CHOOSE_RUNS),
    "close": (_objective._CLOSE_DRAWS, _objective._CLOSE_RUNS),
    "report": (_choose._REPORT_DRAWS, 2000),
    "flips": (_decide._DRAWS, _objective.CHOOSE_RUNS),
    "hardest": (_decide._HARDEST_DRAWS, _decide._HARDEST_RUNS),
    "next": (_next._DRAWS, _next._RUNS),
    "surface": (_surface._DRAWS, _surface._RUNS),
    "pictures": (_pictures._DRAWS, _pictures._PASSES),
    "hostile": (_pictures._HOSTILE_DRAWS, _pictures._PASSES),
    "sliders, rough": (_slider_grid._ROUGH_DRAWS, _slider_grid._ROUGH_RUNS),
    "sliders": (_slider_grid._DRAWS, _slider_grid._RUNS),
    "deployment, one source": (_deployment._DRAWS, _deployment._RUNS),
    "trend": (_trend._DRAWS, _trend._RUNS),
    "forecast": (500, 2000),
}


def main() -> None:
    """Print the sd of P over repeats, the largest of the curves, beside what a forecast states."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--out", type=Path, help="results folder of the example study")
    given = parser.parse_args()
    study = Path(__file__).parent.parent / "examples" / "ratings.toml"
    with tempfile.TemporaryDirectory() as scratch:
        work = Workspace.of(study, given.out or Path(scratch))
        law = stages.fit(work)[work.study.models.target]
        curves = work.market.resolve([Curve.parse(c) for c in CURVES])
        criterion = work.criterion
        shifts = stages.gold_shifts(work)
    seeds = np.random.SeedSequence(1).spawn(given.repeats)
    print(f"{'':24}draws  runs   sd of P")
    for name, (draws, runs) in SETTINGS.items():
        p = []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            outcomes = law.outcomes(curves, rng, draws=draws, runs=runs, half=1)
            p.append(pass_chances(outcomes, criterion, law.metrics).mean(axis=0))
        print(f"{name:24}{draws:5} {runs:5}   {np.std(p, axis=0, ddof=1).max():.4f}")
    gain, draws, runs = [], _shadow._DRAWS, _shadow._RUNS
    near = work.market.resolve([Curve.parse(c) for c in (CURVES[1], "2700 crowd")])
    for seed in seeds:
        rng = np.random.default_rng(seed)
        outcomes = law.outcomes(near, rng, draws=draws, runs=runs, half=1, common=True)
        chances = pass_chances(outcomes, criterion, law.metrics).mean(axis=0)
        gain.append(chances[0] - chances[1])
    print(f"{'shadow price, a tenth':24}{draws:5} {runs:5}   {np.std(gain, ddof=1):.4f}")
    made = [
        make_forecasts(
            law,
            curves,
            criterion,
            np.random.default_rng(seed),
            gold_shifts=shifts,
            draws=_choose._REPORT_DRAWS,
            half=1,
        )
        for seed in seeds
    ]
    for name in ("p", "new_gold"):
        values = [[getattr(f, name).value for f in row] for row in made]
        print(f"reported {name:15}              {np.std(values, axis=0, ddof=1).max():.4f}")
    said = max(f.monte_carlo for f in made[0])
    print(f"{'what a forecast states':24}              {said:.4f}")


if __name__ == "__main__":
    main()
