"""What the tests and the models of an audit say, each with a statement in words."""

from __future__ import annotations

from pydantic import Field

from suffice.records._part import Count, Interval, NonNegative, Part, Share, Sparse


class CohenEnd(Interval):
    """Cohen's kappa of one pair of workers."""

    worker: str
    other: str
    tasks: Count


class CohenRange(Part):
    """The pairs of workers that agree least and most by Cohen's kappa, and the median.

    Attributes:
        pairs: pairs with a kappa.
        all_pairs: whether these are all pairs; False where only the busiest are listed.
    """

    pairs: Count
    all_pairs: bool
    least: CohenEnd
    median: float
    most: CohenEnd


class AgreementRow(Sparse):
    """How far the labels of one task agree, overall or in one source.

    Attributes:
        tasks: with two labels or more.
        statement: why there are no statistics, where fewer than two tasks are left.
        labels: of those tasks.
        metric: by which alpha weighs how far two labels differ.
        krippendorff_alpha, fleiss_kappa: None where all labels are the same.
        cohen_kappa: said of all sources together; None where no pair has enough common tasks.
    """

    where_given = frozenset(
        {"statement", "labels", "metric", "krippendorff_alpha", "fleiss_kappa", "cohen_kappa"}
    )

    tasks: Count
    statement: str = ""
    labels: Count = 0
    metric: str = "nominal"
    krippendorff_alpha: Interval | None = None
    fleiss_kappa: Interval | None = None
    cohen_kappa: CohenRange | None = None


class IdsTest(Sparse):
    """Whether the worker ids belong to the labels; no more than a statement where untested."""

    where_given = frozenset({"aligned", "p_value"})

    tested: bool
    aligned: bool = False
    p_value: Share = 1.0
    statement: str


class TogetherTest(Sparse):
    """Whether annotators err together on gold tasks; no more than a statement where untested.

    Attributes:
        pairs_wrong_together, expected_if_alone: pairs of wrong labels on one task, and how many
            independent errors would give.
        ratio: of the two.
    """

    where_given = frozenset({"pairs_wrong_together", "expected_if_alone", "ratio", "p_value"})

    tested: bool
    pairs_wrong_together: NonNegative = 0.0
    expected_if_alone: NonNegative = 0.0
    ratio: NonNegative = 1.0
    p_value: Share = 1.0
    statement: str


class SliceError(Sparse):
    """Error of the labels' answer on a slice's gold tasks; a count alone where it has none."""

    where_given = frozenset({"value", "low", "high", "level"})

    gold_tasks: Count
    value: Share = 0.0
    low: Share = 0.0
    high: Share = 1.0
    level: Share = 0.9


class SharedErrorPart(Sparse):
    """What all annotators get wrong together.

    Attributes:
        share: of tasks.
        gold_tasks: that it was learned from.
        gold_needed: bound -> gold tasks, all answered rightly, that bring it below.
        known: whether there was gold.
        consensus_error, together: by slice, and whether errors are shared; with gold alone.
    """

    where_given = frozenset({"consensus_error", "together"})

    share: Interval
    gold_tasks: Count
    gold_needed: dict[str, Count]
    known: bool
    consensus_error: dict[str, SliceError] = Field(default_factory=dict)
    together: TogetherTest | None = None
    statement: str


class PredictiveRow(Part):
    """One statistic of the labels beside labels drawn from the audit's channel."""

    about: str
    value: float
    predicted: float
    low: float
    high: float
    p_value: Share


class PredictiveTest(Sparse):
    """Whether labels drawn from the audit's channel look like the real ones.

    Attributes:
        differs: the statistics that do not.
        statistics: all of them, by name; neither key stands where nothing was tested.
    """

    where_given = frozenset({"differs", "statistics"})

    tested: bool
    differs: tuple[str, ...] = ()
    statistics: dict[str, PredictiveRow] = Field(default_factory=dict)
    statement: str


class SplitAgreement(Part):
    """Share of agreeing pairs of labels on the tasks where two groups differ."""

    within_a: Share
    within_b: Share
    between: Share


class SplitPart(Sparse):
    """Whether two groups of workers follow two keys.

    Attributes:
        copying: whether the smaller group is one that copies a key.
        workers, label_shares: of the larger and the smaller group.
        tasks, task_share: on which they differ.
        agreement: there. None of these stands where no split was found.
        gain, gain_se, level: log score a label that two keys gain on tasks held out.
    """

    where_given = frozenset(
        {"copying", "workers", "label_shares", "tasks", "task_share", "agreement"}
    )

    found: bool
    statement: str
    copying: bool = False
    workers: tuple[Count, Count] = (0, 0)
    label_shares: tuple[Share, Share] = (0.0, 0.0)
    tasks: Count = 0
    task_share: Share = 0.0
    agreement: SplitAgreement | None = None
    gain: float
    gain_se: NonNegative
    level: Share = 0.9


class CapabilityLevel(Part):
    """Error of the labels of models of one capability."""

    capability: float
    labels: Count
    error: Interval


class CapabilityRow(Part):
    """How the error changes with the capability of the judged model.

    Attributes:
        slope: of the log odds of an error.
        grows: chance that it is above 0.
        measured_at: mean capability over the labels.
    """

    levels: tuple[CapabilityLevel, ...]
    slope: Interval
    grows: Share
    measured_at: float
    statement: str
