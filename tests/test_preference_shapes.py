"""Preference files in the shapes that trainers read: one pair, whichever way it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from suffice.errors import InputError
from suffice.labels import read_labels, read_preferences

if TYPE_CHECKING:
    from pathlib import Path


def store(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    path = folder / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def said(role: str, text: Any, **more: Any) -> dict[str, Any]:
    """A message."""
    return {"role": role, "content": text, **more}


def talk(sender: str, text: str) -> dict[str, str]:
    """A message of ShareGPT."""
    return {"from": sender, "value": text}


ASK, GOOD, BAD = said("user", "hi"), said("assistant", "yes"), said("assistant", "no")
PAIR = ("user: hi", "assistant: yes", "assistant: no")
TALKS: dict[str, dict[str, Any]] = {
    "messages": {"prompt": [ASK], "chosen": [GOOD], "rejected": [BAD]},
    "no prompt": {"chosen": [ASK, GOOD], "rejected": [ASK, BAD]},
    "prompt again": {"prompt": "hi", "chosen": [ASK, GOOD], "rejected": [ASK, BAD]},
    "prompt again in messages": {"prompt": [ASK], "chosen": [ASK, GOOD], "rejected": [ASK, BAD]},
    "one message": {"prompt": [ASK], "chosen": GOOD, "rejected": BAD},
    "messages inside": {"chosen": {"messages": [ASK, GOOD]}, "rejected": {"messages": [ASK, BAD]}},
    "sharegpt": {"chosen": [talk("human", "hi"), talk("gpt", "yes")],
                 "rejected": [talk("human", "hi"), talk("gpt", "no")]},
    "llama factory": {"conversations": [talk("human", "hi")], "chosen": talk("gpt", "yes"),
                      "rejected": talk("gpt", "no")},
    "parts": {"prompt": [said("user", [{"type": "text", "text": "hi"}])],
              "chosen": [said("assistant", [{"type": "text", "text": "yes"}])], "rejected": [BAD]},
    "openai": {"input": {"messages": [ASK], "tools": [], "parallel_tool_calls": True},
               "preferred_output": [GOOD], "non_preferred_output": [BAD]},
    "a list of one": {"prompt": [ASK], "chosen": [GOOD], "rejected": [[BAD]]},
    "messages beside": {"messages": [ASK], "chosen": [GOOD], "rejected": [BAD]},
}  # fmt: skip


@pytest.mark.parametrize("shape", TALKS)
def test_one_conversation_in_every_shape(tmp_path: Path, shape: str) -> None:
    """Prompt and answers are the same texts, however the file writes roles and turns."""
    assert read_preferences(store(tmp_path, [TALKS[shape]])).frame.row(0) == PAIR


TEXTS: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"},
    "instruction": {"instruction": "2 + 2?", "input": "", "chosen": "4", "rejected": "5"},
    "question": {"question": "2 + 2?", "chosen": "4", "rejected": "5"},
    "prompt again": {"prompt": "2 + 2?", "chosen": "2 + 2?\n4", "rejected": "2 + 2?\n5"},
    "a list of one": {"prompt": "2 + 2?", "chosen": ["4"], "rejected": ["5"]},
    "PKU-SafeRLHF": {"prompt": "2 + 2?", "response_0": "5", "response_1": "4",
                     "better_response_id": 1, "safer_response_id": 0},
    "HelpSteer3": {"context": "2 + 2?", "response1": "4", "response2": "5",
                   "overall_preference": -2},
    "HelpSteer2": {"prompt": "2 + 2?", "response_1": "5", "response_2": "4",
                   "preference_strength": 3},
}  # fmt: skip


@pytest.mark.parametrize("shape", TEXTS)
def test_one_pair_of_texts_in_every_shape(tmp_path: Path, shape: str) -> None:
    """The better text is chosen, whichever column says so."""
    table = read_preferences(store(tmp_path, [TEXTS[shape]]))
    assert table.frame.select("prompt", "chosen", "rejected").row(0) == ("2 + 2?", "4", "5")


def test_instruction_and_input_are_the_prompt(tmp_path: Path) -> None:
    """Equal answers to different questions are different tasks; ``history`` goes before."""
    rows = [
        {"instruction": "Translate", "input": text, "chosen": "ja", "rejected": "nein",
         "annotator": "a", "history": [["Hello", "Hi"]] if text == "no" else []}
        for text in ("yes", "no", "maybe")
    ]  # fmt: skip
    path = store(tmp_path, rows)
    frame = read_preferences(path).frame
    assert frame["prompt"].to_list() == [
        "Translate\n\nyes", "user: Hello\n\nassistant: Hi\n\nuser: Translate\n\nno",
        "Translate\n\nmaybe",
    ]  # fmt: skip
    assert read_labels(path).frame["task"].n_unique() == 3


def test_system_and_tools_belong_to_the_prompt(tmp_path: Path) -> None:
    """What the model was told before is a part of the question."""
    rows = [
        {"system": system, "prompt": "Go?", "chosen": a, "rejected": b, "annotator": "x"}
        for system, a, b in (("Be bold.", "Yes", "No"), ("Be careful.", "No", "Yes"))
    ]
    path = store(tmp_path, rows)
    assert read_preferences(path).frame["prompt"][0] == "system: Be bold.\n\nGo?"
    table = read_labels(path)
    assert table.frame["task"].n_unique() == 2
    assert not any("system" in note for note in table.notes)
    tools = [
        {"prompt": "Go?", "chosen": "a", "rejected": "b", "tools": [{"name": n}]} for n in "xy"
    ]
    assert read_preferences(store(tmp_path, tools)).frame["prompt"].n_unique() == 2


def test_calls_of_tools_tell_answers_apart(tmp_path: Path) -> None:
    """Answers without words differ in the tool that they call, and in its arguments alone."""

    def call(name: str, town: str) -> dict[str, Any]:
        function = {"name": name, "arguments": json.dumps({"town": town})}
        return said("assistant", None, tool_calls=[{"type": "function", "function": function}])

    rows = [
        {"prompt": [ASK], "chosen": [call("weather", "Ulm")], "rejected": [call("clock", "Ulm")]},
        {
            "prompt": [ASK],
            "chosen": [call("weather", "Ulm")],
            "rejected": [call("weather", "Bonn")],
        },
    ]
    table = read_preferences(store(tmp_path, rows))
    assert len(table) == 2
    assert table.frame["chosen"][0] == 'assistant: calls weather({"town":"Ulm"})'


def test_several_rejected_are_several_pairs(tmp_path: Path) -> None:
    """Each with the chosen one, and with its row; a row without one is left out and counted."""
    rows = [
        {"prompt": "p", "chosen": "good", "rejected": ["bad", "worse"]},
        {"prompt": "q", "chosen": "good", "rejected": []},
        {"prompt": "r", "chosen": "good", "rejected": ["bad"]},
    ]
    table = read_preferences(store(tmp_path, rows))
    assert table.frame["rejected"].to_list() == ["bad", "worse", "bad"]
    assert table.rows.tolist() == [0, 0, 2]
    assert "1 row without a rejected text left out" in table.notes
    talks = [{"prompt": [ASK], "chosen": [GOOD], "rejected": [[BAD], [said("assistant", "never")]]}]
    assert len(read_preferences(store(tmp_path, talks))) == 2
    rows[0]["chosen"] = ["good", "fine"]
    rows[1]["chosen"] = rows[2]["chosen"] = ["good"]
    with pytest.raises(InputError, match="chosen holds lists of several texts"):
        read_preferences(store(tmp_path, rows))


def test_envelopes_are_refused_and_answers_in_json_are_not(tmp_path: Path) -> None:
    """An object around a text is named with its keys; a model may well answer with an object."""
    rows = [{"prompt": "p", "chosen": {"text": "a", "score": 1}, "rejected": {"text": "b"}}]
    with pytest.raises(InputError, match=r"neither a text nor messages \(text, score\)"):
        read_preferences(store(tmp_path, rows))
    rows = [{"prompt": "p", "chosen": '{"town": "Ulm"}', "rejected": '{"town": "Bonn"}'}]
    assert read_preferences(store(tmp_path, rows)).frame["chosen"][0] == '{"town": "Ulm"}'


def test_columns_can_be_named(tmp_path: Path) -> None:
    """Prompt, chosen and rejected under other names."""
    path = store(tmp_path, [{"ask": "p", "up": "a", "down": "b"}])
    table = read_labels(path, columns={"prompt": "ask", "chosen": "up", "rejected": "down"})
    assert len(table) == 1
    with pytest.raises(InputError, match="no column 'sideways'"):
        read_labels(path, columns={"chosen": "up", "rejected": "sideways"})


def test_ties_of_two_texts_are_left_out_and_said(tmp_path: Path) -> None:
    """A strength of 0 prefers neither."""
    rows = [
        {"prompt": "p", "response_1": "a", "response_2": "b", "preference_strength": s}
        for s in (-1, 0, 2)
    ]
    table = read_preferences(store(tmp_path, rows))
    assert table.frame["chosen"].to_list() == ["a", "b"]
    assert "1 pair of which neither is better left out" in table.notes


def test_other_shapes_are_refused_by_name(tmp_path: Path) -> None:
    """Unpaired preferences and steps hold no pairs to train on."""
    unpaired = [{"prompt": "p", "completion": "a", "label": True}]
    with pytest.raises(InputError, match="unpaired preferences"):
        read_preferences(store(tmp_path, unpaired))
    steps = [{"prompt": "p", "completions": ["a"], "labels": [True]}]
    with pytest.raises(InputError, match="stepwise labels"):
        read_preferences(store(tmp_path, steps))
