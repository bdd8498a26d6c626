"""First and second are no classes: an audit of pairs does not depend on which is named first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.labels import LabelTable, PreferenceTable
from suffice.labels.formats._preferences import preferences_of_frame
from suffice.labels.kinds import sides_of
from suffice.supply._audit_kinds import audit
from suffice.supply._votes import code_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply._audit_record import Audit


def judged(
    pairs: int = 60, workers: int = 3, right: float = 0.9, seed: int = 0, ties: float = 0.0
) -> NDArray[np.int64]:
    """What each worker says of each pair: 1 the better text, 0 the other, 2 a tie."""
    rng = np.random.default_rng(seed)
    said = (rng.random((pairs, workers)) < right).astype(np.int64)
    return np.where(rng.random(said.shape) < ties, 2, said)


def preferences(
    said: NDArray[np.int64], swap: NDArray[np.bool_], names: list[str], prompt: str = "{:04d}"
) -> PreferenceTable:
    """The judgements as chosen and rejected; the better text sorts first where ``swap`` is off."""
    rows = []
    for task, answers in enumerate(said):
        better, worse = ("zz", "aa") if swap[task] else ("aa", "zz")
        for name, answer in zip(names, answers, strict=True):
            pair = (better, worse) if answer == 1 else (worse, better)
            rows.append((prompt.format(task), f"{pair[0]} {task}", f"{pair[1]} {task}", name))
    frame = pl.DataFrame(rows, schema=["prompt", "chosen", "rejected", "annotator"], orient="row")
    return preferences_of_frame(frame, origin="pairs", columns={})


def same(one: Audit, other: Audit) -> None:
    """Two audits say the same to the last digit, but for how they call the sides."""
    assert one.summary.agreement == other.summary.agreement
    assert one.summary.shared_error == other.summary.shared_error
    assert one.summary.predictive_check == other.summary.predictive_check
    assert one.summary.suspects == other.summary.suspects
    assert one.workers.equals(other.workers)
    assert one.sources.equals(other.sources)
    assert one.tasks["confidence"].equals(other.tasks["confidence"])


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([0.55, 0.8, 0.95, 1.0]),
    st.data(),
)
def test_swapping_sides_changes_no_digit(seed: int, right: float, data: st.DataObject) -> None:
    """Whichever text of each pair sorts first, the audit of the same judgements is the same."""
    said = judged(30, 3, right, seed)
    swap = np.array(data.draw(st.lists(st.booleans(), min_size=30, max_size=30)))
    names = ["ann", "bob", "cy"]
    plain = audit(preferences(said, np.zeros(30, dtype=bool), names).to_labels())
    turned = audit(preferences(said, swap, names).to_labels())
    same(plain, turned)
    # What is preferred is the same text under another name.
    differ = (plain.tasks["label"] != turned.tasks["label"]).to_numpy()
    unsure = np.isclose(plain.tasks["confidence"].to_numpy(), 0.5, atol=1e-6)
    assert (differ == swap)[~unsure].all()


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.permutations(["ann", "bob", "cy", "dee"]))
def test_renaming_and_rewording_changes_what_chance_drew_alone(seed: int, names: list[str]) -> None:
    """Other names of workers and texts give the same agreement, and the rest up to other draws."""
    said = judged(80, 4, 0.85, seed)
    rng = np.random.default_rng(seed)
    plain = audit(
        preferences(said, np.zeros(80, dtype=bool), ["ann", "bob", "cy", "dee"]).to_labels()
    )
    prompts = rng.permutation(80)
    other = preferences(
        said[prompts], rng.random(80) < 0.5, names, prompt="why {:03d}?"
    ).to_labels()
    found = audit(other)
    one, two = (a.summary.agreement["all"].krippendorff_alpha for a in (plain, found))
    assert one is not None
    assert two is not None
    assert one.value == pytest.approx(two.value, abs=1e-9)
    assert found.sources["error"][0] == pytest.approx(plain.sources["error"][0], abs=0.03)
    assert found.sources["bits"][0] == pytest.approx(plain.sources["bits"][0], abs=0.08)
    before = dict(zip(["ann", "bob", "cy", "dee"], plain.workers["accuracy"], strict=True))
    after = dict(zip(found.workers["worker"], found.workers["accuracy"], strict=True))
    for was, name in zip(["ann", "bob", "cy", "dee"], names, strict=True):
        assert after[name] == pytest.approx(before[was], abs=0.04)


def test_agreement_by_chance_is_one_half_whatever_sorts_first() -> None:
    """Where the refusal always sorts first, alpha is still 1 less twice the disagreement."""
    said = judged(150, 3, 0.9, 1)
    found = audit(preferences(said, np.zeros(150, dtype=bool), ["ann", "bob", "cy"]).to_labels())
    differ = np.mean([said[:, a] != said[:, b] for a, b in ((0, 1), (0, 2), (1, 2))])
    alpha = found.summary.agreement["all"]
    assert alpha.metric == "nominal, sides alike"
    assert alpha.krippendorff_alpha is not None
    assert alpha.krippendorff_alpha.value == pytest.approx(1.0 - 2.0 * differ, abs=1e-9)
    assert alpha.fleiss_kappa is not None
    assert alpha.fleiss_kappa.value == pytest.approx(1.0 - 2.0 * differ, abs=1e-9)
    assert not found.summary.suspects.count
    assert found.sources["error"][0] < 0.2
    assert {i.value for i in found.summary.class_shares.values()} == {0.5}


def test_all_may_prefer_the_text_that_sorts_first() -> None:
    """Preferences that all sort alike are no single class: everybody may be right."""
    said = np.ones((40, 2), dtype=np.int64)
    found = audit(preferences(said, np.zeros(40, dtype=bool), ["ann", "bob"]).to_labels())
    assert found.summary.classes == ("first", "second")
    assert not found.summary.suspects.count
    assert found.summary.agreement["all"].krippendorff_alpha is not None


def shown(said: NDArray[np.int64], first: NDArray[np.bool_]) -> LabelTable:
    """Comparisons of items as they were shown: the better one first where ``first``."""
    rows = []
    for task, answers in enumerate(said):
        for worker, answer in enumerate(answers):
            better = first[task, worker]
            left, right = ("good", "bad") if better else ("bad", "good")
            word = "tie" if answer == 2 else ("left" if (answer == 1) == better else "right")
            rows.append(
                (f"t{task}", f"w{worker}", word, f"{left} {task % 4}", f"{right} {task % 4}")
            )
    names = ["task", "worker", "label", "left", "right"]
    return LabelTable.from_frame(pl.DataFrame(rows, schema=names, orient="row"))


def test_who_always_takes_what_is_shown_first_is_one_sided() -> None:
    """Where the order shown is known, a worker of one side is found, and nobody else is."""
    rng = np.random.default_rng(3)
    said = judged(120, 4, 0.9, 3)
    first = rng.random(said.shape) < 0.5
    said[:, 3] = first[:, 3]  # always left
    found = audit(shown(said, first))
    assert found.suspects["worker"].to_list() == ["w3"]
    assert "the side shown first" in found.suspects["reason"][0]


def test_ties_are_a_class_of_their_own_beside_sides() -> None:
    """With ties the sides stay alike: the same share each, and one skill of every worker."""
    said = judged(150, 4, 0.85, 5, ties=0.15)
    first = np.ones(said.shape, dtype=bool)
    found = audit(shown(said, first))
    shares = found.summary.class_shares
    assert shares["left"].value == pytest.approx(shares["right"].value, abs=1e-12)
    assert shares["tie"].value < 0.3
    turned = audit(shown(said, ~first))
    one, two = (a.summary.agreement["all"].krippendorff_alpha for a in (found, turned))
    assert one is not None
    assert two is not None
    assert one.value == pytest.approx(two.value, abs=1e-9)


def test_codes_are_balanced_and_come_back() -> None:
    """Codes of sides are even over a table, and columns by code become columns by name again."""
    said = judged(101, 3, 0.9, 2)
    votes = code_votes(preferences(said, np.zeros(101, dtype=bool), ["a", "b", "c"]).to_labels())
    counts = votes.counts()
    assert abs(counts[:, 0].sum() - counts[:, 1].sum()) < 12
    named = votes.renamed(counts)
    assert named[:, 0].sum() == said.sum()
    assert (votes.renamed(named) == counts).all()


@pytest.mark.parametrize(
    ("classes", "columns", "expected"),
    [
        (("first", "second"), (), ("first", "second", False)),
        (("Left",), (), ("Left", "Right", True)),
        (("A", "B"), (), None),
        (("A", "B", "tie"), ("left", "right"), ("A", "B", True)),
        (("model_a", "model_b", "tie", "both bad"), (), ("model_a", "model_b", False)),
        (("no", "yes"), (), None),
        (("no", "yes"), ("presented_order",), ("no", "yes", True)),
        (("left", "a", "right"), (), None),
    ],
)
def test_which_labels_are_sides(
    classes: tuple[str, ...], columns: tuple[str, ...], expected: Any
) -> None:
    """Words and columns decide: a and b alone may be classes, two words for one side are none."""
    found = sides_of(classes, columns)
    assert (found and (found.first, found.second, found.shown)) == expected


def judged_pairs(labels: list[str], turned: list[bool]) -> LabelTable:
    """Two workers a task on two models, shown the other way round where ``turned``."""
    rows = [
        (f"t{k // 2}", f"w{k % 2}", label, "b" if turn else "a", "a" if turn else "b")
        for k, (label, turn) in enumerate(zip(labels, turned, strict=True))
    ]
    names = ["task", "worker", "label", "left", "right"]
    return LabelTable.from_frame(pl.DataFrame(rows, schema=names, orient="row"))


def test_strengths_between_one_and_two_are_cut_in_the_middle() -> None:
    """A judge's weighted preference is the first item below 1.5, the second above, a tie at it."""
    table = judged_pairs(["1.2", "1.9", "1.5", "2", "1", "1.6"], [False] * 6)
    assert table.frame["label"].to_list() == ["left", "right", "tie", "right", "left", "right"]
    assert any("strengths of preference" in note for note in table.notes)
    # Sides that are named 1 and 2 are sides.
    assert judged_pairs(["1", "2", "1", "1"], [False] * 4).frame["label"].to_list() == list("1211")


def test_strengths_about_zero_turn_with_their_pair() -> None:
    """A strength of preference changes its sign where the pair was shown the other way round."""
    turned = [False, True, False, False, True, False]
    table = judged_pairs(["2", "-3", "1", "0", "-1.5", "1"], turned)
    assert table.frame["left"].n_unique() == 1
    found = {tuple(row) for row in table.frame.select("task", "worker", "label").iter_rows()}
    assert {("t0", "w0", "2"), ("t0", "w1", "3"), ("t2", "w0", "1.5"), ("t2", "w1", "1")} <= found
