"""What can be bought, as a stage asks for it, and refusals before any training."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from suffice.curve import Curve
    from suffice.plan import Market
    from suffice.stages._workspace import Workspace


def check_market(work: Workspace) -> None:
    """Refuse a study that nothing can be bought in, and a criterion that nothing measures.

    Raises:
        InfeasibleError: limits contradict each other, or nothing can be bought.
        InputError: the criterion names what is not measured.
    """
    work.market.check()
    work.criterion.thresholds(work.pool.evaluation.metrics)


def market_of(
    work: Workspace,
    *,
    money: float | None = None,
    weeks: float | None = None,
    bought: Curve | None = None,
) -> Market:
    """The study's market, with another budget or time where one is given, and labels in hand.

    Raises:
        InfeasibleError: limits contradict each other, or nothing can be bought.
        InputError: what was bought is not sold.
    """
    from dataclasses import replace

    from suffice.plan import with_bought

    market = work.market if money is None else replace(work.market, money=money)
    market = market if weeks is None else replace(market, weeks=weeks)
    market = market if bought is None else with_bought(market, bought)
    market.check()
    return market
