"""How many bits a label set takes to tell, under a model and a scheme; and how many are learned.

Model: labels are sent one block after the other. Block by block the sender trains on what was sent
before and pays ``-log2 p`` of each new label. ``p`` is a Bayesian mixture of experts that never
look ahead: equal chances, the labels' own frequency (Krichevsky-Trofimov), and a head on frozen
features for each penalty. So the codelength is a real one (a decoder could do the same), and it is
at most that of the best expert plus the logarithm of how many there are. The *surplus* is what is
paid above a floor that no amount of data removes: the information that the model still lacked.

Assumes: labels are exchangeable, which is why orders are drawn and averaged.
Fails when: the floor is wrong: an error of d in it moves the surplus of n labels by about n d,
which is why two floors beside it are always reported.
Reference: Dawid (1984) for the prequential code; Krichevsky and Trofimov (1981); Blier and Ollivier
(2018) for blocks; Whitney, Song, Brandfonbrener, Altosaar and Cho (2020) for the surplus.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice._streams import Stream
from suffice.demand.schemes import PENALTIES, Problem, fit_heads
from suffice.errors import InputError
from suffice.estimate import LEVEL, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FLOOR_STEP = 0.01
"""The floor is moved by this many bits a label, up and down, to show what hangs on it."""

FEWEST_LABELS, FEWEST_ORDERS = 8, 2
"""Labels and orders at least. Chosen: one block of labels, and two orders to have a spread."""

_FIRST_BLOCK = 8
"""Labels that are sent with equal chances before any model is trained. Chosen: fewer cannot train a
head; more would count the learning of the first ones as incompressible."""

_GROWTH = 1.5
"""Each block ends at this multiple of where it began. Chosen: smaller blocks make a shorter
code and more trainings."""

_LEAST = 1e-6
"""Chances are kept this far from zero and one: one label costs 20 bits at most. Chosen."""
_CITATION = "Whitney et al. 2020"


@dataclass(frozen=True, eq=False)
class Bits:
    """The codelength of a label set and its parts.

    Attributes:
        labels: how many there are, n.
        bits: prequential codelength of all labels, mean over orders.
        surplus: what of it lies above the floor.
        floor: bits a label that no amount of data removes.
        surplus_by_floor: (floor, surplus) a little below the floor, at it, and above it.
        trained_on: labels sent before each block [block].
        block: labels of each block [block].
        curve: bits a label within each block: a learning curve.
        by_order: codelength of each order [order].
        uniform: bits with equal chances, n.
    """

    labels: int
    bits: Estimate
    surplus: Estimate
    floor: float
    surplus_by_floor: tuple[tuple[float, Estimate], ...]
    trained_on: tuple[int, ...]
    block: tuple[int, ...]
    curve: tuple[Estimate, ...]
    by_order: Floats
    uniform: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "labels": self.labels,
            "uniform_bits": self.uniform,
            "bits": self.bits.as_dict(),
            "floor": self.floor,
            "surplus": self.surplus.as_dict(),
            "surplus_by_floor": [
                {"floor": f, "surplus": s.as_dict()} for f, s in self.surplus_by_floor
            ],
            "curve": [
                {"trained_on": t, "labels": b, "bits_per_label": c.as_dict()}
                for t, b, c in zip(self.trained_on, self.block, self.curve, strict=True)
            ],
            "orders": len(self.by_order),
        }


def measure_bits(
    features: NDArray[np.float32] | None,
    problem: Problem,
    *,
    floor: float,
    orders: int = 16,
    penalties: Sequence[float] = PENALTIES,
    seed: int = 0,
) -> Bits:
    """Codelength and surplus of two-way labels under a model's frozen features.

    Args:
        features: rotated features [item, dimension], see ``rotate``; None for a learner that sees
            the labels alone.
        problem: items and labels; a label of .5 (a tie) pays half for each answer.
        floor: bits a label that no amount of data removes.
        orders: random orders to average over.
        penalties: of the heads; the code mixes them.
        seed: of the orders.

    Raises:
        InputError: too few labels or orders, labels outside [0, 1], a floor that cannot be.
    """
    n = len(problem.target)
    _check(problem, floor, orders)
    rng = Stream.BITS_ORDERS.rng(seed)
    chosen = np.stack([rng.permutation(n) for _ in range(orders)])
    target = problem.target.astype(float)[chosen]
    frequency = _frequency_code(target)
    ends = _ends(n)
    experts = 2 + (len(penalties) if features is not None else 0)
    paid = np.zeros((experts, orders))
    block_bits = np.zeros((orders, len(ends) - 1))
    for k, (begin, end) in enumerate(pairwise(ends)):
        chances = [np.full((orders, end - begin), 0.5), frequency[:, begin:end]]
        if features is not None:
            chances += _heads_code(features, problem, chosen, begin, end, penalties)
        codes = np.stack([_cost(p, target[:, begin:end]) for p in chances])
        # What an expert has paid so far decides its say: a Bayesian mixture pays the difference.
        after = paid + codes.sum(axis=2)
        block_bits[:, k] = _mixture(after) - _mixture(paid)
        paid = after
    sizes = np.diff(ends)
    method = f"mean over {orders} orders, Student t"
    total = block_bits.sum(axis=1)
    floors = [max(floor - FLOOR_STEP, 0.0), floor, min(floor + FLOOR_STEP, 1.0)]
    surplus = [_over_orders(total - f * n, method) for f in floors]
    return Bits(
        labels=n,
        bits=_over_orders(total, method),
        surplus=surplus[1],
        floor=floor,
        surplus_by_floor=tuple(zip(floors, surplus, strict=True)),
        trained_on=tuple(int(v) for v in ends[:-1]),
        block=tuple(int(v) for v in sizes),
        curve=tuple(
            _over_orders(column / size, method)
            for column, size in zip(block_bits.T, sizes, strict=True)
        ),
        by_order=total,
        uniform=float(n),
    )


def frequency_bits(labels: ArrayLike, classes: int = 2) -> float:
    """Codelength of labels in 0..K-1 by their frequencies so far (Krichevsky-Trofimov), in bits.

    It depends on the counts alone: not on the order, not on what the classes are called.
    """
    from scipy.special import gammaln

    found = np.asarray(labels, dtype=np.int64)
    if classes < 2 or not bool(((found >= 0) & (found < classes)).all()):
        raise InputError(f"labels are not all from 0 to {classes - 1}", where="frequency_bits",
                         fix="number the classes from 0")  # fmt: skip
    counts = np.bincount(found, minlength=classes)
    half = 0.5 * classes
    nats = gammaln(half + len(found)) - gammaln(half)
    nats -= (gammaln(counts + 0.5) - gammaln(0.5)).sum()
    return float(nats / np.log(2.0))


def binary_entropy(p: ArrayLike) -> Floats:
    """Bits of a label that is 1 with chance p."""
    clipped = np.clip(np.asarray(p, dtype=float), 1e-12, 1.0 - 1e-12)
    return np.asarray(-clipped * np.log2(clipped) - (1.0 - clipped) * np.log2(1.0 - clipped))


def _ends(n: int) -> NDArray[np.int64]:
    """Where blocks begin and end: the first ones short, as most is learned there."""
    ends = [0, min(_FIRST_BLOCK, n)]
    while ends[-1] < n:
        ends.append(min(n, int(np.ceil(ends[-1] * _GROWTH))))
    return np.array(ends)


def _frequency_code(target: Floats) -> Floats:
    """The chance of a 1 before each label is seen [order, label]."""
    before = np.cumsum(target, axis=1) - target
    return np.asarray((before + 0.5) / (np.arange(target.shape[1]) + 1.0))


def _heads_code(
    features: NDArray[np.float32],
    problem: Problem,
    chosen: NDArray[np.int64],
    begin: int,
    end: int,
    penalties: Sequence[float],
) -> list[Floats]:
    """What heads that were trained on the labels before a block say about it."""
    if begin == 0:
        return [np.full((len(chosen), end), 0.5) for _ in penalties]
    seen = [_take(problem, order[:begin]) for order in chosen]
    heads = fit_heads(features, seen, np.tile(penalties, (len(chosen), 1)))
    found = np.empty((len(penalties), len(chosen), end - begin))
    for row, order in enumerate(chosen):
        new = order[begin:end]
        items = features[problem.a[new]].copy()
        paired = problem.b[new] >= 0
        items[paired] -= features[problem.b[new][paired]]
        found[:, row] = (items @ heads[:, row]).T
    return list(1.0 / (1.0 + np.exp(-np.clip(found, -40.0, 40.0))))


def _take(problem: Problem, rows: NDArray[np.int64]) -> Problem:
    return Problem(problem.a[rows], problem.b[rows], problem.target[rows], problem.weight[rows])


def _cost(chance: Floats, target: Floats) -> Floats:
    p = np.clip(chance, _LEAST, 1.0 - _LEAST)
    return np.asarray(-target * np.log2(p) - (1.0 - target) * np.log2(1.0 - p))


def _mixture(paid: Floats) -> Floats:
    """Bits that the mixture of experts has paid [order], from those of each [expert, order]."""
    least = paid.min(axis=0)
    return np.asarray(least - np.log2(np.mean(np.exp2(least - paid), axis=0)))


def _over_orders(values: Floats, method: str) -> Estimate:
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    wide = float(stdtrit(len(values) - 1, 0.5 + LEVEL / 2.0))
    wide *= float(np.std(values, ddof=1)) / float(np.sqrt(len(values)))
    return Estimate(mean, mean - wide, mean + wide, LEVEL, method, _CITATION)


def _check(problem: Problem, floor: float, orders: int) -> None:
    n = len(problem.target)
    if n < FEWEST_LABELS:
        raise InputError(f"{n} labels are too few to measure bits", where="bits",
                         fix=f"give at least {FEWEST_LABELS}")  # fmt: skip
    if orders < FEWEST_ORDERS:
        raise InputError(f"{orders} orders give no interval", where="bits",
                         fix=f"ask for at least {FEWEST_ORDERS}")  # fmt: skip
    bad = ~((problem.target >= 0.0) & (problem.target <= 1.0))
    for row in np.flatnonzero(bad)[:1]:
        raise InputError(f"label {row} is {problem.target[row]:g}", where="bits",
                         fix="labels lie between 0 and 1")  # fmt: skip
    if not 0.0 <= floor <= 1.0:
        raise InputError(f"floor {floor:g} is no number of bits for a two-way label", where="bits",
                         fix="give one between 0 and 1")  # fmt: skip
