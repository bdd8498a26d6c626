"""What makes an outcome uncertain, part by part, by the law of total variance.

Model: whether one run passes is a coin with chance pi. Its variance P(1 - P) is the mean of
pi (1 - pi), what runs differ by although nothing else does, plus the variance of pi, which splits
into what is left within a family of learning curves (parameters), between families (the choice of
law), between what the sources may really be (supply) and between golds (the evaluation set).
How runs differ is counted in P, the rest in its interval. What a forecast holds fixed is in
neither; it is given as the spread of P when it alone is drawn anew.
Assumes: law, sources and gold are independent of each other.
Fails when: only few draws of a part decide; 32 draws of the sources tell its spread to an eighth.
Reference: Saltelli et al. (2010), Variance based sensitivity analysis of model output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice.records import UncertaintyPart

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RUN, PARAMETERS, FAMILY = "run to run", "parameters", "choice of law"
SUPPLY, GOLD = "supply", "evaluation set"
_TEXTS = {
    RUN: "the same purchase trained again, with new tasks, labels and seed",
    PARAMETERS: "what the measured runs leave open: parameters, discrepancy, run-to-run width",
    FAMILY: "which family of learning curves holds far out",
    SUPPLY: "what the sources really are: new labels from them on other texts",
    GOLD: "other texts and other raters in the evaluation",
}


IN_P, IN_INTERVAL, HELD = "in P", "in the interval", "held fixed"


def part(name: str, sd: float, counted: str) -> UncertaintyPart:
    """One part, with its text and where it is counted."""
    return UncertaintyPart(name=name, text=_TEXTS[name], sd=float(sd), counted=counted)


def counted_parts(
    pi: Floats, family: Floats | None, *, varied: tuple[str, ...] = ()
) -> list[UncertaintyPart]:
    """Parts of the variance of one run's outcome: their squares sum to P(1 - P).

    Args:
        pi: chances [draw, source, gold], on the same draws of the law everywhere.
        family: of each draw's learning curve [draw]; None where there is one family.
        varied: which of ``SUPPLY`` and ``GOLD`` the second and third axis are.
    """
    draws = pi.shape[0]
    names = np.zeros(draws) if family is None else family
    within, between = np.zeros(pi.shape[1:]), np.zeros(pi.shape[1:])
    middle = pi.mean(axis=0)
    for f in np.unique(names):
        mine = pi[names == f]
        share = len(mine) / draws
        within += share * mine.var(axis=0)
        between += share * (mine.mean(axis=0) - middle) ** 2
    found = [
        part(RUN, np.sqrt(np.mean(pi * (1.0 - pi))), IN_P),
        part(PARAMETERS, np.sqrt(within.mean()), IN_INTERVAL),
    ]
    if family is not None:
        found.append(part(FAMILY, np.sqrt(between.mean()), IN_INTERVAL))
    if SUPPLY in varied:
        found.append(part(SUPPLY, np.sqrt(middle.var(axis=0).mean()), IN_INTERVAL))
    if GOLD in varied:
        found.append(part(GOLD, middle.mean(axis=0).std(), IN_INTERVAL))
    return found


def monte_carlo_sd(pi: Floats, runs: int) -> float:
    """Sd of P, the mean of pi, over repeats with other random numbers: an upper bound.

    Draws of the law and of the sources are independent; what runs add is at most their whole
    variance over their number, since draws share them. That draws and residuals are taken without
    replacement where there are enough makes it smaller. Golds stand at fixed places and add none.
    The error of the posterior's own sampler is not in it.

    Args:
        pi: chances [draw, source, gold].
        runs: residuals behind each of them.
    """
    variance = np.mean(pi * (1.0 - pi)) / runs
    for axis, others in ((0, (1, 2)), (1, (0, 2))):
        if pi.shape[axis] > 1:
            variance += pi.mean(axis=others).var(ddof=1) / pi.shape[axis]
    return float(np.sqrt(variance))


def moved_alone(first: Floats, second: Floats) -> float:
    """Sd of P over one input, from two chances that share that input and no draw of the law.

    Args:
        first, second: chances [draw]; entry k of both is under the same value of the input.
    """
    return float(np.sqrt(max(np.mean((first - first.mean()) * (second - second.mean())), 0.0)))
