"""The same labels, however they are written, are the same table; and the same table is one audit.

An audit is a function of the checked table alone, which is shown once for the order of rows, which
the table keeps; everything else is compared as tables, which costs nothing.
"""

from __future__ import annotations

import gzip
import io
import json
import random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suffice.labels import LabelTable, read_labels
from suffice.supply import audit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, Any]
SOME = settings(
    max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FEW = settings(SOME, max_examples=3)
WORDS = [("no", "yes"), ("1", "2", "3"), ("bad", "fair", "good"), ("0", "0.5", "1")]


@st.composite
def crowds(draw: st.DrawFn) -> list[Row]:
    """Labels of two to four workers on four to ten tasks; not everybody labels everything."""
    words = draw(st.sampled_from(WORDS))
    tasks, workers = draw(st.integers(4, 10)), draw(st.integers(2, 4))
    cell = st.one_of(st.sampled_from(words), st.none())
    cells = draw(st.lists(cell, min_size=tasks * workers, max_size=tasks * workers))
    rows = [
        {"task": f"t{n // workers}", "worker": f"w{n % workers}", "label": label}
        for n, label in enumerate(cells)
        if label is not None
    ]
    # Two answers and two labels of one task: what an audit needs at least.
    first = [{"task": "t0", "worker": f"w{n}", "label": words[n % 2]} for n in range(workers)]
    return first + [row for row in rows if row["task"] != "t0"]


def plain(table: LabelTable) -> list[tuple[str, ...]]:
    """What a table says, whatever the order of its rows."""
    names = [n for n in ("task", "worker", "label", "gold", "left", "right", "presented_order")
             if n in table.frame.columns]  # fmt: skip
    return sorted(table.frame.select(pl.col(names).cast(pl.String)).fill_null("").rows())


def as_csv(rows: list[Row], separator: str = ",") -> bytes:
    """Rows as CSV."""
    return pl.DataFrame(rows).write_csv(separator=separator).encode()


def as_parquet(rows: list[Row]) -> bytes:
    """Rows as parquet."""
    content = io.BytesIO()
    pl.DataFrame(rows).write_parquet(content)
    return content.getvalue()


CONTAINERS: dict[str, Callable[[list[Row]], bytes]] = {
    "l.csv": as_csv,
    "l.tsv": lambda rows: as_csv(rows, "\t"),
    "l.csv.gz": lambda rows: gzip.compress(as_csv(rows)),
    "l.parquet": as_parquet,
    "l.json": lambda rows: json.dumps(rows).encode(),
    "l.jsonl": lambda rows: "".join(json.dumps(row) + "\n" for row in rows).encode(),
    "l.jsonl.gz": lambda rows: gzip.compress(
        "".join(json.dumps(row) + "\n" for row in rows).encode()
    ),
    "columns.json": lambda rows: json.dumps(
        {name: [row[name] for row in rows] for name in rows[0]}
    ).encode(),
}


def through(folder: Path, name: str, rows: list[Row], **asked: Any) -> LabelTable:
    """Rows written to a file of some kind and read again."""
    path = folder / name
    path.write_bytes(CONTAINERS[name](rows))
    return read_labels(path, **asked)


@SOME
@given(rows=crowds())
def test_the_container_says_nothing(tmp_path: Path, rows: list[Row]) -> None:
    """CSV, TSV, parquet, JSON, lines and columns, gzipped or not, are the same table."""
    tables = [through(tmp_path, name, rows) for name in CONTAINERS]
    assert all(plain(one) == plain(tables[0]) for one in tables)
    assert all(one.classes == tables[0].classes for one in tables)


@SOME
@given(rows=crowds())
def test_numbers_and_texts_are_the_same_ids_and_labels(tmp_path: Path, rows: list[Row]) -> None:
    """A file that holds numbers as text, as numbers or as floats says the same."""
    bare = [row | {"task": row["task"][1:]} for row in rows]
    for kind in (str, int, float):
        typed = [row | {"task": kind(row["task"])} for row in bare]
        if kind is float and all(row["label"][0].isdigit() for row in rows):
            typed = [row | {"label": float(row["label"])} for row in typed]
        for name in ("l.csv", "l.json", "l.parquet"):
            assert plain(through(tmp_path, name, typed)) == plain(read_labels(pl.DataFrame(bare)))


@SOME
@given(rows=crowds())
def test_documented_shapes_are_one_table(tmp_path: Path, rows: list[Row]) -> None:
    """One row a label, one column a worker and all labels of a task in a cell agree."""
    long = read_labels(pl.DataFrame(rows))
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    workers = sorted({row["worker"] for row in rows})
    given_ = {(row["task"], row["worker"]): row["label"] for row in rows}
    wide = [{"task": t} | {f"rater_{w[1:]}": given_.get((t, w)) for w in workers} for t in tasks]
    read = through(tmp_path, "l.json", wide)
    renamed = [(t, w.replace("rater_", "w"), *rest) for t, w, *rest in plain(read)]
    assert sorted(renamed) == plain(long)
    nested = [
        {"task": t, "annotations": [{"user": w, "label": given_[t, w]} for w in workers
                                    if (t, w) in given_]}
        for t in tasks
    ]  # fmt: skip
    assert plain(through(tmp_path, "l.jsonl", nested)) == plain(long)


@SOME
@given(rows=crowds(), seed=st.integers(0, 99))
def test_respelling_by_the_rule_says_nothing(rows: list[Row], seed: int) -> None:
    """Blanks, capital letters and ways to write a number change no label, id or class."""
    rng = random.Random(seed)

    def other(text: str) -> str:
        if text.replace(".", "").isdigit():
            return rng.choice([text, f" {text}", f"{text}.0" if "." not in text else f"{text}0"])
        return rng.choice([text, text.upper(), text.title(), f"{text} "])

    # Each answer is written plainly most of the time: that spelling counts.
    spelt = [row | {"label": other(row["label"]), "task": rng.choice(["", " "]) + row["task"]}
             for row in rows]  # fmt: skip
    table = read_labels(pl.DataFrame(spelt))
    one, two = plain(read_labels(pl.DataFrame(rows))), plain(table)
    assert [(t, w, label.casefold()) for t, w, label in two] == one
    assert len(table.classes) == len({row["label"] for row in rows})


@SOME
@given(rows=crowds())
def test_renaming_workers_renames_them(rows: list[Row]) -> None:
    """Nothing but the workers' names changes."""
    renamed = [row | {"worker": f"person {9 - int(row['worker'][1:])}"} for row in rows]
    back = [
        (t, f"w{9 - int(w[7:])}", label)
        for t, w, label in plain(read_labels(pl.DataFrame(renamed)))
    ]
    assert sorted(back) == plain(read_labels(pl.DataFrame(rows)))


@SOME
@given(rows=crowds(), seed=st.integers(0, 99))
def test_shards_hold_what_the_whole_holds(tmp_path: Path, rows: list[Row], seed: int) -> None:
    """A file cut into two by rows is read to the same labels, but for what spelling is frequent."""
    rng = random.Random(seed)
    shards = [[], []]  # type: list[list[Row]]
    for row in rows:
        rng.choice(shards).append(row)
    read = [plain(through(tmp_path, "l.csv", part)) for part in shards if part]
    assert sorted(row for part in read for row in part) == plain(read_labels(pl.DataFrame(rows)))


@SOME
@given(rows=crowds(), seed=st.integers(0, 99), words=st.sampled_from(["sides", "items"]))
def test_swapping_the_sides_says_nothing(rows: list[Row], seed: int, words: str) -> None:
    """A comparison written the other way round is the same judgement, shown in the other order."""
    rng = random.Random(seed)
    sides = {"left": "right", "right": "left", "tie": "tie"}

    def pair(row: Row) -> Row:
        first, second = f"{row['task']}-a", f"{row['task']}-b"
        side = rng.choice(["left", "right", "tie"])
        named = {"left": first, "right": second, "tie": "tie"}[side]
        answer = side if words == "sides" else named
        return {"task": row["task"], "worker": row["worker"], "left": first, "right": second,
                "label": answer, "presented_order": rng.randrange(2)}  # fmt: skip

    def swap(row: Row) -> Row:
        answer = sides[row["label"]] if words == "sides" else row["label"]
        return row | {"left": row["right"], "right": row["left"], "label": answer,
                      "presented_order": 1 - row["presented_order"]}  # fmt: skip

    straight = [pair(row) for row in rows]
    some = [swap(row) if rng.random() < 0.4 else row for row in straight]
    assert won(read_labels(pl.DataFrame(some))) == won(read_labels(pl.DataFrame(straight)))


def won(table: LabelTable) -> list[tuple[Any, ...]]:
    """Who won which comparison, and which item was shown first."""
    found = []
    for row in table.frame.iter_rows(named=True):
        pair = [row["left"], row["right"]]
        winner = dict(zip(("left", "right"), pair, strict=True)).get(row["label"], "tie")
        found.append((row["task"], row["worker"], winner, pair[row["presented_order"]]))
    return sorted(found)


@FEW
@given(rows=crowds(), seed=st.integers(0, 99))
def test_an_audit_is_a_function_of_the_table(rows: list[Row], seed: int) -> None:
    """Neither the order of rows nor the type of ids changes a digit of it."""
    one = audit(read_labels(pl.DataFrame(rows)))
    shuffled = rows[:]
    random.Random(seed).shuffle(shuffled)
    numbers = [row | {"task": int(row["task"][1:])} for row in shuffled]
    texts = [row | {"task": row["task"][1:]} for row in rows]
    assert audit(read_labels(pl.DataFrame(shuffled))).summary == one.summary
    assert (
        audit(read_labels(pl.DataFrame(numbers))).summary
        == audit(read_labels(pl.DataFrame(texts))).summary
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_an_audit_of_pairs_is_a_function_of_the_table(seed: int) -> None:
    """The same for comparisons of items, whose sides are swapped and whose rows are shuffled."""
    rng = random.Random(seed)
    rows = [{"task": f"t{n // 3}", "worker": f"w{n % 3}", "left": f"i{n // 3 % 4}",
             "right": f"i{(n // 3 + 1) % 4}", "label": rng.choice(["left", "right"])}
            for n in range(36)]  # fmt: skip
    turned = {"left": "right", "right": "left"}
    other = [row | {"left": row["right"], "right": row["left"], "label": turned[row["label"]],
                    "presented_order": 1} if n % 3 == 0 else row | {"presented_order": 0}
             for n, row in enumerate(rows)]  # fmt: skip
    rng.shuffle(other)
    straight = [row | {"presented_order": 0} for row in rows]
    one, two = (audit(read_labels(pl.DataFrame(r))).summary for r in (straight, other))
    assert two.model_copy(update={"notes": one.notes}) == one
