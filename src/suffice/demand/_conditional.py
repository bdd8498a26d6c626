"""What measured cells say of other curves: the conditional mean and variance, quickly.

The arrays [draw, curve, cell] are the large ones. They are made and used up in blocks that stay in
the processor's cache, by all cores.
Reference: Rasmussen and Williams (2006), equations 2.25 and 2.26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from suffice._threads import in_threads
from suffice.demand._terms import Shape, basis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand._terms import Basis, SourceTable, Terms

    Floats = NDArray[np.float64]

_BASES, _IN_CACHE = 8_000, 40_000
"""Entries of a block [draw, curve] that is handled at once, and of one [draw, curve, cell]."""


@dataclass(frozen=True, eq=False)
class Told:
    """What is known of curves, given the cells, for each draw of the nonlinear parameters.

    Attributes:
        mean, variance: of the corrections to the law's mean [draw, curve, metric], [draw, curve].
        worth, learned, missing, by_scale: as in ``Basis`` [draw, curve].
    """

    mean: Floats
    variance: Floats
    worth: Floats
    learned: Floats
    missing: Floats
    by_scale: Floats


def conditional(
    theta: Floats,
    terms: Terms,
    table: SourceTable,
    seen: Basis,
    spread: tuple[Floats, Floats],
    inverse: Floats,
    left: Floats,
) -> Told:
    """Condition curves on cells.

    Args:
        theta: packed nonlinear parameters [draw, parameter].
        terms: of the curves.
        table: the sources.
        seen: basis of the measured cells.
        spread: run-to-run sd of the curves and of the cells, [curve] and [cell].
        inverse: of the cells' covariance [draw, cell, cell].
        left: what the corrections explain in the cells [draw, cell, metric].
    """
    draws, curves, cells = len(theta), len(terms.tasks), seen.rows.shape[1]
    told = Told(
        np.empty((draws, curves, left.shape[2])), *(np.empty((draws, curves)) for _ in range(5))
    )
    solved = inverse @ left

    def block(first: int, last: int) -> None:
        shape = Shape.unpack(theta[first:last], table)
        new = basis(terms, shape, table)
        for name in ("worth", "learned", "missing", "by_scale"):
            getattr(told, name)[first:last] = getattr(new, name)
        size = np.exp(2.0 * shape.log_amplitude)
        scale = (-0.5 / np.exp(2.0 * shape.log_length))[:, None]
        weighted = new.rows * new.sd**2
        before = np.einsum("dct,dct->dc", weighted, new.rows)
        before += size[:, None] * spread[0] ** 2
        own = np.einsum("dca,dca->dc", new.places, new.places) * scale
        inner = max(1, _IN_CACHE // max(curves * cells, 1))
        for k in range(0, last - first, inner):
            here = slice(k, min(k + inner, last - first))
            at = slice(first + here.start, first + here.stop)
            there = seen.places[at]
            theirs = np.einsum("dna,dna->dn", there, there) * scale[here]
            cross = new.places[here] @ (there.transpose(0, 2, 1) * (-2.0 * scale[here, :, None]))
            cross += own[here, :, None]
            cross += theirs[:, None, :]
            # The exponent needs no more digits than the discrepancy's own form deserves.
            kernel = cross.astype(np.float32)
            np.exp(kernel, out=kernel)
            np.multiply(kernel, (size[here, None] * spread[1])[:, None, :], out=cross)
            cross *= spread[0][:, None]
            cross += weighted[here] @ seen.rows[at].transpose(0, 2, 1)
            np.matmul(cross, solved[at], out=told.mean[at])
            before[here] -= np.einsum("dcn,dcn->dc", cross @ inverse[at], cross)
        np.maximum(before, 1e-12, out=told.variance[first:last])

    in_threads(block, draws, max(1, _BASES // max(curves, 1)))
    return told
