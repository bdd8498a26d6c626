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

    def spreads(self, off_SKK: Array, rng: np.random.Generator) -> Array:
        """Draw where wrong answers fall, from their counts [set, class, label]."""
        import numpy as np

        one, other = self.one, self.other
        mass = off_SKK + 1.0
        swapped = mass.copy()
        swapped[:, [one, other]] = mass[:, [other, one]]
        swapped = swapped[:, :, self._exchange()]
        # What was seen of one side was seen of both, mirrored; the prior counts once.
        both = mass[:, one] + swapped[:, one] - 1.0
        both[:, one] = 0.0
        drawn = np.zeros(off_SKK.shape)
        side = rng.gamma(np.maximum(both, 1e-6))
        side[:, one] = 0.0
        drawn[:, one] = side / side.sum(axis=1, keepdims=True)
        drawn[:, other] = drawn[:, one][:, self._exchange()]
        for row in self.kept[self.kept != one].tolist():
            rest = self.folded(mass[:, row])
            rest[:, self.place[row]] = 0.0
            rest = np.where(rest > 0.0, rng.gamma(np.maximum(rest, 1e-6)), 0.0)
            drawn[:, row] = self._halved(rest / rest.sum(axis=1, keepdims=True))
        return drawn

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
