"""What an answer rests on and how it came about: ledger lines, lock, timings."""

from __future__ import annotations

from pydantic import Field

from suffice.records._part import Count, NonNegative, Part, Probability, Tranche


class LedgerEntry(Part):
    """One forecast that was written down before its runs; its score has the same ``id``."""

    id: str | None = None
    time: str
    study: str = ""
    name: str
    curve: str | tuple[Tranche, ...] = ""
    p: Probability
    predictive: tuple[float, float] | None = None
    total: Count | None = None
    passed: Count | None = None
    brier: float | None = None
    log_score: float | None = None


class Lock(Part):
    """study.lock.json."""

    suffice: str
    python: str
    packages: dict[str, str] = Field(default_factory=dict)
    seed: int | None = None
    study_sha256: str | None = None
    data: dict[str, str] = Field(default_factory=dict)
    models: dict[str, str | None] = Field(default_factory=dict)
    created: str | None = None


class Timing(Part):
    """How long a stage took."""

    stage: str
    seconds: NonNegative
