"""A recognised name is believed where the values fit it, and doubted aloud where they do not."""

from __future__ import annotations

import polars as pl
import pytest

from suffice.errors import InputError
from suffice.labels import LabelTable, read_gold, read_labels

TASKS, WORKERS = 20, 3


def frame(**columns: list[object]) -> pl.DataFrame:
    """Twenty tasks with an answer of each of three workers, and other columns."""
    n = TASKS * WORKERS
    base = {
        "item": [f"i{row // WORKERS}" for row in range(n)],
        "rater": [f"r{row % WORKERS}" for row in range(n)],
    }
    return pl.DataFrame(base | columns)


VERDICTS: list[object] = [
    ["good", "bad"][(row // WORKERS + (row % 4 == 0)) % 2] for row in range(TASKS * WORKERS)
]
ANSWERS: list[object] = [f"answer {row // WORKERS}" for row in range(TASKS * WORKERS)]
ROWS: list[object] = list(range(TASKS * WORKERS))


def noted(table: LabelTable, *words: str) -> bool:
    """Whether one note holds all of these words."""
    return any(all(word in note for word in words) for note in table.notes)


def test_what_was_rated_is_no_rating() -> None:
    """The response never differs between raters, the rating does."""
    table = read_labels(frame(response=ANSWERS, rating=VERDICTS))
    assert table.classes == ("bad", "good")
    assert noted(table, "rating as label", "not response", "never differs")


def test_texts_are_no_answers() -> None:
    """Free text in a column that is called like a label gives way to a score."""
    texts = [f"I think that this is rather a long reason, number {row}" for row in ROWS]
    table = read_labels(frame(answer=texts, score=VERDICTS))
    assert table.columns["label"] == "score"


def test_an_answer_on_which_all_agree_is_asked_about_where_another_column_differs() -> None:
    """A topic that is called category is no label if verdicts stand beside it."""
    topics: list[object] = [["sport", "news"][row // WORKERS % 2] for row in range(TASKS * WORKERS)]
    with pytest.raises(InputError, match="category was taken as the label") as caught:
        read_labels(frame(category=topics, opinion=VERDICTS))
    assert "--column label=opinion" in str(caught.value)
    assert read_labels(frame(category=topics, opinion=VERDICTS), columns={"label": "category"})
    agreed = read_labels(frame(label=topics, score=[1, 2, 3] * TASKS))
    assert agreed.classes == ("news", "sport")
    assert not noted(agreed, "never differs")


def test_a_label_stays_one_where_workers_differ() -> None:
    """A second column that could be a label changes nothing where the first one is."""
    table = read_labels(frame(label=VERDICTS, score=[1, 2, 3] * TASKS))
    assert table.columns["label"] == "label"
    assert not noted(table, "not label")


@pytest.mark.parametrize("name", ["article_id", "articleId", "Question", "text"])
def test_a_number_of_rows_is_no_task(name: str) -> None:
    """An id that never repeats gives way to the column that groups the rows."""
    given = frame(label=VERDICTS).rename({"item": name})
    table = read_labels(given.with_columns(pl.Series("id", ROWS)))
    assert table.frame["task"].n_unique() == TASKS
    if name != "Question":
        assert noted(table, f"read {name} as task, not id", "differs in every row")


def test_the_text_is_the_task_where_nothing_else_is() -> None:
    """A table without ids whose texts recur is read by its texts."""
    table = read_labels(frame(label=VERDICTS).rename({"item": "sentence"}))
    assert table.frame["task"].n_unique() == TASKS
    assert noted(table, "read sentence as task, which several workers labelled")


def test_a_name_of_the_job_is_no_task() -> None:
    """A column task that says the same in every row names the job."""
    given = frame(label=VERDICTS).with_columns(pl.lit("sentiment").alias("task"))
    table = read_labels(given)
    assert table.frame["task"].n_unique() == TASKS
    assert noted(table, "read item as task, not task", "the same in all rows")


def test_one_label_a_task_is_left_alone() -> None:
    """Where nothing groups the rows ids that never repeat are tasks, and so are the user's."""
    table = read_labels(frame(label=VERDICTS, id=ROWS).drop("item"))
    assert table.frame["task"].n_unique() == TASKS * WORKERS
    named = read_labels(frame(label=VERDICTS, id=ROWS), columns={"task": "id"})
    assert named.frame["task"].n_unique() == TASKS * WORKERS


def test_documents_of_many_sentences_are_no_tasks() -> None:
    """A worker who labels several sentences of a document judges several things."""
    documents = ["d1", "d2"] * (TASKS * WORKERS // 2)
    given = frame(label=VERDICTS, id=ROWS, doc_key=documents).drop("item")
    assert read_labels(given).frame["task"].n_unique() == TASKS * WORKERS


def test_gold_of_texts_is_no_gold() -> None:
    """A ground truth of reference answers is left out and named; another column may be gold."""
    table = read_labels(frame(label=VERDICTS, ground_truth=ANSWERS))
    assert not table.gold()
    assert noted(table, "ground_truth is not read as gold")
    right: list[object] = [["good", "bad"][row // WORKERS % 2] for row in range(TASKS * WORKERS)]
    both = read_labels(frame(label=VERDICTS, truth=ANSWERS, final_label=right))
    assert len(both.gold()) == TASKS
    assert noted(both, "read final_label as gold, not truth")


def test_where_texts_come_from_is_no_source_of_labels() -> None:
    """A source that differs between tasks and not between workers is a slice."""
    texts: list[object] = [["web", "book"][row // WORKERS % 2] for row in range(TASKS * WORKERS)]
    table = read_labels(frame(label=VERDICTS, source=texts))
    assert "source" not in table.frame.columns
    assert table.frame["slice"].n_unique() == 2
    assert noted(table, "read source as slice")
    vendors: list[object] = [["a", "b", "b"][row % WORKERS] for row in range(TASKS * WORKERS)]
    assert "source" in read_labels(frame(label=VERDICTS, source=vendors)).frame.columns


def test_gold_names_its_tasks_as_the_labels_do() -> None:
    """A gold file with a number of its rows beside the labels' ids is joined by the latter."""
    given = frame(label=VERDICTS, id=ROWS).rename({"item": "article_id"})
    table = read_labels(given)
    right = pl.DataFrame({"id": [0, 1], "article_id": ["i7", "i8"], "gold": ["good", "bad"]})
    assert read_gold(right, like=table.columns["task"]) == {"i7": "good", "i8": "bad"}
    assert read_gold(right) == {0: "good", 1: "bad"}
