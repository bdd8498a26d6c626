"""law.json: how well the law fits."""

from __future__ import annotations

from pydantic import Field

from suffice.records._part import Count, NonNegative, Part
from suffice.records._record import Record


class FamilyWeight(Part):
    """One family of laws with its weight in the average."""

    name: str
    weight: NonNegative


class HeldOut(Part):
    """How well a method foretold cells that it had not seen; no score without a distribution."""

    name: str
    rmse: NonNegative
    log_score: float | None = None


class LawRecord(Record):
    """law.json.

    Attributes:
        model: whose law it is.
        families: what its mean is made of.
        converged, rhat, ess, draws: of its sampler.
        widening, discrepancy_sd: how much wider than the fit it is, and how far off it may lie,
            by metric.
        cells, runs: that it is fitted to.
        held_out: its error on cells left out, beside simple ways of forecasting them.
    """

    file = "law.json"
    made_by = "suffice fit"

    model: str = ""
    families: tuple[FamilyWeight, ...] = ()
    converged: bool
    rhat: float | None = None
    ess: float | None = None
    draws: Count
    widening: NonNegative | None = None
    discrepancy_sd: dict[str, NonNegative] = Field(default_factory=dict)
    cells: Count
    runs: Count
    held_out: tuple[HeldOut, ...] = ()
