"""One text written two ways: the same pair for every join, and gold never trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from small import preference_rows, write_csv, write_jsonl
from toy_models import Told

from suffice.errors import InputError
from suffice.forecast import read_fresh_gold
from suffice.labels import normal_texts, read_labels
from suffice.pools import preference_pool, vote_pool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, Any]


def as_messages(row: Row) -> Row:
    """The same pair as lists of messages."""
    roles = {"prompt": "user", "chosen": "assistant", "rejected": "assistant"}
    return {name: [{"role": role, "content": row[name]}] for name, role in roles.items()}


def as_sharegpt(row: Row) -> Row:
    """The same pair with from and value, the prompt inside both conversations."""

    def talk(name: str) -> list[Row]:
        return [{"from": "human", "value": row["prompt"]}, {"from": "gpt", "value": row[name]}]

    return {name: talk(name) for name in ("chosen", "rejected")}


def as_dialogue(row: Row) -> Row:
    """The same pair as the dialogues of Anthropic's files."""
    start = f"\n\nHuman: {row['prompt']}\n\nAssistant: "
    return {name: start + row[name] for name in ("chosen", "rejected")}


def with_blanks(row: Row) -> Row:
    """Blanks and line ends as editors and tokenizers leave them."""
    return {"prompt": f"{row['prompt']} \r\n", "chosen": f" {row['chosen']}",
            "rejected": f"{row['rejected']}\n"}  # fmt: skip


def repeated(row: Row) -> Row:
    """The prompt once more before each answer."""
    return row | {name: f"{row['prompt']}\n{row[name]}" for name in ("chosen", "rejected")}


def joined(row: Row) -> Row:
    """Prompt and answer in one text, without a mark between them."""
    return {name: f"{row['prompt']} {row[name]}" for name in ("chosen", "rejected")}


WRITINGS = (as_messages, as_sharegpt, as_dialogue, with_blanks, repeated, joined)


def pool_of(folder: Path, vendor: list[Row], gold: list[Row], told: Told | None = None) -> Any:
    """The pool of a vendor and gold."""
    return preference_pool(
        {"vendor": write_jsonl(folder / "vendor.jsonl", vendor)},
        write_jsonl(folder / "gold.jsonl", gold),
        group="prompt", slice_by=None, seed=0, progress=told or Told(),
    )  # fmt: skip


def _wrong(pool: Any) -> float:
    """How many audited labels are wrong."""
    audited = pool.audit_tasks(1000, np.random.default_rng(0), source="vendor")
    labels = pool.channel("vendor").draw(audited.tasks, 1, np.random.default_rng(0))[:, 0]
    return float(np.abs(labels - audited.truth).sum())


@pytest.mark.parametrize("write", WRITINGS)
@pytest.mark.parametrize("side", ["vendor", "gold"])
def test_a_pair_is_the_same_in_every_writing(
    tmp_path: Path, write: Callable[[Row], Row], side: str
) -> None:
    """Whichever file is written otherwise, the same pairs audit and the same ones train."""
    rows, wrong = preference_rows(90), preference_rows(90, wrong=0.3)
    plain = pool_of(tmp_path, wrong, rows[:30])
    vendor = [write(row) for row in wrong] if side == "vendor" else wrong
    gold = [write(row) for row in rows[:30]] if side == "gold" else rows[:30]
    other = pool_of(tmp_path, vendor, gold)
    assert other.limit("vendor") == plain.limit("vendor") == 60
    if (write, side) != (joined, "vendor"):
        # What no file says, where a prompt ends, can be guessed alone.
        assert set(other.items) == set(plain.items)
    assert _wrong(other) == _wrong(plain) > 4


def test_gold_in_a_writing_that_cannot_be_read_alike_is_refused(tmp_path: Path) -> None:
    """Pairs that differ from gold in points and quotes alone neither audit nor train."""
    rows = preference_rows(90)
    vendor = [{name: text.upper().replace(".", " !") for name, text in r.items()} for r in rows]
    with pytest.raises(InputError, match="gold in other writing") as caught:
        pool_of(tmp_path, vendor, rows[:30])
    assert "write the texts as in gold.jsonl" in str(caught.value)


def test_a_few_of_them_are_kept_out_and_said(tmp_path: Path) -> None:
    """Where most pairs fit, the others are kept out of training."""
    rows = preference_rows(90)
    vendor = [*rows[:88], *({n: t.upper() for n, t in r.items()} for r in rows[:2]), *rows[88:]]
    told = Told()
    pool = pool_of(tmp_path, vendor, rows[:30], told)
    assert pool.limit("vendor") == 60
    assert any("2 pairs kept out of training: gold in other writing" in n for n in told.notes)


def test_prompts_of_gold_with_other_answers_raise_an_alarm(tmp_path: Path) -> None:
    """A source that shares prompts with gold but no pair is said to be odd; one that shares
    neither is not."""
    rows = preference_rows(120)
    other = [r | {"chosen": f"Another thing, {i}."} for i, r in enumerate(rows)]
    told = Told()
    pool_of(tmp_path, other, rows[:30], told)
    assert any("30 of its prompts are the gold's, but only 0" in n for n in told.notes)
    told = Told()
    pool_of(tmp_path, rows[30:], rows[:30], told)
    assert not any("gold's" in n for n in told.notes)


def test_signs_of_a_formula_are_no_other_writing(tmp_path: Path) -> None:
    """x + 1 and x - 1 are different questions, whatever else is passed over."""
    rows = [{"prompt": f"Solve x {sign} {i} = 0", "chosen": f"x = {turn}{i}", "rejected": "none"}
            for i in range(1, 41) for sign, turn in (("+", "-"), ("-", ""))]  # fmt: skip
    pool = pool_of(tmp_path, rows, rows[::2])
    assert pool.limit("vendor") == 40


def test_normal_form() -> None:
    """Turns have one name, and the first turn's mark and an empty last turn say nothing."""
    texts = [
        "Human: a\n\nAssistant: b\n\nHuman: c\n\nAssistant:",
        "user: a\n\nassistant: b\n\nuser: c",
    ]
    one, other = normal_texts(pl.Series(texts)).to_list()
    assert one == other == "a\n\nassistant: b\n\nuser: c"
    assert normal_texts(pl.Series(["caf\u0065\u0301  \r\n x"])).to_list() == ["caf\u00e9\n x"]


def test_pairs_of_one_file_in_two_writings_are_one_task(tmp_path: Path) -> None:
    """Two annotators whose tools add blanks judged the same pair."""
    rows = [r | {"annotator": "a"} for r in preference_rows(5)]
    rows += [with_blanks(r) | {"annotator": "b"} for r in preference_rows(5)]
    table = read_labels(write_jsonl(tmp_path / "pairs.jsonl", rows))
    assert table.frame["task"].n_unique() == 5
    assert (table.frame.group_by("task").agg(pl.col("label").n_unique())["label"] == 1).all()


def test_votes_meet_their_texts_and_gold_by_the_rule(tmp_path: Path) -> None:
    """Ids that lost their zeros and answers in capital letters are the same tasks and classes."""
    items = [(f"{i:03d}", f"text {i}") for i in range(120)]
    votes = [(i, f"w{k}", "Yes" if i % 2 else "no") for i in range(120) for k in range(2)]
    gold = [(float(i), "YES" if i % 2 else "No") for i in range(40)]
    told = Told()
    pool = vote_pool(
        {"crowd": write_csv(tmp_path / "crowd.csv", ["task", "worker", "label"], votes)},
        write_csv(tmp_path / "items.csv", ["task", "text"], items),
        write_csv(tmp_path / "gold.csv", ["task", "label"], gold),
        classes=["no", "yes"], slice_by=None, seed=0, progress=told,
    )  # fmt: skip
    assert pool.limit("crowd") == 80
    assert len(pool.evaluation.tasks) == 40
    assert any("past leading zeros" in note for note in told.notes)


def test_fresh_gold_is_judged_by_the_rule(tmp_path: Path) -> None:
    """1.0 is the answer 1, and a task that trained is found without its zeros."""
    fresh = write_csv(tmp_path / "gold.csv", ["task", "label", "gold"],
                      [("7", "1.0", "1"), ("8", "Yes", "yes"), ("9", "2", "3")])  # fmt: skip
    assert read_fresh_gold(fresh).wrong == (0, 0, 1)
    used = write_csv(tmp_path / "used.csv", ["task"], [("007",)])
    with pytest.raises(InputError, match="'7' first"):
        read_fresh_gold(fresh, used=[used])


def test_an_item_without_an_answer_is_asked_about(tmp_path: Path) -> None:
    """Whether no answer is a wrong answer is the user's to say."""
    fresh = write_csv(tmp_path / "gold.csv", ["task", "label", "gold"], [("7", "N/A", "1")])
    with pytest.raises(InputError, match="label 'N/A' is no answer"):
        read_fresh_gold(fresh)
