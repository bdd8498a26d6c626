"""Preference files: standard, implicit prompts, conversations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from suffice.errors import InputError
from suffice.labels._read import read_labels
from suffice.labels.formats._preferences import read_preferences

if TYPE_CHECKING:
    from pathlib import Path


def store(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_standard_format(tmp_path: Path) -> None:
    """Prompt, chosen and rejected as text."""
    table = read_preferences(store(tmp_path, [{"prompt": "p", "chosen": "a", "rejected": "b"}]))
    assert table.frame.row(0) == ("p", "a", "b")
    assert not table.conversational
    assert not table.implicit_prompt


def test_implicit_prompt_is_what_both_begin_with(tmp_path: Path) -> None:
    """The prompt ends where the last shared turn ends, not in the middle of a word."""
    head = "\n\nHuman: hello\n\nAssistant:"
    rows = [
        {"chosen": head + " good day", "rejected": head + " go away"},
        {"chosen": "The sky is blue", "rejected": "The sky is black"},
    ]
    table = read_preferences(store(tmp_path, rows))
    assert table.implicit_prompt
    assert table.frame.row(0) == ("Human: hello\n\nAssistant:", "good day", "go away")
    assert table.frame.row(1) == ("The sky is", "blue", "black")


def test_conversations(tmp_path: Path) -> None:
    """Lists of messages, with the prompt given or shared."""
    ask = {"role": "user", "content": "hi"}
    good, bad = ({"role": "assistant", "content": text} for text in ("yes", "no"))
    rows = [{"chosen": [ask, good], "rejected": [ask, bad]}]
    table = read_preferences(store(tmp_path, rows))
    assert table.conversational
    assert table.frame.row(0) == ("user: hi", "assistant: yes", "assistant: no")
    explicit = read_preferences(
        store(tmp_path, [{"prompt": [ask], "chosen": [good], "rejected": [bad]}])
    )
    assert explicit.frame.row(0) == table.frame.row(0)


def test_disagreeing_annotators_label_the_same_task(tmp_path: Path) -> None:
    """Swapping chosen and rejected changes the label and not the task."""
    rows = [
        {"prompt": "p", "chosen": "a", "rejected": "b", "annotator": "x"},
        {"prompt": "p", "chosen": "b", "rejected": "a", "annotator": "y"},
    ]
    frame = read_labels(store(tmp_path, rows)).frame
    assert frame["task"].n_unique() == 1
    assert frame["label"].to_list() == ["first", "second"]
    assert frame["worker"].to_list() == ["x", "y"]


def test_equal_texts_are_counted_and_missing_ones_refused(tmp_path: Path) -> None:
    """A pair of equal texts says nothing; a pair without a text is an error with its row."""
    rows = [{"prompt": "p", "chosen": "a", "rejected": "a"}, {"prompt": "p", "chosen": "a",
                                                              "rejected": "b"}]  # fmt: skip
    table = read_preferences(store(tmp_path, rows))
    assert len(table) == 1
    assert "1 pair of equal texts" in table.notes[0]
    rows[1]["rejected"] = None
    with pytest.raises(InputError, match="row 2 lacks"):
        read_preferences(store(tmp_path, rows))
    with pytest.raises(InputError, match="no pair of different texts"):
        read_preferences(store(tmp_path, rows[:1]))


def test_pairs_with_holes_can_be_left_out(tmp_path: Path) -> None:
    """With drop_missing a pair without a text is passed over and counted."""
    rows = [{"chosen": "a", "rejected": "b"}, {"chosen": "a", "rejected": None}]
    path = store(tmp_path, rows)
    with pytest.raises(InputError, match=r"row 2 lacks .*--drop-missing"):
        read_labels(path)
    table = read_labels(path, drop_missing=True)
    assert len(table) == 1
    assert "1 pair without a chosen or rejected text left out" in table.notes


def test_no_rejected_column(tmp_path: Path) -> None:
    """A file that is no preference file."""
    with pytest.raises(InputError, match="rejected"):
        read_preferences(store(tmp_path, [{"prompt": "p", "chosen": "a"}]))


def test_hh_rlhf(shared_data: Path) -> None:
    """A gzipped public file with implicit prompts."""
    path = shared_data / "preferences" / "hh-rlhf-harmless-test" / "test.jsonl.gz"
    table = read_preferences(path)
    assert len(table) > 2000
    assert table.frame["prompt"].str.contains("Human:").mean() > 0.99
    labels = read_labels(path)
    assert abs((labels.frame["label"] == "first").mean() - 0.5) < 0.05
