"""What measured cells say of other curves: the conditional mean and variance, quickly.

With L the root of the cells' covariance and c the covariance of a curve with the cells, both come
from L^-1 c: its square is what the cells take from the curve's variance, and its product with
L^-1 data is the mean. c is a kernel plus a product of the linear terms. Its exponents and its
linear terms are one product of matrices, and L^-1 c is a second one. The arrays [draw, curve, cell]
are the large ones: they are made and used up in blocks that stay in the processor's cache, in
single precision, which has digits enough for what is uncertain by a per cent or more.
Reference: Rasmussen and Williams (2006), equations 2.25 and 2.26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.demand.law._terms import Shape, basis

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from suffice.demand.law._terms import Basis, SourceTable
    from suffice.demand.law._ways import Ways

    Numbers = NDArray[np.floating[Any]]

_IN_CACHE = 40_000
"""Entries of a block [draw, curve, cell] that is handled at once."""


_LEAST_VARIANCE = 1e-9
"""Of a curve, in those of runs: single precision may leave less than nothing where a curve is one
of the cells. Chosen: a thirty-thousandth of a run's sd."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is known of curves, given the cells, for each draw of the nonlinear parameters.

    Attributes:
        mean, variance: of the corrections to the law's mean [draw, curve, metric], [draw, curve].
        worth, learned, missing, by_scale: as in ``Basis`` [draw, curve].
    """

    mean: Numbers
    variance: Numbers
    worth: Numbers
    learned: Numbers
    missing: Numbers
    by_scale: Numbers


def own_exponent(places: Numbers, log_size: Numbers, narrow: Numbers) -> Numbers:
    """What a curve alone puts into the exponent of the discrepancy's kernel [draw, curve].

    Args:
        places: of curves [draw, curve, axis].
        log_size: log of the size that is taken for its part [draw, curve] or [curve].
        narrow: one over the square of the correlation length [draw].
    """
    square = np.einsum("dca,dca->dc", places, places)
    return np.asarray(log_size - 0.5 * narrow[:, None] * square)


@dataclass(frozen=True, eq=False)
class Given:
    """What the cells have to say under each draw of the nonlinear parameters, whatever is asked.

    Attributes:
        theta: packed nonlinear parameters [draw, parameter].
        largest: clean-equivalent labels of the largest cell [draw].
        to_exponent: from a curve's places, two constants and linear terms to the exponents of the
            kernel and the same linear terms [draw, axis and term, cell and term].
        to_told: from kernel and linear terms to L^-1 c and the mean
            [draw, cell and term, cell and metric].
    """

    theta: Numbers
    largest: Numbers
    to_exponent: Numbers
    to_told: Numbers

    @classmethod
    def of(
        cls,
        theta: Numbers,
        table: SourceTable,
        seen: Basis,
        spread: Numbers,
        covariance: Numbers,
        left: Numbers,
    ) -> Given:
        """Work it out.

        Args:
            theta: packed nonlinear parameters [draw, parameter].
            table: the sources.
            seen: basis of the measured cells.
            spread: run-to-run sd of the cells [cell].
            covariance: of the cells [draw, cell, cell].
            left: what the corrections explain in the cells [draw, cell, metric].
        """
        shape = Shape.unpack(theta, table)
        narrow = np.exp(-2.0 * shape.log_length)
        draws, cells, terms = seen.rows.shape
        axes = seen.places.shape[2]
        to_exponent = np.zeros((draws, axes + 2 + terms, cells + terms), dtype=np.float32)
        to_exponent[:, :axes, :cells] = seen.places.transpose(0, 2, 1) * narrow[:, None, None]
        to_exponent[:, axes, :cells] = 1.0
        log_size = 2.0 * shape.log_amplitude[:, None] + np.log(spread)
        to_exponent[:, axes + 1, :cells] = own_exponent(seen.places, log_size, narrow)
        linear = np.arange(terms)
        to_exponent[:, axes + 2 + linear, cells + linear] = 1.0
        inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        taken = np.concatenate(
            [inverse.transpose(0, 2, 1), inverse.transpose(0, 2, 1) @ (inverse @ left)], axis=2
        )
        to_told = np.concatenate([taken, seen.rows.transpose(0, 2, 1) @ taken], axis=1)
        single = (theta, seen.worth.max(axis=1), to_exponent, to_told)
        return cls(*(a.astype(np.float32) for a in single))


class GivenByDraw:
    """Keeps what is given under draws that were asked for before: plans ask for them all the time.

    Room for so many bytes; when it is full it starts anew.
    """

    ROOM = 100_000_000
    """Bytes: some thousand draws of a law of fifty cells. Chosen; it moves time, and no number."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._place: dict[bytes, int] = {}
        self._store: Given | None = None

    def given(self, theta: Numbers, make: Callable[[Numbers], Given]) -> Given:
        """What is given under draws [draw, parameter]; ``make`` works out what is not there."""
        keys = [row.tobytes() for row in theta]
        new = {key: i for i, key in enumerate(keys) if key not in self._place}
        if new:
            made = make(theta[list(new.values())])
            if self._store is None:
                each = sum(a[0].nbytes for a in vars(made).values())
                rows = max(self.ROOM // each, 1)
                # Memory is taken as it is filled.
                empty = (np.empty((rows, *a.shape[1:]), a.dtype) for a in vars(made).values())
                self._store = Given(*empty)
            if len(self._place) + len(new) > len(self._store.theta):
                self._place.clear()
                return make(theta)
            first = len(self._place)
            self._place.update(zip(new, range(first, first + len(new)), strict=True))
            for mine, more in zip(vars(self._store).values(), vars(made).values(), strict=True):
                mine[first : first + len(new)] = more
        rows_at = [self._place[key] for key in keys]
        return Given(*(a[rows_at] for a in vars(self._store).values()))


@dataclass(frozen=True, eq=False)
class Conditional:
    """Conditions curves on cells.

    Attributes:
        given: what the cells have to say, for each draw.
        ways: the curves, in single precision.
        table: the sources.
        log_spread: of the curves' run-to-run sd [curve].
        cells: how many there are.
    """

    given: Given
    ways: Ways
    table: SourceTable
    log_spread: Numbers
    cells: int

    def of(self, first: int, last: int) -> Told:
        """What is told by draws ``first`` to ``last``."""
        given = self.given
        shape = Shape.unpack(given.theta[first:last], self.table)
        new = basis(self.ways, shape, self.table)
        size = np.exp(2.0 * (shape.log_amplitude[:, None] + self.log_spread))
        narrow = np.exp(-2.0 * shape.log_length)
        axes, terms = new.places.shape[2], new.rows.shape[2]
        there = np.empty((*new.worth.shape, axes + 2 + terms), dtype=np.float32)
        there[..., :axes] = new.places
        there[..., axes] = own_exponent(new.places, self.log_spread, narrow)
        there[..., axes + 1] = 1.0
        weighted = there[..., axes + 2 :]
        np.multiply(new.rows, new.sd**2, out=weighted)
        variance = np.einsum("dct,dct->dc", weighted, new.rows) + size
        curves, wide = variance.shape[1], given.to_told.shape[2]
        mean = np.empty((*variance.shape, wide - self.cells), dtype=np.float32)
        inner = max(1, _IN_CACHE // max(curves * self.cells, 1))
        for k in range(0, last - first, inner):
            here = slice(k, min(k + inner, last - first))
            at = slice(first + here.start, first + here.stop)
            cross = there[here] @ given.to_exponent[at]
            exponent = cross[..., : self.cells]
            np.exp(exponent, out=exponent)
            told = cross @ given.to_told[at]
            mean[here] = told[..., self.cells :]
            root = told[..., : self.cells]
            variance[here] -= np.einsum("dcn,dcn->dc", root, root)
        np.maximum(variance, _LEAST_VARIANCE, out=variance)
        return Told(mean, variance, new.worth, new.learned, new.missing, new.by_scale)
