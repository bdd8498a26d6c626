"""What an audit says of labels that compare two answers or two items."""

from __future__ import annotations

from pydantic import Field

from suffice.records._part import Count, Interval, Part, Share, Sparse


class TiesPart(Part):
    """How many labels call a tie."""

    count: Count
    share: Share
    statement: str


class BothOrders(Sparse):
    """Pairs that were judged in both orders.

    Attributes:
        tasks: such pairs.
        by_one_worker: those that one worker judged in both orders without a tie; not said where
            the order is unknown.
        same_item, first_both_times, second_both_times: what that worker answered.
    """

    where_given = frozenset(
        {"by_one_worker", "same_item", "first_both_times", "second_both_times", "statement"}
    )

    tasks: Count
    by_one_worker: Count = 0
    same_item: Count = 0
    first_both_times: Count = 0
    second_both_times: Count = 0
    statement: str = ""


class ScoredItems(Part):
    """How many items were scored, and which lead."""

    count: Count
    cautions: tuple[str, ...]
    statement: str


class PreferencesPart(Sparse):
    """Position bias, ties and items; ties and a statement alone where no order is known.

    Attributes:
        position_bias: how often the first of two even answers wins with a typical worker.
        both_orders: the evidence that does not rest on chance having drawn the order.
        ties: labels that call one.
        items: the scores in short, where items were named.
        changed_tasks: tasks whose plain majority is turned once position and reliability are
            allowed for.
    """

    where_given = frozenset({"position_bias", "both_orders", "notes", "items", "changed_tasks"})

    position_bias: Interval | None = None
    position_statement: str
    both_orders: BothOrders = Field(default_factory=lambda: BothOrders(tasks=0))
    notes: tuple[str, ...] = ()
    ties: TiesPart
    items: ScoredItems | None = None
    changed_tasks: Count = 0


class ItemsPart(Part):
    """How items were scored from comparisons: counts, the pooled position bias, cautions."""

    comparisons: Count
    items: Count
    workers: Count
    ties: Count
    position_bias: Interval
    position_statement: str
    cautions: tuple[str, ...]
    method: str
    level: Share = 0.9
    citations: tuple[str, ...]
