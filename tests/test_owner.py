"""A folder of results belongs to one study at a time, and says so where two are mixed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from report_study import write_study
from toy_models import Told

from suffice import stages
from suffice.errors import InputError
from suffice.records import PlanRecord, SupplyRecord, read_folder
from suffice.stages._owner import owned
from suffice.study import load_study

HOLD = """
import sys, time
from pathlib import Path
from suffice import stages
from suffice.stages._owner import owned
work = stages.Workspace.of(stages.example_study(), Path(sys.argv[1]))
with owned(work):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """Another process at work on the example in a folder."""
    command = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def work(folder: Path, told: Told, seed: int | None = None) -> stages.Workspace:
    """The example, or the same with another seed."""
    study = load_study(stages.example_study())
    if seed is not None:
        study = study.model_copy(update={"seed": seed, "name": "other"})
    return stages.Workspace.of(study, folder, progress=told)


def test_another_study_is_refused_and_the_same_waits(tmp_path):
    """One line names the study that is at work; whoever has the same one gets its turn."""
    told = Told()
    with hold(tmp_path / "out", 1.5) as other:
        with pytest.raises(InputError, match="'ratings' is at work in this folder"):
            owned(work(tmp_path / "out", told, seed=9)).__enter__()
        with owned(work(tmp_path / "out", told)):
            assert other.wait(timeout=60) == 0
    assert "another process works on this study: waiting" in told.notes[0]
    assert not any((tmp_path / "out").iterdir())


def test_a_killed_holder_leaves_the_folder_free(tmp_path):
    """The lock dies with its holder, whatever file it leaves."""
    with hold(tmp_path / "out", 60) as other:
        other.kill()
        other.wait(timeout=60)
        told = Told()
        with owned(work(tmp_path / "out", told, seed=9)), owned(work(tmp_path / "out", told, 9)):
            pass
    assert told.notes == []


def test_records_of_two_studies_are_not_joined(tmp_path):
    """A plan beside another study's supply table is refused, with what to do."""
    write_study(tmp_path)
    read_folder(tmp_path)
    for kind, study in ((PlanRecord, "a"), (SupplyRecord, "b")):
        kind.read(tmp_path).model_copy(update={"of_study": study}).write(tmp_path)
    with pytest.raises(InputError, match=r"plan.json and supply.json answer different studies"):
        stages.report(tmp_path)
    SupplyRecord.read(tmp_path).model_copy(update={"of_study": "a"}).write(tmp_path)
    read_folder(tmp_path)
