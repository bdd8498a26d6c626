"""Which runs to make next: what each is worth knowing, in money.

Model: what is unknown is the law, drawn from its posterior. Actions are to buy nothing, or one of
the plan's purchases; the benefit of a purchase is ``value`` times its pi, less its cost. A run
shows its metrics under each draw, noise of runs included, so that a repeat of a cell is worth
something where noise is what is missing, and little where it is not. Runs are chosen one after
the other, each for what it adds to those that were chosen before and to those that are pending.
Where no run moves the decision, those come first that leave least doubt about its purchases.
Reference: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory; Strong et al. (2015);
for the batch, Krause and Guestrin (2005), Near-optimal nonmyopic value of information.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.estimate import Estimate
from suffice.forecast import pass_chances
from suffice.plan._information import perfect_information, sample_information

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from suffice.curve import Curve
    from suffice.demand import Law
    from suffice.forecast import Criterion
    from suffice.plan._market import Market

    Floats = NDArray[np.float64]

_DRAWS, _RUNS = 512, 200
"""Draws of the law, all that it keeps, and residuals behind each pi."""

_SHORTLIST = 12
"""Runs that are weighed in money at each step: those that leave least doubt. Chosen for time."""

_MOST_SIGNALS = 6
"""Signals of runs that were chosen before, or are pending, that a further one is weighed beside;
of more, the latest. Chosen: a regression on more of them would need more draws."""

_LEAST_P = 0.01
"""As in ``_next``: a P below this counts as so much where the budget says what success is worth."""


@dataclass(frozen=True)
class Wanted:
    """A run that is worth making.

    Attributes:
        curve: what it trains on.
        price: of the run, its labels left out.
        worth: what knowing its result is worth, in money, beside the runs before it.
        doubt: share of the doubt about the plan's purchases that it does away with.
        repeat: whether this very curve was measured before.
    """

    curve: Curve
    price: float
    worth: Estimate
    doubt: float
    repeat: bool


@dataclass(frozen=True)
class Asking:
    """Runs to make next, and what all knowledge would be worth.

    Attributes:
        runs: in the order in which they were chosen.
        perfect: what it would be worth to know everything.
        value: money that meeting the criterion is worth.
        stated: whether the user said so.
        action: what is best without any run.
    """

    runs: tuple[Wanted, ...]
    perfect: Estimate
    value: float
    stated: bool
    action: str


def ask_runs(
    law: Law,
    market: Market,
    criterion: Criterion,
    actions: Sequence[Curve],
    candidates: Sequence[Curve],
    *,
    count: int,
    price: float,
    value: float | None,
    pending: Sequence[Curve] = (),
    seed: int = 0,
) -> Asking:
    """Choose runs one after the other.

    Args:
        law, market, criterion: as the plan has them.
        actions: purchases that the plan weighs.
        candidates: what a run could train on.
        count: how many runs.
        price: of one run.
        value: of meeting the criterion; what makes the whole budget worth spending by default.
        pending: runs that were handed out and are not in.
        seed: of all draws.
    """
    rng = Stream.RESPONSE_ASK.rng(seed)
    tried = list(dict.fromkeys([*candidates, *pending]))
    outcomes = law.outcomes([*actions, *tried], rng, draws=_DRAWS, runs=_RUNS)
    k = len(actions)
    pi = pass_chances(outcomes, criterion, law.metrics)[:, :k]
    cost = np.array([c.cost(market.sources) for c in actions])
    stated = value is not None
    best = float(pi.mean(axis=0).max())
    worth = value or market.money / max(best, _LEAST_P)
    benefit = np.concatenate([np.zeros((len(pi), 1)), worth * pi - cost], axis=1)
    limits = criterion.thresholds(law.metrics)
    asked = np.flatnonzero(np.isfinite(limits))
    mean = outcomes.mean[:, k:][..., asked].astype(np.float64)
    spread = outcomes.spread[:, k:][..., asked].astype(np.float64)
    at = {c: i for i, c in enumerate(tried)}
    doubt = Doubt(outcomes.mean[:, :k][..., asked].astype(np.float64), mean, spread)
    signals: list[Floats] = []

    def show(i: int) -> Floats:
        return np.asarray(mean[:, i] + spread[:, i] * rng.standard_normal(mean[:, i].shape))

    for c in pending:
        signals.append(show(at[c]))
        doubt.learn(at[c])
    measured = set(law.curves)
    now = _worth(benefit, signals, seed)
    chosen: list[Wanted] = []
    for _ in range(count):
        gains = doubt.gains()[: len(tried)]
        short = np.argsort(-gains, kind="stable")[:_SHORTLIST]
        found = []
        for i in short:
            shown = show(int(i))
            e = _worth(benefit, [*signals, shown], seed)
            found.append((e, int(i), shown))
        # Money first; what moves no money is told apart by the doubt that it leaves.
        scores = [e.value - now.value + 1e-3 * worth * gains[i] for e, i, _ in found]
        e, i, shown = found[int(np.argmax(scores))]
        more = max(e.value - now.value, 0.0)
        alone = Estimate(more, max(e.low - now.value, 0.0), max(e.high - now.value, more))
        chosen.append(Wanted(tried[i], price, alone, float(gains[i]), tried[i] in measured))
        signals.append(shown)
        doubt.learn(i)
        now = e if e.value > now.value else now
    names = ["buy nothing", *map(str, actions)]
    return Asking(
        tuple(chosen),
        perfect_information(benefit, seed=seed),
        worth,
        stated,
        names[int(benefit.mean(axis=0).argmax())],
    )


def _worth(benefit: Floats, signals: Sequence[Floats], seed: int) -> Estimate:
    if not signals:
        return Estimate(0.0, 0.0, 0.0)
    return sample_information(benefit, np.concatenate(signals[-_MOST_SIGNALS:], axis=1), seed=seed)


class Doubt:
    """What runs say of purchases, as far as a normal picture of the posterior goes."""

    def __init__(self, actions: Floats, runs: Floats, spread: Floats) -> None:
        """Take means of actions and of runs [draw, curve, metric], and the spread of runs."""
        draws, self._count, self._metrics = runs.shape
        self._noise = (spread**2).mean(axis=0)  # [run, metric]
        a, r = actions - actions.mean(axis=0), runs - runs.mean(axis=0)
        self._across = np.einsum("dam,drm->mar", a, r) / draws
        self._own = np.einsum("drm,dsm->mrs", r, r) / draws
        self._left = np.einsum("dam,dam->ma", a, a) / draws
        self._all = np.maximum(self._left.sum(axis=1), 1e-300)

    def gains(self) -> Floats:
        """Share of the doubt that each run would do away with, over metrics [run]."""
        variance = np.einsum("mrr->mr", self._own) + self._noise.T
        fall = (self._across**2).sum(axis=1) / np.maximum(variance, 1e-300)
        return np.asarray((fall / self._all[:, None]).mean(axis=0))

    def learn(self, run: int) -> None:
        """Take a run as made."""
        for m in range(self._metrics):
            variance = max(self._own[m, run, run] + self._noise[run, m], 1e-300)
            row = self._own[m, run].copy()
            across = self._across[m, :, run].copy()
            self._across[m] -= np.outer(across, row) / variance
            self._own[m] -= np.outer(row, row) / variance
