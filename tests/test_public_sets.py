"""Public data sets and logs of evaluations, in the form in which they are published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from test_tool_files import as_csv, as_lines, said, store

from suffice.errors import InputError
from suffice.labels import read_frame, read_labels

if TYPE_CHECKING:
    from pathlib import Path


def test_multipref(tmp_path: Path) -> None:
    """Nested votes of crowd and experts; the prompt's category is no label."""

    def vote(who: str, pref: str) -> dict[str, Any]:
        return {
            "evaluator": who,
            "overall_pref": pref,
            "helpful_pref": "Tie",
            "overall_reasons": "x",
            "time_spent": 60,
            "timestamp": "2024-01-01T00:00:00Z",
        }

    rows = [
        {"comparison_id": f"c{n}", "prompt_id": "p", "text": "t", "model_a": "m1", "model_b": "m2",
         "category": "Coding", "completion_a": "a", "completion_b": "b",
         "normal_worker_annotations": [vote("n1", "A-is-slightly-better"), vote("n2", "Tie")],
         "expert_worker_annotations": [vote("e1", "B-is-clearly-better")]} for n in (1, 2)
    ]  # fmt: skip
    table = read_labels(store(tmp_path, "m.jsonl", as_lines(rows)))
    assert [row[1:] for row in said(table)[:3]] == [
        ("e1", "model_b"),
        ("n1", "model_a"),
        ("n2", "tie"),
    ]
    assert set(table.frame["source"].to_list()) == {"crowd", "experts"}
    assert table.frame["left"].unique().to_list() == ["m1"]


def test_ultrafeedback_and_distilabel(tmp_path: Path) -> None:
    """One judge's grades of each completion, aspect by aspect."""
    rows = [
        {
            "source": "flan",
            "instruction": "q",
            "models": ["m1", "m2"],
            "completions": [
                {
                    "model": m,
                    "response": "r",
                    "overall_score": 7.5,
                    "annotations": {"honesty": {"Rating": g, "Rationale": "x"}},
                }
                for m, g in (("m1", "4"), ("m2", "N/A"))
            ],
        }
    ]
    path = store(tmp_path, "u.jsonl", as_lines(rows))
    assert said(read_labels(path, columns={"label": "honesty"})) == [("1 | m1", "(judge)", "4")]
    assert said(read_labels(path, columns={"label": "overall_score"}))[0][2] == "7.5"
    rows = [{"instruction": "q", "generations": ["a", "b"], "generation_models": ["m1", "m1"],
             "ratings": [4, 5], "model_name": "gpt"}]  # fmt: skip
    assert said(read_labels(store(tmp_path, "d.jsonl", as_lines(rows)))) == [
        ("1 | 0 m1", "gpt", "4"), ("1 | 1 m1", "gpt", "5"),
    ]  # fmt: skip


def test_helpsteer(tmp_path: Path) -> None:
    """Attributes as grades; strengths of preference by each annotator, from -3 to 3."""
    two = [{"prompt": "p", "response": "r", "helpfulness": 3, "correctness": 4, "coherence": 4,
            "complexity": 1, "verbosity": 2}] * 2  # fmt: skip
    assert len(read_labels(store(tmp_path, "two.jsonl", as_lines(two)))) == 2
    lists = [row | {"helpfulness": [3, 4, 2]} for row in two]
    table = read_labels(
        store(tmp_path, "l.jsonl", as_lines(lists)), columns={"label": "helpfulness"}
    )
    assert len(table) == 6
    assert any("numbered by place" in note for note in table.notes)
    three = [{"domain": "code", "language": "en", "context": [{"role": "user", "content": "q"}],
              "response1": "a", "response2": "b", "overall_preference": -2, "individual_preference":
              [{"score": -3, "reasoning": "x"}, {"score": -1, "reasoning": "y"}]}] * 2  # fmt: skip
    table = read_labels(store(tmp_path, "three.jsonl", as_lines(three)))
    assert [row[1:] for row in said(table)[:2]] == [("annotator 1", "-3"), ("annotator 2", "-1")]
    assert table.frame["slice"].unique().to_list() == ["code"]


def test_prism(tmp_path: Path) -> None:
    """Scores of utterances by participants and the best of those shown, from either file."""
    rows = [
        {
            "utterance_id": f"ut{n}", "interaction_id": "i1", "conversation_id": "c1",
            "user_id": "u1", "turn": 0, "conversation_type": "values guided", "score": 10 * n,
            "if_chosen": n == 2, "model_name": f"m{n}",
        }
        for n in (1, 2, 3)
    ]  # fmt: skip
    path = store(tmp_path, "utterances.jsonl", as_lines(rows))
    scores = read_labels(path, columns={"label": "score"})
    assert said(scores)[:2] == [("ut1", "u1", "10"), ("ut2", "u1", "20")]
    assert said(read_labels(path, columns={"label": "chosen"})) == [("i1", "u1", "m2 > m1 / m3")]
    answers = [{"turn": 0, "role": "model", "content": "a", "score": 80 + n, "if_chosen": n == 0,
                "model_name": f"m{n}"} for n in (0, 1)]  # fmt: skip
    talk = {"conversation_id": "c1", "user_id": "u1", "conversation_history": [
        {"turn": 0, "role": "user", "content": "q"}, *answers]}  # fmt: skip
    path = store(tmp_path, "c.jsonl", as_lines([talk]))
    table = read_labels(path, columns={"label": "score"})
    assert said(table) == [("c1 | 1", "u1", "80"), ("c1 | 2", "u1", "81")]
    table = read_labels(path, columns={"label": "chosen"})
    assert said(table) == [("c1 | turn 0", "u1", "m0 > m1")]


def test_polis_votes_that_were_changed(tmp_path: Path, shared_data: Path) -> None:
    """The last vote in time counts; agreement has the sign that comments.csv counts."""
    rows = [{"timestamp": t, "comment-id": 4, "voter-id": v, "vote": vote}
            for t, v, vote in ((9, 1, 1), (5, 1, -1), (6, 2, 0))]  # fmt: skip
    table = read_labels(store(tmp_path, "votes.csv", as_csv(rows)))
    assert said(table) == [("4", "1", "agree"), ("4", "2", "pass")]
    folder = shared_data / "engagement" / "polis" / "brexit-consensus"
    counts = read_labels(folder / "participants-votes.csv").frame.group_by("task").agg(
        pl.col("label").eq("agree").sum().alias("agree"),
        pl.col("label").eq("disagree").sum().alias("disagree"),
    )  # fmt: skip
    stated = read_frame(folder / "comments.csv").select(
        pl.col("comment-id").cast(pl.String).alias("task"), "agrees", "disagrees"
    )
    both = counts.join(stated, on="task")
    assert len(both) > 20
    assert both.select(pl.corr("agree", "agrees")).item() > 0.9
    assert both.select((pl.col("agree") > pl.col("disagree")).eq(
        pl.col("agrees") > pl.col("disagrees")).mean()).item() > 0.9  # fmt: skip


def test_other_types_of_trl(tmp_path: Path) -> None:
    """Unpaired preferences and steps are labels; types without labels are refused by name."""
    rows = [
        {"prompt": "p", "completion": c, "label": label, "annotator": who}
        for c, label, who in (("a", True, "x"), ("a", False, "y"), ("b", False, "x"))
    ]
    assert said(read_labels(store(tmp_path, "kto.jsonl", as_lines(rows)))) == [
        ("1", "x", "true"), ("1", "y", "false"), ("2", "x", "false"),
    ]  # fmt: skip
    kto = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
            "label": n == 0} for n in (0, 1)]  # fmt: skip
    kto[1]["messages"] = [{"role": "user", "content": "other"}]
    assert len(read_labels(store(tmp_path, "lf.jsonl", as_lines(kto)))) == 2
    steps = [{"prompt": "p", "completions": ["s1", "s2"], "labels": [True, False]}]
    assert said(read_labels(store(tmp_path, "steps.jsonl", as_lines(steps)))) == [
        ("1 | step 1", "(unnamed)", "true"), ("1 | step 2", "(unnamed)", "false"),
    ]  # fmt: skip
    steps[0]["labels"] = [True]
    with pytest.raises(InputError, match="row 1 has 2 completions and 1 labels"):
        read_labels(store(tmp_path, "steps.jsonl", as_lines(steps)))
    for row, kind in (({"prompt": "p"}, "prompt-only"), ({"text": "t"}, "language modelling"),
                      ({"prompt": "p", "completion": "c"}, "prompt and completion")):  # fmt: skip
        with pytest.raises(InputError, match=f"TRL's type '{kind}'"):
            read_labels(store(tmp_path, "sft.jsonl", as_lines([row])))


def test_lm_evaluation_harness(tmp_path: Path) -> None:
    """One line a document and filter: filters are questions, not repeats; the target is gold."""
    rows = [
        {"doc_id": n, "doc": {"q": "x"}, "target": "yes", "filter": f, "metrics": ["exact_match"],
         "resps": [["yes!"]], "filtered_resps": ["yes" if f == "loose" or n else "[invalid]"],
         "exact_match": float(f == "loose" or n > 0)} for n in range(3) for f in ("strict", "loose")
    ]  # fmt: skip
    path = store(tmp_path, "samples.jsonl", as_lines(rows))
    strict = read_labels(path, columns={"label": "strict"})
    assert [row[2] for row in said(strict)] == ["[invalid]", "yes", "yes"]
    assert strict.gold() == {0: "yes", 1: "yes", 2: "yes"}
    assert {r[2] for r in said(read_labels(path, columns={"label": "loose: exact_match"}))} == {"1"}
    choices = [{"doc_id": n, "doc": {}, "target": str(n), "filter": "none", "metrics": ["acc"],
                "acc": 1.0, "resps": [], "filtered_resps": [["-2.5", "False"], ["-0.5", "True"]]}
               for n in (0, 1)]  # fmt: skip
    table = read_labels(store(tmp_path, "mc.jsonl", as_lines(choices)), columns={"label": "none"})
    assert [row[2] for row in said(table)] == ["1", "1"]


def samples(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """Samples of a log of inspect_ai, two epochs of two."""
    return [{"id": n, "epoch": e, "input": "q", "target": "a", "scores": scores}
            for n in (1, 2) for e in (1, 2)]  # fmt: skip


def test_inspect_logs(tmp_path: Path) -> None:
    """Scorers are workers, epochs tasks of their own, in JSON as in the archive."""
    scores = {"match": {"value": "C"}, "judge": {"value": {"tone": 3, "fact": True}}}
    log = {"version": 2, "status": "success", "eval": {"model": "m"}, "plan": {"steps": []},
           "samples": samples(scores)}  # fmt: skip
    path = store(tmp_path, "log.json", log)
    assert said(read_labels(path, columns={"label": "score"})) == [
        (f"{n} | epoch {e}", "match", "C") for n in (1, 2) for e in (1, 2)
    ]
    assert said(read_labels(path, columns={"label": "tone"}))[0][1:] == ("judge", "3")
    assert said(read_labels(path, columns={"label": "fact"}))[0][1:] == ("judge", "true")


def test_inspect_archives_are_zstandard(tmp_path: Path) -> None:
    """An ``.eval`` file is a ZIP whose members are Zstandard, as inspect_ai 0.3.285 writes it."""
    text = json.dumps(samples({"match": {"value": "I"}})).encode()
    path = tmp_path / "log.eval"
    path.write_bytes(zstandard_zip("summaries.json", text))
    assert len(read_labels(path)) == 4
    path.write_bytes(zstandard_zip("header.json", text))
    with pytest.raises(InputError, match="the evaluation did not end"):
        read_labels(path)


def zstandard_zip(name: str, text: bytes) -> bytes:
    """A ZIP archive of one member, whose one block is a raw one of Zstandard (RFC 8878)."""
    import struct
    import zlib

    block = struct.pack("<I", len(text) << 3 | 1)[:3] + text
    frame = b"\x28\xb5\x2f\xfd" + b"\xa0" + struct.pack("<I", len(text)) + block
    shared = struct.pack("<HHHHHIIIHH", 63, 0, 93, 0, 33, zlib.crc32(text), len(frame), len(text),
                         len(name), 0)  # fmt: skip
    local = b"PK\x03\x04" + shared + name.encode() + frame
    entry = (b"PK\x01\x02" + struct.pack("<H", 63) + shared
             + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name.encode())  # fmt: skip
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local), 0)
    return local + entry + end


def test_people_by_tasks(tmp_path: Path) -> None:
    """``{annotator: {task: label}}`` is read, and so is the other way round."""
    people = {
        f"w{w}": {f"t{t}": "yes" if (t + w) % 2 else "no" for t in range(5)} for w in range(3)
    }
    tasks = {f"t{t}": {w: labels[f"t{t}"] for w, labels in people.items()} for t in range(5)}
    first, second = (read_labels(store(tmp_path, "a.json", x)) for x in (people, tasks))
    assert said(first) == said(second)
    assert first.frame["worker"].n_unique() == 3
