"""One thing in two spellings, codes for no answer, the order of time, sides and items."""

from __future__ import annotations

import polars as pl
import pytest

from suffice.errors import InputError
from suffice.labels import (
    LabelTable,
    Spelling,
    answer_key,
    match_ids,
    read_comparisons,
    read_labels,
)
from suffice.labels._no_answer import no_answers
from suffice.labels._pairs import answers_of
from suffice.labels._times import instants
from suffice.supply import audit


def rows(labels: list[object], **others: list[object]) -> pl.DataFrame:
    """A table of one worker a row, all on different tasks."""
    n = len(labels)
    base = {"task": list(range(n)), "worker": [f"w{i % 3}" for i in range(n)], "label": labels}
    return pl.DataFrame(base | others, strict=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Yes", " yes"), ("4.0", "4"), ("+1", "1"), ("1.50", "1.5"), (".5", "0.5"), ("-0", "0"),
     ("1e-3", "0.001"), ("9007199254740993.0", "9007199254740993"), ("Very  good", "very good")],
)  # fmt: skip
def test_spellings_of_one_answer(one: str, other: str) -> None:
    """Blanks, capital letters and the ways to write a number say nothing."""
    assert answer_key(one) == answer_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", "-1"), ("01", "1"), ("1.1", "11"), ("no", "not"), ("a b", "ab")]
)
def test_different_answers_stay_different(one: str, other: str) -> None:
    """Nothing that could be two answers becomes one."""
    assert answer_key(one) != answer_key(other)


def test_the_most_frequent_spelling_counts_and_is_said() -> None:
    """Three ways to write one answer are one class, and the note names the other two."""
    table = read_labels(rows(["Yes", "yes", "yes", "YES", "no", "4.0"]))
    assert table.classes == ("4", "no", "yes")
    assert "spellings of one answer read as one: 'YES' as 'yes', 'Yes' as 'yes'" in table.notes


def test_no_note_where_nothing_was_merged() -> None:
    """1.0 alone is just how a data frame writes 1."""
    table = read_labels(rows(["1.0", "2.0", "1.0"]))
    assert table.classes == ("1", "2")
    assert not table.notes


def test_classes_that_the_user_names_are_kept_apart() -> None:
    """Two classes may differ in capital letters, and a class may be called none."""
    table = read_labels(rows(["a", "A", "none", "B"]), classes=["a", "A", "none", "b"])
    assert sorted(table.classes) == ["A", "a", "b", "none"]
    assert not any("no answer" in note for note in table.notes)


def test_whole_numbers_beyond_floats() -> None:
    """Labels and ids of seventeen digits keep them all, and floats that cannot are named."""
    big = [9007199254740993, 9007199254740995]
    assert read_labels(rows([str(b) + ".0" for b in big])).classes == tuple(map(str, big))
    table = read_labels(rows(["x", "y"], task=big))
    assert match_ids([str(b) for b in big], table.frame["task"].to_list()).place == (0, 1)
    lost = read_labels(rows(["x", "y"], task=[float(b) for b in big]))
    assert "whose last digits are lost" in " ".join(lost.notes)


@pytest.mark.parametrize(
    ("ids", "known", "place", "note"),
    [
        ([1, 2], ["1", "2"], (0, 1), ""),
        (["q1 ", "2.0"], ["q1", "2"], (0, 1), "past blanks or a .0"),
        ([7, 12], ["007", "012"], (0, 1), "past leading zeros"),
        ([7], ["007", "07"], (-1,), ""),
        ([7], ["7", "007"], (0,), ""),
        (["q1"], ["Q1"], (0,), "past capital letters"),
        (["a"], ["b"], (-1,), ""),
    ],
)
def test_ids_of_two_files(
    ids: list[object], known: list[object], place: tuple[int, ...], note: str
) -> None:
    """An id is found past what files lose, where only one can be meant, and that is said."""
    found = match_ids(ids, known)
    assert found.place == place
    assert bool(found.notes) == bool(note)
    assert note in " ".join(found.notes)


def test_gold_in_other_words_and_ids_meets_its_tasks() -> None:
    """Gold of a spreadsheet, which lost the zeros and shouts, judges the same tasks."""
    tasks = [f"{i:03d}" for i in range(40) for _ in range(3)]
    labels = ["yes" if (i // 3) % 2 else "no" for i in range(120)]
    frame = pl.DataFrame({"task": tasks, "worker": ["a", "b", "c"] * 40, "label": labels})
    table = LabelTable.from_frame(frame)
    same = {f"{i:03d}": "yes" if i % 2 else "no" for i in range(40)}
    other = {i: "YES" if i % 2 else "No " for i in range(40)}
    plain, past = audit(table, same).summary, audit(table, other).summary
    assert past.gold_tasks == plain.gold_tasks == 40
    assert past.model_copy(update={"notes": plain.notes}) == plain
    assert any("past leading zeros" in note for note in past.notes)
    assert not any("passed over" in note for note in past.notes)


def test_gold_that_hardly_fits_raises_an_alarm() -> None:
    """Where most gold tasks are unknown, two ids are shown side by side."""
    frame = rows(["x", "y"] * 20)
    gold: dict[object, str] = {f"item-{i}": "x" for i in range(30)} | {3: "x", 4: "y"}
    notes = audit(LabelTable.from_frame(frame), gold).summary.notes
    assert any("'item-0'" in note and "are these the same ids?" in note for note in notes)


@pytest.mark.parametrize(
    ("labels", "gone", "doubtful"),
    [
        ("1 2 None", "None", ""),
        ("yes no None", "None", ""),
        ("hate offensive none", "", "none"),
        ("Positive Negative None", "", "None"),
        ("1 2 NA", "NA", ""),
        ("DE FR NA", "", "NA"),
        ("a b N/A null #N/A ? * -", "N/A null #N/A ? * -", ""),
        ("+ -", "", ""),
        ("* ** ***", "", ""),
        ("yes no skipped abstain", "skipped abstain", ""),
        ("yes no unsure", "", "unsure"),
        ("left right none", "", ""),
        ("1 2 3 -1", "", "-1"),
        ("-1 0 1", "", "-1"),
        ("-1 1", "", ""),
        ("1 2 5 99", "", "99"),
        ("10 55 99", "", ""),
    ],
)
def test_codes_for_no_answer(labels: str, gone: str, doubtful: str) -> None:
    """What surely is no answer is none, what may be a class is asked about."""
    found, asked = no_answers(dict.fromkeys(labels.split(), 5))
    assert found == set(gone.split())
    assert asked == sorted(doubtful.split())


def test_no_answer_is_passed_over_and_said_whatever_the_layout() -> None:
    """Long and wide tables with codes are the tables without these cells."""
    long = read_labels(rows(["1", "2", "N/A", "2", "?", "1"]))
    assert len(long) == 4
    assert "no answer, and passed over: '?' (1), 'N/A' (1)" in long.notes
    wide = read_labels(
        pl.DataFrame({"item": [1, 2], "rater_1": ["1", "None"], "rater_2": ["2", "2"]})
    )
    assert wide.frame["label"].to_list() == ["1", "2", "2"]
    said = read_labels(rows(["1", "2", "-1", "3"]), missing=["-1"])
    assert len(said) == 3
    asked = read_labels(rows(["1", "2", "-1", "3"]))
    assert "--missing '-1'" in " ".join(asked.notes)


def test_nothing_but_codes_is_refused() -> None:
    """A table without an answer is no table of labels."""
    with pytest.raises(InputError, match="no label in it is an answer"):
        read_labels(rows(["N/A", "skipped"]))


@pytest.mark.parametrize(
    "times",
    [
        ["2024-05-02T10:00:00Z", "2024-05-01T23:00:00Z"],
        ["2024-05-01T10:00:00+02:00", "2024-05-01T09:00:00+02:00"],
        ["1714600000", "1714500000"],
        ["Wed May 01 11:00:00 PDT 2024", "Wed May 01 10:00:00 PDT 2024"],
        ["13/05/2024 10:00", "02/06/2023 11:30"],
        ["05/13/2024 1:00 PM", "05/13/2024 11:30 AM"],
        ["Thu, 02 May 2024 10:00:00 +0000", "Wed, 01 May 2024 10:00:00 +0000"],
    ],
)
def test_the_later_label_is_later_in_time(times: list[str]) -> None:
    """Exports that list the newest first keep the newest, and the note says what counted."""
    frame = pl.DataFrame({"task": [1, 1], "worker": ["a", "a"], "label": ["new", "old"],
                          "created_at": times})  # fmt: skip
    table = read_labels(frame)
    assert table.frame["label"].to_list() == ["new"]
    assert "the later label counts" in " ".join(table.notes)
    assert read_labels(frame.reverse()).frame["label"].to_list() == ["new"]


def test_times_that_cannot_be_ordered_are_said() -> None:
    """Neither 3 April nor 4 March is guessed: the row decides, and the note says why."""
    times = ["03/04/2024", "05/06/2024"]
    assert instants(pl.Series(times)) is None
    frame = pl.DataFrame({"task": [1, 1], "worker": ["a", "a"], "label": ["x", "y"], "time": times})
    table = read_labels(frame)
    assert table.frame["label"].to_list() == ["y"]
    assert "the later row counts, since not all times can be read" in " ".join(table.notes)


def test_a_mind_changed_twice() -> None:
    """Yes, no and yes again is yes."""
    frame = pl.DataFrame({"task": [1] * 3, "worker": ["a"] * 3, "label": ["y", "n", "y"]})
    assert read_labels(frame).frame["label"].to_list() == ["y"]


def test_sides_and_items_that_share_words() -> None:
    """Numbers are sides where one of them is no item of its row, items where all are."""
    sides = pl.DataFrame({"left": [2, 5, 1], "right": [5, 4, 3], "winner": [1, 2, 1]})
    notes: list[str] = []
    assert answers_of(read_comparisons(sides), notes=notes).to_list() == [0.5, -0.5, 0.5]
    assert "read as sides" in " ".join(notes)
    items = pl.DataFrame({"left": [2, 5, 1], "right": [5, 4, 3], "winner": [2, 4, 1]})
    assert answers_of(read_comparisons(items)).to_list() == [0.5, -0.5, 0.5]
    mixed = pl.DataFrame({"left": ["a", "b"], "right": ["b", "x"], "winner": ["left", "x"]})
    assert answers_of(read_comparisons(mixed)).to_list() == [0.5, -0.5]
    unclear = pl.DataFrame({"left": ["a", "y"], "right": ["b", "x"], "winner": ["b", "x"]})
    assert answers_of(read_comparisons(unclear)).to_list() == [-0.5, -0.5]
    torn = pl.DataFrame({"left": ["a", "y"], "right": ["x", "z"], "winner": ["x", "a"]})
    with pytest.raises(InputError, match="may name an item or a side"):
        answers_of(read_comparisons(torn))


def test_a_recognised_column_can_be_switched_off() -> None:
    """Whatever a column is called, nothing is made of it where the user says so."""
    frame = rows(["x", "y", "x"], gold=["x", "x", "x"])
    assert len(read_labels(frame).gold()) == 3
    table = read_labels(frame, columns={"gold": ""})
    assert not table.gold()
    assert "columns not used: gold" in table.notes
    pairs = pl.DataFrame({"chosen": ["a b", "c d"], "rejected": ["e f", "g h"],
                          "prompt": ["p", "q"], "gold": ["x", "y"]})  # fmt: skip
    assert "gold" not in read_labels(pairs, columns={"gold": ""}).frame.columns


def test_what_was_made_of_labels_is_no_worker() -> None:
    """Majorities and predictions beside the workers' columns are left out, and named."""
    frame = pl.DataFrame({"item": [1, 2], "annotator_1": ["a", "b"], "annotator_2": ["a", "a"],
                          "majority_vote": ["a", "a"], "predicted_label": ["b", "b"]})  # fmt: skip
    table = read_labels(frame)
    assert sorted(table.frame["worker"].unique()) == ["annotator_1", "annotator_2"]
    assert "columns not used: majority_vote, predicted_label" in table.notes


def test_a_spelling_reads_what_it_knows() -> None:
    """Another file's word for a class is found, and an unknown word comes back as it is."""
    spelling = Spelling.of(["01", "02", "Yes"])
    assert [spelling.read(t) for t in ("1", "02", "YES", "x")] == ["01", "02", "Yes", "x"]


def test_comparisons_that_come_again_keep_their_time() -> None:
    """A second judgement of a pair is a task of its own, and no column is lost by it."""
    frame = pl.DataFrame({"left": ["x"] * 3, "right": ["y"] * 3, "winner": ["x", "y", "x"],
                          "time": [1, 2, 3]})  # fmt: skip
    table = read_labels(frame)
    assert table.frame["task"].to_list() == ["x | y", "x | y (2)", "x | y (3)"]
    assert table.frame["time"].to_list() == [1, 2, 3]
