"""What a measurement is worth: the money by which it can be expected to better the decision.

Model: an action has a net benefit under every draw of what is not known. A measurement gives a
signal for each draw. Its expected value of sample information is what the best action after the
signal earns on average, less what the best action earns without it. The net benefit after a signal
is a regression on it; each draw is acted on by a fit that has not seen it, so that a flexible fit
cannot imagine value.
Assumes: draws are exchangeable, and whoever decides follows the mean net benefit.
Fails when: so few draws, or so rare a signal, that the fit misses what decides (the value is then
understated).
Reference: Raiffa and Schlaifer (1961), Applied Statistical Decision Theory; Strong, Oakley,
Brennan and Breeze (2015), Estimating the expected value of sample information.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.estimate import Estimate, interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METHOD = "regression on simulated signals, acted on out of sample"
CITATION = "Strong, Oakley, Brennan and Breeze (2015), Medical Decision Making 35"
_FOLDS = 10
"""A convention."""
_RIDGE = 1e-3
"""Of the mean square of a standardised feature: chosen to keep a singular fit solvable, and far too
little to shrink what decides."""
_RESAMPLES = 200
"""For the interval: its ends are known to about a tenth of their distance from the middle."""
_FARTHEST = 3.0
"""Signals, in sd, are cut off there: beyond, a cubic runs away. Chosen; it meets three draws in a
thousand of a normal signal."""


def sample_information(benefit: Floats, signal: Floats, *, seed: int) -> Estimate:
    """Expected value of sample information, at least 0 and at most that of perfect information.

    Args:
        benefit: net benefit in money [draw, action].
        signal: what the measurement shows [draw, number].
        seed: of folds and resamples.
    """
    if len(benefit) < 2 * _FOLDS:
        raise ValueError(f"{len(benefit)} draws are too few")
    rng = Stream.VALUE_OF_INFORMATION.rng(seed)
    now = int(benefit.mean(axis=0).argmax())
    action = np.full(len(benefit), now)
    # An action that no draw prefers is never taken: it only adds noise to the choice.
    able = np.unique(np.append(benefit.argmax(axis=1), now))
    if len(able) > 1:
        features = _features(np.asarray(signal, dtype=np.float64))
        fold = rng.permutation(len(benefit)) % _FOLDS
        for k in range(_FOLDS):
            seen, new = fold != k, fold == k
            fit = _ridge(features[seen], benefit[np.ix_(seen, able)])
            action[new] = able[(features[new] @ fit).argmax(axis=1)]
    rows = np.arange(len(benefit))
    return _value(benefit[rows, action] - benefit[:, now], rng)


def perfect_information(benefit: Floats, *, seed: int) -> Estimate:
    """Expected value of knowing the draw: no measurement is worth more."""
    now = int(benefit.mean(axis=0).argmax())
    gain = benefit.max(axis=1) - benefit[:, now]
    return _value(gain, Stream.VALUE_OF_PERFECT_INFORMATION.rng(seed))


def _value(gain: Floats, rng: np.random.Generator) -> Estimate:
    """Mean gain with the simulation's own interval; information is never worth less than none."""
    means = rng.choice(gain, (_RESAMPLES, len(gain))).mean(axis=1)
    low, high = interval(np.maximum(means, 0.0))
    value = max(float(gain.mean()), 0.0)
    return Estimate(value, min(low, value), max(high, value), method=METHOD, citation=CITATION)


def _features(signal: Floats) -> Floats:
    """Cubic polynomial and pairwise products of the standardised signal."""
    signal = signal.reshape(len(signal), -1)
    sd = signal.std(axis=0)
    z = (signal[:, sd > 0] - signal[:, sd > 0].mean(axis=0)) / sd[sd > 0]
    z = np.clip(z, -_FARTHEST, _FARTHEST)
    columns = [np.ones((len(z), 1)), z, z**2, z**3]
    columns += [z[:, [i]] * z[:, [j]] for i in range(z.shape[1]) for j in range(i)]
    return np.concatenate(columns, axis=1)


def _ridge(x: Floats, y: Floats) -> Floats:
    gram = x.T @ x
    gram[np.diag_indices_from(gram)] += _RIDGE * len(x)
    return np.asarray(np.linalg.solve(gram, x.T @ y))
