"""May one stop? A confidence sequence on a file of fresh gold."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from suffice.forecast import Enough


@dataclass(frozen=True)
class Judged:
    """What fresh gold shows.

    Attributes:
        enough: the conclusion, since which item it stands, and what was tested.
        items: how many there were.
        alpha: chance, at most, of ever saying "enough" where it is not.
    """

    enough: Enough
    items: int
    alpha: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        parts = [{**asdict(p), "error": p.error.as_dict()} for p in self.enough.tested]
        said = {"verdict": self.enough.conclusion, "at": self.enough.at, "alpha": self.alpha}
        return {**said, "parts": parts}


def enough(
    gold: str | Path,
    *,
    error: float,
    slice_error: Mapping[str, float] | None = None,
    share: Mapping[str, float] | None = None,
    severe: float | None = None,
    alpha: float = 0.05,
    used: Sequence[str | Path] = (),
) -> Judged:
    """Whether fresh gold shows that the error is low enough, at whatever item one asks.

    Args:
        gold: judged items in the order they were judged.
        error: highest overall error allowed.
        slice_error: highest error allowed in slices.
        share: of the task that each slice stands for, where slices were not sampled in proportion.
        severe: highest rate of severe failures allowed.
        alpha: chance, at most, of ever saying "enough" where it is not.
        used: files whose tasks trained or chose something; gold among them is refused.

    Raises:
        InputError: a file or a number cannot be used.
    """
    from pathlib import Path

    from suffice.forecast import judge_gold, read_fresh_gold

    fresh = read_fresh_gold(Path(gold), used=[Path(path) for path in used])
    said = judge_gold(
        fresh.wrong,
        error,
        slices=fresh.slices,
        slice_limits=slice_error or {},
        shares=share or None,
        severe=fresh.severe,
        severe_limit=severe,
        alpha=alpha,
    )
    return Judged(said, len(fresh.wrong), alpha)
