"""Why P changes from one model to the next: fewer labels needed, or worse labels given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError
from suffice.estimate import Estimate, probability
from suffice.forecast._probability import pass_chances
from suffice.metric import signs
from suffice.records import ChangeRow, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from suffice.channel import Source
    from suffice.curve import Curve, ResolvedCurve
    from suffice.demand import Law
    from suffice.forecast._criterion import Criterion

    Floats = NDArray[np.float64]

IMITATION = (8.0, 2.0)
"""Beta prior of the share of added shared error that a trained model takes over: .8 (.57 to .96).
GPT-2 models trained on weak labels of BoolQ repeated .78 to .81 of the labels' mistakes
(`curves/weak-strong-mixing`)."""

SURE = 0.9
"""Posterior chance from which one effect is said to win; below it the question is open. A
convention: the level of every interval."""

_CHANNELS, _DRAWS, _RUNS = 20, 40, 200
"""Draws of the sources, draws of the law for each, and residuals: chosen for time. All four corners
share them, so that a change of P is known better than P, whose Monte Carlo sd is that of 20 draws
of the sources and of 200 residuals (.03, `tools/bench_monte_carlo.py`)."""

METHOD = "law's posterior at both models and both capabilities; order of the two effects averaged"
CITATION = "Shapley (1953), A value for n-person games"


@dataclass(frozen=True)
class Change:
    """What happens to P from one model to a more capable one, on the same purchase.

    Attributes:
        before, after: the models' names.
        p_before, p_after: P with the labels that each model's own outputs would get.
        efficiency: what the model itself changes (labels as they were).
        error: what the evaluators' added error changes (model as it was).
        total: the sum of both, exactly.
        falls: posterior chance that P falls.
    """

    before: str
    after: str
    p_before: Estimate
    p_after: Estimate
    efficiency: Estimate
    error: Estimate
    total: Estimate
    falls: float

    @property
    def winner(self) -> str:
        """Which effect decides, in words; open where P as likely rises as falls, within 9 in 10."""
        if 1.0 - SURE <= self.falls <= SURE:
            return "open"
        by_model = self.efficiency.value > self.error.value
        if self.falls < 1.0 - SURE:
            return "the model's efficiency" if by_model else "evaluators who err less"
        return "the model itself needs more" if not by_model else "the evaluators' error"

    def __str__(self) -> str:
        """What happens to P and which effect wins, in words."""

        def moved(e: Estimate) -> str:
            return f"{e.value:+.2f} ({e.low:+.2f} to {e.high:+.2f})"

        won = "which effect wins is open" if self.winner == "open" else f"what wins: {self.winner}"
        return (
            f"From {self.before} to {self.after} P goes from {probability(self.p_before.value)} to "
            f"{probability(self.p_after.value)}: {moved(self.efficiency)} by the model itself, "
            f"{moved(self.error)} by what evaluators get wrong on its outputs; it falls with "
            f"chance {probability(self.falls)}; {won}."
        )

    def record(self) -> ChangeRow:
        """For ``forecast.json``."""
        return ChangeRow(
            before=self.before,
            after=self.after,
            p_before=Interval.of(self.p_before),
            p_after=Interval.of(self.p_after),
            efficiency=Interval.of(self.efficiency),
            error=Interval.of(self.error),
            total=Interval.of(self.total),
            falls=self.falls,
            winner=self.winner,
            text=str(self),
        )


def explain_change(
    laws: Sequence[tuple[float, Law]],
    curve: Curve,
    sources: Mapping[str, Source],
    criterion: Criterion,
    rng: np.random.Generator,
    *,
    channels: int = _CHANNELS,
    draws: int = _DRAWS,
    runs: int = _RUNS,
) -> tuple[Change, ...]:
    """Split the change of P between models into efficiency gained and evaluator error added.

    Model: P(i, c) is the chance under the law of model i with labels given on outputs of a model
    of capability c. Added shared error acts twice: a label is worth less (the law's Fisher
    ratio), and a share of it, ``IMITATION``, is taught. The two effects are averaged over both
    orders, so that they add up.
    Assumes: a source takes part in training by its share of the labelled tasks, and what it
    teaches makes every metric worse by as much.
    Fails when: the laws were measured on outputs of models that already differ in capability.

    Args:
        laws: (capability of the model, its law), in any order.
        curve: what is bought.
        sources: by name; those made by ``with_capability`` move, others stay.
        criterion: what must be met.
        rng: the only source of chance.
        channels: draws of the sources.
        draws: draws of the law for each of them.
        runs: residuals behind each chance.

    Raises:
        InputError: fewer than two models.
    """
    if len(laws) < 2:
        raise InputError(f"{len(laws)} model cannot change", fix="give laws of two or more models")
    ordered = sorted(laws, key=lambda pair: pair[0])
    seeds = [int(s) for s in rng.integers(2**62, size=channels)]
    taught = rng.beta(*IMITATION, size=channels)

    def chance(law: Law, capability: float) -> Floats:
        """Draws of pi, with the same draws of sources and law wherever it is called."""
        parts = []
        for seed, share in zip(seeds, taught, strict=True):
            was = curve.resolve(sources, np.random.default_rng(seed), None)
            now = curve.resolve(sources, np.random.default_rng(seed), capability)
            outcomes = law.outcomes([now], np.random.default_rng(seed), draws=draws, runs=runs)
            worse = signs(law.metrics) * (share * _added(was, now))
            shift = np.broadcast_to(worse, (draws, len(worse)))
            parts.append(pass_chances(outcomes, criterion, law.metrics, shift)[:, 0])
        return np.concatenate(parts)

    return tuple(_change(chance, first, second) for first, second in pairwise(ordered))


def _change(
    chance: Callable[[Law, float], Floats], first: tuple[float, Law], second: tuple[float, Law]
) -> Change:
    (low, small), (high, large) = first, second
    corner = {(i, c): chance(law, c) for i, law in enumerate((small, large)) for c in (low, high)}
    gain = 0.5 * (corner[1, low] - corner[0, low] + corner[1, high] - corner[0, high])
    loss = 0.5 * (corner[0, high] - corner[0, low] + corner[1, high] - corner[1, low])
    total = corner[1, high] - corner[0, low]

    def estimate(values: Floats) -> Estimate:
        return Estimate.from_draws(values, method=METHOD, citation=CITATION)

    return Change(
        before=small.model,
        after=large.model,
        p_before=estimate(corner[0, low]),
        p_after=estimate(corner[1, high]),
        efficiency=estimate(gain),
        error=estimate(loss),
        total=estimate(total),
        falls=float((total < 0.0).mean() + 0.5 * (total == 0.0).mean()),
    )


def _added(was: ResolvedCurve, now: ResolvedCurve) -> float:
    """Shared error that capability added, averaged over the purchase's tasks."""
    tasks = sum(r.tranche.tasks * r.tranche.weight for r in now)
    return sum(
        r.tranche.tasks
        * r.tranche.weight
        / tasks
        * (r.channel.profile.mean_shared - b.channel.profile.mean_shared)
        for b, r in zip(was, now, strict=True)
    )
