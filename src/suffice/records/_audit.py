"""summary.json: what an audit says that is neither by task, by worker nor by source."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from suffice.records._audit_parts import (
    AgreementRow,
    CapabilityRow,
    IdsTest,
    PredictiveTest,
    SharedErrorPart,
    SplitPart,
)
from suffice.records._audit_preferences import PreferencesPart
from suffice.records._part import Count, Interval, NonNegative, Part, Share
from suffice.records._record import Record


class LabelsPerTask(Part):
    """How many labels tasks have."""

    mean: NonNegative
    min: Count
    max: Count


class VerdictPart(Part):
    """Whether the labels can be read in one way alone.

    Attributes:
        known: whether they can.
        statement: what is known, or why it cannot be.
        other_reading: the chance of the other reading.
    """

    known: bool
    statement: str
    other_reading: Share


class ModelScore(Part):
    """Expected log chance of the labels of new tasks under one model; higher fits better.

    Attributes:
        waic, se: the score and its standard error.
        rhat: convergence; None where chains stand still at different places.
    """

    waic: float
    se: NonNegative
    rhat: NonNegative | None


class DifficultyPart(Part):
    """How tasks differ: the way, and how much."""

    way: str
    scale: float


class ModelPart(Part):
    """Which worker model was chosen, and by what."""

    kind: str
    scores: dict[str, ModelScore]
    difficulty: DifficultyPart
    note: str


class SuspectsPart(Part):
    """Suspect workers: how many, of which kinds, and how many of the flags may be wrong."""

    count: Count
    by_kind: dict[str, Count]
    expected_false: NonNegative
    statement: str


class GroupRow(Part):
    """Workers who copy one key."""

    group: str
    workers: tuple[str, ...]
    agreement: float
    expected_agreement: float
    log_evidence: float
    label_share: Share


class AuditRecord(Record):
    """summary.json.

    Attributes:
        labels, tasks, workers, classes, labels_per_task, gold_tasks: what was audited.
        columns: which column was taken for what; ``read`` in the file.
        notes: what was done to the labels on reading them.
        cautions: what makes them weak evidence.
        verdict: whether they can be read in one way alone.
        class_shares: of the right labels.
        model: of the workers, as it was chosen.
        shared_error: what everybody gets wrong together.
        suspects, groups: workers to look at, and those who copy one key.
        agreement: statistics for ``all`` labels and for each source.
        ids: whether worker ids belong to the labels.
        predictive_check: whether the audit's channel draws labels like these.
        preferences, split, capability: where the labels speak of them; ``capability`` has ``all``
            and each source.
        level: of the intervals.
        seed: of the random draws.
    """

    # A record's ``read`` reads its file, so that key has another name here.
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    file = "summary.json"
    made_by = "suffice audit"
    where_said = frozenset({"preferences", "split", "capability"})

    labels: Count
    tasks: Count
    workers: Count
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    labels_per_task: LabelsPerTask
    gold_tasks: Count
    columns: dict[str, str] = Field(alias="read")
    notes: tuple[str, ...]
    cautions: tuple[str, ...]
    verdict: VerdictPart
    class_shares: dict[str, Interval]
    model: ModelPart
    shared_error: SharedErrorPart
    suspects: SuspectsPart
    groups: tuple[GroupRow, ...]
    agreement: dict[str, AgreementRow]
    ids: IdsTest
    level: Share = 0.9
    seed: Count
    citations: tuple[str, ...]
    predictive_check: PredictiveTest
    preferences: PreferencesPart | None = None
    split: SplitPart | None = None
    capability: dict[str, CapabilityRow] = Field(default_factory=dict)
