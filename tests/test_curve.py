"""Curves as data: written, read, priced, and given their channels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import noisy_source

from suffice.channel import NoisyChannel, Source
from suffice.curve import Curve, Tranche, split_rounds
from suffice.errors import InputError

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.\-]{0,12}", fullmatch=True)
TRANCHES = st.builds(
    Tranche,
    source=NAMES,
    tasks=st.integers(1, 10**7),
    labels_per_task=st.integers(1, 30),
    round=st.integers(1, 5),
)
CURVES = st.lists(TRANCHES, min_size=1, max_size=6).map(lambda t: Curve(tuple(t)))
SOURCES = {
    "crowd": noisy_source("crowd", 0.3, 0.1),
    "panel": noisy_source("panel", 0.1, 0.5),
    "judge": noisy_source("judge", 0.2, 0.0),
}


@given(CURVES)
def test_what_is_printed_can_be_read(curve):
    """Every curve of plain purchases survives being printed and parsed."""
    assert Curve.parse(str(curve)) == curve


@given(CURVES)
def test_rows_survive_the_way_through_json(curve):
    """Rows can be read back, with extra keys such as a cost passed over."""
    import json

    rows = json.loads(json.dumps([{**row, "cost": 3.5} for row in curve.as_list()]))
    assert Curve.from_list(rows) == curve


@given(CURVES, CURVES)
def test_numbers_tell_curves_apart(one, other):
    """Equal curves have equal numbers, different curves different ones, within 64 bits."""
    assert (one.number() == other.number()) == (one == other)
    assert 0 <= one.number() < 2**64


@pytest.mark.parametrize(
    "change", [{"tasks": 101}, {"round": 2}, {"labels_per_task": 2}, {"where": ("hard",)},
               {"weight": 0.5}, {"source": "panel"}]
)  # fmt: skip
def test_every_part_of_a_purchase_changes_the_number(change):
    """Nothing that a run depends on is left out of the number that seeds it."""
    base = {"source": "crowd", "tasks": 100}
    assert Curve((Tranche(**base),)).number() != Curve((Tranche(**{**base, **change}),)).number()


def test_the_number_is_the_same_in_every_process():
    """The number seeds runs, so it must not depend on Python's own salted hashes."""
    import subprocess
    import sys

    code = "from suffice.curve import Curve; print(Curve.parse('300 crowd + 20 panel x3').number())"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert seen == {f"{Curve.parse('300 crowd + 20 panel x3').number()}\n"}


@pytest.mark.parametrize(
    "text", ["", "crowd", "0 crowd", "3 + crowd", "-5 crowd", "10 crowd x", "10 crowd (round)",
             "1.5 crowd", "10 crowd +", "10 crowd x0", "10 crowd (round 0)",
             "1,5 crowd", "1,2,3 crowd", "10000,000 crowd"]
)  # fmt: skip
def test_what_is_no_purchase_is_refused_with_an_example(text):
    """Text that is no curve gives one line that shows how to write one."""
    with pytest.raises(InputError, match=r"is no purchase.*write it like"):
        Curve.parse(text)


def test_cost_is_labels_times_price():
    """Every label of every task is paid."""
    curve = Curve((Tranche("crowd", 100, 3), Tranche("panel", 10), Tranche("judge", 1000)))
    assert curve.cost(SOURCES) == pytest.approx(100 * 3 * 0.1 + 10 * 0.5)
    assert curve.tasks == 1110


def test_unknown_source_is_named_with_the_known_ones():
    """A curve that buys from nobody says who there is."""
    curve = Curve((Tranche("oracle", 5),))
    with pytest.raises(InputError, match=r"'oracle' \(known sources: crowd, judge, panel\)"):
        curve.cost(SOURCES)
    with pytest.raises(InputError, match="'oracle'"):
        curve.resolve(SOURCES, np.random.default_rng(0))


class Doubtful:
    """A posterior that gives a new channel at every draw, and remembers how often."""

    def __init__(self):
        self.drawn = 0

    def draw(self, rng, capability):
        self.drawn += 1
        return NoisyChannel(f"draw {rng.integers(10**9)}", SOURCES["crowd"].draw(rng).profile)

    def mean(self):
        raise NotImplementedError


def test_tranches_of_one_source_share_one_draw():
    """What is not known of a source is the same in all of its tranches."""
    doubtful = {name: Doubtful() for name in ("crowd", "panel")}
    sources = {name: Source(name, 1.0, posterior) for name, posterior in doubtful.items()}
    curve = Curve((Tranche("crowd", 10), Tranche("panel", 5), Tranche("crowd", 20, round=2)))
    first, second, third = curve.resolve(sources, np.random.default_rng(0))
    assert first.channel is third.channel
    assert first.channel is not second.channel
    assert [d.drawn for d in doubtful.values()] == [1, 1]
    assert curve.resolve(sources, np.random.default_rng(0)).curve == curve


def test_rounds_come_in_training_order():
    """Tranches are grouped by round, rounds ascending, whatever order they are listed in."""
    curve = Curve((Tranche("panel", 5, round=3), Tranche("crowd", 10), Tranche("judge", 7)))
    rounds = curve.resolve(SOURCES, np.random.default_rng(0)).rounds()
    assert [[t.tranche.source for t in r] for r in rounds] == [["crowd", "judge"], ["panel"]]


@given(CURVES, st.integers(0, 6))
def test_splitting_rounds_buys_the_same(curve, at):
    """Splitting changes the order of training only, never leaves a round empty, and sends the
    first sources of the order to the first round."""
    order = sorted({t.source for t in curve})
    split = split_rounds(curve, order, at)
    plain = [{**row, "round": 1} for row in curve.as_list()]
    assert [{**row, "round": 1} for row in split.as_list()] == plain
    used = {t.round for t in split}
    assert used in ({1}, {1, 2})
    if used == {1, 2}:
        assert {t.source for t in split if t.round == 1} == set(order[:at])


def test_nothing_bought_has_words():
    """An empty curve prints as nothing."""
    assert str(Curve(())) == "nothing"
