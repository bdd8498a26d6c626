"""What a run must reach to count as good enough."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Criterion:
    """Thresholds on trusted evaluation; a run meets the criterion when it meets all of them.

    Attributes:
        error: highest overall error.
        worst_slice_error: highest error of the worst of ``slices``; None for no such threshold.
        slices: the slices that ``worst_slice_error`` is about.
        slice_error: highest error in single named slices.
        validity: chance that meeting the criterion on this gold means aligned: a prior that the
            user writes down; None where it is unknown.
        origin: the file that states it, for messages.
    """

    error: float
    worst_slice_error: float | None = None
    slices: tuple[str, ...] = ()
    slice_error: Mapping[str, float] = field(default_factory=dict)
    validity: float | None = None
    origin: str | None = None

    def thresholds(self, metrics: Sequence[str]) -> NDArray[np.float64]:
        """The highest allowed value of each metric; infinite where there is none [metric].

        Raises:
            InputError: the criterion names a slice that is not measured.
        """
        named = {"error": self.error}
        if self.worst_slice_error is not None:
            named.update({f"error:{s}": self.worst_slice_error for s in self.slices})
        for s, limit in self.slice_error.items():
            named[f"error:{s}"] = min(limit, named.get(f"error:{s}", np.inf))
        known = [m.removeprefix("error:") for m in metrics if m != "error"]
        for name in named:
            if name not in metrics:
                raise InputError(
                    f"the criterion names slice {name.removeprefix('error:')!r}",
                    where=self.origin,
                    fix=f"measured slices: {', '.join(known)}",
                )
        return np.array([named.get(m, np.inf) for m in metrics])

    def met(self, values: NDArray[np.floating], metrics: Sequence[str]) -> NDArray[np.bool_]:
        """Which runs meet it: [..., metric] -> [...]."""
        return np.asarray((values <= self.thresholds(metrics)).all(axis=-1))
