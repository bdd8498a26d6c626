"""Classes that nothing tells apart: the two sides of a pair, whichever is called the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Twins:
    """Parameters by class where two classes are twins: drawn once, and held for both.

    Model: P(label | class) stays the same when the twins change their names on both sides. Of wrong
    answers to a side, a part falls on the other side and the rest on each further class (a tie);
    of wrong answers to a further class, as many fall on one side as on the other.

    Attributes:
        one, other: numbers of the twins.
        kept: the classes without the other twin [folded class].
        place: where each class stands among those [class].
    """

    one: int
    other: int
    kept: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def of(cls, twins: tuple[int, int], classes: int) -> Twins:
        """The fold of so many classes."""
        import numpy as np

        one, other = twins
        kept = np.delete(np.arange(classes), other)
        place = np.searchsorted(kept, np.arange(classes))
        place[other] = np.searchsorted(kept, one)
        return cls(one, other, kept, place)

    def folded(self, counts: Array) -> Array:
        """Counts with the twins' added up; the classes are the second axis."""
        counts = counts.copy()
        counts[:, self.one] += counts[:, self.other]
        return counts[:, self.kept]

    def shares(self, counts_SK: Array, prior: float, rng: np.random.Generator) -> Array:
        """Draw the classes' shares, half of the sides' for each [set, class]."""
        import numpy as np

        mass = self.folded(counts_SK + prior)
        if mass.shape[1] == 1:
            return np.full(counts_SK.shape, 0.5)
        drawn = rng.gamma(mass)
        drawn /= drawn.sum(axis=1, keepdims=True)
        return self._halved(drawn)

    def spread(self, table: Array) -> Array:
        """Where wrong answers fall [any, class, label], by folded class and label.

        The row of a side has what falls on the other side in the column of the sides; every other
        row has there what falls on either.
        """
        import numpy as np

        one, other = self.one, self.other
        mirrored = table[:, other][:, self._exchange()]
        folded = self.folded(np.swapaxes(table, 1, 2)).swapaxes(1, 2)
        folded = folded[:, self.kept]
        mine = table[:, one] + mirrored
        mine[:, one] = mine[:, other]
        folded[:, self.place[one]] = mine[:, self.kept]
        return np.asarray(folded)

    def unspread(self, folded: Array) -> Array:
        """Chances by class and label again, from folded ones."""
        import numpy as np

        one, other = self.one, self.other
        whole = folded[:, self.place][:, :, self.place]
        whole[:, :, [one, other]] *= 0.5
        side = folded[:, self.place[one]][:, self.place]
        side[:, one] = 0.0
        whole[:, one], whole[:, other] = side, side[:, self._exchange()]
        return np.asarray(whole)

    def _halved(self, folded_SK: Array) -> Array:
        """Chances by class, each twin with half of what both have."""
        import numpy as np

        whole = folded_SK[:, self.place]
        whole[:, [self.one, self.other]] *= 0.5
        return np.asarray(whole)

    def _exchange(self) -> Array:
        """The classes with the twins exchanged."""
        import numpy as np

        order = np.arange(len(self.place))
        order[[self.one, self.other]] = self.other, self.one
        return order
