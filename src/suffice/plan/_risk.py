"""What a plan maximises: the mean of pi, its expected shortfall, or its worst case under attack.

Model: *mean* is P, the posterior mean of pi. *cvar* is the mean of pi over the worst ``share`` of
the posterior's draws. *worst* is P when hostile workers give ``share`` of the labels of every
source: they push the study's trigger or, without one, turn an honest answer round. The law learned
what that does from runs with such labels.
Assumes: attackers do what they did in the measured runs.
Fails when: they choose tasks by what the model does not know yet, or push something else.
Reference: Rockafellar and Uryasev (2000), Optimization of conditional value-at-risk.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from suffice.channel import FixedPosterior, NoisyChannel, Profile
from suffice.corruption import CorruptedChannel, Corruption
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.channel import Source
    from suffice.corruption import Trigger
    from suffice.plan._market import Market

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Risk:
    """What to maximise.

    Attributes:
        kind: ``mean``, ``cvar`` (expected shortfall) or ``worst`` (worst attack).
        share: of the posterior's draws (cvar) or of hostile labels (worst).
    """

    kind: Literal["mean", "cvar", "worst"] = "mean"
    share: float = 0.05

    def __post_init__(self) -> None:
        """Refuse what is no share.

        Raises:
            InputError: the kind is unknown, or the share is not between 0 and 1.
        """
        if self.kind not in ("mean", "cvar", "worst"):
            raise InputError(f"no such risk: {self.kind!r}", fix="mean, cvar or worst")
        if not 0.0 < self.share < 1.0:
            raise InputError(f"a share of {self.share:g}", fix="give one between 0 and 1")

    def market(self, market: Market) -> Market:
        """The market as this risk sees it."""
        return wholly_attacked(market, self.share) if self.kind == "worst" else market

    def value(self, chances: Floats) -> Floats:
        """What each curve is worth, from pi [draw, curve] in that market [curve]."""
        if self.kind == "cvar":
            count = max(round(self.share * len(chances)), 1)
            return np.asarray(np.sort(chances, axis=0)[:count].mean(axis=0))
        return np.asarray(chances.mean(axis=0))


def attacked(source: Source, share: float, trigger: Trigger | None = None) -> Source:
    """The source when hostile workers give a share of its labels.

    They push the trigger or, without one, turn an honest answer round, as in attacked runs.
    """
    channel = CorruptedChannel(source.posterior.mean(), Corruption(attack=share), trigger)
    return replace(source, posterior=FixedPosterior(channel))


def improved(source: Source, by: float) -> Source:
    """The source with so much less error in every slice and bin, where there is any."""

    def better(p: Profile) -> Profile:
        error = np.maximum(p.error - by, 0.0)
        return replace(p, error=error, shared=np.minimum(p.shared, error))

    return with_profile(source, better)


def improved_market(market: Market, source: str, by: float) -> Market:
    """The market with one source better by so much, under quality control and without."""
    return _change(market, market.family(source), lambda s: improved(s, by))


def wholly_attacked(market: Market, share: float) -> Market:
    """The market when hostile workers give a share of the labels of every source; itself at 0."""
    if share == 0.0:
        return market
    return _change(market, market.names, lambda s: attacked(s, share, market.trigger))


def attacked_market(market: Market, source: str, share: float) -> Market:
    """The market with one source under attack; quality control is taken not to catch it."""
    return _change(market, market.family(source), lambda s: attacked(s, share, market.trigger))


def with_profile(source: Source, change: Callable[[Profile], Profile]) -> Source:
    """The source with a changed mean profile: a synthetic channel, for forecasts alone."""
    mean = source.posterior.mean()
    channel = NoisyChannel(mean.name, change(mean.profile))
    return replace(source, posterior=FixedPosterior(channel))


def _change(market: Market, names: tuple[str, ...], change: Callable[[Source], Source]) -> Market:
    changed = {s: change(x) if s in names else x for s, x in market.sources.items()}
    return replace(market, sources=changed)
