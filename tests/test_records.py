"""The files of a results folder: what a version writes, it and every later one can read."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from pathlib import Path

import polars as pl
import pytest

from suffice.cli import main
from suffice.errors import InputError, StorageError
from suffice.records import (
    ForecastRecord,
    LawRecord,
    Ledger,
    LockRecord,
    PlanRecord,
    Record,
    RunRow,
    RunsTable,
    SupplyRecord,
    TimingsRecord,
    read_folder,
)

TODAY = Path(__file__).parent / "data" / "today"
"""A results folder as it was before its files had a version: the example's, with fewer curves."""


@pytest.fixture
def today(tmp_path: Path) -> Path:
    """A copy of the folder."""
    return Path(shutil.copytree(TODAY, tmp_path / "today"))


def ran(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command prints."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    assert ended.value.code in (0, None)
    return capsys.readouterr().out


def test_a_folder_without_versions_opens_in_the_report(today, capsys):
    """``suffice report`` draws a folder whose files state no version."""
    page = Path(ran(capsys, "report", today).strip())
    text = page.read_text(encoding="utf-8")
    assert "4,729 lexicon_judge" in text
    assert "none of the money goes to panel" in text


def test_a_folder_without_versions_opens_in_the_ledger(today, capsys):
    """``suffice ledger`` lists its forecasts and their scores."""
    said = ran(capsys, "ledger", today)
    assert "6 forecasts, 6 of them scored" in said
    assert "36/40 passed" in said


UNCHANGED = (PlanRecord, SupplyRecord, ForecastRecord, LawRecord, LockRecord)
"""Files whose layout is that of version 0, with the version added."""


def without_version(record: Record) -> dict:
    """What a record writes, less its version."""
    values = record.as_json()
    assert values.pop("version") == 1
    return values


@pytest.mark.parametrize("kind", UNCHANGED, ids=lambda kind: kind.file)
def test_a_record_gives_back_what_was_read(today, tmp_path, kind):
    """Key for key, in their order, and number for number; the file says its version first."""
    text = (today / kind.file).read_text()
    again = without_version(kind.read(today))
    assert json.dumps(again, indent=1) + "\n" == text
    written = kind.read(today).write(tmp_path / "new")
    assert written.read_text() == text.replace("{", '{\n "version": 1,', 1)
    assert kind.read(tmp_path / "new").version == 1


def test_timings_are_an_object_now(today):
    """A bare list has no place for a version: it is read, and written as one key of an object."""
    listed = json.loads((today / "timings.json").read_text())
    assert without_version(TimingsRecord.read(today)) == {"stages": listed}


def test_a_ledger_line_gives_back_what_was_read(today):
    """The same for every forecast's last line; no line is changed by reading."""
    path = today / "ledger.jsonl"
    text = path.read_text()
    last = {row["id"]: row for row in map(json.loads, text.splitlines())}
    entries = Ledger(path).entries()
    assert [without_version(e) for e in entries] == list(last.values())
    assert path.read_text() == text


def test_an_old_ledger_goes_on(today):
    """A forecast that an earlier version wrote down keeps its id, and is not written again."""
    path = today / "ledger.jsonl"
    ledger = Ledger(path)
    text = path.read_text()
    e = ledger.entries()[1]
    again = ledger.forecast(e.study, e.name, e.bought(), e.p, e.predictive, e.total, seeds=e.seeds)
    assert again == e.id
    assert path.read_text() == text


@pytest.mark.parametrize("kind", [*UNCHANGED, TimingsRecord], ids=lambda kind: kind.file)
def test_a_newer_file_is_named_with_its_version_and_the_remedy(today, kind):
    """What a later version wrote is not guessed at."""
    path = today / kind.file
    path.write_text(json.dumps({"version": 7}))
    with pytest.raises(InputError) as caught:
        kind.read(today)
    said = str(caught.value)
    assert said.startswith(f"{path}: is of version 7, and this suffice reads versions up to 1")
    assert "install a newer suffice, or write it again with `suffice " in said


def test_an_older_file_is_named_once_it_cannot_be_read(today):
    """A class that has given up an old layout says which, and how to renew the file."""

    class Given(LawRecord):
        version: int = 3
        oldest = 2

    with pytest.raises(InputError) as caught:
        Given.read(today)
    said = str(caught.value)
    assert "law.json: is of version 0, and this suffice reads versions from 2 on" in said
    assert "write it again with `suffice fit`" in said
    (today / "law.json").write_text('{"version": 2}')
    with pytest.raises(InputError, match=r"key converged: .*; the file is of version 2"):
        Given.read(today)


@pytest.mark.parametrize("text", ["", "{", "\x00", '{"version": "new"}', "3"])
def test_a_damaged_file_is_named_with_the_remedy(today, text):
    """Half a file, or one of something else."""
    (today / "supply.json").write_text(text)
    with pytest.raises(InputError) as caught:
        SupplyRecord.read(today)
    said = str(caught.value)
    assert str(today / "supply.json") in said
    assert "write it again with `suffice supply`" in said
    assert "\n" not in said


def test_what_a_folder_lacks_is_named_with_what_writes_it(tmp_path):
    """``read`` asks for the stage; ``find`` takes it that there is nothing."""
    with pytest.raises(InputError, match=r"forecast\.json is missing \(run `suffice plan`\)"):
        ForecastRecord.read(tmp_path)
    assert ForecastRecord.find(tmp_path) is None
    ForecastRecord.remove(tmp_path)


def test_a_folder_that_cannot_be_written_is_told(today):
    """A disk that refuses is one line with the file's name."""
    law = LawRecord.read(today)
    with pytest.raises(StorageError, match=r"plan\.json.law\.json: cannot be written"):
        law.write(today / "plan.json")


def run_row(stage: str, seed: int) -> RunRow:
    """A made-up run."""
    return RunRow(
        stage=stage,
        model="minilm-l6",
        scheme="probe",
        curve="[]",
        curve_text="100 crowd",
        corrupted="",
        tasks=100,
        labels=100,
        cost=10.0,
        pool="df3e",
        unique_items=1500,
        seed=seed,
        penalty=0.1,
        seconds=0.2,
        metrics={"error": 0.3, "error:hard": 0.4},
    )


def test_runs_are_written_and_read(tmp_path):
    """The table has a column a field and one a metric; its version stands beside it."""
    table = RunsTable.of(run_row("grid", k) for k in range(3))
    table.write(tmp_path)
    found = RunsTable.find(tmp_path)
    assert found.version == 1
    assert found.frame.equals(table.frame)
    assert found.frame.columns[:3] == ["stage", "model", "scheme"]
    assert found.frame.columns[-2:] == ["error", "error:hard"]
    both = found.with_more(RunsTable.of([run_row("check", 9)]))
    assert both.only("check").frame["seed"].to_list() == [9]


def test_runs_without_a_version_open_and_newer_ones_are_named(tmp_path):
    """Tables of version 0 have no metadata of ours."""
    frame = RunsTable.of([run_row("grid", 0)]).frame
    path = tmp_path / "runs.parquet"
    frame.write_parquet(path)
    assert RunsTable.find(tmp_path).version == 0
    frame.write_parquet(path, metadata={"suffice_version": "4"})
    with pytest.raises(InputError, match=r"runs\.parquet: is of version 4, .* versions up to 1"):
        RunsTable.find(tmp_path)


def write_all(source: Path, folder: Path, times: int) -> None:
    """What a run writes, over and over."""
    records = [kind.read(source) for kind in (*UNCHANGED, TimingsRecord)]
    runs = RunsTable.of(run_row("grid", k) for k in range(50))
    for _ in range(times):
        for record in records:
            record.write(folder)
        runs.write(folder)


def test_processes_that_write_one_folder_never_fail(today, tmp_path):
    """Four at a time write every file of one folder; each stays whole for those who read."""
    context = multiprocessing.get_context("spawn")
    folder = tmp_path / "shared"
    write_all(today, folder, 1)
    writers = [context.Process(target=write_all, args=(today, folder, 15)) for _ in range(4)]
    for w in writers:
        w.start()
    while any(w.is_alive() for w in writers):
        assert read_folder(folder).runs.height == 50
    for w in writers:
        w.join()
    assert [w.exitcode for w in writers] == [0, 0, 0, 0]
    files = {kind.file for kind in (*UNCHANGED, TimingsRecord, RunsTable)}
    assert {p.name for p in folder.iterdir()} == files
    assert isinstance(pl.read_parquet(folder / "runs.parquet"), pl.DataFrame)
