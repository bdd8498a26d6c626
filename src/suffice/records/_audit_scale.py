"""summary.json of labels on a scale: what is neither by task, by worker nor by source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from suffice.records._audit import LabelsPerTask, SuspectsPart, VerdictPart
from suffice.records._audit_parts import PredictiveTest
from suffice.records._part import Count, Interval, NonNegative, Part, Share, Sparse
from suffice.records._record import Record


class ScalePart(Part):
    """The scale: its ends, its different values, and whether only their order counts."""

    low: float
    high: float
    values: Annotated[int, Field(ge=2)]
    ordinal: bool


class ScaleAgreementRow(Sparse):
    """How far the labels of one task agree, overall or in one source.

    Attributes:
        tasks: with two labels or more.
        statement: why there is no alpha, where fewer than two tasks are left.
        labels: of those tasks.
        krippendorff_alpha: by metric, ``ordinal`` (where only the order of values counts) and
            ``interval``; without those where all labels are the same.
    """

    where_given = frozenset({"statement", "labels", "krippendorff_alpha"})

    tasks: Count
    statement: str = ""
    labels: Count = 0
    krippendorff_alpha: dict[str, Interval] = Field(default_factory=dict)


class ScaleModelPart(Part):
    """The model of the scale, and how its chain ran.

    Attributes:
        kind: ``ordinal`` (graded response) or ``interval`` (bias, reach and noise).
        rhat: near 1 once settled; None where the chain stands still.
        sampled: share of the labels that workers were learned from.
        truth_spread: sd of the truth over tasks, in points.
        strictness_spread: sd of the workers' biases, in points.
        reliability: share of the variance of one label that is truth.
    """

    kind: Literal["ordinal", "interval"]
    rhat: NonNegative | None
    sampled: Share
    truth_spread: Interval
    strictness_spread: Interval
    reliability: Interval


class ScaleSharedPart(Sparse):
    """What everybody gets wrong together, in points; a statement alone without gold enough.

    Attributes:
        sd: of the shared error over tasks.
        lean: how much more all labels together give than gold.
        gold_tasks: that both were learned from.
    """

    where_given = frozenset({"sd", "lean"})

    known: bool
    gold_tasks: Count
    sd: Interval | None = None
    lean: Interval | None = None
    statement: str


class ScaleRecord(Record):
    """summary.json of an audit whose labels lie on a scale.

    Attributes:
        kind: ``scale``.
        labels, tasks, workers, labels_per_task, gold_tasks: what was audited.
        scale: its ends and values.
        columns: which column was taken for what; ``read`` in the file.
        notes: what was done to the labels on reading them.
        cautions: what makes them weak evidence.
        verdict: whether they tell the truth apart.
        model: as it was fitted.
        shared_error: what everybody gets wrong together.
        suspects: workers to look at.
        groups: the workers of each group that copies one key.
        agreement: for ``all`` labels and for each source.
        predictive_check: whether the model draws labels like these.
        level: of the intervals.
        seed: of the random draws.
    """

    # A record's ``read`` reads its file, so that key has another name here.
    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    file = "summary.json"
    made_by = "suffice audit"

    kind: Literal["scale"] = "scale"
    labels: Count
    tasks: Count
    workers: Count
    scale: ScalePart
    labels_per_task: LabelsPerTask
    gold_tasks: Count
    columns: dict[str, str] = Field(alias="read")
    notes: tuple[str, ...]
    cautions: tuple[str, ...]
    verdict: VerdictPart
    model: ScaleModelPart
    shared_error: ScaleSharedPart
    suspects: SuspectsPart
    groups: tuple[tuple[str, ...], ...]
    agreement: dict[str, ScaleAgreementRow]
    predictive_check: PredictiveTest
    level: Share = 0.9
    seed: Count
    citations: tuple[str, ...]
