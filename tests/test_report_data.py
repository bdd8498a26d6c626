"""The report's reading of a study's folder: what is wrong is named, by file and by key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from report_study import study_files, write_study

from suffice.errors import InputError
from suffice.records import PlanRecord, read_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_reads_every_file(tmp_path: Path):
    """A complete folder is read whole."""
    folder = read_folder(write_study(tmp_path))
    assert folder.plan.p.mean == 0.83
    assert folder.absent == ()
    assert folder.runs is not None
    assert len(folder.runs) == 36


def _set(*keys: str | int, value: object) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return change


@pytest.mark.parametrize(
    ("file", "change", "key"),
    [
        ("plan.json", _set("p", "mean", value=1.4), "p.mean"),
        ("plan.json", _set("p", "low", value=0.99), "p"),
        ("plan.json", _set("cost", value=-1), "cost"),
        ("plan.json", _set("curve", 1, "tasks", value="many"), "curve.1.tasks"),
        ("plan.json", _set("check", 0, "total", value=0), "check.0.total"),
        ("plan.json", _set("validity", value="high"), "validity"),
        ("supply.json", _set("sources", value=[]), "sources"),
        ("supply.json", _set("sources", 2, "error", value=None), "sources.2.error"),
        ("forecast.json", _set("hero", "p", value=[[0.5]]), "hero"),
        ("forecast.json", _set("hero", "quantity", 0, value=0), "hero.quantity.0"),
        ("forecast.json", _set("learning_curves", 0, "mean", value=[0.1]), "learning_curves.0"),
        ("law.json", _set("draws", value=None), "draws"),
        ("timings.json", _set(0, "seconds", value="long"), "stages.0.seconds"),
        ("study.lock.json", _set("python", value=3.11), "python"),
    ],
)
def test_one_line_names_file_and_key(
    tmp_path: Path, file: str, change: Callable[[Any], None], key: str
):
    """A value that breaks the schema gives one line with its file and its key."""
    files = study_files()
    change(files[file])
    write_study(tmp_path, files)
    with pytest.raises(InputError) as caught:
        read_folder(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert file in message
    assert f"key {key}:" in message


def test_a_missing_key_is_named(tmp_path: Path):
    """A key that is not there is named, and further faults are counted."""
    files = study_files()
    del files["plan.json"]["decision"], files["plan.json"]["model"]
    write_study(tmp_path, files)
    with pytest.raises(InputError, match=r"plan\.json: key model: .*; 1 more faults"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["plan.json", "supply.json", "forecast.json", "law.json"])
def test_a_missing_file_names_its_stage(tmp_path: Path, name: str):
    """A required file that is absent is named with the command that writes it."""
    write_study(tmp_path, {**study_files(), name: None})
    with pytest.raises(InputError, match=rf"{name} is missing \(run `suffice "):
        read_folder(tmp_path)


def test_no_folder(tmp_path: Path):
    """A folder that is not there is an input error."""
    with pytest.raises(InputError, match="no such folder"):
        read_folder(tmp_path / "nowhere")


def test_optional_files_may_be_absent(tmp_path: Path):
    """Runs, ledger, lock and timings may be missing; which ones are is kept."""
    absent = dict.fromkeys(
        ("runs.parquet", "ledger.jsonl", "study.lock.json", "timings.json"), None
    )
    folder = read_folder(write_study(tmp_path, {**study_files(), **absent}))
    assert set(folder.absent) == set(absent)
    assert folder.runs is None
    assert folder.ledger == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"study": NaN}', "\udcff"])
def test_broken_json(tmp_path: Path, text: str):
    """What is no JSON object at all is one line, too."""
    write_study(tmp_path)
    (tmp_path / "plan.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"plan\.json") as caught:
        PlanRecord.read(tmp_path)
    assert "\n" not in str(caught.value)


def test_not_a_number_is_refused(tmp_path: Path):
    """NaN, which Python writes into JSON without a word, does not reach a chart."""
    files = study_files()
    files["forecast.json"]["learning_curves"][0]["mean"][3] = float("nan")
    write_study(tmp_path, files)
    with pytest.raises(InputError, match=r"learning_curves\.0\.mean\.3"):
        read_folder(tmp_path)


def test_check_and_skipped_contradict(tmp_path: Path):
    """A plan cannot both skip the check and have its results."""
    files = study_files()
    files["plan.json"]["check_skipped"] = True
    write_study(tmp_path, files)
    with pytest.raises(InputError, match="check_skipped"):
        read_folder(tmp_path)


def test_the_last_line_of_a_forecast_counts(tmp_path: Path):
    """A forecast and its score are one entry of the ledger."""
    folder = read_folder(write_study(tmp_path))
    assert [e.passed for e in folder.ledger] == [31]


def test_a_half_written_ledger_line_is_told(tmp_path: Path):
    """The half line that a power cut leaves is passed over, and that is known."""
    write_study(tmp_path)
    with (tmp_path / "ledger.jsonl").open("a") as file:
        file.write('{"id": "ab", "ti')
    folder = read_folder(tmp_path)
    assert folder.ledger_cut
    assert len(folder.ledger) == 1


def test_a_damaged_ledger_line_is_an_error(tmp_path: Path):
    """A bad line in the middle names its number."""
    write_study(tmp_path)
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"time": 3}\n' + path.read_text())
    with pytest.raises(InputError, match=r"ledger\.jsonl, line 1: is no ledger line: key time"):
        read_folder(tmp_path)


def test_runs_without_a_column(tmp_path: Path):
    """A table of runs that lacks a column names it."""
    files = study_files()
    for row in files["runs.parquet"]:
        del row["curve_text"]
    write_study(tmp_path, files)
    with pytest.raises(InputError, match=r"runs\.parquet: column curve_text is missing"):
        read_folder(tmp_path)


def test_runs_that_are_no_parquet(tmp_path: Path):
    """A file that is no table is one line."""
    write_study(tmp_path)
    (tmp_path / "runs.parquet").write_text(json.dumps([1, 2]))
    with pytest.raises(InputError, match=r"runs\.parquet: cannot be read") as caught:
        read_folder(tmp_path)
    assert "\n" not in str(caught.value)
