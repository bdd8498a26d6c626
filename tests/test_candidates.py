"""Curves that can be bought: never above money, capacity, time or what is recorded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import noisy_source

from suffice.curve import Curve, Tranche
from suffice.errors import InfeasibleError
from suffice.plan import Market
from suffice.plan._candidates import (
    alone,
    arrangements,
    candidates,
    equal_split,
    neighbours,
    one_in_ten,
)
from suffice.plan._market import MOST_FREE_LABELS


def market(
    prices: list[float],
    *,
    capacity: list[float | None] | None = None,
    latency: list[float] | None = None,
    repeats: list[tuple[int, ...]] | None = None,
    limits: list[int | None] | None = None,
    money: float = 100.0,
    weeks: float = 4.0,
    smallest: int = 20,
    **more,
) -> Market:
    """A market of sources s0, s1, ..., worst first."""
    count = len(prices)
    names = tuple(f"s{i}" for i in range(count))
    capacity, latency = capacity or [None] * count, latency or [0.0] * count
    sources = {
        n: noisy_source(n, 0.3 - 0.05 * i, prices[i], capacity=capacity[i],
                        latency_days=latency[i])
        for i, n in enumerate(names)
    }  # fmt: skip
    return Market(
        sources,
        names,
        dict(zip(names, repeats or [(1,)] * count, strict=True)),
        dict(zip(names, limits or [None] * count, strict=True)),
        money,
        weeks,
        smallest,
        **more,
    )


SOURCE = st.tuples(
    st.one_of(st.just(0.0), st.floats(0.001, 50.0)),
    st.none() | st.floats(1.0, 5000.0),
    st.sampled_from([0.0, 3.0, 7.0, 20.0]),
    st.sampled_from([(1,), (1, 3), (2,), (1, 2, 5)]),
    st.none() | st.integers(0, 3000),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(SOURCE, min_size=1, max_size=3),
    st.floats(1.0, 5000.0),
    st.floats(0.2, 10.0),
    st.integers(5, 60),
)
def test_nothing_is_bought_that_cannot_be(rows, money, weeks, smallest):
    """Every candidate keeps to the budget, to each source's capacity within the time after its
    latency, to its recorded tasks, to the repeats on sale and to the smallest purchase; where
    there is none, the refusal says why."""
    prices, capacity, latency, repeats, limits = (list(c) for c in zip(*rows, strict=True))
    m = market(
        prices, capacity=capacity, latency=latency, repeats=repeats, limits=limits, money=money,
        weeks=weeks, smallest=smallest,
    )  # fmt: skip
    if max(m.most_tasks(s, min(m.repeats[s])) for s in m.order) < smallest:
        with pytest.raises(InfeasibleError, match="nothing can be bought"):
            candidates(m)
        return
    curves = candidates(m, levels=[0.1, 0.5, 1.0])
    assert curves
    assert len(set(curves)) == len(curves)
    for curve in curves:
        assert curve.cost(m.sources) <= money * (1 + 1e-6)
        assert len({t.source for t in curve}) == len(curve.tranches)
        for t in curve:
            i = m.order.index(t.source)
            assert t.tasks >= smallest
            assert t.labels_per_task in repeats[i]
            assert limits[i] is None or t.tasks <= limits[i]
            time = max(weeks - latency[i] / 7.0, 0.0)
            assert capacity[i] is None or t.labels <= capacity[i] * time * (1 + 1e-9) + 1e-6
            assert time > 0.0
            assert prices[i] > 0.0 or t.labels <= MOST_FREE_LABELS


@pytest.mark.parametrize(
    ("more", "labels"),
    [
        ({}, 1000),
        ({"capacity": [100.0]}, 400),
        ({"capacity": [100.0], "latency": [14.0]}, 200),
        ({"capacity": [100.0], "latency": [28.0]}, 0),
        ({"latency": [40.0]}, 0),
        ({"limits": [150], "repeats": [(1, 3)]}, 450),
        ({"limits": [0]}, 0),
        ({"money": 0.05}, 0),
    ],
)
def test_most_labels_by_hand(more, labels):
    """Money, weekly capacity, days until delivery and the record each end what can be had."""
    assert market([0.1], **more).most_labels("s0") == labels


def test_free_sources_end_somewhere():
    """Labels without price and capacity are not taken without end."""
    assert market([0.0]).most_labels("s0") == MOST_FREE_LABELS
    assert market([0.0], capacity=[50.0]).most_labels("s0") == 200


def test_too_small_a_budget_says_by_how_much():
    """The refusal names what the money buys, the smallest purchase and its price."""
    with pytest.raises(InfeasibleError) as caught:
        candidates(market([0.5, 2.0], money=5.0))
    said = str(caught.value)
    assert "5.00 in 4 weeks gets 10 tasks labelled by 's0'" in said
    assert "smallest purchase of 20 (which costs 10.00)" in said
    assert "\n" not in said


def test_too_little_time_is_told_too():
    """Where everything is delivered too late, money does not help, and the weeks are named."""
    with pytest.raises(InfeasibleError, match="in 1 weeks gets 0 tasks"):
        candidates(market([0.5], latency=[10.0], weeks=1.0))


def test_repeats_that_are_only_sold_together():
    """Where labels are only sold several a task, the smallest purchase counts tasks."""
    with pytest.raises(InfeasibleError, match="nothing can be bought"):
        candidates(market([1.0], repeats=[(5,)], money=60.0, smallest=20))


def test_candidates_cover_single_sources_mixtures_and_rounds():
    """All of one source, mixtures, cheap and full spending, pooled and split are all weighed."""
    m = market([0.05, 0.5, 2.0], repeats=[(1,), (1, 3), (1,)], money=300.0)
    curves = candidates(m)
    for s in m.order:
        assert any({t.source for t in c} == {s} for c in curves)
    assert any(len(c.tranches) == 3 for c in curves)
    assert any(t.labels_per_task == 3 for c in curves for t in c)
    assert {max(t.round for t in c) for c in curves} == {1, 2}
    costs = [c.cost(m.sources) for c in curves]
    assert 0.95 * 300.0 < max(costs) <= 300.0 * (1 + 1e-6)
    assert min(costs) < 0.1 * 300.0
    assert len(curves) < 60_000


def test_rounds_go_from_weak_to_strong():
    """The last round is always that of the better sources."""
    m = market([0.05, 0.5, 2.0])
    curve = Curve((Tranche("s0", 50), Tranche("s1", 40), Tranche("s2", 30)))
    found = arrangements(curve, m.order)
    assert [[t.round for t in c] for c in found] == [[1, 1, 1], [1, 2, 2], [1, 1, 2]]


def test_all_of_one_source_for_the_money():
    """What one source gives for the money, once for each number of labels a task."""
    m = market([0.1, 1.0], repeats=[(1, 3), (1,)])
    assert [str(c) for c in alone(m, "s0", 60.0)] == ["600 s0", "200 s0 x3"]
    assert alone(m, "s1", 19.9) == []
    capped = market([0.1], capacity=[50.0])
    assert [str(c) for c in alone(capped, "s0", 60.0)] == ["200 s0"]


def test_equal_split_by_hand():
    """The same money to every source; one that gives too little for it is left out."""
    assert str(equal_split(market([0.1, 1.0]), 80.0)) == "400 s0 + 40 s1"
    assert str(equal_split(market([0.1, 10.0]), 80.0)) == "400 s0"
    assert equal_split(market([9.0, 10.0]), 80.0) is None


SHARED = {
    "takes": {"s0": {"hours": 0.01}, "s1": {"hours": 0.05, "comments": 1.0}},
    "weekly": {"hours": 5.0, "comments": 60.0},
}


@settings(max_examples=30, deadline=None)
@given(st.floats(0.5, 40.0), st.floats(5.0, 300.0), st.floats(10.0, 400.0), st.integers(0, 40))
def test_shared_resources_and_promises_are_kept(hours, comments, money, promised):
    """Hours and comments that sources share are never overdrawn, and promises always bought, by
    candidates and by their neighbours; where they cannot be, the refusal names the pair."""
    m = market(
        [0.05, 0.5], money=money, smallest=10, takes=SHARED["takes"],
        weekly={"hours": hours, "comments": comments}, at_least={"s1": promised},
    )  # fmt: skip
    try:
        curves = candidates(m, levels=[0.3, 1.0])
    except InfeasibleError as error:
        assert "contradict" in str(error) or "nothing can be bought" in str(error)  # noqa: PT017
        return
    for curve in [*curves, *neighbours(curves[-1], m)]:
        assert m.allows(curve)
        counts = {t.source: t.labels for t in curve}
        assert counts.get("s1", 0) >= promised
        used = sum(m.takes[s]["hours"] * n for s, n in counts.items())
        assert used <= hours * m.weeks * (1 + 1e-9)
        assert counts.get("s1", 0) <= comments * m.weeks * (1 + 1e-9)


def test_what_a_shared_resource_allows_is_used():
    """Where reviewer hours bind, some curve uses them to the last label."""
    m = market([0.01, 0.01], money=1000.0, takes=SHARED["takes"], weekly=SHARED["weekly"])
    hours = [m.room(c)["budget.weekly.hours"] for c in candidates(m, levels=[1.0])]
    assert 0.995 < max(hours) <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"at_least": {"s1": 300}, "money": 100.0},
            "sources.s1.at_least = 300 and budget.money contradict each other: "
            "200 labels are possible, 300 are promised (100 too many)",
        ),
        (
            {"at_least": {"s1": 100}, "capacity": [None, 10.0]},
            "sources.s1.at_least = 100 and sources.s1.capacity contradict",
        ),
        (
            {"at_least": {"s1": 50}, "latency": [0.0, 30.0]},
            "sources.s1.at_least = 50 and budget.weeks contradict",
        ),
        (
            {"at_least": {"s0": 1500, "s1": 100}},
            "sources.s0.at_least and sources.s1.at_least contradict budget.money: together they "
            "take 1.25 times what there is",
        ),
        (
            {"at_least": {"s1": 100}, **SHARED, "weekly": {"hours": 1.0, "comments": 60.0}},
            "sources.s1.at_least = 100 and budget.weekly.hours contradict",
        ),
    ],
)
def test_contradictions_name_the_pair(more, said):
    """Each pair of limits that cannot hold together is named, in one line."""
    with pytest.raises(InfeasibleError) as caught:
        market([0.05, 0.5], **more).check()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_how_much_is_short():
    """A budget that starts nothing says how much more the cheapest start takes."""
    with pytest.raises(InfeasibleError, match=r"the budget is 5\.00 short of 's0'"):
        candidates(market([0.5, 2.0], money=5.0))
    with pytest.raises(InfeasibleError, match=r"sources.s0.capacity is what ends it"):
        candidates(market([0.5], capacity=[2.0]))


def test_why_a_source_offers_nothing():
    """The limit that ends a source is named; a source that offers something has none."""
    m = market([0.1, 0.1, 0.0], capacity=[None, 1.0, 0.0], latency=[60.0, 0.0, 0.0])
    assert m.why_none("s0") == "budget.weeks allows 0 tasks, fewer than the smallest 20"
    assert m.why_none("s1") == "sources.s1.capacity allows 4 tasks, fewer than the smallest 20"
    assert "sources.s2.capacity allows 0" in m.why_none("s2")
    assert market([0.0]).why_none("s0") is None


def test_one_round_where_only_one_is_allowed():
    """A limit on rounds leaves no curve with two."""
    m = market([0.05, 0.5], rounds=1)
    curves = candidates(m)
    assert {len({t.round for t in c}) for c in [*curves, *neighbours(curves[-1], m)]} == {1}


def test_one_strong_for_ten_weak():
    """The rule of thumb spends the budget at ten to one, within capacity."""
    assert str(one_in_ten(market([0.1, 1.0]), 80.0)) == "400 s0 + 40 s1"
    assert str(one_in_ten(market([0.1, 1.0], capacity=[50.0, None]), 80.0)) == "200 s0 + 20 s1"
    assert one_in_ten(market([0.1]), 80.0) is None
