"""law.json: how well the law fits."""

from __future__ import annotations

from pydantic import Field

from suffice.records._part import Count, NonNegative, Part


class Family(Part):
    """One family of laws with its weight in the average."""

    name: str
    weight: NonNegative


class HeldOut(Part):
    """How well a method foretold cells that it had not seen."""

    name: str
    rmse: NonNegative
    log_score: float | None = None


class Law(Part):
    """law.json."""

    families: tuple[Family, ...] = ()
    converged: bool
    rhat: float | None = None
    ess: float | None = None
    draws: Count
    discrepancy_sd: dict[str, NonNegative] = Field(default_factory=dict)
    held_out: tuple[HeldOut, ...] = ()
    cells: Count
    runs: Count
