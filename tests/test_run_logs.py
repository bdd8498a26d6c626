"""Logs of runs in small: what is gathered, joined, said and refused, without any tracker."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from suffice.cli import main
from suffice.demand.runs.logs import GatheredRuns, gather_runs
from suffice.demand.runs.logs._yaml import plain
from suffice.errors import InputError


def _trainer(folder: Path, accuracy: float, steps: int = 8, **settings: Any) -> Path:
    folder.mkdir(parents=True)
    rows = [
        {"epoch": step / 4, "step": step, "eval_accuracy": accuracy * step / steps,
         "eval_runtime": 2.5}
        for step in (4, steps)
    ]  # fmt: skip
    state = {"global_step": steps, "max_steps": 8, "num_train_epochs": 2, "train_batch_size": 4}
    (folder / "trainer_state.json").write_text(json.dumps({**state, "log_history": rows}))
    if settings:
        (folder / "train.yaml").write_text("".join(f"{k}: {v}\n" for k, v in settings.items()))
    return folder


def _said(found: GatheredRuns, part: str) -> bool:
    return any(part in note for note in found.notes)


def _varint(value: int) -> bytes:
    found = b""
    while True:
        byte, value = value & 0x7F, value >> 7
        found += bytes([byte | (0x80 if value else 0)])
        if not value:
            return found


def _field(number: int, value: int | bytes | float) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 5) + struct.pack("<f", value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _events(path: Path, values: dict[str, list[tuple[int, float]]]) -> Path:
    """An event file as TensorBoard reads it; checksums are left at nought."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        for tag, points in values.items():
            for step, value in points:
                scalar = _field(1, tag.encode()) + _field(2, float(value))
                wall = _varint(1 << 3 | 1) + struct.pack("<d", 1.7e9 + step)
                event = wall + _field(2, step) + _field(5, _field(1, scalar))
                stream.write(struct.pack("<QI", len(event), 0) + event + bytes(4))
    return path


def test_trainer_with_settings(tmp_path: Path) -> None:
    """Held-out metrics at the last step, settings by their keys, and no guess of the rest."""
    for k in (1, 2):
        _trainer(tmp_path / f"run-{k}", 0.4 + k / 10, n_crowd=100 * k, seed=k)
    found = gather_runs([tmp_path], {"n_crowd": "n_crowd"})
    assert found.frame["n_crowd"].to_list() == [100, 200]
    assert found.frame["eval_accuracy"].to_list() == pytest.approx([0.5, 0.6])
    assert found.metrics == ("eval_accuracy",)
    assert found.frame["seed"].to_list() == [1, 2]
    assert _said(found, "no log says with which seed its data were chosen")


def test_missing_settings_are_said(tmp_path: Path) -> None:
    """A setting that one run lacks is left empty and named; one that all lack is refused."""
    _trainer(tmp_path / "a", 0.5, n_crowd=100)
    _trainer(tmp_path / "b", 0.6)
    found = gather_runs([tmp_path], {"n_crowd": "n_crowd"})
    assert found.frame["n_crowd"].to_list() == [100, None]
    assert _said(found, "n_crowd: 1 of 2 runs have no n_crowd: b")
    with pytest.raises(InputError, match=r"no log has a setting 'crowd' .*keys there are: n_crowd"):
        gather_runs([tmp_path], {"n_crowd": "crowd"})


def test_checkpoints_are_one_run(tmp_path: Path) -> None:
    """A run without a state of its own is read from its last checkpoint that can be read."""
    _trainer(tmp_path / "dpo" / "checkpoint-4", 0.3, 4)
    _trainer(tmp_path / "dpo" / "checkpoint-8", 0.7, 8)
    found = gather_runs([tmp_path])
    assert found.frame["run"].to_list() == ["dpo"]
    assert found.frame["eval_accuracy"].to_list() == [0.7]
    assert _said(found, "keeps its metrics in checkpoints alone: read as far as checkpoint-8")
    (tmp_path / "dpo" / "checkpoint-8" / "trainer_state.json").write_text('{"log_his')
    again = gather_runs([tmp_path])
    assert again.frame["eval_accuracy"].to_list() == [0.3]
    assert again.frame["state"].to_list() == ["pending"]
    assert _said(again, "an earlier state was read")


def test_one_run_in_two_logs_counts_once(tmp_path: Path) -> None:
    """Events below a Trainer's folder, or the same values in another tracker, are the same run."""
    run = _trainer(tmp_path / "rm", 0.75)
    _events(run / "runs" / "now" / "events.out.tfevents.1.x", {"eval/accuracy": [(8, 0.75)]})
    found = gather_runs([tmp_path])
    assert len(found.frame) == 1
    assert _said(found, "it counts once")


def test_events(tmp_path: Path) -> None:
    """Two files of one folder are one run; a file that was cut off is read as far as it goes."""
    first = _events(
        tmp_path / "r" / "events.out.tfevents.1.h", {"eval/acc": [(1, 0.5), (2, 0.625)]}
    )
    _events(tmp_path / "r" / "events.out.tfevents.2.h", {"eval/acc": [(3, 0.75)]})
    assert gather_runs([tmp_path]).frame["eval/acc"].to_list() == [0.75]
    (tmp_path / "r" / "events.out.tfevents.2.h").unlink()
    first.write_bytes(first.read_bytes()[:-10])
    found = gather_runs([tmp_path])
    assert found.frame["eval/acc"].to_list() == [0.5]
    assert _said(found, "ends within a record")


def test_best_step(tmp_path: Path) -> None:
    """The best step by a metric gives all metrics, and it is said that a best flatters."""
    lines = [(1, 0.5, 0.9), (2, 0.8, 0.3), (3, 0.6, 0.2)]
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "ppo.jsonl").write_text(
        "".join(
            json.dumps({"step": s, "data": {"val/accuracy": a, "val/loss": b}}) + "\n"
            for s, a, b in lines
        )
    )
    by_accuracy = gather_runs([tmp_path], keep="best:val/accuracy")
    assert by_accuracy.frame.select("val/accuracy", "val/loss").row(0) == (0.8, 0.3)
    assert _said(by_accuracy, "flatters")
    assert gather_runs([tmp_path], keep="best:val/loss").frame["val/accuracy"].item() == 0.6
    with pytest.raises(InputError, match="keep is 'first'"):
        gather_runs([tmp_path], keep="first")


def test_cut_off_lines(tmp_path: Path) -> None:
    """A last line that was cut off is said; a broken line before it is refused by its number."""
    path = tmp_path / "good" / "metrics.jsonl"
    path.parent.mkdir()
    path.write_text('{"step": 1, "test/acc": 0.5}\n{"step": 2, "test/a')
    found = gather_runs([tmp_path])
    assert found.frame["test/acc"].to_list() == [0.5]
    assert _said(found, "line 2 of")
    path.write_text('{"step": 1, "test\n{"step": 2, "test/acc": 0.5}\n')
    with pytest.raises(InputError, match="line 1 is no JSON"):
        gather_runs([tmp_path])


def _lm_eval(path: Path, pretrained: str, accuracy: float, date: float = 1.7e9) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps(
            {
                "results": {
                    "manners": {"alias": "manners", "acc,none": accuracy, "acc_stderr,none": 0.02}
                },
                "higher_is_better": {"manners": {"acc": True}},
                "n-samples": {"manners": {"original": 500, "effective": 100}},
                "config": {"model": "hf", "model_args": f"pretrained={pretrained},dtype=auto"},
                "date": date,
            }
        )
    )


def test_evaluations_join_their_runs(tmp_path: Path) -> None:
    """Results of a model in a run's folder are that run's; others have a row a model."""
    run = _trainer(tmp_path / "out" / "dpo", 0.7, n_crowd=100)
    _lm_eval(tmp_path / "lm" / "results_1.json", str(run), 0.61)
    _lm_eval(tmp_path / "lm" / "results_2.json", "org/base-7b", 0.5)
    _lm_eval(tmp_path / "lm" / "results_3.json", "org/base-7b", 0.52, 1.8e9)
    found = gather_runs([tmp_path], {"n_crowd": "n_crowd"})
    rows = {r["run"]: r for r in found.frame.to_dicts()}
    assert set(rows) == {"dpo", "base-7b"}
    assert (rows["dpo"]["manners/acc"], rows["dpo"]["manners/acc_stderr"]) == (0.61, 0.02)
    assert rows["base-7b"]["manners/acc"] == 0.52
    assert _said(found, "were joined to run dpo by its folder")
    assert _said(found, "was scored 2 times on the same tasks: the newest counts")
    assert _said(found, "scored on 100 of 500 items")


def test_exported_history(tmp_path: Path) -> None:
    """An exported history is a run, and 500 rows are said to be a sample."""
    pl.DataFrame({"_step": range(500), "eval/acc": [k / 1000 for k in range(500)]}).write_csv(
        tmp_path / "alpha.csv"
    )
    found = gather_runs([tmp_path])
    assert found.frame["eval/acc"].to_list() == [0.499]
    assert _said(found, "as many as run.history() samples")


def test_stores_are_left_as_they_are(tmp_path: Path) -> None:
    """A store is read without a change; one of other tables is passed over."""
    path = tmp_path / "p.db"
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(
            "CREATE TABLE metrics (id INTEGER, timestamp TEXT, run_name TEXT, step INTEGER,"
            " metrics TEXT)"
        )
        store.execute("CREATE TABLE configs (id INTEGER, run_name TEXT, config TEXT)")
        row = (1, "2026-01-01T00:00:00+00:00", "a", 3, '{"eval/acc": 0.5, "x": "Infinity"}')
        store.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?)", row)
        store.execute("INSERT INTO configs VALUES (1, 'a', '{\"n_crowd\": 7, \"_User\": 1}')")
    with closing(sqlite3.connect(tmp_path / "other.db")) as store, store:
        store.execute("CREATE TABLE cats (name TEXT)")
    before = path.read_bytes()
    found = gather_runs([tmp_path], {"n_crowd": "n_crowd"})
    assert found.frame.select("run", "n_crowd", "eval/acc").rows() == [("a", 7, 0.5)]
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.db", "p.db"]


def test_plain_yaml() -> None:
    """Nested settings of plain values are read without PyYAML."""
    text = "a: 1\nb:\n  c: 2.5  # note\n  d:\n    e: 'x: y'\n  list:\n    - 1\nf: null\ng: true\n"
    found = plain(text)
    assert found["a"] == 1
    assert found["b"]["c"] == 2.5
    assert found["b"]["d"]["e"] == "x: y"
    assert (found["f"], found["g"]) == (None, True)


def test_study_of_a_folder_of_logs(tmp_path: Path) -> None:
    """A study may name a folder: its logs are the table, its settings the mapping."""
    from own_runs import study_toml

    from suffice.stages import Workspace

    for k in range(4):
        values = {"n_human": 100 * k, "n_judge": 50, "model_name": "llama", "seed": k}
        run = _trainer(tmp_path / "logs" / f"r{k}", 0.5 + k / 10, **values)
        state = json.loads((run / "trainer_state.json").read_text())
        for row in state["log_history"]:
            row |= {"eval_chat": row["eval_accuracy"], "eval_safety": 0.9}
        (run / "trainer_state.json").write_text(json.dumps(state))
    study = study_toml(tmp_path / "study.toml", "logs")
    text = study.read_text().replace(
        'run = "run"', 'run = "run"\nsettings = { n_human = "n_human", n_judge = "n_judge" }'
    )
    text = text.replace("[metrics.chat]", '[metrics.chat]\ncolumn = "eval_chat"')
    study.write_text(text.replace("[metrics.safety]", '[metrics.safety]\ncolumn = "eval_safety"'))
    own = Workspace.of(study, tmp_path / "out").own
    assert own is not None
    assert own.runs.ids == ("r0", "r1", "r2", "r3")
    assert own.runs.counts[:, 0].tolist() == [0, 100, 200, 300]
    assert own.runs.values[:, own.runs.metric("chat")].tolist() == pytest.approx(
        [0.5, 0.6, 0.7, 0.8]
    )


def test_nothing_there(tmp_path: Path) -> None:
    """A folder without logs is refused with what is read; one that is missing too."""
    with pytest.raises(InputError, match=r"no logs are in it .*MLflow and Trackio"):
        gather_runs([tmp_path])
    with pytest.raises(InputError, match="no such folder"):
        gather_runs([tmp_path / "x"])


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes the table, says what is missing, and prints JSON."""
    _trainer(tmp_path / "a", 0.5, n_crowd=100)
    out = tmp_path / "runs.csv"
    with pytest.raises(SystemExit) as ended:
        main(["runs", str(tmp_path), "--out", str(out), "--column", "n_crowd=n_crowd", "--quiet"])
    assert ended.value.code == 0
    assert pl.read_csv(out)["n_crowd"].to_list() == [100]
    assert "1 runs: 1 of Trainer" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["runs", str(tmp_path), "--out", str(out), "--json", "--quiet"])
    assert json.loads(capsys.readouterr().out)["runs"][0]["eval_accuracy"] == 0.5
